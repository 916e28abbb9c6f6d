"""Simulated reactions from a file, and the simulated reactor as what answers a campaign."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from polyloop import Campaign
from polyloop.app.cli.main import main
from polyloop.core import Conditions, ConfigurationError, InvalidInputError, Request, Subject
from polyloop.process.reaction_file import read_reaction
from polyloop.simulate import PROTOCOLS, evaluate_request

FILE = """
r = [0.52, 0.46]
log10_r_std = [0.05, 0.05]
[[monomers]]
name = "styrene"
concentration = 4.35
[[monomers]]
name = "methyl methacrylate"
concentration = 4.7
[initiator]
concentration = 0.05
[reactor]
type = "{type}"
time = 120
temperature = {temperature}
{more}
"""


def reaction(tmp_path, kind="batch", temperature=70, more="", text=FILE):
    path = tmp_path / "reaction.toml"
    path.write_text(text.format(type=kind, temperature=temperature, more=more))
    return path


def test_a_batch_is_written_as_a_table_and_a_picture(tmp_path, capsys):
    assert main(["process", "simulate", str(reaction(tmp_path)), "-o", str(tmp_path / "out"), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    x = [row["conversion"] for row in rows]
    assert x[0] == pytest.approx(0, abs=1e-12)
    assert x == sorted(x)
    assert 0 < rows[-1]["conversion_std"] < 0.3
    with (tmp_path / "out/course.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(rows)
    assert (tmp_path / "out/course.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("flow", ["plug", "cstr", "tanks", "dispersion", "laminar"])
def test_a_flow_reactor_says_what_leaves_it(tmp_path, capsys, flow):
    assert main(["process", "simulate", str(reaction(tmp_path, flow, more="tanks = 3")), "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)["rows"]
    assert 0.3 < row["conversion"] < 0.8
    assert row["copolymer_fraction_1"] == pytest.approx(0.49, abs=0.02)


def test_a_semi_batch_asks_for_its_feed(tmp_path):
    with pytest.raises(ConfigurationError, match="feed"):
        read_reaction(reaction(tmp_path, "semi-batch"))
    more = "[reactor.feed]\nconcentrations = [1.0, 1.0]\nvolume = 0.5\nduration = 60\n"
    run = read_reaction(reaction(tmp_path, "semi-batch", more=more))
    assert run.reaction.course(np.array([0.0, run.seconds])).volume[-1] == pytest.approx(1.5)


def test_ratios_that_are_left_out_are_looked_up(tmp_path):
    text = FILE.replace("r = [0.52, 0.46]\n", "").replace("log10_r_std = [0.05, 0.05]\n", "")
    (source,) = read_reaction(reaction(tmp_path, text=text)).sources
    assert source.source == "measured"


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('name = "styrene"', 'name = "styrine"', "neither a monomer"),
        ("concentration = 4.35", "concentration = -1", "greater than or equal"),
        ("time = 120", "tim = 120", "Field required|Extra inputs"),
        ("r = [0.52, 0.46]", "r = [-0.5, 0.4]", "reactivity ratio"),
    ],
)
def test_a_wrong_file_is_refused_with_a_word(tmp_path, old, new, words):
    path = reaction(tmp_path, text=FILE.replace(old, new))
    with pytest.raises((ConfigurationError, InvalidInputError), match=words):
        read_reaction(path).reaction.course(np.array([0.0, 1.0]))


def ask(**values):
    subject = Subject("process", json.dumps(values))
    return {
        one.property: one for one in evaluate_request(Request(subject, "process/copolymerization@1", 0, Conditions()))
    }


def test_the_simulated_reactor_is_a_protocol_of_points():
    assert "process" in PROTOCOLS["process/copolymerization@1"].kinds
    cold, hot = ask(temperature=60), ask(temperature=80)
    assert 0 < cold["monomer_conversion"].value < hot["monomer_conversion"].value < 1
    assert cold["copolymer_fraction_1"].std > 0


def test_a_point_that_it_cannot_simulate_fails_with_a_reason():
    failed = ask(pressure=3)["monomer_conversion"]
    assert failed.value is None
    assert "pressure" in failed.failure.reason


@pytest.mark.slow
def test_the_example_campaign_is_answered_by_the_kinetics(tmp_path):
    text = (Path(__file__).parents[2] / "examples" / "flow_reactor.toml").read_text()
    (tmp_path / "flow.toml").write_text(text.replace("cycles = 4", "cycles = 1").replace("size = 8", "size = 4"))
    campaign = Campaign.from_file(tmp_path / "flow.toml", directory=tmp_path / "run")
    campaign.run()
    found = campaign.state().candidates
    assert [one.status for one in found] == ["done"] * 7
    for one in found:
        direct = ask(**json.loads(one.subject.text))
        assert one.records["space_time_yield"].value == direct["space_time_yield"].value
