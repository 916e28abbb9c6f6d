"""Transfer: the affine covariance is the one of the paper, useless sources cost nothing, libraries are kept whole."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.campaign import Campaign
from polyloop.campaign.config.file import read_campaign_file
from polyloop.core import Conditions, InvalidInputError, PolyloopError, Record, Request, parse_subject
from polyloop.core.descriptors import BlockValues
from polyloop.features import featurize
from polyloop.learn import GaussianProcess, make_surrogate
from polyloop.learn.surrogate import take
from polyloop.learn.transfer import (
    SOURCE_BLOCK,
    AffineGaussianProcess,
    DifferenceModel,
    SourceLibrary,
    TransferGaussianProcess,
    study_transfer,
)
from polyloop.store import Store
from polyloop.tables.training import read_training

KNOWN = Path(__file__).parents[2] / "examples" / "known_polymers.csv"
BLOCKS = ("ecfp", "backbone")


def make(n: int, seed: int = 0) -> tuple[dict[str, BlockValues], np.ndarray]:
    """Rows whose value is g1(f) + g2(f) g3(x): the first source matters, more so where x is large."""
    rng = np.random.default_rng(seed)
    x, f, counts = rng.normal(size=(n, 3)), rng.normal(size=(n, 4)), rng.poisson(0.5, (n, 20))
    y = 7.0 + 3.0 * f[:, 0] + 1.5 * f[:, 0] * np.tanh(x[:, 0]) + 0.3 * x[:, 1]
    X = {"x": BlockValues(x, "physical"), "ecfp": BlockValues(counts, "counts"),
         SOURCE_BLOCK: BlockValues(f, "physical")}  # fmt: skip
    return X, y


def shuffled(X: dict[str, BlockValues], seed: int = 5) -> dict[str, BlockValues]:
    order = np.random.default_rng(seed).permutation(len(X[SOURCE_BLOCK]))
    return {**X, SOURCE_BLOCK: X[SOURCE_BLOCK][order]}


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Forty polymers, polystyrene among them."""
    path = tmp_path_factory.mktemp("table") / "few.csv"
    path.write_text("".join(KNOWN.read_text().splitlines(keepends=True)[:41]))
    return path


@pytest.fixture(scope="module")
def library(few: Path) -> SourceLibrary:
    return SourceLibrary.from_table(few, ["refractive_index", "glass_transition_temperature"], blocks=BLOCKS)


def test_the_covariance_is_lin_f_and_lin_f_times_k_x_and_k_x() -> None:
    """Element by element from the formula of arXiv:2210.09745, whose Gaussian process has these three parts."""
    (X, y), (new, _) = make(20), make(5, seed=1)
    model = AffineGaussianProcess().fit(X, y)
    p, covariance = model.hyperparameters, model._fitted.covariance
    assert [term.kind for term in covariance.terms] == ["minmax", "matern52", "linear", "linear"]
    assert [term.kind for term in covariance.products] == ["minmax", "matern52"]

    def k(A: dict[str, BlockValues], B: dict[str, BlockValues]) -> np.ndarray:
        z = {name: [g.encode(part[name].values) for part in (A, B)] for name, g in covariance.geometries.items()}
        mean_square = {name: g.mean_square for name, g in covariance.geometries.items()}
        linear = {name: a @ b.T / mean_square[name] for name, (a, b) in z.items()}
        smaller = np.minimum(A["ecfp"].values[:, None], B["ecfp"].values[None]).sum(axis=2)
        larger = np.maximum(A["ecfp"].values[:, None], B["ecfp"].values[None]).sum(axis=2)
        overlap = smaller / np.maximum(larger, 1)
        square = ((z["x"][0][:, None] - z["x"][1][None]) ** 2).sum(axis=2) / covariance.geometries["x"].median_square

        def matern(length: float) -> np.ndarray:
            r = np.sqrt(5 * square) / length
            return (1 + r + r**2 / 3) * np.exp(-r)

        v, f = p.variances, linear[SOURCE_BLOCK]
        plain = v[0] * overlap + v[1] * matern(p.length_scales[1][0]) + v[2] * linear["x"]
        return 1 + plain + v[3] * f + f * (v[4] * overlap + v[5] * matern(p.length_scales[5][0]))

    noisy = k(X, X) + np.eye(20) * p.noise
    z = (y - y.mean()) / y.std()
    mean = y.mean() + y.std() * k(new, X) @ np.linalg.solve(noisy, z)
    variance = y.std() ** 2 * np.diag(k(new, new) - k(new, X) @ np.linalg.solve(noisy, k(X, new)))
    found = model.predict(new)
    np.testing.assert_allclose(found.mean, mean, rtol=1e-8)
    np.testing.assert_allclose(found.std, np.sqrt(variance), rtol=1e-6)


def test_sources_that_matter_are_used_and_lower_the_error() -> None:
    (X, y), (new, truth) = make(30), make(200, seed=1)
    model = TransferGaussianProcess().fit(X, y)
    direct = GaussianProcess().fit({name: X[name] for name in ("x", "ecfp")}, y)
    errors = [np.abs(one.predict(new).mean - truth).mean() for one in (model, direct)]
    assert model.uses_sources and model.gain > 2
    assert errors[0] < 0.5 * errors[1]


def test_sources_whose_rows_are_mixed_up_are_not_used_and_nothing_is_lost() -> None:
    X, y = make(30)
    new, _ = make(50, seed=1)
    model = TransferGaussianProcess().fit(shuffled(X), y)
    direct = GaussianProcess().fit({name: X[name] for name in ("x", "ecfp")}, y)
    assert not model.uses_sources
    np.testing.assert_array_equal(model.predict(new).mean, direct.predict(new).mean)


def test_what_it_has_also_seen_moves_the_prediction_there() -> None:
    X, y = make(30)
    model = TransferGaussianProcess().fit(X, y)
    new, _ = make(3, seed=2)
    after = model.condition(new, model.predict(new).mean + 5.0)
    assert after.uses_sources
    assert (after.predict(new).mean > model.predict(new).mean + 1.0).all()
    assert (after.predict(new).std < model.predict(new).std).all()


def test_a_gain_that_rests_on_copies_of_one_row_is_none() -> None:
    X, y = make(4)
    rows = np.repeat(np.arange(4), 8)
    assert not TransferGaussianProcess().fit(take(X, rows), y[rows]).uses_sources


def test_a_constant_difference_between_laboratories_is_learnt_from_five_labels() -> None:
    X, _ = make(40)
    truth = np.sin(3 * X["x"].values[:, 0])
    X = {"x": X["x"], SOURCE_BLOCK: BlockValues(truth[:, None], "physical")}
    model = DifferenceModel().fit(take(X, slice(0, 5)), truth[:5] + 0.4)
    np.testing.assert_allclose(model.predict(X).mean, truth + 0.4, atol=0.02)
    assert model.joint(take(X, slice(0, 3)))[1].shape == (3, 3)


def test_a_library_is_kept_whole_and_refused_where_it_is_another_one(library: SourceLibrary, tmp_path: Path) -> None:
    X = featurize(["*CC(*)c1ccccc1", "*CCO*"], library.blocks, time_limit=None, memory_limit=None).described()
    again = SourceLibrary.load(library.save(tmp_path / "sources"))
    assert again.names == ("refractive_index", "glass_transition_temperature") and again.digest == library.digest
    np.testing.assert_allclose(again.predictions(X).values, library.predictions(X).values, rtol=1e-9)
    # That of polystyrene, 1.592, is in the table that was learnt from.
    assert again.model("refractive_index").mean(X)[0] == pytest.approx(1.592, abs=0.03)
    with pytest.raises(InvalidInputError, match="digest"):
        TransferGaussianProcess(tmp_path / "sources", digest="0" * 64)
    index = json.loads((tmp_path / "sources" / "library.json").read_text())
    (tmp_path / "sources" / "library.json").write_text(json.dumps({**index, "digest": "0"}))
    with pytest.raises(InvalidInputError, match="damaged"):
        SourceLibrary.load(tmp_path / "sources")


def test_subjects_of_a_test_are_left_out_however_they_are_written(few: Path, library: SourceLibrary) -> None:
    without = SourceLibrary.from_table(few, ["refractive_index"], without=["*C(c1ccccc1)C*"], blocks=("backbone",))
    assert len(library.subjects - without.subjects) == 1


def test_a_store_gives_a_source_for_each_property_and_protocol(tmp_path: Path) -> None:
    table = read_training(KNOWN, "refractive_index")
    texts = dict(zip(table.texts, table.values, strict=True))
    with Store(f"sqlite:///{tmp_path / 'store.sqlite'}") as store:
        subjects = featurize(list(texts)[:14], ("backbone",), time_limit=None, memory_limit=None).polymers
        for protocol, shift in (("experiment/index@1", 0.0), ("experiment/other@1", 0.1)):
            for text, value in zip(subjects, texts.values(), strict=False):
                request = Request(parse_subject("polymer", text), protocol)
                store.add([Record.of_value(request, "refractive_index", float(value) + shift)])
        hot = Request(
            parse_subject("polymer", subjects[0]), "experiment/hot@1", conditions=Conditions(temperature=400.0)
        )
        store.add([Record.of_value(hot, "refractive_index", 1.4)])
        library = SourceLibrary.from_store(store, blocks=("backbone",))
    assert library.names == ("refractive_index by experiment/index@1", "refractive_index by experiment/other@1")
    assert {card.unit for card in library.cards.values()} == {"1"}


def test_a_study_tells_where_transfer_pays_and_that_shuffled_sources_do_no_harm() -> None:
    X, y = make(30)
    found = study_transfer(X, y, rng=np.random.default_rng(0), same=y + 0.5, folds=3)
    errors = found.mean_absolute_error
    assert errors["transfer"] < 0.7 * errors["direct"]
    assert errors["difference"] < 0.1
    assert errors["shuffled"] < 1.3 * errors["direct"]
    assert json.loads(json.dumps(found.to_dict()))["uses_sources"] is True


def test_the_commands_train_sources_and_compare(few: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "sources")
    sources = ["--csv", str(few), "--source", "refractive_index", "--block", "backbone"]
    assert main(["model", "study", "sources", *sources, "-o", folder]) == 0
    assert "digest" in capsys.readouterr().err
    target = ["--csv", str(few), "--folds", "2", "--target", "glass_transition_temperature", "--sources", folder]
    assert main(["model", "study", "transfer", *target, "--json"]) == 0
    captured = capsys.readouterr()
    told = json.loads(captured.out)
    assert set(told["held_out"]) == {"direct", "affine", "transfer", "shuffled"}
    assert told["known_to_sources"] > 20 and "known to a source too" in captured.err
    assert main(["model", "study", "sources", "-o", folder]) == 1


def test_a_campaign_without_a_library_is_refused_before_anything_is_evaluated(campaign_file) -> None:
    with pytest.raises(PolyloopError, match="source models"):
        read_campaign_file(campaign_file(surrogate="transfer"))
    with pytest.raises(InvalidInputError, match="source models"):
        make_surrogate("transfer").fit({"x": make(8)[0]["x"]}, make(8)[1])


@pytest.mark.slow
def test_a_campaign_learns_with_a_library(campaign_file, library: SourceLibrary, tmp_path: Path) -> None:
    folder = library.save(tmp_path / "sources")
    name = f'transfer"\nsources = "{folder}"\ndigest = "{library.digest}'
    file = campaign_file(surrogate=name, cycles=1)
    file.write_text(file.read_text().replace('blocks = ["ecfp"]', 'blocks = ["ecfp", "backbone"]'))
    status = Campaign.from_file(file, tmp_path / "run").run()
    assert status.reason == "cycles" and status.evaluations == 10
