"""Partial least squares behind the interface of the surrogates."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core.options import Option
from polyloop.learn.bootstrap import bootstrap_counts, check_members, out_of_bag_noise
from polyloop.learn.members import ColumnModel
from polyloop.learn.state import State
from polyloop.learn.surrogate import Array

__all__ = ["PartialLeastSquares", "pls_coefficients"]

_FOLDS = 5
# A direction that explains less than this share of what is left is rounding.
_ROUNDING = 1e-10


class PartialLeastSquares(ColumnModel):
    """Partial least squares on bootstrap samples: linear along few directions, so it extrapolates steadily.

    Columns are scaled as in the Gaussian process and each block by its mean square, and centred on the training rows.
    Nothing is scaled anew for a bootstrap sample: a column that hardly varies there would get an enormous weight.
    The number of components is chosen by cross-validation. The spread of the members is the model's uncertainty; the
    observation noise is what out-of-bag errors show beyond it.

    Parameters
    ----------
    components
        Number of components; 0 chooses among 1 to 20.
    n_members
        Number of bootstrap samples.
    seed
        Seed of the folds and of the bootstrap.

    References
    ----------
    Wold, Sjostrom & Eriksson (2001), doi:10.1016/S0169-7439(01)00155-1.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("components", int, 0, "Number of components; 0 chooses among 1 to 20 inside the data.", 0, 1_000),
        Option("members", int, 32, "Number of members.", 2, 1_000, argument="n_members"),
    )
    most_components: ClassVar[int] = 20

    def __init__(self, components: int = 0, *, n_members: int = 32, seed: int = 0) -> None:
        self.components, self.n_members, self.seed = components, check_members(n_members), seed

    def _fit(self, features: Array, y: Array, known: Array) -> float:
        rng = np.random.default_rng(self.seed)
        weights = 1.0 / (1.0 + known)
        self.components_used = self.components or self._chosen(features, y, weights, rng)
        counts = bootstrap_counts(len(y), self.n_members, rng)
        self._coefficients = np.empty((features.shape[1], self.n_members))
        self._intercepts = np.empty(self.n_members)
        for j, often in enumerate(counts):
            rows = np.flatnonzero(often)
            found, intercepts = pls_coefficients(
                features[rows], y[rows], often[rows] * weights[rows], self.components_used
            )
            self._coefficients[:, j], self._intercepts[j] = found[:, -1], intercepts[-1]
        return out_of_bag_noise(self._members(features), counts.T > 0, y, known)

    def _chosen(self, features: Array, y: Array, weights: Array, rng: np.random.Generator) -> int:
        n = len(y)
        most = min(self.most_components, features.shape[1], max(1, n - n // _FOLDS - 1))
        if n < 2 * _FOLDS:
            return 1
        squares = np.zeros(most)
        for part in np.array_split(rng.permutation(n), _FOLDS):
            rest = np.setdiff1d(np.arange(n), part)
            found, intercepts = pls_coefficients(features[rest], y[rest], weights[rest], most)
            squares += np.sum((features[part] @ found + intercepts - y[part][:, None]) ** 2, axis=0)
        return int(np.argmin(squares)) + 1

    def _members(self, features: Array) -> Array:
        members: Array = features @ self._coefficients + self._intercepts
        return members

    def _learnt(self) -> dict[str, NDArray[Any]]:
        return {
            "coefficients": self._coefficients,
            "intercepts": self._intercepts,
            "components": np.array(self.components_used),
        }

    def _take(self, learnt: State) -> None:
        self._coefficients, self._intercepts = learnt["coefficients"], learnt["intercepts"]
        self.components_used = int(learnt["components"])


def pls_coefficients(X: Array, y: Array, weights: Array, components: int) -> tuple[Array, Array]:
    """Return the coefficients with 1, 2, ... components, shape (d, components), and the intercepts (components,).

    X is never deflated: the scores are made orthogonal to one another instead, which gives the same and costs two
    products of X with a vector for each component. Where nothing is left to explain, further components change nothing.

    Parameters
    ----------
    X, y, weights
        Shapes (n, d), (n,), (n,); a row of weight 2 counts as two rows.
    """
    center, mean = np.average(X, axis=0, weights=weights), np.average(y, weights=weights)
    root = np.sqrt(weights)
    Z, left = root[:, None] * (X - center), root * (y - mean)
    scores, rotations = np.zeros((len(X), components)), np.zeros((X.shape[1], components))
    coefficients, total = np.zeros((X.shape[1], components)), np.zeros(X.shape[1])
    first = 0.0
    for k in range(components):
        direction = Z.T @ left
        size = float(np.linalg.norm(direction))
        first = first or size
        if size > _ROUNDING * first > 0:
            direction /= size
            score = Z @ direction
            along = scores[:, :k].T @ score
            score -= scores[:, :k] @ along
            length = float(np.linalg.norm(score))
            if length > 0:
                rotation = (direction - rotations[:, :k] @ along) / length
                scores[:, k], rotations[:, k] = score / length, rotation
                share = float(scores[:, k] @ left)
                left = left - share * scores[:, k]
                total = total + share * rotation
        coefficients[:, k] = total
    intercepts: Array = mean - center @ coefficients
    return coefficients, intercepts
