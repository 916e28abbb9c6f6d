"""All small molecules of given rules: skeletons, orders of bonds, elements."""

from polyloop.design.enumeration.molecules import (
    SKELETON_SOURCES,
    SmilesChunk,
    count_molecules,
    enumerate_molecules,
    skeleton_source,
)
from polyloop.design.enumeration.rules import VALENCES, MoleculeRules, read_molecular_formula
from polyloop.design.enumeration.writing import WrittenMolecules, write_molecules

__all__ = [
    "SKELETON_SOURCES",
    "VALENCES",
    "MoleculeRules",
    "SmilesChunk",
    "WrittenMolecules",
    "count_molecules",
    "enumerate_molecules",
    "read_molecular_formula",
    "skeleton_source",
    "write_molecules",
]
