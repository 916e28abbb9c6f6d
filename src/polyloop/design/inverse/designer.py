"""Designers: one interface for all that search polymers under a budget of calls, and what they return."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from polyloop.chem import Polymer
from polyloop.chem.polymerisation import RULES, depolymerise
from polyloop.design.inverse.oracle import Assessment, Oracle
from polyloop.design.inverse.predictors import PredictedProperty
from polyloop.design.library import LibraryPolymer

__all__ = ["Designer", "InverseCandidate", "Proposals", "ranked"]


@dataclass(frozen=True)
class InverseCandidate:
    """A polymer that a design returns.

    Parameters
    ----------
    smiles
        Canonical SMILES of the repeat unit.
    score
        Logarithm of prior times likelihood, up to a constant that all of a design share.
    weight
        Share of the posterior among the polymers that were predicted.
    predicted
        What the oracle said.
    in_domain
        Whether all predictors were checked there.
    rule, monomers
        How it is made: the polymerisation and the monomers' SMILES; empty where no rule makes it.
    price
        US$ of monomers for each kg of repeat unit; None where unknown.
    """

    smiles: str
    score: float
    weight: float
    predicted: Mapping[str, PredictedProperty]
    in_domain: bool
    rule: str
    monomers: tuple[str, ...]
    price: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {
            "smiles": self.smiles, "score": self.score, "weight": self.weight,
            "predicted": {name: {"value": one.mean, "std": one.std} for name, one in self.predicted.items()},
            "in_domain": self.in_domain, "monomers": list(self.monomers), "rule": self.rule, "price": self.price,
        }  # fmt: skip


@dataclass(frozen=True)
class Proposals:
    """What a designer came by: how each polymer is made, where it knows, and the logarithm of its prior."""

    routes: Mapping[str, LibraryPolymer]
    log_prior: Mapping[str, float]


@runtime_checkable
class Designer(Protocol):
    """Spends an oracle's calls on polymers that meet its targets."""

    def search(self, oracle: Oracle, rng: np.random.Generator) -> Proposals:
        """Ask the oracle until its calls are spent, or there is nothing new to ask."""
        ...


def ranked(oracle: Oracle, proposals: Proposals) -> list[InverseCandidate]:
    """Return all polymers that were predicted, each once, from the highest posterior to the lowest."""
    said = [one for one in oracle.history if one.predicted is not None and np.isfinite(one.log_likelihood)]
    scores = np.array([one.log_likelihood + proposals.log_prior.get(one.text, 0.0) for one in said])
    if not len(scores):
        return []
    weights = np.exp(scores - scores.max())
    weights /= weights.sum()
    order = sorted(range(len(said)), key=lambda row: (-scores[row], said[row].text))
    return [_candidate(said[row], float(scores[row]), float(weights[row]), proposals.routes) for row in order]


def with_route(candidates: Sequence[InverseCandidate], prices: Mapping[str, float]) -> list[InverseCandidate]:
    """Return candidates with a polymerisation where one makes them: a way with priced monomers before others.

    Parameters
    ----------
    prices
        US$/kg by canonical SMILES of the monomers on hand.
    """
    return [one if one.rule else _routed(one, prices) for one in candidates]


def _routed(one: InverseCandidate, prices: Mapping[str, float]) -> InverseCandidate:
    ways = depolymerise(Polymer.of_canonical(one.smiles), RULES.values())
    if not ways:
        return one
    best = max(ways, key=lambda way: sum(monomer in prices for monomer in way.monomers) / len(way.monomers))
    return InverseCandidate(
        one.smiles, one.score, one.weight, one.predicted, one.in_domain, best.rule.name, best.monomers, None
    )


def _candidate(one: Assessment, score: float, weight: float, routes: Mapping[str, LibraryPolymer]) -> InverseCandidate:
    route = routes.get(one.text)
    return InverseCandidate(
        one.text, score, weight, one.predicted or {}, one.in_domain, route.rule if route else "",
        route.monomers if route else (), route.price if route else None,
    )  # fmt: skip
