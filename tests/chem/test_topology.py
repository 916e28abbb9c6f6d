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
