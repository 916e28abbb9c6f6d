"""A campaign proposes, evaluates, learns and stops as its file says; its state is what its store holds."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from polyloop.campaign import Campaign, Progress, read_campaign_file
from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.store import Store

Write = Callable[..., Path]


def picks(directory: Path) -> list[tuple[int, str]]:
    return [(each.cycle, each.text) for each in Campaign.from_directory(directory).state().candidates]


def test_a_campaign_runs_its_cycles_and_says_where_it_stands(campaign_file: Write, place: Path) -> None:
    events: list[Progress] = []
    outcome = Campaign.from_file(campaign_file(), place / "run").run(progress=events.append)
    assert (outcome.state, outcome.reason, outcome.cycle, outcome.evaluations) == ("finished", "cycles", 3, 6 + 3 * 4)
    assert outcome.waiting == 0
    assert outcome.hypervolume is not None and outcome.hypervolume > 0
    assert {event.stage for event in events} >= {"pool", "features", "propose", "evaluate", "report"}
    assert events[-2].best.keys() == {"refractive_index", "abbe_number"}
    assert json.loads(json.dumps(outcome.to_dict(), allow_nan=False))["best"]
    assert (place / "run" / "report" / "index.html").is_file()


def test_each_evaluation_that_ends_counts_for_the_best_that_is_told(campaign_file: Write, place: Path) -> None:
    campaign = Campaign.from_file(campaign_file(cycles=1), place / "run")
    told: list[tuple[float, float]] = []

    def compare(event: Progress) -> None:
        if event.stage == "evaluate" and event.done:
            known = np.nanmax(campaign.state().values, axis=0)
            told.append((event.best["refractive_index"], known[0]))
            assert event.best["abbe_number"] == known[1]

    campaign.run(progress=compare, report=False)
    assert len(told) == 6 + 4
    assert [best for best, _ in told] == [known for _, known in told]
    assert len({best for best, _ in told[:6]}) > 1, "it grows within a batch"


def test_a_campaign_begins_with_the_polymers_that_it_names(
    campaign_file: Write, place: Path, units: tuple[str, ...]
) -> None:
    named = [units[7], units[2], units[21]]
    file = campaign_file(cycles=1)
    file.write_text(file.read_text().replace("size = 6", f"polymers = {json.dumps(named)}"))
    Campaign.from_file(file, place / "run").run(report=False)
    assert [polymer for cycle, polymer in picks(place / "run") if cycle == 0] == named


def test_polymers_that_the_pool_lacks_are_no_beginning(campaign_file: Write, place: Path) -> None:
    file = campaign_file()
    file.write_text(file.read_text().replace("size = 6", 'polymers = ["*CC*", "*CC(CCCCCCCCCCCC)*"]'))
    with pytest.raises(
        ConfigurationError, match=r"no candidate of the pool.*\[initial\] polymers|\[initial\] polymers.*no candidate"
    ):
        Campaign.from_file(file, place / "run").run(report=False)


@pytest.mark.parametrize(
    ("polymers", "what"),
    [('["*CC*", "CC"]', r"line \d+, \[initial\]"), ('["*CC*", "*C*"]', "is the same as"), ('["*CC*"]', "no design")],
)
def test_a_list_to_begin_with_is_checked(campaign_file: Write, polymers: str, what: str) -> None:
    file = campaign_file()
    file.write_text(file.read_text().replace("size = 6", f"polymers = {polymers}"))
    with pytest.raises(ConfigurationError, match=what):
        read_campaign_file(file)


def test_nothing_is_proposed_twice_not_even_what_failed(campaign_file: Write, place: Path) -> None:
    outcome = Campaign.from_file(campaign_file(cycles=6), place / "run").run(report=False)
    polymers = [polymer for _, polymer in picks(place / "run")]
    assert len(set(polymers)) == len(polymers) == 30
    assert outcome.failures_by_reason["not_in_table"] > 0
    assert outcome.failures == sum(outcome.failures_by_reason.values())


@pytest.mark.slow
def test_implausible_values_are_kept_and_shown_but_never_learnt(campaign_file: Write, place: Path) -> None:
    campaign = Campaign.from_file(campaign_file(cycles=12, batch=4), place / "run")
    outcome = campaign.run(report=False)
    assert (outcome.reason, outcome.evaluations) == ("pool exhausted", 40)
    assert outcome.failures_by_reason == {"not_in_table": 6, "unphysical": 1}  # rows 3, 10, ... and row 5 of the table
    state = campaign.state()
    strange = [each for each in state.candidates if each.status.value == "unphysical"]
    assert strange[0].records["refractive_index"].value == 9.9
    assert strange[0].value("refractive_index") is None
    assert np.nanmax(state.values[:, 0]) < 2


def test_the_front_is_what_no_other_candidate_beats(campaign_file: Write, place: Path) -> None:
    state_of = Campaign.from_file(campaign_file(), place / "run")
    best = state_of.run(report=False).best
    values = state_of.state().values
    values = values[np.isfinite(values).all(axis=1)]
    expected = {tuple(row) for row in values if not ((values >= row).all(axis=1) & (values > row).any(axis=1)).any()}
    assert {(each.values["refractive_index"], each.values["abbe_number"]) for each in best} == expected


def test_the_same_seed_gives_the_same_picks_and_another_seed_others(campaign_file: Write, place: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        Campaign.from_file(campaign_file(seed=seed), place / name).run(report=False)
    assert picks(place / "a") == picks(place / "b") != picks(place / "c")


def test_each_cycle_reports_calibration_and_what_became_of_its_predictions(campaign_file: Write, place: Path) -> None:
    campaign = Campaign.from_file(campaign_file(), place / "run")
    campaign.run(report=False)
    first, *later = campaign.state().cycles
    assert first.calibration == {}
    for metrics in later:
        assert metrics.calibration["refractive_index"]["n"] >= 3
        assert 0 <= metrics.calibration["abbe_number"]["coverage_90"] <= 1
        assert metrics.prospective["refractive_index"]["method"] == "prospective"
    assert [metrics.cycle for metrics in later] == [1, 2, 3]
    told = campaign.state().candidates[-1].predicted["abbe_number"]
    assert told.keys() == {"mean", "std", "noise_std", "outside"}


def test_the_reference_point_is_fixed_after_the_initial_design_and_stays(campaign_file: Write, place: Path) -> None:
    campaign = Campaign.from_file(campaign_file(), place / "run")
    campaign.run(report=False)
    points = {metrics.reference_point for metrics in campaign.state().cycles}
    assert len(points) == 1
    volumes = [metrics.hypervolume for metrics in campaign.state().cycles]
    assert volumes == sorted(volumes)


def test_a_stated_reference_point_is_taken(campaign_file: Write, place: Path) -> None:
    more = "[acquisition]\nreference_point = { refractive_index = 1.4, abbe_number = 10 }\n"
    outcome = Campaign.from_file(campaign_file(more, cycles=1), place / "run").run(report=False)
    assert outcome.reference_point == {"refractive_index": 1.4, "abbe_number": 10.0}


@pytest.mark.slow
def test_more_cycles_go_on_where_fewer_ended(campaign_file: Write, place: Path) -> None:
    Campaign.from_file(campaign_file(), place / "once").run(cycles=3, report=False)
    steps = Campaign.from_file(campaign_file(), place / "steps")
    assert steps.run(cycles=0, report=False).evaluations == 6
    assert steps.run(cycles=1, report=False).cycle == 1
    assert steps.run(cycles=3, report=False).cycle == 3
    assert picks(place / "once") == picks(place / "steps")
    assert Campaign.from_directory(place / "steps").run(cycles=3, report=False).evaluations == 18


@pytest.mark.slow
@pytest.mark.parametrize("acquisition", ["random", "uncertainty", "ucb", "qlognehvi"])
def test_other_acquisitions_run(campaign_file: Write, place: Path, acquisition: str) -> None:
    file = campaign_file(f'[acquisition]\nname = "{acquisition}"\n', cycles=1)
    assert Campaign.from_file(file, place / "run").run(report=False).evaluations == 10


@pytest.mark.slow
@pytest.mark.parametrize("surrogate", ["gp", "random_forest"])
def test_other_surrogates_run(campaign_file: Write, place: Path, surrogate: str) -> None:
    assert (
        Campaign.from_file(campaign_file(cycles=1, surrogate=surrogate), place / "run").run(report=False).evaluations
        == 10
    )


@pytest.mark.slow
def test_known_noise_of_the_records_reaches_the_surrogate(campaign_file: Write, place: Path) -> None:
    Campaign.from_file(campaign_file(cycles=1, surrogate="gp"), place / "plain").run(report=False)
    file = campaign_file(cycles=1, surrogate="gp")
    file.write_text(file.read_text().replace('name = "gp"', 'name = "gp"\nrecord_noise = true'))
    Campaign.from_file(file, place / "noisy").run(report=False)

    def first(name: str) -> float:
        return Campaign.from_directory(place / name).state().candidates[6].predicted["abbe_number"]["mean"]

    assert first("plain") != first("noisy")


def test_a_range_is_aimed_at(campaign_file: Write, place: Path) -> None:
    file = campaign_file(cycles=3)
    text = file.read_text().split("[[objectives]]")
    one = text[0] + '[[objectives]]\nproperty = "refractive_index"\nrange = [1.5, 1.52]\nevaluator = "table"\n'
    file.write_text(one + "\n[evaluators" + text[2].split("[evaluators", 1)[1])
    state = Campaign.from_file(file, place / "run")
    best = state.run(report=False).best
    assert all(1.5 <= each.values["refractive_index"] <= 1.52 for each in best)


def test_random_initial_designs_run(campaign_file: Write, place: Path) -> None:
    file = campaign_file(cycles=0 + 1)
    file.write_text(file.read_text().replace("size = 6", 'size = 6\nmethod = "random"'))
    assert Campaign.from_file(file, place / "run").run(report=False).evaluations == 10


# Stop rules


def test_it_stops_when_its_time_is_up_and_goes_on_when_it_is_given_more(campaign_file: Write, place: Path) -> None:
    file = campaign_file("[stop]\nhours = 1e-9\n")
    outcome = Campaign.from_file(file, place / "run").run(report=False)
    assert (outcome.state, outcome.reason) == ("finished", "time")
    assert outcome.evaluations < 18
    file.write_text(file.read_text().replace("1e-9", "1.0"))
    outcome = Campaign.from_file(file, place / "run").run(report=False)
    assert (outcome.reason, outcome.evaluations) == ("cycles", 18)


def test_the_time_to_go_is_never_more_than_the_time_that_is_left(campaign_file: Write, place: Path) -> None:
    told: list[Progress] = []
    file = campaign_file("[stop]\nhours = 1.0\n", cycles=10**9)
    with pytest.raises(KeyboardInterrupt):

        def listen(event: Progress) -> None:
            told.append(event)
            if event.cycle > 0:
                raise KeyboardInterrupt

        Campaign.from_file(file, place / "run").run(progress=listen, report=False)
    known = [event.eta_s for event in told if event.eta_s is not None]
    assert known
    assert max(known) <= 3600.0


def test_it_stops_when_the_hypervolume_stands_still(campaign_file: Write, place: Path) -> None:
    file = campaign_file("[stop]\nstall_cycles = 2\nstall_tolerance = 1e9\n", cycles=8)
    outcome = Campaign.from_file(file, place / "run").run(report=False)
    assert (outcome.reason, outcome.cycle) == ("stall", 2)


# The folder and the file


def test_the_resolved_file_replays_the_run(campaign_file: Write, place: Path) -> None:
    file = campaign_file(cycles=1)
    Campaign.from_file(file, place / "run").run(report=False)
    resolved = read_campaign_file(place / "run" / "campaign.toml")
    # What the file left open was settled, and is kept.
    assert resolved.surrogate.invariants is False
    said = read_campaign_file(file)
    assert resolved == said.model_copy(update={"surrogate": resolved.surrogate})
    assert said.surrogate.model_copy(update={"invariants": False}) == resolved.surrogate
    assert Campaign.from_file(place / "run" / "campaign.toml").directory == place / "run"
    Campaign.from_file(place / "run" / "campaign.toml", place / "again").run(report=False)
    assert picks(place / "run") == picks(place / "again")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("before", "after", "word"),
    [
        ("seed = 1", "seed = 2", "campaign.seed"),
        ('"maximize"', '"minimize"', "objectives"),
    ],
)
def test_another_campaign_does_not_go_into_the_same_folder(
    campaign_file: Write, place: Path, before: str, after: str, word: str
) -> None:
    file = campaign_file(cycles=1)
    Campaign.from_file(file, place / "run").run(report=False)
    file.write_text(file.read_text().replace(before, after, 1))
    with pytest.raises(ConfigurationError, match=word) as caught:
        Campaign.from_file(file, place / "run").run(report=False)
    assert "--directory" in caught.value.hint


def test_cycles_workers_and_stop_rules_may_change(campaign_file: Write, place: Path) -> None:
    Campaign.from_file(campaign_file(cycles=1), place / "run").run(report=False)
    outcome = Campaign.from_file(campaign_file("[stop]\nhours = 5\n", cycles=2, workers=2), place / "run").run(
        report=False
    )
    assert (outcome.cycle, outcome.cycles) == (2, 2)


def test_the_default_folder_is_named_after_the_campaign(
    campaign_file: Write, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(place)
    assert Campaign.from_file(campaign_file()).directory == place / "runs" / "trial"


def test_a_folder_that_is_running_is_left_alone(campaign_file: Write, place: Path) -> None:
    campaign = Campaign.from_file(campaign_file(cycles=1), place / "run")
    seen = []

    def look(event: Progress) -> None:
        if event.stage == "evaluate" and not seen:
            seen.append(Campaign.from_directory(place / "run").status().state)
            with pytest.raises(ConfigurationError, match="Another process"):
                Campaign.from_file(campaign_file(cycles=1), place / "run").run(report=False)

    campaign.run(progress=look, report=False)
    assert seen == ["running"]


def test_status_of_a_campaign_that_has_not_begun(campaign_file: Write, place: Path) -> None:
    outcome = Campaign.from_file(campaign_file(), place / "run").status()
    assert (outcome.state, outcome.evaluations, outcome.best, outcome.hypervolume) == ("new", 0, (), None)


@pytest.mark.parametrize(("cycles", "workers"), [(-1, None), (None, 0)])
def test_impossible_numbers_are_refused(
    campaign_file: Write, place: Path, cycles: int | None, workers: int | None
) -> None:
    with pytest.raises(InvalidInputError):
        Campaign.from_file(campaign_file(), place / "run").run(cycles=cycles, workers=workers)


# Shared stores and retries


@pytest.mark.slow
def test_two_campaigns_of_one_store_share_their_evaluations(campaign_file: Write, place: Path) -> None:
    store = "[store]\nurl = 'sqlite:///shared.sqlite'\n"
    Campaign.from_file(campaign_file(store, seed=1), place / "a").run(report=False)
    Campaign.from_file(campaign_file(store, seed=2), place / "b").run(report=False)
    with Store(place / "shared.sqlite") as shared:
        assert len(shared.campaigns()) == 2
        keys = [evaluation.request.key for evaluation in shared.evaluations()]
        assert all(len(shared.attempts(key)) == 1 for key in keys)
    assert len(keys) == len({polymer for name in "ab" for _, polymer in picks(place / name)})


def test_failed_evaluations_can_be_tried_again(campaign_file: Write, place: Path) -> None:
    campaign = Campaign.from_file(campaign_file(cycles=6), place / "run")
    failed = campaign.run(report=False).failures_by_reason["not_in_table"]
    assert campaign.retry(["scf"]) == 0
    assert campaign.retry(["not_in_table"]) == failed
    assert campaign.status().waiting == failed
    assert campaign.run(cycles=6, report=False).failures_by_reason["not_in_table"] == failed
    with pytest.raises(InvalidInputError, match="Known"):
        campaign.retry(["bad luck"])


def test_nothing_to_retry_before_the_first_run(campaign_file: Write, place: Path) -> None:
    assert Campaign.from_file(campaign_file(), place / "run").retry() == 0
