"""A protocol: the mean number of contacts by enumeration of all self-avoiding walks."""

from __future__ import annotations

from collections import Counter
from functools import cache
from math import exp
from typing import TYPE_CHECKING

from polyloop.core import Conditions, EvaluationError, FailureCode
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.protocol import Protocol

if TYPE_CHECKING:
    from polyloop_lattice.kind import HPChain

__all__ = ["PROTOCOL", "contact_counts", "count_contacts"]

_LONGEST = 10
_CONTACT = 2.0  # kT at 298.15 K, without denaturant
_PER_MOLAR = 0.1  # share of it that each mol/L of denaturant takes away
_STEPS = ((1, 0), (0, 1), (-1, 0), (0, -1))


@cache
def walks(length: int) -> tuple[tuple[tuple[int, int], ...], ...]:
    """Return all self-avoiding walks of so many beads whose first step is to the right."""
    found: list[tuple[tuple[int, int], ...]] = [((0, 0), (1, 0))]
    for _ in range(length - 2):
        longer = []
        for walk in found:
            x, y = walk[-1]
            longer += [(*walk, site) for dx, dy in _STEPS if (site := (x + dx, y + dy)) not in walk]
        found = longer
    return tuple(found)


def contact_counts(beads: str) -> Counter[int]:
    """Return how many walks have each number of contacts of H beads."""
    sticky = [place for place, bead in enumerate(beads) if bead == "H"]
    pairs = [(i, j) for i in sticky for j in sticky if j - i > 2]
    counts: Counter[int] = Counter()
    for walk in walks(len(beads)):
        counts[sum(abs(walk[i][0] - walk[j][0]) + abs(walk[i][1] - walk[j][1]) == 1 for i, j in pairs)] += 1
    return counts


def check(chain: HPChain) -> None:
    """Refuse a chain that takes too long."""
    if len(chain.beads) > _LONGEST:
        raise EvaluationError(
            FailureCode.SIZE, "enumeration", f"The chain has {len(chain.beads)} beads, more than {_LONGEST}."
        )


def count_contacts(chain: HPChain, seed: int, conditions: Conditions) -> Estimates:
    """Return the Boltzmann mean over all walks; exact, so that the seed does nothing."""
    check(chain)
    strength = _CONTACT * 298.15 / conditions.temperature
    strength *= 1 - _PER_MOLAR * float(conditions.get_or_default("denaturant"))
    weights = {m: walks * exp(strength * m) for m, walks in contact_counts(chain.beads).items()}
    mean = sum(m * weight for m, weight in weights.items()) / sum(weights.values())
    return Estimates(
        (Estimate("contact_number", mean, None, ""),), {"polyloop-lattice": "1.0"}, {"contact_kT": strength}
    )


PROTOCOL = Protocol(
    "lattice/enumeration", 1, "instant", ("contact_number",), "milliseconds",
    "Mean number of contacts of a bead chain of at most ten beads, over all self-avoiding walks.",
    count_contacts, check, conditions=("temperature", "denaturant"), kinds=("hp_chain",),
)  # fmt: skip
