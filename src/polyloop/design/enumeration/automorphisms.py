"""All automorphisms of many small graphs at once, and which assignments of numbers are the least of their orbits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyloop.design.enumeration.graphs import GraphBatch, Ints, refined

__all__ = ["Groups", "LeastOfOrbit", "automorphisms", "least_of_orbits"]


@dataclass(frozen=True, eq=False)
class Groups:
    """Permutations of many sets, one group after the other, the identity first in each.

    Parameters
    ----------
    start
        Row of `images` where each group begins, and their number at the end, shape (b + 1,).
    images
        Where each permutation puts each place, shape (g, n).
    """

    start: Ints
    images: Ints

    @property
    def order(self) -> Ints:
        """Number of permutations of each group, shape (b,)."""
        return np.diff(self.start)

    def take(self, rows: Ints) -> Groups:
        """Return the groups of these rows."""
        order = self.order[rows]
        start = np.concatenate([[0], np.cumsum(order)])
        places = np.repeat(self.start[:-1][rows] - start[:-1], order) + np.arange(start[-1])
        return Groups(start, self.images[places])

    def on_edges(self, graphs: GraphBatch) -> Groups:
        """Return the same groups as permutations of the edges of `graphs`."""
        edges, graph = graphs.edges, np.repeat(np.arange(len(graphs)), self.order)
        number = np.zeros((len(graphs), graphs.n, graphs.n), dtype=np.int64)
        rows = np.arange(len(graphs))[:, None]
        numbers = np.arange(edges.shape[1])
        number[rows, edges[:, :, 0], edges[:, :, 1]] = numbers
        number[rows, edges[:, :, 1], edges[:, :, 0]] = numbers
        ends = edges[graph]
        u = np.take_along_axis(self.images, ends[:, :, 0], axis=1)
        v = np.take_along_axis(self.images, ends[:, :, 1], axis=1)
        return Groups(self.start, number[graph[:, None], u, v])


def automorphisms(graphs: GraphBatch) -> Groups:
    """Return the automorphisms of connected graphs whose vertices each have a neighbour before them.

    Maps are extended vertex by vertex, in all graphs together: the image of a vertex is a neighbour of the image of its
    first neighbour, of its own colour, and adjacent to the images of just those before it that it is adjacent to.
    """
    b, n = len(graphs), graphs.n
    colours, before = refined(graphs), np.tril(np.ones((n, n), dtype=bool), -1)
    parents = (graphs.adjacency & before).argmax(axis=2)
    graph, first = np.nonzero(colours == colours[:, :1])
    images = np.zeros((len(graph), n), dtype=np.int64)
    images[:, 0] = first
    used = 1 << first
    for vertex in range(1, n):
        around = graphs.neighbours[graph, images[np.arange(len(graph)), parents[graph, vertex]]]
        row, way = np.nonzero(around >= 0)
        image = around[row, way]
        of = graph[row]
        adjacent = (graphs.adjacency[graph, vertex, :vertex] * (1 << images[:, :vertex])).sum(axis=1)
        fits = (
            (colours[of, image] == colours[of, vertex])
            & ((used[row] >> image) & 1 == 0)
            & (graphs.bits[of, image] & used[row] == adjacent[row])
        )
        row, image = row[fits], image[fits]
        graph, images, used = graph[row], images[row], used[row] | (1 << image)
        images[:, vertex] = image
    # Sorted by images the identity would come first only where 0 is mapped to itself first; it is put there.
    moved = (images != np.arange(n)).any(axis=1)
    order = np.lexsort((moved, graph))
    return Groups(np.concatenate([[0], np.cumsum(np.bincount(graph, minlength=b))]), images[order])


@dataclass(frozen=True, eq=False)
class LeastOfOrbit:
    """Rows that are the least of their orbits, and what leaves each of them as it is.

    Parameters
    ----------
    rows
        Ascending, shape (k,).
    fixed_start, fixed
        Rows of the groups' `images` that leave the i-th of `rows` unchanged, the identity among them: those from
        `fixed[fixed_start[i]]` on.
    """

    rows: Ints
    fixed_start: Ints
    fixed: Ints


def least_of_orbits(
    values: Ints, base: int, owner: Ints, start: Ints, permutations: Ints, images: Ints
) -> LeastOfOrbit:
    """Return the rows of `values` that no permutation of their group makes less.

    Parameters
    ----------
    values
        Whole numbers from 0 to below `base`, shape (r, m).
    owner
        The group of each row, shape (r,).
    start, permutations
        The permutations of group i are the rows `permutations[start[i]:start[i + 1]]` of `images`, the identity first.
    images
        Where each permutation puts each place, shape (g, m).
    """
    weights = base ** np.arange(values.shape[1], dtype=np.int64)
    own = values.astype(np.int64) @ weights
    order = np.diff(start)[owner]
    alive = np.arange(len(values))
    least = np.ones(len(values), dtype=bool)
    kept_rows, kept_permutations = [alive], [permutations[start[:-1][owner]]]
    for rank in range(1, int(order.max(initial=1))):
        alive = alive[(order[alive] > rank) & least[alive]]
        if not len(alive):
            break
        permutation = permutations[start[owner[alive]] + rank]
        moved = (values[alive] * weights[images[permutation]]).sum(axis=1)
        least[alive[moved < own[alive]]] = False
        same = moved == own[alive]
        kept_rows.append(alive[same])
        kept_permutations.append(permutation[same])
    row, permutation = np.concatenate(kept_rows), np.concatenate(kept_permutations)
    stays = least[row]
    row, permutation = row[stays], permutation[stays]
    sorted_ = np.argsort(row, kind="stable")
    counts = np.bincount(row, minlength=len(values))
    rows = np.flatnonzero(least)
    return LeastOfOrbit(rows, np.concatenate([[0], np.cumsum(counts[rows])]), permutation[sorted_])
