"""Equilibrium tests: they pass what stands still and fail what drifts, at known rates, with the figures."""

import numpy as np
import pytest

from polyloop.core import FailureCode, InvalidInputError
from polyloop.simulate.md.analysis.convergence import (
    RADONPY_CRITERIA,
    radonpy_test,
    running_mean_deviation,
    statistical_test,
)
from tests.simulate.md.synthetic import correlated


def test_the_running_mean_is_the_plain_one():
    series = np.random.default_rng(1).standard_normal((2, 100)) + 1e7
    plain = [np.std([row[end - 30 : end].mean() for end in range(71, 101)]) for row in series]
    assert running_mean_deviation(series, 30) == pytest.approx(np.array(plain), rel=1e-4)


def test_the_running_mean_of_a_straight_line_moves_by_its_slope():
    # A window's mean moves 0.01 a sample; over 200 samples that is uniform of width 2, deviation 2/sqrt(12).
    assert running_mean_deviation(0.01 * np.arange(1000.0), 200) == pytest.approx(0.01 * 200 / np.sqrt(12), rel=1e-3)


def samples(drift, seed=2, n=1000):
    rng = np.random.default_rng(seed)
    return {
        "potential_energy": -5000 + 10 * correlated(rng, (n,), 0.5),
        "kinetic_energy": 9000 + 20 * correlated(rng, (n,), 0.2),
        "density": 1.0 + 0.004 * correlated(rng, (n,), 0.5) + drift * np.arange(n) / n,
        "radius_of_gyration": np.array([20.0, 25.0]) + 0.05 * correlated(rng, (2, n), 0.9).T,
    }


def test_radonpys_thresholds_tell_a_drifting_density():
    assert radonpy_test(samples(0.0), window=200).passed
    verdict = radonpy_test(samples(0.05), window=200)
    assert [check.quantity for check in verdict.failures] == ["density"]
    assert {check.quantity for check in verdict.checks} == {
        "total_energy", "kinetic_energy", "density", "radius_of_gyration",
    }  # fmt: skip


def test_one_moving_chain_is_enough_to_fail():
    columns = samples(0.0)
    columns["radius_of_gyration"][:, 1] += np.linspace(0, 10, 1000)
    assert [check.quantity for check in radonpy_test(columns, window=200).failures] == ["radius_of_gyration"]


def test_the_thresholds_are_those_of_radonpy():
    # radonpy 0.2.11, Analyze.check_eq; 30 kJ/mol of van der Waals energy is absolute.
    table = {criterion.column: (criterion.threshold, criterion.relative) for criterion in RADONPY_CRITERIA}
    assert table["total_energy"] == table["kinetic_energy"] == (0.0005, True)
    assert table["bond"] == table["angle"] == table["density"] == (0.001, True)
    assert (table["dihedral"], table["radius_of_gyration"]) == ((0.002, True), (0.01, True))
    assert table["lennard_jones"] == (pytest.approx(7.17, abs=0.01), False)


def test_too_short_or_empty_samples_are_refused():
    with pytest.raises(InvalidInputError, match="no two windows"):
        radonpy_test(samples(0.0), window=600)
    with pytest.raises(InvalidInputError, match="None of the criteria"):
        radonpy_test({"pressure": np.ones(100)}, window=20)
    with pytest.raises(InvalidInputError, match="no series to test for density"):
        statistical_test({"energy": np.ones(100)}, precision={"density": 0.1})


def test_stationary_series_pass_and_drifting_ones_fail_at_known_rates():
    rng = np.random.default_rng(3)
    stationary = correlated(rng, (150, 1000), 0.9)
    # Three standard errors: 0.3 % of Gaussian series, somewhat more as the error is estimated from 50 samples.
    passed = [statistical_test({"x": row}).passed for row in stationary]
    assert np.mean(passed) > 0.95
    # A rise by eight standard deviations of the process, against an error of its straight line of 0.5.
    drifting = stationary[:50] + np.linspace(0, 8, 1000)
    assert np.mean([statistical_test({"x": row}).passed for row in drifting]) < 0.15


def test_precision_is_asked_for_by_name():
    rng = np.random.default_rng(4)
    columns = {"density": 1 + 0.01 * correlated(rng, (2000,), 0.9)}  # error 0.01 sqrt(19 / 2000) = 0.00097
    assert statistical_test(columns, precision={"density": 0.002}).passed
    verdict = statistical_test(columns, precision={"density": 0.0003})
    assert [check.measure for check in verdict.failures] == ["relative standard error"]


def test_a_run_that_stays_out_of_equilibrium_fails_with_its_figures():
    error = radonpy_test(samples(0.05), window=200).error("npt production", extensions=3)
    assert error.failure.code is FailureCode.NOT_EQUILIBRATED
    assert "after 3 extensions. density: deviation of the running mean (relative)" in error.failure.reason
    assert "fails 0.001" in error.failure.reason
