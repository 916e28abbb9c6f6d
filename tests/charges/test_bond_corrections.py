"""Bond charge corrections move charge along bonds by kind, and never make any."""

import numpy as np
import pytest
from rdkit import Chem

from polyloop.simulate.charges.bond_corrections import BondCorrections, bond_kinds, shipped_corrections


def graph(smiles):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    return np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()]), np.array(bonds)


def test_kinds_are_elements_and_neighbours_with_carbonyls_marked():
    assert set(bond_kinds(*graph("CO"))) == {"C4-O2", "C4-H1", "H1-O2"}
    assert "C3~-N3~" in bond_kinds(*graph("CC(N)=O")) and "C4-N3" in bond_kinds(*graph("CN"))


def test_bonds_between_alike_atoms_move_nothing():
    assert set(bond_kinds(*graph("CC"))) == {"C4-H1"}


def test_the_sign_is_from_the_second_atom_to_the_first():
    moved = BondCorrections("test", {"C4-O2": 0.1})(*graph("COC"))
    assert moved[:3] == pytest.approx([0.1, -0.2, 0.1]) and not moved[3:].any()


@pytest.mark.parametrize("smiles", ["CC(=O)OC", "C[N+](C)(C)C", "CC(F)(F)C", "C[Si](C)(C)O[Si](C)(C)C"])
def test_shipped_corrections_add_up_to_zero_and_treat_alike_atoms_alike(smiles):
    numbers, bonds = graph(smiles)
    corrections = shipped_corrections()
    moved = corrections(numbers, bonds)
    assert moved.any() and abs(moved.sum()) < 1e-12 and corrections.name == "gfn2_bond_charges@1"
    place = np.random.default_rng(1).permutation(len(numbers))
    shuffled = corrections(numbers[np.argsort(place)], place[bonds])
    assert shuffled[place] == pytest.approx(moved)


def test_a_kind_of_bond_that_the_fit_has_not_seen_moves_nothing():
    assert not BondCorrections("test", {"C4-O2": 0.1})(*graph("CCl")).any()
