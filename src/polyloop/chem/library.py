"""The shipped tables of facts: homopolymers, copolymers, monomers, liquids, optical polymers, and their sources."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from polyloop.core.errors import InvalidInputError

__all__ = [
    "Homopolymer",
    "Liquid",
    "MeasuredCopolymer",
    "Monomer",
    "OpticalPolymer",
    "Reference",
    "TextbookPolymer",
    "copolymers",
    "homopolymers",
    "liquids",
    "monomers",
    "optical_polymers",
    "references",
    "textbook_polymers",
]


@dataclass(frozen=True)
class Reference:
    """A source of the tables. `doi` is empty where there is none or we are not sure of it."""

    key: str
    citation: str
    doi: str


@dataclass(frozen=True)
class Liquid:
    """A pure small liquid with measured density (g/cm3) and refractive index at `temperature_C` (degrees Celsius).

    `dispersion` is n_F - n_C and `dispersion_std` our estimate of its standard error; `n_F` and `n_C` stand only where
    the source gives the lines one by one. `ref` is the source of density and n_D, `dispersion_ref` of the rest. Keys
    are those of `references`.
    """

    name: str
    smiles: str
    temperature_C: float  # noqa: N815 (the column's name, with the unit's own spelling)
    density_g_cm3: float
    n_D: float  # noqa: N815
    n_F: float | None  # noqa: N815
    n_C: float | None  # noqa: N815
    dispersion: float | None
    dispersion_std: float | None
    ref: str
    dispersion_ref: str

    @property
    def abbe_number(self) -> float | None:
        """Abbe number (n_D - 1) / (n_F - n_C), or None without a dispersion."""
        return None if self.dispersion is None else (self.n_D - 1.0) / self.dispersion


@dataclass(frozen=True)
class Homopolymer:
    """A known homopolymer; each value is None where we know no literature value.

    `density_g_cm3` is that of the amorphous polymer near 298 K, `refractive_index` is n_D near 298 K. The fields that
    end in `_ref` are keys of `references`.
    """

    name: str
    abbreviation: str
    smiles: str
    density_g_cm3: float | None
    density_ref: str
    glass_transition_K: float | None  # noqa: N815
    tg_ref: str
    refractive_index: float | None
    n_ref: str
    abbe_number: float | None
    abbe_ref: str


@dataclass(frozen=True)
class MeasuredCopolymer:
    """A copolymer of known composition with n_D near 298 K; what else is None where we know no value.

    `text` is as `Copolymer.parse` reads it. `index_std` is our estimate of the standard error of n_D, that of the
    composition included. `note` says what of the composition or the sample is our reading.
    """

    name: str
    text: str
    refractive_index: float
    index_std: float
    abbe_number: float | None
    density_g_cm3: float | None
    note: str
    ref: str


@dataclass(frozen=True)
class Monomer:
    """A monomer. `family` is a word for browsing; `cas` is empty where we are not sure.

    `tier` says how it is had, by our estimate: 1 commodity, 2 industrial, 3 specialty, 4 research. `edition` is 1 for
    those of the first table, which the smipoly pools of earlier campaigns are made of, and 2 for those added since.
    """

    name: str
    smiles: str
    cas: str
    family: str
    tier: int
    edition: int

    @property
    def price(self) -> float:
        """The order of magnitude of its price in US$/kg, that of its tier: 2, 15, 150 or 1,500."""
        return _TIER_PRICES[self.tier]


_TIER_PRICES = {1: 2.0, 2: 15.0, 3: 150.0, 4: 1500.0}


@dataclass(frozen=True)
class TextbookPolymer:
    """A polymer that every textbook names, with the monomers (SMILES) that it is made of; gases and water left out."""

    name: str
    repeat_unit: str
    monomers: tuple[str, ...]


@dataclass(frozen=True)
class OpticalPolymer:
    """A polymer that is sold or long used for transparent optical parts, with n_D and Abbe number near 298 K."""

    name: str
    chemistry: str
    refractive_index: float
    abbe_number: float
    use: str
    ref: str


def _read(table: str) -> list[dict[str, str]]:
    source = resources.files("polyloop.chem").joinpath("tables", f"{table}.csv")
    return list(csv.DictReader(source.read_text(encoding="utf-8").splitlines()))


class _Row:
    """One row of a table; it says where a cell is that cannot be read."""

    def __init__(self, table: str, line: int, cells: dict[str, str]) -> None:
        self._where, self._cells = f"{table}.csv, line {line}", cells

    def text(self, column: str) -> str:
        return self._cells[column].strip()

    def optional(self, column: str) -> float | None:
        text = self.text(column)
        if not text:
            return None
        try:
            return float(text)
        except ValueError as error:
            raise InvalidInputError(
                f"{column} is {text!r}, which is no number.", where=self._where, hint="Reinstall polyloop."
            ) from error

    def number(self, column: str) -> float:
        value = self.optional(column)
        if value is None:
            raise InvalidInputError(f"{column} is empty.", where=self._where, hint="Reinstall polyloop.")
        return value


def _rows(table: str) -> list[_Row]:
    return [_Row(table, line, cells) for line, cells in enumerate(_read(table), start=2)]


@cache
def references() -> Mapping[str, Reference]:
    """Return the sources of all tables by their key."""
    rows = [Reference(row.text("key"), row.text("citation"), row.text("doi")) for row in _rows("references")]
    return MappingProxyType({row.key: row for row in rows})


@cache
def liquids() -> tuple[Liquid, ...]:
    """Return the small liquids with measured density and refractive index."""
    return tuple(
        Liquid(
            name=row.text("name"),
            smiles=row.text("smiles"),
            temperature_C=row.number("temperature_C"),
            density_g_cm3=row.number("density_g_cm3"),
            n_D=row.number("n_D"),
            n_F=row.optional("n_F"),
            n_C=row.optional("n_C"),
            dispersion=row.optional("dispersion"),
            dispersion_std=row.optional("dispersion_std"),
            ref=row.text("ref"),
            dispersion_ref=row.text("dispersion_ref"),
        )
        for row in _rows("liquids")
    )


@cache
def homopolymers() -> tuple[Homopolymer, ...]:
    """Return the known homopolymers with what literature gives of density, glass transition, n_D and Abbe number."""
    return tuple(
        Homopolymer(
            name=row.text("name"),
            abbreviation=row.text("abbreviation"),
            smiles=row.text("smiles"),
            density_g_cm3=row.optional("density_g_cm3"),
            density_ref=row.text("density_ref"),
            glass_transition_K=row.optional("glass_transition_K"),
            tg_ref=row.text("tg_ref"),
            refractive_index=row.optional("refractive_index"),
            n_ref=row.text("n_ref"),
            abbe_number=row.optional("abbe_number"),
            abbe_ref=row.text("abbe_ref"),
        )
        for row in _rows("homopolymers")
    )


@cache
def copolymers() -> tuple[MeasuredCopolymer, ...]:
    """Return the copolymers with a measured refractive index."""
    return tuple(
        MeasuredCopolymer(
            name=row.text("name"),
            text=row.text("text"),
            refractive_index=row.number("refractive_index"),
            index_std=row.number("index_std"),
            abbe_number=row.optional("abbe_number"),
            density_g_cm3=row.optional("density_g_cm3"),
            note=row.text("note"),
            ref=row.text("ref"),
        )
        for row in _rows("copolymers")
    )


@cache
def monomers() -> tuple[Monomer, ...]:
    """Return the commodity monomers."""
    return tuple(
        Monomer(
            row.text("name"),
            row.text("smiles"),
            row.text("cas"),
            row.text("family"),
            int(row.number("tier")),
            int(row.number("edition")),
        )
        for row in _rows("monomers")
    )


@cache
def optical_polymers() -> tuple[OpticalPolymer, ...]:
    """Return the commercial optical polymers; `optical_limit` draws the empirical limit from them."""
    return tuple(
        OpticalPolymer(
            name=row.text("name"),
            chemistry=row.text("chemistry"),
            refractive_index=row.number("refractive_index"),
            abbe_number=row.number("abbe_number"),
            use=row.text("use"),
            ref=row.text("ref"),
        )
        for row in _rows("optical_polymers")
    )


@cache
def textbook_polymers() -> tuple[TextbookPolymer, ...]:
    """Return textbook polymers with their monomers, as in Odian's Principles of Polymerization (4th ed., 2004)."""
    return tuple(
        TextbookPolymer(row.text("name"), row.text("repeat_unit"), tuple(row.text("monomers").split(" + ")))
        for row in _rows("textbook_polymers")
    )
