"""GFN2-xTB engine: known energies, sound geometries, and refusals with a reason."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.quantum import tblite
from polyloop.simulate.conformers import force_field_geometry


@pytest.fixture(scope="module")
def ethane() -> Geometry:
    return force_field_geometry(Chem.MolFromSmiles("CC"), 0)


def embedded(smiles: str) -> Geometry:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    rdDistGeom.EmbedMolecule(mol, randomSeed=7)
    return Geometry.from_mol(mol)


def test_the_energy_of_the_optimised_ethane_is_that_of_the_reference_program(ethane):
    # xtb 6.7 --gfn 2 --opt: -7.3363706 hartree.
    assert tblite.optimize(ethane).energy == pytest.approx(-7.33637, abs=2e-5)


def test_the_gradient_is_the_derivative_of_the_energy(ethane):
    surface = tblite.TightBinding(ethane)
    step, x = 1e-3, ethane.coordinates.copy()
    analytic = surface(x).gradient[0, 0]
    forward, backward = x.copy(), x.copy()
    forward[0, 0] += step
    backward[0, 0] -= step
    numeric = (surface(forward).energy - surface(backward).energy) / (2 * step / 0.529177210903)
    assert analytic == pytest.approx(numeric, abs=2e-5)


def test_the_minimum_is_stationary():
    relaxed = tblite.optimize(embedded("CCO")).geometry
    gradient = tblite.TightBinding(relaxed)(relaxed.coordinates).gradient
    assert np.abs(gradient).max() < 8e-4
    assert np.sqrt(np.mean(gradient**2)) < 3e-4


def test_bond_lengths_of_the_minimum_are_chemical():
    relaxed = tblite.optimize(embedded("CC")).geometry
    # Gas-phase electron diffraction: C-C of ethane 1.534 angstrom (Iijima 1973).
    assert np.linalg.norm(relaxed.coordinates[0] - relaxed.coordinates[1]) == pytest.approx(1.534, abs=0.02)


@pytest.mark.parametrize("smiles", ["C[Si](C)(C)C", "CI", "CBr", "CS(C)(=O)=O", "CP(C)(C)=O", "FC(F)(F)F", "CCl"])
def test_every_element_of_the_protocol_relaxes(smiles):
    mol = Chem.MolFromSmiles(smiles)
    relaxed = tblite.optimize(force_field_geometry(mol, 0))
    assert np.isfinite(relaxed.energy)


def test_water_dissolves_methanol_better_than_ethane(ethane):
    methanol = force_field_geometry(Chem.MolFromSmiles("CO"), 0)
    # Measured: methanol -21.4 kJ/mol, ethane +7.7 (Minnesota solvation database). The model's mean error for neutral
    # solutes in water is about 6 kJ/mol (doi:10.1021/acs.jctc.1c00471).
    assert tblite.solvation_energy(methanol) == pytest.approx(-21.4, abs=2 * 6.0)
    assert tblite.solvation_energy(ethane) == pytest.approx(7.7, abs=2 * 6.0)
    assert tblite.solvation_energy(methanol) < tblite.solvation_energy(ethane) - 15.0


def test_changed_bonds_are_a_geometry_failure():
    two_methanes = embedded("C")
    apart = Geometry(
        two_methanes.symbols * 2,
        np.vstack([two_methanes.coordinates, two_methanes.coordinates + np.array([8.0, 0.0, 0.0])]),
    )
    bonds = [(0, i) for i in range(1, 5)] + [(5, i) for i in range(6, 10)] + [(0, 5)]
    with pytest.raises(EvaluationError, match="bonds changed: C0-C5 broken") as caught:
        tblite.optimize(apart, bonds)
    assert caught.value.failure.code is FailureCode.GEOMETRY


def test_a_coordinate_that_is_no_number_is_a_geometry_failure(ethane):
    broken = Geometry(ethane.symbols, np.full_like(ethane.coordinates, np.nan))
    with pytest.raises(EvaluationError) as caught:
        tblite.TightBinding(ethane)(broken.coordinates)
    assert caught.value.failure.code is FailureCode.GEOMETRY


def test_too_few_evaluations_are_a_geometry_failure():
    with pytest.raises(EvaluationError, match="did not converge in 3 energy evaluations") as caught:
        tblite.optimize(embedded("CCO"), max_evaluations=3)
    assert caught.value.failure.code is FailureCode.GEOMETRY


def test_an_element_beyond_radon_is_refused():
    with pytest.raises(EvaluationError, match="no parameters for U") as caught:
        tblite.TightBinding(Geometry(("U",), np.zeros((1, 3))))
    assert caught.value.failure.code is FailureCode.ELEMENT


def test_an_unknown_solvent_is_refused(ethane):
    with pytest.raises(EvaluationError, match="could not be set up"):
        tblite.TightBinding(ethane, "no such solvent")(ethane.coordinates)


def test_nothing_is_printed(ethane, capfd):
    tblite.optimize(ethane)
    tblite.solvation_energy(ethane)
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""
