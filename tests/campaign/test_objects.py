"""A campaign from Python objects is the same as the campaign file that says so."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from polyloop import Campaign, Polymer
from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.design import Objective
from polyloop.learn import SURROGATES, GaussianProcess
from tests.conftest import optics

FILE = """
[campaign]
name = "campaign"
seed = 4
batch = 3
cycles = 2

[[objectives]]
property = "refractive_index"
direction = "maximize"
evaluator = "answers"

[[objectives]]
property = "abbe_number"
direction = "maximize"
evaluator = "answers"

[evaluators.answers]
{answers}

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[initial]
size = 5
"""
BOTH = ("refractive_index", "abbe_number")
SAME: dict[str, Any] = {"features": ["ecfp"], "initial": 5, "seed": 4, "batch": 3, "cycles": 2}


def answer(smiles: str, seed: int) -> dict[str, float]:
    return dict(zip(BOTH, optics(smiles), strict=True))


def picks(campaign: Campaign) -> list[tuple[int, str]]:
    return [(one.cycle, one.text) for one in campaign.state().candidates]


def from_file(place: Path, answers: str) -> Campaign:
    (place / "c.toml").write_text(FILE.format(answers=answers))
    campaign = Campaign.from_file(place / "c.toml", place / "file")
    campaign.run(report=False)
    return campaign


@pytest.fixture
def place(tmp_path: Path, units: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "pool.csv").write_text("smiles\n" + "".join(f"{unit}\n" for unit in units))
    rows = [(unit, *optics(unit)) for unit in units]
    pd.DataFrame(rows, columns=["smiles", *BOTH]).to_csv(tmp_path / "table.csv", index=False)
    return tmp_path


def test_data_frames_make_the_picks_of_the_same_campaign_from_files(place: Path, units: tuple[str, ...]) -> None:
    by_file = from_file(place, 'table = "table.csv"')
    campaign = Campaign(
        list(BOTH), pd.DataFrame({"smiles": units}), evaluators=pd.read_csv(place / "table.csv"),
        directory=place / "python", **SAME,
    )  # fmt: skip
    campaign.run(report=False)
    assert picks(campaign) == picks(by_file)
    first = picks(campaign)
    assert len(first) == 11
    # Its folder is complete: another process goes on from there.
    again = Campaign.from_directory(place / "python")
    again.run(cycles=3, report=False)
    assert picks(again)[:11] == first


@pytest.mark.slow
def test_a_function_makes_the_picks_of_the_same_function_in_a_module(place: Path, units: tuple[str, ...]) -> None:
    (place / "m.py").write_text("from tests.campaign.test_objects import answer\n")
    by_file = from_file(place, 'python = "m:answer"')
    campaign = Campaign(
        [Objective("refractive_index"), ("abbe_number", "maximize")], [Polymer(unit) for unit in units],
        evaluators=answer, directory=place / "python", **SAME,
    )  # fmt: skip
    campaign.run(report=False)
    assert picks(campaign) == picks(by_file)


def test_a_changed_function_is_another_one(place: Path, units: tuple[str, ...]) -> None:
    def first(smiles: str, seed: int) -> dict[str, float]:
        return {"density": 1.0 + 0.01 * len(smiles)}

    def second(smiles: str, seed: int) -> dict[str, float]:
        return {"density": 1.2 + 0.01 * len(smiles)}

    def campaign(function: Any) -> Campaign:
        return Campaign(["density"], list(units), evaluators=function, directory=place / "run", **{**SAME, "cycles": 1})

    campaign(first).run(report=False)
    campaign(first).run(report=False)
    with pytest.raises(ConfigurationError, match="density"):
        campaign(second).run(report=False)


def test_a_surrogate_of_ones_own_has_a_name(place: Path, units: tuple[str, ...]) -> None:
    class Blind(GaussianProcess):
        """A Gaussian process that learns no length scale."""

        def __init__(self) -> None:
            super().__init__(optimise=False)

    SURROGATES.add("blind", Blind)
    try:
        campaign = Campaign(
            ["refractive_index"], list(units), evaluators=place / "table.csv", surrogate="blind",
            directory=place / "run", **SAME,
        )  # fmt: skip
        assert campaign.run(report=False).evaluations == 11
    finally:
        SURROGATES.remove("blind")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"evaluators": None}, "Nobody is named who evaluates refractive_index"),
        ({"evaluators": "instnat"}, "instant"),
        ({"features": ["ecpf"]}, "ecfp"),
        ({"surrogate": {"name": "gp", "trees": 3}}, "random_forest"),
        ({"objectives": ["refractive_indx"]}, "refractive_index"),
        ({"candidates": 3}, "are no candidates"),
        ({"evaluators": lambda smiles: {}}, "smiles, seed"),
        ({"batch": 0}, "batch"),
    ],
)
def test_what_cannot_work_is_refused_with_its_place(
    place: Path, units: tuple[str, ...], change: dict[str, Any], said: str
) -> None:
    given = {"objectives": ["refractive_index"], "candidates": list(units), "evaluators": "instant", **SAME, **change}
    with pytest.raises((ConfigurationError, InvalidInputError), match=said):
        Campaign(**given, directory=place / "run").run(report=False)


@pytest.mark.slow
def test_compositions_of_a_copolymer_are_candidates_like_any_other(place: Path) -> None:
    """One loop for every kind: three shares of two units at first, and the best of eleven found."""
    candidates = [f"random: {share / 12} *CC(C)(C(=O)OC)* + {1 - share / 12} *CC(*)c1ccccc1" for share in range(1, 12)]
    campaign = Campaign(
        ["refractive_index"], candidates, kind="copolymer", evaluators="instant", features=["ecfp"], initial=3,
        batch=1, cycles=2, directory=place / "run",
    )  # fmt: skip
    status = campaign.run()
    assert (status.evaluations, status.failures) == (5, 0)
    assert "0.9167 *CC(c1ccccc1)*" in status.best[0].text, "polystyrene has the higher index of the two"
    assert (place / "run" / "report" / "index.html").is_file()


def test_a_notebook_shows_campaign_polymer_and_record(place: Path, units: tuple[str, ...]) -> None:
    campaign = Campaign(
        list(BOTH), list(units), evaluators=place / "table.csv", directory=place / "run", **{**SAME, "cycles": 1}
    )
    assert "new" in campaign._repr_html_()
    campaign.run(report=False)
    page = campaign._repr_html_()
    best = campaign.status().best[0]
    assert "refractive index [1]" in page and best.text.replace("&", "&amp;") in page
    assert page.count("<svg") >= 2, "the line of the hypervolume, and structures"
    assert "<svg" in Polymer("*CC(*)c1ccccc1")._repr_html_()
    record = next(iter(campaign.state().candidates[0].records.values()))
    assert "298.15 K" in record._repr_html_()


@pytest.mark.slow
def test_a_script_whose_work_is_met_by_its_own_workers_is_told_of_the_guard(tmp_path: Path) -> None:
    script = tmp_path / "page.py"
    script.write_text(
        "from polyloop import Campaign\n"
        "def mass(smiles, seed):\n    return {'density': 1.0}\n"
        "Campaign(['density'], ['*CC*', '*CCO*', '*CC(C)*'], evaluators=mass, features=['ecfp'], initial=2, cycles=1,\n"
        "         batch=1, directory='run').run(report=False)\n"
    )
    run = subprocess.run([sys.executable, script], cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode != 0
    assert "meets its work on the way" in run.stderr and "`if __name__ == '__main__':`" in run.stderr
