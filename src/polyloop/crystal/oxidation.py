"""Whether the charges of a composition can balance, by the usual oxidation states of its elements."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from polyloop.core.optional import require
from polyloop.crystal.elements import ELEMENTS

if TYPE_CHECKING:
    from polyloop.crystal.composition import Composition

__all__ = ["charges_balance", "oxidation_states"]


@lru_cache(maxsize=1)
def oxidation_states() -> dict[str, tuple[int, ...]]:
    """Return the main oxidation states of each element, as the table `oxidationstates` of `mendeleev` has them.

    Raises
    ------
    MissingDependencyError
        If the extra `crystal` is not installed.
    """
    table = require("mendeleev.fetch", extra="crystal").fetch_table("oxidationstates")
    found: dict[str, tuple[int, ...]] = {}
    for number, states in table[table.category == "main"].groupby("atomic_number").oxidation_state:
        found[ELEMENTS[int(number) - 1]] = tuple(sorted(int(state) for state in states if state))
    return found


def charges_balance(composition: Composition) -> bool:
    """Return whether one main oxidation state for each element makes the charges sum to zero.

    Mixed valence is not looked for: Fe3O4 does not balance. Nor do most intermetallic phases, which are none of ions.
    """
    sums = {0}
    for symbol, amount in composition.amounts.items():
        states = oxidation_states().get(symbol, ())
        sums = {total + amount * state for total in sums for state in states}
    return 0 in sums
