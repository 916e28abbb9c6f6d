"""More polymers or more repeats: the rule is Cochran's optimum, learns from pilots, and spends what it is given."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn.allocation import (
    AllocationRule,
    LearningCurve,
    Yardstick,
    estimate_curve,
    left_out_error,
    next_round,
    study_allocation,
)
from polyloop.tables.training import read_training

KNOWN = Path(__file__).parents[2] / "examples" / "known_polymers.csv"


def pilot(n: int, repeats: int, noise: float, seed: int = 0) -> tuple[dict[str, BlockValues], np.ndarray, np.ndarray]:
    """Runs of a smooth function of two quantities, of variance 1 between rows."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 2))
    truth = np.sin(3 * x[:, 0]) + x[:, 1]
    rows = np.repeat(np.arange(n), repeats)
    values = (truth / truth.std())[rows] + np.sqrt(noise) * rng.standard_normal(len(rows))
    return {"x": BlockValues(x, "physical")}, values, rows


def test_without_noise_the_curve_is_a_power_law_of_the_number_of_polymers() -> None:
    """E = C (E / n)^a gives E = C^(1 / (1 - a)) n^(-a / (1 - a))."""
    curve = LearningCurve(0.0, 0.5, 0.4)
    for n in (10, 100):
        assert curve.error(n) == pytest.approx(0.5 ** (1 / 0.6) * n ** (-0.4 / 0.6), rel=1e-6)


def test_the_error_solves_its_own_equation_and_is_never_more_than_the_variance() -> None:
    curve = LearningCurve(0.8, 1.1, 0.5)
    error = curve.error(200, 3)
    assert error == pytest.approx(1.1 * ((error + 0.8 / 3) / 200) ** 0.5, rel=1e-6)
    assert LearningCurve(5.0, 50.0, 0.3).error(2) == 1.0


def test_where_a_repeat_costs_as_much_as_a_polymer_it_never_pays_against_the_truth() -> None:
    for noise in (0.01, 0.3, 3.0):
        found = AllocationRule(LearningCurve(noise, 1.0, 0.3)).allocations(900)
        assert [one.repeats for one in found] == [1, 3, 9]
        assert found[0].polymers == 900 and found[2].polymers == 100


def test_against_noisy_labels_repeats_look_good_where_noise_is_large() -> None:
    rule = AllocationRule(LearningCurve(0.8, 0.9, 0.1))
    assert rule.allocations(900, yardstick=Yardstick.LABELS)[0].repeats > 1
    quiet = AllocationRule(LearningCurve(0.002, 0.5, 0.4))
    assert quiet.allocations(900, yardstick=Yardstick.LABELS)[0].repeats == 1


def test_where_a_polymer_is_dear_the_best_number_of_repeats_is_cochrans() -> None:
    """Cochran, Sampling Techniques (1977), eq. 10.13: sqrt((c1 / c2) (within / between)), here c1 / c2 = 5 - 1."""
    rule = AllocationRule(LearningCurve(0.9, 1.0, 0.3), 5.0)
    assert rule.best_repeats(0.1) == pytest.approx(np.sqrt(4 * 0.9 / 0.1))
    many = range(1, 40)
    best = rule.allocations(50_000, many)[0]
    error = rule.curve.error(best.polymers, best.repeats)
    assert best.repeats == pytest.approx(rule.best_repeats(error), abs=1)


def test_a_round_spends_its_budget_and_goes_to_the_best_number_of_repeats() -> None:
    counts = np.ones(50, dtype=int)
    new, again = next_round(counts, 5_000, noise=0.8, error=0.1, cost_ratio=3.0)
    assert 4_996 < 3 * new + again.sum() <= 5_000
    # All new polymers have one run until the next round, so that the mean over all tends to sqrt(2 x 8) = 4.
    assert (50 + new + again.sum()) / (50 + new) == pytest.approx(4.0, abs=0.1)
    assert next_round(counts, 100, noise=0.8, error=0.1)[1].sum() == 0
    assert next_round(counts, 100, noise=0.0, error=0.1, cost_ratio=9.0)[0] == 11


def test_noise_and_error_are_found_again_in_a_pilot() -> None:
    X, values, rows = pilot(200, 3, noise=0.5)
    curve = estimate_curve(X, values, rows, rng=np.random.default_rng(1))
    assert curve.noise == pytest.approx(0.5, rel=0.2)
    assert 0.2 < curve.exponent <= 1.0
    quiet = estimate_curve(*pilot(200, 2, noise=1e-4), rng=np.random.default_rng(1))
    assert quiet.noise < 2e-4 and quiet.error(200) < curve.error(200, 3)


def test_what_cannot_be_learnt_has_a_flat_curve() -> None:
    X, values, rows = pilot(100, 2, noise=0.1)
    order = np.random.default_rng(3).permutation(100)
    mixed = {"x": X["x"][order]}
    curve = estimate_curve(mixed, values, rows, rng=np.random.default_rng(1))
    assert curve.exponent < 0.15 and curve.error(1_000) > 0.5


def test_the_error_left_out_is_against_the_truth_and_not_its_noisy_mean() -> None:
    rng = np.random.default_rng(2)
    x = np.linspace(0, 1, 60)
    matrix = np.exp(-0.5 * ((x[:, None] - x[None, :]) / 0.3) ** 2)
    y = np.sin(4 * x) + 0.5 * rng.standard_normal(60)
    assert left_out_error(matrix, y, np.full(60, 0.25)) < 0.06


def test_a_study_recommends_no_number_of_repeats_that_rests_on_noise() -> None:
    X, values, rows = pilot(100, 3, noise=0.5)
    found = study_allocation(X, values, rows, budget=2_000, cost_ratio=5.0, rng=np.random.default_rng(0))
    # With E at least sqrt(2 / 100) v / 3 the optimum sqrt(4 v / E) is at most sqrt(12 sqrt(50)) = 9.2.
    assert 2.0 < found.best_repeats < 9.3
    assert [one.error for one in found.allocations] == sorted(one.error for one in found.allocations)


@pytest.mark.parametrize("repeats", [1, 2])
def test_too_few_polymers_or_no_repeats_tell_nothing(repeats: int) -> None:
    X, values, rows = pilot(100 if repeats == 1 else 10, repeats, noise=0.5)
    with pytest.raises(InvalidInputError, match="too little"):
        estimate_curve(X, values, rows, rng=np.random.default_rng(0))
    with pytest.raises(InvalidInputError, match="buys no polymer"):
        AllocationRule(LearningCurve(0.5, 1.0, 0.3), 5.0).allocations(2)


def test_the_command_weighs_polymers_against_repeats(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rng = np.random.default_rng(0)
    known = read_training(KNOWN, "refractive_index")
    rows = list(zip(known.texts, known.values, strict=True))[:40]
    runs = [f"{text},{value + 0.02 * rng.standard_normal():.4f}" for text, value in rows for _ in range(2)]
    table = tmp_path / "runs.csv"
    table.write_text("smiles,refractive_index\n" + "\n".join(runs) + "\n")
    command = ["model", "study", "allocation", "--csv", str(table), "--target", "refractive_index", "--budget", "600"]
    assert main([*command, "--block", "backbone", "--cost-ratio", "4", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["n"] == 40 and told["runs"] == 80
    assert told["noise_std"] == pytest.approx(0.02, rel=0.3)
    assert {one["repeats"] for one in told["allocations"]} == {1, 2, 3, 5, 9}
    assert told["next"] in ("a new polymer", "a repeat")
    assert main([*command, "--block", "backbone"]) == 0
    assert "a new polymer" in capsys.readouterr().err
