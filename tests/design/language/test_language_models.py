"""Language models write valid new units, say how probable a unit is, and are kept without loss."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from polyloop.app.cli.main import main
from polyloop.chem import Polymer
from polyloop.chem.library import homopolymers
from polyloop.core import InvalidInputError
from polyloop.design.language import (
    DescriptorSpace,
    Drawing,
    NgramGenerator,
    RecurrentGenerator,
    RepeatUnitGenerator,
    frechet_distance,
    judge_samples,
    load_language,
    save_language,
)
from polyloop.design.language.length_prior import length_prior
from polyloop.design.language.training_text import read_training_text

UNITS = [row.smiles for row in homopolymers()][::4]


@pytest.fixture(scope="module")
def ngram() -> NgramGenerator:
    return NgramGenerator.train(UNITS, lengths=False)


@pytest.fixture(scope="module")
def recurrent() -> RecurrentGenerator:
    return RecurrentGenerator.train(UNITS, lengths=False, epochs=1, width=16)


@pytest.mark.parametrize("name", ["ngram", "recurrent"])
def test_what_is_drawn_is_a_repeat_unit_and_the_same_for_a_seed(name: str, request: pytest.FixtureRequest) -> None:
    model = request.getfixturevalue(name)
    assert isinstance(model, RepeatUnitGenerator)
    drawn = model.sample(30, rng=np.random.default_rng(3))
    assert drawn == model.sample(30, rng=np.random.default_rng(3))
    for text in drawn:
        assert Chem.MolFromSmiles(text) is not None and text.count("*") == 2


def test_what_was_drawn_is_judged_by_polymers_and_not_by_spellings() -> None:
    quality, different = judge_samples(["*CC*", "*C*", "*CCO*", "*CC", "*CC(C)*"], ["*C*"])
    assert different == ["*C*", Polymer("*CCO*").canonical, Polymer("*CC(C)*").canonical]
    assert (quality.n, quality.valid, quality.unique, quality.novel) == (5, 0.8, 0.75, pytest.approx(2 / 3))


@pytest.mark.parametrize("name", ["ngram", "recurrent"])
def test_a_kept_model_draws_the_same(name: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    model = request.getfixturevalue(name)
    save_language(model, tmp_path)
    kept = load_language(tmp_path)
    assert kept.sample(10, rng=np.random.default_rng(0)) == model.sample(10, rng=np.random.default_rng(0))
    assert kept.card == model.card
    assert kept.log_probability("*CC(*)C") == pytest.approx(model.log_probability("*CC(*)C"))
    assert kept.knows(Polymer(UNITS[0]).canonical) and not kept.knows("*C(F)(Br)CCCCNNNC*")


def test_probabilities_of_all_short_units_and_what_is_longer_sum_to_one(ngram: NgramGenerator) -> None:
    """Summed over every text of up to three tokens, with what is left to longer ones."""
    ended = longer = 0.0
    stack: list[tuple[list[int], float]] = [([], 1.0)]
    while stack:
        tokens, probability = stack.pop()
        unit = ngram.grammar.start()
        for number in tokens:
            unit.push(number)
        if unit.finished:
            found = ngram.log_probabilities(tokens)[0]
            assert np.exp(found) == pytest.approx(probability)
            ended += probability
        elif len(tokens) == 3:
            longer += probability
        else:
            weights = ngram.weights(unit, 0) * ngram.grammar.allowed(unit)
            shares = weights / weights.sum()
            stack += [([*tokens, int(n)], probability * shares[n]) for n in np.flatnonzero(shares > 0)]
    assert ended > 0.0 and ended + longer == pytest.approx(1.0)


def test_units_that_taught_are_more_probable_than_strange_ones(ngram: NgramGenerator) -> None:
    assert ngram.log_probability("*CC(*)c1ccccc1") > ngram.log_probability("*OC(*)C1=CC=CC1") + 5.0


def test_a_class_is_written_in_its_way(ngram: NgramGenerator) -> None:
    drawing = Drawing(ngram, known=True)
    assert {p.polymer_class for p in drawing.polymers(8, rng=np.random.default_rng(0), polymer_class="polyesters")} == {
        "polyesters"
    }
    shares = []
    for name in ("polyesters", None):
        drawn = ngram.sample(150, rng=np.random.default_rng(1), polymer_class=name)
        shares.append(np.mean([Polymer(text).polymer_class == "polyesters" for text in drawn]))
    assert shares[0] > 2 * shares[1]
    with pytest.raises(InvalidInputError, match="No unit of the class"):
        ngram.sample(1, rng=np.random.default_rng(0), polymer_class="polyester")


def test_what_is_generated_is_different_and_new(ngram: NgramGenerator) -> None:
    drawing = Drawing(ngram, exclude=("*CC*",))
    found = [polymer.canonical for polymer in drawing.polymers(40, rng=np.random.default_rng(0))]
    assert len(set(found)) == 40
    assert not {Polymer(text).canonical for text in UNITS} & set(found)
    assert drawing.drawn >= 40 + drawing.repeated + drawing.taught and drawing.invalid == 0


def test_a_model_that_has_said_everything_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    from polyloop.design.language import generation

    monkeypatch.setattr(generation, "_MOST_IN_VAIN", 200)
    model = NgramGenerator.train(["*CC(C)*", "*CCO*"], temperature=0.1, lengths=False)
    with pytest.raises(InvalidInputError, match="nothing new"):
        list(Drawing(model).polymers(100_000, rng=np.random.default_rng(0)))


def test_a_proposal_is_a_neighbour(ngram: NgramGenerator) -> None:
    rng = np.random.default_rng(0)
    unit = "*OCCCCCCCCCCCCCCCCOC(=O)c1ccc(cc1)C(*)=O"
    found = [ngram.propose(unit, rng=rng) for _ in range(30)]
    assert all(Polymer(text).canonical for text in found)
    assert sum(text.count("CCCCCC") > 0 for text in found) > 10
    assert len({Polymer(text).canonical for text in found} - {Polymer(unit).canonical}) > 15


def test_the_prior_on_length_brings_lengths_nearer(ngram: NgramGenerator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("polyloop.design.language.length_prior._DRAWS", 300)
    wanted = np.mean([len(tokens) for tokens in _tokens(ngram, UNITS)])
    prior = length_prior(ngram, read_training_text(UNITS), np.random.default_rng(0))
    free = np.mean([len(tokens) for tokens in _tokens(ngram, ngram.sample(100, rng=np.random.default_rng(0)))])
    shorter = replace(ngram, acceptance=tuple(0.98**n for n in range(400)))
    held = np.mean([len(tokens) for tokens in _tokens(ngram, shorter.sample(100, rng=np.random.default_rng(0)))])
    assert held < free
    assert 0.0 < min(prior.acceptance) <= max(prior.acceptance) == 1.0
    drawn = prior.sample(100, rng=np.random.default_rng(1))
    assert abs(np.mean([len(tokens) for tokens in _tokens(ngram, drawn)]) - wanted) < 0.3 * wanted


def _tokens(model: NgramGenerator, units: list[str]) -> list[list[int]]:
    from polyloop.design.language.reading import tokens_of, unit_graph

    return [tokens_of(unit_graph(text)) for text in units]


def test_the_distance_of_gaussians_is_that_of_the_formula() -> None:
    # Means 3 apart and deviations 1 and 2 in each of two dimensions: 9 + 2 (1 - 2)^2 = 11 (Dowson & Landau 1982).
    rng = np.random.default_rng(0)
    first = rng.normal(size=(20_000, 2))
    second = rng.normal(size=(20_000, 2)) * 2.0 + [3.0, 0.0]
    value, low, high = frechet_distance(first, second, rng=rng, resamples=20)
    assert value == pytest.approx(11.0, abs=0.4) and low < value < high


def test_other_polymers_are_further_away_than_the_same_kind() -> None:
    acrylates = [f"*CC(*)C(=O)O{'C' * i}{end}" for i in range(1, 8) for end in ("", "F", "Cl")]
    imides = [f"*CC(*)c1ccc(cc1){'C' * i}{end}" for i in range(1, 6) for end in ("", "F")]
    space = DescriptorSpace.of(acrylates, components=4)
    rng = np.random.default_rng(0)
    near, _, _ = frechet_distance(space.place(acrylates[::2]), space.place(acrylates[1::2]), rng=rng, resamples=2)
    far, _, _ = frechet_distance(space.place(acrylates[::2]), space.place(imides), rng=rng, resamples=2)
    assert far > 2 * near


def test_what_cannot_be_read_is_left_out_with_its_reason() -> None:
    model = NgramGenerator.train([*UNITS[:20], "CC", "*CC(*)C[N+](C)(C)C"], lengths=False)
    assert [text for text, _ in model.card.left_out] == ["CC", "*CC(*)C[N+](C)(C)C"]
    with pytest.raises(InvalidInputError, match="Fewer than two"):
        NgramGenerator.train(["*CC*", "*CC*"])


def test_a_damaged_model_is_refused(tmp_path: Path, ngram: NgramGenerator) -> None:
    with pytest.raises(InvalidInputError, match="holds no language model"):
        load_language(tmp_path)
    save_language(ngram, tmp_path)
    (tmp_path / "model.npz").write_bytes(b"PK broken")
    with pytest.raises(InvalidInputError, match="damaged"):
        load_language(tmp_path)
    (tmp_path / "card.json").write_text(json.dumps({"method": "none"}))
    with pytest.raises(InvalidInputError):
        load_language(tmp_path)


def test_the_commands_train_and_generate(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "units.csv"
    table.write_text("\n".join(["smiles", *UNITS[:40]]) + "\n")
    folder, out = tmp_path / "model", tmp_path / "new.csv"
    assert main(["design", "train-language", "--csv", str(table), "-o", str(folder), "--no-lengths", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n"] == 40
    words = ["design", "generate", "-n", "12", "--seed", "5", "--language", str(folder), "-o"]
    assert main([*words, str(out)]) == 0
    rows = list(csv.DictReader(out.read_text().splitlines()))
    assert len({row["smiles"] for row in rows}) == 12
    assert all(Polymer(row["smiles"]).canonical == row["smiles"] for row in rows)
    again = tmp_path / "again.csv"
    assert main([*words, str(again)]) == 0
    assert again.read_text() == out.read_text()
    assert main(["design", "train-language", "--csv", str(table), "-o", str(folder), "--model", "markov"]) == 1
