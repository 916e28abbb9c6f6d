"""The surrogate `transfer`: affine transfer where it pays inside the labels, and learning from them alone where not."""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.core.options import Option
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.invariant_target import FACTOR_BLOCK
from polyloop.learn.surrogate import Array, Blocks, Prediction, check_blocks, check_targets
from polyloop.learn.transfer.affine import SOURCE_BLOCK, AffineGaussianProcess
from polyloop.learn.transfer.library import INDEX, SourceLibrary

__all__ = ["LEAST_GAIN", "TransferGaussianProcess"]

LEAST_GAIN = 1.645
"""Standard errors by which sources must raise the leave-one-out log density: one-sided, chance does so in 5 %."""
# With fewer labels no gain can be told from chance.
_LEAST = 5


class TransferGaussianProcess:
    """A Gaussian process that learns with source models, unless learning from the labels alone does as well.

    Both are fitted: affine transfer (`AffineGaussianProcess`) and a `GaussianProcess` that never sees the sources. The
    first one is taken where its leave-one-out log density, label by label, is larger by `LEAST_GAIN` standard errors.
    So sources that say nothing of the property (of another kind of polymers, or with their rows mixed up) cost next to
    nothing. The marginal likelihood is no such judge: it prefers affine transfer even with mixed rows, since more terms
    share the prior variance.

    Parameters
    ----------
    sources
        A library, or the folder of one; None where the rows come with a block `source_predictions`.
    digest
        Of the library (`polyloop model study sources` tells it): any other one is refused. Empty takes any.
    kernels
        Kinds of kernel for a block, as for `GaussianProcess`.

    Raises
    ------
    InvalidInputError
        If there is no library in the folder, or it has another digest.
    """

    needs_sources: ClassVar[bool] = True
    options: ClassVar[tuple[Option, ...]] = (
        Option("sources", str, "", "Folder of a library of source models, from where the command runs."),
        Option("digest", str, "", "Digest of that library; another one is refused."),
        Option(
            "kernels", dict, {}, "Kinds of kernel per block instead of the defaults, e.g. forcefield = ['rbf'].",
            keys_are_blocks=True,
        ),
    )  # fmt: skip

    def __init__(
        self,
        sources: SourceLibrary | str | Path | None = None,
        *,
        digest: str = "",
        kernels: Mapping[str, tuple[str, ...]] | None = None,
    ) -> None:
        self.library = _library(sources, digest)
        self.kernels = dict(kernels or {})
        self.gain = float("nan")
        self._chosen: GaussianProcess | None = None

    @staticmethod
    def verify_options(given: Mapping[str, Any]) -> None:
        """Raise InvalidInputError before anything is evaluated where a campaign names no library that is there."""
        if not given.get("sources"):
            raise InvalidInputError(
                "The surrogate 'transfer' needs source models.", where="sources",
                hint="Name the folder of a library. Make one with: polyloop model study sources",
            )  # fmt: skip
        _library(given["sources"], given.get("digest", ""))

    @property
    def uses_sources(self) -> bool:
        """Whether affine transfer was chosen.

        Raises
        ------
        InvalidInputError
            Before `fit`.
        """
        return isinstance(self._fitted, AffineGaussianProcess)

    @property
    def _fitted(self) -> GaussianProcess:
        if self._chosen is None:
            raise InvalidInputError("The model has not been fitted.", hint="Call fit(X, y) first.")
        return self._chosen

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Learn from n rows; `gain` is then what transfer gains in leave-one-out log density, in standard errors."""
        n = check_blocks(X)
        y, noise = check_targets(n, y, noise_variance)
        direct = GaussianProcess(self.kernels).fit(_structure(X), y, noise)
        affine = AffineGaussianProcess(self.kernels).fit(self._described(X), y, noise)
        # Repeats of one row would be predicted from one another.
        groups = _groups(X)
        alone, helped = (_log_density(model.leave_one_out(groups), y) for model in (direct, affine))
        self.gain = _standard_errors(helped - alone, groups)
        self._chosen = affine if self.gain > LEAST_GAIN else direct
        return self

    def _described(self, X: Blocks) -> dict[str, BlockValues]:
        """Return the rows with predictions of the sources, given or made."""
        if SOURCE_BLOCK in X:
            return {**_structure(X), SOURCE_BLOCK: X[SOURCE_BLOCK]}
        if self.library is None:
            raise InvalidInputError(
                "There are no source models.", where="surrogate 'transfer'",
                hint="Name the folder of a library: sources = 'FOLDER'. Make one with: polyloop model study sources",
            )  # fmt: skip
        return {**_structure(X), SOURCE_BLOCK: self.library.predictions(X)}

    def _seen(self, X: Blocks) -> Blocks:
        return self._described(X) if self.uses_sources else _structure(X)

    def predict(self, X: Blocks) -> Prediction:
        """Predict n rows."""
        return self._fitted.predict(self._seen(X))

    def covariance(self, X_a: Blocks, X_b: Blocks) -> Array:
        """Return the posterior covariance of the noise-free property, shape (n_a, n_b)."""
        return self._fitted.covariance(self._seen(X_a), self._seen(X_b))

    def joint(self, X: Blocks) -> tuple[Array, Array]:
        """Return the posterior mean (n,) and covariance (n, n) of the noise-free property."""
        return self._fitted.joint(self._seen(X))

    def condition(self, X: Blocks, y: Array, noise_variance: Array | None = None) -> Self:
        """Return the model that has also seen (X, y); what was chosen stays."""
        other = copy(self)
        other._chosen = self._fitted.condition(self._seen(X), y, noise_variance)
        return other

    def sample(self, X: Blocks, n: int, rng: np.random.Generator) -> Array:
        """Draw n functions from the posterior at X, shape (n, rows of X)."""
        return self._fitted.sample(self._seen(X), n, rng)


def _structure(X: Blocks) -> dict[str, BlockValues]:
    return {name: block for name, block in X.items() if name not in (SOURCE_BLOCK, FACTOR_BLOCK)}


def _groups(X: Blocks) -> NDArray[np.intp]:
    rows = np.hstack([np.asarray(block.values, dtype=float) for block in _structure(X).values()])
    inverse: NDArray[np.intp] = np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1)
    return inverse


def _log_density(held: Prediction, y: Array) -> Array:
    density: Array = norm.logpdf(y, held.mean, held.predictive_std)
    return density


def _standard_errors(gains: Array, groups: NDArray[np.intp]) -> float:
    """Return the mean gain in its standard errors; repeats of one row count as one."""
    means = np.bincount(groups, gains) / np.bincount(groups)
    if len(means) < _LEAST or means.std() == 0:
        return 0.0
    return float(means.mean() / means.std(ddof=1) * np.sqrt(len(means)))


def _library(sources: SourceLibrary | str | Path | None, digest: str) -> SourceLibrary | None:
    library = sources
    if isinstance(sources, str | Path) and str(sources):
        index = Path(sources).resolve() / INDEX
        library = _loaded(index.parent, index.stat().st_mtime_ns if index.is_file() else 0)
    if not isinstance(library, SourceLibrary):
        return None
    if digest and library.digest != digest:
        raise InvalidInputError(
            f"The library of source models is another one: its digest is {library.digest}.", where="digest",
            hint="Take the one that was meant, or state the digest of this one.",
        )  # fmt: skip
    return library


@lru_cache(maxsize=4)
def _loaded(folder: Path, changed: int) -> SourceLibrary:
    # Kept by when it was written: campaigns make a surrogate for each objective and cycle.
    return SourceLibrary.load(folder)
