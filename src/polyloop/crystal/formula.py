"""Chemical formulas of any spelling: read them, or say what is wrong, where, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction

from polyloop.core.errors import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.crystal.elements import ELEMENTS

__all__ = ["read_formula"]

_SUBSCRIPTS = str.maketrans("₀₁₂₃₄₅₆₇₈₉．", "0123456789.")
_SUPERSCRIPTS = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]|\\^|<sup>")
# Subscripts of HTML and LaTeX say nothing that the plain digits do not.
_MARKED = re.compile(r"_\{([0-9.]+)\}|_([0-9.]+)|<sub>([0-9.]+)</sub>")
_EMPTY = re.compile(r"\$|\\mathrm|\s+")
_CHARGE = re.compile(r"[0-9]*[+⁺]|[⁻−–-]|\((?:II|III|IV|VI{1,3})\)")
_ASCII_HYDRATE = re.compile(r"[0-9]\.[0-9]*H2O")
# What stands before the water of a hydrate, and other parts that are only added up.
_DOTS = re.compile(r"[·•∙⋅*]")
_TOKEN = re.compile(r"(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<symbol>[A-Z][a-z]?)|(?P<open>[(\[{])|(?P<close>[)\]}])")
_PAIRS = {")": "(", "]": "[", "}": "{"}
_ISOTOPES = {"D": "deuterium", "T": "tritium"}
_LONGEST = 500
_HINT = "Write symbols and numbers, for example LiFePO4, Ca(OH)2 or La0.7Sr0.3MnO3."


def read_formula(text: str) -> dict[str, Fraction]:
    """Return the amount of each element as exact fractions, in the order in which they first occur.

    Brackets of all kinds, decimal amounts, subscripts of Unicode, HTML and LaTeX, spaces, and hydrates
    (CuSO4·5H2O, with a middle dot or an asterisk) are read.

    Raises
    ------
    InvalidInputError
        If it is no formula: an unknown symbol (the message names the nearest), an isotope, a charge, brackets that do
        not match, an amount of zero, or an amount that is a letter.

    Examples
    --------
    >>> {symbol: str(amount) for symbol, amount in read_formula("CuSO4·5H2O").items()}
    {'Cu': '1', 'S': '1', 'O': '9', 'H': '10'}
    """
    if len(text) > _LONGEST:
        raise InvalidInputError(f"A formula of {len(text)} characters is too long.", where=f"{text[:40]}...")
    shown = text.strip()
    if not shown:
        raise InvalidInputError("The formula is empty.", hint=_HINT)
    _refuse_charges(shown)
    plain = _MARKED.sub(lambda found: found[1] or found[2] or found[3], shown.translate(_SUBSCRIPTS))
    plain = _EMPTY.sub("", plain)
    if _ASCII_HYDRATE.search(plain):
        raise InvalidInputError(
            "A point between a number and water may part a hydrate or be a decimal point.", where=shown,
            hint="Write a hydrate with a middle dot or an asterisk: CuSO4*5H2O.",
        )  # fmt: skip
    total: dict[str, Fraction] = {}
    for part in _DOTS.split(plain):
        for symbol, amount in _Reader(part, shown).whole().items():
            total[symbol] = total.get(symbol, Fraction(0)) + amount
    return total


def _refuse_charges(text: str) -> None:
    if found := _CHARGE.search(text):
        raise InvalidInputError(
            f"{found.group()!r} is a charge or an oxidation state, and a composition has none.", where=text,
            hint="Write the neutral formula, for example Fe2O3.",
        )  # fmt: skip
    if found := _SUPERSCRIPTS.search(text):
        raise InvalidInputError(
            f"{found.group()!r} begins a charge or an isotope, and a composition has neither.", where=text, hint=_HINT
        )


@dataclass
class _Reader:
    """Reads one part of a formula, from left to right."""

    text: str
    shown: str
    place: int = 0

    def whole(self) -> dict[str, Fraction]:
        factor = self._number()
        found = self._group("")
        if not found:
            raise self._error("A part of the formula is empty.", _HINT)
        return {symbol: amount * factor for symbol, amount in found.items()}

    def _group(self, opened: str) -> dict[str, Fraction]:
        """Read until the bracket that closes `opened`, or the end."""
        found: dict[str, Fraction] = {}
        while self.place < len(self.text):
            token = _TOKEN.match(self.text, self.place)
            if token is None:
                raise self._unknown()
            if token["number"]:
                raise self._error(f"The amount {token['number']} stands after no symbol.", _HINT)
            if token["close"]:
                if _PAIRS[token["close"]] != opened:
                    raise self._error(f"{token['close']!r} closes no bracket.", "Write each bracket in a pair.")
                return found
            self.place = token.end()
            inner = self._inside(token["open"]) if token["open"] else {self._known(token["symbol"]): Fraction(1)}
            amount = self._number()
            for symbol, each in inner.items():
                found[symbol] = found.get(symbol, Fraction(0)) + each * amount
        if opened:
            raise self._error(f"{opened!r} is not closed.", "Write each bracket in a pair.")
        return found

    def _inside(self, opened: str) -> dict[str, Fraction]:
        found = self._group(opened)
        self.place += 1
        if not found:
            raise self._error("There is nothing in the brackets.", _HINT)
        return found

    def _number(self) -> Fraction:
        token = _TOKEN.match(self.text, self.place)
        if token is None or not token["number"]:
            return Fraction(1)
        self.place = token.end()
        amount = Fraction(token["number"])
        if amount == 0:
            raise self._error("An amount is 0.", "Leave the element out.")
        return amount

    def _known(self, symbol: str) -> str:
        if symbol in ELEMENTS:
            return symbol
        if symbol in _ISOTOPES:
            raise self._error(
                f"{symbol} is {_ISOTOPES[symbol]}, and isotopes are not told apart.", "Write H for hydrogen."
            )
        raise self._error(f"There is no element {symbol}.", did_you_mean(symbol, ELEMENTS, cutoff=0.5))

    def _unknown(self) -> InvalidInputError:
        letter = self.text[self.place]
        if letter in "xyzn" and self.place:
            return self._error(f"{letter!r} is an amount that is not known.", "Give it as a number.")
        if letter.islower():
            return self._error(f"{letter!r} begins no symbol.", "Symbols begin with a capital letter: NaCl, not nacl.")
        return self._error(f"{letter!r} belongs to no formula.", _HINT)

    def _error(self, reason: str, hint: str) -> InvalidInputError:
        return InvalidInputError(reason, where=f"{self.shown!r}", hint=hint)
