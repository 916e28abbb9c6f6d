"""Campaigns over polymers x conditions: points that are a subject at a state, evaluated by protocols."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rdkit import Chem

from polyloop import Campaign, Polymer
from polyloop.app.cli.main import main
from polyloop.campaign import evaluators as campaign_evaluators
from polyloop.campaign.points import points_of
from polyloop.core import Conditions, InvalidInputError, Request, Subject
from polyloop.design.space import SubjectChoice
from polyloop.evaluation import compute_properties
from polyloop.evaluation import evaluators as protocol_evaluators
from polyloop.evaluation.evaluators import ProtocolEvaluator
from polyloop.simulate import PROTOCOLS
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.protocol import Protocol
from polyloop.store import Store
from tests.registered import registered

HEAD = """
[campaign]
name = "melts"
seed = 3
batch = 2
cycles = {cycles}

[[objectives]]
property = "density"
direction = "minimize"
{answer}

[pool]
kind = "process"
source = "space"

[variables.polymer]
type = "subject"
file = "pool.csv"

[variables.temperature]
type = "{kind}"
{values}
unit = "degC"
condition = true

[features]
blocks = ["ecfp", "rdkit2d"]

[initial]
size = 8
"""
STEPS = "values = [0, 50, 100, 150, 200]"
# Specific volumes of rubbers grow by some 6e-4 of themselves per kelvin (Mark, Physical Properties of Polymers
# Handbook, doi:10.1007/978-0-387-69002-5); by how much does not matter here, only that it is known.
EXPANSION = 6e-4


def density(polymer: Polymer, temperature: float) -> float:
    """Mass over a volume of so much an atom, which grows with temperature: known without any program."""
    atoms = Counter("H" if atom.GetAtomicNum() == 1 else "other" for atom in Chem.AddHs(polymer.mol).GetAtoms())
    volume = 9.0 * (atoms["other"] - 2) + 5.0 * atoms["H"]  # two of the others are the open ends
    return polymer.molar_mass / 0.6022 / volume / (1 + EXPANSION * (temperature - 298.15))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[str, float]]]:
    """What a protocol of this process is asked, which knows temperatures and one polymer's failure."""
    asked: list[tuple[str, float]] = []

    def function(polymer: Polymer, seed: int, conditions: Conditions) -> Estimates:
        asked.append((polymer.canonical, conditions.temperature))
        return Estimates((Estimate("density", density(polymer, conditions.temperature), 0.01, "made up"),))

    row = Protocol("toy/melt", 1, "instant", ("density",), "nothing", "For a test.", function, lambda polymer: None,
                   conditions=("temperature",), on_request=True)  # fmt: skip

    def in_this_process(name: str, *settings: object) -> ProtocolEvaluator:
        return ProtocolEvaluator(name, PROTOCOLS[name].properties, needs_process=False)

    monkeypatch.setattr(campaign_evaluators, "protocol_evaluator", in_this_process)
    monkeypatch.setattr(protocol_evaluators, "protocol_evaluator", in_this_process)
    with registered(row):
        yield asked


@pytest.fixture
def melts(tmp_path: Path, units: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a pool of forty polymers, of which every other has a name."""
    monkeypatch.chdir(tmp_path)
    with (tmp_path / "pool.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["smiles", "name", "shelf"])
        writer.writerows([unit, f"P{place}" if place % 2 else "", "A"] for place, unit in enumerate(units))
    return tmp_path


def write(
    place: Path, answer: str = 'protocol = "toy/melt@1"', kind: str = "ordinal", values: str = STEPS, more: str = "",
    cycles: int = 3,
) -> Path:  # fmt: skip
    file = place / "c.toml"
    file.write_text(HEAD.format(answer=answer, kind=kind, values=values, cycles=cycles) + more)
    return file


def picks(campaign: Campaign) -> list[tuple[int, str, float | None]]:
    return [(one.cycle, one.text, one.value("density")) for one in campaign.state().candidates]


def test_a_protocol_is_asked_of_each_polymer_at_each_state_and_finds_the_lightest(
    melts: Path, units: tuple[str, ...], calls: list[tuple[str, float]]
) -> None:
    campaign = Campaign.from_file(write(melts, cycles=6), "run")
    status = campaign.run()
    assert (status.evaluations, status.failures) == (20, 0)
    assert len(calls) == len(set(calls)) == 20
    grid = {json.dumps([unit, celsius]): density(Polymer(unit), celsius + 273.15)
            for unit in units for celsius in (0, 50, 100, 150, 200)}  # fmt: skip
    # Twenty of two hundred points; isomers of one formula are equally light here.
    assert status.best[0].values["density"] == pytest.approx(min(grid.values()), rel=1e-12)
    assert sum(value <= 1.001 * min(grid.values()) for value in grid.values()) < 20
    point = json.loads(status.best[0].text)
    assert point["temperature"] == 200
    assert status.best[0].values["density"] == pytest.approx(grid[json.dumps([point["polymer"], 200])], rel=1e-12)


def test_values_stand_under_the_polymer_and_its_state_where_all_find_them(
    melts: Path, calls: list[tuple[str, float]]
) -> None:
    campaign = Campaign.from_file(write(melts, cycles=1), "run")
    campaign.run(report=False)
    with campaign.open_store() as store:
        records = store.records()
    assert {record.request.subject.kind for record in records} == {"polymer"}
    one = records[3].request
    before = len(calls)
    (result,) = compute_properties(
        [one.subject.text], protocol="toy/melt@1", conditions=one.conditions, store="run/store.sqlite"
    )
    assert result.records[0].value == records[3].value and len(calls) == before


def test_another_campaign_takes_what_one_has_computed(melts: Path, calls: list[tuple[str, float]]) -> None:
    shared = '[store]\nurl = "sqlite:///shared.sqlite"\n'
    first = Campaign.from_file(write(melts, cycles=1, more=shared), "first")
    first.run(report=False)
    before = len(calls)
    kelvins = write(melts, values="values = [273.15, 323.15, 373.15, 423.15, 473.15]", cycles=1, more=shared)
    kelvins.write_text(kelvins.read_text().replace('unit = "degC"\ncondition = true', 'condition = "temperature"'))
    second = Campaign.from_file(kelvins, "second")
    second.run(report=False)
    assert len(calls) == before
    assert [one[::2] for one in picks(first)] == [one[::2] for one in picks(second)]


def test_a_state_says_the_same_in_every_unit() -> None:
    space = {
        "polymer": {"type": "subject", "values": ["*CC*", "*CC(C)*"]},
        "temperature": {"type": "continuous", "low": -50.0, "high": 300.0, "unit": "degC", "condition": True},
    }
    config = Campaign(
        [("density", "minimize")], {"source": "space"}, kind="process", evaluators="md/standard@2", variables=space
    ).config
    points = points_of(config)
    assert points is not None and points.is_of_states
    for celsius, kelvin in ((76.85, 350.0), (25.0, 298.15), (-0.001, 273.149), (123.456, 396.606)):
        text = points.space.canonical({"polymer": "*CC*", "temperature": celsius})
        request = points.of_subject(Request(Subject("process", text), "md/standard@2"))
        assert request.subject == Polymer("*CC*").subject and request.conditions == Conditions(kelvin)
        assert points.text(request) == text


@pytest.mark.slow
def test_a_campaign_that_is_stopped_makes_the_picks_of_one_that_is_not(
    melts: Path, calls: list[tuple[str, float]], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(melts, kind="continuous", values="low = 0.0\nhigh = 200.0", cycles=2)
    whole = Campaign.from_file(file, "whole")
    whole.run(report=False)
    stopped = Campaign.from_file(file, "stopped")
    stopped.run(cycles=1, report=False)
    (melts / "pool.csv").unlink()  # the run has kept what it chooses among
    Campaign.from_directory("stopped").run(report=False)
    assert picks(stopped) == picks(whole)
    assert len({json.loads(text)["temperature"] for _, text, _ in picks(whole)}) > 8


def test_the_same_objects_make_the_same_campaign(melts: Path, units: tuple[str, ...], calls: Any) -> None:
    written = Campaign.from_file(write(melts, cycles=1), "written")
    written.run(report=False)
    choices = {f"P{place}" if place % 2 else unit: Polymer(unit) for place, unit in enumerate(units)}
    made = Campaign(
        [("density", "minimize")], {"source": "space"}, kind="process", evaluators="toy/melt@1",
        variables={
            "polymer": {"type": "subject", "values": choices},
            "temperature": {"type": "ordinal", "values": [0, 50, 100, 150, 200], "unit": "degC", "condition": True},
        },
        features=["ecfp", "rdkit2d"], initial=8, seed=3, batch=2, cycles=1, directory="made",
    )  # fmt: skip
    made.run(report=False)
    assert picks(made) == picks(written)


def test_a_function_is_handed_the_point_and_the_state_that_it_asks_for(melts: Path) -> None:
    (melts / "f.py").write_text(
        "def run(point, seed, temperature):\n"
        "    assert abs(point['temperature'] + 273.15 - temperature) < 1e-9\n"
        "    return {'density': 1.0 + len(point['polymer']) / 100 - temperature / 1e4}\n"
    )
    file = write(melts, 'evaluator = "f"', more='[evaluators.f]\npython = "f:run"\n', cycles=1)
    status = Campaign.from_file(file, "run").run(report=False)
    assert (status.evaluations, status.failures) == (10, 0)


def test_measured_values_of_points_are_those_of_polymers_at_their_states(melts: Path) -> None:
    write(melts, 'level = "experiment"')
    assert main(["campaign", "suggest", "c.toml", "-d", "run", "-n", "3", "-o", "a.csv"]) == 0
    with Path("a.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    for place, row in enumerate(rows):
        row["density [g/cm3]"] = str(1.0 + place / 10)
    with Path("a.csv").open("w", newline="") as stream:
        writer = csv.DictWriter(stream, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    assert main(["campaign", "tell", "run", "a.csv"]) == 0
    campaign = Campaign.from_directory("run")
    assert [one.value("density") for one in campaign.state().candidates] == [1.0, 1.1, 1.2]
    with Store("run/store.sqlite", read_only=True) as store:
        kept = store.records()
    assert {record.request.subject.kind for record in kept} == {"polymer"}
    assert {f"{record.request.conditions.temperature - 273.15:g}" for record in kept} == {
        row["temperature"] for row in rows
    }
    assert main(["campaign", "tell", "run", "a.csv", "--repeats"]) == 0
    assert [one.records["density"].n for one in campaign.state().candidates] == [2, 2, 2]


def test_report_and_export_have_a_column_for_each_variable_and_the_structures(
    melts: Path, calls: list[tuple[str, float]]
) -> None:
    campaign = Campaign.from_file(write(melts, cycles=4), "run")
    status = campaign.run()
    rows = list(csv.DictReader((campaign.directory / "report" / "candidates.csv").read_text().splitlines()))
    assert {float(row["temperature"]) for row in rows} <= {0, 50, 100, 150, 200}
    assert {row["class"] for row in rows} > {"polyolefins"}
    features = list(csv.DictReader((campaign.directory / "report" / "enrichment.csv").read_text().splitlines()))
    assert {"element", "polymer"} <= {row["kind"] for row in features}
    page = (campaign.directory / "report" / "index.html").read_text()
    assert page.count("<svg") >= 12 and status.best[0].name in page
    assert "polymer" in status.best[0].name and "degC" in status.best[0].name
    assert main(["campaign", "export", "run", "-o", "all.csv"]) == 0
    with Path("all.csv").open(newline="") as stream:
        exported = list(csv.DictReader(stream))
    assert {row["pool_polymer"] for row in exported} <= {row["polymer"] for row in rows}
    assert {row["temperature [K]"] for row in exported} > {"473.15"}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[features]", '[variables.filler]\ntype = "categorical"\nvalues = ["clay", "silica"]\n[features]', "filler"),
        ('protocol = "toy/melt@1"', 'protocol = "optics/instant@2"', "knows no temperature but 298.15 K"),
        ('"density"', '"refractive_index"', "does not yield"),
        ("condition = true", "condition = false", "not temperature"),
        ("condition = true", 'condition = "pressure"', "degC"),
        ("condition = true", 'condition = "temprature"', "temperature"),
        ("[0, 50,", "[-300, 50,", "temperature"),
        ("seed = 3", "seed = 3\ntemperature = 350.0", "said here and by the variable"),
        ('type = "subject"\nfile = "pool.csv"', 'type = "subject"\nkind = "process"\nvalues = ["a", "b"]', "polymer"),
        ('type = "subject"', 'type = "subject"\nvalues = ["*CC*", "*CC(C)*"]', "without values"),
        ('file = "pool.csv"', 'kind = "molecule"\nvalues = ["*CC*", "CCO"]', "'*CC*': A star"),
        ('file = "pool.csv"', 'values = ["*CC*", "*CCCC*", "*CC(C)*"]', "same polymer"),
        ('file = "pool.csv"', 'values = ["*CC*", "*CC"]', "*CC"),
        ('file = "pool.csv"', 'file = "nowhere.csv"', "nowhere.csv"),
        ('file = "pool.csv"', 'file = "bad.csv"', "line 3"),
        ('type = "ordinal"', 'type = "categorical"', "number"),
    ],
)
def test_what_is_no_subject_or_condition_is_refused(
    melts: Path, calls: Any, capsys: pytest.CaptureFixture[str], old: str, new: str, said: str
) -> None:
    (melts / "bad.csv").write_text("smiles\n*CC*\n*CC(*)(*)C\n")
    file = write(melts)
    file.write_text(file.read_text().replace(old, new))
    assert main(["discover", "c.toml", "-d", "run", "--quiet"]) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error


def test_polymers_alone_are_a_space_that_a_protocol_of_polyloop_evaluates(melts: Path) -> None:
    file = write(melts, 'protocol = "optics/instant@2"', cycles=1)
    text = file.read_text().replace('"density"', '"refractive_index"')
    start, end = text.index("[variables.temperature]"), text.index("[features]")
    file.write_text(text[:start] + text[end:].replace("size = 8", "size = 3"))
    status = Campaign.from_file(file, "run").run(report=False)
    assert (status.evaluations, status.failures) == (5, 0)


def test_a_subject_without_descriptors_is_named_and_never_proposed(melts: Path, calls: Any) -> None:
    (melts / "pool.csv").write_text("smiles\n*C[Si](C)(C)C*\n" + "\n".join(f"*{'C' * n}O*" for n in range(1, 7)) + "\n")
    file = write(melts, cycles=1)
    file.write_text(file.read_text().replace('["ecfp", "rdkit2d"]', '["forcefield"]').replace("size = 8", "size = 4"))
    campaign = Campaign.from_file(file, "run")
    status = campaign.run(report=False)
    assert status.evaluations == 6 and not any("Si" in text for _, text, _ in picks(campaign))
    assert status.left_out_counts["no descriptors"] == 1


def test_a_point_of_nothing_known_is_refused() -> None:
    choice = SubjectChoice("polymer", {"PE": "*CC*", "PP": "*CC(C)*"})
    assert [choice.snapped(one) for one in ("PP", "*C(C)C*", "*C*")] == ["PP", "PP", "PE"]
    with pytest.raises(InvalidInputError, match="no choice"):
        choice.snapped("*CC(*)c1ccccc1")
    with pytest.raises(InvalidInputError, match="no descriptors"):
        choice.block(np.zeros(1))


@pytest.mark.slow
def test_a_campaign_that_is_killed_makes_the_picks_of_one_that_is_not(melts: Path) -> None:
    file = write(melts, 'protocol = "optics/instant@2"', cycles=2)
    text = file.read_text().replace('"density"', '"refractive_index"')
    start, end = text.index("[variables.temperature]"), text.index("[features]")
    file.write_text(text[:start] + text[end:].replace("size = 8", "size = 4"))
    whole = Campaign.from_file(file, "whole")
    whole.run(report=False)

    def result(campaign: Campaign) -> list[tuple[int, str, float | None]]:
        return [(one.cycle, one.text, one.value("refractive_index")) for one in campaign.state().candidates]

    command = [sys.executable, "-m", "polyloop.app.cli", "discover", "c.toml", "--directory", "killed", "--quiet"]
    process = subprocess.Popen(command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline, done = time.monotonic() + 120, 0
        while done < 3 and time.monotonic() < deadline and process.poll() is None:
            time.sleep(0.05)
            # Written last of all that the folder holds.
            if (
                Path("killed/campaign.toml").is_file()
                and (campaign := Campaign.from_directory("killed")).name is not None
            ):
                done = sum(value is not None for _, _, value in result(campaign))
    finally:
        os.killpg(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL and done >= 3
    killed = Campaign.from_directory("killed")
    assert len(result(killed)) < len(result(whole))
    killed.run(report=False)
    assert result(killed) == result(whole)
