"""Recipes are data: what they hold, and how they follow the conditions."""

import pytest

from polyloop.core import Conditions, InvalidInputError
from polyloop.simulate import PROTOCOLS
from polyloop.simulate.md.recipes import FULL, RECIPES, SMOKE, STANDARD, get_recipe


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
    steps = [stage for stage in FULL.equilibration if stage.name.split("_")[0] in ("hot", "cool", "press")]
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
    assert STANDARD.at(Conditions(300.0, 1.0)) == STANDARD


def test_levels_for_users_leave_the_recipe_of_the_tests_out():
    assert {"md/standard@1", "md/full@1"} <= set(PROTOCOLS)
    assert SMOKE.label not in PROTOCOLS


def test_an_unknown_recipe_is_refused_with_those_that_are_known():
    with pytest.raises(InvalidInputError, match="md/standard@1"):
        get_recipe("md/standart@1")
