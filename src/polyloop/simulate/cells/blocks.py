"""Blocks: repeat units cut at the bonds of the backbone that turn, and each block's surroundings in the chain."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from rdkit import Chem

from polyloop.chem.chain import Chain, ChainUnit
from polyloop.simulate.cells.fragment import Centre, DoubleBond, Fragment

__all__ = ["Block", "UnitBlocks", "fragments_of"]

# Stand for the atoms of the neighbouring units in the stereo of a unit, which is otherwise given by the unit's indices.
_PREVIOUS, _FOLLOWING = -1, -2


@dataclass(frozen=True)
class Block:
    """Atoms of a unit between two backbone bonds that turn: rigid but for its side groups.

    `path` holds the backbone atoms from head to tail, `atoms` all of them, sorted; both count inside the unit.
    """

    atoms: tuple[int, ...]
    path: tuple[int, ...]


class UnitBlocks:
    """A repeat unit cut into blocks, with the stereo that the user gave and the centres that are free.

    A bond of the backbone turns when it is single and in no ring.
    """

    def __init__(self, unit: ChainUnit) -> None:
        self.unit = unit

    @cached_property
    def _mol(self) -> Chem.Mol:
        """The unit with explicit hydrogens and stars that differ, so that the chain's two directions do."""
        mol = self.unit.polymer.mol
        for isotope, star in enumerate(self.unit.polymer.stars, start=1):
            mol.GetAtomWithIdx(star).SetIsotope(isotope)
        return Chem.AddHs(mol)

    @cached_property
    def _place(self) -> dict[int, int]:
        """Index in the unit of each atom of `_mol`."""
        head, tail = self.unit.polymer.stars
        kept = [i for i in range(self._mol.GetNumAtoms()) if i not in (head, tail)]
        return {old: new for new, old in enumerate(kept)} | {head: _PREVIOUS, tail: _FOLLOWING}

    @cached_property
    def path(self) -> tuple[int, ...]:
        """Backbone atoms from head to tail."""
        return tuple(self._place[atom] for atom in self.unit.polymer.backbone)

    @cached_property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks from head to tail."""
        order = {tuple(sorted(pair)): k for pair, k in zip(self.unit.bonds.tolist(), self.unit.orders, strict=True)}
        cuts = {
            i
            for i, pair in enumerate(zip(self.path, self.path[1:], strict=False))
            if order[tuple(sorted(pair))] == 1 and not any(set(pair) <= set(ring) for ring in self.unit.rings)
        }
        severed = {tuple(sorted(self.path[i : i + 2])) for i in cuts}
        neighbours: list[list[int]] = [[] for _ in range(self.unit.n_atoms)]
        for first, second in order:
            if (first, second) not in severed:
                neighbours[first].append(second)
                neighbours[second].append(first)
        edges = [0, *(i + 1 for i in sorted(cuts)), len(self.path)]
        paths = [self.path[start:end] for start, end in pairwise(edges)]
        return tuple(Block(_reached(neighbours, path[0]), path) for path in paths)

    @cached_property
    def centres(self) -> dict[int, Centre]:
        """Stereocentres by atom: those that the user gave, and free ones of the backbone (with sign 0).

        Free ones order their neighbours as previous and next backbone atom, then the substituent with the heavier
        first atom: equal signs along a chain are then equal arrangements along it.
        """
        ranks = list(Chem.CanonicalRankAtoms(self._mol, breakTies=False))
        centres = {}
        for found in Chem.FindPotentialStereo(Chem.Mol(self._mol)):
            if found.type != Chem.StereoType.Atom_Tetrahedral:
                continue
            atom = self._mol.GetAtomWithIdx(found.centeredOn)
            bonded = [bond.GetOtherAtom(atom) for bond in atom.GetBonds()]
            if len(bonded) != 4:
                continue  # pyramidal: the fourth neighbour is a lone pair
            place = self._place[found.centeredOn]
            tag = atom.GetChiralTag()
            if tag != Chem.ChiralType.CHI_UNSPECIFIED:
                clockwise = tag == Chem.ChiralType.CHI_TETRAHEDRAL_CW
                centres[place] = self._centre(atom, bonded, 1 if clockwise else -1)
            elif place in self.path:
                i = self.path.index(place)
                backbone = [(_PREVIOUS, *self.path)[i], (*self.path, _FOLLOWING)[i + 1]]
                side = [other for other in bonded if self._place[other.GetIdx()] not in backbone]
                side.sort(key=lambda other: (-other.GetAtomicNum(), -ranks[other.GetIdx()]))
                along = sorted(
                    (other for other in bonded if self._place[other.GetIdx()] in backbone),
                    key=lambda other: backbone.index(self._place[other.GetIdx()]),
                )
                centres[place] = self._centre(atom, along + side, 0)
        return centres

    def _centre(self, atom: Chem.Atom, neighbours: list[Chem.Atom], sign: int) -> Centre:
        first, second, third, fourth = (self._place[other.GetIdx()] for other in neighbours)
        return Centre(self._place[atom.GetIdx()], (first, second, third, fourth), sign)

    @cached_property
    def free_centres(self) -> tuple[int, ...]:
        """Free stereocentres of the backbone from head to tail."""
        return tuple(atom for atom in self.path if atom in self.centres and not self.centres[atom].sign)

    @cached_property
    def double_bonds(self) -> tuple[DoubleBond, ...]:
        """Double bonds whose arrangement the user gave."""
        found = []
        for bond in self._mol.GetBonds():
            if bond.GetStereo() in (Chem.BondStereo.STEREONONE, Chem.BondStereo.STEREOANY):
                continue
            first, second = bond.GetStereoAtoms()
            found.append(
                DoubleBond(
                    (self._place[bond.GetBeginAtomIdx()], self._place[bond.GetEndAtomIdx()]),
                    (self._place[first], self._place[second]),
                    bond.GetStereo() in (Chem.BondStereo.STEREOZ, Chem.BondStereo.STEREOCIS),
                )
            )
        return tuple(found)


def _reached(neighbours: list[list[int]], start: int) -> tuple[int, ...]:
    """Atoms connected to `start`, sorted."""
    seen, edge = {start}, [start]
    while edge:
        edge = [other for atom in edge for other in neighbours[atom] if other not in seen]
        seen.update(edge)
    return tuple(sorted(seen))


def fragments_of(left: UnitBlocks, middle: UnitBlocks, right: UnitBlocks) -> list[Fragment]:
    """Return one fragment for each block of `middle` between the units `left` and `right`.

    Free centres have sign 0; see `UnitBlocks.free_centres`.
    """
    surroundings = _Surroundings(left, middle, right)
    return [surroundings.fragment(block) for block in middle.blocks]


class _Surroundings:
    """Three units with methyl ends: where the fragments of the middle one are cut out."""

    def __init__(self, left: UnitBlocks, middle: UnitBlocks, right: UnitBlocks) -> None:
        units = (left, middle, right)
        trimer = Chain(tuple(unit.unit for unit in units), np.arange(3))
        self.middle = middle
        self.numbers = trimer.numbers
        self.charges = np.zeros(trimer.n_atoms, dtype=np.int64)
        self.backbone = [0]
        for unit, start in zip(units, trimer.starts.tolist(), strict=False):
            self.charges[start : start + unit.unit.n_atoms] = unit.unit.formal_charges
            self.backbone += [start + atom for atom in unit.path]
        self.backbone.append(int(trimer.starts[-1]))
        self.bonded: list[dict[int, int]] = [{} for _ in range(trimer.n_atoms)]
        for (first, second), order in zip(trimer.bonds.tolist(), trimer.orders.tolist(), strict=True):
            self.bonded[first][second] = self.bonded[second][first] = order
        self.origin = int(trimer.starts[1])
        # Where the indices of the middle unit, and the two that stand for its neighbours, are in the trimer.
        self.trimer_index = {atom: self.origin + atom for atom in range(middle.unit.n_atoms)}
        self.trimer_index |= {_PREVIOUS: int(trimer.joints[1, 0]), _FOLLOWING: int(trimer.joints[2, 1])}

    def fragment(self, block: Block) -> Fragment:
        """Cut out a block with the atoms that it is joined to and their neighbours."""
        first = self.backbone.index(self.origin + block.path[0])
        last = first + len(block.path) - 1
        before, previous, head, after = self.backbone[first - 2 : first + 2]
        ahead, tail, following = self.backbone[last - 1 : last + 2]
        kept = [self.origin + atom for atom in block.atoms] + [previous, following]
        for joined in (previous, following):
            # Sorted by element, so that like surroundings give like fragments wherever they stand in the unit.
            shell = [atom for atom in self.bonded[joined] if atom not in kept]
            kept += sorted(shell, key=lambda atom: (atom != before, -self.numbers[atom], atom))
        place = {atom: index for index, atom in enumerate(kept)}
        bonds, hydrogens = self._bonds(place)
        named = {name: place[atom] for name, atom in (
            ("before", before), ("previous", previous), ("head", head), ("after", after),
            ("ahead", ahead), ("tail", tail), ("following", following),
        )}  # fmt: skip
        centres, double_bonds = self._stereo(block, place)
        return Fragment(
            numbers=tuple(self.numbers[kept].tolist()) + (1,) * hydrogens,
            formal_charges=tuple(self.charges[kept].tolist()) + (0,) * hydrogens,
            bonds=bonds,
            n_block=len(block.atoms),
            centres=centres,
            double_bonds=double_bonds,
            **named,
        )

    def _bonds(self, place: dict[int, int]) -> tuple[tuple[tuple[int, int, int], ...], int]:
        """Bonds between the kept atoms and to the hydrogens that fill cut bonds, and the number of these hydrogens."""
        bonds, hydrogens = [], 0
        for atom, index in place.items():
            for other, order in self.bonded[atom].items():
                if other not in place:
                    bonds += [(index, len(place) + hydrogens + i, 1) for i in range(order)]
                    hydrogens += order
                elif index < place[other]:
                    bonds.append((index, place[other], order))
        return tuple(sorted(bonds)), hydrogens

    def _stereo(self, block: Block, place: dict[int, int]) -> tuple[tuple[Centre, ...], tuple[DoubleBond, ...]]:
        local = {atom: place[index] for atom, index in self.trimer_index.items() if index in place}
        centres = []
        for atom, centre in sorted(self.middle.centres.items()):
            if atom in block.atoms:
                first, second, third, fourth = (local[neighbour] for neighbour in centre.neighbours)
                centres.append(Centre(local[atom], (first, second, third, fourth), centre.sign))
        double_bonds = tuple(
            DoubleBond(
                (local[bond.atoms[0]], local[bond.atoms[1]]),
                (local[bond.substituents[0]], local[bond.substituents[1]]),
                bond.cis,
            )
            for bond in self.middle.double_bonds
            if bond.atoms[0] in block.atoms
        )
        return tuple(centres), double_bonds
