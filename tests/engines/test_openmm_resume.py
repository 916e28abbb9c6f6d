"""OpenMM: a stage survives kills, signals, damaged files and a full disk, and is never run twice."""

import resource
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.openmm import OpenMMEngine
from polyloop.engines.openmm.snapshot import Snapshot, StageFiles
from tests.engines.long_stage import cell_and_stage

# A checkpoint every 0.12 s.
ENGINE = OpenMMEngine("CPU", checkpoint_minutes=0.002)
DURATION = 8.0
CELL, STAGE = cell_and_stage(DURATION)


def started(directory):
    """A process that runs the long stage, once it has written a checkpoint."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.engines.long_stage", str(directory), str(DURATION), "openmm"],
        cwd=Path(__file__).parents[2], stderr=subprocess.PIPE,
    )  # fmt: skip
    while not (directory / "checkpoint.npz").exists() and process.poll() is None:
        time.sleep(0.02)
    return process


def run(directory, progress=None):
    return ENGINE.run(CELL, STAGE, directory, progress=progress)


def interrupt(directory, looks):
    """Run until the progress was told `looks` times; then comes a Ctrl-C."""
    told = []

    def progress(*words):
        told.append(words)
        if len(told) == looks:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(directory, progress)


def done_at_first_look(directory):
    """Finish the stage; return its result and the ps that were done when it first told of them."""
    told = []
    return run(directory, lambda *words: told.append(words)), told[0][1]


def check_whole(result):
    """Nothing is missing from samples and frames, and nothing is there twice."""
    assert result.samples["time"] == pytest.approx(np.arange(1, round(DURATION / 0.05) + 1) * 0.05)
    assert result.frame_times == pytest.approx(np.arange(1, round(DURATION / 0.1) + 1) * 0.1)
    assert len(result.frames) == len(result.frame_boxes) == len(result.frame_times)
    # Atoms move by 0.5 angstrom or so in 0.1 ps, also where one sitting went on from another.
    assert np.abs(np.diff(result.frames, axis=0)).mean(axis=(1, 2)).max() < 1.0


def files_in(directory):
    return {path.name for path in directory.iterdir()}


def step_of(path):
    with np.load(path) as archive:
        return int(archive["step"])


def damage(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_a_killed_stage_goes_on_and_a_finished_one_is_read_back(tmp_path):
    process = started(tmp_path)
    time.sleep(np.random.default_rng().uniform(0, 1))
    process.kill()
    process.communicate()
    assert files_in(tmp_path) & {"checkpoint.npz", "checkpoint.previous.npz", "result.npz"}
    result = run(tmp_path)
    check_whole(result)
    assert files_in(tmp_path) == {"result.npz"}
    # On a platform that does not exist nothing can be computed.
    again = OpenMMEngine("nowhere").run(CELL, STAGE, tmp_path)
    assert np.array_equal(again.cell.positions, result.cell.positions)
    assert np.array_equal(again.samples["temperature"], result.samples["temperature"])
    assert again.wall_time == result.wall_time


def test_sigterm_leaves_a_checkpoint_and_ends_the_process_as_it_would_have(tmp_path):
    process = started(tmp_path)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    assert process.returncode == -signal.SIGTERM
    step = step_of(tmp_path / "checkpoint.npz")
    assert step > step_of(tmp_path / "checkpoint.previous.npz")
    result, done = done_at_first_look(tmp_path)
    assert done > step * 1e-3
    check_whole(result)


def test_ctrl_c_is_passed_on_and_handlers_come_back(tmp_path):
    interrupt(tmp_path, looks=1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert files_in(tmp_path) == {"checkpoint.npz", "checkpoint.previous.npz"}


def test_a_damaged_checkpoint_gives_way_to_the_one_before(tmp_path):
    interrupt(tmp_path, looks=2)
    damage(tmp_path / "checkpoint.npz")
    before = step_of(tmp_path / "checkpoint.previous.npz")
    result, done = done_at_first_look(tmp_path)
    assert done > before * 1e-3
    check_whole(result)


def test_where_no_checkpoint_is_whole_the_run_says_so(tmp_path):
    interrupt(tmp_path, looks=2)
    for path in tmp_path.iterdir():
        damage(path)
    with pytest.raises(EvaluationError, match=r"checkpoint.npz and checkpoint.previous.npz in .*: damaged") as caught:
        run(tmp_path)
    assert caught.value.failure.code is FailureCode.CHECKPOINT


def test_a_damaged_result_is_not_read(tmp_path):
    run(tmp_path)
    damage(tmp_path / "result.npz")
    with pytest.raises(EvaluationError, match=r"result.npz in .*: damaged"):
        run(tmp_path)


def test_a_signal_at_the_very_end_comes_after_the_result(tmp_path):
    def progress(name, done, total):
        if done == total:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run(tmp_path, progress)
    assert files_in(tmp_path) == {"result.npz"}


@pytest.mark.parametrize("other", ["stage", "seed", "cell"])
def test_a_directory_belongs_to_one_run(tmp_path, other):
    interrupt(tmp_path, looks=1)
    stage = replace(STAGE, temperature=(300.0, 310.0)) if other == "stage" else STAGE
    cell = replace(CELL, positions=CELL.positions + 1e-6) if other == "cell" else CELL
    with pytest.raises(EvaluationError, match="another cell, stage or seed") as caught:
        ENGINE.run(cell, stage, tmp_path, seed=int(other == "seed"))
    assert caught.value.failure.code is FailureCode.CHECKPOINT


def test_a_full_disk_is_said_and_the_earlier_checkpoint_stays(tmp_path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)

    def fill_the_disk(name, done, total):
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))

    try:
        with pytest.raises(EvaluationError, match="could not be written") as caught:
            run(tmp_path, fill_the_disk)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert caught.value.failure.code is FailureCode.DISK
    assert "Free the disk" in caught.value.failure.hint
    assert files_in(tmp_path) == {"checkpoint.npz"}
    step = step_of(tmp_path / "checkpoint.npz")
    result, done = done_at_first_look(tmp_path)
    assert done > step * 1e-3
    check_whole(result)


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.booleans())
def test_any_changed_bit_and_any_cut_is_noticed(tmp_path_factory, place, bit, cut):
    folder = tmp_path_factory.mktemp("bits")
    files = StageFiles(folder, "key", "stage")
    first, second = (
        Snapshot(step=step, positions=np.full((3, 3), step), velocities=np.zeros((0, 3)), box=np.ones(3))
        for step in (1, 2)
    )
    files.checkpoint(first)
    files.checkpoint(second)
    path = folder / "checkpoint.npz"
    content = bytearray(path.read_bytes())
    place %= len(content)
    content[place] ^= 1 << bit
    path.write_bytes(content[:place] if cut else content)
    assert files.latest().step == 1
