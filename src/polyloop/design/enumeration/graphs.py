"""Many small graphs of one size as arrays: adjacency, neighbours, edges, and vertex colours by refinement."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_VERTICES", "GraphBatch", "refined", "searchable"]

Ints = NDArray[Any]
# Bit sets of vertices are kept in 16 bits, and codes of assignments in 63.
MOST_VERTICES = 16
# Odd constants of SplitMix64 (doi:10.1145/2714064.2660195), which scatter the bits of a colour.
_GOLDEN, _FIRST, _SECOND = (np.uint64(c) for c in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))


@dataclass(frozen=True, eq=False)
class GraphBatch:
    """Graphs of n vertices each.

    Parameters
    ----------
    adjacency
        Shape (b, n, n), boolean, symmetric, without loops.
    """

    adjacency: Ints

    def __len__(self) -> int:
        return len(self.adjacency)

    @property
    def n(self) -> int:
        """Number of vertices."""
        return int(self.adjacency.shape[1])

    @cached_property
    def degrees(self) -> Ints:
        """Shape (b, n)."""
        return np.asarray(self.adjacency.sum(axis=2, dtype=np.int64))

    @cached_property
    def bits(self) -> Ints:
        """Neighbours of each vertex as a set of bits, shape (b, n)."""
        return np.asarray(self.adjacency @ (1 << np.arange(self.n, dtype=np.int64)))

    @cached_property
    def n_edges(self) -> Ints:
        """Shape (b,)."""
        return np.asarray(self.degrees.sum(axis=1) // 2)

    @cached_property
    def neighbours(self) -> Ints:
        """Neighbours in ascending order, shape (b, n, largest degree), -1 where there is none."""
        width = int(self.degrees.max(initial=0))
        order = np.argsort(~self.adjacency, axis=2, kind="stable")[:, :, :width]
        there = np.arange(width) < self.degrees[:, :, None]
        return np.where(there, order, -1)

    @cached_property
    def edges(self) -> Ints:
        """Edges (u < v) in ascending order, shape (b, e, 2); all graphs must have the same number of them."""
        upper = np.triu(np.ones((self.n, self.n), dtype=bool))
        graph, u, v = np.nonzero(self.adjacency & upper)
        found = np.column_stack([u, v]).reshape(len(self), -1, 2)
        return found if len(graph) else np.zeros((len(self), 0, 2), dtype=np.int64)

    def take(self, rows: Ints) -> GraphBatch:
        """Return the graphs of these rows."""
        return GraphBatch(self.adjacency[rows])


def mixed(values: Ints) -> Ints:
    """Scatter the bits of unsigned 64-bit integers."""
    with np.errstate(over="ignore"):
        values = values + _GOLDEN
        values = (values ^ (values >> np.uint64(30))) * _FIRST
        values = (values ^ (values >> np.uint64(27))) * _SECOND
        return np.asarray(values ^ (values >> np.uint64(31)))


def refined(graphs: GraphBatch, marked: Ints | None = None) -> Ints:
    """Return colours of vertices that no automorphism changes, shape (b, n), unsigned 64-bit.

    Each round gives a vertex a hash of its colour and of the sum of its neighbours'; equal colours need not mean
    equivalent vertices.

    Parameters
    ----------
    marked
        A vertex of each graph to tell from the others, shape (b,).
    """
    colours = mixed(graphs.degrees.astype(np.uint64))
    if marked is not None:
        rows = np.arange(len(graphs))
        colours[rows, marked] = mixed(colours[rows, marked])
    adjacency = graphs.adjacency.astype(np.uint64)
    with np.errstate(over="ignore"):
        for _ in range(graphs.n // 2 + 1):
            around = np.matmul(adjacency, mixed(colours ^ _FIRST)[:, :, None])[:, :, 0]
            colours = mixed(colours * _SECOND + around)
    return colours


def searchable(graphs: GraphBatch) -> GraphBatch:
    """Return the graphs with vertices in an order in which each but the first has a neighbour before it.

    It begins at a vertex with few of its colour, so that a search for automorphisms has few ways to begin.
    """
    b, n = len(graphs), graphs.n
    colours = refined(graphs)
    alike = (colours[:, :, None] == colours[:, None, :]).sum(axis=2)
    rows, order = np.arange(b), np.zeros((b, n), dtype=np.int64)
    reached, left = np.zeros((b, n), dtype=bool), np.ones((b, n), dtype=bool)
    for place in range(n):
        open_ = left & reached if place else left
        chosen = np.where(open_, alike, n + 1).argmin(axis=1)
        order[:, place] = chosen
        left[rows, chosen] = False
        reached |= graphs.adjacency[rows, chosen]
    swapped = np.take_along_axis(graphs.adjacency, order[:, :, None], axis=1)
    return GraphBatch(np.take_along_axis(swapped, order[:, None, :], axis=2))
