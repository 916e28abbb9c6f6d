"""GAFF2_mod topologies of molecules: the package's types and parameters, and refusals that name atom and term."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from radonpy_assignment import assign, differences
from rdkit import Chem

from polyloop.chem import Chain, Polymer
from polyloop.chem.forcefield import (
    RADONPY_FORCE_FIELD,
    chain_molecule,
    gaff2_mod,
    gasteiger_charges,
    ion,
    type_chain,
    type_molecule,
)
from polyloop.core import EvaluationError, InvalidInputError

DATA = Path(os.environ.get("POLYLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))
PI1070 = DATA / "radonpy_pi1070" / "PI1070.csv.gz"


def molecule(smiles):
    return Chem.AddHs(Chem.MolFromSmiles(smiles))


def types_of(topology):
    return [topology.type_names[code] for code in topology.types]


@pytest.mark.parametrize(
    ("smiles", "types"),
    # The names are those of GAFF (doi:10.1002/jcc.20035, table 1) and of GAFF2's added ones.
    [
        ("CC", "c3 c3 hc hc hc hc hc hc"),
        ("c1ccccc1", "ca ca ca ca ca ca ha ha ha ha ha ha"),
        ("O", "ow hw hw"),
        ("CC(=O)NC", "c3 c o ns c3 hc hc hc hn h1 h1 h1"),
        ("FC(F)(F)F", "f c3f f f f"),
        ("C=CC=C", "c2 ce ce c2 ha ha ha ha ha ha"),
        ("C1CC1", "cx cx cx hc hc hc hc hc hc"),
        ("CS(=O)(=O)C", "c3 s6 o o c3 hc hc hc hc hc hc"),
        ("C[N+](C)(C)C", "c3 n4 c3 c3 c3" + " hx" * 12),
    ],
)
def test_atoms_have_the_types_of_the_force_field(smiles, types):
    assert types_of(type_molecule(molecule(smiles))) == types.split()


# One or more molecules for each branch of the typing rules, each substitute, and each way to a parameter.
DIVERSE = [
    "CCO", "OCC=O", "CC(=O)OC", "C=C", "C#CC", "CC#N", "C=C=C", "C=CC=CC=C", "C#CC#CC=C", "c1ccsc1", "c1cc[nH]c1",
    "c1cnc[nH]1", "c1ccncc1", "c1ccc2ccccc2c1", "c1ccccc1-c1ccccc1", "c1ccccc1-c1ccccc1-c1ccccc1",
    "c1ccc2c(c1)-c1ccccc1-2", "C1CCC1", "C1=CC1", "C1=CCC1", "C1CCCCC1", "CN", "CNC", "CN(C)C", "Nc1ccccc1",
    "CNc1ccccc1", "CN(C)c1ccccc1", "NC(=O)C", "CC(=O)N(C)C", "CC(=S)N", "CC(=S)C", "C[N+](=O)[O-]", "C[NH3+]",
    "C[NH2+]C", "C[NH+](C)C", "CC=NC", "C=CC=NC", "C=NN=C", "CN=NC", "c1ccccc1N=Nc1ccccc1", "CS", "CSC", "CSSC",
    "CS(C)=O", "CS(=O)(=O)C=C", "CS(=O)C=C", "CS(=O)(=O)O", "O=S(=O)(N)c1ccccc1", "CP", "CP(C)C", "CP(=O)(C)C",
    "CP(=O)(OC)OC", "C=CP(=O)(C)C", "CN=P(C)(C)C", "CC(F)F", "FC=C", "CC(Cl)Cl", "CCBr", "CI", "FC(F)(F)C(F)(F)F",
    "OC(=O)c1ccccc1", "O=C1c2ccccc2C(=O)N1C", "C=C(C)C(=O)OC", "COC(=O)OC", "CNC(=O)OC", "CNC(=O)NC",
    "O=C(O)C(F)(F)F", "OO", "C1CO1", "[2H]C([2H])([2H])O", "CC(=O)OC(C)=O", "c1ccc2c(c1)[nH]c1ccccc12",
    "c1nnc(C)o1", "Oc1ccccc1", "N#CC#N", "C=CC#N", "C1CN1", "CC(C)(C)c1ccc(O)cc1", "FC1(F)CC1", "O=C1C=CC(=O)C=C1",
    "c1ccc(cc1)C=Cc1ccccc1", "CN1C=CC=C1", "C1=CC=CC=CC=C1", "[O-]C(=O)C", "N", "[NH4+]", "O=C=O",
]  # fmt: skip


@pytest.mark.parametrize("smiles", DIVERSE)
def test_every_parameter_is_the_one_that_the_package_assigns(smiles):
    mol = molecule(smiles)
    assigned = assign(mol)
    if assigned is None:
        with pytest.raises(EvaluationError):
            type_molecule(mol, RADONPY_FORCE_FIELD)
    else:
        assert differences(assigned, type_molecule(mol, RADONPY_FORCE_FIELD)) == []


def test_the_package_is_not_imported():
    code = (
        "import sys; from rdkit import Chem; from polyloop.chem.forcefield import type_molecule; "
        "type_molecule(Chem.AddHs(Chem.MolFromSmiles('CC'))); print('radonpy' in sys.modules)"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.strip() == "False"


def test_ethane_has_its_terms():
    """By hand: 7 bonds, 6 angles at each carbon, 9 dihedrals, all of X-c3-c3-X or one of its special cases."""
    ethane = type_molecule(molecule("CC"))
    assert (len(ethane.bonds), len(ethane.angles), len(ethane.dihedrals), len(ethane.impropers)) == (7, 12, 9, 0)
    assert ethane.masses.sum() == pytest.approx(2 * 12.011 + 6 * 1.008)
    assert not ethane.charges.any()
    assert set(ethane.molecule) == set(ethane.residue) == {0}


def test_the_centre_of_an_improper_comes_first():
    """Formaldehyde-like planar centres: phi is the dihedral centre - 1 - 2 - 3, minimum at 180 degrees with sign -1."""
    benzene = type_molecule(molecule("c1ccccc1"))
    assert sorted(benzene.impropers[:, 0]) == list(range(6))
    assert (benzene.impropers[:, 3] >= 6).all()
    assert set(benzene.improper_sign) == {-1}
    assert set(benzene.improper_n) == {2}


def test_molecules_of_one_object_are_counted():
    both = type_molecule(molecule("CC.O"))
    assert both.molecule.tolist() == both.residue.tolist() == [0, 0, 1, *[0] * 6, 1, 1]


def test_the_given_molecule_is_left_as_it_is():
    thiophene = molecule("c1ccsc1")
    before = Chem.MolToSmiles(thiophene), [a.GetPropsAsDict() for a in thiophene.GetAtoms()]
    type_molecule(thiophene)
    assert (Chem.MolToSmiles(thiophene), [a.GetPropsAsDict() for a in thiophene.GetAtoms()]) == before


def test_a_term_without_parameters_is_named_with_its_atoms():
    with pytest.raises(EvaluationError) as caught:
        type_molecule(molecule("COOOC"))
    assert caught.value.failure.code == "element"
    assert "the angle os-os-os: atom 2 (O), atom 3 (O), atom 4 (O)" in str(caught.value)
    assert gaff2_mod().bond(("f", "f")) is None


def test_an_element_without_types_is_named_by_its_number_in_the_repeat_unit_as_written():
    with pytest.raises(EvaluationError, match=r"no atom type for atom 3 \(Si\) of '\*O\[Si\]\(\*\)\(C\)C'"):
        type_chain(Chain.homopolymer(Polymer("*O[Si](*)(C)C"), 10))
    with pytest.raises(EvaluationError, match=r"angle os-os-os: atom 2 \(O\) of '\*O\*'"):
        type_chain(Chain.homopolymer(Polymer("*O*"), 10))


def test_a_hydrogen_without_type_is_refused():
    """The rules know hydrogens beside an electron-withdrawing atom on carbon of three or four bonds only."""
    with pytest.raises(EvaluationError, match=r"no atom type for atom 3 \(H\)"):
        type_molecule(molecule("C#N"))


def test_implicit_hydrogens_are_refused_with_a_mend():
    with pytest.raises(InvalidInputError, match=r"Atom 1 \(C\) has implicit hydrogens.*AddHs"):
        type_molecule(Chem.MolFromSmiles("CC"))


def test_a_molecule_without_sense_is_refused():
    with pytest.raises(InvalidInputError, match="valence"):
        type_molecule(Chem.MolFromSmiles("C(C)(C)(C)(C)C", sanitize=False))


def test_an_element_without_charge_is_named():
    with pytest.raises(EvaluationError, match=r"no Gasteiger charges.*C, H, Se"):
        gasteiger_charges(molecule("C[Se]C"))


@pytest.mark.parametrize(
    ("name", "charge", "half_minimum", "epsilon", "mass"),
    # Joung and Cheatham, doi:10.1021/jp8001614, table 5, TIP3P.
    [("Na+", 1, 1.369, 0.0874393, 22.990), ("Cl-", -1, 2.513, 0.0355910, 35.453)],
)
def test_ions_have_their_minimum_where_it_was_published(name, charge, half_minimum, epsilon, mass):
    one = ion(name)
    assert (one.n_atoms, one.charges.tolist(), one.type_names) == (1, [charge], (name,))
    r = 2 * half_minimum
    reduced = (one.sigma[0] / r) ** 6
    assert 4 * one.epsilon[0] * (reduced**2 - reduced) == pytest.approx(-epsilon, rel=1e-12)
    assert 12 * reduced**2 - 6 * reduced == pytest.approx(0, abs=1e-12)
    assert one.masses[0] == pytest.approx(mass, abs=0.001)


def test_an_unknown_ion_is_refused():
    with pytest.raises(InvalidInputError, match=r"Na\+, Cl-"):
        ion("K+")


@pytest.mark.reference
def test_polymers_of_pi1070_are_identical():
    """24 polymers; all 1,077 are compared by benchmarks/forcefield.py."""
    if not PI1070.exists():
        pytest.skip(f"the public table PI1070 is not at {PI1070}; set POLYLOOP_DATA")
    for smiles in pd.read_csv(PI1070)["smiles"].iloc[5::46]:
        polymer = Polymer(smiles)
        oligomer, chain = Chem.AddHs(polymer.oligomer(2)), Chain.homopolymer(polymer, 2)
        assert differences(assign(oligomer), type_molecule(oligomer, RADONPY_FORCE_FIELD)) == [], smiles
        assert differences(assign(chain_molecule(chain)), type_chain(chain, RADONPY_FORCE_FIELD)) == [], smiles


def test_empty_combinations_do_not_disturb():
    """Methane has no dihedral, hydrogen chloride no angle."""
    assert type_molecule(molecule("C")).dihedrals.shape == (0, 4)
    assert np.isfinite(type_molecule(molecule("C")).angle_k).all()
