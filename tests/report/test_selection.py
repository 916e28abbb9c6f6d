"""Reports compare what was selected with the rest, whatever kind of candidate they are of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyloop.campaign import Campaign
from polyloop.core import Subject, parse_subject
from polyloop.core.subject import features_of, plural_of
from polyloop.report import enrichment
from polyloop.report.content import optical_limit
from polyloop.report.selection import select

PROCESS = """
[campaign]
name = "reaction"
cycles = 1
batch = 4
[[objectives]]
property = "conversion"
direction = "maximize"
evaluator = "bench"
[properties.conversion]
unit = "%"
low = -5
high = 105
[evaluators.bench]
python = "bench:run"
[pool]
kind = "process"
source = "space"
[variables.temperature]
type = "continuous"
low = 20
high = 120
unit = "degC"
[variables.catalyst]
type = "categorical"
values = ["Pd", "Ni", "Cu"]
[initial]
size = 9
"""
BENCH = """
YIELDS = {"Pd": 90, "Ni": 60, "Cu": 40}


def run(point, seed):
    return {"conversion": YIELDS[point["catalyst"]] - 0.01 * (point["temperature"] - 80) ** 2}
"""


@pytest.fixture
def reaction(tmp_path: Path) -> Campaign:
    (tmp_path / "bench.py").write_text(BENCH)
    (tmp_path / "reaction.toml").write_text(PROCESS)
    campaign = Campaign.from_file(tmp_path / "reaction.toml", tmp_path / "run")
    campaign.run()
    return campaign


@pytest.mark.slow
def test_a_report_of_a_space_speaks_of_points_and_variables(reaction: Campaign) -> None:
    page = (reaction.directory / "report" / "index.html").read_text()
    assert "<h2>The best points</h2>" in page and "<dt>variables</dt><dd>2</dd>" in page
    assert "polymer" not in page.lower().replace("polyloop", "")
    assert "Too large to be drawn" not in page
    assert "degC, catalyst Pd" in page
    header = (reaction.directory / "report" / "candidates.csv").read_text().splitlines()[0].split(",")
    assert header[2:7] == ["process", "temperature", "catalyst", "class", "level"]


@pytest.mark.slow
def test_the_best_quarter_is_compared_where_there_is_no_limit(reaction: Campaign) -> None:
    state = reaction.state()
    assert optical_limit(state) is None
    selection = select(state, None)
    assert selection.name == "in the best quarter" and selection.selected.sum() == len(selection.rows) // 4 == 3
    chosen = state.values[selection.rows[selection.selected], 0]
    assert chosen.min() >= state.values[selection.rows[~selection.selected], 0].max()


def test_points_are_counted_by_what_was_chosen_of_each_category() -> None:
    points = [Subject("process", json.dumps({"catalyst": name, "t": 1})) for name in ("Pd", "Pd", "Ni", "Cu")]
    rows = enrichment(points, [True, True, False, False])
    assert [(row.kind, row.feature, row.selected_with, row.others_with) for row in rows] == [("catalyst", "Pd", 2, 0)]


def test_copolymers_have_what_any_of_their_units_has() -> None:
    subject = parse_subject("copolymer", "random: 0.5 *CCS* + 0.5 *CC(*)c1ccccc1")
    features = features_of(subject)
    assert {"C", "H", "S"} == set(features["element"])
    assert {"thioether", "benzene ring"} <= features["functional group"]
    assert features["arrangement"] == {"random"}


def test_molecules_have_elements_and_groups_without_a_chain() -> None:
    features = features_of(parse_subject("molecule", "CS(=O)(=O)C"))
    assert features["element"] == {"C", "H", "O", "S"}
    assert features["functional group"] == {"sulfone"}


def test_every_kind_has_a_word_for_many() -> None:
    assert [plural_of(kind) for kind in ("polymer", "copolymer", "molecule", "process", "hp_chain")] == [
        "polymers", "copolymers", "molecules", "points", "hp_chains",
    ]  # fmt: skip
