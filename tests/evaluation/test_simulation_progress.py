"""Whoever waits for a simulation hears of each stage."""

import time

import pytest

from polyloop.core import Request, Subject
from polyloop.engines.dynamics.stages import Stage
from polyloop.evaluation import simulation_progress as watching
from polyloop.evaluation.simulation_progress import SimulationWatch
from polyloop.simulate.md.run.progress import ProgressWriter
from polyloop.simulate.md.run.workspace import Workspace


@pytest.fixture(autouse=True)
def quickly(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(tmp_path))
    monkeypatch.setattr(watching, "_LOOK_EVERY_S", 0.01)


def wait_for(lines: list[str], count: int) -> None:
    end = time.monotonic() + 20.0
    while len(lines) < count and time.monotonic() < end:
        time.sleep(0.01)


def test_each_stage_is_told_once_with_the_polymer(tmp_path):
    request, lines = Request(Subject("polymer", "*C*"), "md/standard@2"), []
    stages = [Stage(name, "npt", 10.0) for name in ("press", "production")]
    with SimulationWatch({request.key: request.subject.text}, lines.append):
        writer = ProgressWriter(Workspace(tmp_path / "md"), request.key)
        writer.plan(stages)
        for number, stage in enumerate(stages, start=1):
            writer.finished(stage)
            wait_for(lines, number)
    assert lines == ["*C*  press  50 %", "*C*  production  100 %  0 s to go"]


def test_what_an_earlier_call_has_noted_is_no_news(tmp_path):
    request, lines = Request(Subject("polymer", "*C*"), "md/standard@2"), []
    ProgressWriter(Workspace(tmp_path / "md"), request.key).enter("cell")
    time.sleep(0.01)
    with SimulationWatch({request.key: request.subject.text}, lines.append):
        time.sleep(0.1)
    assert lines == []


def test_evaluations_that_note_nothing_are_passed_over():
    request, lines = Request(Subject("polymer", "*C*"), "optics/quick@1"), []
    with SimulationWatch({request.key: request.subject.text}, lines.append):
        time.sleep(0.05)
    assert lines == []
