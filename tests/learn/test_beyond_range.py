"""Beyond the range of the training values an invariant's mean has the word, inside it the model has."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from polyloop import datasets
from polyloop.core import InvalidInputError, get_property
from polyloop.core.descriptors import BlockValues
from polyloop.core.invariant import Invariant
from polyloop.features import featurize
from polyloop.learn import GaussianProcess, Prediction, Surrogate
from polyloop.learn.beyond_range import SHRINKAGE, BeyondRange, MixedTarget
from polyloop.learn.invariant_target import InvariantTarget
from polyloop.learn.surrogate import take
from polyloop.learn.target_model import TargetModel, fit_surrogate

PACKING = Invariant("packing fraction", "identity", {"vdw_volume": 1, "molar_mass": -1})


def world(n: int = 400, seed: int = 0) -> tuple[dict[str, BlockValues], np.ndarray]:
    """Values y = z m / v: m / v varies by three and follows from the descriptors, z by 4 % and hardly does."""
    rng = np.random.default_rng(seed)
    x = rng.standard_normal((n, 6))
    ratio = np.exp(0.2 * x[:, 0] + 0.1 * x[:, 1])
    z = 0.6 * (1 + 0.01 * x[:, 2] + 0.04 * rng.standard_normal(n))
    factors = np.column_stack([100 * ratio, np.full(n, 100.0), np.full(n, 10.0), np.full(n, 20.0)])
    return {"x": BlockValues(x, "physical"), "factors": BlockValues(factors, "physical")}, z * ratio


def trained(X: dict[str, BlockValues], y: np.ndarray, teach: np.ndarray, *, mixed: bool = True) -> TargetModel:
    given = take(X, teach)
    fitted = fit_surrogate(GaussianProcess, given, y[teach], None, PACKING)
    model = TargetModel(given, y[teach], None, PACKING, fitted, mixed=mixed)
    model.check(GaussianProcess, np.random.default_rng(0))
    return model


def test_a_model_of_the_lowest_values_predicts_the_rest_with_intervals_that_hold() -> None:
    X, y = world()
    order = np.argsort(y)
    teach, ask = order[:120], order[120:]
    interval, report = trained(X, y, teach).assess(take(X, ask))
    alone, _ = trained(X, y, teach, mixed=False).assess(take(X, ask))
    error, error_alone = (np.sqrt(np.mean((one.mean - y[ask]) ** 2)) for one in (interval, alone))
    assert error < error_alone
    assert np.mean((interval.low <= y[ask]) & (y[ask] <= interval.high)) > 0.75
    # What is said by the invariant alone is flagged, and most of what is asked lies beyond.
    assert report.flags["invariant"].mean() > 0.7


def test_inside_the_range_the_model_has_the_word() -> None:
    X, y = world()
    rng = np.random.default_rng(1)
    rows = rng.permutation(len(y))
    ends = [int(np.argmin(y)), int(np.argmax(y))]
    teach = np.unique(np.concatenate([rows[:200], ends]))
    ask = np.setdiff1d(rows, teach)
    ask = ask[(y[ask] > np.quantile(y, 0.1)) & (y[ask] < np.quantile(y, 0.9))]
    interval, report = trained(X, y, teach).assess(take(X, ask))
    alone, _ = trained(X, y, teach, mixed=False).assess(take(X, ask))
    assert interval.mean == pytest.approx(alone.mean, rel=5e-3)
    assert (interval.high - interval.low) == pytest.approx(alone.high - alone.low, rel=0.05)
    assert not report.flags["invariant"].any()


def test_the_mixture_is_that_of_two_normal_distributions() -> None:
    X, y = world(60)
    beyond = BeyondRange(PACKING, asks=False).fit(X, y)
    said = beyond.predict(X)
    inside = Prediction(said.mean + 0.05, np.full(60, 0.01), np.full(60, 0.004))
    mixture, share = beyond.mix(X, inside)
    factor = X["factors"].values[:, 1] / X["factors"].values[:, 0]
    chance = norm.cdf(y.min() * factor, said.mean, said.std) + norm.sf(y.max() * factor, said.mean, said.std)
    assert share == pytest.approx(chance)
    rng = np.random.default_rng(0)
    for row in range(0, 60, 20):
        is_beyond = rng.random(200_000) < share[row]
        drawn = np.where(
            is_beyond,
            rng.normal(said.mean[row], said.std[row], len(is_beyond)),
            rng.normal(inside.mean[row], inside.predictive_std[row], len(is_beyond)),
        )
        assert mixture.mean[row] == pytest.approx(drawn.mean(), abs=4 * drawn.std() / 450)
        assert mixture.predictive_std[row] == pytest.approx(drawn.std(), rel=0.02)


def test_rows_that_were_chosen_by_their_value_are_told_from_those_that_were_not() -> None:
    """At each end by itself: the lowest rows were chosen at their upper end, and a random sample at none."""
    X, y = world()
    order, rng = np.argsort(y), np.random.default_rng(0)
    cases = {"lowest": order[:120], "highest": order[-120:], "middle": order[140:260], "all": order}
    cases["sample"] = rng.permutation(len(y))[:120]
    chosen = {name: BeyondRange(PACKING).fit(take(X, rows), y[rows]).chosen for name, rows in cases.items()}
    expected = {"lowest": (0, 1), "highest": (1, 0), "middle": (1, 1), "all": (0, 0), "sample": (0, 0)}
    for name, ends in expected.items():
        assert chosen[name] == pytest.approx(ends, abs=0.3), name


@pytest.mark.parametrize("spread", [0.0, 0.5, 5.0])
def test_how_likely_none_would_lie_beyond_is_uniform_for_values_that_nobody_chose(spread: float) -> None:
    """What the odds rest on, however much is known of each value: -log p has a mean of one and is exponential."""
    rng = np.random.default_rng(0)
    mean = rng.normal(0.0, spread, (2000, 200))
    drawn = rng.normal(mean, 0.5)
    surprise = -norm.logcdf(drawn.max(axis=1)[:, None], mean, 0.5).sum(axis=1)
    assert surprise.mean() == pytest.approx(1.0, abs=0.1)
    assert np.mean(surprise > 3.0) == pytest.approx(np.exp(-3.0), abs=0.015)


def test_no_data_overrule_the_shrinkage() -> None:
    """Of an invariant that a descriptor explains wholly the linear part takes what ten to one lets it, however many."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((300, 1))
    factors = BlockValues(np.tile([100.0, 100.0, 10.0, 20.0], (300, 1)), "physical")
    X = {"x": BlockValues(x, "physical"), "factors": factors}
    said = BeyondRange(PACKING).fit(X, 0.6 + 0.02 * x[:, 0]).predict(X)
    slope = np.polyfit(x[:, 0], said.mean, 1)[0]
    assert slope == pytest.approx(0.02 * 300 / (300 + SHRINKAGE), rel=0.01)
    assert (said.std > 0.9 * 0.02).all()


def test_a_mixed_target_is_one_surrogate_with_one_mind() -> None:
    """Its joint law, its samples and what it says of single rows are the same, before and after it believes a row."""
    X, y = world(60)
    order = np.argsort(y)
    model = MixedTarget(GaussianProcess, PACKING).fit(take(X, order[:25]), y[order[:25]])
    assert isinstance(model, Surrogate)
    asked = take(X, order[25:])
    for one in (model, model.condition(take(X, order[25:26]), y[order[25:26]])):
        said = one.predict(asked)
        mean, covariance = one.joint(asked)
        assert mean == pytest.approx(said.mean) and np.sqrt(np.diag(covariance)) == pytest.approx(said.std, rel=1e-6)
        assert np.linalg.eigvalsh(covariance).min() > -1e-9 * covariance.max()
        drawn = one.sample(asked, 4000, np.random.default_rng(0))
        assert drawn.mean(axis=0) == pytest.approx(said.mean, abs=4 * said.std.max() / np.sqrt(4000))
        assert drawn.std(axis=0) == pytest.approx(said.std, rel=0.1)
    assert model.leaves_one_out and model.leave_one_out().mean == pytest.approx(y[order[:25]], abs=0.2)


def test_a_mixed_target_of_a_transformation_is_that_of_the_model() -> None:
    X, y = world(40)
    logarithm = Invariant("logarithm", "log", {})
    mixed, plain = (kind(GaussianProcess, logarithm).fit(X, y) for kind in (MixedTarget, InvariantTarget))
    assert mixed.predict(X).mean == pytest.approx(plain.predict(X).mean)


def test_it_needs_factors_and_quantities() -> None:
    X, _ = world(5)
    counts = {"ecfp": BlockValues(np.ones((5, 3)), "counts"), "factors": X["factors"]}
    assert BeyondRange.applies(PACKING, X)
    assert not BeyondRange.applies(Invariant("logarithm", "log", {}), X)
    assert not BeyondRange.applies(None, X) and not BeyondRange.applies(PACKING, counts)


@pytest.mark.reference
def test_densities_of_pi1070_are_extrapolated_as_the_docs_say() -> None:
    """From the lowest 30 %: 0.33 of the spread was the best of some twenty models of the first study of this table."""
    try:
        path = datasets.path("radonpy_pi1070", "PI1070.csv.gz")
    except InvalidInputError as error:
        pytest.skip(str(error))
    frame = pd.read_csv(path)
    frame = frame.iloc[np.random.default_rng(0).permutation(len(frame))[:300]]
    table = featurize(list(frame.smiles), ("backbone", "forcefield", "factors"))
    y, X = frame.density.to_numpy(), table.described()
    order = np.argsort(y)
    teach, ask = order[:90], order[90:]
    density, given = get_property("density").invariant, take(X, teach)
    assert density is not None
    model = TargetModel(
        given, y[teach], None, density, fit_surrogate(GaussianProcess, given, y[teach], None, density)
    )  # fmt: skip
    model.check(GaussianProcess, np.random.default_rng(0))
    interval, _ = model.assess(take(X, ask))
    assert np.sqrt(np.mean((interval.mean - y[ask]) ** 2)) / y.std() < 0.45
    assert np.mean((interval.low <= y[ask]) & (y[ask] <= interval.high)) > 0.75
