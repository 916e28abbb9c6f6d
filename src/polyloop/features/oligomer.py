"""The interior of a linear oligomer: one repeat unit that does not feel the chain's ends; and a ring of units."""

from __future__ import annotations

import math

from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core.errors import InvalidInputError

__all__ = ["backbone_length", "interior", "kept_oligomer", "neighbouring_oligomers", "ring_of_units"]

# The blocks of one polymer ask for the same oligomers, one block after the other; nobody changes them.
_KEPT: dict[tuple[str, int], Chem.Mol] = {}
_MOST_KEPT = 8
_BOND = {1.0: Chem.BondType.SINGLE, 2.0: Chem.BondType.DOUBLE, 3.0: Chem.BondType.TRIPLE}


def backbone_length(polymer: Polymer) -> int:
    """Return the number of atoms on the shortest path through the repeat unit, between its stars."""
    return len(polymer.backbone)


def interior(polymer: Polymer, reach: int) -> tuple[Chem.Mol, int]:
    """Return a linear oligomer and the number of its central unit, at least `reach` bonds from either cap.

    A macrocycle would have no ends either, but RDKit enumerates an exponential number of rings around it, and
    rings of some sizes are perceived as aromatic.

    Returns
    -------
    The oligomer of 2 e + 1 units, e = ceil(reach / backbone length), without explicit hydrogens (nor isotopes of them),
    whose atoms carry the int property `unit`, and e.
    """
    extra = math.ceil(reach / backbone_length(polymer))
    return kept_oligomer(polymer, 2 * extra + 1), extra


def neighbouring_oligomers(polymer: Polymer, reach: int) -> tuple[Chem.Mol, Chem.Mol]:
    """Return the linear oligomers of n and n + 1 units, n = ceil(reach / backbone length), at least 1.

    What is local, at most `reach` bonds wide with all that it depends on, sees one end of either chain at most. So
    its number in the longer less that in the shorter is its number per unit of the endless chain: the ends cancel.

    Returns
    -------
    The shorter and the longer, without explicit hydrogens (nor isotopes of them).
    """
    units = max(1, math.ceil(reach / backbone_length(polymer)))
    return kept_oligomer(polymer, units), kept_oligomer(polymer, units + 1)


def kept_oligomer(polymer: Polymer, units: int) -> Chem.Mol:
    """Return the linear oligomer of `units` units with methyl caps, isotopes of hydrogen as plain hydrogen.

    The last few are kept, since the blocks of one polymer ask for the same ones; do not change it.
    """
    plain = polymer.protiated
    # By the text as it is cut: polymers that are cut elsewhere are equal.
    key = (plain.smiles, units)
    oligomer = _KEPT.get(key)
    if oligomer is None:
        oligomer = _KEPT[key] = plain.oligomer(units)
        while len(_KEPT) > _MOST_KEPT:
            _KEPT.pop(next(iter(_KEPT)), None)
    return oligomer


def ring_of_units(polymer: Polymer, units: int) -> Chem.Mol:
    """Return a ring of `units` repeat units whose atoms are as in a linear chain, but for the ring that they are in.

    Aromaticity, hybridisation and hydrogens are those of the linear chain, since RDKit would take some macrocycles for
    aromatic; rings are found by RDKit's fast search, since the exact one grows exponentially round macrocycles.

    Raises
    ------
    InvalidInputError
        If the ring would have fewer than three atoms along it.
    """
    protiated = polymer.protiated
    if units < 1 or units * backbone_length(protiated) < 3:
        raise InvalidInputError(
            f"{units} units of {polymer.smiles} make no ring.", where="ring", hint="Take more units, such as 10."
        )
    chain = protiated.oligomer(units + 2)
    head, tail = _joint(chain, 0)[1], _joint(chain, units)[0]
    ring = Chem.RWMol(chain)
    ring.AddBond(head, tail, _BOND[protiated.joint_order])
    for index in reversed([a.GetIdx() for a in chain.GetAtoms() if not 1 <= a.GetIntProp("unit") <= units]):
        ring.RemoveAtom(index)
    closed = ring.GetMol()
    closed.UpdatePropertyCache(strict=False)
    Chem.FastFindRings(closed)
    return closed


def _joint(chain: Chem.Mol, unit: int) -> tuple[int, int]:
    """Return the atoms of the bond from `unit` to the next."""
    for bond in chain.GetBonds():
        ends = sorted((bond.GetBeginAtom(), bond.GetEndAtom()), key=lambda atom: atom.GetIntProp("unit"))
        if [atom.GetIntProp("unit") for atom in ends] == [unit, unit + 1]:
            return ends[0].GetIdx(), ends[1].GetIdx()
    raise InvalidInputError(f"The chain has no bond from unit {unit} to the next.", where="ring")
