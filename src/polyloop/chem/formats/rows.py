"""Rows of text from columns of arrays, and what all formats need of a cell's atoms."""

from __future__ import annotations

from math import prod

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem.topology import Cell, Topology

__all__ = ["atom_names", "atom_types", "distinct_rows", "residue_numbers", "rows", "symbols", "whole_in_box"]

Floats = NDArray[np.float64]
Indices = NDArray[np.int64]


def rows(template: str, *columns: NDArray[np.generic] | list[str]) -> str:
    """Return one line per row of `columns` (arrays of shape (n,) or (n, k), lists of n), filled into `template`."""
    flat: list[list[object]] = []
    for column in columns:
        if isinstance(column, list):
            flat.append(list(column))
        else:
            flat += column.reshape(len(column), prod(column.shape[1:])).T.tolist()
    return "".join(map((template + "\n").__mod__, zip(*flat, strict=True)))


def distinct_rows(*columns: NDArray[np.generic]) -> tuple[Indices, Indices]:
    """Return the first occurrence of each distinct row of `columns`, and for each row which of these it is."""
    flat = [column.reshape(len(column), prod(column.shape[1:])).astype(np.float64) for column in columns]
    table = np.concatenate(flat, axis=1)
    _, first, which = np.unique(table, axis=0, return_index=True, return_inverse=True)
    return first, which.reshape(-1)


def atom_types(topology: Topology) -> tuple[Indices, Indices]:
    """Return an atom of each combination of name, element, mass and Lennard-Jones terms, and the one of each atom."""
    return distinct_rows(topology.types, topology.numbers, topology.masses, topology.epsilon, topology.sigma)


def symbols(topology: Topology) -> list[str]:
    """Element symbol of each atom."""
    table = Chem.GetPeriodicTable()
    known = {number: str(table.GetElementSymbol(number)) for number in set(topology.numbers.tolist())}
    return [known[number] for number in topology.numbers.tolist()]


def residue_numbers(topology: Topology) -> Indices:
    """Number of each atom's residue within its molecule, from 1."""
    first = np.full(topology.n_molecules, np.iinfo(np.int64).max)
    np.minimum.at(first, topology.molecule, topology.residue)
    numbers: Indices = topology.residue - first[topology.molecule] + 1
    return numbers


def atom_names(topology: Topology) -> list[str]:
    """Element symbol and running number within the residue, at most four letters."""
    seen: dict[tuple[int, str], int] = {}
    names = []
    for place in zip(topology.residue.tolist(), symbols(topology), strict=True):
        seen[place] = seen.get(place, 0) + 1
        names.append(f"{place[1]}{seen[place]}"[:4])
    return names


def whole_in_box(cell: Cell) -> Floats:
    """Positions in angstrom with each molecule, whole, moved by box edges so that its centre is inside the box."""
    molecule = cell.topology.molecule
    size = np.maximum(np.bincount(molecule), 1)
    sums = [np.bincount(molecule, weights=cell.positions[:, axis]) for axis in range(3)]
    centres = np.column_stack(sums) / size[:, None]
    moved: Floats = cell.positions - (np.floor(centres / cell.box) * cell.box)[molecule]
    return moved
