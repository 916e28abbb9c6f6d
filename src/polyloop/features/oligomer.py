"""The interior of a linear oligomer: one repeat unit that does not feel the chain's ends."""

from __future__ import annotations

import math

from rdkit import Chem

from polyloop.chem import Polymer

__all__ = ["backbone_length", "interior"]


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
    return polymer.protiated.oligomer(2 * extra + 1), extra
