"""Every engine: a stage survives kills, signals, damaged files and a full disk, and is never run twice."""

import json
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from polyloop.core import EvaluationError, FailureCode, MissingDependencyError
from tests.engines.liquids import damage
from tests.engines.long_stage import cell_and_stage, hasty
from tests.engines.programs import ENGINES, checkpoints


@pytest.fixture(scope="module")
def long(name):
    """The engine in haste, and a cell and a stage that keep it busy for a second or two."""
    cell, stage = cell_and_stage(name)
    return SimpleNamespace(engine=hasty(name), cell=cell, stage=stage, short=replace(stage, duration=0.2))


@pytest.fixture(scope="module")
def interrupted(long, tmp_path_factory):
    """A run that a Ctrl-C has ended, not to be touched, and the ps that its older checkpoint holds at least."""
    directory = tmp_path_factory.mktemp("interrupted")
    held = interrupt(long, long.stage, directory)
    return SimpleNamespace(directory=directory, held=held, handler=signal.getsignal(signal.SIGINT))


@pytest.fixture(scope="module")
def finished(long, tmp_path_factory):
    """A finished run of a short stage, not to be touched."""
    directory = tmp_path_factory.mktemp("finished")
    return SimpleNamespace(directory=directory, result=long.engine.run(long.cell, long.short, directory))


def interrupt(long, stage, directory):
    """Run until the older of two checkpoints holds an eighth of the stage, then Ctrl-C; return the ps that it holds."""
    told, held = [0.0, 0.0], {}

    def progress(name, done, total):
        for path in checkpoints(directory):
            # It may have been written any time after the last look but one that did not see it.
            held.setdefault(path.stat().st_mtime_ns, told[-2])
        told.append(done)
        if len(checkpoints(directory)) == 2 and sorted(held.values())[-2] > total / 8:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        long.engine.run(long.cell, stage, directory, progress=progress)
    return max(least for stamp, least in held.items() if stamp <= checkpoints(directory)[0].stat().st_mtime_ns)


def started(name, directory):
    """A process that runs the long stage, once it has written a checkpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engines.long_stage", str(directory), name],
        cwd=Path(__file__).parents[2], stderr=subprocess.PIPE,
    )  # fmt: skip
    while not checkpoints(directory) and process.poll() is None:
        time.sleep(0.02)
    return process


def finish(long, directory):
    """Run to the end; return the result, and the ps that were done when it first told of them."""
    told = []
    result = long.engine.run(long.cell, long.stage, directory, progress=lambda *words: told.append(words))
    return result, told[0][1]


def check_whole(result, stage):
    """Nothing is missing from samples and frames, and nothing is there twice."""
    assert result.samples["time"] == pytest.approx(np.arange(1, round(stage.duration / 0.05) + 1) * 0.05)
    assert result.frame_times == pytest.approx(np.arange(1, round(stage.duration / 0.1) + 1) * 0.1)
    assert len(result.frames) == len(result.frame_boxes) == len(result.frame_times) == len(result.frame_velocities)
    assert result.frame_velocities[-1] == pytest.approx(result.cell.velocities, abs=1e-2)
    # Atoms move by 0.5 angstrom or so in 0.1 ps, also where one sitting went on from another.
    assert np.abs(np.diff(result.frames, axis=0)).mean(axis=(1, 2)).max() < 1.0
    assert result.frames[-1] == pytest.approx(result.cell.positions, abs=1e-3)


def is_alive(process_id):
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def test_a_killed_stage_goes_on_and_its_program_has_stopped_by_itself(name, facts, long, tmp_path):
    process = started(name, tmp_path)
    try:
        program = json.loads((tmp_path / "owner.json").read_text())["program"][0]
        with pytest.raises(EvaluationError, match=f"Process {process.pid} runs this stage"):
            long.engine.run(long.cell, long.stage, tmp_path)
        time.sleep(np.random.default_rng().uniform(0, 0.5))
    finally:
        process.kill()
        process.communicate()
    assert (tmp_path / "result.npz").exists() or checkpoints(tmp_path)
    end = time.monotonic() + 60
    while is_alive(program):
        assert time.monotonic() < end
        time.sleep(0.02)
    result, _ = finish(long, tmp_path)
    check_whole(result, long.stage)
    assert (tmp_path / "result.npz").exists() and checkpoints(tmp_path) == []


def test_sigterm_leaves_a_checkpoint_and_ends_the_process_as_it_would_have(name, long, tmp_path):
    directory, sent = tmp_path / "run", tmp_path / "sent"
    directory.mkdir()
    process = started(name, directory)
    # Half way to the next checkpoint: a signal that comes while the first one is kept needs no second one.
    time.sleep(0.06)
    # Times of files come from a clock of the kernel that is some ms behind `time.time`: so does this one.
    sent.touch()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == -signal.SIGTERM
    assert checkpoints(directory)[-1].stat().st_mtime_ns >= sent.stat().st_mtime_ns
    result, done = finish(long, directory)
    assert done > 0
    check_whole(result, long.stage)


def test_ctrl_c_is_passed_on_and_handlers_come_back(interrupted):
    assert interrupted.handler is signal.default_int_handler
    assert len(checkpoints(interrupted.directory)) == 2


def test_a_damaged_checkpoint_gives_way_to_the_one_before(long, interrupted, tmp_path):
    directory = shutil.copytree(interrupted.directory, tmp_path / "run")
    damage(checkpoints(directory)[-1])
    result, done = finish(long, directory)
    assert done >= interrupted.held
    check_whole(result, long.stage)


def test_where_no_checkpoint_is_whole_the_run_says_so(long, interrupted, tmp_path):
    directory = shutil.copytree(interrupted.directory, tmp_path / "run")
    for path in checkpoints(directory):
        damage(path)
    with pytest.raises(EvaluationError, match=r"checkpoint.* and checkpoint.* in .*: damaged") as caught:
        finish(long, directory)
    assert caught.value.failure.code is FailureCode.CHECKPOINT


def test_a_full_disk_is_said_and_the_earlier_checkpoint_stays(long, interrupted, tmp_path):
    directory = shutil.copytree(interrupted.directory, tmp_path / "run")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_the_disk(name, done, total):
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))

    try:
        with pytest.raises(EvaluationError, match=r"(cannot|could not) be written") as caught:
            long.engine.run(long.cell, long.stage, directory, progress=fill_the_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.failure.code is FailureCode.DISK
    assert "Free the disk" in caught.value.failure.hint
    result, done = finish(long, directory)
    assert done >= interrupted.held
    check_whole(result, long.stage)


def test_ramps_and_deformation_go_on_where_they_were(long, tmp_path):
    stage = replace(long.stage, density=0.4, temperature=(300.0, 600.0))
    interrupt(long, stage, tmp_path)
    result = long.engine.run(long.cell, stage, tmp_path)
    check_whole(result, stage)
    assert result.cell.density == pytest.approx(0.4)
    edges = result.samples["box_x"]
    assert edges == pytest.approx(np.linspace(edges[0], edges[-1], len(edges)), rel=1e-6)
    assert result.samples["temperature"][-20:].mean() == pytest.approx(600, abs=100)


def test_a_signal_at_the_very_end_loses_nothing(long, tmp_path):
    def progress(name, done, total):
        if done == pytest.approx(total):
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        long.engine.run(long.cell, long.short, tmp_path, progress=progress)
    check_whole(long.engine.run(long.cell, long.short, tmp_path), long.short)


def test_a_finished_stage_is_read_back(facts, long, finished):
    # Without a program nothing can be computed.
    again = facts.nowhere().run(long.cell, long.short, finished.directory)
    assert again.cell.topology is long.cell.topology
    for field in ("positions", "velocities", "box"):
        assert np.array_equal(getattr(again.cell, field), getattr(finished.result.cell, field))
    for field in ("frames", "frame_boxes", "frame_times", "wall_time"):
        assert np.array_equal(getattr(again, field), getattr(finished.result, field))
    assert again.samples.keys() == finished.result.samples.keys()
    for column, values in again.samples.items():
        assert np.array_equal(values, finished.result.samples[column], equal_nan=True)


def test_a_damaged_result_is_said(long, finished, tmp_path):
    directory = shutil.copytree(finished.directory, tmp_path / "run")
    damage(directory / "result.npz")
    with pytest.raises(EvaluationError, match=r"result.npz .*damaged") as caught:
        long.engine.run(long.cell, long.short, directory)
    assert caught.value.failure.code is FailureCode.CHECKPOINT


@pytest.mark.parametrize("other", ["stage", "seed", "cell"])
@pytest.mark.parametrize("state", ["interrupted", "finished"])
def test_a_directory_belongs_to_one_run(request, long, state, other):
    directory = request.getfixturevalue(state).directory
    stage = long.stage if state == "interrupted" else long.short
    stage = replace(stage, temperature=(300.0, 310.0)) if other == "stage" else stage
    cell = replace(long.cell, positions=long.cell.positions + 1e-6) if other == "cell" else long.cell
    with pytest.raises(EvaluationError, match="another cell, stage") as caught:
        long.engine.run(cell, stage, directory, seed=int(other == "seed"))
    assert caught.value.failure.code is FailureCode.CHECKPOINT


@pytest.mark.parametrize("other", ENGINES)
def test_a_directory_belongs_to_one_engine(name, long, finished, other):
    if other == name:
        return
    try:
        ENGINES[other].make().version()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    with pytest.raises(EvaluationError, match="another cell, stage") as caught:
        ENGINES[other].make().run(long.cell, long.short, finished.directory)
    assert caught.value.failure.code is FailureCode.CHECKPOINT
