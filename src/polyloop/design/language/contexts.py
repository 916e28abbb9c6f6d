"""What the next token depends on: rings, branches and the last tokens, from the most special context to none."""

from __future__ import annotations

from polyloop.design.language.grammar import UnfinishedUnit

__all__ = ["Context", "contexts_of", "special_context"]

Context = tuple[int, ...]
# No token has these numbers; they set the parts of a context apart.
_RINGS, _STATE, _CLASS, _START = -1, -2, -3, -4
_LONGEST_PATH = 8
_MOST_COUNTED = 2
_SHORT = 3


def contexts_of(unit: UnfinishedUnit, order: int, polymer_class: int) -> list[Context]:
    """Return the contexts of the next token, the most special one first.

    With an open ring the special ones hold the atoms from where the latest ring began to the current atom: rings are
    learnt whole, however long their substituents are. The general ones hold how many rings are open (none, one, more)
    and whether a branch is. All hold the last tokens of the contracted text, up to `order`.

    Parameters
    ----------
    polymer_class
        Number of the class; in the contexts above all others, so that a class that says nothing falls back to all.
    """
    rings, state, last = _parts(unit, order)
    found: list[Context] = [(_CLASS, polymer_class, *rings, *state, *last)]
    found += [(*rings, *state, *last[start:]) for start in range(len(last))]
    if rings:
        found.append((*rings, *state))
        found += [(*state, *last[-k:]) for k in range(min(_SHORT, len(last)), 0, -1)]
    found.append(state)
    return found


def special_context(unit: UnfinishedUnit, order: int, polymer_class: int) -> Context:
    """Return the most special context alone, on which all others depend."""
    rings, state, last = _parts(unit, order)
    return (_CLASS, polymer_class, *rings, *state, *last)


def _parts(unit: UnfinishedUnit, order: int) -> tuple[Context, Context, list[int]]:
    """Return the latest open ring, how many rings and branches are open, and the last tokens."""
    last = unit.contracted[-order:] if order else []
    if len(unit.contracted) < order:
        last = [_START, *last]
    state = (_STATE, min(len(unit.rings), _MOST_COUNTED), int(bool(unit.branches)))
    if not unit.rings:
        return (), state, last
    atoms = unit.atoms
    return (_RINGS, *[atoms[atom] for atom in unit.ring_path()[:_LONGEST_PATH]]), state, last
