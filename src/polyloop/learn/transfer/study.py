"""Does transfer pay on these labels? Held-out errors with sources, without them, and with their rows mixed up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.learn.calibration import Calibration, held_out, summarise
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.surrogate import Array, Blocks, Surrogate, check_blocks
from polyloop.learn.transfer.affine import SOURCE_BLOCK, AffineGaussianProcess
from polyloop.learn.transfer.difference import DifferenceModel
from polyloop.learn.transfer.guarded import TransferGaussianProcess
from polyloop.learn.validation.scores import mean_absolute_error

__all__ = ["TransferStudy", "study_transfer"]

_LEAST = 10


@dataclass(frozen=True)
class TransferStudy:
    """Held-out calibration by way of learning, and the mean absolute errors, in the unit of the target.

    `direct` sees the labels alone; `affine` is affine transfer; `transfer` chooses between the two inside the labels
    that teach; `shuffled` is the same with the sources' rows mixed up, which should do no worse than `direct`;
    `difference`, only where a source is of the same property, adds a model of the difference to it.
    """

    held_out: dict[str, Calibration]
    mean_absolute_error: dict[str, float]
    uses_sources: bool
    gain: float

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "held_out": {name: one.to_dict() for name, one in self.held_out.items()},
            "mean_absolute_error": self.mean_absolute_error,
            "uses_sources": self.uses_sources,
            "gain": self.gain,
        }

    def rows(self) -> list[tuple[str, float, float, float, float]]:
        """Return (way, mean absolute error, RMSE, R2, coverage of the 90 % interval) of each."""
        return [
            (name, self.mean_absolute_error[name], one.rmse, one.r2, asdict(one)["coverage_90"])
            for name, one in self.held_out.items()
        ]


def study_transfer(
    X: Blocks, y: Array, *, rng: np.random.Generator, same: Array | None = None, folds: int = 10
) -> TransferStudy:
    """Compare the ways of learning n labels by K folds; every choice is made inside the rows that teach.

    Parameters
    ----------
    X
        Descriptors and the block `source_predictions` of n different subjects, which the sources have not seen.
    same
        What a source of the same property predicts, in the unit of y, shape (n,).

    Raises
    ------
    InvalidInputError
        If there are fewer than ten rows.
    """
    n = check_blocks(X)
    if n < _LEAST:
        raise InvalidInputError(f"{n} labels are too few to hold some out.", hint=f"Give at least {_LEAST}.")
    mixed = {**X, SOURCE_BLOCK: BlockValues(X[SOURCE_BLOCK].values[rng.permutation(n)], X[SOURCE_BLOCK].kind)}
    plain = {name: block for name, block in X.items() if name != SOURCE_BLOCK}
    ways: dict[str, tuple[Blocks, Callable[[], Surrogate]]] = {
        "direct": (plain, GaussianProcess),
        "affine": (X, AffineGaussianProcess),
        "transfer": (X, TransferGaussianProcess),
        "shuffled": (mixed, TransferGaussianProcess),
    }
    if same is not None:
        column = BlockValues(np.asarray(same, dtype=float)[:, None], BlockKind.PHYSICAL)
        ways["difference"] = ({**plain, SOURCE_BLOCK: column}, DifferenceModel)
    seed = int(rng.integers(2**32))
    found, errors = {}, {}
    for name, (rows, make) in ways.items():
        # One seed for all, so that they are asked the same in the same folds.
        held, method = held_out(make(), rows, y, make=make, folds=folds, rng=np.random.default_rng(seed))
        found[name] = summarise(held, y, method)
        errors[name] = mean_absolute_error(y, held.mean)
    chosen = TransferGaussianProcess().fit(X, y)
    return TransferStudy(found, errors, chosen.uses_sources, chosen.gain)
