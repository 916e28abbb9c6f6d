"""Chains by index arithmetic are the chains that RDKit builds from the SMILES of an oligomer."""

import numpy as np
import pytest
from rdkit import Chem

from polyloop.chem import Chain, ChainUnit, Polymer
from polyloop.core import InvalidInputError


def as_mol(chain):
    mol = Chem.RWMol()
    charges = np.concatenate([[0] * 4, *(chain.units[k].formal_charges for k in chain.sequence), [0] * 4])
    for number, charge in zip(chain.numbers, charges, strict=True):
        atom = Chem.Atom(int(number))
        atom.SetFormalCharge(int(charge))
        atom.SetNoImplicit(True)
        mol.AddAtom(atom)
    kinds = {1: Chem.BondType.SINGLE, 2: Chem.BondType.DOUBLE, 3: Chem.BondType.TRIPLE}
    for (i, j), order in zip(chain.bonds, chain.orders, strict=True):
        mol.AddBond(int(i), int(j), kinds[int(order)])
    Chem.SanitizeMol(mol)
    return mol


@pytest.mark.parametrize(
    "smiles",
    ["*CC*", "*CC(*)c1ccccc1", "*CC(C)(*)C(=O)OC", "*c1ccc(*)cc1", "*O[Si](C)(C)*", "*NCC(=O)*", "*C(C*)C#N",
     "*CC(*)C(=O)[O-]", "*CC(F)(F)*", "*c1ccc(cc1)Oc1ccc(cc1)C(C)(C)c1ccc(cc1)O*"],
)  # fmt: skip
@pytest.mark.parametrize("degree", [1, 2, 5])
def test_a_homopolymer_is_the_oligomer(smiles, degree):
    polymer = Polymer(smiles)
    chain = Chain.homopolymer(polymer, degree)
    found = Chem.MolToSmiles(Chem.RemoveHs(as_mol(chain)), isomericSmiles=False)
    assert found == Chem.MolToSmiles(polymer.oligomer(degree), isomericSmiles=False)
    assert len(chain.bonds) == len(chain.orders) == chain.n_atoms - 1 + len(chain.rings)


def test_units_joints_and_rings_know_their_atoms():
    chain = Chain.homopolymer(Polymer("*CC(*)c1ccccc1"), 3)
    unit = chain.units[0]
    assert chain.n_atoms == 8 + 3 * unit.n_atoms
    assert [int((chain.unit == k).sum()) for k in range(-1, 4)] == [4, 16, 16, 16, 4]
    assert (chain.numbers[chain.unit == 1] == unit.numbers).all()
    assert (chain.within[chain.unit == 2] == np.arange(16)).all()
    assert chain.joints.shape == (4, 2)
    assert [chain.unit[ring].tolist() for ring in chain.rings] == [[k] * 6 for k in range(3)]


def test_a_copolymer_follows_its_sequence():
    units = (ChainUnit.of(Polymer("*CC*")), ChainUnit.of(Polymer("*CC(*)C")))
    chain = Chain(units, np.array([0, 1, 1, 0]))
    assert np.diff(chain.starts).tolist() == [6, 9, 9, 6]
    assert Chem.MolToSmiles(Chem.RemoveHs(as_mol(chain))) == Chem.CanonSmiles("CCCCC(C)CC(C)CCC")


@pytest.mark.parametrize("sequence", [[], [1], [-1]])
def test_a_sequence_that_names_no_unit_is_refused(sequence):
    with pytest.raises(InvalidInputError, match="sequence of numbers from 0 to 0"):
        Chain((ChainUnit.of(Polymer("*CC*")),), np.array(sequence, dtype=np.int64))


def test_a_chain_without_single_bonds_is_refused_with_a_mend():
    with pytest.raises(InvalidInputError, match="multiple bond inside"):
        Chain.homopolymer(Polymer("*=C=*"), 3)


@pytest.mark.parametrize(
    "smiles",
    ["*=CC=*", "*=CNc1ccc(CCc2ccc(N=*)cc2)cc1", "*=Cc1ccc(C2=CSC(=*)S2)cc1", "*=NN=Cc1ccc(C=*)cc1"],
)
def test_a_unit_cut_at_a_double_bond_is_taken_in_the_standard_spelling(smiles):
    polymer = Polymer(smiles)
    chain = Chain.homopolymer(polymer, 3)
    assert polymer.joint_order == 2
    assert chain.units[0].polymer.smiles == polymer.canonical
    standard = Chain.homopolymer(polymer.standardized(), 3)
    assert np.array_equal(chain.numbers, standard.numbers) and np.array_equal(chain.bonds, standard.bonds)
