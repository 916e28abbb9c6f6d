"""What a selection of a library has in common: classes, rules, monomers and groups commoner than in the whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D
from scipy.stats import hypergeom

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design.library.groups import GROUPS
from polyloop.design.library.stats import read_columns
from polyloop.tables import read_table

__all__ = ["Enrichment", "analyse_selection", "draw_groups"]

_COLUMNS = ("smiles", "polymer_class", "rule", "monomers")
_PANEL, _PER_ROW = (260, 200), 4
_CHANCE = 0.05
_HIGHLIGHT = (0.98, 0.75, 0.35)


@dataclass(frozen=True)
class Enrichment:
    """How much commoner something is in a selection than in the library.

    Parameters
    ----------
    kind
        class, rule, monomer or group.
    selected, library
        Share of polymers that have it: in the selection, and in the library (or the sample of it).
    count
        Number in the selection.
    ratio
        Of the shares.
    p_value
        Probability of as many or more by chance (hypergeometric, one-sided), corrected for the number of things that
        were looked at (Holm 1979).
    example
        A polymer of the selection that has it.
    """

    kind: str
    name: str
    selected: float
    library: float
    count: int
    ratio: float
    p_value: float
    example: str

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return dict(self.__dict__)


def analyse_selection(
    selection: Path, library: Path, *, sample: int = 20_000, seed: int = 0, least: int = 3,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> list[Enrichment]:  # fmt: skip
    """Return what is commoner in a selection than in its library, the most surprising first.

    Parameters
    ----------
    selection
        CSV or Parquet with the columns `smiles`, `polymer_class`, `rule` and `monomers`, such as `library screen`
        writes.
    library
        The library file that the selection is from.
    sample
        Rows of the library that groups are looked for in; classes, rules and monomers are counted in all rows.
    least
        Least number in the selection for something to be told.

    Raises
    ------
    InvalidInputError
        If a file cannot be read, lacks a column, or the selection is empty.
    """
    chosen = _selected(selection)
    table = read_columns(library, _COLUMNS)
    everything = {name: table[name].to_pylist() for name in _COLUMNS}
    rows = np.sort(np.random.default_rng(seed).permutation(len(table))[:sample])
    whole, drawn = _counted(everything), Counter[str]()
    for place, row in enumerate(rows):
        drawn.update(_groups_of(everything["smiles"][row]))
        if place % 1000 == 0:
            progress(place, len(rows))
    mine = _counted(chosen)
    mine["group"] = Counter(name for text in chosen["smiles"] for name in _groups_of(text))
    found = [
        _enrichment(kind, name, count, len(chosen["smiles"]), of_all, total, chosen)
        for kind, counts in mine.items()
        for name, count in counts.items()
        for of_all, total in [(drawn[name], len(rows)) if kind == "group" else (whole[kind][name], len(table))]
        if count >= least
    ]
    corrected = _holm([one.p_value for one in found])
    enriched = [Enrichment(**{**one.__dict__, "p_value": p}) for one, p in zip(found, corrected, strict=True)]
    return sorted((one for one in enriched if one.ratio > 1.0), key=lambda one: (one.p_value, -one.ratio, one.name))


def draw_groups(enrichments: Sequence[Enrichment], most: int = 12) -> str:
    """Draw the first groups that are no chance (p < 0.05), each on a polymer of the selection, as SVG; or nothing."""
    groups = [one for one in enrichments if one.kind == "group" and one.p_value < _CHANCE][:most]
    if not groups:
        return ""
    columns, rows = min(len(groups), _PER_ROW), -(-len(groups) // _PER_ROW)
    drawer = rdMolDraw2D.MolDraw2DSVG(columns * _PANEL[0], rows * _PANEL[1], *_PANEL)
    options: Any = drawer.drawOptions()
    options.dummiesAreAttachments = True
    options.legendFontSize = 14
    mols, marked = [], []
    for one in groups:
        mol = Chem.MolFromSmiles(one.example)
        rdDepictor.Compute2DCoords(mol)
        matches = mol.GetSubstructMatches(_queries()[one.name])
        mols.append(mol)
        marked.append(sorted({atom for match in matches for atom in match}))
    legends = [f"{one.name}: {one.selected:.0%} (library {one.library:.0%})" for one in groups]
    drawer.DrawMolecules(mols, legends=legends, highlightAtoms=marked,
                         highlightAtomColors=[dict.fromkeys(atoms, _HIGHLIGHT) for atoms in marked])  # fmt: skip
    drawer.FinishDrawing()
    return str(drawer.GetDrawingText())


def _selected(path: Path) -> dict[str, list[str]]:
    table = read_table(path)
    places = {name: table.position(name) for name in _COLUMNS}
    if not table.rows:
        raise InvalidInputError("The selection holds no polymer.", where=str(path), hint="Select some first.")
    return {name: [row.cells[place].strip() for row in table.rows] for name, place in places.items()}


def _counted(columns: Mapping[str, Sequence[str]]) -> dict[str, Counter[str]]:
    """Count polymers by class, by rule, and by each of their monomers."""
    monomers: Counter[str] = Counter()
    for cell in columns["monomers"]:
        monomers.update(dict.fromkeys(cell.split(" + "), 1))
    return {"class": Counter(columns["polymer_class"]), "rule": Counter(columns["rule"]), "monomer": monomers}


def _enrichment(
    kind: str, name: str, count: int, n: int, of_all: int, total: int, chosen: Mapping[str, Sequence[str]]
) -> Enrichment:
    # What a sample of the library has none of may still be there: one more polymer, which has it, is assumed.
    of_all, total = max(of_all, 1), total + (of_all == 0)
    p_value = float(hypergeom.sf(count - 1, max(total, n), min(max(of_all, count), max(total, n)), n))
    examples = [chosen["smiles"][row] for row in range(n) if name in _things_of(kind, row, chosen)]
    return Enrichment(kind, name, count / n, of_all / total, count, (count / n) / (of_all / total), p_value,
                      min(examples, key=lambda text: (len(text), text)))  # fmt: skip


def _things_of(kind: str, row: int, chosen: Mapping[str, Sequence[str]]) -> Collection[str]:
    """Return what of a kind a polymer of the selection has."""
    if kind == "group":
        return _groups_of(chosen["smiles"][row])
    if kind == "monomer":
        return chosen["monomers"][row].split(" + ")
    return (chosen["polymer_class" if kind == "class" else "rule"][row],)


def _holm(p_values: Sequence[float]) -> list[float]:
    order = np.argsort(p_values, kind="stable")
    corrected = np.empty(len(order))
    steps = np.array(p_values)[order] * np.arange(len(order), 0, -1)
    corrected[order] = np.minimum(np.maximum.accumulate(steps), 1.0) if len(order) else steps
    return [float(one) for one in corrected]


@cache
def _queries() -> dict[str, Chem.Mol]:
    return {name: Chem.MolFromSmarts(smarts) for name, smarts in GROUPS.items()}


@lru_cache(maxsize=65_536)
def _groups_of(text: str) -> frozenset[str]:
    """Return the groups that a repeat unit holds; one that lies across the joint of two units is not seen."""
    mol = Polymer.of_canonical(text).mol
    return frozenset(name for name, query in _queries().items() if mol.HasSubstructMatch(query))
