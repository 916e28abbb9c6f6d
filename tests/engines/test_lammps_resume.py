"""LAMMPS: a stage survives kills, signals, damaged files and a full disk, and is never run twice."""

import json
import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import psutil
import pytest

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.lammps import LammpsEngine
from tests.engines.long_stage import cell_and_stage, engine
from tests.engines.test_openmm_resume import damage

ENGINE = engine("lammps")
DURATION = 20.0
CELL, STAGE = cell_and_stage(DURATION)


def checkpoints(directory):
    return sorted(path.name for path in directory.glob("checkpoint-*.restart"))


def started(directory):
    """A process that runs the long stage, once it has written a checkpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engines.long_stage", str(directory), str(DURATION), "lammps"],
        cwd=Path(__file__).parents[2], stderr=subprocess.PIPE,
    )  # fmt: skip
    while not checkpoints(directory) and process.poll() is None:
        time.sleep(0.02)
    return process


def interrupt(directory, looks):
    """Run until there is a checkpoint and the progress was told `looks` times since; then comes a Ctrl-C."""
    told = []

    def progress(*words):
        if checkpoints(directory):
            told.append(words)
        if len(told) == looks:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        ENGINE.run(CELL, STAGE, directory, progress=progress)


def finish(directory):
    """Run to the end; return the result, and the ps that were done when it first told of them."""
    told = []
    result = LammpsEngine().run(CELL, STAGE, directory, progress=lambda *words: told.append(words))
    return result, told[0][1]


def is_alive(process_id):
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return psutil.Process(process_id).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def check_whole(result):
    """Nothing is missing from samples and frames, and nothing is there twice."""
    assert result.samples["time"] == pytest.approx(np.arange(1, round(DURATION / 0.05) + 1) * 0.05)
    assert result.frame_times == pytest.approx(np.arange(1, round(DURATION / 0.1) + 1) * 0.1)
    assert len(result.frames) == len(result.frame_boxes) == len(result.frame_times)
    # Atoms move by 0.5 angstrom or so in 0.1 ps, also where one sitting went on from another.
    assert np.abs(np.diff(result.frames, axis=0)).mean(axis=(1, 2)).max() < 1.0
    assert result.frames[-1] == pytest.approx(result.cell.positions, abs=1e-3)


def test_a_killed_stage_goes_on_and_a_finished_one_is_read_back(tmp_path):
    process = started(tmp_path)
    program = json.loads((tmp_path / "owner.json").read_text())["program"][0]
    time.sleep(np.random.default_rng().uniform(0, 0.5))
    process.kill()
    process.communicate()
    assert (tmp_path / "result.npz").exists() or len(checkpoints(tmp_path)) in (1, 2)
    result, _ = finish(tmp_path)
    check_whole(result)
    assert not is_alive(program)
    assert checkpoints(tmp_path) == []
    # A program that does not exist can compute nothing.
    again = LammpsEngine(program=Path("/nowhere/lmp")).run(CELL, STAGE, tmp_path)
    assert np.array_equal(again.cell.positions, result.cell.positions)
    assert np.array_equal(again.cell.velocities, result.cell.velocities)
    assert np.array_equal(again.samples["temperature"], result.samples["temperature"])
    assert again.wall_time == result.wall_time


def test_a_program_whose_owner_was_killed_stops_by_itself(tmp_path):
    process = started(tmp_path)
    program = json.loads((tmp_path / "owner.json").read_text())["program"][0]
    process.kill()
    process.communicate()
    end = time.monotonic() + 60
    while is_alive(program) and time.monotonic() < end:
        time.sleep(0.05)
    assert not is_alive(program)


def test_sigterm_leaves_a_checkpoint_and_ends_the_process_as_it_would_have(tmp_path):
    process = started(tmp_path)
    sent = time.time()
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == -signal.SIGTERM
    state = json.loads((tmp_path / "state.json").read_text())
    assert (tmp_path / state["checkpoints"][-1]["file"]).stat().st_mtime > sent
    assert state["sittings"] == 1 and state["wall_time"] > 0
    result, done = finish(tmp_path)
    assert done > 0
    check_whole(result)


def test_a_damaged_checkpoint_gives_way_to_the_one_before_and_two_are_said(tmp_path):
    interrupt(tmp_path, looks=1)
    older, newer = checkpoints(tmp_path)
    damage(tmp_path / newer)
    interrupt(tmp_path, looks=1)
    assert f"read_restart {older}" in (tmp_path / "sitting-002.in").read_text()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    for name in checkpoints(tmp_path):
        damage(tmp_path / name)
    with pytest.raises(EvaluationError, match=r"checkpoint-.* and checkpoint-.* in .*: damaged") as caught:
        finish(tmp_path)
    assert caught.value.failure.code is FailureCode.CHECKPOINT


def test_ramps_and_deformation_go_on_where_they_were(tmp_path):
    stage = replace(STAGE, ensemble="nvt", density=0.4, temperature=(300.0, 600.0))

    def progress(name, done, total):
        if done > 1.0:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        ENGINE.run(CELL, stage, tmp_path, progress=progress)
    result = ENGINE.run(CELL, stage, tmp_path)
    assert json.loads((tmp_path / "state.json").read_text())["sittings"] == 2
    assert result.cell.density == pytest.approx(0.4)
    steps = np.diff(result.samples["box_x"])
    assert steps == pytest.approx(np.full(len(steps), steps.mean()), rel=1e-6)
    assert result.samples["temperature"][-20:].mean() == pytest.approx(600, abs=100)


@pytest.mark.parametrize("other", ["stage", "seed", "cell", "engine", "accuracy", "files", "state"])
def test_a_directory_belongs_to_one_run(tmp_path, other):
    if other == "files":
        (tmp_path / "diary.txt").write_text("Dear diary")
    elif other == "state":
        (tmp_path / "state.json").write_text('{"key": ')
    elif other == "engine":
        engine("openmm").run(CELL, replace(STAGE, duration=0.05), tmp_path)
    else:
        ENGINE.run(CELL, replace(STAGE, duration=0.05), tmp_path)
    mine = LammpsEngine(kspace_accuracy=1e-5) if other == "accuracy" else ENGINE
    stage = replace(STAGE, duration=0.1) if other == "stage" else replace(STAGE, duration=0.05)
    cell = replace(CELL, positions=CELL.positions + 1e-6) if other == "cell" else CELL
    with pytest.raises(EvaluationError, match=r"another cell, stage, seed or engine|something else|damaged") as caught:
        mine.run(cell, stage, tmp_path, seed=int(other == "seed"))
    assert caught.value.failure.code is FailureCode.CHECKPOINT


def test_a_damaged_result_is_said(tmp_path):
    ENGINE.run(CELL, replace(STAGE, duration=0.05), tmp_path)
    damage(tmp_path / "result.npz")
    with pytest.raises(EvaluationError, match=r"result.npz is damaged") as caught:
        ENGINE.run(CELL, replace(STAGE, duration=0.05), tmp_path)
    assert caught.value.failure.code is FailureCode.CHECKPOINT


def test_another_process_at_work_is_left_alone(tmp_path):
    process = started(tmp_path)
    try:
        with pytest.raises(EvaluationError, match=f"Process {process.pid} runs this stage"):
            ENGINE.run(CELL, STAGE, tmp_path)
    finally:
        process.kill()
        process.communicate()


def test_a_full_disk_is_said_and_the_earlier_checkpoint_stays(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_the_disk(name, done, total):
        if checkpoints(tmp_path):
            resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))

    try:
        with pytest.raises(EvaluationError, match="cannot be written") as caught:
            ENGINE.run(CELL, STAGE, tmp_path, progress=fill_the_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.failure.code is FailureCode.DISK
    assert "Free the disk" in caught.value.failure.hint
    result, done = finish(tmp_path)
    assert done > 0
    check_whole(result)
