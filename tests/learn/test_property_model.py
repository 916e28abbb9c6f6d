"""A model of one property: trained from a table, kept without pickle, honest about rows, range and domain."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from tests.surrogates import COLUMN_SURROGATES, quick_options

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.learn.calibration import Prediction
from polyloop.learn.intervals import conformal_factor
from polyloop.learn.property_model import PropertyModel
from polyloop.tables.training import read_training

KNOWN = Path(__file__).parents[2] / "examples" / "known_polymers.csv"
BLOCKS = ("ecfp", "backbone", "factors")


@pytest.fixture(scope="module")
def table() -> tuple[list[str], np.ndarray]:
    training = read_training(KNOWN, "refractive_index")
    return list(training.texts)[:60], training.values[:60]


@pytest.fixture(scope="module")
def model(table: tuple[list[str], np.ndarray]) -> PropertyModel:
    return PropertyModel.train(*table, target="refractive_index", blocks=BLOCKS)


def test_the_card_says_what_was_learnt_from_what(model: PropertyModel) -> None:
    card = model.card
    assert (card.target, card.unit, card.kind, card.n) == ("refractive_index", "1", "polymer", 60)
    assert set(card.choice) == {"value", "invariant"}
    assert bool(card.invariant) == (card.choice["invariant"] < card.choice["value"])
    assert card.held_out["n"] == 60 and card.held_out["method"] == "leave-one-out"
    assert 0.5 < card.factor < 4.0
    json.dumps(card.to_dict(), allow_nan=False)


def test_an_element_or_a_charge_that_no_known_polymer_has_is_outside_the_domain(model: PropertyModel) -> None:
    """Blocks of quantities may call such a polymer near: they know of no element, and not of every charge."""
    silicon, ion, both, known = model.predict(["*[Si](C)(C)O*", "*CC(*)C(=O)[O-]", "*CC(*)[N+]([Ge])(C)C", "*CC(*)Cl"])
    assert silicon.reasons[-1] == "has what no known one has: Si" and not silicon.in_domain
    assert ion.reasons[-1] == "has what no known one has: a net charge" and not ion.in_domain
    assert both.mean is None or both.reasons[-1] == "has what no known one has: Ge, a net charge"
    assert not any(reason.startswith("has what") for reason in known.reasons)


def test_a_kept_model_predicts_the_same(model: PropertyModel, tmp_path: Path) -> None:
    asked = ["*CC(*)c1ccccc1", "*CC(*)Cl", "*c1ccc(*)s1"]
    again = PropertyModel.load(model.save(tmp_path / "kept"))
    assert again.card == model.card
    for one, other in zip(model.predict(asked), again.predict(asked), strict=True):
        assert other.mean == pytest.approx(one.mean, rel=1e-9)
        assert other.low == pytest.approx(one.low, rel=1e-9) and other.in_domain == one.in_domain
    assert {path.name for path in (tmp_path / "kept").iterdir()} == {"model.json", "surrogate.npz", "training.npz"}


def test_a_folder_of_the_first_format_is_still_read(model: PropertyModel, tmp_path: Path) -> None:
    """It held the Gaussian process's hyper-parameters in model.json, and no arrays beside the training table."""
    kept = model.save(tmp_path / "kept")
    content = json.loads((kept / "model.json").read_text())
    parameters = model._model.surrogate.hyperparameters
    for later in ("surrogate", "options", "seed"):
        content["card"].pop(later)
    content.pop("surrogate")
    content |= {
        "format": 1,
        "parameters": {
            "variances": list(parameters.variances),
            "length_scales": [scale.tolist() for scale in parameters.length_scales],
            "noise": parameters.noise,
            "log_likelihood": parameters.log_likelihood,
        },
    }
    (kept / "model.json").write_text(json.dumps(content))
    (kept / "surrogate.npz").unlink()
    asked = ["*CC(*)c1ccccc1", "*CC(*)Cl"]
    for one, other in zip(model.predict(asked), PropertyModel.load(kept).predict(asked), strict=True):
        assert other.mean == pytest.approx(one.mean, rel=1e-9) and other.high == pytest.approx(one.high, rel=1e-9)


@pytest.mark.parametrize("name", COLUMN_SURROGATES)
def test_any_registered_surrogate_is_trained_kept_and_read(
    table: tuple[list[str], np.ndarray], tmp_path: Path, name: str
) -> None:
    trained = PropertyModel.train(
        *table, target="my number", blocks=("backbone",), surrogate=name, options=quick_options(name), seed=3
    )
    again = PropertyModel.load(trained.save(tmp_path / "kept"))
    assert (again.card.surrogate, again.card.seed) == (name, 3) and again.card.held_out["rmse"] < 0.1
    (one,), (other,) = trained.predict(["*CC(*)Cl"]), again.predict(["*CC(*)Cl"])
    assert (other.mean, other.low) == pytest.approx((one.mean, one.low), rel=1e-10)


def test_an_option_that_the_model_has_not_is_refused(table: tuple[list[str], np.ndarray]) -> None:
    with pytest.raises(InvalidInputError, match="no option 'tree'"):
        PropertyModel.train(*table, target="my number", surrogate="random_forest", options={"tree": 3})


def test_one_bad_row_never_ends_a_batch(model: PropertyModel) -> None:
    good, bad, other = model.predict(["*CC(*)C", "no polymer", "*CC(*)CC"])
    assert good.mean is not None and other.mean is not None and good.low < good.mean < good.high
    assert bad.mean is None and not bad.in_domain and bad.reasons


def test_the_held_out_share_inside_the_interval_is_what_was_asked_for(model: PropertyModel) -> None:
    held = model._model.surrogate.leave_one_out()
    inside = np.abs(model._model.learnt - held.mean) <= model.card.factor * held.predictive_std
    assert 0.9 <= inside.mean() <= 0.95


def test_the_factor_is_the_quantile_of_scaled_errors() -> None:
    held = Prediction(np.zeros(19), np.ones(19), np.zeros(19))
    assert conformal_factor(np.arange(1.0, 20.0), held) == 18.0, "the 18th of 19: ceil(20 x 0.9)"


def test_what_lies_far_away_or_beyond_the_range_is_flagged(model: PropertyModel) -> None:
    inside, beyond = model.predict(["*CC(*)CC", "*Sc1c(I)c(I)c(S*)c(I)c1I"])
    assert inside.in_domain and not beyond.in_domain and beyond.reasons


def test_repeats_are_averaged_and_units_do_not_matter_for_what_is_no_property() -> None:
    units = [f"*CC(*){'C' * n}" for n in range(1, 14)]
    y = np.arange(13.0)
    twice = PropertyModel.train([*units, *units], [*y, *(y + 1)], target="my number", blocks=("backbone",))
    assert twice.card.n == 13 and twice.card.unit == "" and not twice.card.invariant
    assert twice.card.low == 0.5


def test_too_few_rows_are_refused_with_the_reason() -> None:
    with pytest.raises(InvalidInputError, match="a model needs 10"):
        PropertyModel.train(["*CC*", "nonsense"], [1.0, 2.0], target="density", blocks=BLOCKS)


def test_a_folder_without_a_model_or_with_a_damaged_one_is_refused(model: PropertyModel, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no model in this folder"):
        PropertyModel.load(tmp_path)
    kept = model.save(tmp_path / "kept")
    text = (kept / "model.json").read_text()
    for other in (
        "{}",
        text.replace('"format": 2', '"format": 3'),
        text.replace('"values": [\n  1', '"values": [\n  2'),
    ):
        assert other != text
        (kept / "model.json").write_text(other)
        with pytest.raises(InvalidInputError, match="damaged"):
            PropertyModel.load(kept)
    (kept / "model.json").write_text(text)
    PropertyModel.load(kept)
    (kept / "training.npz").unlink()
    with pytest.raises(InvalidInputError, match="damaged"):
        PropertyModel.load(kept)


def test_a_model_of_an_invariant_that_is_not_known_here_is_refused(model: PropertyModel, tmp_path: Path) -> None:
    assert model.card.invariant
    kept = model.save(tmp_path / "kept")
    text = (kept / "model.json").read_text()
    (kept / "model.json").write_text(text.replace(model.card.invariant, "another fraction"))
    with pytest.raises(InvalidInputError, match="learnt the another fraction of refractive_index"):
        PropertyModel.load(kept)


def test_an_invariant_that_cannot_be_learnt_is_refused_when_demanded(table: tuple[list[str], np.ndarray]) -> None:
    texts, values = table
    with pytest.raises(InvalidInputError, match="no property that has an invariant"):
        PropertyModel.train(texts, values, target="my number", blocks=BLOCKS, invariant=True)
    with pytest.raises(InvalidInputError, match="the least is -1"):
        PropertyModel.train(texts, [-1.0, *values[1:]], target="refractive_index", blocks=BLOCKS, invariant=True)


def test_values_are_read_in_the_unit_that_the_header_states(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("smiles,density [kg/m3],density_std [kg/m3]\n*CC*,855,10\n*CC(*)C,,\n*CCO*,x,\n")
    training = read_training(tmp_path / "t.csv", "density")
    assert training.values.tolist() == [0.855] and training.variances[0] == pytest.approx(1e-4)
    assert [line for line, _ in training.left_out] == [3, 4]
    with pytest.raises(InvalidInputError, match=r"no column 'densit'.*density"):
        read_training(tmp_path / "t.csv", "densit")


def test_the_command_line_trains_and_predicts_in_the_order_of_the_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = str(tmp_path / "model")
    arguments = ["--csv", str(KNOWN), "--target", "refractive_index", "--block", "ecfp", "--block", "factors"]
    assert main(["model", "train", *arguments, "-o", folder]) == 0
    assert "refractive_index: 122 polymers" in capsys.readouterr().out
    asked = ["*CC(*)C", "nonsense", "*CC(*)c1ccccc1"]
    with (tmp_path / "asked.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows([["unit"], *([unit] for unit in asked)])
    given = ["--csv", str(tmp_path / "asked.csv"), "--smiles-column", "unit"]
    assert main(["model", "predict", folder, *given, "--json", "-o", str(tmp_path / "out.csv")]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["smiles"] for row in rows] == asked
    assert {"smiles", "mean", "std", "low", "high", "in_domain"} <= set(rows[0])
    assert rows[1]["mean"] is None and rows[2]["mean"] == pytest.approx(1.59, abs=0.05)
    assert len((tmp_path / "out.csv").read_text().splitlines()) == 4
    assert main(["model", "card", folder, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 122
    assert main(["model", "predict", str(tmp_path), *given]) == 1


def test_the_command_line_trains_any_model_with_its_options(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["model", "train", "--csv", str(KNOWN), "--target", "refractive_index", "--block", "backbone"]
    folder = ["-o", str(tmp_path / "model"), "--no-invariant"]
    given = ["--model", "ensemble", "--option", "members=8", "--seed", "2"]
    assert main([*arguments, *folder, *given]) == 0
    out = capsys.readouterr().out
    assert "model: ensemble (members = 8)" in out and "left out in fifths" in out
    for wrong, message in (
        (["--model", "ensemble", "--option", "members=1"], "not between 2 and 1000"),
        (["--option", "members"], "not KEY=VALUE"),
        (["--model", "ensembl"], "Did you mean 'ensemble'"),
    ):
        assert main([*arguments, *folder, *wrong]) != 0
        assert message in " ".join(capsys.readouterr().err.split())


def test_the_card_says_where_values_look_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    training = read_training(KNOWN, "refractive_index")
    lowest = np.argsort(training.values)[: len(training.values) // 3]
    model = PropertyModel.train(
        [training.texts[row] for row in lowest], training.values[lowest], target="an index", blocks=("ecfp", "backbone")
    )
    assert model.card.chosen[0] < 0.5 < model.card.chosen[1]
    model.save(tmp_path / "model")
    assert main(["model", "card", str(tmp_path / "model")]) == 0
    assert "look chosen by their size at the highest: what may lie beyond is flagged" in capsys.readouterr().out
    (asked,) = PropertyModel.load(tmp_path / "model").predict(["*c1ccc(*)s1"])
    assert not asked.in_domain
