"""CIF files: a fast reader of structures whose symmetry is written out, and a writer.

Files that name a space group without its operations go to pymatgen, which knows them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.core.files import write_atomically
from polyloop.core.optional import require
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure, cell_parameters, lattice_of
from polyloop.crystal.structures.symmetry_operations import read_operation

__all__ = ["cif_text", "read_cif", "read_cif_file", "write_cif"]

_TOKEN = re.compile(r"'(?:[^']|'(?=\S))*'(?=\s|$)|\"(?:[^\"]|\"(?=\S))*\"(?=\s|$)|\S+")
_UNCERTAINTY = re.compile(r"\(\d+\)$")
_SYMBOL = re.compile(r"^([A-Z][a-z]?)")
_CELL = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
_OPERATIONS = ("_symmetry_equiv_pos_as_xyz", "_space_group_symop_operation_xyz")
_NUMBERS = ("_symmetry_int_tables_number", "_space_group_it_number")
_NAMES = ("_symmetry_space_group_name_h-m", "_space_group_name_h-m_alt")
# Images of one atom on a special position are one atom; CIF often has four decimals.
_SAME_ANGSTROM = 0.1
_DEUTERIUM = "D"

Table = dict[str, list[str]]


def read_cif(text: str) -> CrystalStructure:
    """Return the structure of a CIF, the first of it that has atoms.

    Raises
    ------
    InvalidInputError
        If it has no cell or no atoms, a site is not wholly occupied, a number or an operation cannot be read, or the
        structure is none (see `CrystalStructure`).
    MissingDependencyError
        If only the name of its space group is given, and pymatgen is not there to say what it means.
    """
    table = _read_tables(text)
    lattice = lattice_of(np.array([_number(table, f"_cell_{name}") for name in _CELL]))
    symbols = _symbols(table)
    sites = np.array([_column(table, f"_atom_site_fract_{axis}", len(symbols)) for axis in "xyz"]).T
    _refuse_disorder(table, symbols)
    operations = [found for name in _OPERATIONS for found in table.get(name, [])]
    if not operations and not _has_no_symmetry(table):
        return _by_pymatgen(text)
    if len(operations) <= 1:
        return CrystalStructure(lattice, sites, tuple(symbols))
    return _expand(lattice, sites, symbols, operations)


def read_cif_file(path: str | Path) -> CrystalStructure:
    """Return the structure of a CIF file.

    Raises
    ------
    InvalidInputError
        As `read_cif`; the message names the file.
    """
    try:
        return read_cif(Path(path).read_text(encoding="utf-8", errors="replace"))
    except InvalidInputError as error:
        where = f"{path}, {error.where}" if error.where else str(path)
        raise InvalidInputError(error.reason, where=where, hint=error.hint) from error
    except FileNotFoundError as error:
        raise InvalidInputError("There is no such file.", where=str(path)) from error


def cif_text(structure: CrystalStructure, *, name: str = "", notes: Iterable[str] = ()) -> str:
    """Return a CIF with all atoms of the cell written out (space group P 1).

    Parameters
    ----------
    name
        Of the data block; the formula when empty.
    notes
        Lines of comment above it.
    """
    title = re.sub(r"\s+", "_", name) or structure.composition.canonical
    lines = [f"# {' '.join(note.split())}" for note in notes]
    lines += [f"data_{title}", "_symmetry_space_group_name_H-M   'P 1'", "_symmetry_Int_Tables_number   1"]
    parameters = cell_parameters(structure.lattice)
    lines += [f"_cell_{key}   {value:.8f}" for key, value in zip(_CELL, parameters, strict=True)]
    lines += [f"_cell_volume   {structure.volume:.8f}", f"_chemical_formula_structural   {structure.composition}"]
    lines += [f"_cell_formula_units_Z   {structure.formula_units}", "loop_", " _symmetry_equiv_pos_site_id"]
    lines += [" _symmetry_equiv_pos_as_xyz", "  1  'x, y, z'", "loop_"]
    lines += [f" _atom_site_{word}" for word in ("type_symbol", "label", "fract_x", "fract_y", "fract_z", "occupancy")]
    for place, (symbol, row) in enumerate(zip(structure.symbols, structure.fractional, strict=True)):
        lines.append(f"  {symbol}  {symbol}{place}  {row[0]:.8f}  {row[1]:.8f}  {row[2]:.8f}  1")
    return "\n".join(lines) + "\n"


def write_cif(structure: CrystalStructure, path: str | Path, *, name: str = "", notes: Iterable[str] = ()) -> None:
    """Write `cif_text` to a file."""
    write_atomically(Path(path), cif_text(structure, name=name, notes=notes))


def _read_tables(text: str) -> Table:
    """Return values by name in small letters, of the first data block that has atoms."""
    for block in re.split(r"(?mi)^data_\S*", text)[1:] or [text]:
        table = _read_block(block)
        if "_atom_site_fract_x" in table:
            return table
    raise InvalidInputError(
        "There are no coordinates (_atom_site_fract_x) in it.", where="CIF", hint="Give a CIF with a cell and atoms."
    )


def _read_block(block: str) -> Table:
    table: Table = {}
    tokens = [
        token for line in block.splitlines() if not line.lstrip().startswith("#") for token in _TOKEN.findall(line)
    ]
    place = 0
    while place < len(tokens):
        token = tokens[place].lower()
        place += 1
        if token == "loop_":
            names = []
            while place < len(tokens) and tokens[place].startswith("_"):
                names.append(tokens[place].lower())
                place += 1
            values = []
            while place < len(tokens) and not tokens[place].startswith("_") and tokens[place].lower() != "loop_":
                values.append(_bare(tokens[place]))
                place += 1
            if names and len(values) % len(names) == 0:
                table.update({name: values[column :: len(names)] for column, name in enumerate(names)})
            elif any(name.startswith("_atom_site_fract") for name in names):
                raise InvalidInputError(
                    f"The loop of atoms has {len(names)} columns and {len(values)} values.", where="CIF"
                )
        elif token.startswith("_") and place < len(tokens) and not tokens[place].startswith("_"):
            table[token] = [_bare(tokens[place])]
            place += 1
    return table


def _bare(token: str) -> str:
    return token[1:-1] if len(token) > 1 and token[0] in "'\"" and token[-1] == token[0] else token


def _number(table: Table, name: str) -> float:
    return float(_column(table, name, 1)[0])


def _column(table: Table, name: str, length: int) -> list[float]:
    values = table.get(name, [])
    if len(values) != length:
        raise InvalidInputError(f"It has {len(values)} values of {name}, and {length} are needed.", where="CIF")
    try:
        return [float(_UNCERTAINTY.sub("", value)) for value in values]
    except ValueError as error:
        raise InvalidInputError(f"A value of {name} is no number: {error}.", where="CIF") from error


def _symbols(table: Table) -> list[str]:
    words = table.get("_atom_site_type_symbol") or table.get("_atom_site_label") or []
    symbols = []
    for word in words:
        found = _SYMBOL.match(word)
        symbol = found[1] if found else word
        # A label such as Cd1 begins with the element; one such as Ow does not, and O is meant.
        symbol = symbol if symbol in ELEMENTS else symbol[:1]
        if symbol not in ELEMENTS or word == _DEUTERIUM:
            raise InvalidInputError(f"{word!r} is no element.", where="CIF", hint="Isotopes are not told apart.")
        symbols.append(symbol)
    if not symbols:
        raise InvalidInputError("It names no elements (_atom_site_type_symbol).", where="CIF")
    return symbols


def _refuse_disorder(table: Table, symbols: list[str]) -> None:
    if "_atom_site_occupancy" not in table:
        return
    occupancies = _column(table, "_atom_site_occupancy", len(symbols))
    for symbol, occupancy in zip(symbols, occupancies, strict=True):
        if abs(occupancy - 1.0) > 1e-3:
            raise InvalidInputError(
                f"A site of {symbol} is occupied by {occupancy:g}; whole atoms are needed.", where="CIF",
                hint="Order the structure first: a cell in which each site holds one atom or none.",
            )  # fmt: skip


def _has_no_symmetry(table: Table) -> bool:
    numbers = [table[name][0] for name in _NUMBERS if name in table]
    names = [table[name][0].replace(" ", "") for name in _NAMES if name in table]
    return all(number == "1" for number in numbers) and all(name in ("P1", "?", ".") for name in names)


def _expand(
    lattice: NDArray[np.float64], sites: NDArray[np.float64], symbols: list[str], operations: list[str]
) -> CrystalStructure:
    """Apply symmetry operations; images of an atom that fall on one another are one."""
    moves = [read_operation(text) for text in operations]
    rows: list[NDArray[np.float64]] = []
    names: list[str] = []
    for site, symbol in zip(sites, symbols, strict=True):
        images = np.array([rotation @ site + shift for rotation, shift in moves])
        kept: list[NDArray[np.float64]] = []
        for image in images - np.floor(images):
            away = np.array(kept).reshape(-1, 3) - image
            away -= np.round(away)
            if not kept or np.linalg.norm(away @ lattice, axis=1).min() > _SAME_ANGSTROM:
                kept.append(image)
        rows += kept
        names += [symbol] * len(kept)
    return CrystalStructure(lattice, np.array(rows), tuple(names))


def _by_pymatgen(text: str) -> CrystalStructure:
    require("pymatgen.core", extra="crystal")
    from polyloop.crystal.structures.pymatgen import structure_of_cif

    return structure_of_cif(text)
