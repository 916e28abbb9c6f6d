"""Second stage: orders of the bonds of many skeletons, each pattern once up to the skeleton's automorphisms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from polyloop.design.enumeration.automorphisms import Groups, least_of_orbits
from polyloop.design.enumeration.graphs import GraphBatch, Ints
from polyloop.design.enumeration.ring_sizes import shortest_rings
from polyloop.design.enumeration.rules import MoleculeRules

__all__ = ["BondPatterns", "bond_patterns"]

_ROWS = 400_000
# Patterns of a skeleton grow by about this factor with each bond (measured on chains and rings of carbon).
_GROWTH = 2.2


@dataclass(frozen=True, eq=False)
class BondPatterns:
    """Skeletons of one number of bonds with the orders of these.

    Parameters
    ----------
    graphs, groups
        The skeletons with their automorphisms.
    graph
        Skeleton of each pattern, ascending, shape (r,).
    orders
        Orders of the bonds `graphs.edges`, shape (r, e).
    used
        Sum of the orders at each atom, shape (r, n).
    fixed_start, fixed
        Automorphisms (rows of `groups.images`) that leave the pattern unchanged, the identity first, as in
        `LeastOfOrbit`.
    """

    graphs: GraphBatch
    groups: Groups
    graph: Ints
    orders: Ints
    used: Ints
    fixed_start: Ints
    fixed: Ints

    def __len__(self) -> int:
        return len(self.graph)


def bond_patterns(graphs: GraphBatch, groups: Groups, rules: MoleculeRules) -> Iterator[tuple[int, BondPatterns]]:
    """Yield (row of the first skeleton, patterns) of skeletons of one number of bonds, in parts that fit the memory."""
    e = int(graphs.n_edges[0])
    further = None
    if rules.unsaturation is not None:
        further = rules.unsaturation - (e - graphs.n + 1)
        if further < 0 or (rules.saturated and further):
            return
    several = _GROWTH**e if further is None else min(float(_binomial(e, further)), _GROWTH**e)
    size = max(1, int(_ROWS / max(several, 1.0)))
    for first in range(0, len(graphs), size):
        rows = np.arange(first, min(first + size, len(graphs)))
        found = _patterns(graphs.take(rows), groups.take(rows), rules, further)
        if len(found):
            yield first, found


def _binomial(e: int, k: int) -> int:
    """Ways to give k further bonds to e places."""
    ways = 1
    for i in range(k):
        ways = ways * (e + k - 1 - i) // (i + 1)
    return ways


def _patterns(graphs: GraphBatch, groups: Groups, rules: MoleculeRules, further: int | None) -> BondPatterns:
    graph, extra = _all_patterns(graphs, rules, further)
    used = graphs.degrees[graph]
    rows = np.arange(len(graph))
    for place in range(extra.shape[1]):
        for end in range(2):
            used[rows, graphs.edges[graph, place, end]] += extra[:, place]
    on_edges = groups.on_edges(graphs)
    everything = np.arange(len(groups.images))
    least = least_of_orbits(extra, 3, graph, groups.start, everything, on_edges.images)
    kept = least.rows
    return BondPatterns(graphs, groups, graph[kept], extra[kept] + 1, used[kept], least.fixed_start, least.fixed)


def _all_patterns(graphs: GraphBatch, rules: MoleculeRules, further: int | None) -> tuple[Ints, Ints]:
    """Return skeleton and further orders of every pattern that the valences allow, extended bond by bond."""
    edges, e = graphs.edges, int(graphs.n_edges[0])
    valence, most = max(rules.valences), rules.max_order - 1
    in_ring = shortest_rings(graphs) > 0 if most == 2 and not rules.ring_triple_bonds else None
    graph = np.arange(len(graphs))
    used = graphs.degrees.astype(np.int8)
    doubles = np.zeros_like(used)
    extra, total = np.zeros((len(graph), e), dtype=np.int8), np.zeros(len(graph), dtype=np.int64)
    for place in range(e if most else 0):
        u, v = edges[graph, place].T
        rows = np.arange(len(graph))
        at_u, at_v = used[rows, u], used[rows, v]
        kept, added = [], []
        for more in range(most + 1):
            fits = (at_u + more <= valence) & (at_v + more <= valence)
            if further is not None:
                fits &= (total + more <= further) & (total + more + most * (e - place - 1) >= further)
            if more == 1 and not rules.cumulenes:
                fits &= (doubles[rows, u] == 0) & (doubles[rows, v] == 0)
            if more == 2 and in_ring is not None:
                fits &= ~in_ring[graph, place]
            chosen = np.flatnonzero(fits)
            kept.append(chosen)
            added.append(np.full(len(chosen), more, dtype=np.int8))
        row, more_ = np.concatenate(kept), np.concatenate(added)
        graph, used, extra, total = graph[row], used[row], extra[row], total[row] + more_
        doubles = doubles[row]
        rows = np.arange(len(row))
        for end in (u[row], v[row]):
            used[rows, end] += more_
            doubles[rows, end] += more_ == 1
        extra[:, place] = more_
    if further is not None:
        chosen = np.flatnonzero(total == further)
        graph, extra = graph[chosen], extra[chosen]
    order = np.argsort(graph, kind="stable")
    return graph[order], extra[order]
