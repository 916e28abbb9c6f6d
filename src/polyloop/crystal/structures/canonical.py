"""One line of text for a structure, the same for every choice of cell, origin and orientation.

`3.988 3.988 3.988 60.00 60.00 60.00 | Na 0 0 0; Cl 0.5 0.5 0.5`: lengths in angstrom, angles in degrees, fractional
coordinates.
"""

from __future__ import annotations

import re
from itertools import product

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.elements import order_of
from polyloop.crystal.structures.structure import CrystalStructure, cell_parameters, lattice_of
from polyloop.crystal.structures.symmetry import primitive

__all__ = ["canonical_text", "read_canonical", "read_text"]

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

# Grids on which numbers are written: angstrom, degrees.
_LENGTH, _ANGLE = 1e-3, 1e-2
# Coordinates are multiples of 1/1200 for each 10 angstrom that a vector is long, some 0.008 angstrom: all fractions
# that symmetry prescribes (thirds, eighths, twelfths, sixteenths) are points of that grid and none lies between two.
_STEPS, _STEPS_ANGSTROM = 1200, 10.0
_SCALES = np.array([_LENGTH] * 3 + [_ANGLE] * 3)
_WORD = re.compile(r"(?<![A-Za-z])\d+(?:\.\d+)?")
_COEFFICIENTS = np.array([row for row in product(range(-2, 3), repeat=3) if any(row)])
# So many centres of the cell are tried as origin: beyond it ties are as rare as structures without symmetry.
_MOST_ORIGINS = 200


def canonical_text(structure: CrystalStructure) -> str:
    """Return the canonical line of a structure.

    Its smallest cell is taken and its symmetry made exact within 0.01 angstrom; then of all bases of shortest vectors
    and all origins on an atom of the rarest element, the one whose rounded numbers come first. Lengths are rounded to
    0.001 angstrom, angles to 0.01 degrees, coordinates to some 0.008 angstrom: two settings of one structure give one
    line, save where a free coordinate lies within their numerical noise of the middle between two grid points (noise of
    1e-5 angstrom: one free coordinate in 400). Mirror images are different structures.

    Raises
    ------
    MissingDependencyError
        If moyopy is not installed.
    """
    text = _line_of(structure)
    seen = [text]
    # Rounding may move what is chosen as basis or origin; a few turns end on a line that is its own, or in a circle.
    while not _is_near(text, again := _line_of(read_text(text))):
        if again in seen:
            return min(seen[seen.index(again) :])
        seen.append(again)
        text = again
    return text


def _line_of(structure: CrystalStructure) -> str:
    smallest = primitive(structure)
    ranks = {symbol: rank for rank, symbol in enumerate(sorted(set(smallest.symbols), key=order_of))}
    kinds = np.array([ranks[symbol] for symbol in smallest.symbols])
    bases, parameters = _shortest_bases(smallest.lattice)
    steps = _steps(parameters[:3])
    rows = np.full((len(kinds), 4), np.iinfo(np.int64).max)
    for basis in bases:
        fractional = smallest.fractional @ np.linalg.inv(basis)
        for origin in _origins(kinds):
            candidate = _rounded(fractional - fractional[origin], kinds, steps)
            if _comes_before(candidate, rows):
                rows = candidate
    symbols = tuple(ranks)
    atoms = [
        f"{symbols[kind]} {' '.join(_short(value / most) for value, most in zip(site, steps, strict=True))}"
        for kind, *site in rows
    ]
    lengths = " ".join(f"{value * _LENGTH:.3f}" for value in parameters[:3])
    return f"{lengths} {' '.join(f'{value * _ANGLE:.2f}' for value in parameters[3:])} | {'; '.join(atoms)}"


def read_canonical(text: str) -> CrystalStructure:
    """Return the structure of a line, which keeps the line as its canonical text where it is that already.

    What a rounded structure would round to anew may differ in the last digit; a line within two steps of the grid of
    its canonical text is one.

    Raises
    ------
    InvalidInputError
        As `read_text`.
    """
    structure = read_text(text)
    line = " ".join(text.split())
    if _is_near(line, _line_of(structure)):
        structure.__dict__["canonical"] = line  # where the cached property keeps it
    return structure


def _is_near(line: str, other: str) -> bool:
    """Tell whether two lines say the same but for two steps of the grid."""
    first, second = _numbers(line), _numbers(other)
    return _WORD.sub("", line) == _WORD.sub("", other) and bool(
        (np.abs(first - second) <= _kept_steps(len(first))).all()
    )


def _numbers(line: str) -> Floats:
    return np.array([float(word) for word in _WORD.findall(line)])


def _kept_steps(size: int) -> Floats:
    return 2.5 * np.concatenate([_SCALES, np.full(max(size - 6, 0), 1 / _STEPS)])[:size]


def read_text(text: str) -> CrystalStructure:
    """Return the structure of a line as `canonical_text` writes it, in any setting.

    Raises
    ------
    InvalidInputError
        If it is no such line, or what it says is no structure.
    """
    cell, bar, atoms = text.partition("|")
    if not bar:
        raise InvalidInputError("A structure is lengths and angles, a bar, and atoms.", where=text[:60], hint=_HINT)
    try:
        parameters = np.array([float(word) for word in cell.split()])
        rows = [part.split() for part in atoms.split(";")]
        sites = np.array([[float(word) for word in row[1:]] for row in rows])
    except ValueError as error:
        raise InvalidInputError(f"A number cannot be read: {error}.", where=text[:60], hint=_HINT) from error
    if parameters.shape != (6,) or sites.ndim != 2 or sites.shape[1] != 3 or not all(rows):
        raise InvalidInputError(
            "It needs three lengths, three angles, and three coordinates for each atom.", where=text[:60], hint=_HINT
        )
    return CrystalStructure(lattice_of(parameters), sites, tuple(row[0] for row in rows))


_HINT = "Write for example '3.988 3.988 3.988 60 60 60 | Na 0 0 0; Cl 0.5 0.5 0.5', or give a CIF file."


def _shortest_bases(lattice: Floats) -> tuple[list[Floats], Ints]:
    """Return all right-handed bases of a lattice with its shortest vectors, as integer matrices, and their parameters.

    In three dimensions the shortest independent vectors are a basis (Minkowski). Of bases whose rounded parameters
    differ, those whose parameters come first are kept.
    """
    from polyloop.core.optional import require

    reduced, transformation = require("moyopy", extra="crystal").niggli_reduce(lattice.tolist())
    reduced = np.array(reduced)
    vectors = _COEFFICIENTS @ reduced
    lengths = np.round(np.linalg.norm(vectors, axis=1) / _LENGTH).astype(int)
    wanted = np.sort(np.round(np.linalg.norm(reduced, axis=1) / _LENGTH).astype(int))
    chosen = [np.flatnonzero(lengths == length) for length in wanted]
    triples = np.array(list(product(*chosen)))
    turned = np.round(np.linalg.det(_COEFFICIENTS[triples])).astype(int)
    triples = triples[turned == 1]
    parameters = np.array([np.round(cell_parameters(vectors[triple]) / _SCALES).astype(int) for triple in triples])
    first = parameters[np.lexsort(parameters.T[::-1])[0]]
    kept = triples[(parameters == first).all(axis=1)]
    to_reduced = np.array(transformation).T
    return [_COEFFICIENTS[triple] @ to_reduced for triple in kept], first


def _origins(kinds: Ints) -> Ints:
    """Return the atoms of the rarest element, of equals that which comes first in formulas."""
    counts = np.bincount(kinds)
    return np.flatnonzero(kinds == int(np.argmin(counts)))[:_MOST_ORIGINS]


def _steps(lengths: Ints) -> Ints:
    """Return how many grid points each vector has, for lengths in steps of their own grid."""
    steps: Ints = _STEPS * np.ceil(lengths * _LENGTH / _STEPS_ANGSTROM).astype(int)
    return steps


def _rounded(fractional: Floats, kinds: Ints, steps: Ints) -> Ints:
    """Return element and coordinates on the grid, sorted, shape (n, 4)."""
    grid = np.round(fractional * steps).astype(int) % steps
    order = np.lexsort((grid[:, 2], grid[:, 1], grid[:, 0], kinds))
    rows: Ints = np.column_stack([kinds, grid])[order]
    return rows


def _comes_before(rows: Ints, best: Ints) -> bool:
    different = np.flatnonzero(rows.ravel() != best.ravel())
    return len(different) > 0 and bool(rows.ravel()[different[0]] < best.ravel()[different[0]])


def _short(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
