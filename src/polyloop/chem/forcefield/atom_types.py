"""GAFF2_mod atom types: what an atom's own surroundings decide, before conjugated systems are labelled."""

from __future__ import annotations

from collections.abc import Callable

from polyloop.chem.forcefield.graph import TypingGraph

__all__ = ["REACH", "local_types"]

# The farthest bond that decides on a type: the type of a neighbour (1), the hybridisation of that one's neighbour (2),
# and the two bonds over which conjugation decides on a hybridisation (4).
REACH = 4

_SP, _SP2, _SP3 = 1, 2, 3
_H, _C, _N, _O, _F, _P, _S = 1, 6, 7, 8, 9, 15, 16
_WITHDRAWING = frozenset({7, 8, 9, 17, 35, 53})
_HYDROGEN_ON = {_N: "hn", _P: "hp", _S: "hs"}
# By the number of bonds of the carbon and of electron-withdrawing atoms on it.
_HYDROGEN_ON_CARBON = {(4, 1): "h1", (4, 2): "h2", (4, 3): "h3", (3, 1): "h4", (3, 2): "h5"}
_HALOGENS = {9: "f", 17: "cl", 35: "br", 53: "i"}
# By the number of hydrogens on the nitrogen.
_AMIDE = {1: "ns", 2: "nt"}
_ANILINE = {1: "nu", 2: "nv"}
_AMINE = {1: "n7", 2: "n8", 3: "n9"}
_AMMONIUM = {1: "nx", 2: "ny", 3: "nz", 4: "n+"}
_SMALL_RINGS = {"c2": {3: "cu", 4: "cv"}, "c3": {3: "cx", 4: "cy"}}
_CONJUGATED = frozenset(("c", "c1", "c2", "ca", "cu", "cv", "n1", "n2", "na", "nb", "p2", "pb", "px", "py", "sx", "sy"))
_CONJUGATED_IN_RINGS = _CONJUGATED | {"os", "ss"}
_INNER = {"c2": "ce", "c1": "cg", "n2": "ne", "p2": "pe"}
_INNER_IN_RINGS = {"c2": "cc", "n2": "nc", "p2": "pc"}
_BIPHENYL = frozenset({"ca", "nb", "pb"})


def local_types(graph: TypingGraph) -> list[str | None]:
    """Return the type of each atom, None where there is none.

    Conjugated systems carry only the first of their two labels (cc, ce, cg, cp, nc, ne, pc, pe);
    `label_conjugated_systems` does the rest.
    """
    types = [rule(graph, atom) if (rule := _RULES.get(z)) else None for atom, z in enumerate(graph.numbers)]
    # All hydrogens of one atom have one type.
    of_owner: dict[int, str | None] = {}
    for atom in [atom for atom, z in enumerate(graph.numbers) if z == _H and graph.neighbours[atom]]:
        owner = graph.neighbours[atom][0]
        if owner not in of_owner:
            of_owner[owner] = _hydrogen_on(graph, owner)
        types[atom] = of_owner[owner]
    _mark_small_rings(graph, types)
    _mark_inner_atoms(graph, types)
    _mark_biphenyls(graph, types)
    return types


def _hydrogen_on(graph: TypingGraph, owner: int) -> str | None:
    element = graph.numbers[owner]
    if element == _O:
        return "hw" if graph.hydrogens[owner] == 2 else "ho"
    if element != _C:
        return _HYDROGEN_ON.get(element)
    neighbours = graph.neighbours[owner]
    elements = [graph.numbers[other] for other in neighbours]
    if any(z in (_N, _P) and len(graph.neighbours[i]) == 4 for i, z in zip(neighbours, elements, strict=True)):
        return "hx"
    withdrawing = sum(z in _WITHDRAWING for z in elements)
    if withdrawing == 0:
        return "ha" if graph.hybridization[owner] in (_SP, _SP2) else "hc"
    return _HYDROGEN_ON_CARBON.get((len(neighbours), withdrawing))


def _carbon(graph: TypingGraph, atom: int) -> str | None:
    hybridization = graph.hybridization[atom]
    if hybridization == _SP3:
        return "c3f" if _F in [graph.numbers[other] for other in graph.neighbours[atom]] else "c3"
    if hybridization == _SP2:
        ends = [graph.numbers[i] for i, order in graph.around[atom] if order == 2 and len(graph.neighbours[i]) == 1]
        if _O in ends:
            return "c"
        if _S in ends:
            return "cs"
        return "ca" if graph.aromatic[atom] else "c2"
    return "c1" if hybridization == _SP else None


def _nitrogen(graph: TypingGraph, atom: int) -> str | None:
    bonds = graph.around[atom]
    if graph.hybridization[atom] == _SP:
        return "n1"
    if len(bonds) == 2:
        if graph.aromatic[atom]:
            return "nb"
        return "n2" if any(order == 2 for _, order in bonds) else None
    if len(bonds) == 3:
        return _nitrogen_of_three_bonds(graph, atom)
    return _AMMONIUM.get(graph.hydrogens[atom], "n4") if len(bonds) == 4 else None


def _nitrogen_of_three_bonds(graph: TypingGraph, atom: int) -> str:
    neighbours = graph.neighbours[atom]
    carbons = [other for other in neighbours if graph.numbers[other] == _C]
    hydrogens = graph.hydrogens[atom]
    if sum(graph.numbers[other] == _O for other in neighbours) >= 2:
        return "no"
    if any(order == 2 and graph.numbers[i] in (_O, _S) for carbon in carbons for i, order in graph.around[carbon]):
        return _AMIDE.get(hydrogens, "n")
    if graph.aromatic[atom] or sum(graph.hybridization[other] in (_SP, _SP2) for other in neighbours) >= 2:
        return "na"
    if any(graph.aromatic[carbon] for carbon in carbons):
        return _ANILINE.get(hydrogens, "nh")
    return _AMINE.get(hydrogens, "n3")


def _oxygen(graph: TypingGraph, atom: int) -> str | None:
    if len(graph.around[atom]) == 1:
        return "o"
    return {2: "ow", 1: "oh"}.get(graph.hydrogens[atom], "os")


def _phosphorus(graph: TypingGraph, atom: int) -> str | None:
    bonds = graph.around[atom]
    if graph.aromatic[atom]:
        return "pb"
    if len(bonds) == 3:
        if not any(order == 2 for _, order in bonds):
            return "p3"
        return "px" if _beside_multiple_bond(graph, atom) else "p4"
    if len(bonds) == 4:
        return "py" if _beside_multiple_bond(graph, atom) else "p5"
    return {2: "p2", 5: "p5", 6: "p5"}.get(len(bonds))


def _sulfur(graph: TypingGraph, atom: int) -> str | None:
    bonds = graph.around[atom]
    if len(bonds) == 2:
        if graph.aromatic[atom]:
            return "ss"
        if graph.hydrogens[atom] == 1:
            return "sh"
        return "s2" if any(order == 2 for _, order in bonds) else "ss"
    if len(bonds) == 3:
        return "sx" if _beside_multiple_bond(graph, atom) else "s4"
    if len(bonds) == 4:
        return "sy" if _beside_multiple_bond(graph, atom) else "s6"
    return {1: "s", 5: "s6", 6: "s6"}.get(len(bonds))


def _beside_multiple_bond(graph: TypingGraph, atom: int) -> bool:
    """Whether a neighbour has an aromatic or multiple bond other than that to `atom`."""
    return any(
        order >= 1.5 and last != atom for other, _ in graph.around[atom] for last, order in graph.around[other]
    )  # fmt: skip


Rule = Callable[[TypingGraph, int], str | None]


def _always(name: str) -> Rule:
    return lambda graph, atom: name


_RULES: dict[int, Rule] = {
    _C: _carbon, _N: _nitrogen, _O: _oxygen, _P: _phosphorus, _S: _sulfur,
    **{number: _always(name) for number, name in _HALOGENS.items()},
}  # fmt: skip


def _mark_small_rings(graph: TypingGraph, types: list[str | None]) -> None:
    for ring in graph.rings:
        if len(ring) == 4 or len(ring) == 3:
            for atom in ring:
                sizes = graph.ring_sizes[atom]
                types[atom] = _SMALL_RINGS.get(types[atom] or "", {}).get(min(sizes), types[atom])


def _mark_inner_atoms(graph: TypingGraph, types: list[str | None]) -> None:
    """Atoms with two conjugated neighbours, in a chain or in a ring."""
    for atom, name in enumerate(types):
        if name in _INNER:
            in_ring = bool(graph.ring_sizes[atom])
            conjugated = _CONJUGATED_IN_RINGS if in_ring else _CONJUGATED
            if sum(_plain(types[other]) in conjugated for other, _ in graph.around[atom]) >= 2:
                types[atom] = (_INNER_IN_RINGS if in_ring else _INNER).get(name, name)


_PLAIN = {inner: name for table in (_INNER, _INNER_IN_RINGS) for name, inner in table.items()}


def _plain(name: str | None) -> str | None:
    return _PLAIN.get(name or "", name)


def _mark_biphenyls(graph: TypingGraph, types: list[str | None]) -> None:
    """Aromatic carbons that a single bond joins to an aromatic atom."""
    for atom, name in enumerate(types):
        if name == "ca":
            for other, order in graph.around[atom]:
                if order == 1 and types[other] in _BIPHENYL:
                    types[atom] = "cp"
                    if types[other] == "ca":
                        types[other] = "cp"
