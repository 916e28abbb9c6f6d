"""Campaigns over a space of variables: computed, from a table, and in the laboratory."""

from __future__ import annotations

import csv
import itertools
import json
from pathlib import Path

import pytest

from polyloop.app.cli.main import main
from polyloop.campaign import Campaign

HEAD = """
[campaign]
name = "reaction"
seed = 2
batch = 2
cycles = 2

[[objectives]]
property = "conversion"
direction = "maximize"
{answer}

[properties.conversion]
unit = "%"
low = -5
high = 105

[pool]
kind = "process"
source = "space"

[variables.temperature]
type = "ordinal"
values = [40, 60, 80, 100]
unit = "degC"

[variables.catalyst]
type = "categorical"
values = ["Pd", "Ni", "Cu"]

[variables.solvent]
type = "molecular"
molecules = {{ DMF = "CN(C)C=O", DMAc = "CC(=O)N(C)C", toluene = "Cc1ccccc1" }}

[[constraints]]
condition = "temperature < 90"

[initial]
size = 5
"""
FUNCTION = """
def run(point, seed):
    height = {"Pd": 90, "Ni": 60, "Cu": 40}[point["catalyst"]]
    return {"conversion": height - 0.01 * (point["temperature"] - 80) ** 2 - 10 * ("c1" in point["solvent"])}
"""
SOLVENTS = {"DMF": 0.0, "DMAc": 0.0, "toluene": 10.0}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "f.py").write_text(FUNCTION)
    with (tmp_path / "table.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["catalyst", "temperature", "solvent", "conversion [%]", "operator"])
        for catalyst, temperature, solvent in itertools.product(("Pd", "Ni", "Cu"), (40, 60, 80), SOLVENTS):
            height = {"Pd": 90, "Ni": 60, "Cu": 40}[catalyst]
            value = height - 0.01 * (temperature - 80) ** 2 - SOLVENTS[solvent]
            writer.writerow([catalyst, temperature, solvent, value, "somebody"])
    return tmp_path


def write(place: Path, answer: str, more: str = "") -> Path:
    file = place / "c.toml"
    file.write_text(HEAD.format(answer=answer) + more)
    return file


def test_a_function_is_handed_the_point_and_the_best_is_found(place: Path) -> None:
    campaign = Campaign.from_file(write(place, 'evaluator = "f"', '[evaluators.f]\npython = "f:run"\n'), "run")
    status = campaign.run()
    assert (status.evaluations, status.failures) == (9, 0)
    best = json.loads(status.best[0].text)
    assert (best["catalyst"], best["temperature"]) == ("Pd", 80)
    assert all(json.loads(one.text)["temperature"] < 90 for one in campaign.state().candidates)
    assert (campaign.directory / "report" / "index.html").is_file()


def test_a_table_with_a_column_for_each_variable_answers_the_same(place: Path) -> None:
    computed = Campaign.from_file(write(place, 'evaluator = "f"', '[evaluators.f]\npython = "f:run"\n'), "computed")
    computed.run(report=False)
    looked_up = Campaign.from_file(write(place, 'evaluator = "t"', '[evaluators.t]\ntable = "table.csv"\n'), "table")
    looked_up.run(report=False)
    texts = [[one.text for one in campaign.state().candidates] for campaign in (computed, looked_up)]
    assert texts[0] == texts[1]


def test_people_fill_in_a_table_with_a_column_for_each_variable(place: Path) -> None:
    write(place, 'level = "experiment"')
    assert main(["campaign", "suggest", "c.toml", "-d", "run", "-n", "3", "-o", "a.csv"]) == 0
    with Path("a.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {"temperature", "catalyst", "solvent"} <= set(rows[0])
    assert {row["solvent"] for row in rows} <= set(SOLVENTS)
    for place_in_list, row in enumerate(rows):
        row["conversion [%]"] = str(10.0 + place_in_list)
    with Path("a.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert main(["campaign", "tell", "run", "a.csv"]) == 0
    assert [one.value("conversion") for one in Campaign.from_directory("run").state().candidates] == [10.0, 11.0, 12.0]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('source = "space"', 'source = "homopolymers"', "variables"),
        ('values = ["Pd", "Ni", "Cu"]', "low = 1.0", "has no values"),
        ("temperature < 90", "temperatur < 90", "temperature"),
        ("temperature < 90", "temperature < 9", "No combination"),
        ('"Cc1ccccc1"', '"c1ccc"', "toluene"),
    ],
)
def test_a_space_that_cannot_be_is_refused(
    place: Path, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    file = write(place, 'level = "experiment"')
    file.write_text(file.read_text().replace(old, new))
    assert main(["campaign", "suggest", "c.toml", "-d", "run", "-n", "3"]) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
