"""Stop rules: a campaign that gets nowhere ends with a word, instead of spending its whole budget."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from polyloop.campaign import Campaign
from polyloop.campaign.metrics import failed_in_a_row, has_stalled
from polyloop.campaign.state import STOP_REASONS, Candidate
from polyloop.core import Failure, FailureCode, Status, Subject

Write = Callable[..., Path]

BROKEN = """
def evaluate(smiles, seed):
    raise ValueError("nothing ever works here")
"""


def candidate(status: Status, code: FailureCode | None = None) -> Candidate:
    failure = Failure(code, "somewhere", "for a reason") if code else None
    return Candidate(0, 0, Subject("polymer", "*CC*"), None, {}, {}, status, failure)


GOOD, BAD = candidate(Status.DONE), candidate(Status.FAILED, FailureCode.EVALUATOR)
IMPLAUSIBLE, WAITING = candidate(Status.UNPHYSICAL), candidate(Status.WAITING)
MACHINE = candidate(Status.FAILED, next(code for code in FailureCode if not code.is_of_polymer))


@pytest.mark.parametrize(
    ("history", "count"),
    [
        ([], 0),
        ([GOOD, GOOD], 0),
        ([BAD, BAD, BAD], 3),
        ([BAD, GOOD, BAD, IMPLAUSIBLE], 2),
        ([BAD, BAD, GOOD], 0),
        ([BAD, MACHINE, BAD, MACHINE], 2),
        ([BAD, WAITING, BAD], 2),
    ],
)
def test_failures_in_a_row_count_from_the_end_and_without_the_machines(history: list[Candidate], count: int) -> None:
    assert failed_in_a_row(history) == count


@pytest.mark.parametrize(
    ("hypervolumes", "stalled"),
    [
        ([0.0, 0.0, 0.0], True),
        ([None, None, None], True),
        ([None, 0.0, 0.0], True),
        ([0.0, 0.0], False),
        ([0.0, 0.0, 1e-30], False),
        ([None, None, 0.2], False),
        ([1e-30, 1e-30, 1.0005e-30], True),
        ([0.5, 0.6, 0.7], False),
    ],
)
def test_standing_still_at_nothing_is_standing_still(hypervolumes: list[float | None], stalled: bool) -> None:
    assert has_stalled(hypervolumes, 2, 1e-3) is stalled


def test_it_stops_at_a_hypervolume_of_zero(campaign_file: Write, place: Path) -> None:
    out_of_reach = "[acquisition]\nreference_point = { refractive_index = 2.4, abbe_number = 140 }\n"
    file = campaign_file(f"{out_of_reach}[stop]\nstall_cycles = 2\n", cycles=8)
    outcome = Campaign.from_file(file, place / "run").run(report=False)
    assert (outcome.reason, outcome.cycle, outcome.hypervolume) == ("stall", 2, 0.0)


def broken(place: Path, write: Write, more: str = "", source: str = BROKEN) -> Campaign:
    (place / "slow_optics.py").write_text(source)
    return Campaign.from_file(write(more, evaluator="function", cycles=8), place / "run")


def test_it_stops_when_every_evaluation_fails_and_goes_on_after_a_retry(campaign_file: Write, place: Path) -> None:
    campaign = broken(place, campaign_file)
    outcome = campaign.run(report=False)
    # Six of the initial design and batches of four: the rule is looked at between cycles.
    assert (outcome.state, outcome.reason, outcome.evaluations) == ("finished", "failures", 22)
    assert outcome.failures_by_reason == {"evaluator": 22}
    assert campaign.status().reason == "failures"
    assert campaign.run(report=False).evaluations == 22, "the same command does not go on failing"
    assert campaign.retry() == 22
    assert campaign.run(cycles=4, report=False).evaluations == 22


def test_the_rule_may_be_tightened_or_left_out(campaign_file: Write, place: Path) -> None:
    campaign = broken(place, campaign_file, "[stop]\nfailures = 5\n")
    assert (campaign.run(report=False).reason, campaign.status().evaluations) == ("failures", 6)
    without = Campaign.from_file(
        campaign_file("[stop]\nfailures = 0\n", evaluator="function", cycles=8), place / "run"
    ).run(report=False)
    assert (without.reason, without.evaluations) == ("cycles", 38)


def test_values_that_are_all_implausible_stop_too(campaign_file: Write, place: Path) -> None:
    wrong_unit = "def evaluate(smiles, seed):\n    return {'refractive_index': 1.5, 'abbe_number': 40e3}\n"
    campaign = broken(place, campaign_file, source=wrong_unit)
    outcome = campaign.run(report=False)
    assert (outcome.reason, outcome.failures_by_reason) == ("failures", {"unphysical": 22})


def test_every_reason_has_its_words() -> None:
    assert set(STOP_REASONS) == {"cycles", "time", "stall", "failures", "pool exhausted", "laboratory"}
