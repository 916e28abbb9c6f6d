"""With what protocols compute may stand in the campaign file; it changes no key, and may change at any time."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from polyloop import Campaign, Polymer
from polyloop.campaign.evaluators import evaluators_of
from polyloop.campaign.plan import make_plan
from polyloop.core import ConfigurationError, Request
from polyloop.core.settings import setting, settings_applied
from polyloop.evaluation.evaluators import protocol_evaluator
from polyloop.simulate import PROTOCOLS
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.md.run.engine_choice import cores, engine_name
from tests.registered import registered

FILE = """
[campaign]
name = "resources"
[[objectives]]
property = "density"
direction = "maximize"
protocol = "md/standard@2"
[pool]
source = "homopolymers"
{resources}
"""


def read(folder: Path, resources: str) -> Campaign:
    (folder / "campaign_file.toml").write_text(FILE.format(resources=resources))
    return Campaign.from_file(folder / "campaign_file.toml", folder / "run")


def test_the_engine_and_its_cores_reach_the_worker_and_no_key(tmp_path: Path) -> None:
    plain, chosen = read(tmp_path, ""), read(tmp_path, '[resources]\nmd_engine = "openmm"\ncores = 1')
    evaluator = evaluators_of(chosen.config)["density"]
    _, arguments = evaluator.call(Request(Polymer("*CC*").subject, "md/standard@2"))
    assert dict(arguments[1]) == {"POLYLOOP_MD_ENGINE": "openmm", "POLYLOOP_CORES": "1"}
    assert make_plan(chosen.config).identity() == make_plan(plain.config).identity()


def test_settings_hold_for_a_while_and_are_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYLOOP_CORES", "2")
    monkeypatch.delenv("POLYLOOP_MD_ENGINE", raising=False)
    with (
        pytest.raises(ValueError, match="stop"),
        settings_applied({"POLYLOOP_CORES": "1", "POLYLOOP_MD_ENGINE": "lammps"}),
    ):
        assert (setting("POLYLOOP_CORES"), setting("POLYLOOP_MD_ENGINE")) == ("1", "lammps")
        raise ValueError("stop")
    assert setting("POLYLOOP_CORES") == "2" and "POLYLOOP_MD_ENGINE" not in os.environ


def test_an_engine_that_there_is_not_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"There is no md_engine 'opemm'.*openmm"):
        read(tmp_path, '[resources]\nmd_engine = "opemm"')


def test_a_protocol_finds_the_engine_of_the_file_and_not_that_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "gromacs")
    seen = []

    def look(polymer: object, seed: int, conditions: object) -> Estimates:
        seen.append((engine_name(), cores()))
        return Estimates((Estimate("density", 1.0, 0.1, n=2, std_of="a test"),))

    protocol = replace(PROTOCOLS["md/standard@2"], name="test/look", version=1, properties=("density",), function=look)
    with registered(protocol):
        evaluator = protocol_evaluator("test/look@1", {"POLYLOOP_MD_ENGINE": "openmm", "POLYLOOP_CORES": "1"})
        function, arguments = evaluator.call(Request(Polymer("*CC*").subject, "test/look@1"))
        (record,) = function(*arguments)
    assert record.value == 1.0 and seen == [("openmm", 1)]
    assert engine_name() == "gromacs"
