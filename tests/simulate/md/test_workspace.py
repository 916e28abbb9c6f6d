"""Steps are found again by their inputs, and damaged files are made anew."""

import multiprocessing
import time
from multiprocessing.synchronize import Barrier
from pathlib import Path

import numpy as np
import pytest

from polyloop.simulate.md.run.workspace import Workspace, default_scratch
from tests.simulate.md.argon import argon


def test_a_step_is_made_once(tmp_path):
    made = []

    def make():
        made.append(1)
        return {"charges": np.arange(3.0)}

    for _ in range(2):
        found = Workspace(tmp_path).arrays("charges", "key", make)
        np.testing.assert_array_equal(found["charges"], np.arange(3.0))
    assert made == [1]


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 nothing", None], ids=["empty", "rubbish", "cut short"])
def test_a_damaged_step_is_made_anew(tmp_path, damage):
    workspace = Workspace(tmp_path)
    first = workspace.cell("cells", "key", argon)
    path = workspace.folder("cells", "key") / "arrays.npz"
    path.write_bytes(path.read_bytes()[:1000] if damage is None else damage)
    again = workspace.cell("cells", "key", argon)
    np.testing.assert_array_equal(again.positions, first.positions)
    assert path.stat().st_size > 1000


def test_a_cell_comes_back_as_it_was(tmp_path):
    cell = argon()
    Workspace(tmp_path).cell("cells", "key", argon)
    found = Workspace(tmp_path).cell("cells", "key", lambda: pytest.fail("It was made twice."))
    np.testing.assert_array_equal(found.positions, cell.positions)
    np.testing.assert_array_equal(found.topology.masses, cell.topology.masses)
    assert found.topology.type_names == ("ar",)
    assert found.velocities is None


def test_keys_stand_for_kind_and_inputs():
    key = Workspace.key("stage", {"before": "a", "seed": 1})
    assert key == Workspace.key("stage", {"seed": 1, "before": "a"})
    assert key != Workspace.key("stage", {"seed": 2, "before": "a"})
    assert key != Workspace.key("cell", {"seed": 1, "before": "a"})


def _hold(root: Path, log: Path, both: Barrier) -> None:
    both.wait(60)
    with Workspace(root).locked("stages", "key"):
        with log.open("a") as stream:
            stream.write("in ")
        time.sleep(0.2)
        with log.open("a") as stream:
            stream.write("out ")


def test_two_processes_do_not_work_on_one_step_at_once(tmp_path):
    # Not forked: the process may have threads of earlier tests, which Python 3.12 warns of.
    context = multiprocessing.get_context("spawn")
    both = context.Barrier(2)
    processes = [context.Process(target=_hold, args=(tmp_path, tmp_path / "log", both)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert (tmp_path / "log").read_text() == "in out in out "


def test_what_was_set_aside_is_kept_under_another_name(tmp_path):
    workspace = Workspace(tmp_path)
    for number in (1, 2):
        with workspace.locked("stages", "key") as folder:
            assert workspace.set_aside(folder).name == f"key.damaged-{number}"


def test_damaged_notes_count_as_missing(tmp_path):
    workspace = Workspace(tmp_path)
    workspace.write_json("runs", "key", "progress.json", {"step": "cell"})
    assert workspace.read_json("runs", "key", "progress.json") == {"step": "cell"}
    (workspace.folder("runs", "key") / "progress.json").write_text('{"step": ')
    assert workspace.read_json("runs", "key", "progress.json") is None


def test_the_scratch_folder_is_the_users_to_choose(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(tmp_path / "scratch"))
    assert default_scratch() == tmp_path / "scratch"
    monkeypatch.delenv("POLYLOOP_SCRATCH")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_scratch() == tmp_path / "polyloop"
