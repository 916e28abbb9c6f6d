"""Whether the charges of a composition can balance, by the oxidation states that its elements are known in."""

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
    """Return the oxidation states of each element but 0, as the table `oxidationstates` of `mendeleev` has them.

    Raises
    ------
    MissingDependencyError
        If the extra `crystal` is not installed.
    """
    table = require("mendeleev.fetch", extra="crystal").fetch_table("oxidationstates")
    found: dict[str, tuple[int, ...]] = {}
    for number, states in table.groupby("atomic_number").oxidation_state:
        found[ELEMENTS[int(number) - 1]] = tuple(sorted(int(state) for state in states if state))
    return found


def charges_balance(composition: Composition) -> bool:
    """Return whether the charges can sum to zero, one oxidation state for each element.

    The less electronegative elements are positive and the others negative, wherever the line is drawn. Mixed valence is
    not looked for: Fe3O4 does not balance. Of real compositions 78 % do (`benchmarks/composition_generation.py`). It is
    a rule of thumb, and no rule for intermetallic phases, which are none of ions.

    References
    ----------
    Davies et al. (2016), doi:10.1016/j.chempr.2016.09.010.
    """
    amounts = list(composition.amounts.items())
    states = oxidation_states()
    for positive in range(1, len(amounts)):
        sums = {0}
        for place, (symbol, amount) in enumerate(amounts):
            allowed = [state for state in states.get(symbol, ()) if (state > 0) == (place < positive)]
            sums = {total + amount * state for total in sums for state in allowed}
        if 0 in sums:
            return True
    return False
