"""What a design learns of its oracle on the way: a Gaussian process for each property and for its error bar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.design.inverse.likelihood import log_probability_in_ranges
from polyloop.design.inverse.oracle import Assessment
from polyloop.design.inverse.residue_features import ELEMENTS
from polyloop.design.inverse.targets import PropertyTarget
from polyloop.learn.covariance import HyperParameters
from polyloop.learn.gp import GaussianProcess

__all__ = ["OracleSurrogate", "intensive"]

LEAST_ROWS = 5
# Hyper-parameters are searched for anew when there are as many times more rows: the search takes most of the time.
_GROWTH = 1.5
# And by so many rows at most: ten times as many calls would otherwise take hours of it.
_SEARCH_ROWS = 600


def intensive(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return features for each heavy atom, with the logarithm of their number, shape (n, d + 1).

    Properties of the amorphous solid do not grow with the repeat unit that one happens to draw.
    """
    heavy = np.maximum(features[:, 1 : len(ELEMENTS) + 1].sum(axis=1), 1.0)
    return np.column_stack([features / heavy[:, None], np.log(heavy)])


@dataclass(frozen=True, eq=False)
class OracleSurrogate:
    """Gaussian processes of the values and of the logarithms of their standard errors.

    Parameters
    ----------
    targets
        Their ranges.
    columns
        Columns of the features that differ among the rows that taught.
    models
        Two for each target: of the value and of the logarithm of its error.
    searched
        Number of rows when hyper-parameters were searched for.
    """

    targets: tuple[PropertyTarget, ...]
    columns: NDArray[np.bool_]
    models: tuple[tuple[GaussianProcess, GaussianProcess], ...]
    searched: int

    @classmethod
    def fit(
        cls,
        features: NDArray[np.float64],
        assessments: Sequence[Assessment],
        targets: tuple[PropertyTarget, ...],
        before: OracleSurrogate | None = None,
    ) -> OracleSurrogate | None:
        """Learn from assessed polymers; None where fewer than five have predictions.

        Parameters
        ----------
        features
            Shape (n, d), extensive.
        before
            The surrogate of an earlier round: until there are half as many rows again its hyper-parameters stay.
        """
        rows = [row for row, one in enumerate(assessments) if one.predicted is not None]
        if len(rows) < LEAST_ROWS:
            return None
        X = intensive(features[rows])
        kept = before if before is not None and len(rows) < _GROWTH * before.searched else None
        columns = kept.columns if kept is not None else X.std(axis=0) > 0
        block = {"additive": BlockValues(X[:, columns], BlockKind.PHYSICAL)}
        models = []
        for place, target in enumerate(targets):
            said = [(assessments[row].predicted or {})[target.property] for row in rows]
            pair = []
            for which, values in enumerate(([one.mean for one in said], [np.log(one.std) for one in said])):
                old: HyperParameters | None = kept.models[place][which].hyperparameters if kept is not None else None
                model = GaussianProcess(parameters=old, search_rows=_SEARCH_ROWS)
                pair.append(model.fit(block, np.array(values)))
            models.append((pair[0], pair[1]))
        return cls(targets, columns, tuple(models), kept.searched if kept is not None else len(rows))

    def log_likelihood(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the predicted logarithm of the likelihood, the surrogate's own doubt included, shape (n,)."""
        mean, own, error = self.predict(features)
        return log_probability_in_ranges(mean, np.hypot(own, error), self.targets)

    def predict(
        self, features: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """Return the oracle's value, the doubt about it, and the oracle's own error as predicted, shape (n, m) each."""
        block = {"additive": BlockValues(intensive(features)[:, self.columns], BlockKind.PHYSICAL)}
        values = [value.predict(block) for value, _ in self.models]
        errors = [error.predict(block).mean for _, error in self.models]
        mean = np.column_stack([one.mean for one in values])
        return mean, np.column_stack([one.std for one in values]), np.exp(np.column_stack(errors))
