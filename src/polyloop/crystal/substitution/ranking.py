"""Which protostructure a composition has: candidates described by their templates, and a learnt ranking of them.

A metric on pairs of compositions decides how near a template is, as in doi:10.1016/j.commatsci.2022.111496; here it is
the sum of learnt logarithms of element swaps, and what the nearest ones vote for is weighed by a conditional logit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.core.files import write_atomically
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELECTRONEGATIVITIES, ELEMENTS
from polyloop.crystal.substitution.swaps import element_differences, learn_swaps
from polyloop.crystal.substitution.templates import TemplateStore, ratio_of, slots_of

__all__ = ["FEATURES", "Candidates", "StructureRanking", "candidates_of", "train_ranking"]

FEATURES = (
    "nearest", "second_nearest", "all_votes", "votes_of_5", "votes_of_15", "votes_of_40", "popularity", "templates",
    "worst_swap", "same_elements", "electronegativity", "same_order", "nearest_is_first",
)  # fmt: skip
_FOLDS = 3
# How many compositions it takes to move the weights away from those of the swaps alone.
_PRIOR_QUESTIONS = 10.0
# A temperature at which templates' nearness becomes votes.
_VOTE_SCALE = 1.0

_ELECTRONEGATIVITIES = np.array([ELECTRONEGATIVITIES.get(symbol, 2.0) for symbol in ELEMENTS])
_DIFFERENCES = element_differences()

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Candidates:
    """The protostructures that a composition may have by templates of its ratio, n of them.

    Parameters
    ----------
    labels
        Numbers of the protostructures in their group, shape (n,).
    templates
        Of each the places in the store of its templates, the nearest first, and how their elements are assigned: rows
        of (template, order).
    features
        Shape (n, 13), columns `FEATURES`.
    """

    labels: Ints
    templates: tuple[Ints, ...]
    features: Floats


@dataclass(frozen=True)
class StructureRanking:
    """A learnt order of candidates.

    Parameters
    ----------
    swaps
        Logarithms of the probability that a swap of elements keeps the protostructure, shape (118, 118).
    weights
        Of the features, shape (13,), after they are divided by `scales`.
    trained_on
        Compositions that taught it.
    """

    swaps: Floats
    weights: Floats
    means: Floats
    scales: Floats
    trained_on: int

    def probabilities(self, candidates: Candidates) -> Floats:
        """Return the probability of each candidate if one of them is right, shape (n,)."""
        values = (candidates.features - self.means) / self.scales @ self.weights
        odds: Floats = np.exp(values - values.max())
        odds /= odds.sum()
        return odds

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        content = {name: np.round(np.asarray(value), 6).tolist() for name, value in vars(self).items()}
        write_atomically(path, json.dumps(content))

    @classmethod
    def load(cls, path: Path) -> StructureRanking:
        """Read what `save` wrote; raises `InvalidInputError` where there is none."""
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            swaps, weights, means, scales = (
                np.array(content[name]) for name in ("swaps", "weights", "means", "scales")
            )
            return cls(swaps, weights, means, scales, int(content["trained_on"]))
        except (OSError, KeyError, ValueError) as error:
            raise InvalidInputError(
                f"There is no trained ranking: {error}.", where=str(path), hint="Run: polyloop crystal templates."
            ) from error


def candidates_of(
    composition: Composition, store: TemplateStore, swaps: Floats, left_out: Callable[[str], bool] | None = None
) -> Candidates | None:
    """Return what a composition may be by templates of its ratio; None where there is no template.

    Parameters
    ----------
    left_out
        Tells of a reduced formula whether its templates are not to be used.
    """
    group = store.group(ratio_of(composition))
    if group is None:
        return None
    formulas = store.formulas[group.rows]
    used = np.ones(len(formulas), dtype=bool)
    if left_out is not None:
        used = np.array([not left_out(str(formula)) for formula in formulas])
    if not used.any():
        return None
    elements = np.array([ELEMENTS.index(symbol) for symbol in slots_of(composition)])
    rows = np.flatnonzero(used)
    # `group.orders[m]` says which of the template's slots gives each slot of the composition.
    substituted = group.elements[rows][:, group.orders]
    nearness = swaps[elements, substituted].sum(axis=2)
    labels = group.labels[rows]
    worst = swaps[elements, substituted].min(axis=2)
    order = np.argsort(-nearness.ravel(), kind="stable")
    pairs = np.column_stack([np.repeat(rows, nearness.shape[1]), np.tile(np.arange(nearness.shape[1]), len(rows))])
    described = _describe(
        labels.ravel()[order], nearness.ravel()[order], worst.ravel()[order],
        substituted.reshape(-1, len(elements))[order], elements,
    )  # fmt: skip
    unique, places, features = described
    return Candidates(
        unique,
        tuple(np.column_stack([group.rows[pairs[order][at, 0]], pairs[order][at, 1]]) for at in places),
        features,
    )


def _describe(
    labels: Ints, nearness: Floats, worst: Floats, substituted: Ints, elements: Ints
) -> tuple[Ints, list[Ints], Floats]:
    """Return protostructures, the places of their templates, and their features; all sorted by nearness before."""
    unique, first, inverse, counts = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    votes = np.exp((nearness - nearness[0]) / _VOTE_SCALE)
    shares = [np.bincount(inverse[:most], votes[:most], len(unique)) / votes[:most].sum() for most in (5, 15, 40)]
    every = np.bincount(inverse, votes, len(unique)) / votes.sum()
    places = np.split(np.argsort(inverse, kind="stable"), np.cumsum(counts)[:-1])
    second = np.array([nearness[at[1]] if len(at) > 1 else nearness[at[0]] - 2.0 for at in places])
    apart = _DIFFERENCES[elements, substituted[first], 2]
    values = _ELECTRONEGATIVITIES
    sorted_alike = np.array(
        [np.array_equal(np.argsort(values[elements]), np.argsort(values[one])) for one in substituted[first]]
    )
    features = np.column_stack([
        nearness[first], second, np.log(every + 1e-4), *(np.log(share + 1e-2) for share in shares),
        np.log(counts / len(labels)), np.log(counts), worst[first], (substituted[first] == elements).mean(axis=1),
        apart.mean(axis=1), sorted_alike, first == 0,
    ]).astype(float)  # fmt: skip
    return unique, places, features


def train_ranking(
    store: TemplateStore, *, rng: np.random.Generator, left_out: frozenset[str] = frozenset(), targets: int = 3000
) -> StructureRanking:
    """Learn swaps and the weights of features from a store.

    Compositions are parted into three; those of a part are asked with swaps that were learnt from the others and
    templates of any other composition, so that the weights are those for compositions that nothing is known of.

    Parameters
    ----------
    left_out
        Reduced formulas that nothing is learnt from.
    targets
        Compositions that are asked at most.
    """
    formulas = np.array(sorted(set(store.formulas.tolist()) - left_out))
    asked = rng.permutation(len(formulas))[:targets]
    fold = rng.integers(0, _FOLDS, len(formulas))
    questions: list[tuple[Floats, NDArray[np.bool_]]] = []
    for one in range(_FOLDS):
        swaps = learn_swaps(store, left_out | frozenset(formulas[fold == one].tolist()))
        for place in asked[fold[asked] == one]:
            question = _question(str(formulas[place]), store, swaps, left_out)
            if question is not None:
                questions.append(question)
    if not questions:
        raise InvalidInputError(
            "No composition of the store has its structure among the templates of others.", where="templates",
            hint="Give more structures: some thousands make a useful store.",
        )  # fmt: skip
    stacked = np.vstack([features for features, _ in questions])
    means, scales = stacked.mean(axis=0), np.maximum(stacked.std(axis=0), 1e-6)
    prior = np.array([scales[place] if name == "nearest" else 0.0 for place, name in enumerate(FEATURES)])
    weights = _fit([((features - means) / scales, right) for features, right in questions], prior)
    return StructureRanking(learn_swaps(store, left_out), weights, means, scales, len(questions))


def _question(
    formula: str, store: TemplateStore, swaps: Floats, left_out: frozenset[str]
) -> tuple[Floats, NDArray[np.bool_]] | None:
    """Return the features of a composition's candidates and which are right; None where none is, or all are."""
    composition = Composition(formula)
    found = candidates_of(composition, store, swaps, lambda other: other == formula or other in left_out)
    group = store.group(ratio_of(composition))
    if found is None or group is None:
        return None
    own = set(group.labels[store.formulas[group.rows] == formula, 0].tolist())
    right = np.isin(found.labels, list(own))
    return None if not right.any() or right.all() else (found.features, right)


def _fit(questions: Sequence[tuple[Floats, NDArray[np.bool_]]], prior: Floats) -> Floats:
    """Maximise the likelihood that a right candidate is chosen (a conditional logit), by L-BFGS.

    Weights are drawn to `prior`, by which the product of the swaps' probabilities decides alone.
    """
    from scipy.optimize import minimize

    stacked = np.vstack([features for features, _ in questions])
    right = np.concatenate([one for _, one in questions])
    starts = np.cumsum([0, *(len(one) for _, one in questions)])[:-1]
    sizes = np.diff([*starts, len(right)])

    def loss(weights: Floats) -> tuple[float, Floats]:
        values = stacked @ weights
        values -= np.repeat(np.maximum.reduceat(values, starts), sizes)
        odds = np.exp(values)
        all_odds = np.add.reduceat(odds, starts)
        right_odds = np.add.reduceat(odds * right, starts)
        gradient = stacked.T @ (odds / np.repeat(all_odds, sizes) - odds * right / np.repeat(right_odds, sizes))
        value = float((np.log(all_odds) - np.log(right_odds)).sum())
        away = weights - prior
        return value + _PRIOR_QUESTIONS * float(away @ away), gradient + 2 * _PRIOR_QUESTIONS * away

    found: Floats = minimize(loss, prior, jac=True, method="L-BFGS-B").x
    return found
