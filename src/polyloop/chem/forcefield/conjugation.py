"""The second label of conjugated systems (cd, cf, ch, cq, nd, nf, pd, pf), which alternates along the molecule."""

from __future__ import annotations

from collections.abc import Sequence

__all__ = ["label_conjugated_systems", "labels_travel"]

_CHAIN = {"ce": "cf", "cg": "ch", "ne": "nf", "pe": "pf"}
_RING = {"cc": "cd", "nc": "nd", "pc": "pd"}
_BIPHENYL = {"cp": "cq"}
# What has a second label; which bonds lead to the atom that gets it; and over which bonds that one hands it on.
_SYSTEMS: tuple[tuple[dict[str, str], frozenset[float], frozenset[float]], ...] = (
    (_CHAIN, frozenset({2.0, 3.0}), frozenset({1.0})),
    (_RING, frozenset({2.0}), frozenset({1.0})),
    (_BIPHENYL, frozenset({1.5}), frozenset({1.0})),
)


def label_conjugated_systems(types: list[str], around: Sequence[Sequence[tuple[int, float]]]) -> None:
    """Give each second atom of a conjugated system its second label, in place.

    Two atoms of the same label are joined by a single bond, two of different labels by a double bond (in biphenyls:
    an aromatic one). Atoms are visited in their order, so the label of an atom may depend on all those before it: this
    is the one rule without a reach.
    """
    for second, across, onward in _SYSTEMS:
        for atom in [i for i, name in enumerate(types) if name in second]:
            if types[atom] not in second:
                continue
            for other, order in around[atom]:
                if order in across and types[other] in second:
                    types[other] = second[types[other]]
                    for last, single in around[other]:
                        if single in onward and types[last] in second:
                            types[last] = second[types[last]]


def labels_travel(types: Sequence[str], around: Sequence[Sequence[tuple[int, float]]], joint: tuple[int, int]) -> bool:
    """Whether the labels of one unit of a chain may depend on those of the unit before it.

    `types` are the local ones, and `joint` is a bond between two units.
    """
    one, other = joint
    for second, across, onward in _SYSTEMS:
        if types[one] in second and types[other] in second:
            order = next(order for last, order in around[one] if last == other)
            pairs = ((atom, last) for atom, bonds in enumerate(around) for last, kind in bonds if kind in across)
            if order in across or (
                order in onward and any(types[i] in second and types[j] in second for i, j in pairs)
            ):
                return True
    return False
