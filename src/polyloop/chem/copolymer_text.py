"""Read what a person writes for a copolymer, a blend or a salted polymer: arrangement, shares, units and salt."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError
from polyloop.core.names import did_you_mean

__all__ = ["ARRANGEMENTS", "CopolymerText", "UnitText", "read_copolymer"]

ARRANGEMENTS = ("random", "alternating", "block", "blend", "homopolymer")
_EXAMPLE = "'random: 0.75 *CC(C)(C(=O)OC)* + 0.25 *CC(*)c1ccccc1'"
_PREFIX = re.compile(r"\s*([^\W\d_]+)(\s+by\s+mass)?\s*:", re.IGNORECASE)
_NUMBER = re.compile(r"((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)\s*(%?)\s*")
_SIGNED = re.compile(r"-\s*[\d.]")
_WITH = re.compile(r"(?<!\S)with(?!\S)", re.IGNORECASE)
_SALTS = {"nacl": "NaCl", "na+cl-": "NaCl"}


@dataclass(frozen=True)
class UnitText:
    """One unit as written: its SMILES, where that begins in the whole text (from 1), and its share where it has one."""

    smiles: str
    place: int
    share: float | None


@dataclass(frozen=True)
class CopolymerText:
    """A copolymer as written; `salt` is pairs of ions per repeat unit, 0 where there is none.

    `by_mass` tells whether the shares are said to be of mass.
    """

    text: str
    arrangement: str
    by_mass: bool
    units: tuple[UnitText, ...]
    salt: float


def read_copolymer(text: str) -> CopolymerText:
    """Part a text such as `random: 0.75 *CC* + 25 % *CC(*)C with 0.1 NaCl` into its pieces.

    `random by mass: ...` says that shares are of mass. Nothing is asked of the units here but that there is some text.
    The arrangement may be left out of a single unit with salt. Upper and lower case of words, and white space between
    the pieces, do not matter.

    Raises
    ------
    InvalidInputError
        Where a piece is missing or cannot be read; `where` names the character.
    UnsupportedChemistryError
        For a salt other than NaCl.
    """
    _check_is_text(text)
    arrangement, by_mass, start = _arrangement(text)
    salted = _WITH.search(text, start)
    end = salted.start() if salted else len(text)
    units = tuple(_unit(text, first, last) for first, last in _parts(text, start, end))
    salt = _salt(text, salted.end()) if salted else 0.0
    if not arrangement:
        if len(units) == 1 and not salted:
            raise InvalidInputError(
                "One repeat unit without salt is a polymer, and no copolymer.", where=_at(text, 1),
                hint=f"Give it as a polymer, with salt ('... with 0.1 NaCl'), or several units as in {_EXAMPLE}.",
            )  # fmt: skip
        if len(units) > 1:
            raise InvalidInputError(
                "The text does not begin with how the units are arranged.", where=_at(text, 1),
                hint=f"Begin with {', '.join(ARRANGEMENTS[:3])} or blend and a colon, as in {_EXAMPLE}.",
            )  # fmt: skip
        arrangement = "homopolymer"
    _check_shares(text, units)
    return CopolymerText(text, arrangement, by_mass, units, salt)


def _check_is_text(text: str) -> None:
    if not isinstance(text, str):
        raise InvalidInputError(
            f"A copolymer is a text, not {type(text).__name__}.", where=repr(text)[:60],
            hint=f"Pass a string such as {_EXAMPLE}.",
        )  # fmt: skip
    if any("\ud800" <= letter <= "\udfff" for letter in text):
        raise InvalidInputError(
            "The copolymer holds bytes that are no text.", where=ascii(text), hint="Save it as UTF-8, or retype it."
        )
    if not text.strip():
        raise InvalidInputError("The copolymer is empty.", where=repr(text), hint=f"Write e.g. {_EXAMPLE}.")


def _arrangement(text: str) -> tuple[str, bool, int]:
    """The arrangement in lower case, empty where there is none, whether by mass, and where the rest begins (from 0)."""
    prefix = _PREFIX.match(text)
    if prefix is None:
        return "", False, 0
    word = prefix[1].lower()
    if word not in ARRANGEMENTS:
        raise InvalidInputError(
            f"There is no arrangement {prefix[1]!r}.", where=_at(text, prefix.start(1) + 1),
            hint=did_you_mean(word, ARRANGEMENTS, cutoff=0.5),
        )  # fmt: skip
    return word, prefix[2] is not None, prefix.end()


def _parts(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Begin and end (from 0) of what stands between plus signs outside of brackets."""
    cuts, depth = [start - 1], 0
    for place in range(start, end):
        depth += (text[place] == "[") - (text[place] == "]")
        if text[place] == "+" and depth <= 0:
            cuts.append(place)
    cuts.append(end)
    return [(first + 1, last) for first, last in pairwise(cuts)]


def _unit(text: str, start: int, end: int) -> UnitText:
    start += len(text[start:end]) - len(text[start:end].lstrip())
    if _SIGNED.match(text, start, end):
        raise InvalidInputError(
            "A fraction is larger than 0, this one has a minus sign.", where=_at(text, start + 1), hint="Remove it."
        )
    share, number = None, _NUMBER.match(text, start, end)
    if number is not None:
        share, start = _value(number), number.end()
        if text[start : start + 1] == ",":
            raise InvalidInputError(
                "A fraction is written with a decimal point.", where=_at(text, start + 1), hint="Write e.g. 0.75."
            )
    smiles = text[start:end].rstrip()
    if not smiles:
        raise InvalidInputError(
            "A repeat unit is missing here.", where=_at(text, start + 1), hint="Write its SMILES with two stars."
        )
    return UnitText(smiles, start + 1, share)


def _salt(text: str, start: int) -> float:
    start += len(text[start:]) - len(text[start:].lstrip())
    number = _NUMBER.match(text, start)
    if number is None:
        raise InvalidInputError(
            "How much salt there is is missing here.", where=_at(text, start + 1),
            hint="Write pairs of ions per repeat unit, as in 'with 0.1 NaCl'.",
        )  # fmt: skip
    name = "".join(text[number.end() :].split())
    if name.lower() not in _SALTS:
        what = f"There are no parameters for the salt {name!r}." if name else "Which salt it is is missing here."
        raise UnsupportedChemistryError(
            what, where=_at(text, number.end() + 1), hint="Write NaCl, the one salt whose ions have parameters."
        )
    value = _value(number)
    if not value > 0:
        raise InvalidInputError(
            "Salt is more than 0 pairs of ions per repeat unit.", where=_at(text, start + 1),
            hint="Leave 'with ...' out where there is none.",
        )  # fmt: skip
    return value


def _value(number: re.Match[str]) -> float:
    return float(Decimal(number[1]) / (100 if number[2] else 1))


def _check_shares(text: str, units: tuple[UnitText, ...]) -> None:
    without = [i for i, unit in enumerate(units, start=1) if unit.share is None]
    if without and len(without) < len(units):
        raise InvalidInputError(
            f"Unit {without[0]} has no fraction, others have one.",
            where=_at(text, units[without[0] - 1].place), hint="Give all units a fraction, or none for equal ones.",
        )  # fmt: skip


def _at(text: str, place: int) -> str:
    shown = f" ({text[place - 1]!r})" if place <= len(text) else ""
    return f"{text!r}, character {place}{shown}"
