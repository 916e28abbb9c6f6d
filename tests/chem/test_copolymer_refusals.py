"""What is no copolymer is refused with what is wrong, where, and how to mend it."""

from __future__ import annotations

import pytest

from polyloop.chem.copolymer import Copolymer
from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

REFUSED = [
    # text, part of the message, part of the place
    ("", "is empty", "''"),
    ("   ", "is empty", "'   '"),
    ("*CC*", "is a polymer, and no copolymer", "character 1"),
    ("*CC* + *CO*", "does not begin with how the units are arranged", "character 1"),
    ("radnom: *CC* + *CO*", "Did you mean 'random'?", "character 1"),
    (" graft: *CC* + *CO*", "There is no arrangement 'graft'", "character 2"),
    ("random:", "A repeat unit is missing", "character 8"),
    ("random: *CC* +", "A repeat unit is missing", "character 15"),
    ("random: + *CC*", "A repeat unit is missing", "character 9"),
    ("random: 0.5 + 0.5 *CC*", "A repeat unit is missing", "character 13"),
    ("random: *CC* + *C(*", "opened but never closed", "unit 2 (from character 16): '*C(*', character 3"),
    ("random: *CC* + *CO", "two stars, this one has 1", "unit 2 (from character 16)"),
    ("random: 0.5 *CC* + CO", "Unit 2 has no fraction", "character 20"),
    ("random: *CC* + 0.5 *CO*", "Unit 1 has no fraction", "character 9"),
    ("random: 0.5 *CC* + 0 *CO*", "larger than 0, this one is 0", "unit 2"),
    ("random: 1.5 *CC* + -0.5 *CO*", "minus sign", "character 20"),
    ("random: 0.5 *CC* + 0.4 *CO*", "these to 0.9 (0.5, 0.4)", "fractions"),
    ("random: 0.5 *CC* + 0.503 *CO*", "these to 1.003", "fractions"),
    ("random: 75 *CC* + 25 *CO*", "percents with their sign", "fractions"),
    ("random: 0,75 *CC* + 0,25 *CO*", "decimal point", "character 10"),
    ("random: 0.99999 *CC* + 0.00001 *CO*", "is 0 to 4 decimals", ", *CO*"),
    ("random: 0.00001 *CS* + 0.99999 *CC*", "is 0 to 4 decimals", ", *CS*"),
    ("alternating by mass: 50 % *CC* + 50 % *CO*", "equal shares by number, not by mass", "fractions"),
    ("random by weight: *CC* + *CO*", "does not begin with how", "character 1"),
    ("random: *CC* + *CCC*", "one and the same polymer, *C*", "units"),
    ("random: *CC(*)C + *C(C)C*", "both directions or senses", "units"),
    ("block: *CC*", "There is one polymer only, *C*", "units"),
    ("alternating: 0.4 *CC* + 0.6 *CO*", "equal shares", "fractions"),
    ("blend: *CCO* + *OCC*", "one and the same polymer", "units"),
    ("blend: *CCO* + *OCC* with 0.1 NaCl", "homopolymer with salt", "units"),
    ("homopolymer: *CC* + *CO* with 0.1 NaCl", "A homopolymer has one repeat unit, not 2", "units"),
    ("homopolymer: *CC*", "There is one polymer only", "units"),
    ("*CC* with NaCl", "How much salt", "character 11"),
    ("*CC* with 0.1", "Which salt", "character 14"),
    ("*CC* with 0 NaCl", "more than 0 pairs", "character 11"),
    ("*CC* with 0.0000001 NaCl", "is 0 to 6 decimals", "salt"),
    ("*CC* with 100 NaCl", "Salt is 0 to 10 pairs", "salt"),
    ("random: *CC* + *CO* \udce9", "bytes that are no text", "random"),
]
UNSUPPORTED = [
    ("random: *CC* + *=CC=*", "joined by single bonds", "unit 2"),
    ("random: *CC* + *CC(*)*", "branched", "unit 2 (from character 16)"),
    ("random: *CC* + *CC*.C", "disconnected pieces", "unit 2"),
    ("*CC* with 0.1 LiTFSI", "no parameters for the salt 'LiTFSI'", "character 15"),
]


@pytest.mark.parametrize(("text", "what", "place"), REFUSED)
def test_what_is_no_copolymer_is_refused_with_its_place(text: str, what: str, place: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        Copolymer.parse(text)
    assert what in str(caught.value)
    assert place in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize(("text", "what", "place"), UNSUPPORTED)
def test_chemistry_out_of_scope_is_refused_as_such(text: str, what: str, place: str) -> None:
    with pytest.raises(UnsupportedChemistryError) as caught:
        Copolymer.parse(text)
    assert what in str(caught.value)
    assert place in caught.value.where
    assert caught.value.hint


@pytest.mark.parametrize("value", [None, 3, b"random: *CC* + *CO*"])
def test_only_text_is_a_copolymer(value: object) -> None:
    with pytest.raises(InvalidInputError, match="A copolymer is a text, not"):
        Copolymer.parse(value)  # type: ignore[arg-type]


def test_made_from_parts_it_names_the_same_faults() -> None:
    with pytest.raises(InvalidInputError, match="no arrangement 'graft'"):
        Copolymer("graft", ("*CC*", "*CO*"))
    with pytest.raises(InvalidInputError, match="as many fractions, not 1"):
        Copolymer("random", ("*CC*", "*CO*"), (1.0,))
    with pytest.raises(InvalidInputError, match="There is no repeat unit"):
        Copolymer("random", ())
    with pytest.raises(InvalidInputError, match="unit 2, '\\*C'"):
        Copolymer("random", ("*CC*", "*C"))
    with pytest.raises(InvalidInputError, match="Salt is 0 to 10"):
        Copolymer("random", ("*CC*", "*CO*"), salt=-0.1)
    with pytest.raises(InvalidInputError, match="Salt is 0 to 10"):
        Copolymer("random", ("*CC*", "*CO*"), salt=float("nan"))
    with pytest.raises(InvalidInputError, match="no number"):
        Copolymer("random", ("*CC*", "*CO*"), (float("nan"), 0.5))
