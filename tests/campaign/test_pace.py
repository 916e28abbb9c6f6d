"""The time to go counts all that takes time, and says when a part of it is unknown."""

from __future__ import annotations

import pytest

from polyloop.campaign.pace import Pace


def test_nothing_is_promised_before_anything_was_measured() -> None:
    assert Pace().left(10, 2) is None


def test_evaluations_alone_are_a_lower_bound_while_a_proposal_is_to_come() -> None:
    pace = Pace()
    pace.step(2.0)
    left = pace.left(10, 3)
    assert left is not None
    assert (left.seconds, left.at_least) == (20.0, True)
    last = pace.left(10, 0)
    assert last is not None
    assert not last.at_least


def test_proposals_count_and_the_one_under_way_is_counted_down() -> None:
    pace = Pace()
    pace.step(0.5)
    pace.rest()
    pace.proposed(40.0)
    left, later, overdue = pace.left(4, 3), pace.left(4, 3, 15.0), pace.left(4, 1, 60.0)
    assert left is not None
    assert later is not None
    assert overdue is not None
    assert (left.seconds, left.at_least) == (122.0, False)
    assert later.seconds == 107.0
    assert overdue.seconds == 2.0, "what takes longer than expected never makes the rest negative"


def test_the_last_proposals_tell_since_proposing_grows() -> None:
    pace = Pace()
    for seconds in (1.0, 10.0, 20.0, 30.0):
        pace.proposed(seconds)
    left = pace.left(0, 1)
    assert left is not None
    assert left.seconds == 20.0


def test_reports_count_at_the_end_and_each_minute_on_the_way() -> None:
    pace = Pace(reports=True)
    pace.step(30.0)
    pace.proposed(30.0)
    before = pace.left(4, 4)
    assert before is not None
    assert before.at_least, "no report has been measured"
    pace.reported(5.0)
    after, short = pace.left(4, 4), pace.left(1, 0)
    assert after is not None
    assert short is not None
    assert (after.seconds, after.at_least) == (240.0 + 5 * 5.0, False)
    assert short.seconds == 35.0


def test_another_sitting_knows_what_proposals_and_reports_took() -> None:
    earlier = [{"propose": 0.1, "evaluate": 9.0}, {"propose": 8.0, "evaluate": 9.0, "report": 3.0}, {"evaluate": 1.0}]
    left = Pace(earlier, reports=True).left(0, 2)
    assert left is not None
    assert left.seconds == pytest.approx(16.0 + (1 + 16 / 60) * 3.0)
