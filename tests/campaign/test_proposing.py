"""Proposing and reporting are told as they go, counted in the time to go, and given up at once on a signal."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from polyloop.app.cli.progress import _line
from polyloop.campaign import Campaign, Progress
from polyloop.run.interrupts import Interrupted, Interrupts
from tests.conftest import fill_place, write_campaign

TREES = 60


def prepare(place: Path) -> Path:
    file = write_campaign(place, surrogate="random_forest", cycles=2)
    file.write_text(file.read_text().replace('name = "random_forest"', f'name = "random_forest"\ntrees = {TREES}'))
    return file


def picks(directory: Path) -> list[tuple[int, str]]:
    return [(each.cycle, each.text) for each in Campaign.from_directory(directory).state().candidates]


@pytest.fixture(scope="module")
def reference(
    units: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> tuple[list[tuple[int, str]], float, list[Progress]]:
    """What a campaign picks whose proposals take seconds and its evaluations nothing, and what it tells."""
    place = fill_place(tmp_path_factory.mktemp("reference"), units)
    told: list[Progress] = []
    campaign = Campaign.from_file(prepare(place), place / "run")
    campaign.run(progress=told.append)
    return picks(place / "run"), campaign.state().cycles[1].seconds["propose"], told


def test_each_step_of_proposing_is_told(reference: tuple[list[tuple[int, str]], float, list[Progress]]) -> None:
    told = [event for event in reference[2] if event.stage == "propose" and event.cycle == 1]
    steps = [(event.step, event.done, event.total) for event in told]
    fits = [("fit", 0, 2), ("fit", 1, 2)]
    assert steps == [("", 0, 0), *fits, ("acquire", 0, 4), *(("acquire", k, 4) for k in range(4))]
    assert _line(told[1]).startswith("cycle 1/2: choosing candidates, fitting models  0/2")
    assert reference[2][-1].stage == "report"


def test_the_time_to_go_counts_proposals(reference: tuple[list[tuple[int, str]], float, list[Progress]]) -> None:
    _, seconds, told = reference
    first = [event for event in told if event.stage == "evaluate" and event.cycle == 0 and event.eta_s is not None]
    assert all(event.eta_is_least for event in first), "no proposal has been measured yet"
    assert "at least 5 s to go" in _line(replace(first[-1], eta_s=5.0))
    second = [event for event in told if event.stage == "evaluate" and event.cycle == 1 and event.eta_s is not None]
    # One more proposal is to come, and its evaluations, which take nothing.
    assert all(event.eta_s is not None and event.eta_s >= 0.9 * seconds for event in second)
    fitting = [event for event in told if event.step == "fit" and event.cycle == 2]
    assert fitting[0].eta_s is not None
    assert fitting[1].eta_s is not None
    assert fitting[1].eta_s < fitting[0].eta_s, "the proposal under way is counted down"


@pytest.mark.parametrize(("number", "step"), [(signal.SIGINT, "fit"), (signal.SIGTERM, "acquire")])
def test_a_signal_while_proposing_ends_at_once_and_the_picks_are_the_same(
    reference: tuple[list[tuple[int, str]], float, list[Progress]], place: Path, number: signal.Signals, step: str
) -> None:
    expected, seconds, _ = reference
    campaign, sent = Campaign.from_file(prepare(place), place / "run"), []

    def send() -> None:
        sent.append(time.monotonic())
        os.kill(os.getpid(), number)

    def stop(event: Progress) -> None:
        if event.cycle == 1 and event.step == step and not sent and not event.done:
            # In the middle of the step, not at its border.
            threading.Timer(0.1 * seconds if step == "fit" else 0.0, send).start()

    outcome = campaign.run(progress=stop, report=False)
    took = time.monotonic() - sent[0]
    assert outcome.state == "interrupted"
    assert took < 0.5 * seconds, f"{took} s of {seconds} s"
    assert outcome.evaluations == 6, "the initial design is kept"
    assert campaign.run(report=False).state == "finished"
    assert picks(place / "run") == expected


def test_a_signal_while_the_report_is_written_ends_at_once_and_loses_nothing(
    campaign_file: Callable[..., Path], place: Path
) -> None:
    campaign = Campaign.from_file(campaign_file(cycles=1), place / "run")

    def stop(event: Progress) -> None:
        if event.stage == "report":
            threading.Timer(0.05, os.kill, (os.getpid(), signal.SIGINT)).start()

    outcome = campaign.run(progress=stop)
    assert outcome.state == "interrupted"
    assert not (place / "run" / "report" / "index.html").exists(), "it was given up, not finished"
    status = campaign.status()
    assert (status.state, status.reason, status.evaluations) == ("finished", "cycles", 10)
    assert campaign.report().is_file()


def test_a_signal_that_came_before_is_heeded_and_one_inside_evaluations_waits_for_its_moment() -> None:
    interrupts, heard = Interrupts(), []
    with interrupts.caught():
        with pytest.raises(Interrupted), interrupts.at_once(), interrupts.cancelling(lambda: heard.append("cancel")):
            signal.raise_signal(signal.SIGTERM)
            heard.append("went on")
            interrupts.check()
        assert heard == ["cancel", "went on"]
        with pytest.raises(Interrupted), interrupts.at_once():
            heard.append("never")
    assert heard == ["cancel", "went on"]


def test_an_interrupt_that_something_swallowed_is_heeded_at_the_end() -> None:
    """As Python does with what is raised while it collects garbage."""
    interrupts, went_on = Interrupts(), False
    with interrupts.caught(), pytest.raises(Interrupted), interrupts.at_once():
        with suppress(Interrupted):
            signal.raise_signal(signal.SIGINT)
        went_on = True
    assert went_on
