"""Text from anywhere (exceptions, programs, files), made fit for every file, database and terminal."""

from __future__ import annotations

import re

__all__ = ["storable", "visible"]

# UTF-8 has no word for half a surrogate pair, and PostgreSQL none for NUL; either would refuse the whole record.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What a terminal obeys, and what turns the direction of the text around it; line ends and tabs stay.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")


def storable(text: str, longest: int | None = None) -> str:
    """Return `text` with what cannot be stored spelled out, and, where it is longer than `longest`, its two ends.

    Examples
    --------
    >>> storable("caf\\udce9")
    'caf\\\\udce9'
    """
    if longest is not None and len(text) > longest:
        end = longest // 2
        text = f"{text[:end]} [... {len(text) - 2 * end} characters left out ...] {text[-end:]}"
    return _UNSTORABLE.sub(_spelled, text)


def visible(text: str, longest: int | None = None) -> str:
    """Return `text` for people: what is not seen, or rules a terminal, spelled out; cut where longer than `longest`.

    Examples
    --------
    >>> visible("red\\x1b[31m")
    'red\\\\x1b[31m'
    """
    cut = text if longest is None or len(text) <= longest else f"{text[:longest]} …"
    return _UNSEEN.sub(_spelled, cut)


def _spelled(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
