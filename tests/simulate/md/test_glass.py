"""The glass transition of known hyperbolas: the interval covers it, widens, and is refused where it is not resolved."""

import numpy as np
import pytest

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.md.analysis.glass import glass_transition
from tests.simulate.md.synthetic import coverage

TG = 373.0
COOLING = np.arange(200.0, 601.0, 20.0)


def volumes(temperatures, width, bend=3.5e-4):
    x = (temperatures - TG) / 2
    return 1.0 + 2e-4 * (temperatures - TG) + bend * (x + np.sqrt(x**2 + width**2))


def fits(seed, noise, width, runs, said=1.0):
    rng = np.random.default_rng(seed)
    stds = np.full(len(COOLING), noise * said)
    for _ in range(runs):
        yield glass_transition(COOLING, volumes(COOLING, width) + rng.normal(0, noise, len(COOLING)), stds)


@pytest.mark.slow
@pytest.mark.parametrize(("width", "said"), [(0.0, 1.0), (20.0, 1.0), (20.0, 0.3)])
def test_the_interval_covers_kinks_and_gradual_turns_also_where_errors_are_understated(width, said):
    found = list(fits(1, 1e-3, width, 120, said))
    values, stds = np.array([f.temperature for f in found]), np.array([f.std for f in found])
    assert values.mean() == pytest.approx(TG, abs=2.0)
    assert 0.55 < coverage(values, stds, TG) < 0.80  # 120 runs scatter by 0.043
    assert np.mean([f.interval[0] <= TG <= f.interval[1] for f in found]) > 0.88


def test_a_broad_transition_and_noise_widen_the_interval():
    sharp, broad = next(fits(2, 1e-3, 0.0, 1)), next(fits(2, 1e-3, 40.0, 1))
    noisy = next(fits(2, 3e-3, 0.0, 1))
    assert sharp.std < broad.std
    assert sharp.std < noisy.std


def test_expansions_of_glass_and_melt_come_with_it():
    found = next(fits(3, 1e-4, 10.0, 1))
    assert found.glass_expansion == pytest.approx(2e-4, rel=0.05)
    assert found.melt_expansion == pytest.approx(5.5e-4, rel=0.05)
    assert found.width == pytest.approx(10.0, abs=4.0)
    assert found.estimate().property == "glass_transition_temperature"


def test_the_order_of_temperatures_does_not_matter():
    rng = np.random.default_rng(4)
    v = volumes(COOLING, 10.0) + rng.normal(0, 1e-3, len(COOLING))
    shuffled = rng.permutation(len(COOLING))
    one = glass_transition(COOLING, v, np.full(len(v), 1e-3))
    assert glass_transition(COOLING[shuffled], v[shuffled], np.full(len(v), 1e-3)) == one


@pytest.mark.parametrize(
    ("temperatures", "bend", "noise"),
    [
        (COOLING, 0.0, 1e-3),  # a straight line
        (COOLING, -3.5e-4, 1e-3),  # a melt that expands less than the glass
        (COOLING, 3.5e-4, 2e-2),  # a break lost in noise
        (np.arange(400.0, 601.0, 10.0), 3.5e-4, 1e-3),  # melt alone
        (np.arange(200.0, 361.0, 8.0), 3.5e-4, 1e-3),  # glass alone
    ],
)
def test_a_break_that_is_not_resolved_is_refused(temperatures, bend, noise):
    rng = np.random.default_rng(5)
    for _ in range(10):
        v = volumes(temperatures, 15.0, bend) + rng.normal(0, noise, len(temperatures))
        with pytest.raises(EvaluationError, match=r"may lie outside|straight line") as caught:
            glass_transition(temperatures, v, np.full(len(v), noise))
        assert caught.value.failure.code is FailureCode.NOT_EQUILIBRATED


def test_straight_lines_pass_for_a_break_less_than_once_in_fifty():
    rng = np.random.default_rng(6)
    passed = 0
    for _ in range(200):
        try:
            glass_transition(COOLING, 2e-4 * COOLING + rng.normal(0, 1e-3, len(COOLING)), np.full(len(COOLING), 1e-3))
            passed += 1
        except EvaluationError:
            pass
    assert passed <= 4


@pytest.mark.parametrize(("count", "std", "message"), [(7, 1e-3, "8 or more"), (20, 0.0, "positive")])
def test_too_few_temperatures_or_no_errors_are_refused(count, std, message):
    with pytest.raises(InvalidInputError, match=message):
        glass_transition(COOLING[:count], volumes(COOLING[:count], 5.0), np.full(min(count, len(COOLING)), std))
