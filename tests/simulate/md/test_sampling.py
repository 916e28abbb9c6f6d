"""Stages of a recipe, run for real by OpenMM on argon: keys, resume, damage, extension and the refusal to converge."""

import dataclasses
import shutil

import numpy as np
import pytest

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.gromacs import GromacsEngine
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.md.protocols.recipes import Criterion, Recipe
from polyloop.simulate.md.run.progress import ProgressWriter, read_progress
from polyloop.simulate.md.run.sampling import StageRunner, sample
from polyloop.simulate.md.run.workspace import Workspace
from tests.simulate.md.argon import argon

# Liquid argon at 100 K: above its boiling point at 1 atm, so under 200 atm.
LIQUID = Stage(
    "press", "npt", 2.0, 4.0, (100.0, 100.0), (200.0, 200.0), sample_interval=0.1, new_velocities=True, cutoff=8.0
)
RECIPE = Recipe(
    name="md/argon", version=1, description="", n_chains=1, atoms_per_chain=1, charges="", packing_density=1.0,
    equilibration=(Stage("minimize", "minimize", cutoff=8.0), LIQUID),
    production=dataclasses.replace(LIQUID, name="production", new_velocities=False, frame_interval=0.5),
    criteria=(Criterion("density", drift=1.0), Criterion("potential_energy", drift=10.0)),
    vibrations=Stage("vibrations", "nve", 0.2, 2.0, frame_interval=0.004, sample_interval=0.1, cutoff=8.0),
    extensions=2, time_limit=60.0,
)  # fmt: skip


def run(tmp_path, recipe=RECIPE, seed=0):
    workspace = Workspace(tmp_path)
    progress = ProgressWriter(workspace, "request")
    runner = StageRunner(OpenMMEngine(platform="CPU"), workspace, progress, seed, argon(), "cell")
    return sample(recipe, runner, progress, 100.0)


def stage_folders(tmp_path):
    return sorted(path for path in (tmp_path / "stages").iterdir() if path.is_dir())


def test_a_second_call_reads_back_what_the_first_has_run(tmp_path):
    first = run(tmp_path)
    times = {path: path.stat().st_mtime_ns for folder in stage_folders(tmp_path) for path in folder.iterdir()}
    second = run(tmp_path)
    assert {path: path.stat().st_mtime_ns for folder in stage_folders(tmp_path) for path in folder.iterdir()} == times
    np.testing.assert_array_equal(first.samples["density"], second.samples["density"])
    assert first.costs == second.costs
    assert read_progress(Workspace(tmp_path), "request").percent == pytest.approx(100.0)


def test_another_seed_shares_no_stage(tmp_path):
    run(tmp_path, seed=0)
    before = set(stage_folders(tmp_path))
    run(tmp_path, seed=1)
    assert len(set(stage_folders(tmp_path)) - before) == len(before)


def test_a_stage_that_is_lost_is_run_again_and_the_others_are_not(tmp_path):
    first = run(tmp_path)
    last = max(stage_folders(tmp_path), key=lambda folder: folder.stat().st_mtime_ns)
    kept = {folder: folder.stat().st_mtime_ns for folder in stage_folders(tmp_path) if folder != last}
    shutil.rmtree(last)
    second = run(tmp_path)
    assert {folder: folder.stat().st_mtime_ns for folder in kept} == kept
    assert second.samples["time"].shape == first.samples["time"].shape


def test_a_damaged_stage_is_set_aside_and_run_anew(tmp_path):
    run(tmp_path)
    last = max(stage_folders(tmp_path), key=lambda folder: folder.stat().st_mtime_ns)
    for path in last.iterdir():
        if path.name != "cost.json":
            path.write_bytes(b"damaged")
    assert len(run(tmp_path).samples["time"]) > 0


def test_production_is_extended_until_the_target_is_met_or_the_extensions_are_used_up(tmp_path):
    never = dataclasses.replace(RECIPE, criteria=(Criterion("density", drift=1.0, standard_error=1e-9),))
    taken = run(tmp_path, never)
    assert taken.extensions == 2
    assert not taken.verdict.is_precise
    steps = np.diff(taken.samples["time"])
    np.testing.assert_allclose(steps, 0.1, atol=1e-6)  # the time runs on from part to part
    assert run(tmp_path, RECIPE).extensions == 0


def test_a_sample_that_drifts_is_refused_with_its_figures(tmp_path):
    # A loose lattice under pressure: the density rises all the way.
    falling = dataclasses.replace(
        RECIPE,
        equilibration=(),
        production=dataclasses.replace(RECIPE.production, duration=1.0, sample_interval=0.05, new_velocities=True),
        criteria=(Criterion("density", drift=1e-4),),
        extensions=1,
    )
    loose = argon(per_edge=6, spacing=5.5)
    workspace = Workspace(tmp_path)
    progress = ProgressWriter(workspace, "request")
    runner = StageRunner(OpenMMEngine(platform="CPU"), workspace, progress, 0, loose, "cell")
    with pytest.raises(EvaluationError) as caught:
        sample(falling, runner, progress, 100.0)
    failure = caught.value.failure
    assert failure.code is FailureCode.NOT_EQUILIBRATED
    assert "density" in failure.reason
    assert "drift" in failure.reason
    assert "2 parts" in failure.reason
    assert failure.hint


def test_costs_say_cpu_wall_and_speed(tmp_path):
    cost = run(tmp_path).costs["press"]
    assert cost.cpu_s > 0.0
    assert cost.wall_s > 0.0
    assert cost.nanoseconds == pytest.approx(0.002)
    assert cost.ns_per_day == pytest.approx(86400 * 0.002 / cost.wall_s)


def test_a_program_that_says_that_it_had_no_room_is_a_fault_of_the_disk(tmp_path):
    program = tmp_path / "gmx"
    program.write_text(
        "#!/bin/sh\n"
        'case "$*" in *grompp*) touch run-1.tpr; exit 0;; esac\n'
        "printf 'Fatal error:\\nCannot write trajectory; maybe you are out of disk space?\\n\\n'; exit 1\n"
    )
    program.chmod(0o755)
    workspace = Workspace(tmp_path / "scratch")
    progress = ProgressWriter(workspace, "request")
    runner = StageRunner(GromacsEngine(program=program), workspace, progress, 0, argon(), "cell")
    with pytest.raises(EvaluationError, match=r"no room to write.*out of disk space") as caught:
        runner.run(LIQUID)
    assert caught.value.failure.code is FailureCode.DISK
