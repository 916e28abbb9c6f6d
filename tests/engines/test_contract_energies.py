"""Every engine: each energy term is the force field's, and forces are those of the other engines."""

from dataclasses import replace

import numpy as np
import pytest

from polyloop.chem import Cell, Topology
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import ENERGY_TERMS, Stage
from tests.engines import numpy_energies as by_hand
from tests.engines.liquids import liquid, molecule
from tests.engines.programs import ENGINES

FULL = Stage("full", "minimize", cutoff=9.0)
SHORT = replace(FULL, name="short", nonbonded="short", cutoff=7.0)
OTHERS = pytest.mark.parametrize("name", [name for name in ENGINES if name != "openmm"], indirect=True)


@pytest.fixture(scope="module")
def pair():
    """An amide and an ester with rings, shaken so that no term is at rest, near each other and across the border."""
    parts = [molecule("CC(=O)Nc1ccccc1"), molecule("COC(=O)C1CCCC1")]
    positions = np.concatenate([parts[0][1], parts[1][1] + [4.5, 2.0, 3.0]])
    positions += np.random.default_rng(1).normal([0.0, 8.0, 8.0], 0.05, positions.shape)
    return Cell(Topology.concatenate([part[0] for part in parts]), positions, np.array([22.0, 19.0, 20.0]))


@pytest.fixture(scope="module")
def full(engine, pair):
    return engine.energies(pair, FULL)


@pytest.fixture(scope="module", params=["CC(=O)Nc1ccccc1", "COC(=O)CC#N", "CS(=O)(=O)CCl"])
def polar(request):
    """A cell of 300 to 400 atoms, polar, shaken, in more than two cut-offs."""
    n_atoms = {"CC(=O)Nc1ccccc1": 19, "COC(=O)CC#N": 12, "CS(=O)(=O)CCl": 10}[request.param]
    cell = liquid(request.param, 320 // n_atoms, 0.6)
    moved = cell.positions + np.random.default_rng(1).normal(scale=0.03, size=cell.positions.shape)
    cell = replace(cell, positions=moved - 5.0)
    assert 300 < cell.topology.n_atoms < 400 and cell.box.min() > 16.0
    return cell


def test_bonded_terms_equal_those_written_down_by_hand(pair, full, facts):
    assert tuple(full.terms) == ENERGY_TERMS
    for name, energy in by_hand.bonded(pair.topology, pair.positions).items():
        assert energy > 0.1  # kcal/mol; a term at rest would test nothing
        assert full.terms[name] == pytest.approx(energy, rel=facts.arithmetic)


def test_lennard_jones_has_its_scaled_14_pairs_cut_off_and_tail(pair, full, facts):
    cut = by_hand.lennard_jones(pair.topology, pair.positions, pair.box, FULL.cutoff)
    tail = by_hand.tail(pair.topology, pair.volume, FULL.cutoff, facts.tail_counts)
    assert full.terms["lennard_jones"] == pytest.approx(cut + tail, rel=max(1e-6, facts.arithmetic))


def test_coulomb_is_the_ewald_sum_with_scaled_14_pairs(pair, full, facts):
    expected = by_hand.ewald(pair.topology, pair.positions, pair.box)
    assert full.terms["coulomb"] == pytest.approx(expected, rel=facts.mesh)


def test_the_ewald_sum_by_hand_does_not_depend_on_how_it_is_split(pair):
    one, other = (by_hand.ewald(pair.topology, pair.positions, pair.box, alpha=alpha) for alpha in (0.35, 0.4))
    assert one == pytest.approx(other, abs=1e-5)


def test_short_mode_has_no_coulomb_and_no_tail(engine, pair, full, facts):
    short = engine.energies(pair, SHORT).terms
    assert short["coulomb"] == 0
    cut = by_hand.lennard_jones(pair.topology, pair.positions, pair.box, SHORT.cutoff)
    assert short["lennard_jones"] == pytest.approx(cut, rel=max(1e-6, facts.arithmetic))
    assert short["bond"] == pytest.approx(full.terms["bond"], rel=facts.arithmetic)


def test_the_cut_off_is_shortened_to_half_the_box(engine, pair, facts):
    wide = engine.energies(pair, replace(SHORT, cutoff=50.0)).terms["lennard_jones"]
    cut = by_hand.lennard_jones(pair.topology, pair.positions, pair.box, 9.5)
    assert wide == pytest.approx(cut, rel=max(1e-6, facts.arithmetic))


def test_a_run_samples_the_energy_that_energies_gives(engine, facts, tmp_path):
    cell, stage = liquid("CCO", 27, 0.7), Stage("minimize", "minimize", cutoff=6.0)
    ended = engine.run(cell, stage, tmp_path)
    expected = engine.energies(ended.cell, stage)
    # Runs compute with a coarser mesh, and some in single precision.
    error = facts.running_mesh * cell.topology.n_atoms
    assert ended.samples["potential_energy"] == pytest.approx(expected.total, abs=error)
    assert ended.samples["angle"] == pytest.approx(expected.terms["angle"], rel=max(1e-5, facts.arithmetic))


def test_forces_are_minus_the_gradient_of_openmm_s_energy(pair):
    """Other engines then have to have the same forces."""
    engine, forces = OpenMMEngine(), OpenMMEngine().energies(pair, FULL).forces
    rng, h = np.random.default_rng(2), 1e-4
    for _ in range(3):
        way = rng.normal(size=pair.positions.shape)
        ends = [engine.energies(replace(pair, positions=pair.positions + s * h * way), FULL).total for s in (1, -1)]
        # Central differences err by h^2, and Ewald's mesh by 1e-6.
        assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(-np.sum(forces * way), rel=1e-5)


@OTHERS
def test_terms_and_forces_are_openmm_s(engine, facts, polar):
    stage = replace(FULL, cutoff=8.0)
    one, other = OpenMMEngine().energies(polar, stage), engine.energies(polar, stage)
    for term in ENERGY_TERMS:
        # Only the amide has impropers.
        assert abs(one.terms[term]) > 0.05 or (term == "improper" and len(polar.topology.impropers) == 0)
        if term != "lennard_jones":
            error = facts.mesh if term == "coulomb" else facts.arithmetic
            assert other.terms[term] == pytest.approx(one.terms[term], rel=error), term
    # The tails differ by 1 / n.
    own, openmm_s = (
        by_hand.tail(polar.topology, polar.volume, stage.cutoff, counts)
        for counts in (facts.tail_counts, ENGINES["openmm"].tail_counts)
    )
    cut = one.terms["lennard_jones"] - openmm_s
    assert other.terms["lennard_jones"] - own == pytest.approx(cut, rel=max(1e-6, facts.arithmetic))
    # Where atoms overlap, one force outweighs all others: each is held against its own size.
    size = np.linalg.norm(one.forces, axis=1)
    assert (np.linalg.norm(one.forces - other.forces, axis=1) < facts.force * (size + np.median(size))).all()


@OTHERS
def test_short_interactions_are_openmm_s(engine, facts, polar):
    stage = replace(SHORT, cutoff=8.0)
    one, other = OpenMMEngine().energies(polar, stage), engine.energies(polar, stage)
    assert other.terms["coulomb"] == one.terms["coulomb"] == 0
    assert other.terms["lennard_jones"] == pytest.approx(one.terms["lennard_jones"], rel=facts.arithmetic)
    size = np.linalg.norm(one.forces, axis=1)
    error = np.linalg.norm(one.forces - other.forces, axis=1)
    assert (error < 10 * facts.arithmetic * (size + np.median(size))).all()
