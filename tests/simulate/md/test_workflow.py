"""From a repeat unit to estimates, for real, with the recipe that is made for tests: some picoseconds of 120 atoms."""

import dataclasses
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.core import (
    Conditions,
    ConfigurationError,
    EvaluationError,
    FailureCode,
    MissingDependencyError,
    Request,
    Status,
    get_property,
)
from polyloop.engines.dynamics.lammps import LammpsEngine
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.simulate import evaluate_request, protocols
from polyloop.simulate.md.protocols import recipes
from polyloop.simulate.md.protocols.recipes import SMOKE, Criterion
from polyloop.simulate.md.run import engine_choice, workflow
from polyloop.simulate.md.run.estimates import PROPERTIES
from polyloop.simulate.md.run.pictures import read_picture
from polyloop.simulate.md.run.progress import ProgressWriter, read_progress
from polyloop.simulate.md.run.workspace import Workspace
from tests.registered import registered

SMOKE_PROTOCOL = protocols.Protocol(
    SMOKE.name, SMOKE.version, "smoke", PROPERTIES, "seconds", SMOKE.description,
    partial(workflow.simulate_polymer, SMOKE.protocol_id), partial(workflow.check_scope, SMOKE.protocol_id),
        conditions=("temperature", "pressure"),
)  # fmt: skip


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(tmp_path))
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "openmm")
    monkeypatch.setenv("POLYLOOP_CORES", "1")
    with registered(SMOKE_PROTOCOL):
        yield


def smoke(smiles="*CC*", seed=0, conditions=None):
    return evaluate_request(Request(Polymer(smiles).subject, SMOKE.protocol_id, seed, conditions or Conditions()))


def test_from_a_repeat_unit_to_a_sheet_of_properties(tmp_path):
    records = smoke()
    assert tuple(record.property for record in records) == PROPERTIES
    by_name = {record.property: record for record in records}
    for record in records:
        assert record.failure is None
        assert record.unit == get_property(record.property).unit
        assert record.std_of
    assert 0.3 < by_name["density"].value < 1.2
    settings = by_name["density"].provenance.settings
    assert settings["atoms"] == pytest.approx(120, abs=20)
    assert settings["cost"]["cpu_s"] > 0.0
    assert settings["cost"]["production_ns_per_day"] > 0.0
    assert "openmm" in by_name["density"].provenance.engines
    assert read_progress(Workspace(tmp_path / "md"), by_name["density"].key).step == "estimates"
    assert read_picture(Workspace(tmp_path / "md"), by_name["density"].key).startswith(b"\x89PNG")
    assert "no_picture" not in settings


def test_the_same_seed_gives_the_same_cell_and_another_another(tmp_path):
    cells = []
    for number, seed in enumerate((0, 0, 1)):
        workspace = Workspace(tmp_path / str(number))
        progress = ProgressWriter(workspace, "request")
        cells.append(workflow.prepare_cell(SMOKE, Polymer("*CC(*)C"), seed, workspace, progress).cell)
    np.testing.assert_array_equal(cells[0].positions, cells[1].positions)
    assert not np.allclose(cells[0].positions, cells[2].positions)
    assert cells[0].topology.charges.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.slow
def test_the_temperature_of_the_conditions_is_that_of_the_sample():
    records = smoke(conditions=Conditions(temperature=500.0))
    assert all(record.failure is None for record in records)
    assert records[0].request.conditions.temperature == 500.0


def test_a_sample_that_does_not_settle_is_a_failed_record_with_figures(monkeypatch):
    # Production straight from the loose cell under 5,000 atm: the density rises all the way.
    never = dataclasses.replace(
        SMOKE,
        equilibration=SMOKE.equilibration[:1],
        production=dataclasses.replace(SMOKE.production, duration=1.0, pressure=(5000.0, 5000.0), new_velocities=True),
        criteria=(Criterion("density", drift=1e-4),),
        extensions=1,
    )
    monkeypatch.setitem(recipes.RECIPES, SMOKE.protocol_id, never)
    records = smoke()
    assert {record.status for record in records} == {Status.FAILED}
    failure = records[0].failure
    assert failure.code is FailureCode.NOT_EQUILIBRATED
    assert failure.stage == "production"
    assert "drift" in failure.reason
    assert failure.hint


def test_an_element_without_parameters_is_named():
    failure = smoke("*C[Si](*)(C)C")[0].failure
    assert failure is not None
    assert failure.code in (FailureCode.ELEMENT, FailureCode.UNSUPPORTED)
    assert "Si" in failure.reason


def test_a_charged_repeat_unit_is_refused_before_any_simulation(tmp_path):
    failure = smoke("*CC(*)C(=O)[O-]")[0].failure
    assert failure.code is FailureCode.UNSUPPORTED
    assert not (tmp_path / "md" / "stages").exists()


def test_a_unit_larger_than_a_chain_is_refused_with_both_sizes():
    failure = smoke("*CC(*)CCCCCCCCCCCCCCCCCCCCCCCC")[0].failure
    assert failure.code is FailureCode.SIZE
    assert "60" in failure.reason


def test_a_missing_engine_is_said_with_the_install_line(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "lammps")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "prefix", str(tmp_path))
    with pytest.raises(MissingDependencyError, match="pip install"):
        smoke()


def test_an_unknown_engine_is_refused_with_those_that_are_known():
    with pytest.raises(ConfigurationError, match=r"Known: auto, .*openmm"):
        engine_choice.choose_engine("namd")


@pytest.mark.parametrize(
    ("said", "engine"),
    [
        ("GROMACS version:    2024.1", "gromacs"),
        ("GROMACS version:    2020.6", "openmm"),
        ("no such library", "openmm"),
    ],
)
def test_by_itself_it_takes_no_gromacs_that_would_not_do(tmp_path, monkeypatch, said, engine):
    program = tmp_path / "gmx"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("POLYLOOP_MD_ENGINE", raising=False)
    monkeypatch.setattr(OpenMMEngine, "works_on", lambda device: device == "cpu")
    monkeypatch.setattr(LammpsEngine, "works_on", lambda device: False)
    assert engine_choice.choose_engine().name == engine
    if engine != "gromacs":
        with pytest.raises((MissingDependencyError, EvaluationError), match=r"2020\.6; 2021 or newer|does not start"):
            engine_choice.choose_engine("gromacs")


def test_a_number_of_cores_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("POLYLOOP_CORES", "many")
    with pytest.raises(ConfigurationError, match="POLYLOOP_CORES"):
        engine_choice.cores()


@pytest.mark.parametrize(
    ("gpus", "worker", "device"), [(("0", "1", "2"), "4", "1"), (("3",), "1", "3"), ((), "1", None)]
)
def test_workers_are_dealt_out_over_the_gpus(monkeypatch, gpus, worker, device):
    # Which GPUs there are is the driver's to say, and this must hold where there are none.
    monkeypatch.setattr("polyloop.engines.dynamics.openmm.engine.device_indices", lambda platform: gpus)
    monkeypatch.setenv("POLYLOOP_WORKER", worker)
    assert engine_choice.choose_engine("openmm").device == device


SCRIPT = """
from polyloop.chem import Polymer
from polyloop.core import Conditions
from polyloop.simulate.md.run.workflow import simulate_polymer
from tests.registered import registered
simulate_polymer("md/smoke@1", Polymer("*CC*"), 7, Conditions())
"""


def start() -> subprocess.Popen[str]:
    return subprocess.Popen([sys.executable, "-c", SCRIPT], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def stages(root: Path) -> dict[str, int]:
    folders = [path for path in (root / "md" / "stages").glob("*") if path.is_dir()]
    return {path.name: (path / "cost.json").stat().st_mtime_ns for path in folders if (path / "cost.json").exists()}


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
def test_a_killed_run_goes_on_and_repeats_no_finished_stage(tmp_path, number):
    rng = np.random.default_rng(int(number))
    process = start()
    while len(stages(tmp_path)) < 2:  # some way into the simulation
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.01)
    time.sleep(float(rng.uniform(0.0, 0.5)))
    os.kill(process.pid, number)
    process.communicate()
    assert process.returncode != 0
    done = stages(tmp_path)
    outcome = workflow.simulate_polymer(SMOKE.protocol_id, Polymer("*CC*"), 7, Conditions())
    assert all(np.isfinite(estimate.value) for estimate in outcome.estimates)
    after = stages(tmp_path)
    assert {name: after[name] for name in done} == done
    assert len(after) == len(SMOKE.equilibration) + 2
