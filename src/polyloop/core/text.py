"""Text from anywhere (exceptions, programs, files), made fit for every file, database and terminal."""

from __future__ import annotations

import re

__all__ = ["storable", "visible", "without_passwords"]

# UTF-8 has no word for half a surrogate pair, and PostgreSQL none for NUL; either would refuse the whole record.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
# What a terminal obeys, and what turns the direction of the text around it; line ends and tabs stay.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")

# The password of a URL ends at the last @ before host and path; what is a port, and no password, is left alone.
_OF_URL = re.compile(r"(://(?!\[)[^\s:/@]*:)(?!\d+(?:[/?'\"\s]|$))[^\n@]*@(?:[^\s@/]*@)*")
_OF_KEY = re.compile(r"((?:ssl)?password=)[^&\s'\"]+", re.IGNORECASE)


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


def without_passwords(text: str) -> str:
    """Return `text` with the passwords of database URLs in it replaced by three stars.

    Examples
    --------
    >>> without_passwords("postgresql://me:secret@host:5432/results")
    'postgresql://me:***@host:5432/results'
    """
    return _OF_KEY.sub(r"\1***", _OF_URL.sub(r"\1***@", text))


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
