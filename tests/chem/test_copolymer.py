"""A copolymer has one canonical text, whoever writes it, and never another chain's."""

from __future__ import annotations

import hashlib
import os
import pickle
import xml.dom.minidom
from dataclasses import FrozenInstanceError
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.chem.copolymer import Copolymer
from polyloop.core import KINDS, parse_subject
from polyloop.core.errors import InvalidInputError

STYRENE, MMA, ETHYLENE, ANHYDRIDE = "*CC(*)c1ccccc1", "*CC(*)(C)C(=O)OC", "*CC*", "*C1C(=O)OC(=O)C1*"
UNITS = [
    STYRENE,
    MMA,
    ETHYLENE,
    ANHYDRIDE,
    "*CC(*)C#N",
    "*OCC*",
    "*NCCCCCC(=O)*",
    "*C[C@H](C)*",
    "*C/C=C/C*",
    "*CC(*)Cl",
]

SAME = [
    ("random: 0.75 *CC(C)(C(=O)OC)* + 0.25 *CC(*)c1ccccc1", "random:25%*CC(*)c1ccccc1+75 % *CC(C)(C(=O)OC)*"),
    ("random: *CC* + *CO*", "RANDOM: 0.5 [*:1]CC[*:2] + .5 *CO*"),
    ("random: 0.3 *CC(*)Cl + 0.2 *CC(Cl)* + 0.5 *CC*", "random: 0.5 *CC* + 0.5 *CC(*)Cl"),
    ("random: 0.334 *CC* + 0.333 *CO* + 0.333 *CS*", "random: 33.3 % *CS* + 33.3 % *CO* + 33.4 % *CC*"),
    ("random: *CC(*)Cl + *CC(*)C", "random: *C(Cl)C* + *C(C)C*"),  # the whole chain read backwards
    ("alternating: *CC* + *CC(*)C", "alternating: 0.5 *CC(*)C + 0.5 *CC*"),
    ("alternating: *CC* + *CO* + *CS*", "alternating: *CO* + *CS* + *CC*"),
    ("alternating: *CC* + *CO* + *CC* + *CO*", "alternating: *CC* + *CO*"),
    ("block: 0.4 *CC* + 0.6 *CO*", "block: 0.6 *CO* + 0.4 *CC*"),
    ("block: 0.2 *CC* + 0.2 *CC* + 0.6 *CO*", "block: 0.4 *CC* + 0.6 *CO*"),
    ("blend: 0.7 *CC(*)c1ccccc1 + 0.3 *COC*", "blend: 0.3 *OCC* + 0.7 *C(C*)c1ccccc1"),
    # 28.054 and 104.152 g/mol (IUPAC atomic weights 2021): 78.779 % of ethylene by mass is 93.236 % by number.
    ("random by mass: 78.779 % *CC* + 21.221 % *CC(*)c1ccccc1", "random: 0.9324 *CC* + 0.0676 *CC(*)c1ccccc1"),
    ("blend by mass: *CC* + *CO*", "blend: *CC* + *CO*"),
    ("alternating by mass: *CC* + *CO*", "alternating: *CC* + *CO*"),
    ("blend: *CC* + *CO* with 0.1 NaCl", "blend: *CC* + *CO* WITH 10 % nacl"),
    ("*CCO* with 0.1 NaCl", "homopolymer: *OCC* with 0.1 NaCl"),
    ("*CCO* with 0.1 NaCl", "*CCOCCO* with 0.2 NaCl"),
]  # fmt: skip
DIFFERENT = [
    ("random: 0.75 *CC* + 0.25 *CO*", "random: 0.25 *CC* + 0.75 *CO*"),
    ("random: *CC* + *CO*", "alternating: *CC* + *CO*"),
    ("random: *CC* + *CO*", "block: *CC* + *CO*"),
    ("random: *CC* + *CO*", "random: *CC* + *CO* with 0.1 NaCl"),
    ("random: *CC* + *CO*", "random: *CCCC* + *CO*"),  # pairs of ethylene units stay together
    ("random: *CC* + *OCC*", "random: *CC* + *COC*"),
    ("random: *CC(*)Cl + *CC(*)C", "random: *CC(*)Cl + *C(C)C*"),  # head to head
    ("block: *CC* + *CO* + *CC*", "block: *CC* + *CO*"),
    ("alternating: *CC(*)C + *CO* + *CS*", "alternating: *CC(*)C + *CS* + *CO*"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_spellings_of_one_copolymer_give_one_text_and_key(one: str, other: str) -> None:
    first, second = Copolymer.parse(one), Copolymer.parse(other)
    assert first.canonical == second.canonical
    assert first == second and hash(first) == hash(second)
    assert first.key == second.key == hashlib.sha256(f"copolymer\n{first.canonical}".encode()).hexdigest()


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_other_chains_have_other_texts(one: str, other: str) -> None:
    assert Copolymer.parse(one) != Copolymer.parse(other)
    assert Copolymer.parse(one).key != Copolymer.parse(other).key


@pytest.mark.parametrize(("one", "other"), SAME + DIFFERENT)
def test_the_canonical_text_is_read_back_as_itself(one: str, other: str) -> None:
    for text in (one, other):
        copolymer = Copolymer.parse(text)
        assert Copolymer.parse(copolymer.canonical) == copolymer
        assert Copolymer.parse(copolymer.canonical).canonical == copolymer.canonical


def _respelled(smiles: str, seed: int) -> str:
    """The same unit with its atoms in another order, its ends told by labels."""
    polymer = Polymer(smiles)
    mol = polymer.mol
    for label, star in enumerate(polymer.stars, start=1):
        mol.GetAtomWithIdx(star).SetIsotope(label)
    return str(Chem.MolToRandomSmilesVect(mol, 1, randomSeed=seed + 1)[0])


@st.composite
def _mixtures(draw: st.DrawFn) -> tuple[str, list[str], list[int], str]:
    arrangement = draw(st.sampled_from(["random", "block", "blend"]))
    units = draw(st.lists(st.sampled_from(UNITS), min_size=2, max_size=5))
    weights = draw(st.lists(st.integers(1, 400), min_size=len(units), max_size=len(units)))
    salt = draw(st.sampled_from(["", " with 0.1 NaCl", " with 33.3333 % NaCl", " with 0.000123 NaCl"]))
    assume(len({Polymer(unit).canonical for unit in units}) > 1)
    return arrangement, units, weights, salt


@settings(max_examples=150, deadline=None)
@given(_mixtures(), st.randoms(use_true_random=False), st.integers(0, 10**6))
def test_any_mixture_survives_its_canonical_text_and_any_spelling(mixture, random, seed) -> None:
    arrangement, units, weights, salt = mixture
    total = sum(weights)
    parts = [f"{weight / total:.9f} {unit}" for weight, unit in zip(weights, units, strict=True)]
    copolymer = Copolymer.parse(f"{arrangement}: {' + '.join(parts)}{salt}")
    assert Copolymer.parse(copolymer.canonical) == copolymer
    assert sum(round(share * 10**4) for share in copolymer.fractions) == 10**4
    other = [f"{weight / total:.9f} {_respelled(unit, seed)}" for weight, unit in zip(weights, units, strict=True)]
    if arrangement == "block":
        other = other[::-1]
    else:
        random.shuffle(other)
    assert Copolymer.parse(f"{arrangement}:{'+'.join(other)}{salt}") == copolymer


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from(UNITS), min_size=2, max_size=5), st.integers(0, 4), st.integers(1, 2))
def test_an_alternating_copolymer_has_no_first_unit(units, turn, periods) -> None:
    assume(len({Polymer(unit).canonical for unit in units}) > 1)
    copolymer = Copolymer("alternating", tuple(units))
    turned = units[turn % len(units) :] + units[: turn % len(units)]
    assert Copolymer("alternating", tuple(turned * periods)) == copolymer
    assert Copolymer.parse(copolymer.canonical) == copolymer
    periodic = copolymer.periodic
    assert periodic is not None
    # The polymer of all units in one knows nothing of where it was cut either.
    assert Copolymer("alternating", tuple(turned)).periodic == periodic
    whole = sum(Polymer(unit).molar_mass for unit in copolymer.units)
    assert periodic.molar_mass == pytest.approx(whole)


def test_shares_are_normalized_and_rounded_with_the_sum_one() -> None:
    thirds = Copolymer.parse("random: 0.333 *CC* + 0.333 *CO* + 0.333 *CS*")
    assert sorted(thirds.fractions) == [0.3333, 0.3333, 0.3334]
    assert thirds == Copolymer("random", ("*CC*", "*CO*", "*CS*"))


def test_masses_follow_from_the_units() -> None:
    # C2H4 28.054 and C8H8 104.152 g/mol (IUPAC atomic weights 2021): (3 * 28.054 + 104.152) / 4 = 47.079.
    copolymer = Copolymer.parse("random: 0.75 *CC* + 0.25 *CC(*)c1ccccc1")
    assert copolymer.molar_mass == pytest.approx(47.079, abs=2e-3)
    by_unit = dict(zip(copolymer.units, copolymer.mass_fractions, strict=True))
    assert by_unit["*CC*"] == pytest.approx(0.75 * 28.054 / 47.079, abs=1e-4)
    assert by_unit["*CC(c1ccccc1)*"] == pytest.approx(0.25 * 104.152 / 47.079, abs=1e-4)


def test_a_blend_is_weighed_whatever_its_units_weigh() -> None:
    blend = Copolymer.parse("blend: 0.7 *CC(*)c1ccccc1 + 0.3 *CC(*)Cl")
    by_unit = dict(zip(blend.units, blend.mole_fractions, strict=True))
    # 62.498 g/mol of C2H3Cl: moles per gram 0.7/104.152 and 0.3/62.498.
    assert by_unit["*CC(c1ccccc1)*"] == pytest.approx(0.7 / 104.152 / (0.7 / 104.152 + 0.3 / 62.498), abs=1e-4)
    assert blend.mass_fractions == pytest.approx(blend.fractions)


def test_salt_counts_per_canonical_unit_where_units_are_made_canonical() -> None:
    one, other = (Copolymer.parse(f"blend: {pe} + *CC(*)c1ccccc1 with 0.1 NaCl") for pe in ("*C*", "*CC*"))
    # Pairs per gram are what was written: 0.1 per mean unit, whose mass in a blend is harmonic.
    assert one.salt / one.molar_mass == pytest.approx(0.1 / one.molar_mass, rel=1e-5)
    assert other.salt / other.molar_mass == pytest.approx(0.1 * (0.5 / 28.054 + 0.5 / 104.152), rel=1e-4)


def test_what_it_says_of_itself() -> None:
    copolymer = Copolymer.parse("random: 0.75 *CC(C)(C(=O)OC)* + 0.25 *CC(*)c1ccccc1 with 0.1 NaCl")
    assert copolymer.polymer_class == "polyacrylics + polystyrenes"
    assert copolymer.elements == {"C", "H", "O", "Na", "Cl"}
    assert copolymer.composition_text == (
        "random copolymer of 75 % *CC(C)(C(=O)OC)* and 25 % *CC(c1ccccc1)* by number of units "
        "with 0.1 NaCl per repeat unit"
    )
    assert copolymer.periodic is None
    assert Copolymer.parse("blend: *CC* + *CO*").composition_text == "blend of 50 % *C* and 50 % *CO* by mass"


def test_the_drawing_is_svg_with_the_shares() -> None:
    drawing = Copolymer.parse("random: 0.75 *CC* + 0.25 *CC(*)c1ccccc1").drawing
    assert xml.dom.minidom.parseString(drawing).documentElement.tagName == "svg"
    assert drawing != Copolymer.parse("random: 0.5 *CC* + 0.5 *CC(*)c1ccccc1").drawing
    assert Copolymer.parse("random: *CC* + *CO*" + "".join(f" + *{'C' * n}O*" for n in range(2, 6))).drawing


def test_its_kind_parses_classes_and_draws_it() -> None:
    subject = parse_subject("copolymer", "random: 25 % *CC(*)c1ccccc1 + 75 % *CC*")
    copolymer = Copolymer.parse(subject.text)
    assert subject == copolymer.subject == parse_subject("copolymer", KINDS["copolymer"].parse(subject.text).canonical)
    assert subject.key == copolymer.key
    assert KINDS["copolymer"].classify(subject.text) == "polyolefins + polystyrenes"
    drawing = KINDS["copolymer"].draw(subject.text)
    assert drawing.svg == copolymer.drawing and f"width='{drawing.width}px'" in drawing.svg
    assert (
        parse_subject("copolymer", KINDS["copolymer"].example).text
        == KINDS["copolymer"].parse(KINDS["copolymer"].example).canonical
    )


def test_it_is_immutable_and_crosses_process_borders() -> None:
    copolymer = Copolymer.parse("random: 0.75 *CC* + 0.25 *CO*")
    with pytest.raises(FrozenInstanceError):
        copolymer.salt = 1.0  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(copolymer))
    assert again == copolymer and again.key == copolymer.key


@settings(max_examples=300, deadline=None)
@given(
    st.lists(
        st.sampled_from(
            ["random", "alternating", "block", "blend", ":", " ", "+", "*CC*", "*CO*", "*CC(*)C", "0.5", "50 %", "1",
             "with", "0.1", "NaCl", "[NH2+]", "*", "é", ",", "-", "KCl", "*=C*"]
        ),
        max_size=14,
    )
)  # fmt: skip
def test_any_text_is_a_copolymer_or_refused_with_a_hint(tokens: list[str]) -> None:
    text = "".join(tokens)
    try:
        copolymer = Copolymer.parse(text)
    except InvalidInputError as error:
        assert error.reason and error.hint
        assert repr(text) in error.where
    else:
        assert Copolymer.parse(copolymer.canonical) == copolymer


DATA = Path(os.environ.get("POLYLOOP_DATA", Path(__file__).parents[3] / "shared" / "data"))
PI1070 = DATA / "radonpy_pi1070" / "PI1070.csv.gz"


@pytest.mark.reference
@pytest.mark.skipif(not PI1070.exists(), reason="the table radonpy_pi1070 is absent; set POLYLOOP_DATA")
@pytest.mark.parametrize("arrangement", ["random", "alternating", "block", "blend"])
def test_units_of_all_classes_make_copolymers_whose_text_is_stable(arrangement: str) -> None:
    table = list(pd.read_csv(PI1070)["smiles"])
    rng = np.random.default_rng(7)
    for number in range(100):
        units = [str(table[i]) for i in rng.choice(len(table), size=3, replace=False)]
        copolymer = Copolymer(arrangement, tuple(units))
        assert Copolymer.parse(copolymer.canonical) == copolymer
        respelled = [_respelled(unit, number) for unit in units]
        turned = respelled[1:] + respelled[:1] if arrangement != "block" else respelled[::-1]
        assert Copolymer(arrangement, tuple(turned)) == copolymer, units
