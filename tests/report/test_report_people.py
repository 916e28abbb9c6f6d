"""The report says what people ask: names, which of the best are wanted, what comes next, what was left out, and why."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyloop.campaign import Campaign, Progress
from polyloop.campaign.inputs import Inputs
from polyloop.campaign.state import CampaignState, Candidate
from polyloop.chem.drawing import draw_structure
from polyloop.core import FailureCode, Request, Status, Subject
from polyloop.core.errors import Failure
from polyloop.design.left_out import LeftOut
from polyloop.design.pool import Pool
from polyloop.report import write_report
from polyloop.report.content import best_rows
from polyloop.report.figures import LEAST_FOR_COVERAGE, Axis, calibration_figure, hypervolume_figure, order_figure
from polyloop.report.notices import implausible_shares
from polyloop.report.origin import origin_sentences, origin_word
from polyloop.report.page import WIDE
from tests.report.report_runs import ABBE, ABBE_RANGE, INDEX, Page, read_page, read_table, write_campaign

Make = Callable[[str], Campaign]


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Campaign:
    """A campaign whose pool has names, other columns, bad rows and a tin polymer that its descriptors do not know."""
    place = tmp_path_factory.mktemp("people") / "named"
    write_campaign(place, INDEX + ABBE_RANGE, cycles=1)
    units = (place / "pool.csv").read_text().split()[1:]
    rows = [f"{unit},sample {row},{row}.50,<b>Nord & Söhne</b>" for row, unit in enumerate(units)]
    rows += ["*C[Sn](C)(C)*,tin,1,x", "no unit,bad,1,x", f"{units[0]},again,1,x"]
    (place / "pool.csv").write_text("smiles,name,price [EUR/kg],supplier\n" + "\n".join(rows) + "\n")
    text = (place / "campaign.toml").read_text().replace('blocks = ["ecfp"]', 'blocks = ["forcefield"]')
    (place / "campaign.toml").write_text(text)
    campaign = Campaign.from_file(place / "campaign.toml", place / "run", skip_bad=True)
    campaign.run()
    return campaign


def page_of(campaign: Campaign) -> Page:
    return read_page(campaign.directory / "report")


# Names and columns of the pool


@pytest.mark.slow
def test_the_best_and_the_next_are_called_as_their_pool_calls_them(named: Campaign) -> None:
    state, page = named.state(), page_of(named)
    for one in (*state.best(), *state.next()):
        assert one.name.startswith("sample ")
        assert f"<bdi>{one.name}</bdi>" in page.source
        assert f"<code>{one.text}</code>" in page.source
    assert "price [EUR/kg]: " in page.text
    assert "<b>" not in page.source


def test_no_column_of_the_pool_is_lost_in_the_tables(named: Campaign) -> None:
    pool, folder = named.state().source, named.directory / "report"
    assert pool is not None
    for table in ("candidates", "next"):
        header = (folder / f"{table}.csv").read_text().partition("\n")[0].split(",")
        assert len(set(header)) == len(header)
        for row in read_table(folder, table):
            place = pool.texts.index(row["smiles"])
            assert row["pool_name"] == pool.names[place]
            assert row["pool_as_given"] == pool.spellings[place]
            assert row["pool_price [EUR/kg]"] == pool.extras["price [EUR/kg]"][place]
            assert row["pool_supplier"] == "<b>Nord & Söhne</b>"


# Ranges


def test_each_of_the_best_says_whether_it_lies_in_the_wanted_range(named: Campaign) -> None:
    state, page = named.state(), page_of(named)
    rows = {row["smiles"]: row for row in read_table(named.directory / "report", "candidates")}
    for best in state.best():
        inside = 40 <= best.values["abbe_number"] <= 50
        assert best.in_ranges is inside
        assert rows[best.text]["in_ranges"] == str(int(inside))
    assert {rows[one.text]["in_ranges"] for one in state.candidates if one.status is not Status.DONE} <= {
        "",
        "0",
        "1",
    }
    assert "inside every wanted range" in page.text
    assert page.text.count("the range") >= len(state.best())


def test_what_is_inside_the_wanted_range_comes_first(named: Campaign) -> None:
    state = named.state()
    done = [one for one in state.candidates if one.status is Status.DONE]
    record = done[0].records

    def at(polymer: str, index: float, abbe: float) -> Candidate:
        records = {
            "refractive_index": replace(record["refractive_index"], value=index),
            "abbe_number": replace(record["abbe_number"], value=abbe),
        }
        return replace(done[0], subject=Subject("polymer", polymer), records=records)

    three = replace(state, candidates=(at("*C*", 1.8, 20.0), at("*CC*", 1.5, 45.0), at("*CCO*", 1.7, 60.0)))
    rows, caption = best_rows(three)
    assert [three.candidates[row].text for row in rows] == ["*CC*", "*C*", "*CCO*"]
    assert caption.endswith("Inside every wanted range, and first: 1.")
    assert best_rows(replace(three, candidates=three.candidates[:1]))[1].endswith(
        "None of them lies inside every wanted range."
    )
    assert best_rows(replace(three, candidates=three.candidates[1:2]))[1].endswith(
        "Each of them lies inside every wanted range."
    )


def test_without_a_range_nothing_is_said_of_ranges(tmp_path: Path) -> None:
    campaign = write_campaign(tmp_path / "none", INDEX)
    campaign.run(cycles=0)
    assert "wanted range" not in page_of(campaign).text
    assert campaign.state().best()[0].in_ranges is None


# What comes next


def test_a_finished_campaign_says_what_one_more_cycle_would_evaluate(named: Campaign) -> None:
    suggested = named.state().next()
    assert [one.status for one in suggested] == ["suggested"] * 5
    assert f"One more cycle would evaluate these {len(suggested)}" in page_of(named).text
    for row, one in zip(read_table(named.directory / "report", "next"), suggested, strict=True):
        told = one.predicted["abbe_number"]
        assert float(row["abbe_number_predicted [1]"]) == told["mean"]
        assert float(row["abbe_number_predicted_std [1]"]) == pytest.approx(np.hypot(told["std"], told["noise_std"]))
    assert named.status().to_dict()["next"][0]["text"] == suggested[0].text


@pytest.mark.slow
def test_what_is_suggested_is_what_one_more_cycle_picks(tmp_path: Path) -> None:
    campaign = write_campaign(tmp_path / "on", INDEX + ABBE, cycles=1)
    campaign.run()
    told = {one.text: dict(one.predicted) for one in campaign.state().next()}
    campaign.run(cycles=2)
    picked = {one.text: dict(one.predicted) for one in campaign.state().candidates if one.cycle == 2}
    assert picked == told


def test_what_was_suggested_is_not_told_once_values_have_changed(named: Campaign) -> None:
    campaign = Campaign.from_directory(named.directory)
    kept = json.loads((named.directory / "next.json").read_text())
    (named.directory / "next.json").write_text(json.dumps({**kept, "follows_from": "other values"}))
    try:
        assert campaign.state().suggested is None
        assert "Nothing has been proposed from what is known now" in Page(campaign.report().read_text()).text
    finally:
        (named.directory / "next.json").write_text(json.dumps(kept))
        campaign.report()


def test_a_finished_campaign_that_is_run_again_proposes_nothing_anew(named: Campaign) -> None:
    stages: list[str] = []
    Campaign.from_file(named.directory / "campaign.toml").run(progress=lambda event: stages.append(event.stage))
    assert "suggest" not in stages


def test_what_waits_is_told_before_anything_is_suggested(tmp_path: Path) -> None:
    def stop(event: Progress) -> None:
        if event.stage == "evaluate":
            raise RuntimeError("pulled the plug")

    campaign = write_campaign(tmp_path / "young", INDEX)
    with pytest.raises(RuntimeError, match="plug"):
        campaign.run(progress=stop)
    page = Page(campaign.report().read_text())
    assert "Picked and without their values yet: 8. No model has chosen them" in page.text
    assert {row["status"] for row in read_table(campaign.directory / "report", "next")} == {"waiting"}


def test_an_exhausted_pool_leaves_nothing_to_suggest(tmp_path: Path) -> None:
    campaign = write_campaign(tmp_path / "all", INDEX, initial=59)
    campaign.run()
    assert campaign.status().reason == "pool exhausted"
    assert "No candidate is left that could be proposed." in page_of(campaign).text


# Words for values


def test_only_what_a_protocol_computes_is_called_computed(named: Campaign, tmp_path: Path) -> None:
    page = page_of(named)
    assert "Refractive index, Abbe number: given in the table table.csv, not computed." in page.text
    assert "computed" not in page.text.replace("not computed", "")
    by_level = INDEX.replace('evaluator = "values"', 'level = "quick"')
    asked = write_campaign(tmp_path / "asked", by_level + ABBE).state()
    assert origin_word(asked, "refractive_index") == "computed"
    assert origin_sentences(asked)[0] == "Refractive index: computed by a protocol of level quick."


def test_what_a_function_returns_is_not_called_computed(tmp_path: Path) -> None:
    (tmp_path / "model.py").write_text("def predict(smiles, seed):\n    return {'refractive_index': 1.5}\n")
    own = f'[evaluators.mine]\npython = "model:predict"\nfolder = "{tmp_path}"\n'
    state = write_campaign(tmp_path / "mine", INDEX.replace('"values"', '"mine"') + ABBE, more=own).state()
    assert origin_word(state, "refractive_index") == "returned"
    assert origin_sentences(state)[0] == "Refractive index: returned by the function model:predict."


def test_a_campaign_that_stopped_early_is_not_called_finished(named: Campaign, tmp_path: Path) -> None:
    page = Page(write_report(named.state(), tmp_path, status="finished", reason="time").read_text())
    assert "State: stopped. The hours of [stop] are up." in page.text
    assert "State: finished. All its cycles are done." in page_of(named).text


def test_the_share_of_implausible_values_is_told_with_the_range(named: Campaign) -> None:
    state = named.state()
    one = next(each for each in state.candidates if each.status is Status.DONE)
    wild = replace(one.records["abbe_number"], value=950.0, status=Status.UNPHYSICAL)
    odd = replace(one, records={**one.records, "abbe_number": wild}, status=Status.UNPHYSICAL)
    (sentence,) = implausible_shares(replace(state, candidates=(odd, one)))
    assert sentence.startswith("1 of 2 tabulated values of Abbe number lie outside the plausible range (2 to 150)")
    assert sentence.endswith("check the unit of the values.")
    assert "check the unit" not in implausible_shares(replace(state, candidates=(odd, *[one] * 9)))[0]


# Left out


def test_what_is_left_out_is_named_with_reasons_and_the_way_out(named: Campaign) -> None:
    page = page_of(named)
    assert "No descriptors: 1." in page.text
    assert "<bdi>tin</bdi>" in page.source
    assert "These descriptor blocks can describe them: " in page.text
    rows = {row["why"]: row for row in read_table(named.directory / "report", "left_out")}
    assert set(rows) == {"unreadable", "duplicate", "no descriptors"}
    assert rows["unreadable"]["smiles"] == "no unit"
    assert all(row["reason"] for row in rows.values())


def test_nothing_left_out_has_no_heading(tmp_path: Path) -> None:
    campaign = write_campaign(tmp_path / "whole", INDEX)
    campaign.run(cycles=0)
    assert "Left out" not in page_of(campaign).headings()


# Pictures that do not say more than is known


@pytest.mark.parametrize("count", [2, LEAST_FOR_COVERAGE - 1, LEAST_FOR_COVERAGE])
def test_coverage_is_drawn_from_ten_values_on(count: int) -> None:
    values = np.linspace(1.0, 2.0, count)
    figure = calibration_figure(values, np.full(count, 0.1), values, np.zeros(count, dtype=bool), "y", "tabulated")
    assert len(figure.axes) == (2 if count >= LEAST_FOR_COVERAGE else 1)
    assert figure.axes[0].get_xlabel() == "tabulated y"


def test_the_page_says_why_there_is_no_coverage(named: Campaign) -> None:
    text = page_of(named).text
    assert f"Coverage is drawn from {LEAST_FOR_COVERAGE} values on" in text
    assert "Predicted and tabulated" in text


def test_a_last_thousandth_does_not_look_like_a_leap() -> None:
    low, high = hypervolume_figure([0, 1, 2], [5.330, 5.331, 5.334]).axes[0].get_ylim()
    assert (low, high) == (0, pytest.approx(1.08 * 5.334))
    values = np.array([1.5000, 1.5001, 1.5002])
    axes = order_figure(values, values, np.zeros(3, dtype=int), Axis("y")).axes[0]
    low, high = axes.get_ylim()
    assert high - low >= 0.02 * 1.5


def test_axes_hold_the_error_bars() -> None:
    values, std = np.array([1.0, 2.0, np.nan]), np.array([0.5, np.nan, np.nan])
    low, high = order_figure(values, values, np.zeros(3, dtype=int), Axis("y"), std).axes[0].get_ylim()
    assert low < 0.5
    assert high > 2.0


# Long structures


def test_drawings_grow_with_their_structures() -> None:
    small, long = draw_structure("*CC*"), draw_structure("*" + "C" * 60 + "O*")
    assert small.width <= WIDE < long.width
    assert f"width='{long.width}px'" in long.svg


def test_what_is_too_large_to_draw_is_said_so() -> None:
    assert draw_structure("*" + "CC(O)" * 150 + "S*").svg == ""


# Any text


ANYTHING = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.sampled_from(
        [
            "half \udc80 a pair", "\x00\x01\x1b[31mred\x7f\x85", "</code><script>alert(1)</script>", "\"'><img src=x>",
            "\u202eright to left\u2066", "שלום \u200f עולם", "a" * 10_000, "=1+1", "{{ 7 * 7 }}", "line\r\nend\x0b",
            "\ufffe\uffff", "]]>", "<!--", "\N{PILE OF POO}" * 50,
        ]
    ),
)  # fmt: skip


def odd_state(state: CampaignState, texts: list[str]) -> CampaignState:
    """Put texts wherever a text of people or programs can stand."""
    one = next(each for each in state.candidates if each.status is Status.DONE)
    failure = Failure(FailureCode.EVALUATOR, texts[0], texts[1], texts[2])
    failed = replace(one, subject=Subject("polymer", "*CCC*"), records={}, status=Status.FAILED, failure=failure)
    smiles = (one.text, "*CCC*")
    source = Pool(
        smiles, ("a", "b"), (texts[3], texts[4]), ("", ""), (texts[5], texts[6]),
        {texts[7]: (texts[8], texts[9])}, (LeftOut(3, texts[10], "unreadable", texts[11]),),
    )  # fmt: skip
    inputs = Inputs(notes=(texts[12],), undescribed={texts[13]: texts[14]}, blocks=(texts[15],))
    campaign = state.config.campaign.model_copy(update={"name": texts[16]})
    config = state.config.model_copy(update={"campaign": campaign})
    return replace(
        state, config=config, candidates=(one, failed), cycles=(), source=source, inputs=inputs, suggested=None
    )


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANYTHING, min_size=17, max_size=17))
def test_no_text_breaks_the_report(named: Campaign, texts: list[str], tmp_path: Path) -> None:
    state = odd_state(named.state(), texts)
    written = write_report(state, tmp_path).read_bytes().decode("utf-8")
    page = Page(written)
    tags = {tag for tag, _ in page.tags}
    assert "script" not in tags
    assert all(source.startswith("data:") for source in page.attributes("src"))
    assert not set(written) & set("\x00\x1b\x7f\x85\u202e\u2066\u200f")
    for name in ("candidates", "next", "left_out", "failures"):
        (tmp_path / f"{name}.csv").read_bytes().decode("utf-8")


def test_a_request_is_named_by_the_protocol_that_answered(named: Campaign) -> None:
    state = named.state()
    row = state.config.objectives[0].model_copy(update={"evaluator": None})
    config = state.config.model_copy(update={"objectives": [row, *state.config.objectives[1:]]})
    one = next(each for each in state.candidates if each.status is Status.DONE)
    record = replace(one.records[row.property], request=Request(Subject("polymer", one.text), "optics/quick@2"))
    asked = replace(state, config=config, candidates=(replace(one, records={row.property: record}),))
    assert origin_sentences(asked)[0] == "Refractive index: computed by optics/quick@2."
