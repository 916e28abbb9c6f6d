"""How often a structure stays the same when one element takes another's place, learnt from a store of templates."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from polyloop.crystal.elements import ELECTRONEGATIVITIES, ELEMENTS
from polyloop.crystal.substitution.templates import RatioGroup, TemplateStore

__all__ = ["element_differences", "learn_swaps"]

# Weight of what the elements' places in the periodic table say, in swaps.
_PRIOR = 4.0
# Of row, group, electronegativity and its square, block, same group, and the constant.
_SLOPES = np.array([-0.6, -0.14, -0.57, 0.0, -0.12, 0.15, 1.0])
_NOBLE = (2, 10, 18, 36, 54, 86, 118)
_UNKNOWN_ELECTRONEGATIVITY = 2.0


def learn_swaps(store: TemplateStore, left_out: frozenset[str] = frozenset()) -> NDArray[np.float64]:
    """Return the logarithm of the probability that a protostructure survives a swap, shape (118, 118), symmetric.

    Compositions of one ratio that differ in one element are compared: each such pair is a trial, a success if they
    have a protostructure in common. Rare pairs lean on a logistic regression on rows, groups and electronegativities.

    Parameters
    ----------
    left_out
        Reduced formulas that nothing is learnt from.
    """
    trials, successes = np.zeros((2, len(ELEMENTS), len(ELEMENTS)))
    for ratio in store.ratios:
        group = store.group(ratio)
        if group is not None and len(ratio) > 1:
            _count(group, store, left_out, trials, successes)
    trials, successes = trials + trials.T, successes + successes.T
    prior = _smooth(trials, successes)
    table: NDArray[np.float64] = np.log((successes + _PRIOR * prior) / (trials + _PRIOR))
    np.fill_diagonal(table, 0.0)
    return table


def _count(
    group: RatioGroup, store: TemplateStore, left_out: frozenset[str], trials: NDArray[np.float64],
    successes: NDArray[np.float64],
) -> None:  # fmt: skip
    """Add the pairs of one ratio: what all elements but one have in common is a bucket."""
    by_elements: dict[tuple[int, ...], set[int]] = defaultdict(set)
    for place, row in enumerate(group.rows):
        if store.formulas[row] in left_out:
            continue
        for column, order in enumerate(group.orders):
            # Each order of equal amounts is counted, trials and successes alike.
            by_elements[tuple(group.elements[place, order])].add(int(group.labels[place, column]))
    buckets: dict[tuple[int, tuple[int, ...]], list[tuple[int, set[int]]]] = defaultdict(list)
    for elements, labels in by_elements.items():
        for slot in range(len(elements)):
            rest = elements[:slot] + elements[slot + 1 :]
            buckets[slot, rest].append((elements[slot], labels))
    for members in buckets.values():
        for place, (first, labels) in enumerate(members):
            for second, others in members[place + 1 :]:
                trials[first, second] += 1
                successes[first, second] += not labels.isdisjoint(others)


def _smooth(trials: NDArray[np.float64], successes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the probability of success by a logistic regression on differences of the elements, shape (118, 118).

    Slopes are drawn to those of a large table and keep their signs, so that no small one makes unlike elements alike.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    differences = np.dstack([element_differences(), np.ones(trials.shape)])
    pairs = np.argwhere(np.triu(trials, 1) > 0)
    features = differences[pairs[:, 0], pairs[:, 1]]
    won, tried = successes[pairs[:, 0], pairs[:, 1]], trials[pairs[:, 0], pairs[:, 1]]

    def loss(slopes: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        values = features @ slopes
        away = slopes - _SLOPES
        gradient = features.T @ (tried * expit(values) - won) + 2.0 * away
        return float((tried * np.logaddexp(0.0, values) - won * values).sum() + away @ away), gradient

    bounds = [(None, 0.0)] * 5 + [(0.0, None), (None, None)]
    slopes = minimize(loss, _SLOPES, jac=True, method="L-BFGS-B", bounds=bounds).x
    every: NDArray[np.float64] = expit(differences @ slopes)
    return every


def element_differences() -> NDArray[np.float64]:
    """Return how elements differ in row, group and electronegativity, and whether in block, shape (118, 118, 6)."""
    columns = np.array([_place(number) for number in range(1, len(ELEMENTS) + 1)])
    row, column, block = columns.T
    electronegativity = np.array([ELECTRONEGATIVITIES.get(symbol, _UNKNOWN_ELECTRONEGATIVITY) for symbol in ELEMENTS])
    away = np.abs(row[:, None] - row)
    along = np.abs(column[:, None] - column)
    apart = np.abs(electronegativity[:, None] - electronegativity)
    return np.stack(
        [away, along, apart, apart**2, block[:, None] != block, (along == 0)], axis=-1
    ).astype(float)  # fmt: skip


def _place(number: int) -> tuple[int, float, int]:
    """Return row, group (of f elements 3 and a part) and block of an element."""
    row = next(place for place, noble in enumerate(_NOBLE) if number <= noble) + 1
    since = number - (0 if row == 1 else _NOBLE[row - 2])
    length = _NOBLE[row - 1] - (0 if row == 1 else _NOBLE[row - 2])
    if number in (1, 2):
        return row, float(1 if number == 1 else 18), 0
    if since <= 2:
        return row, float(since), 0
    left = length - since  # 0 for the noble gas
    if left < 6:
        return row, float(18 - left), 1
    if length == 32 and since <= 17:
        return row, 3.0 + 0.05 * (since - 3), 3
    return row, float(12 - (left - 6)), 2
