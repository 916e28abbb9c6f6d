"""Small pictures of structures side by side, as SVG."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

__all__ = ["draw_grid", "grid_width"]

_PANEL = (220, 170)  # pixels
_PER_ROW = 3
_MOST_ATOMS = 250  # beyond, a drawing says less than its SMILES and takes seconds


def grid_width(count: int) -> int:
    """Return the width in pixels of a picture of so many structures."""
    return min(count, _PER_ROW) * _PANEL[0]


def draw_grid(mols: Sequence[Chem.Mol], legends: Sequence[str]) -> str:
    """Draw molecules or repeat units (wavy lines where the chain goes on), each over its legend.

    Returns
    -------
    str
        An SVG element without an XML declaration, or an empty text where a structure is too large to be drawn.
    """
    if not mols or any(mol.GetNumHeavyAtoms() > _MOST_ATOMS for mol in mols):
        return ""
    columns = min(len(mols), _PER_ROW)
    rows = -(-len(mols) // columns)
    width, height = _PANEL
    drawer = rdMolDraw2D.MolDraw2DSVG(grid_width(len(mols)), rows * height, width, height)
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    options.dummiesAreAttachments = True
    options.legendFontSize = 15
    options.bondLineWidth = 1.5
    flat = [Chem.Mol(mol) for mol in mols]
    for mol in flat:
        rdDepictor.Compute2DCoords(mol)
        rdDepictor.StraightenDepiction(mol)
    drawer.DrawMolecules(flat, legends=list(legends))
    drawer.FinishDrawing()
    return re.sub(r"<\?xml[^>]*\?>\s*", "", str(drawer.GetDrawingText())).strip()
