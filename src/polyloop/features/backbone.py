"""Numbers of a chain's backbone and of its side chains: stiffness, thickness, branching and polarity."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.chem.bond_volume import bond_counting_volume
from polyloop.core.descriptors import BlockKind

__all__ = ["BackboneBlock"]

_HALOGENS = (9, 17, 35, 53)
_NAMES = (
    "backbone_atoms",
    "ring_share_of_backbone",
    "aromatic_share_of_backbone",
    "tetrahedral_share_of_backbone",
    "heteroatom_share_of_backbone",
    "quaternary_share_of_backbone",
    "rotatable_bonds_per_backbone_atom",
    "volume_per_backbone_atom",
    "mass_per_backbone_atom",
    "side_chain_share",
    "side_chains_per_backbone_atom",
    "longest_side_chain",
    "tetrahedral_share",
    "tertiary_share",
    "quaternary_share",
    "methyl_share",
    "ring_share",
    "aromatic_share",
    "fused_share",
    "multiple_bonds_per_atom",
    "halogen_share",
    "polar_surface_per_atom",
    "donors_per_atom",
    "hydrogens_per_atom",
)
_UNITS = {
    "volume_per_backbone_atom": "angstrom3",
    "mass_per_backbone_atom": "g/mol",
    "polar_surface_per_atom": "angstrom2",
}


class BackboneBlock:
    """24 numbers of the backbone and the side chains (block `backbone`).

    The backbone is the shortest path between the stars; what hangs on it by a bond of no ring is a side chain, so that
    a phenylene in the chain is none and a phenyl group is one. Shares and numbers per atom are of the heavy atoms of
    one unit inside the chain. `volume_per_backbone_atom` (angstrom3) measures how thick the chain is,
    `ring_share_of_backbone` how stiff; `longest_side_chain` counts bonds.
    """

    name = "backbone"
    version = 1
    kind = BlockKind.PHYSICAL
    packages: tuple[str, ...] = ("rdkit",)
    subjects: tuple[str, ...] = ("polymer", "copolymer")
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)

    def names(self) -> tuple[str, ...]:
        """Return the columns' names, length 24."""
        return _NAMES

    def units(self) -> tuple[str, ...]:
        """Return the columns' units, length 24."""
        return tuple(_UNITS.get(name, "1") for name in _NAMES)

    def evaluate(self, polymer: Polymer) -> NDArray[np.float64]:
        """Return the numbers, shape (24,).

        Raises
        ------
        EvaluationError
            ELEMENT for an element without a van der Waals volume.
        """
        plain = polymer.protiated
        chain = plain.oligomer(3)
        unit = [atom for atom in chain.GetAtoms() if atom.GetIntProp("unit") == 1]
        along = set(plain.backbone)
        backbone = [atom for atom in unit if atom.GetIntProp("atom") in along]
        length, size = len(backbone), len(unit)
        side, branches, longest = _side_chains(unit, backbone)
        values = [
            float(length),
            _share(backbone, _in_ring),
            _share(backbone, _is_aromatic),
            _share(backbone, _is_tetrahedral),
            _share(backbone, lambda atom: atom.GetAtomicNum() not in (1, 6)),
            _share(backbone, lambda atom: _is_tetrahedral(atom) and atom.GetDegree() == 4),
            _rotatable(chain, backbone) / length,
            bond_counting_volume(plain) / length,
            polymer.molar_mass / length,
            side / size,
            branches / length,
            float(longest),
            _share(unit, _is_tetrahedral),
            _share(unit, lambda atom: _is_tetrahedral(atom) and atom.GetDegree() == 3),
            _share(unit, lambda atom: _is_tetrahedral(atom) and atom.GetDegree() == 4),
            _share(unit, lambda atom: atom.GetAtomicNum() == 6 and atom.GetTotalNumHs() == 3),
            _share(unit, _in_ring),
            _share(unit, _is_aromatic),
            _share(unit, lambda atom: chain.GetRingInfo().NumAtomRings(atom.GetIdx()) > 1),
            _multiple_bonds(unit) / size,
            _share(unit, lambda atom: atom.GetAtomicNum() in _HALOGENS),
            _polar_surface(plain) / size,
            sum(atom.GetTotalNumHs() > 0 and atom.GetAtomicNum() in (7, 8) for atom in unit) / size,
            sum(atom.GetTotalNumHs() for atom in unit) / size,
        ]
        return np.array(values, dtype=np.float64)


def _share(atoms: list[Chem.Atom], condition: Any) -> float:
    return sum(bool(condition(atom)) for atom in atoms) / len(atoms)


def _in_ring(atom: Chem.Atom) -> bool:
    return bool(atom.IsInRing())


def _is_aromatic(atom: Chem.Atom) -> bool:
    return bool(atom.GetIsAromatic())


def _is_tetrahedral(atom: Chem.Atom) -> bool:
    return atom.GetAtomicNum() in (6, 14) and atom.GetHybridization() == Chem.HybridizationType.SP3


def _rotatable(chain: Chem.Mol, backbone: list[Chem.Atom]) -> int:
    """Count single bonds of no ring along the backbone; the one to the next unit is this unit's."""
    inside = {atom.GetIdx() for atom in backbone}
    count = 0
    for bond in chain.GetBonds():
        begin, end = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        forward = {bond.GetBeginAtom().GetIntProp("unit"), bond.GetEndAtom().GetIntProp("unit")}
        belongs = {begin, end} <= inside or (forward == {1, 2} and bool({begin, end} & inside))
        count += belongs and bond.GetBondType() == Chem.BondType.SINGLE and not bond.IsInRing()
    return count


def _side_chains(unit: list[Chem.Atom], backbone: list[Chem.Atom]) -> tuple[int, int, int]:
    """Return the heavy atoms of side chains, their number, and the longest one in bonds."""
    indices = {atom.GetIdx(): atom for atom in unit}
    main = {atom.GetIdx() for atom in backbone}
    # Rings that the backbone runs through belong to it, and what is fused to them.
    frontier = list(main)
    while frontier:
        atom = indices[frontier.pop()]
        for bond in atom.GetBonds():
            other = bond.GetOtherAtomIdx(atom.GetIdx())
            if bond.IsInRing() and other in indices and other not in main:
                main.add(other)
                frontier.append(other)
    branches, longest, seen = 0, 0, set(main)
    for start in sorted(main):
        for neighbour in indices[start].GetNeighbors():
            if neighbour.GetIdx() not in seen and neighbour.GetIdx() in indices:
                branches += 1
                longest = max(longest, _depth(neighbour.GetIdx(), indices, seen))
    return len(unit) - len(main), branches, longest


def _depth(start: int, indices: dict[int, Chem.Atom], seen: set[int]) -> int:
    """Walk a side chain breadth first, mark its atoms as seen, and return how many bonds it reaches out."""
    depth, layer = 0, [start]
    seen.add(start)
    while layer:
        depth += 1
        following = []
        for index in layer:
            for neighbour in indices[index].GetNeighbors():
                if neighbour.GetIdx() in indices and neighbour.GetIdx() not in seen:
                    seen.add(neighbour.GetIdx())
                    following.append(neighbour.GetIdx())
        layer = following
    return depth


def _multiple_bonds(unit: list[Chem.Atom]) -> float:
    """Count double and triple bonds that are not aromatic; half of one that leads into another unit."""
    own = {atom.GetIdx() for atom in unit}
    bonds = {bond.GetIdx(): bond for atom in unit for bond in atom.GetBonds()}
    multiple = (Chem.BondType.DOUBLE, Chem.BondType.TRIPLE)
    return sum(
        1.0 if {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()} <= own else 0.5
        for bond in bonds.values()
        if bond.GetBondType() in multiple
    )


def _polar_surface(polymer: Polymer) -> float:
    from rdkit.Chem.rdMolDescriptors import CalcTPSA

    return float(CalcTPSA(polymer.oligomer(3)) - CalcTPSA(polymer.oligomer(2)))
