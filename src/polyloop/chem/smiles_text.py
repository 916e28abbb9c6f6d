"""SMILES as text: label the two stars, join unit texts into chains, and say where an unreadable text is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from functools import lru_cache

__all__ = ["HEAD", "TAIL", "Piece", "chain_last", "join_pieces", "label_stars", "piece_of"]

HEAD, TAIL = "[1*]", "[2*]"
_ATOM = re.compile(r"\[[^\[\]]*\]|\*")
_STAR = re.compile(r"\[(\d*)\*(?::(\d+))?\]|\*")
_MAP_NUMBER = re.compile(r":\d+\]")
_RINGS = re.compile(r"(\[[^\]]*\])|%\((\d+)\)|%(\d\d)|(\d)")
_FLIPPED = str.maketrans("/\\", "\\/")
_BONDS = "=#/\\-"


def label_stars(text: str) -> tuple[str, int]:
    """Write the stars of `text` as `[1*]` (head) and `[2*]` (tail) and drop atom map numbers.

    The star with the lower label (`[1*]`, `[*:1]`) is the head; without two different labels the first one is.
    Bracket atoms that hold a star and more (`[*+]`) are left as they are, for the caller to refuse.

    Returns
    -------
    The labelled text, and how many plain stars it holds. All stars beyond the second are `[3*]`.
    """
    labels: list[int] = []

    def write(match: re.Match[str]) -> str:
        star = _STAR.fullmatch(match[0])
        if star is None:
            return _MAP_NUMBER.sub("]", match[0])
        labels.append(int(star[1] or star[2] or 0))
        return f"[{min(len(labels), 3)}*]"

    labelled = _ATOM.sub(write, text)
    if len(labels) == 2 and 0 < labels[1] < labels[0]:
        labelled = labelled.replace(HEAD, "[0*]").replace(TAIL, HEAD).replace("[0*]", TAIL)
    return labelled, len(labels)


@dataclass(frozen=True)
class Piece:
    """A unit's text that begins at the head star, cut at both stars so that it can be joined to others.

    `lead` and `trail` are the bond symbols at the head and tail star; `before` and `after` are the text on either side
    of the tail star; `open_rings` is the highest ring number that is open where the tail star stands;
    `aromatic_ends` tells whether the atoms at head and tail are aromatic;
    `implied_trail` is the only mark that the tail bond may carry where marks on other bonds of the tail atom fix it.
    """

    lead: str
    before: str
    trail: str
    after: str
    open_rings: int
    aromatic_ends: tuple[bool, bool]
    implied_trail: str

    def flipped(self) -> Piece:
        """Turn every `/` into `\\` and back, which writes the same stereo double bonds."""
        names = ("lead", "before", "trail", "after", "implied_trail")
        return replace(self, **{name: getattr(self, name).translate(_FLIPPED) for name in names})


@lru_cache(maxsize=65536)
def piece_of(text: str) -> Piece:
    """Cut `text`, which must begin with `[1*]` and hold one `[2*]`, into a `Piece`."""
    before, after = text[len(HEAD) :].split(TAIL)
    lead = before[0] if before[0] in _BONDS else ""
    before = before[len(lead) :]
    trail = before[-1] if before[-1] in _BONDS else ""
    before = before[: len(before) - len(trail)]
    opened: set[int] = set()
    for match in _RINGS.finditer(before):
        if match[1] is None:
            opened ^= {int(match[2] or match[3] or match[4])}
    start, end = _last_atom(before.removesuffix("("))
    ends = (_is_aromatic(before), _is_aromatic(before[start:]))
    implied = trail or _implied_mark(lead + before[:start], before[end:] + after)
    return Piece(lead.strip("-"), before, trail.strip("-"), after, max(opened, default=0), ends, implied)


def _is_aromatic(text: str) -> bool:
    return text.lstrip("[0123456789")[0].islower()


def _implied_mark(prefix: str, neighbours: str) -> str:
    """The mark that a further bond of a double-bonded atom must carry, given the text before and after that atom."""
    bonds = _branch_bonds(neighbours)
    if not prefix.endswith("=") and "=" not in bonds:
        return ""
    if prefix.endswith(("/", "\\")):
        return prefix[-1]
    marks = [bond for bond in bonds if bond in ("/", "\\")]
    return marks[0].translate(_FLIPPED) if marks else ""


def _branch_bonds(text: str) -> list[str]:
    """First characters of the branches that `text`, which follows an atom, attaches to that atom."""
    text, bonds = text.lstrip("0123456789%"), []
    while text.startswith("("):
        bonds.append(text[1])
        text = text[_group_end(text, 0) :]
    return [*bonds, text[:1]]


def join_pieces(pieces: list[Piece], head: str = "*", tail: str = "*") -> str:
    """Write the chain head-piece-piece-...-tail as one SMILES; neighbour order, and so stereo, is kept."""
    text, closing, ring_offset, trail, implied, after_aromatic = [head], [], 0, pieces[0].lead, "", False
    for piece in pieces:
        if {implied, piece.lead} == {"/", "\\"}:
            piece = piece.flipped()
        bond = trail or piece.lead or ("-" if after_aromatic and piece.aromatic_ends[0] else "")
        text += [bond, _shift_rings(piece.before, ring_offset)]
        closing.append(_shift_rings(piece.after, ring_offset))
        ring_offset += piece.open_rings
        trail, implied, after_aromatic = piece.trail, piece.implied_trail, piece.aromatic_ends[1]
    return "".join([*text, trail, tail, *reversed(closing)])


def chain_last(text: str) -> str:
    """Rewrite a unit's text so that the tail star stands last and side groups stand in parentheses.

    `[1*]C([2*])=O` becomes `[1*]C(=O)[2*]`: the same structure, in the way that polymer chemists write it, and units
    so written join by plain concatenation.
    """
    # The direction of a mark on a ring bond depends on which end is written first, which moving text may change.
    if text.endswith(TAIL) or re.search(r"[/\\][\d%]", text):
        return text
    numbers = iter(range(1, len(text)))
    unique = _renumber(text, lambda _: next(numbers))
    if "%(" in unique:
        return text
    return _renumber(_move_last(unique), lambda taken: next(i for i in range(1, 100) if i not in taken))


def _move_last(text: str) -> str:
    start = _group_with_tail(text)
    if start < 0:
        return text
    end = _group_end(text, start)
    prefix, inner, rest = text[:start], text[start + 1 : end - 1], text[end:]
    moved = []
    while rest.startswith("("):
        end = _group_end(rest, 0)
        moved.append(rest[:end])
        rest = rest[end:]
    if rest:
        moved.append(f"({rest})")
    if len(moved) % 2:
        prefix = _inverted_last_atom(prefix)
    return prefix + "".join(moved) + _move_last(inner)


def _group_with_tail(text: str) -> int:
    """Place of the outermost parenthesis that holds the tail star, or -1 if it stands in none."""
    depth, start, tail = 0, -1, text.index(TAIL)
    for place in range(tail):
        if text[place] == "(":
            start = place if depth == 0 else start
            depth += 1
        elif text[place] == ")":
            depth -= 1
    return start if depth else -1


def _group_end(text: str, start: int) -> int:
    depth = 0
    for place in range(start, len(text)):
        depth += (text[place] == "(") - (text[place] == ")")
        if depth == 0:
            return place + 1
    raise ValueError(f"unbalanced parentheses in {text!r}")


def _last_atom(text: str) -> tuple[int, int]:
    """Start and end of the atom that whatever follows `text` would be bonded to."""
    end = len(text)
    while text[end - 1] == ")":
        depth = 0
        while True:
            end -= 1
            depth += (text[end] == ")") - (text[end] == "(")
            if depth == 0:
                break
    end = len(text[:end].rstrip("0123456789%=#-"))
    if text[end - 1] == "]":
        return text.rindex("[", 0, end), end
    return end - (2 if text[end - 2 : end] in ("Cl", "Br") else 1), end


def _inverted_last_atom(text: str) -> str:
    start, end = _last_atom(text)
    atom = text[start:end]
    inverted = atom.replace("@@", "@") if "@@" in atom else atom.replace("@", "@@")
    return text[:start] + inverted + text[end:]


def _ring_text(number: int) -> str:
    return str(number) if number < 10 else f"%{number}" if number < 100 else f"%({number})"


def _shift_rings(text: str, offset: int) -> str:
    if not offset:
        return text
    return _RINGS.sub(lambda m: m[1] or _ring_text(int(m[2] or m[3] or m[4]) + offset), text)


def _renumber(text: str, choose: Callable[[Collection[int]], int]) -> str:
    """Give each ring the number that `choose` picks, knowing the numbers that are open at that place."""
    opened: dict[int, int] = {}

    def write(match: re.Match[str]) -> str:
        if match[1] is not None:
            return match[1]
        number = int(match[2] or match[3] or match[4])
        if number in opened:
            return _ring_text(opened.pop(number))
        opened[number] = choose(opened.values())
        return _ring_text(opened[number])

    return _RINGS.sub(write, text)
