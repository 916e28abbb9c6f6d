"""Conformers: reproducible, distinct, relaxed, and made also for hard cases."""

import numpy as np
import pytest
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core import EvaluationError, FailureCode
from polyloop.simulate.conformers import boltzmann_weights, embed, find_conformers, force_field_geometry


def test_butane_has_its_two_conformers_at_the_right_distance():
    conformers = find_conformers(Chem.MolFromSmiles("CCCC"), seed=0)
    assert len(conformers) == 2
    assert conformers[0].relative_energy == 0.0
    # Measured gauche - anti in the gas phase: 2.8 +- 0.4 kJ/mol (doi:10.1063/1.461466).
    assert conformers[1].relative_energy == pytest.approx(2.8, abs=1.0)


def test_the_same_seed_gives_the_same_conformers():
    mol = Polymer("*CC(*)OC").oligomer(1)
    first, second = (find_conformers(mol, seed=5) for _ in range(2))
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.geometry.coordinates, other.geometry.coordinates)
        assert one.relative_energy == other.relative_energy


def test_at_most_the_number_asked_for_comes_back():
    assert len(find_conformers(Chem.MolFromSmiles("CCCCC"), seed=0, keep=1)) == 1


def test_zero_is_a_seed_like_any_other():
    starts, _ = embed(Chem.MolFromSmiles("CCCCC"), 0, 4)
    first, second = (starts.GetConformer(i).GetPositions() for i in (0, 1))
    assert not np.allclose(first, second, atol=1e-3)


def test_bonds_are_those_of_the_smiles_with_hydrogens():
    _, bonds = embed(Chem.MolFromSmiles("CO"), 0, 1)
    assert bonds == {(0, 1), (0, 2), (0, 3), (0, 4), (1, 5)}


@pytest.mark.parametrize(
    "smiles",
    ["CN=P(C)(C)C", "C[Si](C)(C)O[Si](C)(C)C", "C[Ge](C)(C)C", "CI", "C12C3C4C1C5C2C3C45", "CC12CC3CC(CC(C3)C1)C2"],
    ids=["phosphazene", "siloxane", "germane without MMFF", "iodide", "cubane", "adamantane"],
)
def test_hard_cases_have_a_conformer(smiles):
    assert find_conformers(Chem.MolFromSmiles(smiles), seed=0, keep=1)


@pytest.mark.slow
def test_an_impossible_structure_is_a_conformer_failure():
    # Bicyclo[2.2.1]heptane with one bridgehead substituent inside the cage.
    both_outside, one_inside = "C[C@]12CC[C@](C)(C1)CC2", "C[C@]12CC[C@@](C)(C1)CC2"
    outcomes = []
    for smiles in (both_outside, one_inside):
        try:
            embed(Chem.MolFromSmiles(smiles), 0, 1)
        except EvaluationError as error:
            outcomes.append(error.failure.code)
    assert outcomes == [FailureCode.CONFORMER]


def test_a_radical_is_refused():
    with pytest.raises(EvaluationError, match="radical") as caught:
        find_conformers(Chem.MolFromSmiles("C[CH2]"), seed=0)
    assert caught.value.failure.code is FailureCode.UNSUPPORTED


def test_boltzmann_weights_are_normalised_and_fall_with_energy():
    weights = boltzmann_weights([0.0, 2.479, 100.0])
    assert weights.sum() == pytest.approx(1.0)
    # One k T at 298.15 K is 2.479 kJ/mol.
    assert weights[1] / weights[0] == pytest.approx(np.exp(-1.0), rel=1e-3)
    assert weights[2] < 1e-15


def test_the_force_field_geometry_is_reproducible():
    mol = Chem.MolFromSmiles("CCCO")
    first, second = (force_field_geometry(mol, 3).coordinates for _ in range(2))
    assert np.array_equal(first, second)
