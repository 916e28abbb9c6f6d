"""Text from anywhere (exceptions, programs, files), made fit for every file, database and terminal."""

from __future__ import annotations

import re

__all__ = ["storable"]

# UTF-8 has no word for half a surrogate pair, and PostgreSQL none for NUL; either would refuse the whole record.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


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


def _spelled(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")
