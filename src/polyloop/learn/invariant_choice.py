"""Whether to learn a property or its invariant: what errs less beyond the range that it was taught, inside the data."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from polyloop.core.invariant import Invariant
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.invariant_target import InvariantTarget, without_factors
from polyloop.learn.surrogate import Array, Blocks, Surrogate, take

__all__ = ["choose_invariant"]

# The inner split: the lower so much of the values teaches, the rest is asked, and the other way round.
_SHARE = 0.6
# A choice needs no more rows than these; the fit takes the cube of them.
_MOST = 400


def choose_invariant(
    X: Blocks,
    y: Array,
    noise: Array | None,
    invariant: Invariant,
    make: Callable[[], Surrogate] = GaussianProcess,
) -> dict[str, float]:
    """Return the error of `value` and of `invariant` where each is asked beyond what it was taught.

    Root mean squared error over the standard deviation of y, the mean of two splits of the training rows: the lower
    60 % teach and the rest is asked, and the upper 60 %. Of more than 400 rows, 400 are taken evenly over the values.
    `make` makes the model, unfitted.
    """
    order = np.argsort(y, kind="stable")
    if len(order) > _MOST:
        order = order[np.linspace(0, len(order) - 1, _MOST).round().astype(int)]
    cut = int(_SHARE * len(order))
    spread = float(y[order].std()) or 1.0
    errors: dict[str, list[float]] = {"value": [], "invariant": []}
    for teach, ask in ((order[:cut], order[cut:]), (order[-cut:], order[:-cut])):
        variance = None if noise is None else noise[teach]
        rows = without_factors(X)
        plain = make().fit(take(rows, teach), y[teach], variance)
        errors["value"].append(_rmse(plain.predict(take(rows, ask)).mean, y[ask]))
        learnt = InvariantTarget(make, invariant).fit(take(X, teach), y[teach], variance)
        errors["invariant"].append(_rmse(learnt.predict(take(X, ask)).mean, y[ask]))
    return {name: float(np.mean(values)) / spread for name, values in errors.items()}


def _rmse(predicted: Array, y: Array) -> float:
    return float(np.sqrt(np.mean((predicted - y) ** 2)))
