"""Parameters of a combination of atom types: from the tables, by substitute types, or by the empirical rule."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from itertools import combinations, permutations
from typing import TypeVar

from polyloop.chem.forcefield.tables import FORCE_FIELD, FourierTerm, Improper, Tables, gaff2_mod_tables

__all__ = ["Gaff2Mod", "Types", "gaff2_mod"]

Types = tuple[str, ...]
Harmonic = tuple[float, float]
Value = TypeVar("Value")

# The type whose parameters serve where the tables have none.
_SUBSTITUTES = {
    "cc": "c2", "cd": "c2", "ce": "c2", "cf": "c2", "cu": "c2", "cv": "c2", "cg": "c1", "ch": "c1", "cp": "ca",
    "cq": "ca", "cx": "c3", "cy": "c3", "c3f": "c3", "cs": "c",
    "h1": "hc", "h2": "hc", "h3": "hc", "hx": "hc", "h4": "ha", "h5": "ha",
    "nb": "nc", "nc": "n2", "nd": "n2", "ne": "n2", "nf": "n2", "ns": "n", "nt": "n", "nu": "nh", "nv": "nh",
    "n7": "n3", "n8": "n3", "n9": "n3", "nx": "n4", "ny": "n4", "nz": "n4", "n+": "n4",
    "pb": "pc", "pc": "p2", "pd": "p2", "pe": "p2", "pf": "p2", "p4": "px", "px": "p4", "p5": "py", "py": "p5",
    "s4": "sx", "sx": "s4", "s6": "sy", "sy": "s6",
}  # fmt: skip

# GAFF's empirical force constant of an angle (doi:10.1002/jcc.20035, table 3), by element.
_VERTEX = {"C": 1.339, "N": 1.300, "O": 1.249, "P": 0.906, "S": 1.448}
_END = {
    "H": 0.784, "C": 1.183, "N": 1.212, "O": 1.219, "F": 1.166, "Cl": 1.272, "Br": 1.378, "I": 1.398, "P": 1.620,
    "S": 1.280,
}  # fmt: skip


class Gaff2Mod:
    """Looks up each combination of atom types once.

    The order of types matters: a substitute for the first type is tried before one for the last. So a term is read in
    the direction in which it stands in the molecule, as the radonpy package does.
    """

    def __init__(self, tables: Tables) -> None:
        self.tables = tables
        self._bonds: dict[Types, Harmonic | None] = {}
        self._angles: dict[Types, Harmonic | None] = {}
        self._dihedrals: dict[Types, tuple[FourierTerm, ...] | None] = {}
        self._impropers: dict[Types, tuple[tuple[int, int, int], Improper] | None] = {}

    def bond(self, types: Types) -> Harmonic | None:
        """Return k in kcal/(mol angstrom2) and r0 in angstrom, or None if there are none."""
        if types not in self._bonds:
            self._bonds[types] = _first(self.tables.bonds, _candidates(types, (0, 1)))
        return self._bonds[types]

    def angle(self, types: Types) -> Harmonic | None:
        """Return k in kcal/(mol rad2) and theta0 in degrees, or None if there are none."""
        if types not in self._angles:
            found = _first(self.tables.angles, _candidates(types, (0, 1, 2)))
            self._angles[types] = found or self._empirical_angle(types)
        return self._angles[types]

    def dihedral(self, types: Types) -> tuple[FourierTerm, ...] | None:
        """Return the Fourier terms, or None if there are none."""
        if types not in self._dihedrals:
            candidates = (pattern for kinds in _candidates(types, (1, 2)) for pattern in _dihedral_patterns(kinds))
            self._dihedrals[types] = _first(self.tables.dihedrals, candidates)
        return self._dihedrals[types]

    def improper(self, types: Types) -> tuple[tuple[int, int, int], Improper] | None:
        """Return the order in which to take the three neighbours, and the parameters, or None if there is no term.

        `types` is the type of the centre, then those of its neighbours in the order of their bonds. Orders are tried
        one after the other only if one of the four types has a substitute, and only the first otherwise: as the
        radonpy package has it, whose force field this is.
        """
        if types not in self._impropers:
            self._impropers[types] = self._find_improper(types)
        return self._impropers[types]

    def _find_improper(self, types: Types) -> tuple[tuple[int, int, int], Improper] | None:
        centre, *around = types
        orders = list(permutations(range(3)))
        if not any(name in _SUBSTITUTES for name in types):
            orders = orders[:1]
        for order in orders:
            ordered = (centre, *(around[place] for place in order))
            candidates = (p for kinds in _candidates(ordered, (0, 1, 2, 3)) for p in _improper_patterns(kinds))
            found = _first(self.tables.impropers, candidates)
            if found is not None:
                return (order[0], order[1], order[2]), found
        return None

    def _empirical_angle(self, types: Types) -> Harmonic | None:
        """Estimate an angle from those of its two halves, by the rule of doi:10.1002/jcc.20035."""
        first, vertex, last = types
        elements = [self.tables.atoms[name].element for name in types]
        left, right = self._symmetric_angle(first, vertex), self._symmetric_angle(last, vertex)
        near = _first(self.tables.bonds, _candidates((first, vertex), (0, 1)))
        far = _first(self.tables.bonds, _candidates((vertex, last), (0, 1)))
        if elements[1] not in _VERTEX or left is None or right is None or near is None or far is None:
            return None
        constants = _END[elements[0]] * _VERTEX[elements[1]] * _END[elements[2]]
        theta0 = (left[1] + right[1]) / 2
        total, difference = near[1] + far[1], near[1] - far[1]
        k = 143.9 * constants / total / math.sqrt(math.radians(theta0)) * math.exp(-2 * difference**2 / total**2)
        return k, theta0

    def _symmetric_angle(self, end: str, vertex: str) -> Harmonic | None:
        pairs = _candidates((end, vertex), (0, 1))
        return _first(self.tables.angles, ((one, middle, one) for one, middle in pairs))


@cache
def gaff2_mod(force_field: str = FORCE_FIELD) -> Gaff2Mod:
    """Return the one instance of this process for a version of the force field; the first call reads the tables."""
    return Gaff2Mod(gaff2_mod_tables(force_field))


def _first(table: Mapping[Types, Value], candidates: Iterable[Types]) -> Value | None:
    return next((table[types] for types in candidates if types in table), None)


def _candidates(types: Types, places: tuple[int, ...]) -> Iterator[Types]:
    """The types, then those with substitutes at one of `places`, at two of them, and so on."""
    yield types
    replaceable = [place for place in places if types[place] in _SUBSTITUTES]
    for count in range(1, len(replaceable) + 1):
        for chosen in combinations(replaceable, count):
            yield tuple(_SUBSTITUTES[name] if place in chosen else name for place, name in enumerate(types))


def _dihedral_patterns(types: Types) -> tuple[Types, ...]:
    a, b, c, d = types
    return types, ("X", b, c, "X"), ("X", b, c, d), (a, b, c, "X")


def _improper_patterns(types: Types) -> tuple[Types, ...]:
    centre, _, second, third = types
    return types, (centre, "X", second, third), (centre, "X", "X", third)
