"""All molecules of given rules, skeleton by skeleton: counted, or as SMILES, from any skeleton on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.design.enumeration.augmentation import grown_graphs
from polyloop.design.enumeration.automorphisms import Groups
from polyloop.design.enumeration.bond_orders import bond_patterns
from polyloop.design.enumeration.colouring import MoleculeBatch, count_of, molecules_of
from polyloop.design.enumeration.graphs import GraphBatch
from polyloop.design.enumeration.nauty import geng_graphs, geng_program
from polyloop.design.enumeration.ring_sizes import shortest_rings
from polyloop.design.enumeration.rules import MoleculeRules
from polyloop.design.enumeration.screening import Screen
from polyloop.design.enumeration.smiles_writing import smiles_lines

__all__ = ["SKELETON_SOURCES", "SmilesChunk", "count_molecules", "enumerate_molecules", "skeleton_source"]

SKELETON_SOURCES = {"geng": geng_graphs, "built-in": grown_graphs}


@dataclass(frozen=True)
class SmilesChunk:
    """Molecules of some skeletons.

    Parameters
    ----------
    first, last
        Numbers of the first and the last skeleton; the last may go on in the next chunk.
    n
        Number of molecules.
    lines
        Their SMILES, a line each.
    """

    first: int
    last: int
    n: int
    lines: bytes


def skeleton_source(name: str | None = None) -> str:
    """Return the name of the source of skeletons: geng where it is installed, unless one is named.

    Raises
    ------
    InvalidInputError
        If there is none of this name.
    """
    if name is None:
        return "built-in" if geng_program() is None else "geng"
    if name not in SKELETON_SOURCES:
        raise InvalidInputError(f"There is no source of skeletons {name!r}.", hint="Say geng or built-in.")
    return name


def count_molecules(rules: MoleculeRules, *, skeletons: str | None = None) -> int:
    """Return the number of molecules of the rules.

    Molecules that symmetry could make twice are made and compared; of patterns of bonds without symmetry the ways to
    put elements on them are multiplied. Rules that look at groups make them all.

    Parameters
    ----------
    skeletons
        "geng" or "built-in"; None for geng where it is installed.

    Examples
    --------
    >>> count_molecules(MoleculeRules(formula={"C": 6, "H": 6}))
    217
    """
    if rules.forbidden or rules.one_kekule:
        return sum(chunk.n for chunk in enumerate_molecules(rules, skeletons=skeletons))
    return sum(
        count_of(patterns, rules)
        for _, graphs, groups in _skeletons(rules, skeletons)
        for _, patterns in bond_patterns(graphs, groups, rules)
    )


def enumerate_molecules(rules: MoleculeRules, *, skeletons: str | None = None, done: int = 0) -> Iterator[SmilesChunk]:
    """Yield the molecules of the rules as SMILES, each once, always in the same order for a source of skeletons.

    Parameters
    ----------
    skeletons
        "geng" or "built-in"; None for geng where it is installed.
    done
        Number of skeletons to pass over.
    """
    screen = Screen(rules) if rules.forbidden or rules.one_kekule else None
    for first, graphs, groups in _skeletons(rules, skeletons):
        if first + len(graphs) <= done:
            continue
        if first < done:
            rest = np.arange(done - first, len(graphs))
            first, graphs, groups = done, graphs.take(rest), groups.take(rest)
        for offset, patterns in bond_patterns(graphs, groups, rules):
            for molecules in molecules_of(patterns, rules):
                yield _written(molecules, first + offset, screen)


def _written(molecules: MoleculeBatch, first: int, screen: Screen | None) -> SmilesChunk:
    """Write molecules, whose skeleton 0 is number `first` of all."""
    n, parts, start = 0, [], 0
    for size, lines in smiles_lines(molecules):
        if screen is not None:
            part = molecules.take(np.arange(start, start + size))
            texts = lines.decode().split()
            kept = screen.passes(part, texts, first + int(molecules.patterns.graph[part.pattern[0]]))
            lines = "".join(f"{text}\n" for text, fits in zip(texts, kept, strict=True) if fits).encode()
            n += int(kept.sum())
        else:
            n += size
        start += size
        parts.append(lines)
    ends = molecules.patterns.graph[molecules.pattern[[0, -1]]] + first
    return SmilesChunk(int(ends[0]), int(ends[1]), n, b"".join(parts))


def _skeletons(rules: MoleculeRules, source: str | None) -> Iterator[tuple[int, GraphBatch, Groups]]:
    """Yield (number of the first, graphs of one number of edges, automorphisms), as many as the rules of rings let."""
    graphs_of = SKELETON_SOURCES[skeleton_source(source)]
    first = 0
    smallest, largest = rules.ring_sizes
    for n in range(rules.heavy_atoms[0], rules.heavy_atoms[1] + 1):
        rings = rules.ring_range
        for batch, groups in graphs_of(n, max_degree=max(rules.valences), rings=rings, smallest_ring=smallest):
            for edges in np.unique(batch.n_edges):
                rows = np.flatnonzero(batch.n_edges == edges)
                if smallest > 3 or largest is not None:
                    lengths = shortest_rings(batch.take(rows))
                    fits = ((lengths == 0) | (lengths >= smallest)) & (lengths <= (largest or n))
                    rows = rows[fits.all(axis=1)]
                if len(rows):
                    yield first, batch.take(rows), groups.take(rows)
                    first += len(rows)
