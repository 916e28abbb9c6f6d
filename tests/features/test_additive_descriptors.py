"""The additive descriptors all at once are those that RDKit computes one by one."""

import os
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors

from polyloop.chem import Polymer
from polyloop.features.additive_descriptors import ADDITIVE, additive_descriptors, additive_pair

DATA = Path(os.environ.get("POLYLOOP_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
PI1070 = DATA / "radonpy_pi1070" / "PI1070.csv.gz"
KNOWN = dict(Descriptors.descList)
# Each with what some patterns look for: phosphorus, iodine, azide, charges, small rings, spiro, bridges, metals.
MOLECULES = [
    "C", "[H][H]", "[Na+].[Cl-]", "C1CC1CC1CCC1", "C1CC12CC2", "C1CC2CC1CC2", "CN=[N+]=[N-]", "c1ccc2c(c1)[nH]cc2",
    "OP(=O)(OC)OCC", "CS(=O)(=O)NC(N)=N", "FC(F)(F)C(Cl)(Br)I", "C[N+](C)(C)CC(=O)[O-]", "O=C1NC(=O)NC(=O)C1",
    "Cn1cnc2ccccc21", "CC(=O)Oc1ccccc1C(=O)O", "N#CC#C[Si](C)(C)C", "CC1=NN=NN1", "O=N(=O)c1ccc(O)cc1", "C1OC1CSC#N",
    "[2H]C(C)CO", "*CC*",
]  # fmt: skip
UNITS = ["*CC(*)c1ccccc1", "*NC(=O)c1ccc(cc1)C(=O)Nc1ccc(*)cc1", "*C(F)(F)C(*)(F)F", "*c1ccc(*)s1", "*CC1CC1*"]
SUMMED = tuple(f"Chi{order}{letter}" for order in range(5) for letter in "nv")


@pytest.mark.parametrize("smiles", MOLECULES)
def test_the_values_are_rdkits(smiles):
    check(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize("unit", UNITS)
def test_of_oligomers_too(unit):
    for n in (1, 4):
        check(Polymer(unit).oligomer(n))


def check(mol):
    values = additive_descriptors(Chem.Mol(mol))
    assert set(values) == set(ADDITIVE)
    for name in ADDITIVE:
        expected = KNOWN[name](mol)
        # Paths are summed in another order.
        assert values[name] == (pytest.approx(expected, rel=1e-13, abs=1e-15) if name in SUMMED else expected), name


@pytest.mark.parametrize("unit", UNITS)
def test_what_the_longer_oligomer_lacks_is_not_looked_for_in_the_shorter_and_nothing_changes(unit):
    shorter, longer = Polymer(unit).oligomer(4), Polymer(unit).oligomer(5)
    assert additive_pair(shorter, longer) == (additive_descriptors(shorter), additive_descriptors(longer))


@pytest.mark.reference
@pytest.mark.skipif(not PI1070.exists(), reason="the table radonpy_pi1070 is absent; set POLYLOOP_DATA")
def test_nothing_changes_for_the_units_of_pi1070():
    import pandas as pd

    from polyloop.features.oligomer import neighbouring_oligomers

    for smiles in pd.read_csv(PI1070).smiles[::20]:
        shorter, longer = neighbouring_oligomers(Polymer(smiles), 8)
        assert additive_pair(shorter, longer) == (additive_descriptors(shorter), additive_descriptors(longer)), smiles
