"""Requirements with a stated probability, candidates that cost, and another batch size in the middle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from polyloop import Campaign
from polyloop.core import ConfigurationError
from tests.conftest import optics

BOTH = ("refractive_index", "abbe_number")
SAME: dict[str, Any] = {"features": ["ecfp"], "initial": 8, "seed": 4, "batch": 3, "cycles": 3}


@pytest.fixture
def table(units: tuple[str, ...]) -> pd.DataFrame:
    return pd.DataFrame([(unit, *optics(unit)) for unit in units], columns=["smiles", *BOTH])


def test_a_requirement_keeps_the_picks_where_it_holds(tmp_path: Path, table: pd.DataFrame) -> None:
    """The index rises where the Abbe number falls; asked for one above 60, the loop looks there."""
    units = list(table.smiles)
    free = Campaign(["refractive_index"], units, evaluators=table, directory=tmp_path / "free", **SAME)
    free.run(report=False)
    required = Campaign(
        ["refractive_index"], units, evaluators=table, directory=tmp_path / "required", **SAME,
        requirements=[{"property": "abbe_number", "low": 60.0, "probability": 0.7, "evaluator": "given_1"}],
    )  # fmt: skip
    required.run(report=False)

    def met(campaign: Campaign) -> list[bool]:
        values = dict(zip(table.smiles, table.abbe_number, strict=True))
        return [values[one.text] >= 60.0 for one in campaign.state().candidates if one.cycle]

    assert sum(met(required)) > sum(met(free))
    assert sum(met(required)) >= 6, "of nine picks"
    best = required.status().best[0]
    assert best.cost is None
    assert best.meets is (dict(zip(table.smiles, table.abbe_number, strict=True))[best.text] >= 60.0)
    assert free.status().best[0].meets is None


def test_what_breaks_a_requirement_is_no_result(tmp_path: Path, table: pd.DataFrame) -> None:
    campaign = Campaign(
        ["refractive_index"], list(table.smiles), evaluators=table, directory=tmp_path / "run", **SAME,
        requirements=[{"property": "abbe_number", "low": 68.0, "probability": 0.7, "evaluator": "given_1"}],
    )  # fmt: skip
    campaign.run()
    state = campaign.state()
    asked = table.set_index("smiles").loc[[one.text for one in state.candidates]]
    allowed = asked[asked.abbe_number >= 68.0]
    assert 0 < len(allowed) < len(asked)
    (best,) = {one.text for one in state.best()}
    assert best == allowed.refractive_index.idxmax() != asked.refractive_index.idxmax()
    point = campaign.state().reference_point
    assert point is not None
    assert state.hypervolume == pytest.approx(allowed.refractive_index.max() - point[0])
    told = pd.read_csv(campaign.directory / "report" / "candidates.csv").set_index("smiles")
    assert dict(told.meets_requirements) == dict((asked.abbe_number >= 68.0).astype(int))
    assert dict(told["abbe_number [1]"]) == pytest.approx(dict(asked.abbe_number))
    page = (campaign.directory / "report" / "index.html").read_text()
    assert "meeting every requirement" in page and "Required: Abbe number at least 68." in page
    assert f"The best {len(allowed)} of {len(allowed)} polymers that meet every requirement" in page


def test_improvement_is_per_cost_and_a_batch_keeps_its_budget(tmp_path: Path, table: pd.DataFrame) -> None:
    pool = pd.DataFrame({"smiles": table.smiles, "price": [1.0 + 9.0 * (row % 2) for row in range(len(table))]})
    campaign = Campaign(
        ["refractive_index"], {"source": "csv", "file": write(tmp_path, pool), "cost": "price"}, evaluators=table,
        directory=tmp_path / "run", batch_cost=5.0, **SAME,
    )  # fmt: skip
    campaign.run(report=False)
    price = dict(zip(pool.smiles, pool.price, strict=True))
    for cycle in (1, 2, 3):
        assert sum(price[one.text] for one in campaign.state().candidates if one.cycle == cycle) <= 5.0
    best = campaign.status().best[0]
    assert best.cost == price[best.text]


def write(folder: Path, frame: pd.DataFrame) -> str:
    frame.to_csv(folder / "pool.csv", index=False)
    return str(folder / "pool.csv")


def test_the_batch_may_change_between_two_sittings(tmp_path: Path, table: pd.DataFrame) -> None:
    def campaign(batch: int, cycles: int) -> Campaign:
        settings = {**SAME, "batch": batch, "cycles": cycles}
        return Campaign(
            ["refractive_index"], list(table.smiles), evaluators=table, directory=tmp_path / "run", **settings
        )

    campaign(3, 1).run(report=False)
    before = [one.text for one in campaign(3, 1).state().candidates]
    campaign(2, 2).run(report=False)
    after = campaign(2, 2).state().candidates
    assert [one.text for one in after][:11] == before
    assert [sum(one.cycle == cycle for one in after) for cycle in range(3)] == [8, 3, 2]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"requirements": [{"property": "densty", "low": 1.0, "level": "instant"}]}, "density"),
        ({"requirements": [{"property": "density", "level": "instant"}]}, "low"),
        ({"requirements": [{"property": "density", "low": 1.0}]}, "level"),
        ({"requirements": [{"property": "refractive_index", "low": 1.5}], "acquisition": "qlognehvi"}, "ehvi"),
        ({"batch_cost": 3.0}, "cost"),
    ],
)
def test_what_cannot_be_required_is_refused(
    tmp_path: Path, table: pd.DataFrame, change: dict[str, Any], said: str
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Campaign(
            ["refractive_index"], list(table.smiles), evaluators=table, directory=tmp_path / "run", **SAME, **change
        ).run(report=False)
