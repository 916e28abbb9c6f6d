"""Exact Gaussian process over blocks that act together, such as the variables of an experiment; differentiable."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.learn.covariance import CONSTANT_VARIANCE
from polyloop.learn.members import draw
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.state import State, blocks_of_state, part_of, prefixed, state_of_blocks
from polyloop.learn.surrogate import (
    Array,
    Blocks,
    Prediction,
    check_blocks,
    check_targets,
    chunks,
    column_blocks,
    stack,
    take,
)

if TYPE_CHECKING:
    import torch

    from polyloop.learn.product_covariance import BlockMetric, ProductParameters, Tensors

__all__ = ["ProductGaussianProcess"]


@dataclass(frozen=True)
class _Posterior:
    """Everything that a prediction needs; all but `scale` is standardised."""

    metrics: Mapping[str, BlockMetric]
    parameters: ProductParameters
    rows: Blocks
    y: Array
    known_noise: Array
    scale: Standardisation
    training: Tensors
    cholesky: torch.Tensor
    weights: torch.Tensor

    def covariance(self, a: Tensors, b: Tensors) -> torch.Tensor:
        import torch

        from polyloop.learn.product_covariance import covariance, squared_distance_stack

        p = self.parameters
        lengths = torch.tensor(p.length_scales, dtype=torch.double)
        return covariance(squared_distance_stack(self.metrics, a, b), lengths, p.joint_variance, p.main_variance)

    def whitened(self, X: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the covariance with the training rows, `batch x n x n_train`, and its whitened transpose."""
        import torch

        cross = self.covariance(X, self.training)
        return cross, torch.linalg.solve_triangular(self.cholesky, cross.transpose(-1, -2), upper=False)


class ProductGaussianProcess:
    """Exact GP in which blocks interact: a joint Matern-5/2 term over all blocks, and one of main effects.

    Each block is one variable, or one view of one, with one length scale; its kind says how two rows compare: two
    categories are alike or not, counts by MinMax, columns of one scale by their distance. Hyper-parameters maximize
    the marginal likelihood times the priors of `learn.hyperparameters`.

    Parameters
    ----------
    optimise
        False keeps the prior medians.

    Examples
    --------
    >>> import numpy as np
    >>> from polyloop.core.descriptors import BlockValues
    >>> u, v = np.meshgrid(np.linspace(0, 2.4, 5), np.linspace(0, 2.4, 5))
    >>> X = {"u": BlockValues(u.reshape(-1, 1), "densities"), "v": BlockValues(v.reshape(-1, 1), "densities")}
    >>> model = ProductGaussianProcess().fit(X, (u * v).ravel())
    >>> at = {"u": BlockValues([[0.9]], "densities"), "v": BlockValues([[2.1]], "densities")}
    >>> round(float(model.predict(at).mean[0]), 1)
    1.9
    """

    def __init__(self, *, optimise: bool = True) -> None:
        self.optimise = optimise
        self._posterior: _Posterior | None = None

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n rows; constant values, duplicates and a single point are all fine."""
        from polyloop.learn.product_covariance import BlockMetric, squared_distance_stack, tensors
        from polyloop.learn.product_hyperparameters import fit_product, product_medians

        n = check_blocks(X)
        X = column_blocks(X)
        y, noise = check_targets(n, y, noise_variance)
        scale = Standardisation.of(y)
        standardised, known = scale.standardise(y), scale.variances(noise)
        metrics = {name: BlockMetric.fit(X[name]) for name in sorted(X)}
        # One distinct value or point says nothing about hyper-parameters: the prior's medians then stand.
        if self.optimise and n > 1 and np.ptp(y) > 0:
            rows = tensors(X, tuple(metrics))
            parameters = fit_product(squared_distance_stack(metrics, rows, rows), standardised, known)
        else:
            parameters = product_medians(len(metrics))
        self._posterior = _solve(metrics, parameters, dict(X), standardised, known, scale)
        return self

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the training rows, their values, metrics and hyper-parameters."""
        p = self._fitted
        metrics: dict[str, NDArray[Any]] = {}
        for name, metric in p.metrics.items():
            metrics |= prefixed(f"metrics/{name}", metric.state())
        return {
            "scale": np.array([p.scale.offset, p.scale.unit]),
            "y": p.y,
            "known_noise": p.known_noise,
            **prefixed("rows", state_of_blocks(p.rows)),
            **prefixed("parameters", p.parameters.state()),
            **metrics,
        }

    def restore(self, state: State) -> Self:
        """Take what `state` returned, in the place of `fit`."""
        from polyloop.learn.product_covariance import BlockMetric, ProductParameters

        X = blocks_of_state(part_of(state, "rows"))
        metrics = {name: BlockMetric.of_state(part_of(state, f"metrics/{name}")) for name in sorted(X)}
        parameters = ProductParameters.of_state(part_of(state, "parameters"))
        scale = Standardisation(*map(float, state["scale"]))
        self._posterior = _solve(metrics, parameters, X, state["y"], state["known_noise"], scale)
        return self

    @property
    def hyperparameters(self) -> ProductParameters:
        """The fitted hyper-parameters, in standardised units; length scales in the order of the sorted blocks."""
        return self._fitted.parameters

    @property
    def _fitted(self) -> _Posterior:
        if self._posterior is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, y) first.")
        return self._posterior

    def predict(self, X: Blocks) -> Prediction:
        """Predict n rows, in chunks of bounded memory."""
        import torch

        p = self._fitted
        n = self._check(X)
        mean, variance = np.empty(n), np.empty(n)
        prior = p.parameters.joint_variance + (p.parameters.main_variance if len(p.metrics) > 1 else 0.0)
        size = int(np.clip(2_000_000 // max(1, len(p.y)), 256, 16_384))
        with torch.no_grad():
            for rows in chunks(n, size):
                cross, half = p.whitened(self._tensors(take(X, rows)))
                mean[rows] = (cross @ p.weights).numpy()
                variance[rows] = CONSTANT_VARIANCE + prior - half.square().sum(dim=0).numpy()
        # A new point is as noisy as the model infers, plus what is known of the old ones on average.
        noise = np.sqrt(p.parameters.noise + float(p.known_noise.mean()))
        return p.scale.prediction(mean, np.sqrt(np.maximum(variance, 0.0)), np.full(n, noise))

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance of the noise-free property, shape (n_a, n_b)."""
        import torch

        p = self._fitted
        self._check(X_a)
        self._check(X_b)
        a, b = self._tensors(X_a), self._tensors(X_b)
        with torch.no_grad():
            posterior = p.covariance(a, b) - p.whitened(a)[1].T @ p.whitened(b)[1]
        return p.scale.covariance(posterior.numpy())

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the posterior mean (n,) and covariance (n, n) of the noise-free property."""
        covariance = self.covariance(X, X)
        return self.predict(X).mean, (covariance + covariance.T) / 2

    def joint_tensors(self, X: Tensors) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the posterior mean and covariance at tensors `batch_shape x q x d`, with derivatives.

        Returns
        -------
        mean, covariance
            In the property's unit and its square, `batch_shape x q` and `batch_shape x q x q`.
        """
        p = self._fitted
        cross, half = p.whitened(X)
        mean = p.scale.offset + p.scale.unit * (cross @ p.weights)
        posterior = p.covariance(X, X) - half.transpose(-1, -2) @ half
        return mean, p.scale.unit**2 * (posterior + posterior.transpose(-1, -2)) / 2

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> ProductGaussianProcess:
        """Return the GP that has also seen (X, y): hyper-parameters, metrics and standardisation stay."""
        p = self._fitted
        n = self._check(X)
        y, noise = check_targets(n, y, noise_variance)
        noise = np.full(n, p.known_noise.mean()) if noise_variance is None else p.scale.variances(noise)
        standardised = np.concatenate([p.y, p.scale.standardise(y)])
        other = ProductGaussianProcess(optimise=self.optimise)
        other._posterior = _solve(
            p.metrics, p.parameters, stack(p.rows, X), standardised, np.concatenate([p.known_noise, noise]), p.scale
        )
        return other

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions from the posterior at X, shape (n, rows of X)."""
        mean, covariance = self.joint(X)
        return draw(mean, covariance, n, rng)

    def _check(self, X: Blocks) -> int:
        p = self._fitted
        return check_blocks(X, {name: p.rows[name].width for name in p.metrics})

    def _tensors(self, X: Blocks) -> Any:
        from polyloop.learn.product_covariance import tensors

        return tensors(X, tuple(self._fitted.metrics))


def _solve(
    metrics: Mapping[str, BlockMetric],
    parameters: ProductParameters,
    X: Blocks,
    y: Array,
    known: Array,
    scale: Standardisation,
) -> _Posterior:
    import torch

    from polyloop.learn.product_covariance import tensors

    training = tensors(X, tuple(metrics))
    empty = torch.zeros(0, dtype=torch.double)
    posterior = _Posterior(metrics, parameters, X, y, known, scale, training, empty, empty)
    with torch.no_grad():
        matrix = posterior.covariance(training, training)
        matrix = (matrix + matrix.T) / 2 + torch.diag(torch.from_numpy(parameters.noise + known))
        factor = torch.linalg.cholesky(matrix)
        weights = torch.cholesky_solve(torch.from_numpy(np.ascontiguousarray(y))[:, None], factor)[:, 0]
    return _Posterior(metrics, parameters, X, y, known, scale, training, factor, weights)
