"""The tables of GAFF2_mod in its two versions, read from the installed package radonpy-pypi without importing it.

`gaff2_mod@1` is the package's own. GAFF 2.11 defines five torsions twice, once per direction of reading, and the
package adds both up. In files of AMBER a later definition replaces an earlier one: so it is in `gaff2_mod@2`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from polyloop.core.errors import InvalidInputError, MissingDependencyError

__all__ = [
    "FORCE_FIELD",
    "FORCE_FIELDS",
    "RADONPY_FORCE_FIELD",
    "AtomType",
    "FourierTerm",
    "Improper",
    "Tables",
    "gaff2_mod_tables",
]

FORCE_FIELDS = ("gaff2_mod@1", "gaff2_mod@2")
RADONPY_FORCE_FIELD, FORCE_FIELD = FORCE_FIELDS

_DATA = ("ff", "ff_dat", "gaff2_mod.json")
Types = tuple[str, ...]
Value = TypeVar("Value")


@dataclass(frozen=True)
class AtomType:
    """Element, well depth in kcal/mol and diameter in angstrom."""

    element: str
    epsilon: float
    sigma: float


@dataclass(frozen=True)
class FourierTerm:
    """One term k [1 + cos(n phi - phase)] of a dihedral: kcal/mol, multiplicity, degrees."""

    k: float
    n: int
    phase: float


@dataclass(frozen=True)
class Improper:
    """k [1 + sign cos(n phi)]: kcal/mol, +1 or -1, multiplicity."""

    k: float
    sign: int
    n: int


@dataclass(frozen=True)
class Tables:
    """Parameters by atom types; terms stand under both directions of reading, impropers under one.

    Parameters
    ----------
    bonds
        Force constant (kcal/(mol angstrom2)) and length (angstrom).
    angles
        Force constant (kcal/(mol rad2)) and angle (degrees).
    dihedrals, impropers
        Types may be `X`, which stands for any.
    """

    atoms: Mapping[str, AtomType]
    bonds: Mapping[Types, tuple[float, float]]
    angles: Mapping[Types, tuple[float, float]]
    dihedrals: Mapping[Types, tuple[FourierTerm, ...]]
    impropers: Mapping[Types, Improper]


@cache
def gaff2_mod_tables(force_field: str = FORCE_FIELD) -> Tables:
    """Return the tables of GAFF2_mod (GAFF: doi:10.1002/jcc.20035; RadonPy: doi:10.1038/s41524-022-00906-4).

    Raises
    ------
    InvalidInputError
        If there is no such force field.
    MissingDependencyError
        If the package that holds the data is absent.
    """
    if force_field not in FORCE_FIELDS:
        raise InvalidInputError(f"There is no force field {force_field!r}.", hint=f"Known: {', '.join(FORCE_FIELDS)}.")
    data = json.loads(_data_file().read_text(encoding="utf-8"))
    return Tables(
        atoms={
            row["name"]: AtomType(row["elem"], float(row["epsilon"]), float(row["sigma"]))
            for row in data["particle_types"]
        },
        bonds=_both_ways(data["bond_types"], lambda row: (float(row["k"]), float(row["r0"]))),
        angles=_both_ways(data["angle_types"], lambda row: (float(row["k"]), float(row["theta0"]))),
        dihedrals=_both_ways(
            data["dihedral_types"], _fourier_terms if force_field == RADONPY_FORCE_FIELD else _last_definition
        ),
        impropers={
            tuple(row["name"].split(",")): Improper(float(row["k"]), int(row["d"]), int(row["n"]))
            for row in data["improper_types"]
        },
    )


def _data_file() -> Path:
    # Not importlib.resources, which would import the package.
    spec = find_spec("radonpy")
    for place in (spec.submodule_search_locations or ()) if spec else ():
        path = Path(place).joinpath(*_DATA)
        if path.is_file():
            return path
    raise MissingDependencyError(
        "The package that holds the GAFF2_mod parameters is not installed.",
        hint="Install it with: pip install radonpy-pypi",
    )


def _both_ways(rows: list[dict[str, Any]], parameters: Callable[[dict[str, Any]], Value]) -> dict[Types, Value]:
    table: dict[Types, Value] = {}
    for row in rows:
        value = parameters(row)
        table[tuple(row["name"].split(","))] = value
        table[tuple(row["rname"].split(","))] = value
    return table


def _fourier_terms(row: dict[str, Any]) -> tuple[FourierTerm, ...]:
    return tuple(
        FourierTerm(float(k), int(n), float(phase))
        for k, n, phase in zip(row["k"], row["n"], row["d"], strict=True)
    )  # fmt: skip


def _last_definition(row: dict[str, Any]) -> tuple[FourierTerm, ...]:
    """The terms from the last definition on: within one definition no multiplicity comes twice."""
    terms: list[FourierTerm] = []
    for term in _fourier_terms(row):
        if any(term.n == other.n for other in terms):
            terms = []
        terms.append(term)
    return tuple(terms)
