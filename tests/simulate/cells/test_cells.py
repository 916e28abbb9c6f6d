"""Cells: every chain its own, nothing overlaps or threads a ring, the seed decides all, bad input is refused."""

import numpy as np
import pytest

from polyloop.chem import Polymer, Topology
from polyloop.chem.chain import Chain, ChainUnit
from polyloop.chem.forcefield import ion, type_chain
from polyloop.core import EvaluationError, InvalidInputError
from polyloop.simulate.cells import (
    build_cell,
    degree_for,
    pack,
    pierced_rings,
    sequence,
    smallest_contact,
    smallest_rings,
)

STYRENE = Chain.homopolymer(Polymer("*CC(*)c1ccccc1"), 5)
ETHYLENE = Chain.homopolymer(Polymer("*CC*"), 10)


@pytest.fixture(scope="module")
def cell():
    return build_cell([STYRENE] * 4, density=0.1, seed=7)


def molecule(cell, number):
    positions = cell.positions[cell.topology.molecule == number]
    return positions - positions.mean(axis=0)


def test_a_cell_has_the_density_that_was_asked_for_and_no_overlap(cell):
    assert cell.topology.n_molecules == 4
    assert cell.density == pytest.approx(0.1)
    bonds = cell.topology.bonds
    assert smallest_contact(cell.positions, bonds, cell.box) > 1.6
    rings = smallest_rings(cell.topology.n_atoms, bonds)
    assert len(rings) == 20
    assert len(pierced_rings(cell.positions, bonds, rings, cell.box)) == 0


def test_molecules_are_whole_and_2_5_angstrom_apart_over_the_boundary_too(cell):
    ends = cell.positions[cell.topology.bonds]
    assert np.linalg.norm(ends[:, 0] - ends[:, 1], axis=1).max() < 1.7
    for number in range(3):
        here = cell.positions[cell.topology.molecule == number]
        later = cell.positions[cell.topology.molecule > number]
        across = here[:, None] - later
        across -= cell.box * np.round(across / cell.box)
        assert np.linalg.norm(across, axis=2).min() >= 2.5


def test_every_chain_has_a_conformation_of_its_own(cell):
    lengths = [np.sort(np.linalg.norm(molecule(cell, number), axis=1)) for number in range(4)]
    assert all(np.abs(lengths[i] - lengths[j]).max() > 0.1 for i in range(4) for j in range(i))


def test_the_same_seed_gives_the_same_cell_bit_for_bit(cell):
    again = build_cell([STYRENE] * 4, density=0.1, seed=7)
    assert np.array_equal(cell.positions, again.positions)
    assert np.array_equal(cell.box, again.box)


def test_a_chain_depends_on_the_seed_and_its_place_alone(cell):
    other = build_cell([STYRENE] * 2, density=0.2, seed=7)
    first, second = (np.sort(np.linalg.norm(molecule(of, 0), axis=1)) for of in (cell, other))
    assert first == pytest.approx(second, abs=1e-9)


def test_blends_copolymers_and_ions_go_into_one_cell():
    units = tuple(ChainUnit.of(Polymer(smiles)) for smiles in ("*CC*", "*CC(*)C"))
    copolymer = Chain(units, sequence("random", 8, [1, 3], np.random.default_rng(0)))
    salt = [(ion(name), np.zeros((1, 3))) for name in ("Na+", "Cl-")]
    blend = [ETHYLENE, copolymer]
    charges = [np.full(chain.n_atoms, 0.01) for chain in blend]
    cell = build_cell(blend, charges, density=0.1, seed=1, others=salt)
    assert cell.topology.n_molecules == 4
    assert cell.topology.numbers[-2:].tolist() == [11, 17]
    assert cell.topology.charges[-2:].sum() == pytest.approx(0.0)
    assert (cell.topology.charges[:-2] == 0.01).all()
    assert smallest_contact(cell.positions, cell.topology.bonds, cell.box) > 1.6


def test_where_the_molecules_do_not_fit_the_box_grows():
    typed = type_chain(ETHYLENE)
    straight = np.zeros((typed.n_atoms, 3))
    straight[:, 0] = np.arange(typed.n_atoms)
    cell = pack([typed] * 3, [straight] * 3, 1.5, np.random.default_rng(0))
    assert cell.density < 1.5
    assert cell.box[0] > 20


def test_molecules_that_fit_into_none_of_the_boxes_are_an_error_with_figures():
    typed = Topology.concatenate([ion("Na+")] * 2)
    # Each reaches through box and image: at the largest density and at a fifteenth of it.
    apart = np.array([[0.0, 0, 0], [30.0, 0, 0]])
    with pytest.raises(EvaluationError, match=r"30 molecules with 60 atoms found no room") as caught:
        pack([typed] * 30, [apart] * 30, 25.0, np.random.default_rng(0))
    assert caught.value.failure.code == "packing"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"chains": []}, "at least one chain"),
        ({"chains": [ETHYLENE], "charges": []}, "as many sets of charges"),
        ({"chains": [ETHYLENE], "charges": [np.zeros(3)]}, "need 68 charges"),
        ({"chains": [ETHYLENE], "density": 0.0}, "density of 0"),
        ({"chains": [ETHYLENE], "density": float("nan")}, "density of nan"),
        ({"chains": [ETHYLENE], "tacticity": "tactic"}, "tacticity 'tactic'"),
        ({"chains": [ETHYLENE], "others": [(type_chain(ETHYLENE), np.zeros((2, 3)))]}, "finite positions"),
    ],
)
def test_what_makes_no_cell_is_refused(arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        build_cell(**arguments)


def test_copolymer_sequences():
    rng = np.random.default_rng(0)
    assert sequence("alternating", 5, [1, 1], rng).tolist() == [0, 1, 0, 1, 0]
    assert sequence("block", 6, [0.5, 0.3, 0.2], rng).tolist() == [0, 0, 0, 1, 1, 2]
    random = sequence("random", 100, [3, 1], rng)
    assert np.bincount(random).tolist() == [75, 25]
    assert random.tolist() != sorted(random)
    assert degree_for(ChainUnit.of(Polymer("*CC*")), 1000) == 165


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("gradient", 4, [1, 1]), "gradient"),
        (("random", 0, [1, 1]), "1 or more units"),
        (("random", 4, []), "no shares"),
        (("block", 4, [1, -1]), "no shares"),
        (("alternating", 4, [1, 2]), "equal shares"),
    ],
)
def test_what_makes_no_sequence_is_refused(arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        sequence(*arguments, np.random.default_rng(0))
