"""A weighted mean of several registered surrogates, with weights from what each predicts of rows held out from it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from polyloop.core import InvalidInputError
from polyloop.core.options import Option, read_options
from polyloop.learn.bootstrap import residual_noise
from polyloop.learn.members import Conditioned, draw
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.state import RestorableSurrogate, State, part_of, prefixed
from polyloop.learn.surrogate import Array, Blocks, Prediction, Surrogate, check_blocks, check_targets, take

__all__ = ["StackedSurrogate", "simplex_weights"]

_MODELS: Mapping[str, Mapping[str, Any]] = {"gp": {}, "kernel_ridge": {}, "pls": {}}
# Weight of the condition that weights sum to 1, against errors of standardised values.
_SUM_WEIGHT = 1e3
# A model of less weight would cost its time for nothing.
_LEAST = 1e-6


class StackedSurrogate:
    """Weighted mean of registered models; weights are not negative, sum to 1, and come from out-of-fold predictions.

    As a mixture, its uncertainty is that of its models and what they disagree by. The observation noise is what
    out-of-fold errors show beyond it.

    Parameters
    ----------
    models
        By registered name, the options of each.
    folds
        Parts of the training rows; each is predicted by models that were fitted on the others.
    seed
        Seed of the folds and of the models.

    References
    ----------
    Breiman (1996), "Stacked regressions", doi:10.1007/BF00117832.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("models", dict, dict(_MODELS), "By registered name, the options of each model."),
        Option("folds", int, 5, "Number of folds of the out-of-fold predictions.", 2, 100),
    )

    def __init__(self, models: Mapping[str, Mapping[str, Any]] | None = None, *, folds: int = 5, seed: int = 0) -> None:
        self.models = {name: dict(options) for name, options in (models or _MODELS).items()}
        if "stack" in self.models:
            raise InvalidInputError("A stack cannot hold a stack.", where="models", hint="Name other models.")
        self.folds, self.seed = folds, seed
        self._bases: dict[str, Surrogate] = {}
        self._weights: Array = np.zeros(0)
        self._noise_std = 0.0

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n polymers: every model on all rows, and once for each fold."""
        n = check_blocks(X)
        y, known = check_targets(n, y, noise_variance)
        scale = Standardisation.of(y)
        rng = np.random.default_rng(self.seed)
        parts = np.array_split(rng.permutation(n), min(self.folds, n))
        if len(parts) > 1:
            means, variances = np.empty((n, len(self.models))), np.empty((n, len(self.models)))
            for part in parts:
                rest = np.setdiff1d(np.arange(n), part)
                for k, name in enumerate(self.models):
                    found = self._made(name).fit(take(X, rest), y[rest], known[rest]).predict(take(X, part))
                    means[part, k], variances[part, k] = scale.standardise(found.mean), scale.variances(found.std**2)
            weights = simplex_weights(means, scale.standardise(y))
            mean = means @ weights
            variance = (variances + (means - mean[:, None]) ** 2) @ weights
            noise = residual_noise(mean - scale.standardise(y), variance, scale.variances(known))
        else:
            weights, noise = np.full(len(self.models), 1 / len(self.models)), float(scale.variances(known).mean())
        used = {name: w for name, w in zip(self.models, weights, strict=True) if w > _LEAST}
        self._bases = {name: self._made(name).fit(X, y, known) for name in used}
        self._weights = np.array(list(used.values())) / sum(used.values())
        self._noise_std = scale.unit * float(np.sqrt(noise))
        return self

    @property
    def weights(self) -> dict[str, float]:
        """Weight of each model that has one."""
        return dict(zip(self._fitted, self._weights.tolist(), strict=True))

    @property
    def _fitted(self) -> dict[str, Surrogate]:
        if not self._bases:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, y) first.")
        return self._bases

    def _made(self, name: str) -> Surrogate:
        # The registry itself names this class: it is looked up when it is needed.
        from polyloop.learn.registry import SURROGATES, make_surrogate

        arguments = read_options(SURROGATES.find(name, "models"), self.models[name], noun="surrogate", name=name)
        return make_surrogate(name, seed=self.seed, **arguments)

    def _deviations(self, X: Blocks) -> tuple[list[Prediction], Array, Array]:
        """Return what each model says, the mean (n,), and each one's weighted distance from it (n, n_models)."""
        said = [base.predict(X) for base in self._fitted.values()]
        means = np.column_stack([one.mean for one in said])
        mean: Array = means @ self._weights
        return said, mean, (means - mean[:, None]) * np.sqrt(self._weights)

    def predict(self, X: Blocks) -> Prediction:
        """Predict n rows."""
        said, mean, apart = self._deviations(X)
        variance = sum(w * one.std**2 for w, one in zip(self._weights, said, strict=True)) + (apart**2).sum(axis=1)
        return Prediction(mean, np.sqrt(variance), np.full(len(mean), self._noise_std))

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the covariance of the mixture, shape (n_a, n_b)."""
        inside = sum(
            w * base.covariance(X_a, X_b) for w, base in zip(self._weights, self._fitted.values(), strict=True)
        )
        total: Array = inside + self._deviations(X_a)[2] @ self._deviations(X_b)[2].T
        return total

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the mean (n,) and covariance (n, n) of the mixture."""
        _, mean, apart = self._deviations(X)
        inside = sum(w * base.joint(X)[1] for w, base in zip(self._weights, self._fitted.values(), strict=True))
        return mean, inside + apart @ apart.T

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Surrogate:
        """Return the linear (Kalman) update of the normal approximation by (X, y)."""
        return Conditioned(self, X, y, noise_variance)

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions from the normal approximation at X, shape (n, rows of X)."""
        return draw(*self.joint(X), n, rng)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the weights and what each model has learnt."""
        arrays: dict[str, NDArray[Any]] = {
            "names": np.array(list(self._fitted)),
            "weights": self._weights,
            "scale": np.array(self._noise_std),
        }
        for name, base in self._fitted.items():
            if not isinstance(base, RestorableSurrogate):
                raise InvalidInputError(f"The model {name!r} of the stack cannot be kept.", hint="Leave it out.")
            arrays |= prefixed(f"model/{name}", base.state())
        return arrays

    def restore(self, state: State) -> Self:
        """Take what `state` returned, in the place of `fit`."""
        bases: dict[str, Surrogate] = {}
        for name in map(str, state["names"]):
            base = self._made(name)
            if not isinstance(base, RestorableSurrogate):
                raise InvalidInputError(
                    f"The model {name!r} of the stack cannot be read.", hint="Train the stack anew."
                )
            bases[name] = base.restore(part_of(state, f"model/{name}"))
        self._weights, self._noise_std = state["weights"], float(state["scale"])
        self._bases = bases
        return self


def simplex_weights(predictions: Array, y: Array) -> Array:
    """Return the weights of least squared error that are not negative and sum to 1, shape (n_models,).

    Parameters
    ----------
    predictions
        Of n standardised values by each model, shape (n, n_models).
    y
        Standardised values, shape (n,).
    """
    heavy = _SUM_WEIGHT * np.sqrt(len(y))
    rows = np.vstack([predictions, np.full((1, predictions.shape[1]), heavy)])
    weights, _ = nnls(rows, np.append(y, heavy))
    normed: Array = weights / weights.sum()
    return normed
