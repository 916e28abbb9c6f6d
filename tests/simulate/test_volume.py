"""Van der Waals volumes against closed forms and tables."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from scipy.spatial.transform import Rotation

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import AVOGADRO_PER_ANGSTROM3_CM3
from polyloop.simulate.conformers import force_field_geometry
from polyloop.simulate.volume import RADII, van_der_waals_volume


def sphere(radius: float) -> float:
    return 4.0 / 3.0 * np.pi * radius**3


def union_of_two(a: float, b: float, d: float) -> float:
    """Two spheres less their lens (closed form), for |a - b| < d < a + b."""
    lens = np.pi * (a + b - d) ** 2 * (d**2 + 2 * d * (a + b) - 3 * (a - b) ** 2) / (12 * d)
    return sphere(a) + sphere(b) - lens


def test_one_atom_is_its_sphere():
    assert van_der_waals_volume(Geometry(("C",), np.zeros((1, 3)))) == pytest.approx(sphere(1.7), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(distance=st.floats(0.6, 2.8), pair=st.sampled_from([("C", "H"), ("C", "C"), ("S", "O"), ("Si", "H")]))
def test_two_atoms_are_their_spheres_less_the_lens(distance, pair):
    a, b = RADII[pair[0]], RADII[pair[1]]
    geometry = Geometry(pair, np.array([[0.0, 0.0, 0.0], [0.3, 0.5, np.sqrt(1 - 0.34)]]) * [[0], [distance]])
    expected = union_of_two(a, b, distance) if abs(a - b) < distance < a + b else max(sphere(a), sphere(b))
    if distance >= a + b:
        expected = sphere(a) + sphere(b)
    assert van_der_waals_volume(geometry, points=5000) == pytest.approx(expected, rel=2e-3)


def test_far_atoms_add_up():
    apart = Geometry(("C", "O"), np.array([[0.0, 0, 0], [50.0, 0, 0]]))
    assert van_der_waals_volume(apart) == pytest.approx(sphere(1.70) + sphere(1.52), rel=1e-6)


def test_the_volume_does_not_depend_on_orientation():
    ethane = force_field_geometry(Chem.MolFromSmiles("CC"), 0)
    turned = [
        van_der_waals_volume(Geometry(ethane.symbols, ethane.coordinates @ Rotation.random(random_state=k).as_matrix()))
        for k in range(5)
    ]
    assert np.ptp(turned) / np.mean(turned) < 4e-3


@pytest.mark.parametrize(("smiles", "bondi"), [("C", 17.12), ("CC", 27.34), ("CCC", 37.57), ("c1ccccc1", 48.36)])
def test_bondis_table_is_met(smiles, bondi):
    # cm3/mol, Bondi 1968, Physical Properties of Molecular Crystals, table 14.1. His aromatic rings have a smaller
    # carbon radius (1.77 out of plane, effective 1.7 in plane), hence the wider tolerance.
    volume = van_der_waals_volume(force_field_geometry(Chem.MolFromSmiles(smiles), 0)) * AVOGADRO_PER_ANGSTROM3_CM3
    assert volume == pytest.approx(bondi, rel=0.02 if smiles != "c1ccccc1" else 0.05)


def test_an_element_without_radius_is_refused():
    with pytest.raises(EvaluationError, match="No van der Waals radius is known for Fe") as caught:
        van_der_waals_volume(Geometry(("Fe",), np.zeros((1, 3))))
    assert caught.value.failure.code is FailureCode.ELEMENT
