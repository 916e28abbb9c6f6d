"""Error bars of correlated samples: right on average, over many runs of processes whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import (
    block_bootstrap,
    block_means,
    combine_replicas,
    covariance_of_means,
    detect_equilibration,
    function_of_means,
    mean_with_error,
    spread_over_members,
    statistical_inefficiency,
)
from tests.simulate.md.synthetic import correlated, coverage


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.9, 0.98])
def test_the_statistical_inefficiency_of_a_known_process_is_found(phi):
    samples = correlated(np.random.default_rng(1), (200, 10_000), phi)
    # (1 + phi)/(1 - phi) is exact for this process. White noise shows a little more than 1, as g is kept at 1 or above;
    # with only a hundred effective samples (0.98) the estimates are skewed, and their mean is some 6 % too large.
    assert np.mean(statistical_inefficiency(samples)) == pytest.approx((1 + phi) / (1 - phi), rel=0.1)


@pytest.mark.parametrize(
    ("n", "phi", "low"), [(1000, 0.9, 0.64), (5000, 0.98, 0.64), (500, 0.0, 0.65), (200, 0.9, 0.60)]
)
def test_two_of_three_means_lie_within_their_standard_error(n, phi, low):
    samples = correlated(np.random.default_rng(2), (1000, n), phi)
    means = [mean_with_error(series) for series in samples]
    # 0.683 for a Gaussian; 1,000 runs scatter by 0.015. With only ten effective samples the error is itself uncertain
    # and a little fewer are covered (Student).
    assert low < coverage([m.value for m in means], [m.std for m in means], 0.0) < 0.73


def test_errors_that_take_the_samples_for_independent_would_be_four_times_too_small():
    samples = correlated(np.random.default_rng(3), (400, 1000), 0.9)
    naive = samples.std(axis=1) / np.sqrt(1000)
    assert coverage(samples.mean(axis=1), naive, 0.0) < 0.25
    assert np.median([mean_with_error(series).std for series in samples] / naive) == pytest.approx(
        np.sqrt(19), rel=0.05
    )


def test_a_series_that_never_changes_is_one_sample():
    assert statistical_inefficiency(np.full(100, 3.7)) == 100
    mean = mean_with_error(np.full(100, 3.7))
    assert (mean.value, mean.std, mean.n_effective) == (pytest.approx(3.7), pytest.approx(0, abs=1e-12), 1.0)


def test_alternating_samples_count_as_independent_at_most():
    assert statistical_inefficiency(np.tile([1.0, -1.0], 50)) == 1.0


@pytest.mark.parametrize(
    ("series", "message"),
    [(np.ones(9), "at least 10"), (np.r_[np.ones(20), np.nan], "not finite, first at sample 20"), (3.0, "1 samples")],
)
def test_series_without_statistics_are_refused(series, message):
    with pytest.raises(InvalidInputError, match=message):
        mean_with_error(series)


@settings(max_examples=30, deadline=None)
@given(st.integers(10, 400), st.floats(0.01, 1e6), st.floats(-1e6, 1e6), st.integers(0, 1000))
def test_scale_and_shift_change_nothing_but_the_units(n, scale, shift, seed):
    samples = correlated(np.random.default_rng(seed), (n,), 0.7)
    one, other = mean_with_error(samples), mean_with_error(samples * scale + shift)
    assert 1 <= statistical_inefficiency(samples) <= n
    assert other.std == pytest.approx(one.std * scale, rel=1e-3)


def test_equilibration_is_found_where_the_relaxation_ends():
    rng = np.random.default_rng(4)
    time = np.arange(2000)
    starts = [
        detect_equilibration(correlated(rng, (2000,), 0.8) + 15 * np.exp(-time / 60)).start for _ in range(20)
    ]  # 15 standard deviations have fallen to a quarter of one after 250 samples
    assert 100 < np.median(starts) < 500
    assert max(starts) < 1000


def test_a_stationary_series_is_kept_nearly_whole():
    rng = np.random.default_rng(5)
    kept = [detect_equilibration(correlated(rng, (2000,), 0.9)) for _ in range(20)]
    assert np.median([one.start for one in kept]) < 200
    assert np.median([one.n_effective for one in kept]) > 80  # 105 in truth


def test_the_same_equilibration_as_pymbar():
    # pymbar 4.0.3, timeseries.detect_equilibration(series, nskip=20): t0 = 220, g = 22.550
    series = correlated(np.random.default_rng(6), (2000,), 0.9) + 10 * np.exp(-np.arange(2000) / 100)
    found = detect_equilibration(series)
    assert found.start == pytest.approx(220, abs=100)
    assert found.inefficiency == pytest.approx(22.550, rel=0.15)


def test_blocks_leave_the_remainder_at_the_start_out():
    assert block_means(np.arange(11.0), 5).tolist() == [1.5, 3.5, 5.5, 7.5, 9.5]
    with pytest.raises(InvalidInputError, match="cannot be cut"):
        block_means(np.arange(3.0), 5)


def test_covariance_of_means_is_that_of_a_correlated_pair():
    rng = np.random.default_rng(7)
    mix = np.array([[2.0, 0.0], [1.2, 1.6]])
    found = np.mean([covariance_of_means(mix @ correlated(rng, (2, 2000), 0.8)) for _ in range(200)], axis=0)
    # Covariance of the samples times g / n, with g = 1.8 / 0.2.
    assert found == pytest.approx(mix @ mix.T * 9 / 2000, rel=0.08)


def test_errors_of_functions_of_averages_cover_the_truth():
    rng = np.random.default_rng(8)
    found = []
    for _ in range(400):
        x, y = correlated(rng, (2, 2000), 0.8) + np.array([[3.0], [5.0]])
        means = np.array([x.mean(), y.mean()])
        influence = np.stack([x - x.mean(), y - y.mean()])
        found.append(function_of_means(lambda m: np.array([m[0] / m[1], m[0] * m[1]]), means, influence))
    for column, truth in enumerate((0.6, 15.0)):
        values, stds = zip(*[(row[column].value, row[column].std) for row in found], strict=True)
        assert 0.62 < coverage(values, stds, truth) < 0.74


def test_the_block_bootstrap_of_a_variance_has_the_right_error():
    rng = np.random.default_rng(9)
    values, stds = [], []
    for _ in range(150):
        series = correlated(rng, (1, 2000), 0.8)
        draws = block_bootstrap(series, lambda s: s.var(axis=-1), rng, draws=60)
        values.append(float(series.var()))
        stds.append(float(draws.std()))
    # For a Gaussian process var(variance) = 2 sum C(t)^2 / n = 2 (1 + 0.64)/(1 - 0.64) / 2000.
    assert np.mean(stds) == pytest.approx(np.sqrt(2 * 1.64 / 0.36 / 2000), rel=0.12)
    assert np.std(values) == pytest.approx(np.sqrt(2 * 1.64 / 0.36 / 2000), rel=0.2)


def test_replicas_are_combined_with_the_larger_of_both_errors():
    close = [Estimate("density", value, 0.02, "time", 50) for value in (1.00, 1.001, 0.999, 1.0)]
    far = [Estimate("density", value, 0.001, "time", 50) for value in (0.98, 1.02, 1.0, 1.0)]
    assert combine_replicas(close).std == pytest.approx(0.01)  # 0.02 / sqrt(4)
    assert combine_replicas(far).std == pytest.approx(np.std([0.98, 1.02, 1.0, 1.0], ddof=1) / 2)
    assert combine_replicas(far).n == 200
    assert combine_replicas(close[:1]) is close[0]
    with pytest.raises(InvalidInputError, match="not of"):
        combine_replicas([close[0], Estimate("bulk_modulus", 1.0, None, "")])


def test_an_error_that_all_replicas_share_does_not_fall_with_their_number():
    alike = [Estimate("density", value, 0.02, "the model", 1) for value in (1.00, 1.001, 0.999, 1.0)]
    found = combine_replicas(alike, shared_error=True)
    assert found.std == pytest.approx(0.02)
    assert found.std_of == "4 replicas, not below what all share: the model"
    wide = [Estimate("density", value, 0.02, "the model", 1) for value in (0.8, 1.2, 1.0, 1.0)]
    assert combine_replicas(wide, shared_error=True).std == pytest.approx(np.std([0.8, 1.2, 1, 1], ddof=1) / 2)


def test_replicas_without_errors_of_their_own_have_that_of_their_scatter():
    found = combine_replicas([Estimate("density", value, None, "") for value in (1.0, 1.2)])
    assert found.std == pytest.approx(0.1)
    assert found.std_of == "scatter of 2 replicas"


def test_two_members_cover_the_truth_more_often_than_their_scatter_alone_would():
    rng = np.random.default_rng(10)
    values = rng.standard_normal((2000, 2))
    scatter = coverage(values.mean(axis=1), values.std(axis=1, ddof=1) / np.sqrt(2), 0.0)
    both = [spread_over_members(row, np.ones(2)) for row in values]
    assert scatter < 0.55  # Student with one degree of freedom: 0.50
    assert coverage([b[0] for b in both], [b[1] for b in both], 0.0) > 0.68
