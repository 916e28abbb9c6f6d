"""A sample counts as equilibrated when nothing drifts beyond its limit or its noise."""

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.simulate.md.protocols.recipes import Criterion
from polyloop.simulate.md.run.convergence import judge
from tests.simulate.md.synthetic import correlated


def noise(n: int, length: float, seed: int = 0) -> np.ndarray:
    """Noise of unit variance and the given correlation time in samples."""
    return correlated(np.random.default_rng(seed), (n,), np.exp(-1.0 / length))


DENSITY = Criterion("density", drift=0.002, standard_error=0.001)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_equilibrium(seed):
    verdict = judge([DENSITY], {"density": 1.0 + 0.01 * noise(4000, 10.0, seed)}, {})
    assert verdict.is_equilibrated
    assert verdict.is_precise


def test_a_ramp_is_not():
    series = 1.0 + 0.01 * noise(4000, 10.0) + 0.1 * np.linspace(0.0, 1.0, 4000)
    verdict = judge([DENSITY], {"density": series}, {})
    assert not verdict.is_equilibrated
    assert "density" in verdict.reason()


def test_the_start_of_a_relaxation_is_left_out():
    time = np.arange(4000)
    series = 1.0 + 0.01 * noise(4000, 5.0) - 0.5 * np.exp(-time / 100.0)
    verdict = judge([DENSITY], {"density": series}, {})
    assert 0.05 < verdict.start < 0.5
    assert verdict.checks[0].mean == pytest.approx(1.0, abs=0.005)
    assert verdict.is_equilibrated


def test_a_small_drift_within_its_limit_is_let_pass():
    # Glasses age for ever; what matters is how much.
    series = 1.0 + 1e-4 * noise(4000, 5.0) + 1e-3 * np.linspace(0.0, 1.0, 4000)
    loose, strict = (judge([Criterion("density", limit)], {"density": series}, {}) for limit in (0.002, 1e-5))
    assert all(check.is_stationary for check in loose.checks)
    assert not all(check.is_stationary for check in strict.checks)


def test_too_few_samples_for_the_target_are_equilibrated_and_not_precise():
    verdict = judge([DENSITY], {"density": 1.0 + 0.05 * noise(200, 5.0)}, {})
    assert verdict.is_equilibrated
    assert not verdict.is_precise


def test_energies_are_measured_in_the_unit_that_is_given():
    series = {"density": 1.0 + 0.01 * noise(2000, 5.0), "potential_energy": 10.0 * noise(2000, 5.0, 1)}
    verdict = judge([Criterion("potential_energy", drift=0.5)], series, {"potential_energy": 1000.0})
    assert verdict.checks[0].allowed_drift == 500.0
    assert verdict.to_dict()["checks"][0]["quantity"] == "potential_energy"


@pytest.mark.slow
def test_noise_passes_and_a_ramp_fails_at_known_rates():
    """Three standard errors: 0.3 % of Gaussian series, somewhat more as the error is estimated from 50 samples."""
    series = 10.0 + correlated(np.random.default_rng(3), (100, 1000), 0.9)
    strict = [Criterion("density", drift=0.0)]
    passed = [judge(strict, {"density": row}, {}).is_equilibrated for row in series]
    assert np.mean(passed) > 0.95
    # A rise by eight standard deviations of the process, against an error of its straight line of 0.5; the half that is
    # always kept rises by four, against 0.7.
    ramps = series[:50] + np.linspace(0, 8, 1000)
    assert np.mean([judge(strict, {"density": row}, {}).is_equilibrated for row in ramps]) < 0.15


def test_too_few_samples_are_refused():
    with pytest.raises(InvalidInputError, match="samples"):
        judge([DENSITY], {"density": np.ones(5)}, {})
