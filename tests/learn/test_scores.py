"""Scores agree with scikit-learn, the paired test with its formula, and calibrated models have no calibration error."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import t as student
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from polyloop.core import InvalidInputError
from polyloop.learn.validation import SCORES, paired_test, score
from polyloop.learn.validation.scores import calibration_error, hit_rate


def test_errors_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    y = rng.normal(3, 2, 200)
    mean = y + rng.normal(0, 0.5, 200)
    found = score(y, mean, spread=4.0)
    assert found.rmse == pytest.approx(root_mean_squared_error(y, mean), rel=1e-12)
    assert found.mae == pytest.approx(mean_absolute_error(y, mean), rel=1e-12)
    assert found.r2 == pytest.approx(r2_score(y, mean), rel=1e-12)
    assert found.relative_rmse == pytest.approx(found.rmse / 4.0, rel=1e-12)
    assert set(found.to_dict()) == {"n", *SCORES}


def test_a_model_that_errs_as_it_says_covers_what_it_says() -> None:
    rng = np.random.default_rng(1)
    std = rng.uniform(0.5, 2.0, 20_000)
    y = std * rng.standard_normal(20_000)
    found = score(y, np.zeros(20_000), std=std)
    assert found.coverage == pytest.approx(0.9, abs=0.01)  # its own definition; the error of a share is 0.002
    assert found.calibration_error == pytest.approx(0.0, abs=0.01)
    # Half of the true deviation: a central interval of level p then covers 2 Phi(z_p / 2) - 1, 0.59 for 90 %.
    assert score(y, np.zeros(20_000), std=std / 2).coverage == pytest.approx(0.589, abs=0.015)
    assert calibration_error(y, np.zeros(20_000), std / 2) > 0.15


def test_ends_of_intervals_count_where_they_are_given() -> None:
    y = np.arange(10.0)
    found = score(y, y, low=y - 1, high=np.where(y < 5, y + 1, y - 0.5), spread=2.0)
    assert found.coverage == 0.5
    assert found.width == pytest.approx(np.median([2.0, 0.5]) / 2)
    assert found.calibration_error is None


def test_the_hit_rate_is_the_share_of_the_top_that_is_found() -> None:
    y = np.arange(20.0)
    assert hit_rate(y, y) == 1.0
    assert hit_rate(y, -y) == 0.0
    assert hit_rate(y, np.where(y == 19, 0.0, y)) == 0.5
    assert hit_rate(y[:3], y[:3]) == 1.0


def test_where_there_is_no_such_number_there_is_none() -> None:
    same = score(np.ones(4), np.arange(4.0))
    assert same.r2 is None and same.relative_rmse is None and same.rank_correlation is None
    assert score(np.arange(4.0), np.ones(4)).rank_correlation is None


@pytest.mark.parametrize(("y", "mean"), [([], []), ([1.0], [1.0, 2.0]), ([1.0], [np.nan])])
def test_what_cannot_be_scored_is_refused(y: list[float], mean: list[float]) -> None:
    with pytest.raises(InvalidInputError):
        score(np.array(y), np.array(mean))


def test_the_paired_test_is_the_formula_of_nadeau_and_bengio() -> None:
    """t = mean / sqrt((1/J + n_test/n_train) s^2), their equation (9); here by hand."""
    a, b = np.array([0.31, 0.28, 0.35, 0.30, 0.33]), np.array([0.36, 0.30, 0.36, 0.37, 0.35])
    found = paired_test(a, b, 80, 20)
    d = a - b
    t = d.mean() / np.sqrt((1 / 5 + 0.25) * d.var(ddof=1))
    assert found.statistic == pytest.approx(t, rel=1e-12)
    assert found.p_value == pytest.approx(2 * student.cdf(t, 4), rel=1e-9)
    assert found.low < found.difference < found.high
    # (0.95 confidence interval contains 0) if and only if p > 0.05
    assert (found.low < 0 < found.high) == (found.p_value > 0.05)


def test_it_finds_no_difference_more_often_than_it_says_where_splits_share_rows() -> None:
    """Two equally bad models on 200 tables, 10 random splits each: a plain t-test errs far more often than 5 %."""
    rng = np.random.default_rng(0)
    corrected, plain = 0, 0
    for _ in range(200):
        x, y = rng.normal(size=(50, 2)), rng.normal(size=50)
        errors = np.empty((10, 2))
        for k in range(10):
            drawn = rng.permutation(50)
            teach, ask = drawn[10:], drawn[:10]
            for j in range(2):
                slope = (x[teach, j] @ y[teach]) / (x[teach, j] @ x[teach, j])
                errors[k, j] = np.mean((y[ask] - slope * x[ask, j]) ** 2)
        found = paired_test(errors[:, 0], errors[:, 1], 40, 10)
        d = errors[:, 0] - errors[:, 1]
        corrected += found.p_value < 0.05
        plain += 2 * student.sf(abs(d.mean() / np.sqrt(d.var(ddof=1) / 10)), 9) < 0.05
    assert corrected <= 20 < plain


def test_two_splits_at_least_and_the_same_ones() -> None:
    for pair in (([1.0], [2.0]), ([1.0, 2.0], [1.0, 2.0, 3.0])):
        with pytest.raises(InvalidInputError, match="same splits"):
            paired_test(*pair, 80, 20)
    assert paired_test([1.0, 2.0], [1.0, 2.0], 80, 20).p_value == 1.0
    assert paired_test([1.0, 2.0], [2.0, 3.0], 80, 20).p_value == 0.0
