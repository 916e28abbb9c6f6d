"""Other notations of a repeat unit: what says the same as a SMILES with two stars is rewritten, the rest is named."""

from __future__ import annotations

import re

from polyloop.core.errors import InvalidInputError, UnsupportedChemistryError

__all__ = ["as_starred_smiles"]

_DESCRIPTOR = re.compile(r"\[([$<>])\d*\]")
_BARE_DESCRIPTOR = re.compile(r"[$<>]\d*")
_BIG_SMILES = re.compile(r"\{[^{}]*[$<>][^{}]*\}")
_PARTNERS = {("$", "$"), ("<", ">"), (">", "<")}
# Atoms that mark the ends of a unit in other programs, with who writes them so.
_END_MARKS = (
    (re.compile(r"\[3H\]"), "[3H], as RadonPy does inside"),
    (re.compile(r"\[[et]\]"), "[e] and [t]"),
    (re.compile(r"\[R\d?\]|\[Q\]"), "[R] or [Q], as in drawings"),
)


def as_starred_smiles(text: str) -> str:
    """Return `text` as a SMILES with two stars: BigSMILES of one unit with two descriptors is rewritten.

    `{[$]CC[$]}`, the same with empty or repeated descriptors of the whole at either end, and the older `{$CC$}` are
    taken (BigSMILES: doi:10.1021/acscentsci.9b00476). Other texts come back as they are.

    Raises
    ------
    UnsupportedChemistryError
        For BigSMILES of more than one unit, with end groups, or with other than two descriptors.
    InvalidInputError
        Where the ends are marked by atoms that stand for them elsewhere; the remedy is the text with stars.
    """
    if _BIG_SMILES.search(text):
        return _from_big_smiles(text)
    if "*" not in text:
        for mark, described in _END_MARKS:
            if len(mark.findall(text)) == 2:
                raise InvalidInputError(
                    f"The ends of the repeat unit are marked by {described}; here they are stars.",
                    where=repr(text),
                    hint=f"Write {mark.sub('*', text)!r}.",
                )
    return text


def _from_big_smiles(text: str) -> str:
    whole = re.fullmatch(r"\{([^{}]*)\}", text)
    inner = whole[1].removeprefix("[]").removesuffix("[]") if whole else ""
    pattern = _DESCRIPTOR
    if not pattern.search(inner):
        pattern = _BARE_DESCRIPTOR
    found = list(pattern.finditer(inner))
    if len(found) == 4 and found[0].end() == found[1].start() and found[2].end() == found[3].start():
        # The descriptors of the stochastic object stand outside those of its one unit.
        found = found[1:3]
        inner = inner[found[0].start() : found[1].end()]
        found = list(pattern.finditer(inner))
    kinds = tuple(match[0].strip("[]0123456789") for match in found)
    if kinds not in _PARTNERS or re.search(r"[,;]", inner):
        raise UnsupportedChemistryError(
            "This BigSMILES is not one repeat unit with two bonding descriptors.",
            where=repr(text),
            hint="Write a single unit without end groups, such as {[$]CC[$]} or {[<]CC(=O)O[>]}, or a SMILES with two "
            "stars, such as '*CC*'.",
        )
    return pattern.sub("*", inner)
