"""Connected graphs of bounded degree, each once, by canonical augmentation: vertex by vertex, many graphs at a time.

A graph is made from that parent alone that is left when its canonical vertex is taken away: of the vertices that leave
it connected those of least degree, of these the one of greatest colour. A parent gets each set of neighbours of a new
vertex once up to its automorphisms, and a child is kept where the new vertex is its canonical one. So nothing that was
made has to be remembered, and the order is always the same.

References
----------
McKay (1998), doi:10.1006/jagm.1997.0898.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from polyloop.design.enumeration.automorphisms import Groups, automorphisms
from polyloop.design.enumeration.graphs import GraphBatch, Ints, refined
from polyloop.design.enumeration.ring_sizes import distances

__all__ = ["grown_graphs", "rooted_code"]

_PARENTS = 512


@dataclass(frozen=True)
class _Bounds:
    n: int
    max_degree: int
    rings: tuple[int, int]
    smallest_ring: int


def grown_graphs(
    n: int, *, max_degree: int, rings: tuple[int, int], smallest_ring: int = 3
) -> Iterator[tuple[GraphBatch, Groups]]:
    """Yield the connected graphs of n vertices with their automorphisms, in batches, each graph once.

    Parameters
    ----------
    max_degree
        Greatest degree of a vertex.
    rings
        Least and greatest number of independent rings (edges - vertices + 1), both included.
    smallest_ring
        Least length of a ring.
    """
    single = GraphBatch(np.zeros((1, 1, 1), dtype=bool))
    yield from _grown(single, automorphisms(single), _Bounds(n, max_degree, rings, smallest_ring))


def _grown(graphs: GraphBatch, groups: Groups, bounds: _Bounds) -> Iterator[tuple[GraphBatch, Groups]]:
    if graphs.n == bounds.n:
        wanted = np.flatnonzero(graphs.n_edges - graphs.n + 1 >= bounds.rings[0])
        if len(wanted):
            yield graphs.take(wanted), groups.take(wanted)
        return
    for first in range(0, len(graphs), _PARENTS):
        rows = np.arange(first, min(first + _PARENTS, len(graphs)))
        children, their_groups = _children(graphs.take(rows), groups.take(rows), bounds)
        if len(children):
            yield from _grown(children, their_groups, bounds)


def _children(parents: GraphBatch, groups: Groups, bounds: _Bounds) -> tuple[GraphBatch, Groups]:
    """Return the children that have no other parent, with their automorphisms."""
    parent, joined = _neighbourhoods(parents, groups, bounds)
    n = parents.n
    adjacency = np.zeros((len(parent), n + 1, n + 1), dtype=bool)
    adjacency[:, :n, :n] = parents.adjacency[parent]
    adjacency[:, n, :n] = adjacency[:, :n, n] = (joined[:, None] >> np.arange(n)) & 1
    children = GraphBatch(adjacency)
    rivals = _rivals(children)
    colours = refined(children)
    greatest = np.where(rivals, colours, 0).max(axis=1)
    kept = np.flatnonzero(rivals[:, n] & (colours[:, n] == greatest))
    children, rivals = children.take(kept), rivals[kept] & (colours[kept] == greatest[kept, None])
    found = automorphisms(children)
    stays = np.flatnonzero(_is_canonical(children, rivals, found))
    return children.take(stays), found.take(stays)


def _neighbourhoods(parents: GraphBatch, groups: Groups, bounds: _Bounds) -> tuple[Ints, Ints]:
    """Return parents and sets of vertices (bits) that a new vertex is joined to, each once up to automorphisms."""
    n = parents.n
    sets = np.arange(1, 1 << n, dtype=np.int64)
    members = (sets[:, None] >> np.arange(n)) & 1
    size = members.sum(axis=1)
    fits = size <= bounds.max_degree
    sets, members, size = sets[fits], members[fits], size[fits]
    weights = 1 << np.arange(n)
    full = (parents.degrees >= bounds.max_degree) @ weights
    leaves = (parents.degrees == 1) @ weights
    left = bounds.rings[1] - (parents.n_edges - n + 1)
    # A leaf that stays one is of less degree than a new vertex with several neighbours.
    allowed = (sets & full[:, None] == 0) & (size - 1 <= left[:, None]) & ((size == 1) | (leaves[:, None] & ~sets == 0))
    if bounds.smallest_ring > 3:
        near = distances(parents) < bounds.smallest_ring - 2
        near &= ~np.eye(n, dtype=bool)
        clash = near @ weights
        allowed &= ~((clash[:, None, :] & sets[:, None]) * members != 0).any(axis=2)
    symmetric = np.flatnonzero(groups.order > 1)
    for row in symmetric:
        chosen = np.flatnonzero(allowed[row])
        images = members[chosen] @ (1 << groups.images[groups.start[row] : groups.start[row + 1]]).T
        allowed[row, chosen] = images.min(axis=1) == sets[chosen]
    parent, which = np.nonzero(allowed)
    return parent, sets[which]


def _rivals(graphs: GraphBatch) -> Ints:
    """Return the vertices of least degree among those without which a graph stays connected, shape (b, n)."""
    n, bits = graphs.n, graphs.bits
    rivals: Ints = graphs.degrees == 1
    leafless = np.flatnonzero(~rivals.any(axis=1) & (n > 1))
    if len(leafless):
        bits, everyone = bits[leafless], (1 << n) - 1
        stays = np.zeros((len(leafless), n), dtype=bool)
        for vertex in range(n):
            rest = everyone & ~(1 << vertex)
            reached = np.full(len(leafless), rest & -rest, dtype=np.int64)
            for _ in range(n):
                inside = (reached[:, None] >> np.arange(n)) & 1
                grown = (reached | np.bitwise_or.reduce(bits * inside, axis=1)) & rest
                if (grown == reached).all():
                    break
                reached = grown
            stays[:, vertex] = reached == rest
        degrees = np.where(stays, graphs.degrees[leafless], n)
        rivals[leafless] = degrees == degrees.min(axis=1, keepdims=True)
    return rivals


def _is_canonical(children: GraphBatch, rivals: Ints, groups: Groups) -> Ints:
    """Tell whether the last vertex is the canonical one, where its colour does not say so already."""
    last = children.n - 1
    orbit = np.zeros_like(rivals)
    orbit[np.repeat(np.arange(len(children)), groups.order), groups.images[:, last]] = True
    canonical = np.ones(len(children), dtype=bool)
    unsure = np.flatnonzero((rivals & ~orbit).any(axis=1))
    if not len(unsure):
        return canonical
    # Colours after a vertex is marked tell vertices apart that stand in rings of different lengths.
    row, vertex = np.nonzero(rivals[unsure])
    marks = np.zeros((len(unsure), children.n), dtype=np.uint64)
    with np.errstate(over="ignore"):
        marks[row, vertex] = refined(children.take(unsure[row]), vertex).sum(axis=1)
    greatest = marks.max(axis=1)
    canonical[unsure] = marks[:, last] == greatest
    tied = (marks == greatest[:, None]) & rivals[unsure]
    for place in np.flatnonzero(canonical[unsure] & (tied & ~orbit[unsure]).any(axis=1)):
        graph = children.adjacency[unsure[place]]
        canonical[unsure[place]] = rooted_code(graph, last) == max(
            rooted_code(graph, int(vertex)) for vertex in np.flatnonzero(tied[place])
        )
    return canonical


def rooted_code(adjacency: Ints, root: int) -> tuple[int, ...]:
    """Return a code that two graphs with a root share exactly when they are isomorphic, root to root.

    The least list of rows over all orders that keep to the order of the colours; slow, and asked for where the colours
    tell nothing.
    """
    n = len(adjacency)
    graph = GraphBatch(adjacency[None])
    colours = refined(graph, np.array([root]))[0]
    colours = np.unique(colours, return_inverse=True)[1]
    best: tuple[int, ...] | None = None
    stack: list[tuple[int, ...]] = [()]
    while stack:
        order = stack.pop()
        code = tuple(int(sum(int(adjacency[v, u]) << i for i, u in enumerate(order[:k]))) for k, v in enumerate(order))
        if best is not None and code > best[: len(code)]:
            continue
        if len(order) == n:
            best = code if best is None else min(best, code)
            continue
        rest = [v for v in range(n) if v not in order]
        least = min(colours[v] for v in rest)
        stack += [(*order, v) for v in rest if colours[v] == least]
    return (*sorted(int(c) for c in colours), *(best or ()))
