"""RULES: all polymerisations by name."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from polyloop.chem.polymerisation import (
    chain,
    condensation,
    coupling,
    dienes,
    heterocycles,
    metathesis,
    polymer_analogous,
    ring_opening,
    step,
    substitution,
)
from polyloop.chem.polymerisation.rule import PolymerisationRule
from polyloop.core.errors import InvalidInputError
from polyloop.core.names import did_you_mean

__all__ = ["RULES", "find_rule"]

_MODULES = (chain, dienes, ring_opening, metathesis, condensation, step, heterocycles, coupling, polymer_analogous,
            substitution)  # fmt: skip
RULES: Mapping[str, PolymerisationRule] = MappingProxyType(
    {rule.name: rule for module in _MODULES for rule in module.RULES}
)


def find_rule(name: str) -> PolymerisationRule:
    """Return a rule by its name.

    Raises
    ------
    InvalidInputError
        If there is none of that name; the message names the nearest.
    """
    if name not in RULES:
        raise InvalidInputError(f"There is no polymerisation {name!r}.", hint=did_you_mean(name, RULES))
    return RULES[name]
