"""How near two elements come to one another in known crystals: what a drawn structure is checked against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure

if TYPE_CHECKING:
    from polyloop.crystal.substitution.templates import TemplateStore

__all__ = ["PairDistances", "learn_distances", "nearest_by_pair", "neighbour_distances"]

Floats = NDArray[np.float64]

# Structures that are looked at: some seconds.
_SAMPLE = 2500
_LARGEST = 40
# Of a pair that so many structures hold, the low quantile is its own; rarer ones lean on the sum of two radii.
_ENOUGH = 8
_LOW = 0.05
_CELLS = np.stack(np.meshgrid(*[np.arange(-1, 2)] * 3, indexing="ij"), -1).reshape(-1, 3)
# An element of which nothing is known is as large as most.
_USUAL_RADIUS = 1.4


@dataclass(frozen=True)
class PairDistances:
    """Shortest distances of pairs of elements in known crystals.

    Parameters
    ----------
    low
        The distance in angstrom that 95 % of the crystals holding a pair do not go below, shape (118, 118).
    usual
        The median, shape (118, 118).
    """

    low: Floats
    usual: Floats

    def closeness(self, structure: CrystalStructure) -> float:
        """Return the least ratio of a structure's distances to the low ones; below about 0.8 atoms are too near."""
        kinds = structure.numbers - 1
        nearest = nearest_by_pair(structure.lattice, structure.fractional, kinds)
        return min(distance / float(self.low[pair]) for pair, distance in nearest.items())


def neighbour_distances(lattice: Floats, fractional: Floats, of: NDArray[np.int64] | None = None) -> Floats:
    """Return the distance of atoms from the nearest image of each atom, in angstrom, shape (m, n).

    Images in the neighbouring cells count; of an atom and itself, the nearest other image.

    Parameters
    ----------
    lattice
        Shape (3, 3).
    fractional
        Shape (n, 3).
    of
        The m atoms that are looked at, one of each orbit; all unless said.
    """
    chosen = fractional if of is None else fractional[of]
    away = chosen[:, None, :] - fractional[None]
    away -= np.round(away)
    # |a + c|^2 = a.G.a + 2 a.G.c + c.G.c, with the metric G: most of it is one product of matrices.
    metric = lattice @ lattice.T
    flat = away.reshape(-1, 3) @ metric
    own = np.einsum("ij,ij->i", flat, away.reshape(-1, 3))
    cells = np.einsum("ij,jk,ik->i", _CELLS, metric, _CELLS)
    squared = own[:, None] + 2.0 * (flat @ _CELLS.T) + cells
    squared[squared < 1e-6] = np.inf
    nearest: Floats = np.sqrt(squared.min(axis=1)).reshape(away.shape[:2])
    return nearest


def nearest_by_pair(lattice: Floats, fractional: Floats, kinds: NDArray[np.int64]) -> dict[tuple[int, int], float]:
    """Return the shortest distance of each pair of kinds, images in neighbouring cells included, in angstrom.

    Parameters
    ----------
    lattice
        Shape (3, 3).
    fractional
        Shape (n, 3).
    kinds
        Shape (n,); pairs are told with the smaller kind first.
    """
    nearest = neighbour_distances(lattice, fractional)
    present = np.unique(kinds)
    return {
        (int(one), int(two)): float(nearest[np.ix_(kinds == one, kinds == two)].min())
        for place, one in enumerate(present)
        for two in present[place:]
    }


def learn_distances(
    store: TemplateStore, *, rng: np.random.Generator, left_out: frozenset[str] = frozenset()
) -> PairDistances:
    """Learn the distances from a sample of a store's structures.

    Parameters
    ----------
    left_out
        Reduced formulas that nothing is learnt from.
    """
    known = [one.structure for one in store.templates if len(one.structure) <= _LARGEST and one.formula not in left_out]
    chosen = rng.permutation(len(known))[:_SAMPLE]
    found: dict[tuple[int, int], list[float]] = {}
    for place in chosen:
        structure = known[place]
        for pair, distance in nearest_by_pair(structure.lattice, structure.fractional, structure.numbers - 1).items():
            found.setdefault(pair, []).append(distance)
    size = len(ELEMENTS)
    quantiles = {pair: (float(np.quantile(rows, _LOW)), float(np.median(rows))) for pair, rows in found.items()}
    tables = []
    for which in (0, 1):
        radii = _radii({pair: values[which] for pair, values in quantiles.items()}, size)
        table = radii[:, None] + radii[None, :]
        for (one, two), values in quantiles.items():
            weight = min(len(found[one, two]) / _ENOUGH, 1.0)
            table[one, two] = table[two, one] = weight * values[which] + (1 - weight) * table[one, two]
        tables.append(table)
    return PairDistances(*tables)


def _radii(distances: dict[tuple[int, int], float], size: int) -> Floats:
    """Return radii in angstrom whose sums are the distances, by ridge regression, shape (size,)."""
    rows = np.zeros((len(distances), size))
    for place, (one, two) in enumerate(distances):
        rows[place, one] += 1.0
        rows[place, two] += 1.0
    wanted = np.array(list(distances.values())) - rows.sum(axis=1) * _USUAL_RADIUS
    found: Floats = np.linalg.solve(rows.T @ rows + np.eye(size), rows.T @ wanted) + _USUAL_RADIUS
    return np.maximum(found, 0.3)
