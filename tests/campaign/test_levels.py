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


@pytest.mark.parametrize(
    "change",
    [
        {"requirements": [{"property": "density", "low": 1.0, "level": "instant"}]},
        {"candidates": {"source": "csv", "file": "pool.csv", "cost": "price"}},
    ],
    ids=["requirement", "cost"],
)
def test_levels_go_with_neither_requirements_nor_costs(
    tmp_path: Path, units: tuple[str, ...], toys: None, change: dict[str, Any]
) -> None:
    (tmp_path / "pool.csv").write_text("smiles,price\n" + "".join(f"{unit},1\n" for unit in units))
    pool = change.pop("candidates", None)
    pool = list(units) if pool is None else {**pool, "file": str(tmp_path / "pool.csv")}
    with pytest.raises(ConfigurationError, match="neither requirements, spaces nor costs"):
        Campaign(
            [{"property": "hardness", "direction": "maximize", "level": "quick"}], pool, properties=PROPERTY,
            levels={"costs": {"instant": 1.0, "quick": 10.0}}, directory=tmp_path / "run", **change,
        )  # fmt: skip


def test_an_experiment_is_no_target_of_levels(tmp_path: Path, units: tuple[str, ...], toys: None) -> None:
    with pytest.raises(ConfigurationError, match="one level that is computed"):
        Campaign(
            [{"property": "hardness", "direction": "maximize", "level": "experiment"}], list(units),
            properties=PROPERTY, levels={"costs": {"instant": 1.0, "experiment": 10.0}}, directory=tmp_path / "run",
        )  # fmt: skip
