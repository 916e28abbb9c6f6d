"""Mechanics, glass transition, ions and self-diffusion: from a repeat unit through a real engine, by toy plans."""

import re
from functools import partial

import numpy as np
import pytest

from polyloop.chem import Cell, Polymer, Topology
from polyloop.chem.forcefield import ion
from polyloop.core import Conditions, EvaluationError, FailureCode, Request
from polyloop.engines.dynamics.stages import StageResult
from polyloop.simulate import PROTOCOLS, evaluate_request, protocols
from polyloop.simulate.md.protocols import FOLLOW_UPS
from polyloop.simulate.md.protocols.diffusion import DIFFUSION, SMOKE_DIFFUSION, chain_diffusion
from polyloop.simulate.md.protocols.glass import GLASS, SMOKE_GLASS
from polyloop.simulate.md.protocols.ions import IONS, SMOKE_IONS, in_voids, ion_mobilities, paired_share
from polyloop.simulate.md.protocols.mechanics import MECHANICS, SMOKE_MECHANICS, affinely_strained
from polyloop.simulate.md.protocols.optics import OPTICS
from polyloop.simulate.md.run import workflow
from polyloop.simulate.md.run.estimates import PROPERTIES as SHEET
from polyloop.simulate.md.run.preview import has_preview
from tests.engines.liquids import liquid
from tests.registered import registered
from tests.simulate.md.argon import argon
from tests.simulate.md.synthetic import correlated, fractional_walk

ALL = (MECHANICS, GLASS, IONS, OPTICS, DIFFUSION)


@pytest.fixture(scope="module")
def scratch(tmp_path_factory):
    """One folder for all, so that the sample of the recipe is simulated once."""
    return tmp_path_factory.mktemp("scratch")


@pytest.fixture
def smoke(scratch, monkeypatch):
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(scratch))
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "openmm")
    monkeypatch.setenv("POLYLOOP_CORES", "1")
    short = [
        protocols.Protocol(
            one.name, one.version, "smoke", one.properties, "seconds", one.description,
            partial(workflow.follow_up_polymer, one.protocol_id), partial(workflow.check_scope, one.protocol_id),
            conditions=("temperature", "pressure"),
        )
        for one in (SMOKE_MECHANICS, SMOKE_GLASS, SMOKE_IONS, SMOKE_DIFFUSION)
    ]  # fmt: skip

    def run(one, temperature=298.15):
        return evaluate_request(Request(Polymer("*CC*").subject, one.protocol_id, 0, Conditions(temperature)))

    with registered(*short):
        yield run


def stage_runs(scratch):
    return {path.parent.name: path.stat().st_mtime_ns for path in (scratch / "md" / "stages").glob("*/cost.json")}


@pytest.mark.parametrize("one", ALL, ids=lambda one: one.protocol_id)
def test_each_is_a_protocol_of_its_own_that_is_run_on_request(one):
    protocol = PROTOCOLS[one.protocol_id]
    assert protocol.properties == one.properties
    assert protocol.on_request
    assert has_preview(one.protocol_id)
    for name in one.properties:
        # What md/standard yields by itself is asked of it.
        assert protocols.protocol_for(name, "standard") is (PROTOCOLS["md/standard@2"] if name in SHEET else protocol)


@pytest.mark.parametrize("one", FOLLOW_UPS.values(), ids=FOLLOW_UPS)
def test_stages_have_names_of_their_own_and_whole_steps(one):
    assert len({stage.name for stage in one.stages}) == len(one.stages)
    for stage in one.stages:
        steps = 1000.0 * stage.duration / stage.timestep
        assert steps == pytest.approx(round(steps), abs=1e-6)


def test_a_cooling_does_not_follow_the_temperature_of_the_sample():
    stages = {stage.name: stage for stage in GLASS.stages_at(Conditions(temperature=450.0, pressure=5.0))}
    assert stages["heat_to_melt"].temperature == (450.0, 630.0)
    plateaus = [stage for name, stage in stages.items() if name.startswith("cool_")]
    assert [stage.temperature[0] for stage in plateaus] == list(np.arange(630.0, 169.0, -20.0))
    assert {stage.temperature[0] == stage.temperature[1] for stage in plateaus} == {True}
    assert {stage.pressure for stage in stages.values()} == {(5.0, 5.0)}


@pytest.mark.slow
def test_moduli_of_a_strained_cell_or_the_reason_why_there_are_none(smoke, scratch):
    records = smoke(SMOKE_MECHANICS)
    done = stage_runs(scratch)
    # Two picoseconds of 120 atoms: whether stiffness shows above the noise is chance, but one of both it must be.
    for record in records:
        if record.failure is None:
            measured = record.provenance.settings["measured"]
            assert np.isfinite([measured["c11_GPa"], measured["c12_GPa"], measured["bulk_modulus_GPa"]]).all()
            assert record.std > 0.0
        else:
            assert record.failure.code is FailureCode.NOT_EQUILIBRATED
            assert "C11 - C12" in record.failure.reason
    assert [record.property for record in smoke(SMOKE_MECHANICS)] == ["young_modulus", "poisson_ratio"]
    assert stage_runs(scratch) == done  # all was read back


@pytest.mark.slow
def test_a_cooling_ends_with_a_transition_or_with_what_hides_it(smoke, scratch):
    before = stage_runs(scratch)
    (record,) = smoke(SMOKE_GLASS)
    if record.failure is None:
        measured = record.provenance.settings["measured"]
        assert len(measured["temperatures_K"]) == 9
        assert measured["cooling_K_per_s"] == pytest.approx(45.0 / 1.6e-12)
    else:
        assert record.failure.code is FailureCode.NOT_EQUILIBRATED
        assert "break" in record.failure.reason
    new = stage_runs(scratch).keys() - before.keys()
    assert len(new) >= len(SMOKE_GLASS.stages)


@pytest.mark.slow
def test_ions_that_rattle_or_pair_have_no_mobility(smoke):
    records = smoke(SMOKE_IONS)
    for record in records:
        if record.failure is not None:
            assert record.failure.code in (FailureCode.NOT_EQUILIBRATED, FailureCode.UNSUPPORTED)
            assert "not diffusive" in record.failure.reason or "touches" in record.failure.reason
        else:
            assert record.std > 0.0


def test_chains_of_a_sample_are_followed_at_its_mean_density(smoke, scratch):
    before = stage_runs(scratch)
    (record,) = smoke(SMOKE_DIFFUSION)
    new = stage_runs(scratch).keys() - before.keys()
    assert len(new) >= len(SMOKE_DIFFUSION.stages)
    if record.failure is None:
        measured = record.provenance.settings["measured"]
        assert measured["chains"] == 2
        assert measured["longest_lag_ps"] == pytest.approx(2.0)
        assert measured["displacement_in_it_angstrom"] > 0.0 and record.std > 0.0
    else:
        assert record.failure.code is FailureCode.NOT_EQUILIBRATED
        assert "not diffusive" in record.failure.reason


@pytest.mark.slow
def test_a_glass_is_refused_with_the_exponent_of_its_displacement(smoke):
    # Polyethylene freezes at some 200 K; at 50 K its chains rattle in their cages.
    (record,) = smoke(SMOKE_DIFFUSION, 50.0)
    assert record.failure.code is FailureCode.NOT_EQUILIBRATED
    exponent = float(re.search(r"grows as t\^\((-?[\d.]+) ", record.failure.reason)[1])
    assert exponent < 0.9
    assert "hotter" in record.failure.hint


def frames_of(centres, cell):
    """A stage whose chains keep their shape and move with `centres`, (f, m, 3), all drifting together."""
    drift = np.linspace(0, 200, len(centres))[:, None, None]
    frames = (cell.positions + np.repeat(centres, np.bincount(cell.topology.molecule), axis=1) + drift).astype("f4")
    boxes = np.broadcast_to(cell.box, (len(centres), 3))
    return StageResult(cell, {}, frames, boxes, 4.0 * np.arange(1.0, len(centres) + 1), 0.0)


def test_a_melt_has_the_diffusion_of_its_chains_and_says_how_far_they_went():
    cell = liquid("CCCCCCCC", 4, 0.1)
    rng, notes = np.random.default_rng(4), {}
    centres = 0.2 * fractional_walk(rng, 1000, (4, 3), 1.0)
    found = chain_diffusion(frames_of(centres, cell), cell.topology, notes)
    # s^2/2 per 4 ps, 5e-11 m2/s, and a quarter less for what the fourth chain follows from.
    assert found.value == pytest.approx(0.75 * 5e-11, abs=3 * found.std)
    assert (found.property, found.n) == ("self_diffusion", 9)
    assert notes["molar_mass_g_mol"] == pytest.approx(114.23, abs=0.01)
    assert (notes["followed_ps"], notes["longest_lag_ps"]) == (3996.0, 1000.0)
    assert notes["displacement_in_it_angstrom"] == pytest.approx(np.sqrt(0.75 * 0.04 * 3 * 250), rel=0.4)
    assert 2.0 < notes["radius_of_gyration_angstrom"] < 4.0
    assert abs(notes["exponent"] - 1.0) < 3 * notes["exponent_std"]


def test_chains_in_their_cages_have_no_diffusion_however_long_they_are_followed():
    cell, notes = liquid("CCCCCCCC", 4, 0.1), {}
    caged = np.moveaxis(correlated(np.random.default_rng(5), (4, 3, 1000), 0.9), -1, 0)
    with pytest.raises(EvaluationError, match=r"grows as t\^\(-?0\.\d\d \+- 0\.\d\d\).*not diffusive") as caught:
        chain_diffusion(frames_of(caged, cell), cell.topology, notes)
    assert caught.value.failure.code is FailureCode.NOT_EQUILIBRATED
    assert abs(notes["exponent"]) < 0.2


def test_a_strain_moves_atoms_in_proportion_and_keeps_bonds_to_hydrogen():
    cell = liquid("CCO", 8, 0.5)
    box = cell.box * [1.01, 1.0, 1.0]
    strained = affinely_strained(cell, box)
    heavy = cell.topology.numbers > 1
    np.testing.assert_allclose(strained.positions[heavy], cell.positions[heavy] * [1.01, 1, 1])
    i, j = cell.topology.bonds[(cell.topology.numbers[cell.topology.bonds] == 1).any(axis=1)].T
    np.testing.assert_allclose(
        np.linalg.norm(strained.positions[i] - strained.positions[j], axis=1),
        np.linalg.norm(cell.positions[i] - cell.positions[j], axis=1),
    )  # fmt: skip
    np.testing.assert_array_equal(strained.box, box)


def test_ions_go_into_the_largest_voids_in_turn_and_the_cell_stays_neutral():
    full = argon(per_edge=5, spacing=4.0)
    # Two atoms are taken out: their places are the only voids.
    holes = np.array([31, 93])
    kept = np.setdiff1d(np.arange(125), holes)
    cell = Cell(Topology.concatenate([argon(per_edge=1).topology] * len(kept)), full.positions[kept], full.box)
    salted = in_voids(cell, 1, np.random.default_rng(1))
    assert salted.topology.charges.tolist()[-2:] == [1.0, -1.0]
    assert salted.topology.n_molecules == len(kept) + 2
    apart = np.linalg.norm(salted.positions[-2:, None] - full.positions[holes], axis=-1)
    assert apart.min(axis=1).max() < 0.7  # 20,000 trials in 8,000 angstrom3
    assert sorted(apart.argmin(axis=1)) == [0, 1]


def test_a_cell_without_room_is_refused():
    with pytest.raises(EvaluationError, match="found a void") as caught:
        in_voids(argon(per_edge=2), 4, np.random.default_rng(1))
    assert caught.value.failure.code is FailureCode.PACKING


def salt_in_argon(rng, frames=2000, each=20):
    """Walkers with steps of 0.1 angstrom (sodium) and 0.05 (chloride) in a matrix of one molecule that drifts."""
    cell = liquid("CCCCCC", 1, 0.01)
    topology = Topology.concatenate([cell.topology, *[ion("Na+")] * each, *[ion("Cl-")] * each])
    sizes = np.repeat([0.1, 0.05], each)[:, None]
    walks = rng.uniform(0, 100, (2 * each, 3)) + (sizes * rng.standard_normal((frames, 2 * each, 3))).cumsum(axis=0)
    drift = np.linspace(0, 300, frames)[:, None, None]
    matrix = np.broadcast_to(cell.positions, (frames, *cell.positions.shape))
    return np.concatenate([matrix, walks], axis=1) + drift, topology


def test_mobilities_are_those_of_each_kind_relative_to_the_polymer():
    frames, topology = salt_in_argon(np.random.default_rng(2))
    sodium, chloride = ion_mobilities(frames, np.arange(2000.0), topology, 0.0, 300.0)
    # D = s^2/2 per ps: 5e-11 and 1.25e-11 m2/s; u = e D/(k T), and k T/e = 0.025852 V at 300 K.
    assert sodium.value == pytest.approx(5e-11 / 0.025852, abs=4 * sodium.std)
    assert chloride.value == pytest.approx(1.25e-11 / 0.025852, abs=4 * chloride.std)
    assert sodium.std < 0.25 * sodium.value
    assert (sodium.property, chloride.property) == IONS.properties


def test_pairs_carry_no_current_and_are_refused():
    frames, topology = salt_in_argon(np.random.default_rng(3))
    with pytest.raises(EvaluationError, match="touches Cl- in 90%") as caught:
        ion_mobilities(frames, np.arange(2000.0), topology, 0.9, 300.0)
    assert caught.value.failure.code is FailureCode.UNSUPPORTED


def test_a_pair_is_one_across_the_boundary_too():
    boxes = np.full((2, 3), 20.0)
    ions = np.array([[[0.5, 0, 0], [10, 10, 10], [19.0, 0, 0], [0, 0, 5]]] * 2)
    ions[1, 3] = [10, 10, 13.0]
    assert paired_share(ions, boxes) == pytest.approx((1 + 0 + 1 + 1) / 4)


def test_an_engine_without_pressures_along_axes_is_refused():
    from polyloop.simulate.md.protocols.mechanics import _pressures

    empty = np.zeros((0, 3))
    for samples in ({}, {f"pressure_{axis}": np.full(20, np.nan) for axis in "xyz"}):
        result = StageResult(argon(2), samples, np.zeros((0, 8, 3), np.float32), empty, np.zeros(0), 0.0)
        with pytest.raises(EvaluationError, match="no pressure along each axis"):
            _pressures(result)
