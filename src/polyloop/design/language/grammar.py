"""Which tokens may come next, so that every text ends as one repeat unit: two stars, closed rings, right valences.

A unit begins at its head star and ends with its tail star, side groups in branches. An atom in the main chain always
keeps a bond for what follows, an atom that branches keeps one for what follows the branch, and a branch ends only when
the rings that were opened in it are closed. So a unit can be completed at any time, with carbons if need be.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from polyloop.design.language.vocabulary import GROUPS, Token, TokenKind, Vocabulary

__all__ = ["Grammar", "UnfinishedUnit"]

Mask = NDArray[np.bool_]
_ORGANIC = {"B", "C", "N", "O", "P", "S", "F", "Cl", "Br", "I"}
_BOND = {1: "", 2: "=", 3: "#"}


@dataclass
class UnfinishedUnit:
    """A repeat unit being written, token by token: the one thing here that changes.

    Parameters
    ----------
    tokens
        Numbers of the tokens so far.
    contracted
        The same with each closed branch shortened to its brackets and its first atom.
    """

    grammar: Grammar
    tokens: list[int] = field(default_factory=list)
    contracted: list[int] = field(default_factory=list)
    finished: bool = False
    # Of each atom: token, bonds left that nothing waits for, the atom before, and ring bonds to earlier atoms.
    atoms: list[int] = field(default_factory=list)
    free: list[int] = field(default_factory=list)
    before: list[int] = field(default_factory=list)
    closures: list[list[int]] = field(default_factory=list)
    current: int = -1
    star_order: int = 0
    after_branch: bool = False
    # Branches: the atom that each leaves, and where it begins in `contracted`. Rings: opening atom and depth.
    branches: list[tuple[int, int]] = field(default_factory=list)
    rings: list[tuple[int, int]] = field(default_factory=list)
    # Paths back to open rings, of which contexts and closures ask alike; they hold until the next token.
    _paths: dict[int, list[int]] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def depth(self) -> int:
        """Number of open branches."""
        return len(self.branches)

    @property
    def begins_branch(self) -> bool:
        """Whether a branch was opened and has no atom yet."""
        return bool(self.tokens) and self.tokens[-1] == self.grammar.branch

    def available(self) -> int:
        """Return the number of bonds that the current atom can make to an atom after it."""
        return self.free[self.current] + int(self.after_branch)

    def holds_ring(self) -> bool:
        """Tell whether a ring is open that this branch, or the main chain, must close before it ends."""
        return bool(self.rings) and self.rings[-1][1] >= self.depth

    def ring_path(self, place: int = 0) -> list[int]:
        """Return the atoms from the current one back to where an open ring began, the shortest way known.

        The list is kept until the next token: do not change it.
        """
        opening = self.rings[-1 - place][0]
        path = self._paths.get(opening)
        if path is None:
            atom = self.current
            path = self._paths[opening] = [atom]
            while atom != opening:
                following = self.before[atom]
                for other in self.closures[atom]:
                    if opening <= other < following:
                        following = other
                atom = following
                path.append(atom)
        return path

    def push(self, number: int) -> None:
        """Add a token, which `Grammar.allowed` must have named."""
        token = self.grammar.vocabulary.tokens[number]
        self._paths.clear()
        if token.kind is TokenKind.ATOM:
            self._push_atom(number, token)
        elif token.kind is TokenKind.BRANCH:
            # The bond for what follows the branch is kept from the first branch on.
            self.free[self.current] -= int(not self.after_branch)
            self.branches.append((self.current, len(self.contracted)))
            self.contracted.append(number)
            self.after_branch = False
        elif token.kind is TokenKind.UNBRANCH:
            self.current, start = self.branches.pop()
            del self.contracted[start + 2 :]
            self.contracted.append(number)
            self.after_branch = True
        elif token.kind is TokenKind.RING:
            self.free[self.current] -= 1
            self.rings.append((self.current, self.depth))
            self.contracted.append(number)
        elif token.kind is TokenKind.CLOSURE:
            opening, _ = self.rings.pop(-1 - token.place)
            self.free[opening] -= token.order - 1
            self.free[self.current] -= token.order
            self.closures[self.current].append(opening)
            self.contracted.append(number)
        else:
            self.finished = True
        self.tokens.append(number)

    def _push_atom(self, number: int, token: Token) -> None:
        if self.current < 0:
            self.star_order = token.order
        else:
            self.free[self.current] -= token.order - int(self.after_branch)
        self.atoms.append(number)
        self.free.append(token.valence - token.order)
        self.before.append(self.current)
        self.closures.append([])
        self.current, self.after_branch = len(self.atoms) - 1, False
        self.contracted.append(number)

    def copy(self) -> UnfinishedUnit:
        """Return the same unit, to go on with in another way."""
        twin = UnfinishedUnit(self.grammar)
        for number in self.tokens:
            twin.push(number)
        return twin


@dataclass(frozen=True)
class Grammar:
    """What may follow what.

    Parameters
    ----------
    ring_sizes
        Lengths that rings may have.
    most_tokens
        Length from which on a unit does nothing but come to its end.
    """

    vocabulary: Vocabulary
    ring_sizes: frozenset[int]
    most_tokens: int = 200
    branch: int = field(init=False, repr=False)
    _by_kind: tuple[Mask, ...] = field(init=False, repr=False, compare=False)
    _closing: tuple[int, ...] = field(init=False, repr=False, compare=False)
    _masks: dict[tuple[int, ...], Mask] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        masks = tuple(self.vocabulary.kinds == kind for kind in TokenKind)
        object.__setattr__(self, "_by_kind", masks)
        object.__setattr__(self, "_closing", tuple(int(i) for i in np.flatnonzero(masks[TokenKind.CLOSURE])))
        object.__setattr__(self, "branch", int(np.flatnonzero(masks[TokenKind.BRANCH])[0]))

    def start(self) -> UnfinishedUnit:
        """Return a unit of which nothing is written but its head star."""
        return UnfinishedUnit(self)

    def allowed(self, unit: UnfinishedUnit) -> Mask:
        """Tell which tokens may come next, shape (v,); at least one may."""
        late = len(unit.tokens) >= self.most_tokens
        # All but the rings that could be closed depends on a few small numbers, and comes again and again.
        key = (
            unit.current < 0, unit.begins_branch, unit.free[unit.current] if unit.free else 0, unit.after_branch,
            unit.depth > 0, unit.holds_ring(), bool(unit.rings), unit.star_order,
        )  # fmt: skip
        known = self._masks.get(key)
        if known is None:
            known = self._masks[key] = self._without_closures(unit)
        closes = bool(unit.rings) and not (unit.after_branch or unit.begins_branch)
        if not (closes or late):
            return known
        mask = known.copy()
        if closes:
            self._closures(unit, mask, any_size=late)
        return self._coming_to_an_end(mask) if late and not (unit.current < 0 or unit.begins_branch) else mask

    def _without_closures(self, unit: UnfinishedUnit) -> Mask:
        mask = self._atoms(unit)
        if unit.current < 0 or unit.begins_branch:
            return mask
        free, spare = unit.free[unit.current], int(not unit.after_branch)
        mask[self.branch] = free >= 1 + spare
        if not unit.after_branch:
            mask |= self._by_kind[TokenKind.RING] & (free >= 2)
        if unit.depth:
            mask |= self._by_kind[TokenKind.UNBRANCH] & (not unit.after_branch and not unit.holds_ring())
        elif not unit.rings:
            ends = self._by_kind[TokenKind.END] & (self.vocabulary.orders == unit.star_order)
            mask |= ends & (unit.available() >= unit.star_order)
        return mask

    def _atoms(self, unit: UnfinishedUnit) -> Mask:
        vocabulary = self.vocabulary
        mask = self._by_kind[TokenKind.ATOM].copy()
        if unit.current >= 0:
            mask &= vocabulary.orders <= unit.available()
        else:
            # A star on a double bond needs one at the other end.
            mask &= np.isin(vocabulary.orders, vocabulary.orders[self._by_kind[TokenKind.END]])
        if unit.depth == 0 or unit.holds_ring():
            mask &= vocabulary.left >= 1
        return mask

    def _closures(self, unit: UnfinishedUnit, mask: Mask, *, any_size: bool) -> None:
        current, free = unit.current, unit.free[unit.current]
        for number in self._closing:
            token = self.vocabulary.tokens[number]
            if token.place >= len(unit.rings) or token.order > free:
                continue
            opening = unit.rings[-1 - token.place][0]
            if token.order - 1 > unit.free[opening] or opening == current:
                continue
            rest = [depth for place, (_, depth) in enumerate(reversed(unit.rings)) if place != token.place]
            must_go_on = unit.depth == 0 or any(depth >= unit.depth for depth in rest)
            if must_go_on and free == token.order:
                continue
            size = len(unit.ring_path(token.place))
            mask[number] = size >= 3 and (any_size or size in self.ring_sizes)

    def _coming_to_an_end(self, mask: Mask) -> Mask:
        for kind in (TokenKind.END, TokenKind.CLOSURE, TokenKind.UNBRANCH):
            chosen = mask & self._by_kind[kind]
            if chosen.any():
                return chosen
        chosen = np.zeros_like(mask)
        chosen[self.vocabulary.carbon] = True
        return chosen if mask[self.vocabulary.carbon] else mask & self._by_kind[TokenKind.ATOM]

    def smiles(self, tokens: list[int]) -> str:
        """Write finished tokens as SMILES, with the hydrogens of atoms in brackets."""
        unit = self.start()
        parts: list[str] = ["*"]
        heads: list[int] = []
        tails: list[tuple[int, str]] = []
        digits: list[int] = []
        for number in tokens:
            token = self.vocabulary.tokens[number]
            if token.kind is TokenKind.ATOM:
                _, head, tail = GROUPS.get(token.symbol, (0, token.symbol, ""))
                parts.append(f"{_BOND[token.order]}")
                heads.append(len(parts))
                parts.append(head)
                parts.append("")
                tails.append((len(parts), tail))
                parts.append(tail)
            elif token.kind is TokenKind.RING:
                digit = next(d for d in range(1, 100) if d not in digits)
                digits.append(digit)
                parts[heads[unit.current] + 1] += _digit(digit)
            elif token.kind is TokenKind.CLOSURE:
                parts[heads[unit.current] + 1] += _BOND[token.order] + _digit(digits.pop(-1 - token.place))
            elif token.kind is TokenKind.END:
                parts.append(f"{_BOND[token.order]}*")
            else:
                parts.append("(" if token.kind is TokenKind.BRANCH else ")")
            unit.push(number)
        self._put_hydrogens(unit, parts, heads)
        return "".join(parts)

    def _put_hydrogens(self, unit: UnfinishedUnit, parts: list[str], heads: list[int]) -> None:
        last = unit.current
        for atom, place in enumerate(heads):
            if parts[place] in _ORGANIC or parts[place].startswith("["):
                continue
            hydrogens = unit.free[atom] - (unit.star_order - int(unit.after_branch) if atom == last else 0)
            count = "" if hydrogens == 1 else str(hydrogens)
            parts[place] = f"[{parts[place]}{f'H{count}' if hydrogens else ''}]"


def _digit(number: int) -> str:
    return str(number) if number < 10 else f"%{number}"
