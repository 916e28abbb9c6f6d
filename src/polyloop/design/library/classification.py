"""Which monomers fit which role of which rule, and what they leave in the chain; done once and kept in a cache."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rdkit import __version__ as rdkit_version
from rdkit.Chem.Descriptors import MolWt  # type: ignore[attr-defined]

from polyloop import chem
from polyloop.chem.polymer_class import PolymerClass
from polyloop.chem.polymerisation import MonomerRole, PolymerisationRule, Residue
from polyloop.chem.polymerisation.rule import read_monomer
from polyloop.core import content_key, file_digest, write_atomically
from polyloop.design.library.chain_classes import residue_class
from polyloop.design.library.scores import synthetic_accessibility
from polyloop.design.library.stock import StockMonomer

__all__ = ["ClassifiedStock", "Entry", "classify_stock"]


@functools.cache
def _code() -> str:
    """Digest of the modules that decide what a monomer becomes: what another release classified is not believed."""
    files = (*Path(chem.__file__).parent.rglob("*.py"), *Path(__file__).parent.glob("*.py"))
    return content_key({f"{file.parent.name}/{file.name}": file_digest(file) for file in files})


@dataclass(frozen=True)
class Entry:
    """A residue that a monomer of the stock leaves in a role: the monomer's index, the residue, and the class that it
    gives a chain of the rule."""

    monomer: int
    residue: Residue
    polymer_class: PolymerClass


@dataclass(frozen=True)
class ClassifiedStock:
    """A stock with, for each rule and role, the residues that its monomers leave, each residue once.

    Parameters
    ----------
    stock
        The monomers, length n.
    entries
        By the rule's name, one tuple of entries for each role.
    masses, difficulties
        Molar masses in g/mol and synthetic accessibility scores (1 easy to 10 hard) of the monomers, length n.
    """

    stock: tuple[StockMonomer, ...]
    entries: Mapping[str, tuple[tuple[Entry, ...], ...]]
    masses: tuple[float, ...]
    difficulties: tuple[float, ...]


def classify_stock(
    stock: Sequence[StockMonomer], rules: Iterable[PolymerisationRule], cache: Path | None = None
) -> ClassifiedStock:
    """Return what each monomer is to each rule.

    Of monomers that leave the same residue in a role (an acid, its chloride) the cheapest stays, so that the residues
    of a role are distinct.

    Parameters
    ----------
    cache
        Folder that keeps what was classified, under a digest of the monomers, the rules and the code; one that cannot
        be written keeps nothing.
    """
    rules = tuple(rules)
    key = {
        "code": _code(),
        "rdkit": rdkit_version,
        "stock": [[monomer.smiles, monomer.price] for monomer in stock],
        "rules": [[rule.name, [_described(role) for role in rule.roles]] for rule in rules],
    }
    file = cache / f"classified_{content_key(key)[:20]}.json" if cache is not None else None
    # Rules share residues, and each is taken apart once.
    residues: dict[str, Residue] = {}
    content = None if file is None else _kept(file)
    if content is None:
        content = _classified(stock, rules, residues)
        if file is not None:
            with suppress(OSError):
                file.parent.mkdir(parents=True, exist_ok=True)
                write_atomically(file, json.dumps(content))
    return _restored(stock, content, residues)


def _kept(file: Path) -> dict[str, Any] | None:
    with suppress(OSError, ValueError):
        content: dict[str, Any] = json.loads(file.read_text())
        return content
    return None


def _described(role: MonomerRole) -> list[Any]:
    parts = [role.head, *([role.tail] if role.tail else [])]
    texts = [[part.pattern, part.remains, part.product] for part in parts]
    return [texts, [g.smarts for g in role.forbids], [g.smarts for g in role.needs], role.count, role.reversible]


def _classified(
    stock: Sequence[StockMonomer], rules: Sequence[PolymerisationRule], residues: dict[str, Residue]
) -> dict[str, Any]:
    best: dict[tuple[str, int], dict[str, int]] = {(r.name, place): {} for r in rules for place in range(len(r.roles))}
    masses, difficulties = [], []
    for index, monomer in enumerate(stock):
        mol = read_monomer(monomer.smiles)
        masses.append(round(MolWt(mol), 3))
        difficulties.append(round(synthetic_accessibility(mol), 3))
        known: dict[str, int] = {}
        made: dict[int, tuple[Residue, ...]] = {}
        for rule in rules:
            for place, role in enumerate(rule.roles):
                if role.fault(mol, known) is not None:
                    continue
                if id(role) not in made:
                    made[id(role)] = role.residues(mol)
                    residues.update((residue.text, residue) for residue in made[id(role)])
                _keep_cheapest(best[rule.name, place], made[id(role)], index, stock)
    by_name = {rule.name: rule for rule in rules}
    entries: dict[str, list[list[list[Any]]]] = {rule.name: [] for rule in rules}
    for (name, place), found in best.items():
        rows = [
            [index, text, residue_class(by_name[name], place, residues[text]).number] for text, index in found.items()
        ]
        entries[name].append(sorted(rows, key=lambda row: row[1]))
    return {"entries": entries, "masses": masses, "difficulties": difficulties}


def _keep_cheapest(
    found: dict[str, int], residues: Sequence[Residue], index: int, stock: Sequence[StockMonomer]
) -> None:
    for residue in residues:
        other = found.get(residue.text)
        if other is None or _cost(stock[index]) < _cost(stock[other]):
            found[residue.text] = index


def _cost(monomer: StockMonomer) -> float:
    return float("inf") if monomer.price is None else monomer.price


def _restored(
    stock: Sequence[StockMonomer], content: Mapping[str, Any], residues: dict[str, Residue]
) -> ClassifiedStock:
    classes = list(PolymerClass)

    def entry(monomer: int, text: str, number: int) -> Entry:
        if text not in residues:
            residues[text] = Residue(text)
        return Entry(monomer, residues[text], classes[number])

    entries = {
        name: tuple(tuple(entry(*row) for row in rows) for rows in roles)
        for name, roles in content["entries"].items()
    }  # fmt: skip
    return ClassifiedStock(tuple(stock), entries, tuple(content["masses"]), tuple(content["difficulties"]))
