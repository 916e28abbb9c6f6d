"""Models of curves: equal to the textbook, bands that cover, and good on real spectra."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from polyloop import datasets
from polyloop.app.cli.main import main
from polyloop.chem import Molecule, Polymer
from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.features import featurize
from polyloop.features.fingerprints import PathBlock
from polyloop.learn.functional import (
    Axis,
    ComponentProcess,
    CurveAverage,
    FunctionalRidge,
    KernelNetwork,
    curve_errors,
    study_curves,
)
from polyloop.learn.functional.similarity import Eigenbasis, Similarity
from polyloop.learn.surrogate import take
from polyloop.tables.curves import read_curves

T = np.linspace(0.0, 10.0, 41)
AXIS = Axis("time", "s", T)


def make(n: int, seed: int = 0, noise: float = 0.02) -> tuple[dict[str, BlockValues], np.ndarray]:
    """Bands whose place and height follow two quantities, with noise."""
    rng = np.random.default_rng(seed)
    x = rng.uniform(-1, 1, (n, 2))
    Y = (1.5 + x[:, [1]]) * np.exp(-0.5 * (T[None, :] - 5.0 - 2.0 * x[:, [0]]) ** 2)
    return {"x": BlockValues(x, "physical")}, Y + noise * rng.standard_normal(Y.shape)


def test_leaving_one_out_in_closed_form_is_fitting_without_it() -> None:
    X, Y = make(12)
    matrix = Similarity.of(X).to(X)
    errors = Eigenbasis.of(matrix).left_out(Y, 0.1)
    rest = np.arange(1, 12)
    weights = np.linalg.solve(matrix[np.ix_(rest, rest)] + 0.1 * np.eye(11), Y[rest])
    np.testing.assert_allclose(errors[0], Y[0] - matrix[0, rest] @ weights, atol=1e-9)


def test_scores_of_components_are_those_of_a_gaussian_process() -> None:
    """One component: mean and variance by eqs. 2.23 and 2.24 of Rasmussen & Williams (2006)."""
    (X, Y), (new, _) = make(25), make(4, seed=1)
    model = ComponentProcess(1).fit(X, Y)
    similarity = Similarity.of(X)
    K, cross = similarity.to(X), similarity.to(new)
    noisy = np.linalg.inv(K + model.noise_ratios[0] * np.eye(25))
    loading = np.linalg.svd(Y - Y.mean(axis=0), full_matrices=False)[2][0]
    scores = (Y - Y.mean(axis=0)) @ loading
    np.testing.assert_allclose(model.variances[0], scores @ noisy @ scores / 25, rtol=1e-9)
    found = model.predict(new)
    np.testing.assert_allclose(found.mean, Y.mean(axis=0) + np.outer(cross @ noisy @ scores, loading), atol=1e-9)
    variance = model.variances[0] * (1 - np.einsum("ij,jk,ik->i", cross, noisy, cross) + model.noise_ratios[0])
    rest = np.mean((Y - Y.mean(axis=0) - np.outer(scores, loading)) ** 2, axis=0)
    ratio = found.half_width / np.sqrt(np.outer(variance, loading**2) + rest)
    np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-6)


@pytest.mark.parametrize("make_model", [FunctionalRidge, ComponentProcess])
def test_curves_are_learnt_and_bands_cover_about_nine_tenths(make_model) -> None:
    (X, Y), (new, truth) = make(120), make(200, seed=1)
    errors = curve_errors(make_model().fit(X, Y).predict(new), truth)
    assert errors.r2 > 0.95
    assert 0.85 < errors.coverage < 0.95


def test_a_band_of_components_is_wider_far_from_what_was_learnt() -> None:
    X, Y = make(80)
    model = ComponentProcess().fit(X, Y)
    near, far = (model.predict({"x": BlockValues([[at, at]], "physical")}).half_width.mean() for at in (0.0, 6.0))
    assert far > 2 * near


def test_a_network_learns_curves_and_the_same_seed_gives_the_same() -> None:
    (X, Y), (new, truth) = make(150), make(60, seed=1)
    models = [
        KernelNetwork(AXIS, np.random.default_rng(seed), networks=1, hidden=32, epochs=60).fit(X, Y) for seed in (3, 3)
    ]
    found = [model.predict(new) for model in models]
    assert curve_errors(found[0], truth).r2 > 0.8
    np.testing.assert_array_equal(found[0].mean, found[1].mean)


def test_an_average_is_the_mean_of_its_members() -> None:
    (X, Y), (new, _) = make(30), make(5, seed=1)
    members = FunctionalRidge(), ComponentProcess(2)
    found = CurveAverage(members).fit(X, Y).predict(new)
    singles = [member.predict(new).mean for member in members]
    np.testing.assert_allclose(found.mean, (singles[0] + singles[1]) / 2)


def test_the_errors_of_a_study_are_those_of_rows_that_were_held_out() -> None:
    X, Y = make(40, noise=0.0)
    pure = np.random.default_rng(9).standard_normal(Y.shape)
    assert study_curves(X, Y, rng=np.random.default_rng(0))["ridge"].r2 > 0.9
    assert study_curves(X, pure, rng=np.random.default_rng(0))["components"].r2 < 0.05


@pytest.mark.parametrize("points", [[1.0], [1.0, 1.0], [2.0, 1.0], [0.0, np.nan]])
def test_points_that_make_no_axis_are_refused(points: list[float]) -> None:
    with pytest.raises(InvalidInputError, match="do not make a curve"):
        Axis("time", "s", np.array(points))


def test_curves_that_are_not_finite_are_refused() -> None:
    X, Y = make(5)
    Y[3, 7] = np.nan
    with pytest.raises(InvalidInputError, match="Curve 3 is not finite at point 7"):
        FunctionalRidge().fit(X, Y)


def test_paths_of_a_unit_are_the_same_wherever_it_is_cut() -> None:
    block = PathBlock()
    whole, cut = (block.evaluate(Polymer(text)) for text in ("*CC(*)c1ccccc1", "*C(c1ccccc1)C*"))
    np.testing.assert_array_equal(whole, cut)
    # Each of the six lengths of path begins once a carbon along polyethylene.
    assert block.evaluate(Polymer("*C*")).sum() == 6


def test_paths_of_a_molecule_are_counted_by_hand() -> None:
    # Butane has three paths of one bond, two of two bonds and one of three.
    counts = PathBlock().evaluate(Molecule("CCCC"))
    assert sorted(counts[counts > 0]) == [1, 2, 3]


def test_the_command_compares_models_of_the_curves_of_a_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    texts = ["C" * n for n in range(1, 16)] + ["O" + "C" * n for n in range(1, 16)]
    rows = [f"{text},{len(text)},{0.5 * len(text)},{text.count('O')}" for text in texts]
    rows += ["CCN,1,,2", "nonsense,1,2,3"]
    table = tmp_path / "curves.csv"
    table.write_text("smiles,A220,A300,A260.5\n" + "\n".join(rows) + "\n")
    assert list(read_curves(table, "A").points) == [220.0, 260.5, 300.0]
    command = ["model", "study", "curve", "--csv", str(table), "--kind", "molecule", "--smiles-column", "smiles"]
    assert main([*command, "--prefix", "A", "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert told["n"] == 30 and told["points"] == 3
    assert set(told["models"]) == {"ridge", "components"}
    assert "no value in A300" in captured.err and "nonsense" in captured.err
    assert main([*command, "--prefix", "B"]) == 1


@pytest.mark.reference
def test_spectra_of_real_molecules_are_predicted_better_than_published() -> None:
    """XenonPy's kernel network prints a median RMSE of 0.125 and a median R2 of 0.763 on other parts of these data."""
    try:
        path = datasets.path("functional_output_uvvis", "Dataset_I.csv.gz")
    except InvalidInputError as error:
        pytest.skip(str(error))
    frame = pd.read_csv(path).iloc[::2]
    table = featurize(list(frame.SMILES), ("paths",), kind="molecule")
    rows = np.flatnonzero(table.valid)
    X, Y = take(table.described(), rows), frame[[f"V{i}" for i in range(1, 182)]].to_numpy(dtype=float)[rows]
    found = study_curves(X, Y, rng=np.random.default_rng(0), models={"components": ComponentProcess})["components"]
    assert found.median_rmse < 0.125 and found.median_r2 > 0.763
    assert 0.87 < found.coverage < 0.93
