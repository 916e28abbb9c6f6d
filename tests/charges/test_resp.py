"""The RESP fit: exact where the potential is, restrained where it is not, and within its constraints."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, InvalidInputError
from polyloop.simulate.charges import ChargeSum, Potential, fit_charges, resp_charges
from polyloop.simulate.charges.equivalence import equivalence_classes, saturated_groups
from polyloop.simulate.charges.models import potential_around
from polyloop.simulate.charges.shells import merz_kollman_points

WATER = Geometry(("O", "H", "H"), np.array([[0.0, 0, 0.1173], [0, 0.7572, -0.4692], [0, -0.7572, -0.4692]]))
METHANOL = Geometry(  # Bayly et al. 1993
    ("O", "H", "C", "H", "H", "H"),
    np.array([[0.041233, -0.764405, 0], [-0.854932, -1.064258, 0], [0.041233, 0.660595, 0], [1.087431, 0.980449, 0],
              [-0.404883, 1.117741, 0.888163], [-0.404883, 1.117741, -0.888163]]),
)  # fmt: skip
METHANOL_NUMBERS, METHANOL_BONDS = np.array([8, 1, 6, 1, 1, 1]), [(0, 1), (0, 2), (2, 3), (2, 4), (2, 5)]
NEUTRAL = [ChargeSum(range(6), 0.0)]


@pytest.fixture(scope="module")
def methanol():
    return potential_around(METHANOL)


def made_of(geometry, charges):
    points = merz_kollman_points(geometry, 1.0)
    bare = Potential(geometry.coordinates, points, np.zeros(len(points)))
    return Potential(geometry.coordinates, points, bare.inverse_distances() @ charges)


@given(st.lists(st.floats(-1, 1), min_size=6, max_size=6))
@settings(deadline=None, max_examples=20)
def test_a_plain_fit_finds_the_charges_that_made_the_potential(charges):
    charges = np.array(charges)
    found = fit_charges([made_of(METHANOL, charges)], [ChargeSum(range(6), charges.sum())])
    assert np.abs(found - charges).max() < 1e-6


def test_the_fit_is_the_minimum_of_the_published_objective(methanol):
    inverse, heavy = methanol.inverse_distances(), METHANOL_NUMBERS != 1

    def objective(free):
        charges = np.append(free, -free.sum())
        restraint = 2 * 0.0005 * (np.sqrt(charges**2 + 0.01) - 0.1)[heavy].sum()
        return 1e3 * (np.sum((inverse @ charges - methanol.values) ** 2) / methanol.density + restraint)

    start = np.random.default_rng(3).normal(size=5)
    independent = minimize(objective, start, method="BFGS", options={"gtol": 1e-8}).x
    found = fit_charges([methanol], NEUTRAL, restraint=0.0005, restrained=heavy)
    assert np.abs(found[:5] - independent).max() < 1e-4


def test_two_stages_give_the_published_charges_of_methanol(methanol):
    found = resp_charges([methanol], METHANOL_NUMBERS, METHANOL_BONDS, NEUTRAL)
    # doi:10.1021/j100142a004, same geometry; the published fit has other points on the shells.
    published = np.array([-0.6498, 0.4215, 0.1166, 0.0372, 0.0372, 0.0372])
    assert np.abs(found - published)[:2].max() < 0.015
    assert np.abs(found - published).max() < 0.05
    assert np.ptp(found[3:]) < 1e-12 and abs(found.sum()) < 1e-12


def test_charges_reproduce_the_dipole_of_the_density():
    from polyloop.engines.quantum.pyscf import ground_state
    from polyloop.simulate.charges.models import LEVEL

    found = fit_charges([potential_around(WATER)], [ChargeSum(range(3), 0.0)])
    dipole = np.linalg.norm(found @ WATER.coordinates) * 4.80320471
    assert dipole == pytest.approx(ground_state(WATER, LEVEL).dipole, rel=0.03)


def test_a_rotated_molecule_has_the_same_charges(methanol):
    turn, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))
    turned = potential_around(Geometry(METHANOL.symbols, METHANOL.coordinates @ turn))
    fits = [resp_charges([p], METHANOL_NUMBERS, METHANOL_BONDS, NEUTRAL) for p in (methanol, turned)]
    assert np.abs(fits[0] - fits[1]).max() < 0.02  # what the placing of points at this density leaves


def test_the_restraint_does_not_weaken_with_more_points(methanol):
    denser = potential_around(METHANOL, 3 * methanol.density)
    fits = [resp_charges([p], METHANOL_NUMBERS, METHANOL_BONDS, NEUTRAL) for p in (methanol, denser)]
    assert np.abs(fits[0] - fits[1]).max() < 0.02


def test_a_conformer_of_weight_zero_does_not_count(methanol):
    other = made_of(METHANOL, np.linspace(-1, 1, 6))
    alone = fit_charges([methanol], NEUTRAL, restraint=0.0005)
    both = fit_charges([methanol, other], NEUTRAL, restraint=0.0005, weights=[2.0, 0.0])
    assert np.abs(alone - both).max() < 1e-9


def test_twice_the_same_conformer_changes_nothing(methanol):
    once, twice = (fit_charges([methanol] * k, NEUTRAL, restraint=0.0005) for k in (1, 2))
    assert np.abs(once - twice).max() < 1e-9


@given(st.floats(-1, 1), st.floats(-0.5, 0.5))
@settings(deadline=None, max_examples=20)
def test_linear_constraints_hold_exactly_also_redundant_ones(part, total):
    sums = [ChargeSum([0, 1], part), ChargeSum([2, 3, 4, 5], total - part), ChargeSum(range(6), total),
            ChargeSum([3, 4], 0.0, (1.0, -1.0))]  # fmt: skip
    found = fit_charges([made_of(METHANOL, np.linspace(-1, 1, 6))], sums, restraint=0.0005)
    assert found[:2].sum() == pytest.approx(part, abs=1e-9)
    assert found.sum() == pytest.approx(total, abs=1e-9)
    assert found[3] == pytest.approx(found[4], abs=1e-9)


def test_constraints_that_contradict_each_other_are_refused():
    with pytest.raises(InvalidInputError, match="contradict"):
        fit_charges([made_of(METHANOL, np.zeros(6))], [ChargeSum([0], 0.1), ChargeSum([0], 0.2)])


@pytest.mark.parametrize("weights", [[1.0, 1.0], [-1.0], [0.0], [np.nan]])
def test_weights_that_make_no_mean_are_refused(weights):
    with pytest.raises(InvalidInputError, match="weights"):
        fit_charges([made_of(METHANOL, np.zeros(6))], NEUTRAL, weights=weights)


def test_points_lie_outside_the_spheres_at_the_stated_density():
    points = merz_kollman_points(WATER, 10.0)
    scaled = np.linalg.norm(points[:, None] - WATER.coordinates, axis=2) / np.array([1.4, 1.2, 1.2])
    nearest = scaled.min(axis=1)
    shells = np.unique(nearest.round(6))
    assert shells.tolist() == [1.4, 1.6, 1.8, 2.0]
    lone = Geometry(("O",), np.zeros((1, 3)))
    area = 4 * np.pi * sum((scale * 1.4) ** 2 for scale in shells)
    assert len(merz_kollman_points(lone, 10.0)) == pytest.approx(10.0 * area, rel=1e-3)


def test_an_element_without_radius_is_named():
    with pytest.raises(EvaluationError, match="U"):
        merz_kollman_points(Geometry(("U",), np.zeros((1, 3))), 1.0)


def test_equivalence_is_that_of_the_bonds():
    from rdkit import Chem

    for smiles in ("CC(C)O", "c1ccccc1C", "CC(=O)[O-]", "C[N+](=O)[O-]", "CCOCC"):
        mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
        numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])
        bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
        classes = equivalence_classes(numbers, bonds)
        ranks = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
        alike = [(i, j) for i in range(len(ranks)) for j in range(i) if classes[i] == classes[j]]
        oxygens = {atom.GetIdx() for atom in mol.GetAtoms() if atom.GetSymbol() == "O"}
        for i, j in alike:
            assert ranks[i] == ranks[j] or {i, j} <= oxygens  # resonance makes the oxygens of an anion alike
        assert len(set(classes)) == len(set(ranks)) - (smiles.count("[O-]"))


def test_saturated_groups_are_those_that_stage_two_refits():
    from rdkit import Chem

    mol = Chem.AddHs(Chem.MolFromSmiles("CC(O)CC=C"))
    numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    groups = saturated_groups(numbers, bonds)
    assert np.flatnonzero(groups[:6]).tolist() == [0, 3]
    assert groups.sum() == 2 + 5
