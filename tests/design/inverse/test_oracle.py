"""The oracle counts and keeps its calls, and says the probability of lying in the ranges."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy.stats import norm
from tests.design.inverse.conftest import CarbonShare

from polyloop.core import InvalidInputError
from polyloop.design.inverse import (
    Oracle,
    PredictedProperty,
    PredictionCache,
    PropertyTarget,
    StructureScope,
    read_target,
)
from polyloop.design.inverse.likelihood import log_probability_in_range

INDEX = PropertyTarget("refractive_index", 1.5, 1.6)


def test_the_probability_of_a_range_is_that_of_a_normal_distribution() -> None:
    mean, std = np.array([1.5, 1.62, 1.4]), np.array([0.02, 0.03, 0.05])
    expected = norm.cdf(1.6, mean, std) - norm.cdf(1.5, mean, std)
    assert np.exp(log_probability_in_range(mean, std, 1.5, 1.6)) == pytest.approx(expected, rel=1e-12)


def test_far_from_a_range_the_logarithm_is_still_a_number_that_tells_nearer_from_farther() -> None:
    found = log_probability_in_range(np.array([2.0, 3.0, 0.5]), np.full(3, 0.01), 1.5, 1.6)
    # The tail of a normal distribution: log Phi(-z) = -z^2 / 2 - log(z sqrt(2 pi)) + O(1 / z^2), at z = 40.
    assert found[0] == pytest.approx(-800.0 - np.log(40.0 * np.sqrt(2.0 * np.pi)), abs=1e-3)
    assert found[1] < found[2] < found[0]


def test_a_range_with_one_end_is_read() -> None:
    assert read_target("density=:1.1") == PropertyTarget("density", -np.inf, 1.1)
    assert str(read_target("density=1.1:")) == "density=1.1:"


@pytest.mark.parametrize(
    "text", ["density", "density=1.1", "density=1.2:1.1", "density=:", "density=a:2", "densty=1:2", "density=30:40"]
)
def test_a_target_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError):
        read_target(text)


def test_a_polymer_is_asked_once_and_counted_once() -> None:
    predictor = CarbonShare()
    oracle = Oracle([INDEX], [predictor], calls=2)
    first = oracle.assess(["*CC*", "*CC*"])
    assert first[0] is first[1]
    assert predictor.asked == ["*CC*"]
    oracle.assess(["*CC(C)*", "*CC(F)*"])
    assert oracle.left == 0
    assert len(predictor.asked) == 2


def test_kept_predictions_are_not_made_again_and_count_all_the_same(tmp_path: Path) -> None:
    for _ in range(2):
        predictor = CarbonShare()
        oracle = Oracle([INDEX], [predictor], calls=5, cache=PredictionCache(tmp_path / "kept.sqlite"))
        (said,) = oracle.assess(["*CC*"])
        oracle.assess(["*CC(Cl)*"])
    assert predictor.asked == []
    assert len(oracle.history) == 2
    assert said.predicted == {"refractive_index": PredictedProperty(1.51, 0.02)}


def test_what_cannot_be_predicted_has_no_likelihood_and_costs_a_call() -> None:
    oracle = Oracle([INDEX], [CarbonShare()], calls=5)
    (said,) = oracle.assess(["*CC(Cl)*"])
    assert said.log_likelihood == -np.inf
    assert oracle.left == 4


def test_out_of_scope_nobody_is_asked() -> None:
    predictor = CarbonShare()
    oracle = Oracle([INDEX], [predictor], calls=5, scope=StructureScope(most={"F": 1}, most_heavy_atoms=6))
    for text in ("*CC(F)(F)*", "*CCCCCCC(C)*", "*CC([Se]C)*", "*CC(*)c1cc[n+](C)cc1"):
        assert oracle.assess([text])[0].log_likelihood == -np.inf
    assert predictor.asked == []
    assert oracle.left == 5


def test_what_is_not_accepted_costs_no_call() -> None:
    predictor = CarbonShare()
    oracle = Oracle([INDEX], [predictor], calls=5, accepts={"*CC*"}.__contains__)
    refused, taken = oracle.assess(["*CCC(C)*", "*CC*"])
    assert refused.log_likelihood == -np.inf
    assert np.isfinite(taken.log_likelihood)
    assert predictor.asked == ["*CC*"]
    assert oracle.left == 4
    assert oracle.knows("*CCC(C)*")


def test_outside_the_domain_of_a_model_the_likelihood_is_lower() -> None:
    class Doubtful(CarbonShare):
        def predict(self, text: str) -> dict[str, PredictedProperty] | None:
            found = super().predict(text) or {}
            return {name: PredictedProperty(one.mean, one.std, in_domain=False) for name, one in found.items()}

    (inside,) = Oracle([INDEX], [CarbonShare()], calls=1).assess(["*CC*"])
    (outside,) = Oracle([INDEX], [Doubtful()], calls=1, outside_penalty=3.0).assess(["*CC*"])
    assert inside.log_likelihood - outside.log_likelihood == pytest.approx(3.0)
    assert not outside.in_domain


def test_a_property_that_nobody_predicts_is_refused_with_what_to_do() -> None:
    with pytest.raises(InvalidInputError, match="trained model"):
        Oracle([PropertyTarget("heat_capacity_cp", 1000.0, 2000.0)], [CarbonShare()], calls=5)


@pytest.mark.slow
def test_a_trained_model_predicts_and_says_where_it_was_not_checked(tmp_path: Path) -> None:
    from polyloop.design.inverse import ModelPredictor
    from polyloop.learn.property_model import PropertyModel

    alkyls = [f"*CC({'C' * n})*" for n in range(1, 13)]
    values = [0.90 - 0.004 * n for n in range(12)]
    folder = PropertyModel.train(alkyls, values, target="density", blocks=("ecfp",), invariant=False).save(
        tmp_path / "m"
    )
    oracle = Oracle([PropertyTarget("density", 0.85, 0.92)], [ModelPredictor(folder)], calls=2)
    near, far = oracle.assess(["*CC(CCC)*", "*c1ccc(cc1)S(=O)(=O)*"])
    assert near.predicted is not None
    assert near.predicted["density"].mean == pytest.approx(0.892, abs=0.01)
    assert near.in_domain
    assert not far.in_domain
