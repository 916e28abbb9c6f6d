"""Polymer: a linear repeat unit written as a SMILES with two stars."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Any

from rdkit import Chem
from rdkit.Chem.Descriptors import MolWt  # type: ignore[attr-defined]

from polyloop.chem.canonical import canonical_unit
from polyloop.chem.oligomer import build_oligomer
from polyloop.chem.periodic_graph import PeriodicGraph, build_periodic_graph
from polyloop.chem.polymer_class import PolymerClass, classify
from polyloop.chem.repeat_unit import RepeatUnit, read_repeat_unit
from polyloop.core.errors import InvalidInputError
from polyloop.core.subject import Subject

__all__ = ["Polymer"]

_HYDROGEN_ISOTOPE = re.compile(r"\[\d+H(?::\d+)?\]")


class Polymer:
    """A linear homopolymer, given by its repeat unit as a SMILES with two `*`.

    Immutable. Two polymers are equal, and hash alike, when they are the same chain, however each was written.
    """

    smiles: str
    canonical: str

    def __init__(self, smiles: str) -> None:
        unit = read_repeat_unit(smiles)
        # Another notation than SMILES is kept as the SMILES that it was read as.
        text = smiles if unit.smiles == smiles.strip() else unit.smiles
        self.__dict__.update(smiles=text, canonical=canonical_unit(unit))

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError(f"A Polymer cannot be changed; make a new one instead of setting {name!r}.")

    def __eq__(self, other: object) -> bool:
        return self.canonical == other.canonical if isinstance(other, Polymer) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.canonical)

    def __repr__(self) -> str:
        return f"Polymer({self.smiles!r})"

    def _repr_html_(self) -> str:
        return self.subject._repr_html_()

    def __getstate__(self) -> dict[str, str]:
        return {"smiles": self.smiles, "canonical": self.canonical}

    def __setstate__(self, state: dict[str, str]) -> None:
        self.__dict__.update(state)

    @cached_property
    def key(self) -> str:
        """sha256 hex digest of `canonical`."""
        return hashlib.sha256(self.canonical.encode()).hexdigest()

    @property
    def subject(self) -> Subject:
        """What requests and records call it."""
        return Subject("polymer", self.canonical)

    @cached_property
    def _unit(self) -> RepeatUnit:
        # Read again when needed: a pool of a million polymers must not hold a million molecules.
        return read_repeat_unit(self.smiles)

    @property
    def mol(self) -> Chem.Mol:
        """A copy of the repeat unit as an RDKit molecule with two plain dummy atoms."""
        mol = Chem.Mol(self._unit.mol)
        for star in self.stars:
            mol.GetAtomWithIdx(star).SetIsotope(0)
        return mol

    @property
    def stars(self) -> tuple[int, int]:
        """Indices of the head and the tail star in `mol`."""
        return self._unit.head, self._unit.tail

    @property
    def joint_order(self) -> float:
        """Order of the bond that joins one unit to the next: 1, 2 or 3."""
        return self._unit.order

    @cached_property
    def backbone(self) -> tuple[int, ...]:
        """Indices in `mol` of the atoms on the shortest path between the stars, head to tail, without stars."""
        return tuple(Chem.GetShortestPath(self._unit.mol, *self.stars)[1:-1])

    def standardized(self) -> Polymer:
        """The same chain with `canonical` as its repeat unit, so that everything derived depends on the chain alone."""
        return Polymer(self.canonical)

    @cached_property
    def protiated(self) -> Polymer:
        """The same chain with every hydrogen isotope as plain hydrogen; itself where there is none.

        Neutrons change masses and not the electrons: whatever counts bonds, neighbours or heavy atoms is computed on
        this chain, where hydrogens are not atoms of the graph.
        """
        text = _HYDROGEN_ISOTOPE.sub("[H]", self.smiles)
        return self if text == self.smiles else Polymer(text)

    @cached_property
    def composition(self) -> Mapping[str, int]:
        """Number of atoms of each element in one repeat unit, hydrogens included, stars excluded."""
        counts: Counter[str] = Counter()
        for atom in self._unit.mol.GetAtoms():
            counts[atom.GetSymbol()] += 1
            counts["H"] += atom.GetTotalNumHs()
        counts.pop("*")
        return MappingProxyType({element: count for element, count in sorted(counts.items()) if count})

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of the elements in the repeat unit."""
        return frozenset(self.composition)

    @property
    def formula(self) -> str:
        """Formula of one repeat unit in Hill order, such as C8H8; a charge stands at the end, such as C4H5O2-."""
        first = [e for e in ("C", "H") if e in self.composition] if "C" in self.composition else []
        order = first + [e for e in self.composition if e not in first]
        atoms = "".join(e + (str(self.composition[e]) if self.composition[e] > 1 else "") for e in order)
        size = str(abs(self.charge)) if abs(self.charge) > 1 else ""
        return atoms + ("" if not self.charge else f"{'+' if self.charge > 0 else '-'}{size}")

    @cached_property
    def heavy_atoms(self) -> int:
        """Number of atoms in one repeat unit other than hydrogen and the stars."""
        return sum(count for element, count in self.composition.items() if element != "H")

    @cached_property
    def charge(self) -> int:
        """Formal charge of one repeat unit in e."""
        return int(Chem.GetFormalCharge(self._unit.mol))

    @cached_property
    def molar_mass(self) -> float:
        """Molar mass of one repeat unit in g/mol (the stars weigh nothing)."""
        return float(MolWt(self.mol))

    @cached_property
    def polymer_class(self) -> PolymerClass:
        """The PoLyInfo class of the chain."""
        return classify(self._unit)

    def oligomer(self, n: int, cap: str = "C") -> Chem.Mol:
        """Return the linear oligomer of `n` units, head to tail, capped by the atom `cap` at both ends.

        `n = 0` is cap-cap (ethane for methyl caps). Atoms are sorted along the chain and carry the int properties
        `unit` (0 to n - 1, and -1 for the caps) and `atom` (index in `mol`, -1 for the caps). Stereo is kept across
        the joints. No explicit hydrogens, no coordinates.

        Raises
        ------
        InvalidInputError
            If `n` is negative, or `cap` is no element that can end this chain.
        """
        return build_oligomer(self._unit, n, cap)

    def capped(self, cap: str = "C") -> Chem.Mol:
        """Return one repeat unit with the atom `cap` in the place of each star."""
        return self.oligomer(1, cap)

    def periodic_graph(self) -> PeriodicGraph:
        """Return the chain as a graph of one unit whose last bond leads into the next unit."""
        return build_periodic_graph(self._unit)

    @classmethod
    def of_canonical(cls, canonical: str) -> Polymer:
        """Return the polymer of a text that is the `canonical` of one, without making it canonical anew."""
        polymer = cls.__new__(cls)
        polymer.__setstate__({"smiles": canonical, "canonical": canonical})
        return polymer

    @classmethod
    def parse_many(cls, smiles: Iterable[str]) -> tuple[dict[int, Polymer], dict[int, InvalidInputError]]:
        """Read many repeat units; return the polymers and the errors, each by its place (from 0) in the input.

        One bad entry does not stop the others; each error's `where` names its place.
        """
        polymers: dict[int, Polymer] = {}
        errors: dict[int, InvalidInputError] = {}
        for index, text in enumerate(smiles):
            try:
                polymers[index] = cls(text)
            except InvalidInputError as error:
                errors[index] = type(error)(error.reason, where=f"entry {index}, {error.where}", hint=error.hint)
        return polymers, errors
