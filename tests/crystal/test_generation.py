"""Compositions for a wish: what is asked for is held, energies are followed, and nothing repeats."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.generation import (
    AdversarialGenerator,
    CompositionWish,
    ConditionalGenerator,
    MutationGenerator,
    distinct_proposals,
)
from polyloop.crystal.generation.adversarial import whole_amounts
from polyloop.crystal.generation.sequences import ORDER, composition_of, sequences

pytest.importorskip("mendeleev", reason="needs the extra crystal")

CATIONS, ANIONS = ("Li", "Na", "K", "Mg", "Ca", "Sr", "Ba", "Al", "Sc", "Y"), ("O", "S", "F", "Cl")


@pytest.fixture(scope="module")
def known() -> tuple[list[Composition], np.ndarray, np.ndarray]:
    """Return binary compounds whose energy says which anion they hold: fluorides -4, oxides -3, the others -1."""
    compositions = [Composition(f"{a}{n}{b}{m}") for a in CATIONS for b in ANIONS for n in (1, 2) for m in (1, 2, 3)]
    compositions = list(dict.fromkeys(compositions))
    level = {"F": -4.0, "O": -3.0, "S": -1.0, "Cl": -1.0}
    energies = np.array([level[composition.elements[-1]] for composition in compositions])
    return compositions, energies, np.ones(len(compositions), dtype=int)


@pytest.fixture(scope="module")
def generator(known: tuple[list[Composition], np.ndarray, np.ndarray]) -> ConditionalGenerator:
    return ConditionalGenerator.train(*known, epochs=40, width=48)


def test_the_generator_follows_the_wanted_energy(generator: ConditionalGenerator) -> None:
    for energy, anion in ((-4.0, "F"), (-3.0, "O")):
        proposed = generator.propose(CompositionWish(energy), 200, np.random.default_rng(0))
        # Of the known ones a quarter hold it.
        assert np.mean([anion in composition.elements for composition in proposed]) > 0.5


@given(
    include=st.sets(st.sampled_from(("Li", "O", "Ba", "Cl")), max_size=2),
    avoid=st.sets(st.sampled_from(("F", "K", "Mg")), max_size=2),
    sizes=st.tuples(st.integers(1, 4), st.integers(0, 4)),
    seed=st.integers(0, 9),
)
@settings(max_examples=25, deadline=None)
def test_every_proposal_holds_what_was_asked(
    generator: ConditionalGenerator, include: set[str], avoid: set[str], sizes: tuple[int, int], seed: int
) -> None:
    least, most = sizes[0], min(sizes[0] + sizes[1], 8)
    if most < len(include):
        return
    wish = CompositionWish(-2.0, tuple(include), tuple(avoid), elements=(least, most))
    assert all(wish.admits(one) for one in generator.propose(wish, 20, np.random.default_rng(seed)))


def test_only_allowed_elements_occur(generator: ConditionalGenerator) -> None:
    wish = CompositionWish(None, include=("O",), allowed=("Li", "Al", "O"))
    proposed = generator.propose(wish, 50, np.random.default_rng(1))
    assert all({"O"} <= set(one.elements) <= {"Li", "Al", "O"} for one in proposed)


def test_an_element_that_the_generator_has_never_seen_is_named(generator: ConditionalGenerator) -> None:
    with pytest.raises(InvalidInputError, match="no compound of H"):
        generator.propose(CompositionWish(include=("H",)), 5, np.random.default_rng(0))
    with pytest.raises(InvalidInputError, match="too few"):
        generator.propose(CompositionWish(allowed=("H", "He", "Li")), 5, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("wish", "words"),
    [
        ({"include": ("Xx",)}, "no element 'Xx'"),
        ({"include": ("Li",), "avoid": ("Li",)}, "to be avoided"),
        ({"include": ("Li",), "allowed": ("O",)}, "not among the allowed"),
        ({"elements": (4, 2)}, "no range"),
        ({"include": ("Li", "O", "P"), "elements": (1, 2)}, "are to be held"),
        ({"allowed": ("Li",), "elements": (2, 3)}, "fewer are allowed"),
        ({"formation_energy": 300.0}, "No compound"),
    ],
)
def test_an_impossible_wish_is_refused(wish: dict[str, object], words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        CompositionWish(**wish)  # type: ignore[arg-type]


def test_a_generator_is_kept_and_proposes_the_same(generator: ConditionalGenerator, tmp_path: Path) -> None:
    generator.write(tmp_path / "generator.npz")
    again = ConditionalGenerator.read(tmp_path / "generator.npz")
    wish = CompositionWish(-3.0)
    # Half precision may turn a draw that was close.
    one, other = (made.propose(wish, 50, np.random.default_rng(0)) for made in (generator, again))
    assert sum(a == b for a, b in zip(one, other, strict=True)) > 45
    assert again.known_count == generator.known_count


def test_it_knows_what_taught_it(
    generator: ConditionalGenerator, known: tuple[list[Composition], np.ndarray, np.ndarray]
) -> None:
    assert all(generator.knows(composition) for composition in known[0])
    assert not generator.knows(Composition("Fe7Pd3O11"))


def test_proposals_are_distinct_and_the_refused_are_not_among_them(generator: ConditionalGenerator) -> None:
    found = distinct_proposals(generator, CompositionWish(-3.0), 60, np.random.default_rng(0), refused=generator.knows)
    compositions = [one.composition for one in found]
    assert len(compositions) == len(set(compositions)) > 20
    assert not any(generator.knows(composition) for composition in compositions)


def test_a_mutation_changes_one_element_or_one_amount(
    known: tuple[list[Composition], np.ndarray, np.ndarray],
) -> None:
    taught = MutationGenerator(*known)
    for one in taught.propose(CompositionWish(-3.0), 50, np.random.default_rng(0)):
        nearest = min(
            sum(one.amounts.get(symbol, 0) != other.amounts.get(symbol, 0) for symbol in {*one.amounts, *other.amounts})
            for other in known[0]
        )
        # A reduced formula may differ in all its amounts.
        assert nearest <= 2
    with pytest.raises(InvalidInputError, match="One change"):
        taught.propose(CompositionWish(-3.0, include=("Pt", "Ir")), 5, np.random.default_rng(0))


def test_fractions_become_the_smallest_amounts_that_are_near() -> None:
    for formula in ("NaCl", "Al2O3", "LiFePO4", "Ca5P3O13H"):
        composition = Composition(formula)
        row = np.array([composition.fractions.get(symbol, 0.0) for symbol in ORDER])
        noise = 0.003 * np.random.default_rng(0).standard_normal(len(row)) * (row > 0)
        assert composition_of(whole_amounts(row + noise)) == composition


def test_sequences_and_compositions_are_the_same_thing() -> None:
    compositions = [Composition("LiFePO4"), Composition("NaCl")]
    places, amounts = sequences(compositions)
    for composition, place, amount in zip(compositions, places, amounts, strict=True):
        row = np.zeros(len(ORDER), dtype=np.int64)
        row[place[place >= 0]] = amount[place >= 0]
        assert composition_of(row) == composition


def test_the_adversarial_generator_proposes_compositions(
    known: tuple[list[Composition], np.ndarray, np.ndarray],
) -> None:
    compositions = known[0] * 2
    made = AdversarialGenerator.train(compositions, np.tile(known[1], 2), epochs=2)
    taught = {symbol for composition in compositions for symbol in composition.elements}
    for one in made.propose(CompositionWish(-3.0, elements=(1, 8)), 5, np.random.default_rng(0)):
        assert set(one.elements) <= taught
    with pytest.raises(InvalidInputError, match="wanted formation energy"):
        made.propose(CompositionWish(), 5, np.random.default_rng(0))


def test_the_command_proposes_new_compositions_near_the_wanted_energy(capsys: pytest.CaptureFixture[str]) -> None:
    command = ["crystal", "generate", "--formation-energy", "-3", "-n", "100", "--seed", "0", "--json"]
    assert main(command) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len({row["formula"] for row in rows}) == 100
    assert np.mean([row["predicted_formation_energy"] for row in rows]) == pytest.approx(-3.0, abs=0.1)
    assert not any(row["known"] for row in rows)
    assert main(command) == 0
    assert json.loads(capsys.readouterr().out) == rows


def test_the_command_teaches_a_generator_from_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = tmp_path / "phases.csv"
    rows = [f"{a}{n}{b}{m},{-n - m},1" for a in CATIONS for b in ANIONS for n in (1, 2) for m in (1, 3)]
    table.write_text("\n".join(["formula,formation_energy [eV/atom],stable", *rows]))
    made = tmp_path / "generator.npz"
    assert main(["crystal", "train-generator", str(table), "-o", str(made), "--epochs", "2",
                 "--stable-column", "stable"]) == 0  # fmt: skip
    asked = ["crystal", "generate", "-n", "5", "--generator", str(made), "--known", "--unvouched", "--json"]
    capsys.readouterr()
    assert main(asked) == 0
    assert len(json.loads(capsys.readouterr().out)) == 5


def test_a_bad_row_is_named_with_its_line_and_a_row_without_energy_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "phases.csv"
    for rows, words in (
        ("NaCl,-2,1\nNaXx,-1,1", "line 3: NaXx"),
        ("NaCl,-2,1\nKCl,,1", "line 3 is left out: no value"),
        ("NaCl,-2,1\nKCl,-2,7", "7 does not say"),
    ):
        table.write_text(f"formula,formation_energy,stable\n{rows}\n")
        assert main(["crystal", "train-generator", str(table), "-o", str(tmp_path / "x.npz"), "--stable-column",
                     "stable"]) == 1  # fmt: skip
        assert words in capsys.readouterr().err


def test_a_file_that_is_no_generator_is_refused(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no arrays")
    np.savez(tmp_path / "other.npz", a=np.ones(3))
    for name in ("text.npz", "other.npz"):
        with pytest.raises(InvalidInputError, match="no generator"):
            ConditionalGenerator.read(tmp_path / name)
