"""Whoever watches sees the stage, the share of the steps, the speed and the time to the end."""

import pytest

from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.md.run import progress as module
from polyloop.simulate.md.run.progress import MDProgress, ProgressWriter, read_progress
from polyloop.simulate.md.run.workspace import Workspace

STAGES = (
    Stage("soft", "nvt", 10.0, 1.0, nonbonded="short"),
    Stage("press", "npt", 20.0, 2.0),
    Stage("production_1", "npt", 40.0, 2.0),
)


class Clock:
    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    time = monotonic


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


def test_nothing_is_known_before_anything_was_written(tmp_path):
    assert read_progress(Workspace(tmp_path), "key") is None


def test_percent_speed_and_time_to_go(tmp_path, clock):
    writer = ProgressWriter(Workspace(tmp_path), "key")
    writer.plan(STAGES)
    writer.finished(STAGES[0])
    writer("press", 0.0, 20.0)
    clock.now += 10.0
    writer("press", 10.0, 20.0)
    found = read_progress(Workspace(tmp_path), "key")
    # 40,000 steps in all, 15,000 done; 1 ps/s are 86.4 ns/day, and 50 ps are to come.
    assert found.percent == pytest.approx(37.5)
    assert found.ns_per_day == pytest.approx(86.4)
    assert found.eta_s == pytest.approx(50.0)
    assert found.line() == "press  38 %  86.4 ns/day  50 s to go"


def test_the_cost_of_stages_not_yet_timed_is_not_guessed(tmp_path, clock):
    writer = ProgressWriter(Workspace(tmp_path), "key")
    writer.plan(STAGES)
    writer("soft", 0.0, 10.0)
    clock.now += 10.0
    writer("soft", 5.0, 10.0)
    assert read_progress(Workspace(tmp_path), "key").eta_s is None


def test_what_an_earlier_sitting_did_is_no_measure_of_speed(tmp_path, clock):
    writer = ProgressWriter(Workspace(tmp_path), "key")
    writer.plan(STAGES[1:2])
    writer("press", 15.0, 20.0)
    clock.now += 10.0
    writer("press", 16.0, 20.0)
    assert read_progress(Workspace(tmp_path), "key").ns_per_day == pytest.approx(8.64)


def test_an_extension_is_counted_from_when_it_is_begun(tmp_path, clock):
    writer = ProgressWriter(Workspace(tmp_path), "key")
    writer.plan(STAGES[2:])
    writer.finished(STAGES[2])
    writer.plan([Stage("production_2", "npt", 40.0, 2.0)])
    writer.enter("production_2")
    assert read_progress(Workspace(tmp_path), "key").percent == pytest.approx(50.0)


def test_hours_read_as_hours():
    assert MDProgress("cell", 0.0, None, 3723.0, 0.0).line() == "cell  0 %  1 h 02 min to go"
