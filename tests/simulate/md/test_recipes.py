"""Recipes are data: what they hold, and how they follow the conditions."""

import dataclasses
import math

import pytest

from polyloop.core import Conditions, InvalidInputError
from polyloop.engines.dynamics.stages import Stage
from polyloop.engines.dynamics.validation import check_stage
from polyloop.simulate import PROTOCOLS
from polyloop.simulate.md.protocols import FOLLOW_UPS
from polyloop.simulate.md.protocols.glass import cooling
from polyloop.simulate.md.protocols.recipes import FULL, RECIPES, SAMPLE, SMOKE, STANDARD, get_recipe, stage_at

COOLING = cooling(400.0, 300.0, 50.0, heat=1.0, melt=1.0, hold=1.0, every=0.1)


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_stages_have_names_of_their_own_and_whole_steps(recipe):
    stages = [*recipe.equilibration, recipe.extension(1), recipe.extension(2)]
    assert len({stage.name for stage in stages}) == len(stages)
    for stage in stages:
        steps = 1000.0 * stage.duration / stage.timestep
        assert steps == pytest.approx(round(steps), abs=1e-6)


def test_the_full_recipe_is_the_peers_21_steps():
    # RadonPy 0.2.11, preset eq.EQ21step: 10 chains of 1,000 atoms; 7 cycles of NVT 600 K, NVT 300 K and NPT 300 K in
    # 1.56 ns.
    recipe = FULL.at(Conditions(300.0, 1.0))
    steps = [stage for stage in recipe.equilibration if stage.name.split("_")[0] in ("hot", "cool", "press")]
    assert len(steps) == 21
    assert sum(stage.duration for stage in steps) == pytest.approx(1560.0)
    assert [stage.pressure[0] for stage in steps[2::3]] == [1000.0, 30000.0, 50000.0, 25000.0, 5000.0, 500.0, 1.0]
    assert {stage.temperature for stage in steps[0::3]} == {(600.0, 600.0)}
    assert (FULL.n_chains, FULL.atoms_per_chain, FULL.production.duration) == (10, 1000, 5000.0)


def test_the_standard_recipe_fits_into_the_hour():
    # 304 steps/s for 2,000 atoms on 2 cores, so some 380 for 1,600: 45 minutes are 1.03 million steps.
    steps = sum(
        1000.0 * stage.duration / stage.timestep
        for stage in [*STANDARD.equilibration, STANDARD.production]
        if stage.nonbonded == "full"
    )
    assert 1500 <= STANDARD.n_chains * STANDARD.atoms_per_chain <= 2000
    assert steps < 1.03e6


def test_fluctuations_are_sampled_at_2_fs_and_everything_before_them_may_be_coarser():
    assert STANDARD.production.timestep == 2.0
    assert {stage.timestep for stage in STANDARD.equilibration if stage.name.startswith("press")} == {4.0}
    assert all(stage.hydrogen_mass == 3.0 for stage in STANDARD.equilibration if stage.timestep == 4.0)


def test_a_recipe_follows_the_conditions():
    hot = STANDARD.at(Conditions(temperature=450.0, pressure=20.0))
    assert hot.production.temperature == (450.0, 450.0)
    assert hot.production.pressure == (20.0, 20.0)
    assert next(stage for stage in hot.equilibration if stage.name == "heat").temperature == (450.0, 700.0)
    assert next(stage for stage in hot.equilibration if stage.name == "press_3").pressure == (50000.0, 50000.0)


def test_only_what_stands_for_the_sample_follows_it():
    """A ramp from 300 to 450 K starts at 300 K whatever the sample's temperature, and 1 atm stays 1 atm."""
    ramp = Stage("ramp", "npt", temperature=(300.0, 450.0), pressure=(1.0, 1.0))
    own = dataclasses.replace(ramp, temperature=(SAMPLE, 450.0), pressure=(SAMPLE, 1.0))
    conditions = Conditions(temperature=350.0, pressure=20.0)
    assert stage_at(ramp, conditions) == ramp
    assert stage_at(own, conditions).temperature == (350.0, 450.0)
    assert stage_at(own, conditions).pressure == (20.0, 1.0)


def test_a_cooling_through_300_kelvin_holds_there():
    stages = [stage_at(stage, Conditions(temperature=350.0)) for stage in COOLING]
    assert [stage.temperature for stage in stages] == [
        (350.0, 400.0), (400.0, 400.0), (400.0, 400.0), (350.0, 350.0), (300.0, 300.0),
    ]  # fmt: skip


@pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES)
def test_a_stage_that_was_put_at_no_conditions_cannot_be_run(recipe):
    for stage in (*recipe.equilibration, recipe.production, recipe.vibrations):
        assert math.isnan(stage.temperature[0]) or stage.name.split("_")[0] in ("compress", "hot"), stage.name
    with pytest.raises(InvalidInputError, match="temperature"):
        check_stage(recipe.production)
    with pytest.raises(InvalidInputError, match="temperature"):
        check_stage(dataclasses.replace(recipe.production, temperature=(700.0, SAMPLE)))


def test_a_recipe_at_conditions_has_no_open_end():
    for recipe in RECIPES.values():
        there = recipe.at(Conditions(temperature=350.0))
        stages = (*there.equilibration, there.production, there.vibrations)
        assert all(math.isfinite(end) for stage in stages for end in (*stage.temperature, *stage.pressure))


def test_each_version_has_its_force_field():
    assert {label: recipe.force_field for label, recipe in RECIPES.items()} == {
        "md/standard@1": "gaff2_mod@1", "md/full@1": "gaff2_mod@1", "md/standard@2": "gaff2_mod@2",
        "md/full@2": "gaff2_mod@2", "md/smoke@1": "gaff2_mod@2",
    }  # fmt: skip
    for measurement in FOLLOW_UPS.values():
        assert measurement.version == get_recipe(measurement.recipe).version or "smoke" in measurement.recipe


def test_levels_for_users_leave_the_recipe_of_the_tests_out():
    assert {"md/standard@2", "md/full@2"} <= set(PROTOCOLS)
    assert SMOKE.protocol_id not in PROTOCOLS


def test_an_unknown_recipe_is_refused_with_those_that_are_known():
    with pytest.raises(InvalidInputError, match="md/standard@2"):
        get_recipe("md/standart@1")
