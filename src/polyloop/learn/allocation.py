"""More polymers, or more repeats of the same: what a budget teaches a model, from noise, learning curve and cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from polyloop.core import InvalidInputError
from polyloop.learn.functional.similarity import Eigenbasis, Similarity
from polyloop.learn.standardisation import Standardisation
from polyloop.learn.surrogate import Array, Blocks, check_blocks, take

__all__ = [
    "Allocation",
    "AllocationRule",
    "AllocationStudy",
    "LearningCurve",
    "Yardstick",
    "estimate_curve",
    "left_out_error",
    "next_round",
    "study_allocation",
]

_PENALTIES = np.logspace(-3, 1, 13)
# No error is told from 0 below this share of the variance, and no learning curve is steeper than 1/n.
_FLOOR, _STEEPEST = 1e-3, 1.0


class Yardstick(StrEnum):
    """Against what a model's error is held."""

    TRUTH = "truth"
    """The true means: what a model is for."""
    LABELS = "labels"
    """Labels as noisy as those that teach, over their own variance: what a study without true means reports."""


@dataclass(frozen=True)
class LearningCurve:
    """Mean squared error against the truth: E = constant s^exponent, s = (E + noise / r) / n.

    Regression averages noise over neighbours, whether it comes from one polymer or from nine: with n polymers, N runs
    and noise variance v, s = E / n + v / N. It is the learning curve of a Gaussian process whose eigenvalues fall by a
    power law, the error counting as noise of what is not yet resolved.

    Parameters
    ----------
    noise
        Variance of one run over the variance of the true values between polymers.
    constant, exponent
        E = constant s^exponent, E over the same variance; the exponent is between 0 and 1.

    References
    ----------
    Self-consistent learning curves: Sollich & Halees (2002), doi:10.1162/089976602753712990.
    """

    noise: float
    constant: float
    exponent: float

    def error(self, n: float, repeats: float = 1.0) -> float:
        """Return the expected squared error of n polymers with so many runs each, over the variance of the truth."""

        def excess(log_error: float) -> float:
            error = np.exp(log_error)
            s = (error + self.noise / repeats) / n
            return float(log_error - np.log(self.constant) - self.exponent * np.log(s))

        # An exponent of 1 without noise has no root: the error then falls without end.
        if excess(-40.0) > 0:
            return 0.0
        # More than the variance itself no model need err: the mean does as well.
        return float(min(np.exp(brentq(excess, -40.0, 40.0)), 1.0)) if excess(40.0) > 0 else 1.0

    def labelled_error(self, n: float, repeats: float = 1.0) -> float:
        """Return the same against labels of as many runs, over the variance of such labels."""
        scatter = self.noise / repeats
        return (self.error(n, repeats) + scatter) / (1.0 + scatter)


@dataclass(frozen=True)
class Allocation:
    """So many polymers, each with so many runs, and the root mean squared error that is expected, over the spread."""

    polymers: int
    repeats: int
    error: float


@dataclass(frozen=True)
class AllocationRule:
    """Weighs polymers against repeats.

    Parameters
    ----------
    curve
        What is known of noise and learning.
    cost_ratio
        Cost of the first run of a new polymer (its synthesis, its cell) over that of one more run; at least 1.

    Notes
    -----
    The drop of s per unit of cost is larger for a repeat than for a new polymer where (N/n)^2 < (cost_ratio - 1) v / E:
    repeats pay until r = sqrt((cost_ratio - 1) v / E), the optimum of sampling in two stages (Cochran, Sampling
    Techniques, 1977, eq. 10.13, ISBN 0-471-16240-X). Where a repeat costs as much as a polymer they never pay.
    """

    curve: LearningCurve
    cost_ratio: float = 1.0

    def __post_init__(self) -> None:
        if not self.cost_ratio >= 1.0:
            raise InvalidInputError(
                f"A new polymer costs {self.cost_ratio} repeats.", where="cost ratio", hint="Give 1 or more."
            )

    def polymers(self, budget: float, repeats: int) -> int:
        """Return how many polymers a budget, in runs, buys with so many runs each."""
        return int(budget / (self.cost_ratio + repeats - 1) + 1e-9)

    def allocations(
        self, budget: float, repeats: Sequence[int] = (1, 3, 9), yardstick: Yardstick = Yardstick.TRUTH
    ) -> list[Allocation]:
        """Return what each number of repeats is expected to give, the best first.

        Raises
        ------
        InvalidInputError
            If the budget buys no polymer.
        """
        found = []
        for r in repeats:
            n = self.polymers(budget, r)
            if n > 0:
                squared = self.curve.error(n, r) if yardstick is Yardstick.TRUTH else self.curve.labelled_error(n, r)
                found.append(Allocation(n, r, float(np.sqrt(squared))))
        if not found:
            raise InvalidInputError(f"A budget of {budget:g} runs buys no polymer.", hint="Give more.")
        return sorted(found, key=lambda one: (one.error, one.repeats))

    def best_repeats(self, error: float) -> float:
        """Return the number of runs a polymer that is best at a squared error, over the variance of the truth."""
        return max(1.0, float(np.sqrt((self.cost_ratio - 1.0) * self.curve.noise / max(error, _FLOOR))))


def next_round(
    counts: NDArray[np.intp], budget: float, *, noise: float, error: float, cost_ratio: float = 1.0
) -> tuple[int, NDArray[np.intp]]:
    """Spend the next part of a budget: how many new polymers to ask, and which known ones again.

    One by one whatever drops the error more per unit of cost: a new polymer, or a repeat of one with the fewest runs.

    Parameters
    ----------
    counts
        Runs of each known polymer, shape (n,), n > 0.
    noise, error
        Variance of one run, and squared error of the model against the truth as it is now, in one unit.

    Returns
    -------
    new, again
        A number, and how many more runs each known polymer gets, shape (n,); new ones may get repeats in later rounds.
    """
    again, n, runs, new = counts.copy(), len(counts), int(counts.sum()), 0
    while budget >= 1.0 - 1e-9:
        by_new = (max(error, _FLOOR * noise) / n**2 + noise / runs**2) / cost_ratio
        if noise / runs**2 > by_new:
            again[int(np.argmin(again))] += 1
            runs, budget = runs + 1, budget - 1.0
        elif budget >= cost_ratio - 1e-9:
            new, n, runs, budget = new + 1, n + 1, runs + 1, budget - cost_ratio
        else:
            break
    return new, again - counts


def left_out_error(matrix: Array, y: Array, scatter: Array) -> float:
    """Return the mean squared error against the truth of leaving each polymer out, from its noisy mean.

    Parameters
    ----------
    matrix
        Kernel of the polymers, shape (n, n).
    y
        Means over their runs, shape (n,).
    scatter
        Variance of these means, shape (n,): what a left-out mean differs from its truth by, subtracted here.
    """
    weight = scatter / scatter.mean() if scatter.mean() > 0 else np.ones(len(y))
    # Half of the penalty by noise, half alike for all, for what the kernel does not resolve.
    root = np.sqrt(0.5 + 0.5 * weight)
    basis = Eigenbasis.of(matrix / np.outer(root, root))
    scaled = ((y - y.mean()) / root)[:, None]
    errors = min(float(np.mean((basis.left_out(scaled, p)[:, 0] * root) ** 2)) for p in _PENALTIES)
    return max(errors - float(scatter.mean()), _FLOOR * float(y.var()))


def estimate_curve(
    X: Blocks, values: Array, rows: NDArray[np.intp], *, rng: np.random.Generator, draws: int = 8
) -> LearningCurve:
    """Estimate noise and learning curve from runs, some of them repeats.

    The noise is the pooled variance within polymers. The errors of leaving one out, at the whole and at subsets of a
    half and a quarter (several draws), against s give constant and exponent by least squares of logarithms.

    Parameters
    ----------
    X
        Descriptors of n polymers.
    values
        Runs, shape (m,).
    rows
        Which polymer each is of, shape (m,).

    Raises
    ------
    InvalidInputError
        If there are fewer than 20 polymers, or none was run twice.
    """
    n = check_blocks(X)
    y = Standardisation.of(values).standardise(np.asarray(values, dtype=float))
    known, counts, means, noise = _pooled(y, rows)
    freedom = int((counts - 1).sum())
    if len(known) < 20 or freedom == 0 or known.max() >= n:
        raise InvalidInputError(
            f"{len(known)} polymers, {freedom} repeats among them, say too little of noise and learning.",
            hint="Give 20 or more polymers, some of them twice or more.",
        )
    scatter = noise / counts
    truth = max(float(means.var()) - float(scatter.mean()), 0.05 * float(means.var()))
    part = take(X, known)
    matrix = Similarity.of(part).to(part)
    points = []
    for size in (len(known), len(known) // 2, len(known) // 4):
        times = 1 if size == len(known) else draws
        chosen = [rng.permutation(len(known))[:size] for _ in range(times)]
        errors = [left_out_error(matrix[np.ix_(one, one)], means[one], scatter[one]) for one in chosen]
        error = float(np.clip(np.mean(errors) / truth, _FLOOR, 1.0))
        points.append((error, (error + float(scatter.mean()) / truth) / size))
    log_error, log_s = np.log(np.array(points)).T
    slope = float(np.polyfit(log_s, log_error, 1)[0]) if np.ptp(log_s) > 0 else 0.0
    exponent = float(np.clip(slope, 0.01, _STEEPEST))
    # Through the point of all polymers, which is known best.
    return LearningCurve(noise / truth, float(np.exp(log_error[0] - exponent * log_s[0])), exponent)


def _pooled(y: Array, rows: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp], Array, float]:
    """Return the rows that there are, their counts and means, and the pooled variance within (NaN without repeats)."""
    known, group, counts = np.unique(rows, return_inverse=True, return_counts=True)
    means = np.bincount(group, y) / counts
    freedom = int((counts - 1).sum())
    squares = float(((y - means[group]) ** 2).sum())
    return known, counts, means, squares / freedom if freedom else float("nan")


@dataclass(frozen=True)
class AllocationStudy:
    """What runs, some of them repeats, tell of how to spend a budget.

    Parameters
    ----------
    noise_std
        Standard deviation of one run, in the unit of the values.
    best_repeats
        The best number of runs a polymer at the error as it is now.
    next
        What to ask next.
    """

    n: int
    runs: int
    noise_std: float
    curve: LearningCurve
    allocations: tuple[Allocation, ...]
    best_repeats: float
    next: str

    def rows(self) -> list[tuple[Allocation, float]]:
        """Return each allocation with its root mean squared error against labels as noisy, over their spread."""
        labelled = [self.curve.labelled_error(one.polymers, one.repeats) for one in self.allocations]
        return [(one, float(np.sqrt(error))) for one, error in zip(self.allocations, labelled, strict=True)]

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


def study_allocation(
    X: Blocks,
    values: Array,
    rows: NDArray[np.intp],
    *,
    budget: float,
    cost_ratio: float = 1.0,
    repeats: Sequence[int] = (1, 2, 3, 5, 9),
    rng: np.random.Generator,
) -> AllocationStudy:
    """Weigh polymers against repeats for a budget in runs; the other parameters are those of `estimate_curve`.

    An error that the noise hides counts as large as it could be and still be hidden, so that no number of repeats is
    recommended that rests on the difference of two nearly equal numbers.
    """
    curve = estimate_curve(X, values, rows, rng=rng)
    rule = AllocationRule(curve, cost_ratio)
    _, counts, _, noise = _pooled(np.asarray(values, dtype=float), rows)
    each = float(counts.mean())
    error = curve.error(len(counts), each)
    # The relative standard error of a mean square of n normal errors is sqrt(2 / n).
    error = max(error, float(np.sqrt(2.0 / len(counts))) * (error + curve.noise / each))
    new, _ = next_round(counts, cost_ratio, noise=curve.noise, error=error, cost_ratio=cost_ratio)
    return AllocationStudy(
        len(counts), int(counts.sum()), float(np.sqrt(noise)), curve,
        tuple(rule.allocations(budget, repeats)), rule.best_repeats(error), "a new polymer" if new else "a repeat",
    )  # fmt: skip
