"""Numbers that a table tells besides structure: as descriptors, and as what an invariant is made of."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.design.inverse.predictors import ModelPredictor
from polyloop.design.library.screeners import ModelScreener
from polyloop.evaluation.models import ModelEvaluator
from polyloop.features import featurize
from polyloop.learn.known_numbers import KNOWN_FACTORS, KnownNumbers
from polyloop.learn.property_model import PropertyModel
from polyloop.learn.transfer import SourceLibrary
from polyloop.tables.training import read_training

KNOWN = Path(__file__).parents[2] / "examples" / "known_polymers.csv"
BLOCKS = ("ecfp", "backbone", "factors")
ASKED = ["*CC(*)c1ccccc1", "*CC*", "*c1ccc(*)s1"]


@pytest.fixture(scope="module")
def table() -> tuple[list[str], np.ndarray]:
    training = read_training(KNOWN, "refractive_index")
    return list(training.texts)[:60], training.values[:60]


@pytest.fixture(scope="module")
def refraction(table: tuple[list[str], np.ndarray]) -> np.ndarray:
    """By contributions, of the units as they are written: what the model takes anyhow."""
    return _refraction(table[0])


def _refraction(texts: list[str]) -> np.ndarray:
    from rdkit import Chem

    canonical = featurize(texts, ("factors",))
    written = np.array([Chem.MolFromSmiles(text).GetNumHeavyAtoms() for text in texts])
    chain = np.array([Chem.MolFromSmiles(text).GetNumHeavyAtoms() for text in canonical.polymers])
    return canonical.blocks["factors"][:, 3] * written / chain


def test_the_refraction_by_contributions_told_as_known_changes_nothing(
    table: tuple[list[str], np.ndarray], refraction: np.ndarray
) -> None:
    """Also of *CC*, whose chain has a unit of one carbon: told is what two of these have."""
    texts = [*table[0], *ASKED]
    alpha = np.concatenate([refraction, _refraction(ASKED)]) / KNOWN_FACTORS["static_polarizability"]
    described = featurize(texts, BLOCKS)
    told = KnownNumbers(factors={"static_polarizability": alpha}).beside(described, texts, "polymer")
    assert described.polymers[-2] == "*C*"
    np.testing.assert_allclose(told.blocks["factors"], described.blocks["factors"], rtol=1e-12)
    assert told.failures == described.failures


def test_a_known_polarizability_carries_the_index_beyond_what_contributions_say(
    table: tuple[list[str], np.ndarray], refraction: np.ndarray, tmp_path: Path
) -> None:
    """A higher refraction means a higher index by the Lorentz-Lorenz equation, as long as it is inside the range."""
    model = PropertyModel.train(
        *table, target="refractive_index", blocks=BLOCKS, invariant=True,
        known=KnownNumbers(factors={"molar_refraction": refraction}),
    )  # fmt: skip
    again = PropertyModel.load(model.save(tmp_path / "kept"))
    assert again.card.factors == ("molar_refraction",) and again.card == model.card
    asked = _refraction(ASKED[:1])
    (one,) = again.predict(ASKED[:1], known=KnownNumbers(factors={"molar_refraction": asked}))
    (more,) = again.predict(ASKED[:1], known=KnownNumbers(factors={"molar_refraction": 1.03 * asked}))
    ratio = [(said.mean**2 - 1) / (said.mean**2 + 2) for said in (one, more) if said.mean]
    assert ratio[1] == pytest.approx(1.03 * ratio[0], rel=5e-3)


def test_a_column_that_is_the_answer_in_other_words_is_learnt_from(table: tuple[list[str], np.ndarray]) -> None:
    texts, values = table
    known = KnownNumbers(columns={"reflectance": ((values - 1) / (values + 1)) ** 2})
    plain = PropertyModel.train(texts, values, target="n", blocks=BLOCKS)
    told = PropertyModel.train(texts, values, target="n", blocks=BLOCKS, known=known)
    assert told.card.held_out["rmse"] < plain.card.held_out["rmse"] / 3
    assert told.card.columns == ("reflectance",)


def test_a_row_without_its_number_fails_alone(table: tuple[list[str], np.ndarray], tmp_path: Path) -> None:
    texts, values = table
    column = values.copy()
    column[3] = np.nan
    model = PropertyModel.train(texts, values, target="n", blocks=BLOCKS, known=KnownNumbers({"twin": column}))
    assert model.card.n == 59 and model.card.left_out == ((texts[3], "no number for twin"),)
    again = PropertyModel.load(model.save(tmp_path / "kept"))
    one, other = again.predict(ASKED[:2], known=KnownNumbers({"twin": np.array([np.nan, 1.5])}))
    assert one.mean is None and one.reasons == ("no number for twin",)
    assert other.mean is not None


@pytest.mark.parametrize(
    ("columns", "factors", "words"),
    [
        ((), ("density",), "No invariant takes a known density"),
        ((), ("molar_refraction", "static_polarizability"), "say the same"),
        (("refractive_index",), (), "is what is to be learnt"),
    ],
)
def test_numbers_that_make_no_sense_are_refused(
    table: tuple[list[str], np.ndarray], columns: tuple[str, ...], factors: tuple[str, ...], words: str
) -> None:
    numbers = np.ones(60)
    with pytest.raises(InvalidInputError, match=words):
        PropertyModel.train(
            *table, target="refractive_index", blocks=BLOCKS,
            known=KnownNumbers(dict.fromkeys(columns, numbers), dict.fromkeys(factors, numbers)),
        )  # fmt: skip


def test_a_factor_that_nothing_takes_and_a_model_that_reads_no_columns_are_refused(
    table: tuple[list[str], np.ndarray],
) -> None:
    numbers = np.ones(60)
    for target, invariant in (("density", None), ("refractive_index", False)):
        with pytest.raises(InvalidInputError, match="takes no molar_refraction"):
            PropertyModel.train(
                *table, target=target, blocks=BLOCKS, invariant=invariant,
                known=KnownNumbers(factors={"molar_refraction": numbers}),
            )  # fmt: skip
    with pytest.raises(InvalidInputError, match="reads no columns"):
        PropertyModel.train(*table, target="n", surrogate="gcn", known=KnownNumbers({"twin": numbers}))
    with pytest.raises(InvalidInputError, match="60 subjects and twin of shape"):
        PropertyModel.train(*table, target="n", blocks=BLOCKS, known=KnownNumbers({"twin": np.ones(3)}))


def test_whoever_has_structures_alone_refuses_such_a_model(table: tuple[list[str], np.ndarray], tmp_path: Path) -> None:
    known = KnownNumbers({"twin": np.array(table[1])})
    model = PropertyModel.train(*table, target="refractive_index", blocks=BLOCKS, known=known)
    folder = model.save(tmp_path / "kept")
    asking = (
        lambda: model.predict(ASKED),
        lambda: ModelScreener((model,)),
        lambda: ModelPredictor(folder).model,
        lambda: ModelEvaluator.of_folder(folder, "refractive_index", "polymer"),
        lambda: SourceLibrary({"one": model}),
    )
    for ask in asking:
        with pytest.raises(InvalidInputError, match="takes twin of each polymer"):
            ask()


def test_the_commands_read_columns_by_name_and_unit(
    table: tuple[list[str], np.ndarray], refraction: np.ndarray, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bohr3 in the header are converted, and `predict` reads what the model was taught with."""
    source, folder = tmp_path / "table.csv", tmp_path / "model"
    alpha = refraction / KNOWN_FACTORS["static_polarizability"] / 0.529177210903**3
    with source.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("smiles", "refractive_index", "alpha [bohr3]", "twin"))
        writer.writerows(zip(*table, alpha, table[1], strict=False))
    words = ["--csv", str(source), "--factor", "static_polarizability=alpha"]
    told = ["--target", "refractive_index", "--block", "ecfp", "--block", "factors", "--column", "twin"]
    assert main(["model", "train", *words, *told, "--invariant", "-o", str(folder)]) == 0
    assert "takes from the table, too: twin, static_polarizability" in capsys.readouterr().out
    assert main(["model", "predict", str(folder), *words, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert np.sqrt(np.mean([(row["mean"] - n) ** 2 for row, n in zip(said, table[1], strict=False)])) < 0.02
    assert main(["model", "predict", str(folder), "--csv", str(source)]) == 1
    assert "static_polarizability" in capsys.readouterr().err
    assert main(["model", "train", *words, *told[:2], "--column", "twins", "-o", str(folder)]) == 1
    assert "twin" in capsys.readouterr().err
    lines = source.read_text().splitlines()
    source.write_text("\n".join([*lines[:6], lines[6].rpartition(",")[0] + ",much", *lines[7:]]) + "\n")
    assert main(["model", "predict", str(folder), *words, "--json"]) == 0
    spoilt = json.loads(capsys.readouterr().out)
    assert spoilt[5]["mean"] is None and spoilt[5]["reasons"] == ["no number for twin"]
    assert sum(row["mean"] is not None for row in spoilt) == len(said) - 1
    assert main(["model", "train", *words, *told[:2], "--column", "refractive_index", "-o", str(folder)]) == 1
    assert "is what is to be learnt" in capsys.readouterr().err
