"""Thermal conductivity of profiles that are known exactly, and refusal of those that are not linear."""

import numpy as np
import pytest

from polyloop.core import EvaluationError, InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.conductivity import conductivity_parts, heat_flow, thermal_diffusivity
from polyloop.simulate.md.analysis.units import WATT_PER_M_K
from tests.simulate.md.synthetic import correlated, coverage

SLABS, LENGTH, AREA, GRADIENT, TRUTH = 20, 130.0, 1800.0, 0.6, 0.2  # angstrom, angstrom2, K/angstrom, W/(m K)
TIMES = np.arange(600.0)
TENT = np.minimum(np.arange(SLABS), SLABS - np.arange(SLABS)) * LENGTH / SLABS * GRADIENT  # coldest at slab 0
POWER = TRUTH / WATT_PER_M_K * 2 * AREA * GRADIENT  # kcal/(mol ps)


def flow(rng, noise=3.0, profile=TENT, n=600, **options):
    temperatures = 280.0 + profile + noise * correlated(rng, (SLABS, n), 0.7).T
    power = POWER * (1 + 0.1 * rng.standard_normal(n))
    return heat_flow(temperatures, np.cumsum(power), TIMES[:n], length=LENGTH, area=AREA, **options)


def test_units():
    # 1 kcal/mol per ps through 2 x 1 angstrom2 at 1 K/angstrom: 4184/6.02214076e23 J / 1e-12 s / 2e-20 m2 / 1e10 K/m.
    by_hand = 4184 / 6.02214076e23 / 1e-12 / 2e-20 / 1e10
    assert by_hand == pytest.approx(WATT_PER_M_K / 2)


def test_an_exact_profile_gives_the_exact_conductivity():
    found = flow(np.random.default_rng(1), noise=1e-9)
    assert found.conductivity.value == pytest.approx(TRUTH, rel=0.01)
    assert found.gradients == pytest.approx((GRADIENT, GRADIENT))
    assert found.linearity == pytest.approx((1.0, 1.0))
    assert found.is_linear


def test_noisy_profiles_have_an_error_that_covers_the_truth():
    rng = np.random.default_rng(2)
    found = [flow(rng) for _ in range(200)]
    values, stds = (np.array([getattr(f.conductivity, part) for f in found]) for part in ("value", "std"))
    assert values.mean() == pytest.approx(TRUTH, rel=0.01)
    assert stds.mean() == pytest.approx(values.std(), rel=0.15)
    assert 0.58 < coverage(values, stds, TRUTH) < 0.78
    assert all(f.is_linear for f in found)
    assert found[0].estimate().property == "thermal_conductivity"


def test_the_cold_slab_may_be_anywhere():
    rng = np.random.default_rng(3)
    found = flow(rng, noise=1e-9, profile=np.roll(TENT, 7), cold=7, hot=17)
    assert found.conductivity.value == pytest.approx(TRUTH, rel=0.01)
    with pytest.raises(InvalidInputError, match="not half the cell apart"):
        flow(rng, cold=3, hot=10)


def test_a_bent_profile_is_refused_with_its_figures():
    bent = TENT.max() * np.sqrt(TENT / TENT.max())
    bent[[1, -1]] = 0.0
    with pytest.raises(EvaluationError, match="not linear: R2 0"):
        flow(np.random.default_rng(4), profile=bent).estimate()


def test_blocks_are_judged_one_by_one():
    """Half of the time the slabs are noise; the mean profile alone would pass."""
    rng = np.random.default_rng(5)
    temperatures = 280.0 + TENT + 0.5 * rng.standard_normal((600, SLABS))
    for block in range(0, 10, 2):
        temperatures[60 * block : 60 * block + 60] += rng.normal(0, 12, SLABS) * (1 if block % 4 else -1)
    temperatures += 280.0 + TENT - temperatures.mean(axis=0)  # so that the mean profile is exact
    found = heat_flow(temperatures, np.cumsum(np.full(600, POWER)), TIMES, length=LENGTH, area=AREA)
    assert min(found.linearity) > 0.999
    assert found.linear_share < 2 / 3
    assert not found.is_linear


def test_halves_that_differ_are_told():
    uneven = TENT * np.where(np.arange(SLABS) <= 10, 1.0, 0.8)
    assert flow(np.random.default_rng(6), profile=uneven, noise=1.0).asymmetry > 5
    assert flow(np.random.default_rng(6), noise=1.0).asymmetry < 4


@pytest.mark.parametrize(
    ("temperatures", "exchanged", "message"),
    [
        (np.ones((600, 7)), TIMES, "even number of slabs"),
        (np.ones((600, 20)), TIMES[:5], "do not fit"),
        (np.ones((600, 20)), -TIMES, "No energy went"),
    ],
)
def test_what_is_no_heat_flow_is_refused(temperatures, exchanged, message):
    with pytest.raises(InvalidInputError, match=message):
        heat_flow(temperatures, exchanged, TIMES, length=LENGTH, area=AREA)


def test_parts_add_up_to_the_whole():
    rng = np.random.default_rng(7)
    fluxes = {"kinetic": 1 + rng.standard_normal(2000), "bond": 3 + rng.standard_normal(2000)}
    whole = Estimate("thermal_conductivity", 0.2, 0.01, "time", 50)
    parts = conductivity_parts(whole, fluxes)
    assert sum(part.value for part in parts.values()) == pytest.approx(0.2)
    assert parts["bond"].value == pytest.approx(0.15, abs=4 * parts["bond"].std)


def test_diffusivity_of_polystyrene():
    # lambda 0.16 W/(m K), rho 1.05 g/cm3, c_p 1220 J/(kg K) (Polymer Handbook): 1.25e-7 m2/s.
    found = thermal_diffusivity(
        Estimate("thermal_conductivity", 0.16, 0.016, "", 9), Estimate("density", 1.05, 0.0, ""),
        Estimate("heat_capacity_cp", 1220.0, 61.0, ""),
    )  # fmt: skip
    assert found.value == pytest.approx(1.25e-7, rel=0.01)
    assert found.std / found.value == pytest.approx(np.hypot(0.1, 0.05))
