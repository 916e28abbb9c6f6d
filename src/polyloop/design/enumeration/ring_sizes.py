"""Rings of many small graphs: distances, and the shortest ring through each edge."""

from __future__ import annotations

import numpy as np

from polyloop.design.enumeration.graphs import GraphBatch, Ints

__all__ = ["distances", "shortest_rings"]

NO_RING = 0


def distances(graphs: GraphBatch) -> Ints:
    """Return numbers of edges between vertices, shape (b, n, n); n where there is no way."""
    b, n = len(graphs), graphs.n
    found = np.full((b, n, n), n, dtype=np.int64)
    reached = np.broadcast_to(np.eye(n, dtype=bool), (b, n, n)).copy()
    found[reached] = 0
    steps = graphs.adjacency.astype(np.float32)
    for length in range(1, n):
        grown = (np.matmul(reached.astype(np.float32), steps) > 0) | reached
        new = grown & ~reached
        if not new.any():
            break
        found[new] = length
        reached = grown
    return found


def shortest_rings(graphs: GraphBatch) -> Ints:
    """Return the length of the shortest ring through each edge, shape (b, e); 0 for an edge in no ring."""
    edges = graphs.edges
    b, e = edges.shape[:2]
    rings = np.zeros((b, e), dtype=np.int64)
    rows = np.arange(b)
    for place in range(e):
        u, v = edges[:, place, 0], edges[:, place, 1]
        without = graphs.adjacency.copy()
        without[rows, u, v] = without[rows, v, u] = False
        way = distances(GraphBatch(without))[rows, u, v]
        rings[:, place] = np.where(way < graphs.n, way + 1, NO_RING)
    return rings
