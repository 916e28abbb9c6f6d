"""Names that people type: the nearest known one for a name that is not known."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["did_you_mean"]

# Of a short list all are named, of a long one the nearest.
_FEW = 24


def did_you_mean(word: str, known: Iterable[object], cutoff: float = 0.4) -> str:
    """Return a sentence that names the nearest of `known`, or all of them where none is near.

    Examples
    --------
    >>> did_you_mean("enthalpy", ["entropy", "density"])
    "Did you mean 'entropy'?"
    >>> did_you_mean("zzz", ["entropy", "density"])
    'Known: entropy, density.'
    """
    names = [str(name) for name in known]
    near = difflib.get_close_matches(word, names, n=2, cutoff=cutoff)
    if near:
        return f"Did you mean {' or '.join(repr(name) for name in near)}?"
    if not names:
        return "There is none."
    more = f" and {len(names) - _FEW} more" if len(names) > _FEW else ""
    return f"Known: {', '.join(names[:_FEW])}{more}."
