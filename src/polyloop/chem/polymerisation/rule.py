"""PolymerisationRule: which monomers make which chain, forward; `depolymerisation` goes back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from rdkit import Chem, rdBase

from polyloop.chem.library import Reference
from polyloop.chem.polymer_class import PolymerClass
from polyloop.chem.polymerisation.half_reaction import perceive
from polyloop.chem.polymerisation.residue import Residue, canonical_chain
from polyloop.chem.polymerisation.role import MonomerRole
from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

__all__ = ["Mechanism", "Orientation", "PolymerisationRule", "Product", "read_monomer"]


class Mechanism(StrEnum):
    """How the chain grows."""

    CHAIN = "chain growth"
    STEP = "step growth"
    RING_OPENING = "ring opening"
    METATHESIS = "metathesis"
    COUPLING = "coupling"
    POLYMER_ANALOGOUS = "polymer-analogous"


class Orientation(StrEnum):
    """How units that read differently from their two ends follow each other."""

    ONLY = "only one"
    HEAD_TO_TAIL = "head-to-tail"
    HEAD_TO_HEAD = "head-to-head"


@dataclass(frozen=True)
class Product:
    """A chain that a rule makes: canonical SMILES of its repeat unit, and how its units are directed."""

    smiles: str
    orientation: Orientation


@dataclass(frozen=True)
class PolymerisationRule:
    """One way to make chains of one or two monomers.

    Parameters
    ----------
    name
        Name of the polymerisation.
    polymer_class
        The class of the chains, unless a monomer brings a more senior group of its own into the main chain.
    mechanism
        How the chain grows.
    roles
        What each monomer must bear and must not bear, one or two.
    linkage
        What joins the residues, in words.
    reference
        Where it is described.
    example
        Monomers and the repeat unit that they make.
    reagents
        What else the chain takes up, or what is done to it, beside the monomers; SMILES or words.
    head_to_head
        Whether head-to-head chains form too where a monomer's ends differ. Of groups that are the same at both
        ends, which no reaction tells apart, they always do.
    repeats
        How many of the chain's shortest repeat units one monomer may bring, for the way back.
    precursor
        SMILES of the monomer of the chain that is changed, where that is not the monomer of the rule; one a unit.
    """

    name: str
    polymer_class: PolymerClass
    mechanism: Mechanism
    roles: tuple[MonomerRole, ...]
    linkage: str
    reference: Reference
    example: tuple[tuple[str, ...], str]
    reagents: tuple[str, ...] = ()
    head_to_head: bool = False
    repeats: tuple[int, ...] = (1,)
    precursor: str = ""

    def products(self, monomers: Sequence[str]) -> tuple[Product, ...]:
        """Return the chains that monomers make, given as SMILES in the order of the roles.

        Where units can be directed in two ways both chains are there, each with its orientation; a real sample holds
        both in the proportions that its chemistry decides.

        Raises
        ------
        InvalidInputError
            If there are more or fewer monomers than roles, or one does not fit its role; the message says why.
        """
        if len(monomers) != len(self.roles):
            raise InvalidInputError(
                f"{self.name} takes {len(self.roles)} monomers, not {len(monomers)}.", where=self.name
            )
        if len(monomers) == 2 and self.roles[0] is self.roles[1] and monomers[0] == monomers[1]:
            raise InvalidInputError(f"{self.name} takes two different monomers.", where=self.name)
        sets = []
        for role, text in zip(self.roles, monomers, strict=True):
            mol = read_monomer(text)
            if fault := role.fault(mol):
                raise InvalidInputError(
                    f"{text} is no {role.name}: {fault}.", where=self.name, hint="Take another monomer or another rule."
                )
            sets.append(role.residues(mol))
        return tuple(self.chains(*sets))

    def chains(self, *residues: Sequence[Residue]) -> Iterator[Product]:
        """Yield the distinct chains of the monomers' residues, one sequence for each role."""
        made: dict[str, Product] = {}
        for parts, orientation in self.combinations(*residues):
            try:
                text = canonical_chain(parts)
            except UnsupportedChemistryError:
                continue
            if text not in made:
                made[text] = Product(text, orientation)
                yield made[text]

    def combinations(self, *residues: Sequence[Residue]) -> Iterator[tuple[tuple[Residue, ...], Orientation]]:
        """Yield the residues of one repeat unit, for each direction that they can take."""
        if len(residues) == 1:
            yield from self._alone(residues[0])
            return
        second = self.roles[1]
        for first, other in product(*residues):
            free = (self.roles[0].reversible or second.reversible) and not (first.symmetric or other.symmetric)
            yield (first, other), Orientation.HEAD_TO_TAIL if free else Orientation.ONLY
            if free:
                turned = (first, other.turned) if second.reversible else (first.turned, other)
                yield turned, Orientation.HEAD_TO_HEAD

    def _alone(self, residues: Sequence[Residue]) -> Iterator[tuple[tuple[Residue, ...], Orientation]]:
        role = self.roles[0]
        for residue in residues:
            same = residue.symmetric or (role.twofold and len(residues) == 1)
            yield (residue,), Orientation.ONLY if same else Orientation.HEAD_TO_TAIL
            if self.head_to_head and role.reversible and not same:
                yield (residue, residue.turned), Orientation.HEAD_TO_HEAD
        if role.twofold and len(residues) == 2 and not role.reversible:
            # A linker stands at one end: the monomer's two groups took turns at being the head.
            yield tuple(residues), Orientation.HEAD_TO_HEAD


def read_monomer(smiles: str) -> Chem.Mol:
    """Parse a monomer.

    Raises
    ------
    InvalidInputError
        If it cannot be read.
    """
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or not mol.GetNumAtoms():
        raise InvalidInputError(f"{smiles!r} is no molecule.", where="monomer", hint="Correct its SMILES.")
    perceive(mol)
    return mol
