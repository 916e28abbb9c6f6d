"""Several levels in one campaign: cheap answers teach the dear level, and a budget is kept."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polyloop import Campaign
from polyloop.campaign import evaluators as campaign_evaluators
from polyloop.core import ConfigurationError
from polyloop.core.properties import PROPERTIES
from polyloop.evaluation.evaluators import ProtocolEvaluator
from polyloop.simulate import PROTOCOLS, Protocol
from polyloop.simulate.estimate import Estimate, Estimates
from tests.conftest import optics

COSTS = {"instant": 1.0, "quick": 10.0}
PROPERTY = {"hardness": {"unit": "GPa", "low": 0.0, "high": 10.0}}


def hardness(smiles: str, dear: bool) -> float:
    """The cheap level is off by a slope and an offset, as a poor method is."""
    index, _ = optics(smiles)
    return index if dear else 0.8 * index + 0.2


def protocol(level: str) -> Protocol:
    def function(polymer: Any, seed: int, conditions: Any) -> Estimates:
        return Estimates((Estimate("hardness", hardness(polymer.canonical, level == "quick"), 0.01, "made up"),))

    return Protocol(f"toy/{level}", 1, level, ("hardness",), "nothing", "For a test.", function, lambda polymer: None)


@pytest.fixture
def toys(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Two protocols of this process, asked in it, since workers know what is installed alone."""
    rows = [protocol(level) for level in COSTS]
    for row in rows:
        PROTOCOLS.add(row.protocol_id, row)
    monkeypatch.setattr(
        campaign_evaluators,
        "protocol_evaluator",
        lambda name, settings=None: ProtocolEvaluator(name, PROTOCOLS[name].properties, needs_process=False),
    )
    yield
    for row in rows:
        PROTOCOLS.remove(row.protocol_id)
    PROPERTIES.remove("hardness")


def make(place: Path, units: tuple[str, ...], **more: Any) -> Campaign:
    settings = {"initial": 5, "features": ["ecfp"], "seed": 4, "cycles": 4, "batch": 2, **more}
    return Campaign(
        [{"property": "hardness", "direction": "maximize", "level": "quick"}], list(units), properties=PROPERTY,
        levels={"costs": COSTS}, batch_cost=22.0, directory=place, **settings,
    )  # fmt: skip


def test_both_levels_are_asked_within_the_budget_and_the_best_is_found(
    tmp_path: Path, units: tuple[str, ...], toys: None
) -> None:
    campaign = make(tmp_path / "run", units)
    status = campaign.run()
    candidates = campaign.state().candidates
    by_cycle = [[one for one in candidates if one.cycle == cycle] for cycle in range(5)]
    assert [len([one for one in by_cycle[0] if one.level == level]) for level in ("instant", "")] == [5, 5]
    for batch in by_cycle[1:]:
        assert sum(COSTS[one.level or "quick"] for one in batch) <= 22.0
    assert any(one.level == "instant" for batch in by_cycle[1:] for one in batch)
    # Values below the target are no results.
    assert all(one.value("hardness") is None and one.level_value("hardness") for one in candidates if one.level)
    best = max(hardness(unit, True) for unit in units)
    assert status.best[0].values["hardness"] == pytest.approx(best), "of forty, with some thirteen dear questions"
    assert (campaign.directory / "report" / "index.html").is_file()


@pytest.mark.slow
def test_a_campaign_of_levels_goes_on_as_if_it_had_never_stopped(
    tmp_path: Path, units: tuple[str, ...], toys: None
) -> None:
    def picks(campaign: Campaign) -> list[tuple[int, str, str]]:
        return [(one.cycle, one.text, one.level) for one in campaign.state().candidates]

    whole = make(tmp_path / "whole", units)
    whole.run(report=False)
    parts = make(tmp_path / "parts", units)
    for cycles in (0, 2, 4):
        parts.run(cycles=cycles, report=False)
    assert picks(parts) == picks(whole)


@pytest.mark.parametrize(
    ("costs", "said"),
    [
        ({"quick": 10.0}, "cheaper level"),
        ({"instant": 20.0, "quick": 10.0}, "highest"),
        ({"instant": 0.0, "quick": 10.0}, "above 0"),
        ({"instan": 1.0, "quick": 10.0}, "instant"),
        ({"standard": 1.0, "quick": 10.0}, "hardness"),
    ],
)
def test_levels_that_cannot_be_are_refused(
    tmp_path: Path, units: tuple[str, ...], toys: None, costs: dict[str, float], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Campaign(
            [{"property": "hardness", "direction": "maximize", "level": "quick"}], list(units), properties=PROPERTY,
            levels={"costs": costs}, directory=tmp_path / "run",
        )  # fmt: skip


def test_levels_go_with_no_costs_of_candidates(tmp_path: Path, units: tuple[str, ...], toys: None) -> None:
    (tmp_path / "pool.csv").write_text("smiles,price\n" + "".join(f"{unit},1\n" for unit in units))
    with pytest.raises(ConfigurationError, match="lists of candidates without costs"):
        Campaign(
            [{"property": "hardness", "direction": "maximize", "level": "quick"}],
            {"source": "csv", "file": str(tmp_path / "pool.csv"), "cost": "price"}, properties=PROPERTY,
            levels={"costs": COSTS}, directory=tmp_path / "run",
        )  # fmt: skip


@pytest.mark.slow
def test_what_breaks_a_requirement_is_hardly_asked_and_no_result(
    tmp_path: Path, units: tuple[str, ...], toys: None
) -> None:
    """The hardest are too hard: of what is left the best is the result, though some that break the limit are known."""
    limit = sorted({hardness(unit, True) for unit in units})[-6]
    rule = {"property": "hardness", "high": limit, "probability": 0.5}
    free, held = make(tmp_path / "free", units, cycles=2), make(tmp_path / "held", units, cycles=2, requirements=[rule])
    best = {campaign.directory.name: campaign.run(report=False).best[0].values["hardness"] for campaign in (free, held)}
    assert best["held"] <= limit < best["free"]
    dear = [
        [one.text for one in campaign.state().candidates if one.cycle and not one.level] for campaign in (free, held)
    ]
    assert dear[0] != dear[1]


@pytest.mark.slow
def test_a_laboratory_measures_what_is_computed_first(tmp_path: Path, units: tuple[str, ...], toys: None) -> None:
    """The target is measured: a run computes below it and waits, `tell` teaches the target, and the run goes on."""
    campaign = Campaign(
        [{"property": "hardness", "direction": "maximize", "level": "experiment"}], list(units), properties=PROPERTY,
        levels={"costs": {"instant": 1.0, "experiment": 10.0}}, batch_cost=22.0, directory=tmp_path / "run",
        initial=4, features=["ecfp"], seed=4, cycles=3, batch=2,
    )  # fmt: skip

    def measure() -> int:
        asked = campaign.pending()
        campaign.tell([{"smiles": one.subject.text, "hardness": hardness(one.subject.text, True)} for one in asked])
        return len(asked)

    assert (campaign.run(report=False).state, len(campaign.pending())) == ("waiting", 4)
    assert all(one.level_value("hardness") for one in campaign.state().candidates if one.level)
    rounds = 0
    while (status := campaign.run(report=False)).state == "waiting" and rounds < 9:
        assert all(one.subject.text for one in campaign.pending())
        measure()
        rounds += 1
    assert (status.state, status.reason) == ("finished", "cycles")
    later = [one for one in campaign.state().candidates if one.cycle]
    assert {one.level for one in later} == {"instant", ""}, "both levels are asked for"
    assert status.best[0].values["hardness"] == max(one.value("hardness") or 0.0 for one in campaign.state().candidates)


def test_suggestions_name_what_is_measured_and_keep_what_is_computed(
    tmp_path: Path, units: tuple[str, ...], toys: None
) -> None:
    campaign = Campaign(
        [{"property": "hardness", "direction": "maximize", "level": "experiment"}], list(units), properties=PROPERTY,
        levels={"costs": {"instant": 1.0, "experiment": 10.0}}, directory=tmp_path / "run", initial=3,
        features=["ecfp"], seed=4, cycles=3, batch=2,
    )  # fmt: skip
    first = campaign.suggest(2)
    assert len(first) == 2
    assert [one.level for one in campaign.state().asked].count("instant") == 2
    # What was only computed is told by the laboratory unasked: it is a result all the same.
    unasked = next(unit for unit in units if unit not in {one.subject.text for one in first})
    told = [*(one.subject.text for one in first), unasked]
    entered = campaign.tell([{"smiles": text, "hardness": hardness(text, True)} for text in told])
    assert (entered.new, len(entered.unasked)) == (3, 1)
    more = campaign.suggest(2)
    assert not {one.subject.text for one in more} & set(told)
    assert {one.subject.text for one in campaign.pending()} == {one.subject.text for one in more}
