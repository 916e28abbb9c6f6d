"""Polarizabilities equal those of the stock solver and of finite fields, for every element and kind of method."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.core.constants import BOHR
from polyloop.engines.quantum.pyscf import Level, ground_state, polarizability
from polyloop.engines.quantum.pyscf.operators import OrbitalHessian
from polyloop.engines.quantum.pyscf.response import frequencies_in_hartree
from polyloop.simulate.optics.polarizability_scale import LEVEL
from tests.engines.molecules import METHANE, METHANETHIOL, SMALL, WATER

LINES = (0.0, 656.27, 589.29, 486.13)
# Exact exchange, range-separated and global hybrids, a gradient functional and a meta-GGA take different paths.
METHODS = ("hf", "camb3lyp", "pbe0", "pbe", "r2scan")


def stock(state, wavelengths):
    """The same tensors by pyscf-properties, from the same density-fitted ground state."""
    pytest.importorskip("pyscf.prop.polarizability", reason="pyscf-properties is not installed (extra: benchmarks)")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyscf.prop.polarizability import rhf, rks

        solver = (rks if state.level.is_density_functional else rhf).Polarizability(state.mean_field)
        tensors = [
            solver.polarizability_with_freq(freq=w) if w else solver.polarizability()
            for w in frequencies_in_hartree(wavelengths)
        ]
    return np.array(tensors) * BOHR**3


def relative_difference(tensors, reference):
    return np.abs(tensors - reference).max() / (np.trace(reference[0]) / 3.0)


@pytest.mark.parametrize("name", SMALL)
def test_static_tensor_equals_the_stock_solver_for_every_element(name):
    state = ground_state(SMALL[name], LEVEL)
    assert relative_difference(polarizability(state, [0.0]), stock(state, [0.0])) < 1e-4


@pytest.mark.parametrize("method", METHODS)
def test_dynamic_tensor_equals_the_stock_solver_for_every_kind_of_method(method):
    state = ground_state(WATER, Level(method, "def2-svp"))
    wavelengths = [0.0, 486.13]
    assert relative_difference(polarizability(state, wavelengths), stock(state, wavelengths)) < 1e-4


@pytest.mark.parametrize("name", ["iodomethane", "methanethiol"])
def test_static_tensor_equals_the_change_of_the_dipole_in_a_finite_field(name):
    state = ground_state(SMALL[name], Level("hf", "def2-svp"))
    mean_field, field = state.mean_field, 1e-3
    core, positions = mean_field.get_hcore(), mean_field.mol.intor("int1e_r")
    columns = []
    for direction in range(3):
        dipoles = []
        for sign in (1, -1):
            displaced = mean_field.copy()
            displaced.conv_tol, displaced.conv_tol_grad = 1e-11, 1e-7
            perturbed = core + sign * field * positions[direction]
            displaced.get_hcore = lambda *_, perturbed=perturbed: perturbed
            displaced.kernel()
            dipoles.append(displaced.dip_moment(unit="AU", verbose=0))
        columns.append((dipoles[0] - dipoles[1]) / (2 * field))
    reference = np.array([np.array(columns)]) * BOHR**3
    # 1e-4: the finite field's own error is of the order field^2 times the second hyperpolarizability.
    assert relative_difference(polarizability(state, [0.0]), reference) < 2e-4


def test_a_pure_functional_has_a_diagonal_difference_matrix():
    hessian = OrbitalHessian(ground_state(WATER, Level("pbe", "def2-svp")).mean_field)
    trials = np.random.default_rng(0).normal(size=(2, *hessian.gaps.shape))
    np.testing.assert_allclose(hessian.apply(trials)[1], hessian.gaps * trials)


@pytest.mark.parametrize("method", ["hf", "camb3lyp"])
def test_both_products_are_those_of_symmetric_matrices(method):
    hessian = OrbitalHessian(ground_state(METHANE, Level(method, "def2-svp")).mean_field)
    trials = np.random.default_rng(1).normal(size=(2, *hessian.gaps.shape))
    for product in hessian.apply(trials):
        left, right = (product[0] * trials[1]).sum(), (product[1] * trials[0]).sum()
        # Integrals are in single precision.
        assert left == pytest.approx(right, rel=1e-4, abs=1e-3)


@pytest.fixture(scope="module")
def thiol_state():
    return ground_state(METHANETHIOL, LEVEL)


def test_tensors_are_symmetric_and_grow_with_frequency(thiol_state):
    tensors = polarizability(thiol_state, LINES)
    isotropic = np.trace(tensors, axis1=1, axis2=2) / 3.0
    np.testing.assert_allclose(tensors, tensors.transpose(0, 2, 1), atol=1e-6)
    assert (np.diff(isotropic) > 0).all()


def test_a_shared_space_gives_each_wavelength_what_it_gets_alone(thiol_state):
    together = polarizability(thiol_state, LINES)
    alone = [polarizability(thiol_state, [wavelength])[0] for wavelength in LINES]
    np.testing.assert_allclose(together, alone, rtol=0, atol=2e-5)


def test_zero_and_infinite_wavelength_are_the_static_field(thiol_state):
    tensors = polarizability(thiol_state, [0.0, np.inf])
    np.testing.assert_array_equal(tensors[0], tensors[1])


def test_the_order_of_wavelengths_is_kept(thiol_state):
    np.testing.assert_allclose(
        polarizability(thiol_state, LINES[::-1]), polarizability(thiol_state, LINES)[::-1], atol=1e-5
    )


def test_a_tighter_tolerance_changes_less_than_the_looser_one_promises(thiol_state):
    loose, tight = (polarizability(thiol_state, LINES, tolerance=value) for value in (1e-5, 1e-8))
    assert relative_difference(loose, tight) < 5e-5


@settings(max_examples=3, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_a_turned_molecule_has_a_turned_tensor(seed):
    rng = np.random.default_rng(seed)
    rotation = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    level = Level("hf", "def2-svp")
    turned = Geometry(WATER.symbols, WATER.coordinates @ rotation.T + rng.normal(size=3))
    before = polarizability(ground_state(WATER, level), [589.29])[0]
    after = polarizability(ground_state(turned, level), [589.29])[0]
    np.testing.assert_allclose(after, rotation @ before @ rotation.T, atol=2e-5)


def test_conjugation_does_not_blow_up_at_the_level_of_the_protocol():
    mol = Chem.AddHs(Chem.MolFromSmiles("C=C/C=C/C=C"))
    rdDistGeom.EmbedMolecule(mol, randomSeed=1)
    rdForceFieldHelpers.MMFFOptimizeMolecule(mol)
    state = ground_state(Geometry.from_mol(mol), LEVEL)
    isotropic = np.trace(polarizability(state, LINES), axis1=1, axis2=2) / 3.0
    # Bond polarizabilities, of hexane 11.9 less four hydrogens each 0.4, sum to about 10; conjugation adds some.
    assert 10.0 < isotropic[0] < 15.0
    # If all of it came from the measured first absorption at 251 nm, it would grow by 1/(1 - (251/486.13)^2).
    assert 1.0 < isotropic[3] / isotropic[0] < 1.0 / (1.0 - (251.0 / 486.13) ** 2)


@pytest.mark.parametrize("wavelengths", [[], [-1.0], [np.nan], [[589.0]]])
def test_wavelengths_that_are_none_are_refused(thiol_state, wavelengths):
    with pytest.raises(InvalidInputError, match="wavelengths"):
        polarizability(thiol_state, wavelengths)


def test_a_wavelength_beyond_the_gap_is_a_failure_with_a_hint(thiol_state):
    with pytest.raises(EvaluationError, match="gap") as error:
        polarizability(thiol_state, [50.0])
    assert error.value.failure.code is FailureCode.RESPONSE and error.value.failure.hint


def test_a_response_that_does_not_converge_is_a_failure(thiol_state):
    with pytest.raises(EvaluationError, match="estimated error") as error:
        polarizability(thiol_state, LINES, tolerance=0.0)
    assert error.value.failure.code is FailureCode.RESPONSE
