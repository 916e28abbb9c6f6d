"""Pack molecules into a periodic box at low density: random places and turns, no overlap, no ring pierced."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from polyloop.chem.topology import Cell, Topology
from polyloop.core.constants import DALTON
from polyloop.core.errors import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.cells.contacts import periodic_tree
from polyloop.simulate.cells.rings import pierced_rings, smallest_rings

__all__ = ["pack"]

Floats = NDArray[np.float64]

# Two carbon atoms rest 3.4 A apart; at this distance a minimizer meets no wall, and no bond fits through a ring of six.
_CLEARANCE = 2.5
_TRIES, _BOXES, _LARGER = 100, 12, 0.8
# In g/cm3, above that of any solid (osmium has 22.6): atoms would no longer fit into the box's edges.
_DENSEST = 25.0


def pack(topologies: Sequence[Topology], positions: Sequence[Floats], density: float, rng: np.random.Generator) -> Cell:
    """Put molecules at random places, randomly turned, into a cubic periodic box.

    Atoms of different molecules, and of a molecule and its periodic images, are at least 2.5 angstrom apart, and no
    bond runs through a ring. Large molecules are placed first. Where one finds no room, all start again in a box of
    0.8 times the density; the cell's `density` tells what came out.

    Parameters
    ----------
    topologies, positions
        Of each molecule (a polymer, an additive, an ion), in the order of the cell; positions in angstrom, (n, 3).
    density
        In g/cm3, to start with.

    Raises
    ------
    InvalidInputError
        If there is no molecule, an array does not fit its topology, or the density is not positive.
    EvaluationError
        If the molecules do not even fit at a fifteenth of the density.
    """
    _check(topologies, positions, density)
    topology = Topology.concatenate(topologies)
    mass = float(topology.masses.sum())
    for attempt in range(_BOXES):
        thinned = density * _LARGER**attempt
        box = np.full(3, (mass / thinned * DALTON) ** (1 / 3))
        placed = _place_all(positions, box, rng)
        if placed is None:
            continue
        rings = [ring + offset for ring, offset in _rings(topologies)]
        if not len(pierced_rings(placed, topology.bonds, rings, box)):
            return Cell(topology, placed, box)
    raise EvaluationError(
        FailureCode.PACKING,
        "packing",
        f"{len(topologies)} molecules with {topology.n_atoms} atoms found no room in {_BOXES} boxes from {density:g} "
        f"down to {thinned:.3g} g/cm3.",
        hint="Start from a lower density.",
        retryable=True,
    )


def _check(topologies: Sequence[Topology], positions: Sequence[Floats], density: float) -> None:
    if not topologies or len(topologies) != len(positions):
        raise InvalidInputError(f"{len(topologies)} topologies and {len(positions)} sets of positions make no cell.")
    for index, (topology, points) in enumerate(zip(topologies, positions, strict=True)):
        if points.shape != (topology.n_atoms, 3) or not np.isfinite(points).all():
            raise InvalidInputError(
                f"{topology.n_atoms} atoms need finite positions of shape ({topology.n_atoms}, 3), not {points.shape}.",
                where=f"molecule {index}",
            )
    if not 0 < density <= _DENSEST:
        raise InvalidInputError(f"A density of {density:g} g/cm3 is none.", where="density", hint="Use e.g. 0.05.")


def _rings(topologies: Sequence[Topology]) -> list[tuple[NDArray[np.int64], int]]:
    """Rings of each molecule with the offset of its atoms; equal chains share one topology and are searched once."""
    known: dict[int, tuple[NDArray[np.int64], ...]] = {}
    found, offset = [], 0
    for topology in topologies:
        if id(topology.bonds) not in known:
            known[id(topology.bonds)] = smallest_rings(topology.n_atoms, topology.bonds)
        found += [(ring, offset) for ring in known[id(topology.bonds)]]
        offset += topology.n_atoms
    return found


def _place_all(positions: Sequence[Floats], box: Floats, rng: np.random.Generator) -> Floats | None:
    """Place the molecules, the largest first; None when one finds no room."""
    placed: list[Floats] = [np.zeros((0, 3))] * len(positions)
    crowd = _Crowd(box)
    for index in sorted(range(len(positions)), key=lambda i: -len(positions[i])):
        centred = positions[index] - positions[index].mean(axis=0)
        for _ in range(_TRIES):
            trial = Rotation.random(rng=rng).apply(centred) + rng.random(3) * box
            if crowd.has_room_for(trial):
                crowd.add(trial)
                placed[index] = trial
                break
        else:
            return None
    return np.concatenate(placed)


class _Crowd:
    """The atoms placed so far: a tree of most of them, rebuilt when the rest have become many."""

    def __init__(self, box: Floats) -> None:
        self._box = box
        self._settled = np.zeros((0, 3))
        self._recent = np.zeros((0, 3))
        self._tree: cKDTree | None = None

    def add(self, points: Floats) -> None:
        """Add atoms."""
        self._recent = np.concatenate([self._recent, points])
        if len(self._recent) > 50 + len(self._settled) // 10:
            self._settled = np.concatenate([self._settled, self._recent])
            self._recent = np.zeros((0, 3))
            self._tree = periodic_tree(self._settled, self._box)

    def has_room_for(self, points: Floats) -> bool:
        """Whether no atom of `points` is too near to any other, nor to an image of its own molecule."""
        own = periodic_tree(points, self._box)
        if self._tree is not None and own.count_neighbors(self._tree, _CLEARANCE):
            return False
        if len(self._recent) and own.count_neighbors(periodic_tree(self._recent, self._box), _CLEARANCE):
            return False
        if (np.ptp(points, axis=0) < self._box - _CLEARANCE).all():
            return True
        # Larger than the box: pairs that are near only through the boundary are overlaps with an image.
        near = own.query_pairs(_CLEARANCE, output_type="ndarray")
        direct = np.linalg.norm(points[near[:, 0]] - points[near[:, 1]], axis=1)
        return bool((direct <= _CLEARANCE + 1e-9).all())
