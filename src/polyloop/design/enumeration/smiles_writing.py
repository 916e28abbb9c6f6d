"""SMILES of many molecules that share skeletons: one way through each skeleton, and characters put in by columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from polyloop.design.enumeration.colouring import MoleculeBatch
from polyloop.design.enumeration.graphs import Ints

__all__ = ["smiles_lines"]

# Single bonds are not written; a zero byte stands for nothing.
_BONDS = np.frombuffer(b"\0\0=#", dtype=np.uint8)
_ORGANIC = {"C", "N", "O", "B", "P", "S", "F", "Cl", "Br", "I"}


def smiles_lines(molecules: MoleculeBatch) -> Iterator[tuple[int, bytes]]:
    """Yield (number of molecules, their SMILES, a line each) in the molecules' order.

    The SMILES are Kekule structures and not canonical; each molecule is another one all the same.
    """
    patterns = molecules.patterns
    graph = patterns.graph[molecules.pattern]
    edges = patterns.graphs.edges
    symbols, silicon = _symbol_table(molecules)
    bounds = np.flatnonzero(np.diff(graph, prepend=-1, append=-1))
    for first, end in pairwise(bounds):
        path = _path(patterns.graphs.adjacency[graph[first]], edges[graph[first]])
        rows = slice(first, end)
        orders = patterns.orders[molecules.pattern[rows]]
        text = _filled(path, symbols[molecules.elements[rows]], _BONDS[orders])
        if silicon:
            text = _with_hydrogens(text, path, molecules, rows)
        text[:, -1] = ord("\n")
        yield int(end - first), text[text != 0].tobytes()


def _symbol_table(molecules: MoleculeBatch) -> tuple[Ints, bool]:
    """Return two characters of each element, and whether one needs brackets."""
    table = np.zeros((len(molecules.symbols), 2), dtype=np.uint8)
    for place, symbol in enumerate(molecules.symbols):
        table[place, : len(symbol)] = np.frombuffer(symbol.encode(), dtype=np.uint8)
    return table, not set(molecules.symbols) <= _ORGANIC


def _path(adjacency: Ints, edges: Ints) -> list[tuple[str, int]]:
    """Return the parts of the text: ("atom", vertex), ("bond", edge), or (text, -1).

    A ring is opened without a bond, which is written where it is closed.
    """
    number = {(int(u), int(v)): place for place, (u, v) in enumerate(edges)}
    number |= {(v, u): place for (u, v), place in number.items()}
    around = [[int(u) for u in np.flatnonzero(row)] for row in adjacency]
    seen: set[int] = set()
    children: dict[int, list[int]] = {}
    rings: dict[int, list[tuple[int, int]]] = {}

    def visit(vertex: int, before: int) -> None:
        seen.add(vertex)
        children[vertex] = []
        for other in around[vertex]:
            if other == before:
                continue
            if other not in seen:
                children[vertex].append(other)
                visit(other, vertex)
            elif (other, vertex) not in closed:
                closed.add((vertex, other))
                rings.setdefault(other, []).append((vertex, other))
                rings.setdefault(vertex, []).append((vertex, other))

    closed: set[tuple[int, int]] = set()
    visit(0, -1)
    parts: list[tuple[str, int]] = []
    open_: dict[tuple[int, int], int] = {}

    def write(vertex: int) -> None:
        parts.append(("atom", vertex))
        for ring in sorted(rings.get(vertex, []), key=lambda ring: ring not in open_):
            digit = open_.pop(ring, 0)
            if digit:
                parts.append(("bond", number[ring]))
            else:
                digit = next(d for d in range(1, 100) if d not in open_.values())
                open_[ring] = digit
            parts.append((str(digit) if digit < 10 else f"%{digit}", -1))
        for place, child in enumerate(children[vertex]):
            last = place == len(children[vertex]) - 1
            parts.append(("" if last else "(", -1))
            parts.append(("bond", number[vertex, child]))
            write(child)
            parts.append(("" if last else ")", -1))

    write(0)
    return [part for part in parts if part[0]]


def _filled(path: list[tuple[str, int]], atoms: Ints, bonds: Ints) -> Ints:
    """Return a row of characters for each molecule, zero where there is none, and a column for the line's end."""
    widths = [2 if kind == "atom" else 1 if kind == "bond" else len(kind) for kind, _ in path]
    text = np.zeros((len(atoms), sum(widths) + 1), dtype=np.uint8)
    column = 0
    for (kind, place), width in zip(path, widths, strict=True):
        if kind == "atom":
            text[:, column : column + 2] = atoms[:, place]
        elif kind == "bond":
            text[:, column] = bonds[:, place]
        else:
            text[:, column : column + width] = np.frombuffer(kind.encode(), dtype=np.uint8)
        column += width
    return text


def _with_hydrogens(text: Ints, path: list[tuple[str, int]], molecules: MoleculeBatch, rows: slice) -> Ints:
    """Return the text with atoms that SMILES wants in brackets as `[SiH3]`."""
    patterns = molecules.patterns
    used = patterns.used[molecules.pattern[rows]]
    elements = molecules.elements[rows]
    bracketed = [place for place, symbol in enumerate(molecules.symbols) if symbol not in _ORGANIC]
    columns, column = [], 0
    for kind, place in path:
        width = 2 if kind == "atom" else 1 if kind == "bond" else len(kind)
        part = text[:, column : column + width]
        column += width
        if kind != "atom":
            columns.append(part)
            continue
        inside = np.isin(elements[:, place], bracketed)
        hydrogens = 4 - used[:, place]
        wide = np.zeros((len(text), 6), dtype=np.uint8)
        wide[:, 1:3] = part
        wide[inside, 0], wide[inside, 5] = ord("["), ord("]")
        wide[:, 3] = np.where(inside & (hydrogens > 0), ord("H"), 0)
        wide[:, 4] = np.where(inside & (hydrogens > 1), ord("0") + hydrogens, 0)
        columns.append(wide)
    return np.hstack([*columns, text[:, -1:]])
