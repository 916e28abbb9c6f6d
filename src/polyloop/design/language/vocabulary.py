"""The tokens that repeat units are written with: atoms with their bond to the atom before, branches, rings, the end.

Aromatic rings are written as Kekule structures, so that a text whose valences are right is a molecule. A nitro group,
SO2, SO and PO are one token each: what is charged or hypervalent is then complete by construction. Stereochemistry is
not written.

References
----------
The extended SMILES of Ikebata et al. (2017), doi:10.1007/s10822-016-0008-z: a bond belongs to the atom after it, `&`
opens a ring, and a ring is closed by its place among the open ones, the latest first.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError

__all__ = ["BRANCH", "END", "GROUPS", "RING", "UNBRANCH", "Token", "TokenKind", "Vocabulary"]

BRANCH, UNBRANCH, RING = "(", ")", "&"
END = "*"
_BOND = {1: "", 2: "=", 3: "#"}
_ORDER = {text: order for order, text in _BOND.items()}
_ATOM = re.compile(r"([=#]?)\{([A-Za-z]+[0-9]?):(\d)\}")
_CLOSURE = re.compile(r"([=#]?)(\d+)")

# Groups that are one token: symbol, number of bonds to the rest, and text before and after ring digits.
GROUPS = {
    "NO2": (1, "[N+]", "(=O)[O-]"),
    "SO2": (2, "S", "(=O)(=O)"),
    "SO": (2, "S", "(=O)"),
    "PO": (3, "P", "(=O)"),
}


class TokenKind(IntEnum):
    """What a token does."""

    ATOM, BRANCH, UNBRANCH, RING, CLOSURE, END = range(6)


@dataclass(frozen=True)
class Token:
    """One token.

    Parameters
    ----------
    symbol
        Element or group of `GROUPS`; empty for what is no atom.
    valence
        Sum of the orders of an atom's bonds, hydrogens included.
    order
        Order of the bond to the atom before, of a ring closed here, or to the star at the end.
    place
        Which ring is closed, counted from the latest one.
    """

    kind: TokenKind
    symbol: str = ""
    valence: int = 0
    order: int = 1
    place: int = 0

    @property
    def text(self) -> str:
        """How the token is written in a vocabulary; `read` is its inverse."""
        if self.kind is TokenKind.ATOM:
            return f"{_BOND[self.order]}{{{self.symbol}:{self.valence}}}"
        if self.kind is TokenKind.CLOSURE:
            return f"{_BOND[self.order]}{self.place}"
        if self.kind is TokenKind.END:
            return f"{_BOND[self.order]}{END}"
        return {TokenKind.BRANCH: BRANCH, TokenKind.UNBRANCH: UNBRANCH}.get(self.kind, RING)

    @classmethod
    def read(cls, text: str) -> Token:
        """Read what `text` wrote.

        Raises
        ------
        InvalidInputError
            If it is no token.
        """
        for kind, word in ((TokenKind.BRANCH, BRANCH), (TokenKind.UNBRANCH, UNBRANCH), (TokenKind.RING, RING)):
            if text == word:
                return cls(kind)
        if text.endswith(END) and text[:-1] in _ORDER:
            return cls(TokenKind.END, order=_ORDER[text[:-1]])
        if match := _ATOM.fullmatch(text):
            return cls(TokenKind.ATOM, match[2], int(match[3]), _ORDER[match[1]])
        if match := _CLOSURE.fullmatch(text):
            return cls(TokenKind.CLOSURE, order=_ORDER[match[1]], place=int(match[2]))
        raise InvalidInputError("This is no token of repeat units.", where=repr(text))


@dataclass(frozen=True)
class Vocabulary:
    """Tokens in a fixed order; a token's number is its place."""

    tokens: tuple[Token, ...]

    @classmethod
    def of(cls, units: Iterable[Iterable[Token]]) -> Vocabulary:
        """Return the tokens of some repeat units, and those without which none can be completed."""
        needed = [
            Token(TokenKind.BRANCH), Token(TokenKind.UNBRANCH), Token(TokenKind.RING),
            Token(TokenKind.CLOSURE), Token(TokenKind.END), Token(TokenKind.ATOM, "C", 4),
        ]  # fmt: skip
        found = {token for unit in units for token in unit} - set(needed)
        return cls((*needed, *sorted(found, key=lambda token: (token.kind, token.text))))

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def number(self) -> dict[Token, int]:
        """Place of each token."""
        return {token: place for place, token in enumerate(self.tokens)}

    @cached_property
    def kinds(self) -> NDArray[np.int64]:
        """Kind of each token, shape (v,)."""
        return np.array([token.kind for token in self.tokens], dtype=np.int64)

    @cached_property
    def orders(self) -> NDArray[np.int64]:
        """Order of the bond that each token makes, shape (v,)."""
        return np.array([token.order for token in self.tokens], dtype=np.int64)

    @cached_property
    def left(self) -> NDArray[np.int64]:
        """Bonds that an atom can still make after the one to the atom before, shape (v,)."""
        return np.array([token.valence - token.order for token in self.tokens], dtype=np.int64)

    @cached_property
    def carbon(self) -> int:
        """Place of the carbon on a single bond."""
        return self.number[Token(TokenKind.ATOM, "C", 4)]
