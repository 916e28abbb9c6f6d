"""A sample counts as equilibrated when nothing drifts beyond its limit or its noise."""

import numpy as np
import pytest

from polyloop.simulate.md.convergence import judge
from polyloop.simulate.md.recipes import Criterion


def correlated(n: int, length: float, seed: int = 0) -> np.ndarray:
    """First-order autoregressive noise of unit variance and the given correlation time in samples."""
    rng = np.random.default_rng(seed)
    memory = np.exp(-1.0 / length)
    noise = rng.normal(size=n) * np.sqrt(1.0 - memory**2)
    series = np.empty(n)
    series[0] = rng.normal()
    for i in range(1, n):
        series[i] = memory * series[i - 1] + noise[i]
    return series


DENSITY = Criterion("density", drift=0.002, standard_error=0.001)


@pytest.mark.parametrize("seed", range(5))
def test_noise_is_equilibrium(seed):
    verdict = judge([DENSITY], {"density": 1.0 + 0.01 * correlated(4000, 10.0, seed)}, {})
    assert verdict.is_equilibrated
    assert verdict.is_precise


def test_a_ramp_is_not():
    series = 1.0 + 0.01 * correlated(4000, 10.0) + 0.1 * np.linspace(0.0, 1.0, 4000)
    verdict = judge([DENSITY], {"density": series}, {})
    assert not verdict.is_equilibrated
    assert "density" in verdict.reason()


def test_the_start_of_a_relaxation_is_left_out():
    time = np.arange(4000)
    series = 1.0 + 0.01 * correlated(4000, 5.0) - 0.5 * np.exp(-time / 100.0)
    verdict = judge([DENSITY], {"density": series}, {})
    assert 0.05 < verdict.start < 0.5
    assert verdict.checks[0].mean == pytest.approx(1.0, abs=0.005)
    assert verdict.is_equilibrated


def test_a_small_drift_within_its_limit_is_let_pass():
    # Glasses age for ever; what matters is how much.
    series = 1.0 + 1e-4 * correlated(4000, 5.0) + 1e-3 * np.linspace(0.0, 1.0, 4000)
    loose, strict = (judge([Criterion("density", limit)], {"density": series}, {}) for limit in (0.002, 1e-5))
    assert all(check.is_stationary for check in loose.checks)
    assert not all(check.is_stationary for check in strict.checks)


def test_too_few_samples_for_the_target_are_equilibrated_and_not_precise():
    verdict = judge([DENSITY], {"density": 1.0 + 0.05 * correlated(200, 5.0)}, {})
    assert verdict.is_equilibrated
    assert not verdict.is_precise


def test_energies_are_measured_in_the_unit_that_is_given():
    series = {"density": 1.0 + 0.01 * correlated(2000, 5.0), "potential_energy": 10.0 * correlated(2000, 5.0, 1)}
    verdict = judge([Criterion("potential_energy", drift=0.5)], series, {"potential_energy": 1000.0})
    assert verdict.checks[0].allowed_drift == 500.0
    assert verdict.to_dict()["checks"][0]["quantity"] == "potential_energy"
