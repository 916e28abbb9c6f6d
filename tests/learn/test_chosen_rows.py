"""What a model says near the ends of its values, where these were chosen by their size and where they were not."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from polyloop.core.descriptors import BlockValues
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.surrogate import take
from polyloop.learn.target_model import TargetModel

rng = np.random.default_rng(0)
X = {"numbers": BlockValues(rng.normal(size=(500, 6)), "physical")}
values = X["numbers"].values[:, 0] + 0.7 * np.sin(2 * X["numbers"].values[:, 1]) + 0.3 * rng.normal(size=500)
ORDER = np.argsort(values)
ROWS = {"random": np.arange(150), "lowest": ORDER[:150], "highest": ORDER[350:], "middle": ORDER[175:325]}


@cache
def taught(rows: str) -> TargetModel:
    teach = ROWS[rows]
    seen = take(X, teach)
    model = TargetModel(seen, values[teach], None, None, GaussianProcess().fit(seen, values[teach]))
    model.check(GaussianProcess, np.random.default_rng(0))
    return model


@pytest.mark.parametrize(
    ("rows", "ends"), [("random", (False, False)), ("lowest", (False, True)), ("highest", (True, False)),
                       ("middle", (True, True))],
)  # fmt: skip
def test_the_values_themselves_tell_at_which_end_they_were_chosen(rows: str, ends: tuple[bool, bool]) -> None:
    assert tuple(odds > 0.5 for odds in taught(rows).chosen) == ends


@pytest.mark.parametrize("rows", ["lowest", "highest", "middle"])
def test_what_lies_beyond_chosen_rows_is_flagged(rows: str) -> None:
    """Intervals there do not hold, and nothing in the rows says of which polymer."""
    teach = values[ROWS[rows]]
    beyond = np.flatnonzero((values < teach.min()) | (values > teach.max()))
    interval, report = taught(rows).assess(take(X, beyond))
    assert np.mean((interval.low <= values[beyond]) & (values[beyond] <= interval.high)) < 0.6
    assert report.outside.mean() >= 0.95


def test_nothing_is_said_of_rows_that_nobody_chose() -> None:
    assert not taught("random").assess(take(X, slice(150, 500)))[1].flags["chosen"].any()
