"""Diffusion of random walks is found with its error; what does not diffuse is refused."""

import numpy as np
import pytest

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.md.analysis.diffusion import (
    centre_diffusion,
    diffusion,
    mean_squared_displacement,
    mobility,
    self_diffusion,
)
from tests.simulate.md.synthetic import correlated, coverage, fractional_walk, freely_jointed

# A walk with Gaussian steps of 1 angstrom along each axis every ps: D = 1/2 angstrom2/ps.
WALK = 0.5e-8


def walk(rng, frames=400, particles=10):
    return rng.standard_normal((frames, particles, 3)).cumsum(axis=0)


def test_the_mean_squared_displacement_is_the_plain_average_over_origins():
    x = walk(np.random.default_rng(1), 60, 2) + 1e4
    found = mean_squared_displacement(x)
    for lag in (1, 7, 59):
        assert found[lag] == pytest.approx(((x[lag:] - x[:-lag]) ** 2).mean(axis=0), rel=1e-6)
    assert found[0] == pytest.approx(np.zeros((2, 3)), abs=1e-6)


def test_random_walks_diffuse_with_an_error_that_covers_the_truth():
    rng = np.random.default_rng(2)
    found = [diffusion(walk(rng), np.arange(400.0)) for _ in range(300)]
    values, stds = (np.array([getattr(f.coefficient, part) for f in found]) for part in ("value", "std"))
    assert values.mean() == pytest.approx(WALK, rel=0.03)
    assert stds.mean() == pytest.approx(values.std(), rel=0.2)
    assert 0.58 < coverage(values, stds, WALK) < 0.76
    assert np.mean([f.is_diffusive for f in found]) > 0.88
    assert np.mean([f.exponent.value for f in found]) == pytest.approx(1.0, abs=0.03)


def test_chains_diffuse_with_their_centre_of_mass_and_without_the_drift_of_the_cell():
    rng = np.random.default_rng(3)
    centres = walk(rng, 400, 12)
    centres -= centres.mean(axis=1, keepdims=True)  # the whole stands still, as dynamics keeps it
    shapes = freely_jointed(rng, 12, 9, 1.5)
    shapes -= shapes.mean(axis=1, keepdims=True)
    frames = (centres[:, :, None] + shapes).reshape(400, 120, 3) + np.linspace(0, 500, 400)[:, None, None]
    found = self_diffusion(centre_diffusion(frames, np.full(120, 14.0), np.repeat(np.arange(12), 10), np.arange(400.0)))
    # Taking off the mean of twelve takes a twelfth of each one's displacement.
    assert found.value == pytest.approx(WALK * 11 / 12, abs=4 * found.std)
    assert found.std < 0.25 * WALK
    assert found.property == "self_diffusion"


def four_chains(rng, exponent, frames=1000):
    """Frames of four chains of one atom, (f, 4, 3), whose centre of mass stands still, as md/diffusion has them."""
    centres = fractional_walk(rng, frames, (4, 3), exponent)
    return centres - centres.mean(axis=1, keepdims=True)


def test_four_chains_tell_their_diffusion_to_a_quarter():
    rng = np.random.default_rng(7)
    atoms = (np.full(4, 14.0), np.arange(4), np.arange(1000.0))
    found = [centre_diffusion(four_chains(rng, 1.0), *atoms) for _ in range(300)]
    values, stds = (np.array([getattr(f.coefficient, part) for f in found]) for part in ("value", "std"))
    # The fourth follows from the three others: a quarter less than walkers alone, and nine free motions, not twelve.
    truth = 0.75 * WALK
    assert values.mean() == pytest.approx(truth, rel=0.05)
    assert values.std() == pytest.approx(0.27 * truth, rel=0.1)
    assert stds.mean() == pytest.approx(values.std(), rel=0.2)
    assert 0.55 < coverage(values, stds, truth) < 0.75
    assert np.mean([f.is_diffusive for f in found]) > 0.85
    assert found[0].longest_lag == 250.0
    reached = np.sqrt(np.mean([f.reach**2 for f in found]))
    assert reached == pytest.approx(np.sqrt(0.75 * 3 * 250), rel=0.05)


def test_chains_that_slow_down_are_refused():
    rng = np.random.default_rng(8)
    atoms = (np.full(4, 14.0), np.arange(4), np.arange(1000.0))
    assert np.mean([centre_diffusion(four_chains(rng, 0.5), *atoms).is_diffusive for _ in range(100)]) < 0.05


def test_a_chain_alone_does_not_move_relative_to_itself():
    frames = walk(np.random.default_rng(9), 400, 1)
    with pytest.raises(InvalidInputError, match="Nothing moves"):
        centre_diffusion(frames, np.ones(1), np.zeros(1, dtype=np.int64), np.arange(400.0))


def test_a_chain_that_rattles_in_its_cage_has_no_diffusion_coefficient():
    rng = np.random.default_rng(4)
    rattle = np.moveaxis(correlated(rng, (10, 3, 400), 0.9), -1, 0)
    with pytest.raises(EvaluationError, match="not diffusive") as caught:
        diffusion(rattle, np.arange(400.0)).estimate("self_diffusion", "")
    assert caught.value.failure.code is FailureCode.NOT_EQUILIBRATED


def test_flight_is_no_diffusion_either():
    rng = np.random.default_rng(5)
    flight = np.arange(400.0)[:, None, None] * rng.standard_normal((10, 3))
    found = diffusion(flight, np.arange(400.0))
    assert found.exponent.value == pytest.approx(2.0, abs=1e-6)
    assert not found.is_diffusive


def test_mobility_of_sodium_in_water_from_its_diffusion():
    # D(Na+, water, 298 K) = 1.334e-9 m2/s and u = 5.19e-8 m2/(V s): CRC Handbook, limiting ionic conductivities.
    scale = np.sqrt(1.334e-9 / WALK)
    found = mobility(
        "sodium_mobility", walk(np.random.default_rng(6), 2000, 50) * scale, np.arange(2000.0), charge=1.0,
        temperature=298.15,
    )  # fmt: skip
    assert found.value == pytest.approx(5.19e-8, rel=0.08)


@pytest.mark.parametrize(
    ("frames", "times", "message"),
    [
        (np.zeros((400, 1, 3)), np.arange(400.0), "Nothing moves"),
        (np.zeros((20, 1, 3)), np.arange(20.0), "at least 40 frames"),
        (np.ones((400, 1, 3)), np.arange(400.0) ** 2, "equally spaced"),
        (np.ones((400, 1, 3)), np.arange(399.0), "399 times"),
    ],
)
def test_frames_without_displacements_are_refused(frames, times, message):
    with pytest.raises(InvalidInputError, match=message):
        diffusion(frames, times)
