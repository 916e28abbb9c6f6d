"""Compositions: the chains have the units, shares and sequences that were asked for; what has no sense is refused."""

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.chem.chain import Chain, ChainUnit
from polyloop.chem.forcefield import chain_molecule, type_chain, type_molecule
from polyloop.core import EvaluationError, InvalidInputError
from polyloop.simulate.cells import (
    Composition,
    build_cell,
    describe_chains,
    ion_pairs,
    pierced_rings,
    smallest_contact,
    smallest_rings,
)
from polyloop.simulate.charges import chain_charges


def units(*smiles):
    return tuple(ChainUnit.of(Polymer(text)) for text in smiles)


ETHYLENE_STYRENE = units("*CC*", "*CC(*)c1ccccc1")


def counts(chain):
    return np.bincount(chain.sequence, minlength=len(chain.units)).tolist()


def test_one_unit_makes_equal_homopolymers_that_are_typed_once():
    chains = Composition(units("*CC*")).chains(3, degree=4)
    assert len({id(chain) for chain in chains}) == 1
    assert (chains[0].sequence == Chain.homopolymer(Polymer("*CC*"), 4).sequence).all()
    assert describe_chains(chains) == "3 chains of 4 units"


@pytest.mark.parametrize(("arrangement", "wanted"), [("alternating", [0, 1] * 5), ("block", [0] * 7 + [1] * 3)])
def test_a_regular_copolymer_has_one_sequence(arrangement, wanted):
    fractions = None if arrangement == "alternating" else [0.7, 0.3]
    chains = Composition(ETHYLENE_STYRENE, arrangement, fractions=fractions).chains(4, degree=10)
    assert all(chain.sequence.tolist() == wanted for chain in chains)
    assert len({id(chain) for chain in chains}) == 1


def test_every_chain_of_a_random_copolymer_has_a_sequence_of_its_own_and_the_composition():
    random = Composition(ETHYLENE_STYRENE, "random", fractions=[0.7, 0.3])
    chains = random.chains(6, degree=30, seed=3)
    assert [counts(chain) for chain in chains] == [[21, 9]] * 6
    sequences = [tuple(chain.sequence.tolist()) for chain in chains]
    assert len(set(sequences)) == 6
    assert describe_chains(chains) == "6 chains of 30 units (21 *CC*, 9 *CC(*)c1ccccc1)"
    fewer = random.chains(2, degree=30, seed=3)
    assert [tuple(chain.sequence.tolist()) for chain in fewer] == sequences[:2], "by the seed and the place alone"
    assert tuple(random.chains(1, degree=30, seed=4)[0].sequence.tolist()) not in sequences


def test_neighbours_in_random_copolymers_are_as_chance_has_it():
    """Of 200 chains of 40 units, half of each kind: like follows like at 19 of 39 joints in expectation."""
    chains = Composition(ETHYLENE_STYRENE, "random").chains(200, degree=40)
    alike = [(np.diff(chain.sequence) == 0).mean() for chain in chains]
    assert np.mean(alike) == pytest.approx(19 / 39, abs=4 * np.std(alike) / np.sqrt(200))


def test_a_blend_shares_the_chains_out():
    chains = Composition(ETHYLENE_STYRENE, blend=True, fractions=[0.7, 0.3]).chains(10, n_atoms=200)
    assert [counts(chain)[0] for chain in chains] == [32] * 7 + [12] * 3
    assert describe_chains(chains) == "7 chains of 32 units *CC*, 3 chains of 12 units *CC(*)c1ccccc1"


def test_chains_of_a_copolymer_have_about_the_atoms_that_were_asked_for():
    for fractions in ([0.9, 0.1], [0.2, 0.8]):
        (chain,) = Composition(ETHYLENE_STYRENE, "block", fractions=fractions).chains(1, n_atoms=1000)
        assert chain.n_atoms == pytest.approx(1000, abs=16)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"units": ()}, "0 repeat units"),
        ({"units": ETHYLENE_STYRENE}, "either a copolymer or a blend"),
        ({"units": ETHYLENE_STYRENE, "arrangement": "block", "blend": True}, "not both"),
        ({"units": ETHYLENE_STYRENE[:1], "arrangement": "block"}, "One repeat unit has no arrangement"),
        ({"units": ETHYLENE_STYRENE[:1], "blend": True}, "One repeat unit has no blend"),
        ({"units": ETHYLENE_STYRENE[:1], "fractions": [1.0]}, "One repeat unit has no fractions"),
        ({"units": ETHYLENE_STYRENE, "blend": True, "fractions": [0.7, 0.4]}, "0.7, 0.4 add up to 1.1"),
        ({"units": ETHYLENE_STYRENE, "blend": True, "fractions": [1.5, -0.5]}, "larger than 0"),
        ({"units": ETHYLENE_STYRENE, "blend": True, "fractions": [float("nan"), 1.0]}, "larger than 0"),
        ({"units": ETHYLENE_STYRENE, "blend": True, "fractions": [0.5, 0.3, 0.2]}, "not 3"),
    ],
)
def test_what_is_no_composition_is_refused(arguments, said):
    with pytest.raises(InvalidInputError, match=said):
        Composition(**arguments)


@pytest.mark.parametrize(
    ("composition", "said"),
    [
        ({"arrangement": "gradient"}, "no arrangement 'gradient'"),
        ({"arrangement": "alternating", "fractions": [0.7, 0.3]}, "equal shares"),
        ({"arrangement": "random", "fractions": [0.95, 0.05]}, r"Of 5 units none would be \*CC\(\*\)c1"),
        ({"blend": True, "fractions": [0.1, 0.9]}, r"Of 3 chains none would be \*CC\*"),
    ],
)
def test_what_makes_no_chains_is_refused(composition, said):
    with pytest.raises(InvalidInputError, match=said):
        Composition(ETHYLENE_STYRENE, **composition).chains(3, degree=5)


def test_a_third_may_be_written_with_three_digits():
    three = Composition(units("*CC*", "*CC(*)C", "*CC(*)Cl"), "block", fractions=[0.333] * 3)
    assert counts(three.chains(1, degree=9)[0]) == [3, 3, 3]


@pytest.mark.parametrize("tacticity", ["atactic", "isotactic"])
def test_a_cell_of_copolymers_and_salt_is_neutral_and_nothing_overlaps_or_threads_a_ring(tacticity):
    chains = Composition(units("*CC(*)c1ccccc1", "*c1ccc(*)cc1", "*CC(*)C#N"), "random").chains(4, degree=9, seed=1)
    charges = [chain_charges(chain, "gasteiger") for chain in chains]
    cell = build_cell(chains, charges, density=0.2, seed=1, tacticity=tacticity, others=ion_pairs(5))
    topology = cell.topology
    assert topology.n_molecules == 4 + 10
    assert topology.numbers[-10:].tolist() == [11] * 5 + [17] * 5
    by_molecule = np.bincount(topology.molecule, topology.charges)
    assert by_molecule == pytest.approx([0.0] * 4 + [1.0] * 5 + [-1.0] * 5, abs=1e-9)
    rings = smallest_rings(topology.n_atoms, topology.bonds)
    assert len(rings) == 4 * 6
    assert len(pierced_rings(cell.positions, topology.bonds, rings, cell.box)) == 0
    assert smallest_contact(cell.positions, topology.bonds, cell.box) > 1.5
    across = cell.positions[:, None] - cell.positions[None, -10:]
    across -= cell.box * np.round(across / cell.box)
    distances = np.linalg.norm(across, axis=2)
    assert np.sort(distances, axis=0)[1].min() >= 2.5, "an ion's nearest neighbour; the nearest of all is itself"


def test_at_the_joint_of_two_units_atoms_have_the_types_of_what_they_are_bonded_to():
    chain = Composition(units("*CCO*", "*C(=O)c1ccc(*)cc1"), "alternating").chains(1, degree=4)[0]
    topology = type_chain(chain)
    whole = type_molecule(chain_molecule(chain))
    assert (topology.types == whole.types).all()
    assert topology.type_names == whole.type_names
    # The oxygen that ends one unit and the carbonyl that begins the next are an ester's: c, and os.
    oxygen, carbonyl = chain.joints[1]
    assert [topology.type_names[topology.types[atom]] for atom in (oxygen, carbonyl)] == ["os", "c"]


def test_a_joint_without_parameters_is_refused_with_its_atoms_though_each_unit_has_them():
    ether, peroxide = units("*CO*", "*OOC*")
    for one in (ether, peroxide):
        assert type_chain(Composition((one,)).chains(1, degree=4)[0]).n_atoms
    with pytest.raises(EvaluationError, match=r"no parameters for the angle os-os-os: .*'\*CO\*'"):
        type_chain(Composition((ether, peroxide), "alternating").chains(1, degree=4)[0])


def test_fewer_than_no_ions_are_refused():
    with pytest.raises(InvalidInputError, match="-1 pairs"):
        ion_pairs(-1)
