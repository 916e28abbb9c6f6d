"""Every text that is no linear repeat unit is refused with what is wrong, where, and how to mend it."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloop.chem import Polymer
from polyloop.core.errors import InvalidInputError, PolyloopError, UnsupportedChemistryError

UNREADABLE = [
    # text, part of the message, the 1-based character at fault
    ("*CC(*", "parenthesis is opened but never closed", 4),
    ("*CC)*", "parenthesis is closed that was never opened", 4),
    ("*C()C*", "branch is empty", 4),
    ("*C(=)C*", "bond symbol leads nowhere", 4),
    ("*CC=", "bond symbol leads nowhere", 4),
    ("*C==C*", "Two bond symbols follow each other", 4),
    ("*C=(C)*", "bond symbol leads nowhere", 3),
    ("=*CC*", "An atom is expected", 1),
    ("(*)CC*", "An atom is expected", 1),
    ("*C1CC*", "Ring 1 is opened but never closed", 3),
    ("*C11C*", "Ring 1 closes on the atom that opens it", 3),
    ("*CC*.", "dot separates nothing", 5),
    ("*CC=.C*", "dot separates nothing", 5),
    ("*C%12CC*", "Ring 12 is opened but never closed", 3),
    ("*CC%*", "no meaning", 4),
    ("*C[CH2*", "bracket is opened but never closed", 3),
    ("*CCH2]C*", "may stand outside brackets", 4),
    ("*C]C*", "bracket is closed that was never opened", 3),
    ("*C[Xx]C*", "'Xx' is no element", 4),
    ("*C[C@@@H](C)*", "cannot be read", 3),
    ("*C[]C*", "cannot be read", 3),
    ("*CQC*", "'Q' is no element that may stand outside brackets", 3),
    ("*C{C}C*", "no meaning", 3),
    ("*CéC*", "no meaning", 3),
    ("*CC C*", "white space", 4),
    ("*CC* polyethylene", "white space", 5),
    ("*C[9999C]C*", "isotope 9999 does not exist", 4),
]
WRONG = [
    ("", "empty"),
    ("   ", "empty"),
    ("CC", "two stars, this one has 0"),
    ("*CC", "two stars, this one has 1"),
    ("**", "no atoms"),
    ("*=*", "no atoms"),
    ("*CC=*", "different bonds (single and double)"),
    ("*=CC#*", "different bonds (double and triple)"),
    ("*1CC1*", "exactly one bond, here one has 2"),
    ("C*CC*", "exactly one bond, here one has 2"),
    ("*C*C*", "exactly one bond, here one has 2"),
    ("C1*(C)C1*C*", "exactly one bond, here one has 3"),
    ("[3H]CC[3H]", "marked by [3H], as RadonPy does"),
    ("[e]CC[t]", "marked by [e] and [t]"),
    ("[R1]CC[R2]", "marked by [R]"),
    ("*C[*+]", "carries a charge"),
    ("*C[*H]", "carries a charge"),
    ("*C(C)(C)(C)*", "Atom 2 (C) has the valence 5"),
    ("*CN(C)(C)C*", "Atom 3 (N) has the valence 4"),
    ("*CF(C)*", "Atom 3 (F) has the valence 3"),
    ("*C[OH]C*", "Atom 3 (O) has the valence 3"),
    ("*cc*", "aromatic (lower case) outside a ring"),
    ("*:c:c:*", "aromatic (lower case) outside a ring"),
    ("*c1ccc(*)c1", "alternating double bonds"),
    ("*C1C1*", "no valid SMILES"),
]
UNSUPPORTED = [
    ("*CC(*)*", "has 3: the polymer is branched"),
    ("*C1C(*)CC(*)C1*", "has 4: the polymer is a ladder"),
    ("*CC(*)CC(*)CC(*)*", "has 5: the polymer is branched"),
    ("*CC*.C", "disconnected pieces"),
    ("*CC.CC*", "disconnected pieces"),
    ("*CC(*)C(=O)[O-].[Na+]", "disconnected pieces"),
    ("*C[CH]C*", "Atom 3 (C) has 1 unpaired"),
    ("*[Si]*", "Atom 2 (Si) has 2 unpaired"),
    ("*[Pb]*", "Atom 2 (Pb) is divalent: it keeps a lone pair"),
    ("*C[Sn]C*", "Atom 3 (Sn) is divalent"),
    ("*CC(*)C(=O)Oc1cccc(OC(=O)C(*)C*)c1", "has 4: the polymer is branched or a network"),
    ("*CC(*)CCC(*)C*", "has 4: the polymer is branched or a network"),
    ("*c1cc2cc(*)c(*)cc2cc1*", "has 4: the polymer is a ladder"),
    ("*CC(*)CC(*)CC(*)CC(*)C*", "has 6: the polymer is branched or a network"),
    ("*CC*.*CO*", "disconnected pieces"),
    ("{[$]CC[$],[$]CCC[$]}", "is not one repeat unit with two bonding descriptors"),
    ("CC{[$]CC[$]}C", "is not one repeat unit with two bonding descriptors"),
    ("{[<]CC[<]}", "is not one repeat unit with two bonding descriptors"),
    ("*CC->[Fe]C*", "dative"),
    ("*CC~C*", "of the kind"),
    ("*[Mo]$[Mo]*", "of the kind quadruple"),
    ("*C[C@SP1](F)(Cl)*", "SP"),
    ("*/C=C/C=C*", "E/Z is given for some conjugated double bonds"),
]


@pytest.mark.parametrize(("text", "what", "place"), UNREADABLE)
def test_unreadable_text_is_refused_with_its_position(text: str, what: str, place: int) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Polymer(text)
    assert what in str(caught.value)
    assert f"character {place}" in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize(("text", "what"), WRONG)
def test_what_is_no_repeat_unit_is_refused(text: str, what: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Polymer(text)
    assert what in str(caught.value)
    assert repr(text) in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize(("text", "what"), UNSUPPORTED)
def test_chemistry_out_of_scope_is_refused_as_such(text: str, what: str) -> None:
    with pytest.raises(UnsupportedChemistryError) as caught:
        Polymer(text)
    assert what in str(caught.value)
    assert repr(text) in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("value", [None, 3, b"*CC*", ["*CC*"]])
def test_only_text_is_a_repeat_unit(value: object) -> None:
    with pytest.raises(InvalidInputError, match="is a SMILES text, not"):
        Polymer(value)  # type: ignore[arg-type]


def test_nothing_is_written_to_stderr(capfd: pytest.CaptureFixture[str]) -> None:
    for text, *_ in UNREADABLE + WRONG + UNSUPPORTED:
        with pytest.raises(PolyloopError):
            Polymer(text)
    Polymer("*C([H])*").oligomer(2, "H")
    assert capfd.readouterr() == ("", "")


_TOKENS = [
    "*",
    "C",
    "c",
    "N",
    "[nH]",
    "O",
    "Cl",
    "[C@H]",
    "[",
    "]",
    "(",
    ")",
    "=",
    "#",
    "1",
    "%10",
    "/",
    "\\",
    ".",
    "+",
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*_TOKENS, "c1ccccc1", "(C)", "[O-]", "[2H]", "[1*]", " ", "é"]), max_size=9))
def test_any_text_is_a_polymer_or_refused(tokens: list[str]) -> None:
    text = "".join(["*", *tokens, "*"])
    try:
        polymer = Polymer(text)
    except InvalidInputError as error:
        assert error.reason and error.hint
        assert repr(text) in error.where
    else:
        assert Polymer(polymer.canonical) == polymer


def test_errors_cross_process_borders() -> None:
    with pytest.raises(InvalidInputError) as caught:
        Polymer("*CC(*")
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


def test_many_units_are_read_and_each_fault_names_its_entry() -> None:
    polymers, errors = Polymer.parse_many(["*CC*", "*CC", "*CO*", "*CC*.C"])
    assert {index: p.canonical for index, p in polymers.items()} == {0: "*C*", 2: "*CO*"}
    assert sorted(errors) == [1, 3]
    assert errors[1].where == "entry 1, '*CC'"
    assert isinstance(errors[3], UnsupportedChemistryError)
