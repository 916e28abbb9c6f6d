"""Read a user's measured data from a CSV file; an error names file, row, column and what to do."""

from __future__ import annotations

import csv
import difflib
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

from polyloop.core import PROPERTIES, Conditions, InvalidInputError, Provenance, Record, Request
from polyloop.store.tables import BOOKKEEPING

__all__ = ["CsvRecords", "read_csv"]

_HEADER = re.compile(r"^\s*(?P<name>[^\[\]]+?)\s*(\[(?P<unit>[^\[\]]*)\])?\s*$")
_POLYMER, _SEED, _TEMPERATURE, _PRESSURE = ("smiles", "polymer"), "seed", "temperature", "pressure"
_STATE_UNITS = {_TEMPERATURE: "K", _PRESSURE: "atm"}


@dataclass(frozen=True)
class CsvRecords:
    """The records of a CSV file, and the number of its rows that hold no value."""

    records: tuple[Record, ...]
    empty_rows: int


@dataclass(frozen=True)
class _Columns:
    """Which column holds what, by position."""

    polymer: int
    values: dict[str, int]
    stds: dict[str, int]
    others: dict[str, int]


def read_csv(path: Path, protocol: str, *, seed: int, conditions: Conditions, ignore: Collection[str]) -> CsvRecords:
    """Read records from a CSV file: a column `smiles`, and property names with an optional `_std`.

    Raises
    ------
    InvalidInputError
        For the first thing that is wrong, with its file, row and column.
    """
    rows = _read_rows(path)
    if not rows:
        raise InvalidInputError("The file is empty.", where=str(path), mend="Its first row must name the columns.")
    columns = _read_header(rows[0][1], ignore, f"{path}, row 1")
    found: list[Record] = []
    seen: dict[str, int] = {}
    empty = 0
    for line, cells in rows[1:]:
        where = f"{path}, row {line}"
        if len(cells) != len(rows[0][1]):
            raise InvalidInputError(
                f"The row has {len(cells)} cells, the header has {len(rows[0][1])}.",
                where=where,
                mend="Quote cells that contain a comma.",
            )
        request = _read_request(cells, columns, protocol, seed, conditions, where)
        if request.key in seen:
            raise InvalidInputError(
                f"The polymer {cells[columns.polymer]!r} is the one of row {seen[request.key]}.",
                where=f"{where}, column {_POLYMER[0]}",
                mend="Average the two rows (std: their deviation), or number them in a column 'seed'.",
            )
        seen[request.key] = line
        fresh = _read_values(cells, columns, request, f"{path.name}, row {line}", where)
        empty += not fresh
        found += fresh
    return CsvRecords(tuple(found), empty)


def _read_rows(path: Path) -> list[tuple[int, list[str]]]:
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream, strict=True)
            return [(reader.line_num, cells) for cells in reader if any(cell.strip() for cell in cells)]
    except OSError as error:
        raise InvalidInputError(
            f"The file cannot be read: {error.strerror}.", where=str(path), mend="Check the path and its permissions."
        ) from error
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"The file is not UTF-8 text (byte {error.start}).", where=str(path), mend="Save it as CSV in UTF-8."
        ) from error
    except csv.Error as error:
        raise InvalidInputError(f"The file is no CSV: {error}.", where=str(path), mend="Check its quotes.") from error


def _read_header(cells: Sequence[str], ignore: Collection[str], where: str) -> _Columns:
    if len(cells) == 1 and (";" in cells[0] or "\t" in cells[0]):
        raise InvalidInputError("The columns are not separated by commas.", where=where, mend="Save it with commas.")
    polymer: int | None = None
    tables: dict[str, dict[str, int]] = {"value": {}, "std": {}, "other": {}}
    for index, cell in enumerate(cells):
        if cell.strip() in ignore:
            continue
        kind, name = _read_column(cell, f"{where}, column {index + 1}")
        if kind == "skip":
            continue
        if name in tables.get(kind, {}) or (kind == "polymer" and polymer is not None):
            raise InvalidInputError(f"Two columns hold {name!r}.", where=where, mend="Remove or ignore one of them.")
        if kind == "polymer":
            polymer = index
        else:
            tables[kind][name] = index
    if polymer is None:
        raise InvalidInputError(
            "There is no column 'smiles'.", where=where, mend="Name the repeat units' column smiles."
        )
    if not tables["value"]:
        raise InvalidInputError(
            "There is no column of a property.", where=where, mend=f"Name one of: {', '.join(PROPERTIES)}."
        )
    for name in tables["std"]:
        if name not in tables["value"]:
            raise InvalidInputError(
                f"Column {name}_std has no column {name}.", where=where, mend="Add it, or ignore this."
            )
    return _Columns(polymer, tables["value"], tables["std"], tables["other"])


def _read_column(cell: str, where: str) -> tuple[str, str]:
    """Return what a column holds (polymer, value, std, other, skip) and the name of it."""
    match = _HEADER.match(cell)
    name, unit = (match["name"], match["unit"]) if match else (cell.strip(), None)
    if name in _POLYMER:
        return "polymer", name
    if name in BOOKKEEPING:
        return "skip", name
    base = name.removesuffix("_std")
    expected = PROPERTIES[base].unit if base in PROPERTIES else _STATE_UNITS.get(name)
    if expected is None and name != _SEED:
        known = [*_POLYMER, _SEED, *_STATE_UNITS, *PROPERTIES, *(f"{item}_std" for item in PROPERTIES)]
        near = difflib.get_close_matches(name, known, n=1)
        guess = f"Did you mean {near[0]!r}? Otherwise" if near else "If it is no property,"
        raise InvalidInputError(f"There is no property {name!r}.", where=where, mend=f"{guess} pass ignore=[{name!r}].")
    if unit is not None and expected is not None and unit.strip() != expected:
        raise InvalidInputError(
            f"{base} is in {unit.strip()}, not in {expected}.", where=where, mend=f"Convert the column to {expected}."
        )
    if base in PROPERTIES:
        return ("value" if base == name else "std"), base
    return "other", name


def _read_request(
    cells: Sequence[str], columns: _Columns, protocol: str, seed: int, conditions: Conditions, where: str
) -> Request:
    from polyloop.chem import Polymer

    smiles = cells[columns.polymer].strip()
    try:
        canonical = Polymer(smiles).canonical
    except InvalidInputError as error:
        place = f"{where}, column {_POLYMER[0]}"
        raise InvalidInputError(f"{error.what}", where=place, mend=error.mend) from error
    state = {_TEMPERATURE: conditions.temperature, _PRESSURE: conditions.pressure}
    for name in state:
        if name in columns.others and cells[columns.others[name]].strip():
            state[name] = _number(cells[columns.others[name]], f"{where}, column {name}")
    if _SEED in columns.others and cells[columns.others[_SEED]].strip():
        text = cells[columns.others[_SEED]].strip()
        if not re.fullmatch(r"-?[0-9]{1,18}", text):
            raise InvalidInputError(f"{text!r} is no whole number.", where=f"{where}, column seed")
        seed = int(text)
    return Request(canonical, protocol, seed, Conditions(state[_TEMPERATURE], state[_PRESSURE]))


def _read_values(cells: Sequence[str], columns: _Columns, request: Request, origin: str, where: str) -> list[Record]:
    found: list[Record] = []
    for name, index in columns.values.items():
        value, std = cells[index].strip(), ""
        if name in columns.stds:
            std = cells[columns.stds[name]].strip()
        if not value:
            if std:
                raise InvalidInputError("There is a std but no value.", where=f"{where}, column {name}")
            continue
        deviation = _number(std, f"{where}, column {name}_std") if std else None
        if deviation is not None and deviation < 0:
            raise InvalidInputError(f"The std {deviation} is negative.", where=f"{where}, column {name}_std")
        found.append(
            Record.measured(
                request,
                name,
                _number(value, f"{where}, column {name}"),
                std=deviation,
                std_of="as given in the table" if std else "",
                provenance=Provenance(settings={"source": origin}),
            )
        )
    return found


def _number(text: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        mend = (
            "Write a decimal point." if re.fullmatch(r"\s*-?\d+,\d+\s*", text) else "Leave the cell empty if unknown."
        )
        raise InvalidInputError(f"{text.strip()!r} is no number.", where=where, mend=mend) from None
    if not isfinite(value):
        raise InvalidInputError(
            f"{text.strip()!r} is not finite.", where=where, mend="Leave the cell empty if unknown."
        )
    return value
