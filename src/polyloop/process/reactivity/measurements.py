"""Measured reactivity ratios: reading a table, and what is known of each pair of monomers."""

from __future__ import annotations

import csv
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.process.reactivity.monomers import canonical_monomer

__all__ = ["Measurement", "PairValues", "known_pairs", "read_measurements", "shipped_measurements", "usable"]

Array = NDArray[np.float64]

# Beyond these a ratio is no measurement but an artefact of the linear fits of its time; the handbook is used so.
_HIGHEST = 50.0
_SCATTER = 0.3  # standard deviation of log10 r between laboratories, see docs/validation/reactivity.md


@dataclass(frozen=True)
class Measurement:
    """Ratios of a pair of monomers (canonical SMILES) as somebody measured them, with the source."""

    first: str
    second: str
    r1: float
    r2: float
    reference: str = ""

    @property
    def is_usable(self) -> bool:
        """Whether both ratios are above 0 and below 50."""
        return 0 < self.r1 < _HIGHEST and 0 < self.r2 < _HIGHEST and self.first != self.second


@dataclass(frozen=True)
class PairValues:
    """Pairs of monomers, n of them, with the mean logarithms of their measurements.

    Parameters
    ----------
    monomers
        Canonical SMILES, sorted.
    pairs
        Their indices, the smaller first, shape (n, 2).
    log10_r
        Means of log10 r1 and log10 r2, shape (n, 2).
    counts
        Number of measurements, shape (n,).
    scatter
        Standard deviation of log10 r between measurements of one pair, over all that have several; 0.3 where none has.
    """

    monomers: tuple[str, ...]
    pairs: NDArray[np.int64]
    log10_r: Array
    counts: Array
    scatter: float

    def subset(self, places: NDArray[np.int64]) -> PairValues:
        """Return some of the pairs, with the monomers that they name."""
        used = np.unique(self.pairs[places])
        new = np.full(len(self.monomers), -1)
        new[used] = np.arange(len(used))
        names = tuple(self.monomers[one] for one in used)
        return PairValues(names, new[self.pairs[places]], self.log10_r[places], self.counts[places], self.scatter)


def read_measurements(path: Path, columns: dict[str, str] | None = None) -> list[Measurement]:
    """Read a table with a monomer's SMILES in two columns, and the ratios in two more (CSV or Parquet).

    Parameters
    ----------
    columns
        Names of the columns for `smiles_1`, `smiles_2`, `r1`, `r2`, where they are others.

    Raises
    ------
    InvalidInputError
        If a column is not there, a SMILES cannot be read or a ratio is no number; the message names the row.
    """
    from polyloop.tables import read_table

    names = {"smiles_1": "smiles_1", "smiles_2": "smiles_2", "r1": "r1", "r2": "r2", **(columns or {})}
    table = read_table(path)
    places = {key: table.position(name) for key, name in names.items()}
    rows = ({key: row.cells[place] for key, place in places.items()} for row in table.rows)
    return _measurements(rows, str(path))


@lru_cache(maxsize=1)
def shipped_measurements() -> tuple[Measurement, ...]:
    """Return the table of well-known pairs that comes with polyloop."""
    text = files("polyloop.process").joinpath("tables", "reactivity_ratios.csv").read_text(encoding="utf-8")
    return tuple(_measurements(csv.DictReader(text.splitlines()), "reactivity_ratios.csv"))


def _measurements(rows: Iterable[dict[str, str]], where: str) -> list[Measurement]:
    canonical: dict[str, str] = {}
    found = []
    for number, row in enumerate(rows, start=2):
        place = f"{where}, row {number}"
        for key in ("smiles_1", "smiles_2"):
            text = str(row[key]).strip()
            if text not in canonical:
                try:
                    canonical[text] = canonical_monomer(text)
                except InvalidInputError as error:
                    raise InvalidInputError(error.reason, where=place, hint=error.hint) from error
        try:
            r1, r2 = float(row["r1"]), float(row["r2"])
        except (TypeError, ValueError) as error:
            raise InvalidInputError(f"{row['r1']!r}, {row['r2']!r} are no reactivity ratios.", where=place) from error
        first, second = canonical[str(row["smiles_1"]).strip()], canonical[str(row["smiles_2"]).strip()]
        found.append(Measurement(first, second, r1, r2, str(row.get("reference", "") or "")))
    return found


def usable(measurements: Iterable[Measurement]) -> list[Measurement]:
    """Return those with both ratios above 0 and below 50, of two different monomers.

    A handbook lists a pair under both of its monomers: the same numbers in both directions are taken as one
    measurement, and the same numbers twice in one direction as two.
    """
    listed: dict[tuple[str, str], tuple[Counter[tuple[float, float]], Counter[tuple[float, float]]]]
    listed = defaultdict(lambda: (Counter(), Counter()))
    sources: dict[tuple[str, str, float, float], str] = {}
    for one in measurements:
        if not one.is_usable:
            continue
        straight = one.first < one.second
        pair = (one.first, one.second) if straight else (one.second, one.first)
        numbers = (one.r1, one.r2) if straight else (one.r2, one.r1)
        listed[pair][0 if straight else 1][numbers] += 1
        sources.setdefault((*pair, *numbers), one.reference)
    return [
        Measurement(*pair, *numbers, sources[(*pair, *numbers)])
        for pair, (straight, turned) in sorted(listed.items())
        for numbers in sorted((straight | turned).elements())
    ]


def known_pairs(measurements: Iterable[Measurement]) -> PairValues:
    """Return the mean logarithms of each pair of monomers, over the usable measurements.

    Raises
    ------
    InvalidInputError
        If no measurement is usable.
    """
    groups: dict[tuple[str, str], list[tuple[float, float]]] = defaultdict(list)
    for one in usable(measurements):
        groups[(one.first, one.second)].append((np.log10(one.r1), np.log10(one.r2)))
    if not groups:
        raise InvalidInputError(
            "No pair has both ratios above 0 and below 50.", where="reactivity ratios", hint="Check the columns."
        )
    names = tuple(sorted({name for pair in groups for name in pair}))
    index = {name: place for place, name in enumerate(names)}
    values = [np.array(rows) for rows in groups.values()]
    squares = sum(float(((rows - rows.mean(axis=0)) ** 2).sum()) for rows in values)
    degrees = sum(2 * (len(rows) - 1) for rows in values)
    return PairValues(
        names,
        np.array([[index[name] for name in pair] for pair in groups]),
        np.array([rows.mean(axis=0) for rows in values]),
        np.array([float(len(rows)) for rows in values]),
        float(np.sqrt(squares / degrees)) if degrees >= 10 and squares > 0 else _SCATTER,
    )
