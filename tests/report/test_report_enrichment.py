"""Enrichment is Fisher's exact test on a two-by-two table, with the false discovery rate over the features tested."""

from __future__ import annotations

import math

import pytest

from polyloop.report import enrichment

# Ten chains of C, H and S: three thioethers and one olefin beyond the limit, one thioether and five olefins within.
BEYOND = ["*CCS*", "*CCCS*", "*CCCCS*", "*CC(*)C"]
WITHIN = ["*CCCCCS*", "*C*", "*CC(*)CC", "*CC(*)(C)C", "*CC(*)CCC", "*CC(*)CCCC"]
SELECTED = [True] * 4 + [False] * 6


def test_the_p_value_is_the_hypergeometric_tail() -> None:
    rows = {row.feature: row for row in enrichment(BEYOND + WITHIN, SELECTED)}
    thioether = rows["thioether"]
    assert (thioether.selected_with, thioether.selected, thioether.others_with, thioether.others) == (3, 4, 1, 6)
    # By hand: 3 or 4 of the 4 thioethers among the 4 chosen of 10, (4 * 6 + 1) / 210.
    assert thioether.p_value == pytest.approx((4 * 6 + 1) / math.comb(10, 4))
    assert thioether.odds_ratio == pytest.approx((3 / 1) / (1 / 5))
    assert (thioether.selected_share, thioether.others_share) == pytest.approx((3 / 4, 1 / 6))
    # At least one of the six olefins: all but the one choice of four thioethers.
    assert rows["polyolefins"].p_value == pytest.approx(1 - 1 / 210)


def test_the_q_value_is_that_of_benjamini_and_hochberg() -> None:
    rows = enrichment(BEYOND + WITHIN, SELECTED)
    # Sulfur, thioether and polysulfides share p = 25/210; polyolefins have 209/210. C and H, which all have, are left
    # out. So q = p * 4 / 3 for the three and p for the last.
    assert [row.feature for row in rows] == ["S", "thioether", "polysulfides", "polyolefins"]
    assert [row.q_value for row in rows] == pytest.approx([25 / 210 * 4 / 3] * 3 + [209 / 210])


def test_a_feature_of_the_selected_alone_has_infinite_odds() -> None:
    rows = enrichment(["*CCS*", "*C*", "*CC(*)C"], [True, False, False])
    assert rows[0].p_value == pytest.approx(1 / 3)
    assert math.isinf(rows[0].odds_ratio)


@pytest.mark.parametrize("selected", [[False, False], [True, True]])
def test_with_nothing_to_compare_there_is_no_row(selected: list[bool]) -> None:
    assert enrichment(["*CCS*", "*C*"], selected) == []


def test_no_polymers_no_rows() -> None:
    assert enrichment([], []) == []


def test_polymers_alike_in_every_feature_give_no_row() -> None:
    assert enrichment(["*CC(*)C", "*CC(*)CC"], [True, False]) == []
