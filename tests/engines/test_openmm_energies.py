"""OpenMM: each energy term is the force field's, to the last digits, and forces are its derivatives."""

from dataclasses import replace

import numpy as np
import pytest

from polyloop.chem import Cell, Topology
from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.engines.openmm import OpenMMEngine
from polyloop.engines.openmm.platforms import choose_platform
from polyloop.engines.runs import effective_masses
from polyloop.engines.stages import ENERGY_TERMS, Stage
from tests.engines import numpy_energies as by_hand
from tests.engines.liquids import liquid, molecule

FULL = Stage("full", "minimise", cutoff=9.0)
SHORT = replace(FULL, name="short", nonbonded="short", cutoff=7.0)


@pytest.fixture(scope="module")
def pair():
    """An amide and an ester with rings, shaken so that no term is at rest, near each other and across the border."""
    parts = [molecule("CC(=O)Nc1ccccc1"), molecule("COC(=O)C1CCCC1")]
    positions = np.concatenate([parts[0][1], parts[1][1] + [4.5, 2.0, 3.0]])
    positions += np.random.default_rng(1).normal([0.0, 8.0, 8.0], 0.05, positions.shape)
    return Cell(Topology.concatenate([part[0] for part in parts]), positions, np.array([22.0, 19.0, 20.0]))


@pytest.fixture(scope="module")
def full(pair):
    return OpenMMEngine().energies(pair, FULL)


def test_bonded_terms_equal_those_written_down_by_hand(pair, full):
    assert tuple(full.terms) == ENERGY_TERMS
    for name, energy in by_hand.bonded(pair.topology, pair.positions).items():
        assert energy > 0.1  # kcal/mol; a term at rest would test nothing
        assert full.terms[name] == pytest.approx(energy, rel=1e-8)


def test_lennard_jones_has_its_scaled_14_pairs_cut_off_and_tail(pair, full):
    cut = by_hand.lennard_jones(pair.topology, pair.positions, pair.box, FULL.cutoff)
    tail = by_hand.tail(pair.topology, pair.volume, FULL.cutoff)
    assert full.terms["lennard_jones"] == pytest.approx(cut + tail, rel=1e-6)


def test_coulomb_is_the_ewald_sum_with_scaled_14_pairs(pair, full):
    expected = by_hand.ewald(pair.topology, pair.positions, pair.box)
    assert expected == pytest.approx(by_hand.ewald(pair.topology, pair.positions, pair.box, alpha=0.4), abs=1e-5)
    assert full.terms["coulomb"] == pytest.approx(expected, rel=1e-5)


def test_short_mode_has_no_coulomb_and_no_tail(pair, full):
    short = OpenMMEngine().energies(pair, SHORT).terms
    assert short["coulomb"] == 0
    cut = by_hand.lennard_jones(pair.topology, pair.positions, pair.box, SHORT.cutoff)
    assert short["lennard_jones"] == pytest.approx(cut, rel=1e-6)
    assert short["bond"] == full.terms["bond"]


def test_forces_are_minus_the_gradient(pair, full):
    rng, h = np.random.default_rng(2), 1e-4
    for _ in range(3):
        way = rng.normal(size=pair.positions.shape)
        ends = [
            OpenMMEngine().energies(replace(pair, positions=pair.positions + s * h * way), FULL).total for s in (1, -1)
        ]
        # Central differences err by h^2, and Ewald's mesh by 1e-6.
        assert (ends[0] - ends[1]) / (2 * h) == pytest.approx(-np.sum(full.forces * way), rel=1e-5)


def test_the_cut_off_is_shortened_to_half_the_box(pair):
    wide = OpenMMEngine().energies(pair, replace(SHORT, cutoff=50.0)).terms["lennard_jones"]
    assert wide == pytest.approx(by_hand.lennard_jones(pair.topology, pair.positions, pair.box, 9.5), rel=1e-6)


def test_a_run_has_the_same_energy_as_energies(tmp_path):
    cell = liquid("CCO", 27, 0.7)
    stage = Stage("minimise", "minimise")
    ended = OpenMMEngine().run(cell, stage, tmp_path)
    # 0.05 kcal/mol of 243 atoms: runs compute in single precision and with a coarser mesh.
    expected = OpenMMEngine().energies(ended.cell, replace(stage, cutoff=0.47 * cell.box.min()))
    assert ended.samples["potential_energy"] == pytest.approx(expected.total, abs=0.05)
    assert ended.samples["angle"] == pytest.approx(expected.terms["angle"], rel=1e-5)


@pytest.mark.gpu
@pytest.mark.parametrize("platform", ["CUDA", "HIP", "OpenCL"])
def test_a_gpu_runs_with_the_same_energy(tmp_path, platform):
    try:
        choose_platform(platform)
    except ConfigurationError as error:
        pytest.skip(str(error))
    engine, stage = OpenMMEngine(platform), Stage("npt", "npt", duration=2.0, timestep=2.0)
    cell = engine.run(liquid("CCO", 64, 0.7), Stage("minimise", "minimise"), tmp_path / "minimise").cell
    ended = engine.run(cell, replace(stage, cutoff=6.0), tmp_path / "npt")
    terms = engine.energies(ended.cell, replace(stage, cutoff=6.0)).terms
    assert ended.samples["angle"][-1] == pytest.approx(terms["angle"], rel=1e-4)
    assert ended.samples["nonbonded"][-1] == pytest.approx(terms["lennard_jones"] + terms["coulomb"], abs=0.2)


def test_heavy_hydrogens_leave_the_mass_of_the_molecule_as_it_was():
    ethanol = molecule("CCO")[0]
    masses = effective_masses(ethanol, 3.0)
    assert masses.sum() == pytest.approx(ethanol.masses.sum())
    assert set(masses[ethanol.numbers == 1]) == {3.0}
    # Methyl gives three times 3.0 - 1.008.
    assert masses[0] == pytest.approx(ethanol.masses[0] - 3 * (3.0 - ethanol.masses[-1]))
    with pytest.raises(InvalidInputError, match="without mass"):
        effective_masses(ethanol, 6.0)


def test_malformed_cells_are_refused(pair):
    with pytest.raises(InvalidInputError, match="three positive edges"):
        OpenMMEngine().energies(replace(pair, box=np.array([20.0, 0.0, 20.0])), FULL)
    with pytest.raises(InvalidInputError, match="needs positions"):
        OpenMMEngine().energies(replace(pair, positions=pair.positions[1:]), FULL)
