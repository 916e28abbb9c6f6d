"""Fragments: a rigid block of a chain with as much of its surroundings as fixes its geometry."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rdkit import Chem

from polyloop.core.errors import EvaluationError, FailureCode

__all__ = ["Centre", "DoubleBond", "Fragment"]

_ORDERS = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}


@dataclass(frozen=True)
class Centre:
    """A stereocentre: an atom, its four neighbours, and the sense in which they stand.

    `sign` is +1 where the last three neighbours turn clockwise when seen from the first, -1 where counter-clockwise.
    """

    atom: int
    neighbours: tuple[int, int, int, int]
    sign: int


@dataclass(frozen=True)
class DoubleBond:
    """A double bond between two atoms, with one substituent of each on the same side (`cis`) or on opposite sides."""

    atoms: tuple[int, int]
    substituents: tuple[int, int]
    cis: bool


@dataclass(frozen=True)
class Fragment:
    """A block, the atoms that it is joined to, their neighbours, and hydrogens where the rest of the chain was cut off.

    Hashable: equal fragments of different places in a chain, or of different chains, are embedded once.

    Parameters
    ----------
    numbers, formal_charges
        Of each atom; those of the block come first.
    bonds
        (atom, atom, order).
    n_block
        Number of atoms in the block.
    before, previous
        The last two backbone atoms before the block.
    head, after
        The first backbone atom of the block and the backbone atom behind it.
    ahead, tail
        The last backbone atom of the block, `tail`, and the backbone atom before it.
    following
        The first backbone atom behind the block.
    """

    numbers: tuple[int, ...]
    formal_charges: tuple[int, ...]
    bonds: tuple[tuple[int, int, int], ...]
    n_block: int
    before: int
    previous: int
    head: int
    after: int
    ahead: int
    tail: int
    following: int
    centres: tuple[Centre, ...] = ()
    double_bonds: tuple[DoubleBond, ...] = ()

    def mirrored(self) -> Fragment:
        """The mirror image."""
        return replace(self, centres=tuple(replace(centre, sign=-centre.sign) for centre in self.centres))

    @property
    def mol(self) -> Chem.Mol:
        """The fragment as a sanitized RDKit molecule with explicit hydrogens and its stereo.

        Raises
        ------
        EvaluationError
            If RDKit finds an atom's valence impossible.
        """
        mol = Chem.RWMol()
        for number, charge in zip(self.numbers, self.formal_charges, strict=True):
            atom = Chem.Atom(number)
            atom.SetFormalCharge(charge)
            atom.SetNoImplicit(True)
            mol.AddAtom(atom)
        for first, second, order in self.bonds:
            mol.AddBond(first, second, _ORDERS[order])
        for centre in self.centres:
            _set_tag(mol.GetAtomWithIdx(centre.atom), centre)
        try:
            Chem.SanitizeMol(mol)
        except Chem.MolSanitizeException as error:
            raise EvaluationError(
                FailureCode.CONFORMER, "chain growth", f"A piece of the chain is no molecule: {error}"
            ) from error
        for double in self.double_bonds:
            bond = mol.GetBondBetweenAtoms(*double.atoms)
            bond.SetStereoAtoms(*_in_order_of(bond, double))
            bond.SetStereo(Chem.BondStereo.STEREOCIS if double.cis else Chem.BondStereo.STEREOTRANS)
        return mol.GetMol()


def _set_tag(atom: Chem.Atom, centre: Centre) -> None:
    order = [bond.GetOtherAtomIdx(centre.atom) for bond in atom.GetBonds()]
    place = [order.index(neighbour) for neighbour in centre.neighbours]
    swaps = sum(place[i] > place[j] for i in range(4) for j in range(i + 1, 4))
    clockwise = (centre.sign > 0) == (swaps % 2 == 0)
    atom.SetChiralTag(Chem.ChiralType.CHI_TETRAHEDRAL_CW if clockwise else Chem.ChiralType.CHI_TETRAHEDRAL_CCW)


def _in_order_of(bond: Chem.Bond, double: DoubleBond) -> tuple[int, int]:
    first, second = double.substituents
    return (first, second) if bond.GetBeginAtomIdx() == double.atoms[0] else (second, first)
