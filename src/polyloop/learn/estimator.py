"""Any registered surrogate as a scikit-learn regressor over a plain matrix."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.core.options import read_options
from polyloop.learn.registry import SURROGATES, make_surrogate
from polyloop.learn.surrogate import Array

__all__ = ["SurrogateRegressor"]


class SurrogateRegressor(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A surrogate for pipelines, searches and cross-validation: columns in, means and standard deviations out.

    Parameters
    ----------
    surrogate
        Registered name.
    options
        Its options, as campaign files spell them.
    blocks
        By block, its kind and its number of columns, in the order of the columns; all are physical when left out.
    seed
        Of what the surrogate draws.

    Examples
    --------
    >>> X = np.linspace(0, 1, 12)[:, None]
    >>> model = SurrogateRegressor("pls", options={"members": 8}).fit(X, 3 * X[:, 0])
    >>> mean, std = model.predict(X[:2], return_std=True)
    >>> np.allclose(mean, 3 * X[:2, 0], atol=0.01), std.shape
    (True, (2,))
    """

    def __init__(
        self,
        surrogate: str = "gp",
        *,
        options: Mapping[str, Any] | None = None,
        blocks: Mapping[str, tuple[str, int]] | None = None,
        seed: int = 0,
    ) -> None:
        self.surrogate = surrogate
        self.options = options
        self.blocks = blocks
        self.seed = seed

    def fit(self, X: Any, y: Any) -> SurrogateRegressor:
        """Learn from n rows.

        Raises
        ------
        InvalidInputError
            If the blocks have not as many columns as X.
        """
        X, y = validate_data(self, X, y, y_numeric=True, dtype=np.float64)
        made = SURROGATES.find(self.surrogate, "surrogate")
        arguments = read_options(made, self.options or {}, noun="surrogate", name=self.surrogate)
        unfitted = make_surrogate(self.surrogate, seed=self.seed, **arguments)
        self.model_ = unfitted.fit(self._blocks(X), np.asarray(y, dtype=float))
        return self

    def predict(self, X: Any, return_std: bool = False) -> Array | tuple[Array, Array]:
        """Return the mean (n,); with `return_std` also the standard deviation of a new observation (n,)."""
        check_is_fitted(self)
        found = self.model_.predict(self._blocks(validate_data(self, X, reset=False, dtype=np.float64)))
        return (found.mean, found.predictive_std) if return_std else found.mean

    def _blocks(self, X: Array) -> dict[str, BlockValues]:
        given = self.blocks or {"columns": (BlockKind.PHYSICAL, X.shape[1])}
        if sum(width for _, width in given.values()) != X.shape[1]:
            raise InvalidInputError(
                f"The blocks have {sum(width for _, width in given.values())} columns, and X has {X.shape[1]}.",
                where="blocks", hint="Give each block's kind and number of columns.",
            )  # fmt: skip
        blocks, first = {}, 0
        for name, (kind, width) in given.items():
            blocks[name] = BlockValues(X[:, first : first + width], kind)
            first += width
        return blocks
