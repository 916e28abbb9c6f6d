"""Drawings of structures as SVG, as large as the structure needs, so that no label runs into another."""

from __future__ import annotations

import re
from typing import Any

from rdkit import Chem
from rdkit.Chem import rdDepictor
from rdkit.Chem.Draw import rdMolDraw2D

from polyloop.core.subject import Drawing

__all__ = ["draw_structure"]

_PALETTE = {9: (0.05, 0.5, 0.5), 16: (0.62, 0.45, 0.0), 17: (0.1, 0.5, 0.1)}
_BOND = 28  # pixels
_ANGSTROM = _BOND / 1.5  # pixels; RDKit lays bonds out with a length of 1.5
_MARGIN = 60  # pixels, for labels at the rim
_LEAST = (300, 190)
# Beyond, a drawing says less than its SMILES and takes seconds.
_MOST_ATOMS = 250


def draw_structure(smiles: str) -> Drawing:
    """Draw a structure (SMILES; of a repeat unit) with wavy lines where the chain goes on."""
    mol = Chem.MolFromSmiles(smiles)
    if mol is None or mol.GetNumHeavyAtoms() > _MOST_ATOMS:
        return Drawing(note="Too large to be drawn.")
    rdDepictor.Compute2DCoords(mol)
    rdDepictor.StraightenDepiction(mol)
    places = mol.GetConformer().GetPositions()[:, :2]
    extent = places.max(axis=0) - places.min(axis=0)
    # A chain that runs upwards is laid down: pages are scrolled downwards.
    turn = 90.0 if extent[1] > 1.5 * extent[0] else 0.0
    wide, high = sorted(extent, reverse=True) if turn else extent
    width, height = (
        max(least, int(size * _ANGSTROM) + _MARGIN) for least, size in zip(_LEAST, (wide, high), strict=True)
    )
    drawer = rdMolDraw2D.MolDraw2DSVG(width, height)
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    options.dummiesAreAttachments = True
    # RDKit's yellow, green and cyan are too pale on white.
    options.updateAtomPalette(_PALETTE)
    options.bondLineWidth = 1.5
    options.minFontSize = 11
    options.maxFontSize = 16
    options.fixedBondLength = _BOND
    options.rotate = turn
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, mol)
    drawer.FinishDrawing()
    # An SVG inside a page has no XML declaration, and takes its namespaces from the page.
    drawing = str(drawer.GetDrawingText()).split("?>", 1)[-1]
    return Drawing(re.sub(r"\s+(xmlns(:\w+)?|xml:space)='[^']*'", "", drawing), width)
