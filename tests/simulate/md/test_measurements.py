"""Measurements go on where a recipe's sample ends, share its steps, and are reached as protocols."""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.core import Conditions, FailureCode, InvalidInputError, Request, get_property
from polyloop.evaluation import preview_properties
from polyloop.simulate import PROTOCOLS, evaluate_request, protocol_for, protocols
from polyloop.simulate.md.analysis.thermal_relaxation import Decay
from polyloop.simulate.md.protocols import FOLLOW_UPS
from polyloop.simulate.md.protocols import thermal as module
from polyloop.simulate.md.protocols.recipes import RECIPES, SMOKE
from polyloop.simulate.md.protocols.thermal import SMOKE_THERMAL, THERMAL, RelaxationSettings, conductivity, stages_of
from polyloop.simulate.md.run import preview, workflow
from tests.registered import registered
from tests.simulate.md.argon import argon

SMOKE_PROTOCOL = protocols.Protocol(
    SMOKE_THERMAL.name, SMOKE_THERMAL.version, "smoke", SMOKE_THERMAL.properties, "seconds", SMOKE_THERMAL.description,
    partial(workflow.follow_up_polymer, SMOKE_THERMAL.protocol_id),
    partial(workflow.check_scope, SMOKE_THERMAL.protocol_id),
        conditions=("temperature", "pressure"),
)  # fmt: skip


POLYMER = Polymer(Polymer("*CC*").canonical)
REQUEST = Request(POLYMER.subject, SMOKE_THERMAL.protocol_id, 0, Conditions())


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """One scratch folder for all, so that the recipe is run once."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("scratch")
        patch.setenv("POLYLOOP_SCRATCH", str(folder))
        patch.setenv("POLYLOOP_MD_ENGINE", "openmm")
        patch.setenv("POLYLOOP_CORES", "1")
        with registered(SMOKE_PROTOCOL):
            yield folder


@pytest.fixture(scope="module")
def sheet(root):
    """Stages of the recipe alone."""
    workflow.simulate_polymer(SMOKE.protocol_id, POLYMER, 0, Conditions())
    return stage_folders(root)


@pytest.fixture(scope="module")
def records(sheet):
    return evaluate_request(REQUEST)


def stage_folders(root):
    return {path.name for path in (root / "md" / "stages").iterdir() if path.is_dir()}


@pytest.mark.slow
def test_a_measurement_shares_the_recipe_s_steps(root, sheet, records):
    assert [record.failure for record in records] == [None, None]
    assert tuple(record.property for record in records) == SMOKE_THERMAL.properties
    assert all(record.unit == get_property(record.property).unit for record in records)
    assert len(stage_folders(root) - sheet) == len(SMOKE_THERMAL.stages)
    settings = records[0].provenance.settings
    assert settings["recipe"] == SMOKE.protocol_id
    assert settings["follow_up"] == SMOKE_THERMAL.protocol_id
    assert settings["measured"]["wavelength_angstrom"] > 0.0
    assert {stage.name for stage in SMOKE_THERMAL.stages} < set(settings["cost"]["stages"])


@pytest.mark.slow
def test_a_measurement_that_was_made_is_read_back(root, records):
    before = stage_folders(root)
    assert [record.value for record in evaluate_request(REQUEST)] == [record.value for record in records]
    assert stage_folders(root) == before


@pytest.mark.slow
def test_a_decay_that_tells_nothing_is_a_failed_record_with_its_figures(records, monkeypatch):
    strict = replace(module._SMOKE, least_signal=1e9)
    changed = replace(SMOKE_THERMAL, function=partial(module.measure_thermal, strict))
    monkeypatch.setitem(FOLLOW_UPS, SMOKE_THERMAL.protocol_id, changed)
    failure = evaluate_request(REQUEST)[0].failure
    assert failure.code is FailureCode.NOT_EQUILIBRATED
    assert "decay time" in failure.reason and "standard errors" in failure.reason
    assert failure.hint


@pytest.mark.slow
def test_a_relaxation_is_extended_until_it_is_long_enough(records, monkeypatch):
    longer = replace(module._SMOKE, decay_times=1e9, parts=2)
    changed = replace(SMOKE_THERMAL, function=partial(module.measure_thermal, longer))
    monkeypatch.setitem(FOLLOW_UPS, SMOKE_THERMAL.protocol_id, changed)
    extended = evaluate_request(REQUEST)
    assert extended[0].failure is None
    stages = extended[0].provenance.settings["cost"]["stages"]
    assert {"thermal_relax_1_plus_2", "thermal_relax_1_minus_2"} < set(stages)


def test_a_level_names_a_measurement_for_its_properties_only_when_they_are_asked_for():
    protocol = protocol_for("thermal_conductivity", "standard")
    assert protocol is PROTOCOLS["md/thermal@2"]
    assert protocol.on_request
    assert protocol.properties == ("thermal_conductivity", "thermal_diffusivity")
    assert protocol.time_limit == RECIPES[THERMAL.recipe].time_limit + THERMAL.time_limit
    with pytest.raises(InvalidInputError, match="Use the level standard"):
        protocol_for("thermal_conductivity", "full")


@pytest.mark.slow
def test_a_dry_run_counts_the_recipe_and_the_measurement(root, monkeypatch):
    for name in ("_FULL_S", "_SHORT_S"):
        monkeypatch.setattr(preview, name, 0.3)
    (row,) = preview_properties([POLYMER], protocol=SMOKE_THERMAL.protocol_id)
    # 8,600 steps of md/smoke, and 0.4 + 0.2 + 2 * 1 ps of 2 fs.
    assert row["steps"] == 8600 + 1300
    assert row["steps_at_most"] == 10600 + 1300
    assert row["hours"] > 0.0
    (three,) = preview_properties([POLYMER], protocol=SMOKE_THERMAL.protocol_id, replicas=3)
    assert (three["replicas"], three["steps"]) == (3, 3 * row["steps"])
    assert three["atoms"] == row["atoms"]
    assert three["cost"].startswith("3 times: ")


def test_the_standard_plan_takes_as_many_steps_as_it_says():
    # 10 ps, and three times 3 + 2 * 30 ps, of 2 fs.
    assert sum(round(stage.duration / 0.002) for stage in THERMAL.stages) == 99_500
    assert len({stage.name for stage in THERMAL.stages}) == len(THERMAL.stages)
    at = THERMAL.stages_at(Conditions(temperature=400.0))
    assert all(stage.temperature == (400.0, 400.0) for stage in at)


def test_conductivity_is_the_diffusivity_times_the_heat_capacity_by_volume():
    cell = argon(per_edge=5, spacing=4.0)
    decay = Decay(
        rate=0.05, heat_capacity=0.5, relative_covariance=((0.01**2, 0.0), (0.0, 0.03**2)), signal=50.0,
        chi_squared=20.0, freedom=20, control=0.1, sound=0.0, pairs=3,
    )  # fmt: skip
    found, diffusivity = conductivity(decay, cell, relative_density=0.02)
    # 0.05/ps (20 angstrom / 2 pi)^2 in m2/s, and times 0.5 kcal/(mol K) = 3.474e-21 J/K by 8e-27 m3.
    assert diffusivity.value == pytest.approx(0.05e12 * (20e-10 / (2 * np.pi)) ** 2)
    assert found.value == pytest.approx(diffusivity.value * 0.5 * 4184 / 6.02214076e23 / 8e-27)
    assert diffusivity.std / diffusivity.value == pytest.approx(0.03)
    assert found.std / found.value == pytest.approx(np.sqrt(0.01**2 + 0.03**2 + 0.02**2))


def test_stages_of_a_plan_ask_for_velocities_where_the_profile_is_read():
    stages = stages_of(RelaxationSettings(pairs=2))
    assert [stage.velocities for stage in stages] == [False] + [False, True, True] * 2
    assert all(stage.ensemble == "nve" and stage.frame_interval > 0.0 for stage in stages if stage.velocities)
