"""Topologies: what is excluded, what is 1-4, and how molecules are put together."""

import numpy as np
import pytest

from polyloop.chem import Cell, Topology
from polyloop.core import InvalidInputError


def chain_of(n, name="c3", ring=False):
    """A skeleton of n atoms in a row, or in a ring."""
    last = n if ring else n - 1
    path = [[(i + k) % n for k in range(4)] for i in range(n)]
    bonds = np.array([p[:2] for p in path[:last]])
    angles = np.array([p[:3] for p in path[: n if ring else n - 2]]).reshape(-1, 3)
    dihedrals = np.array(path[: n if ring else n - 3]).reshape(-1, 4)
    b, a, d = len(bonds), len(angles), len(dihedrals)
    return Topology(
        numbers=np.full(n, 6), masses=np.full(n, 12.011), charges=np.zeros(n), type_names=(name,),
        types=np.zeros(n, dtype=int), epsilon=np.full(n, 0.1), sigma=np.full(n, 3.4),
        bonds=bonds, bond_k=np.ones(b), bond_r0=np.full(b, 1.5),
        angles=angles, angle_k=np.ones(a), angle_theta0=np.full(a, 110.0),
        dihedrals=dihedrals, term_dihedral=np.arange(d), term_k=np.ones(d), term_n=np.full(d, 3),
        term_phase=np.zeros(d),
        impropers=np.zeros((0, 4), dtype=int), improper_k=np.zeros(0), improper_sign=np.zeros(0, dtype=int),
        improper_n=np.zeros(0, dtype=int),
        molecule=np.zeros(n, dtype=int), residue=np.zeros(n, dtype=int),
    )  # fmt: skip


def test_neighbours_by_one_and_two_bonds_are_excluded_and_by_three_are_scaled():
    row = chain_of(5)
    assert row.excluded.tolist() == [[0, 1], [0, 2], [1, 2], [1, 3], [2, 3], [2, 4], [3, 4]]
    assert row.pairs_14.tolist() == [[0, 3], [1, 4]]


@pytest.mark.parametrize(("size", "pairs"), [(4, 0), (5, 0), (6, 3)])
def test_in_small_rings_the_nearer_way_counts(size, pairs):
    assert len(chain_of(size, ring=True).pairs_14) == pairs


def test_molecules_are_put_together_with_their_numbers_moved_on():
    both = Topology.concatenate([chain_of(4, "c3"), chain_of(5, "ca"), chain_of(4, "c3")])
    assert both.n_atoms == 13
    assert both.type_names == ("c3", "ca")
    assert both.types.tolist() == [0] * 4 + [1] * 5 + [0] * 4
    assert both.molecule.tolist() == both.residue.tolist() == [0] * 4 + [1] * 5 + [2] * 4
    assert both.dihedrals.tolist() == [[0, 1, 2, 3], [4, 5, 6, 7], [5, 6, 7, 8], [9, 10, 11, 12]]
    assert both.term_dihedral.tolist() == [0, 1, 2, 3]
    assert both.pairs_14.tolist() == [[0, 3], [4, 7], [5, 8], [9, 12]]


def test_nothing_is_refused():
    with pytest.raises(InvalidInputError, match="nothing"):
        Topology.concatenate([])


def test_charges_must_be_one_per_atom():
    assert chain_of(3).with_charges(np.array([1.0, 0, -1])).charges.tolist() == [1, 0, -1]
    with pytest.raises(InvalidInputError, match="3 charges"):
        chain_of(3).with_charges(np.zeros(2))


def test_the_density_of_a_cell():
    # One carbon in a cube of 10 angstrom: 12.011 / (6.02214076e23 * 1e-21 cm3).
    cell = Cell(chain_of(1), np.zeros((1, 3)), np.full(3, 10.0))
    assert cell.density == pytest.approx(12.011 / 602.214076, rel=1e-9)


def test_copies_of_a_cell_stand_side_by_side_and_their_molecules_are_whole():
    positions = np.array([[9.5, 1.0, 2.0], [10.5, 1.0, 2.0]])  # a bond that leaves the box
    cell = Cell(chain_of(2), positions, np.array([10.0, 11.0, 12.0]), np.ones((2, 3)))
    copies = cell.replicated((2, 1, 3))
    assert copies.box.tolist() == [20.0, 11.0, 36.0]
    assert copies.topology.n_molecules == 6
    assert copies.topology.bonds.tolist() == [[k, k + 1] for k in range(0, 12, 2)]
    ends = copies.positions.reshape(6, 2, 3)
    assert (ends[:, 1] - ends[:, 0]).tolist() == [[1.0, 0.0, 0.0]] * 6
    assert sorted(map(tuple, (ends[:, 0] - positions[0]).tolist())) == [
        (x, 0.0, z) for x in (0.0, 10.0) for z in (0.0, 12.0, 24.0)
    ]
    assert copies.velocities.shape == (12, 3)
    assert copies.density == pytest.approx(cell.density)


def test_a_cell_that_is_there_no_times_is_refused():
    cell = Cell(chain_of(1), np.zeros((1, 3)), np.full(3, 10.0))
    assert cell.replicated((1, 1, 1)).velocities is None
    with pytest.raises(InvalidInputError, match="cannot be there"):
        cell.replicated((1, 0, 1))
