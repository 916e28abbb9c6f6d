"""The report is right for every campaign: empty, young, of one or more objectives, with ranges, with only failures."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from polyloop.campaign import Campaign, Progress, read_campaign_file
from polyloop.chem.optical_limit import LimitLine, default_limit
from polyloop.core import ConfigurationError, Status
from polyloop.report import write_report
from polyloop.report.content import best_rows, failure_rows, limit_line, optical_limit
from polyloop.report.pictures import draw_pictures
from tests.report.report_runs import (
    ABBE,
    ABBE_RANGE,
    DENSITY,
    DENSITY_RANGE,
    INDEX,
    Page,
    read_page,
    read_table,
    write_campaign,
)  # fmt: skip

CASES = {
    "two": INDEX + ABBE,
    "one": INDEX,
    "one-range": DENSITY_RANGE,
    "three": DENSITY + INDEX + ABBE,
    "with-range": INDEX + ABBE_RANGE,
}
# Only the stages of the first case are looked at; three objectives take seconds a cycle.
CYCLES = {"one": 3, "two": 4}
Make = Callable[[str], Campaign]


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Make:
    """Return the finished campaign of a case; each is run once."""
    root, made = tmp_path_factory.mktemp("campaigns"), dict[str, Campaign]()

    def make(case: str) -> Campaign:
        if case not in made:
            made[case] = write_campaign(root / case, CASES[case], cycles=CYCLES.get(case, 1))
            made[case].run()
        return made[case]

    return make


def report_of(campaign: Campaign) -> Path:
    return campaign.directory / "report"


def is_sound(page: Page, folder: Path) -> bool:
    """Check what must hold for the page of any campaign."""
    assert "://" not in page.source  # nothing is fetched from anywhere
    pictures = page.attributes("src")
    for source in pictures:
        kind, _, data = source.partition(",")
        assert kind == "data:image/png;base64"
        assert base64.b64decode(data, validate=True).startswith(b"\x89PNG")
    beside = {path.name for path in folder.iterdir()} - {"index.html"}
    assert set(page.attributes("href")) - {"data:,"} == beside
    assert sum(name.endswith(".png") for name in beside) == len(pictures)
    for name in beside:
        if name.endswith(".csv"):
            read_table(folder, name.removesuffix(".csv"))
    assert "nan" not in page.text.lower().replace("unphysical", "").split()
    return True


@pytest.mark.parametrize(
    "case", ["two", *(pytest.param(case, marks=pytest.mark.slow) for case in CASES if case != "two")]
)
def test_the_page_of_a_finished_campaign_stands_alone(finished: Make, case: str) -> None:
    campaign = finished(case)
    page = read_page(report_of(campaign))
    assert is_sound(page, report_of(campaign))
    assert f"after cycle {CYCLES.get(case, 1)}. State: finished." in page.text
    for best in campaign.state().best()[:1]:
        assert best.text in page.text
    assert "<svg" in page.source


def test_two_objectives_are_drawn_in_one_plane_and_at_three_stages(finished: Make) -> None:
    headings = read_page(report_of(finished("two"))).headings()
    assert "Refractive index against Abbe number |" in headings
    assert "at one quarter, one half and the end" in headings
    assert "Hypervolume per cycle" in headings
    assert "Polymers beyond the empirical limit" in headings
    assert "Predicted and tabulated Abbe number" in headings
    assert "Failures by reason" in headings


def test_one_objective_is_drawn_in_the_order_of_evaluation(finished: Make) -> None:
    page = read_page(report_of(finished("one")))
    assert "Refractive index in the order of evaluation" in page.headings()
    assert "against" not in page.headings()
    assert "limit" not in page.headings()
    assert "The best 12 of" in page.text
    assert (report_of(finished("one")) / "progress.png").is_file()


def test_what_still_runs_is_not_drawn_as_without_a_value(finished: Make) -> None:
    state = finished("one").state()
    *done, last = [candidate for candidate in state.candidates if candidate.status is Status.DONE]
    running = replace(last, status=Status.RUNNING, records={})
    pictures = draw_pictures(replace(state, candidates=(*done, running)), None)
    order = next(picture for picture in pictures if picture.name == "progress").figure
    assert [entry.get_text() for entry in order.legends[0].get_texts()] == ["best so far"]
    assert order.axes[0].get_xlim()[1] == len(done) + 0.5


def test_three_objectives_are_drawn_pair_by_pair_the_optical_pair_first(finished: Make) -> None:
    headings = read_page(report_of(finished("three"))).headings().split(" | ")
    assert [heading for heading in headings if " against " in heading and "quarter" not in heading] == [
        "Refractive index against Abbe number",
        "Refractive index against density",
        "Density against Abbe number",
    ]


def test_every_candidate_is_in_the_table_of_polymers(finished: Make) -> None:
    campaign = finished("two")
    state, rows = campaign.state(), read_table(report_of(campaign), "candidates")
    assert [row["smiles"] for row in rows] == [candidate.text for candidate in state.candidates]
    for row, candidate, front in zip(rows, state.candidates, state.front, strict=True):
        value = candidate.value("refractive_index")
        assert row["refractive_index [1]"] == ("" if value is None else str(value))
        assert row["pareto_front"] == str(int(front))
        assert (row["refractive_index_predicted [1]"] == "") == (candidate.cycle == 0)
    assert {row["failure"] for row in rows if row["status"] == "failed"} == {"not_in_table"}


def test_the_count_beyond_the_limit_is_that_of_the_line_and_the_error_bars(finished: Make) -> None:
    campaign = finished("two")
    values, line = campaign.state().values, default_limit()
    beyond = int((values[:, 0] > line(values[:, 1]) + 0.01).sum())  # the table's standard deviation of the index
    assert beyond > 0
    cycles = read_table(report_of(campaign), "cycles")
    assert cycles[-1]["beyond_limit_in_all"] == str(beyond)
    assert sum(int(row["beyond_limit"]) for row in cycles) == beyond
    known = int(np.isfinite(values).all(axis=1).sum())
    assert f"{beyond} of {known} polymers with both values lie beyond the limit" in read_page(report_of(campaign)).text
    margins = [row["limit_margin"] for row in read_table(report_of(campaign), "candidates") if row["limit_margin"]]
    assert (len(margins), sum(float(margin) > 0.01 for margin in margins)) == (known, beyond)


@pytest.mark.slow
def test_what_is_above_the_limit_by_less_than_its_error_bar_is_not_called_beyond_it(finished: Make, tmp_path) -> None:
    state = finished("two").state()
    over = best_rows(state)[0][0]
    index, error = state.values[over, 0], 0.01  # the table's standard deviation of the index
    for distance, words in (
        (1.5 * error, "beyond the limit by 0.0150 ± 0.0100"),
        (0.5 * error, "within its error bar"),
    ):
        own = LimitLine(0.0, float(index - distance))
        limit = optical_limit(state, own)
        assert (bool(limit.beyond[over]), bool(limit.undecided[over])) == (distance > error, distance < error)
        text = Page(write_report(state, tmp_path / words[:6], limit=own).read_text()).text
        assert words in text
        undecided = int(limit.undecided.sum())
        assert (f"Above it, but within their error bar of it: {undecided}." in text) == (undecided > 0)
        assert f"{int(limit.beyond.sum())} of {int(limit.known.sum())} polymers with both values" in text


def test_what_makes_the_values_high_is_found_enriched(finished: Make) -> None:
    rows = read_table(report_of(finished("two")), "enrichment")  # sulfur does, in the table of these campaigns
    sulfur = next(row for row in rows if (row["kind"], row["feature"]) == ("element", "S"))
    assert sulfur["selected_with"] == sulfur["selected"]
    assert float(sulfur["p_value"]) <= float(sulfur["q_value"]) < 0.01


def test_calibration_is_told_for_each_cycle_held_out_and_prospective(finished: Make) -> None:
    rows = read_table(report_of(finished("two")), "calibration")
    assert {(row["cycle"], row["property"], row["method"]) for row in rows} == {
        (str(cycle), name, method)
        for cycle in (1, 2, 3, 4)
        for name in ("refractive_index", "abbe_number")
        for method in ("k-fold", "prospective")
    }
    assert all(0 <= float(row["coverage_90"]) <= 1 for row in rows)


def test_failures_are_told_with_reason_and_mend(finished: Make) -> None:
    campaign = finished("two")
    rows = {row["code"]: row for row in read_table(report_of(campaign), "failures")}
    assert {code: int(row["count"]) for code, row in rows.items()} == campaign.state().failures
    assert "add its value to the table before the campaign begins" in rows["not_in_table"]["hint"]
    assert rows["not_in_table"]["example"] in read_page(report_of(campaign)).text


@pytest.mark.slow
def test_an_implausible_value_is_named_with_its_range(tmp_path: Path) -> None:
    campaign = write_campaign(tmp_path / "all", INDEX, initial=55)
    campaign.run(cycles=0)
    assert "Refractive index is 9.9, plausible is 1.2 to 2.6." in read_page(report_of(campaign)).text


def test_a_campaign_that_never_ran_has_a_report(tmp_path: Path) -> None:
    campaign = write_campaign(tmp_path / "empty", INDEX + ABBE)
    page = Page(campaign.report().read_text())
    assert is_sound(page, report_of(campaign))
    assert "nothing has been picked yet" in page.text
    assert "There is nothing to draw yet." in page.text
    assert "No surrogate has been fitted yet." in page.text
    assert "No evaluation has failed." in page.text
    assert read_table(report_of(campaign), "candidates") == []


def test_a_campaign_whose_initial_design_waits_has_a_report(tmp_path: Path) -> None:
    def stop(event: Progress) -> None:
        if event.stage == "evaluate":
            raise RuntimeError("pulled the plug")

    campaign = write_campaign(tmp_path / "young", INDEX + ABBE)
    with pytest.raises(RuntimeError, match="plug"):
        campaign.run(progress=stop)
    page = Page(campaign.report().read_text())
    assert is_sound(page, report_of(campaign))
    assert "the initial design is under way. State: interrupted." in page.text
    assert {row["status"] for row in read_table(report_of(campaign), "candidates")} == {"waiting"}


def test_half_an_initial_design_is_drawn(finished: Make, tmp_path: Path) -> None:
    state = finished("two").state()
    waiting = replace(state.candidates[7], records={}, status=Status.WAITING, failure=None)
    young = replace(state, candidates=(*state.candidates[:7], waiting), cycles=(), asked=())
    page = Page(write_report(young, tmp_path).read_text())
    assert is_sound(page, tmp_path)
    assert (tmp_path / "plane.png").is_file()
    assert not (tmp_path / "plane_panels.png").exists()
    assert "waiting or running" in page.text


@pytest.mark.slow
def test_a_cycle_under_way_is_said_so(finished: Make, tmp_path: Path) -> None:
    state = finished("two").state()
    page = Page(write_report(replace(state, cycles=state.cycles[:-1]), tmp_path).read_text())
    assert "after cycle 3, cycle 4 is under way" in page.text


@pytest.mark.slow
def test_a_campaign_of_failures_alone_has_a_report(tmp_path: Path) -> None:
    campaign = write_campaign(tmp_path / "failures", INDEX + ABBE, cycles=2, values=False)
    assert campaign.run().failures == 8 + 2 * 5
    page = read_page(report_of(campaign))
    assert is_sound(page, report_of(campaign))
    assert "None of the polymers has values of all objectives yet." in page.text
    assert [path.name for path in report_of(campaign).glob("*.png")] == ["failures.png"]
    assert "0 of 0 polymers with both values" in page.text


@pytest.mark.slow
def test_a_picture_of_failures_goes_when_the_failures_do(finished: Make, tmp_path: Path) -> None:
    state = finished("two").state()
    write_report(state, tmp_path)
    assert (tmp_path / "failures.png").is_file()
    done = tuple(each for each in state.candidates if each.status is Status.DONE)
    mended = replace(state, candidates=done, asked=())
    assert is_sound(Page(write_report(mended, tmp_path).read_text()), tmp_path)
    assert not (tmp_path / "failures.png").exists()


def test_a_long_front_is_drawn_evenly_along_its_length(finished: Make) -> None:
    state = finished("two").state()
    on_front = [each for each, front in zip(state.candidates, state.front, strict=True) if front]
    crowded = replace(state, candidates=tuple(sorted(on_front * 20, key=lambda each: each.text)))
    rows, caption = best_rows(crowded)
    assert len(rows) == 24
    assert caption.startswith(f"24 of the {20 * len(on_front)} polymers on the Pareto front")
    drawn = crowded.values[rows, 0]
    assert (drawn[0], drawn[-1]) == (crowded.values[:, 0].max(), crowded.values[:, 0].min())
    assert {crowded.candidates[row].text for row in rows} == {each.text for each in on_front}


def test_what_was_cancelled_is_told_apart_from_what_failed(finished: Make) -> None:
    state = finished("two").state()
    stopped = replace(state.candidates[0], records={}, status=Status.CANCELLED, failure=None)
    assert [(row.code, row.count) for row in failure_rows([stopped])] == [("cancelled", 1)]


def test_candidates_without_predictions_leave_out_the_parity_plot(finished: Make, tmp_path: Path) -> None:
    state = finished("two").state()
    blind = replace(state, candidates=tuple(replace(each, predicted={}) for each in state.candidates))
    page = Page(write_report(blind, tmp_path).read_text())
    assert is_sound(page, tmp_path)
    assert "Predicted and" not in page.headings()


@pytest.mark.slow
def test_a_huge_pool_costs_the_report_nothing_but_its_number(finished: Make, tmp_path: Path) -> None:
    state = finished("two").state()
    small = write_report(state, tmp_path / "small").read_text()
    huge = write_report(replace(state, pool=("*C*",) * 1_780_000), tmp_path / "huge").read_text()
    assert "1,780,000" in huge
    assert abs(len(huge) - len(small)) < 20


@pytest.mark.slow
def test_the_campaign_file_may_set_its_own_limit_line(tmp_path: Path) -> None:
    own = "[report]\nlimit_slope = -0.004\nlimit_intercept = 3.0\n"
    campaign = write_campaign(tmp_path / "own", INDEX + ABBE, more=own)
    campaign.run(cycles=0)
    page = read_page(report_of(campaign))
    assert limit_line(campaign.config) == LimitLine(slope=-0.004, intercept=3.0)
    assert "Polymers beyond the limit of the campaign file" in page.headings()
    assert "nD = 3.0000 − 0.004000 VD, as the campaign file sets it" in page.text
    assert {row["beyond_limit_in_all"] for row in read_table(report_of(campaign), "cycles")} == {"0"}


@pytest.mark.slow
def test_the_limit_line_may_change_between_two_sittings(tmp_path: Path) -> None:
    write_campaign(tmp_path / "c", INDEX + ABBE).run(cycles=0)
    again = write_campaign(tmp_path / "c", INDEX + ABBE, more="[report]\nlimit_slope = 0.0\nlimit_intercept = 1.0\n")
    assert again.run(cycles=0).evaluations == 8
    known = int(np.isfinite(again.state().values).all(axis=1).sum())
    assert f"{known} of {known} polymers with both values" in read_page(report_of(again)).text


@pytest.mark.parametrize(("given", "missing"), [("limit_slope", "limit_intercept"), ("limit_intercept", "limit_slope")])
def test_half_a_limit_line_is_refused(tmp_path: Path, given: str, missing: str) -> None:
    with pytest.raises(ConfigurationError, match=f"{missing} is missing.*line .*both"):
        write_campaign(tmp_path / "half", INDEX + ABBE, more=f"[report]\n{given} = 1.0\n")
    with pytest.raises(ConfigurationError, match="needs both"):
        limit_line(read_campaign_file(tmp_path / "half" / "campaign.toml", check=False))
