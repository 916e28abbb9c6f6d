"""MonomerRole: what a monomer of a polymerisation must bear and must not bear, and what it leaves in the chain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rdkit import Chem, rdBase

from polyloop.chem.polymerisation.half_reaction import HalfReaction
from polyloop.chem.polymerisation.residue import Residue
from polyloop.chem.smiles_text import HEAD, TAIL
from polyloop.core.errors import InvalidInputError

__all__ = ["Group", "MonomerRole", "asymmetric", "opened", "twofold"]


@dataclass(frozen=True)
class Group:
    """A group that a monomer must not bear: its name and SMARTS."""

    name: str
    smarts: str

    @cached_property
    def query(self) -> Chem.Mol:
        """The group, to look for it."""
        return Chem.MolFromSmarts(self.smarts)


@dataclass(frozen=True)
class MonomerRole:
    """What one monomer of a rule is.

    Parameters
    ----------
    name
        What chemists call such a monomer.
    head, tail
        Half-reactions of its groups; `tail` is None where one reaction opens the monomer at both ends.
    needs
        Groups that it must bear besides.
    forbids
        Groups that would react first, or make a network.
    count
        How many of the group make a linear chain; None where all of them are alike and any number will do.
    reversible
        Whether the residue may stand in the chain in both directions.
    molecules
        How many of the monomer a residue holds.
    """

    name: str
    head: HalfReaction
    tail: HalfReaction | None = None
    forbids: tuple[Group, ...] = field(default=(), repr=False)
    needs: tuple[Group, ...] = field(default=(), repr=False)
    count: int | None = 1
    reversible: bool = False
    molecules: int = 1

    @property
    def twofold(self) -> bool:
        """Whether the monomer reacts at two groups of one kind."""
        return self.tail is not None and self.head.pattern == self.tail.pattern

    def fault(self, monomer: Chem.Mol, known: dict[str, int] | None = None) -> str | None:
        """Return why a monomer does not fit, or None if it does.

        `known` keeps how many of each group (SMARTS) the monomer bears, for whoever asks many roles of one monomer.
        """
        known = {} if known is None else known
        for group, needed in self._needed:
            if group.pattern not in known:
                known[group.pattern] = group.count(monomer)
            count = known[group.pattern]
            if count == 0:
                return f"it bears no {group.name}"
            if needed is not None and count < needed:
                return f"it bears only one {group.name}, which ends chains"
            if needed is not None and count > needed:
                return f"it bears {count} of the group {group.name}, which make a network"
        for wanted in self.needs:
            if not _bears(monomer, wanted, known):
                return f"it bears no {wanted.name}"
        for unwanted in self.forbids:
            if _bears(monomer, unwanted, known):
                return f"its {unwanted.name} would react too"
        if len(Chem.GetMolFrags(monomer)) > 1:
            return "it consists of several pieces"
        return None

    @cached_property
    def _needed(self) -> tuple[tuple[HalfReaction, int | None], ...]:
        if self.tail is None:
            return ((self.head, self.count),)
        if self.twofold:
            return ((self.head, None if self.count is None else 2),)
        return ((self.head, self.count), (self.tail, self.count))

    def residues(self, monomer: Chem.Mol) -> tuple[Residue, ...]:
        """Return the distinct residues that a fitting monomer leaves; of two that read alike turned round, one if the
        role is reversible. Empty where the chain would be no linear one."""
        found: dict[str, Residue] = {}
        for product in self._opened(monomer):
            try:
                residue = Residue.read(Chem.MolToSmiles(product))
                known = residue.turned.text if self.reversible else residue.text
            except InvalidInputError:
                continue
            if known not in found:
                found.setdefault(residue.text, residue)
        return tuple(sorted(found.values(), key=lambda residue: residue.text))

    def _opened(self, monomer: Chem.Mol) -> Sequence[Chem.Mol]:
        if self.tail is None:
            return list(self.head.forward(monomer))
        return [both for one in self.head.forward(monomer, HEAD) for both in self.tail.forward(one, TAIL)]

    def monomers(self, residue: Chem.Mol) -> tuple[str, ...]:
        """Return the monomers that could have left a residue with labelled stars; canonical SMILES."""
        if self.tail is None:
            made = list(self.head.backward(residue))
        else:
            made = [both for one in self.head.backward(residue, HEAD) for both in self.tail.backward(one, TAIL)]
        # Read again, since a reaction leaves some atoms with hydrogens written out.
        with rdBase.BlockLogs():
            again = [Chem.MolFromSmiles(Chem.MolToSmiles(mol)) for mol in made if _whole(mol)]
        return tuple(sorted({Chem.MolToSmiles(mol) for mol in again if mol is not None}))


def twofold(name: str, group: HalfReaction, *forbids: Group, linker: str = "", any_count: bool = False) -> MonomerRole:
    """Return the role of a monomer with two groups of one kind; `linker` stands between residues where there is one."""
    tail = group.followed_by(linker) if linker else group
    return MonomerRole(name, group, tail, forbids, count=None if any_count else 1, reversible=not linker)


def asymmetric(name: str, head: HalfReaction, tail: HalfReaction, *forbids: Group) -> MonomerRole:
    """Return the role of a monomer with two groups that react with each other."""
    return MonomerRole(name, head, tail, forbids)


def opened(
    name: str,
    group: HalfReaction,
    *forbids: Group,
    needs: tuple[Group, ...] = (),
    any_count: bool = False,
    reversible: bool = False,
) -> MonomerRole:
    """Return the role of a monomer that is opened at one group."""
    return MonomerRole(name, group, None, forbids, needs, None if any_count else 1, reversible)


def _bears(monomer: Chem.Mol, group: Group, known: dict[str, int]) -> bool:
    if group.smarts not in known:
        known[group.smarts] = int(monomer.HasSubstructMatch(group.query))
    return known[group.smarts] > 0


def _whole(mol: Chem.Mol) -> bool:
    return len(Chem.GetMolFrags(mol)) == 1 and all(atom.GetAtomicNum() > 0 for atom in mol.GetAtoms())
