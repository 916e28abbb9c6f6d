"""Pierced rings: what counts, wherever the molecule lies and however the box cuts it."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rdkit import Chem
from rdkit.Chem import rdDistGeom
from scipy.spatial.transform import Rotation

from polyloop.simulate.cells import pierced_rings, smallest_rings

ANGLES = np.arange(6) * np.pi / 3
HEXAGON = 1.39 * np.column_stack([np.cos(ANGLES), np.sin(ANGLES), np.zeros(6)])
RING = [np.arange(6)]
BOND = np.array([[6, 7]])
BOX = np.array([9.0, 10.0, 11.0])
lengths = st.floats(-30, 30)


def with_bond(x, y, height=0.1):
    """A hexagon, and a bond of 1.5 A across its plane at (x, y)."""
    return np.vstack([HEXAGON, [[x, y, height - 0.75], [x, y, height + 0.75]]])


@given(
    radius=st.floats(0.0, 2.5).filter(lambda r: abs(r - 1.39 * np.sqrt(3) / 2) > 0.2),
    angle=st.floats(0, 6.28),
    turn=st.integers(0, 2**32 - 1),
    shift=st.tuples(lengths, lengths, lengths),
    periodic=st.booleans(),
)
@settings(deadline=None, max_examples=60)
def test_a_bond_inside_the_ring_pierces_it_wherever_the_molecule_lies(radius, angle, turn, shift, periodic):
    positions = with_bond(radius * np.cos(angle), radius * np.sin(angle))
    moved = Rotation.random(rng=np.random.default_rng(turn)).apply(positions) + shift
    found = pierced_rings(moved, BOND, RING, BOX if periodic else None)
    # Between the inscribed circle (1.2 A) and the corners (1.39 A) it depends on the angle: left out above.
    assert found.tolist() == ([[0, 0]] if radius < 1.2 else [])


@given(images=st.lists(st.tuples(*[st.integers(-2, 2)] * 3), min_size=8, max_size=8), shift=st.tuples(*[lengths] * 3))
@settings(deadline=None, max_examples=40)
def test_atoms_may_be_in_any_periodic_image(images, shift):
    for x, expected in ((0.3, [[0, 0]]), (3.0, [])):
        positions = with_bond(x, 0.2) + shift + np.array(images) * BOX
        assert pierced_rings(positions, BOND, RING, BOX).tolist() == expected


@pytest.mark.parametrize(
    ("height", "pierced"), [(-0.76, False), (-0.74, True), (0.0, True), (0.74, True), (0.76, False)]
)
def test_a_bond_moved_through_the_plane_pierces_while_its_ends_are_on_two_sides(height, pierced):
    assert bool(len(pierced_rings(with_bond(0.2, -0.3, height), BOND, RING))) == pierced


def test_a_bond_through_an_edge_that_two_triangles_share_is_found():
    for angle in ANGLES:
        x, y = 0.7 * np.cos(angle), 0.7 * np.sin(angle)
        assert len(pierced_rings(with_bond(x, y), BOND, RING)) == 1
    assert len(pierced_rings(with_bond(0.0, 0.0), BOND, RING)) == 1


def test_bonds_of_the_ring_and_bonds_on_the_ring_do_not_count():
    positions = with_bond(0.0, 0.0)
    bonds = np.array([*[(i, (i + 1) % 6) for i in range(6)], (0, 7), (6, 3)])
    assert len(pierced_rings(positions, bonds, RING)) == 0


def test_two_rings_linked_like_a_chain_are_found_from_both_sides():
    upright = Rotation.from_euler("zx", [30, 90], degrees=True).apply(HEXAGON)
    positions = np.concatenate([HEXAGON, upright + np.array([1.39, 0.1, 0.1])])
    ring = np.array([(i, (i + 1) % 6) for i in range(6)])
    found = pierced_rings(positions, np.concatenate([ring, ring + 6]), [np.arange(6), np.arange(6, 12)])
    assert set(found[:, 1]) == {0, 1}


@pytest.mark.parametrize(
    "smiles",
    ["C1CC2CCC1C2", "C1CC2CCC1CC2", "C1C2CC3CC1CC(C2)C3", "C12C3C4C1C5C2C3C45", "c1ccc2ccccc2c1", "C1C2CC1C2"],
)  # fmt: skip
def test_no_molecule_of_fused_or_bridged_rings_pierces_itself(smiles):
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert rdDistGeom.EmbedMolecule(mol, randomSeed=1) == 0
    bonds = np.array([(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in mol.GetBonds()])
    rings = smallest_rings(mol.GetNumAtoms(), bonds)
    assert len(rings) == len(Chem.GetSymmSSSR(mol))
    assert len(pierced_rings(mol.GetConformer().GetPositions(), bonds, rings)) == 0


def test_nothing_to_search_is_no_piercing():
    assert pierced_rings(HEXAGON, BOND, []).shape == (0, 2)
    assert pierced_rings(HEXAGON, np.zeros((0, 2), dtype=int), RING).shape == (0, 2)


def test_ten_thousand_atoms_take_well_under_a_second():
    rng = np.random.default_rng(0)
    box = np.full(3, 47.0)
    centres = rng.random((1250, 3)) * box
    turns = Rotation.random(1250, rng=rng)
    positions = np.concatenate([turn.apply(with_bond(3.0, 0.0)) + at for turn, at in zip(turns, centres, strict=True)])
    local = np.array([*[(i, (i + 1) % 6) for i in range(6)], (6, 7)])
    bonds = np.concatenate([local + 8 * i for i in range(1250)])
    rings = [np.arange(6) + 8 * i for i in range(1250)]
    start = time.process_time()
    found = pierced_rings(positions, bonds, rings, box)
    assert time.process_time() - start < 1.0
    assert len(found)  # at the density of a polymer and at random, some must be
