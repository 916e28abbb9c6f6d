"""Repeat units: parse, canonical form, oligomers, polymer classes, and the shipped tables of facts."""

from polyloop.chem.canonical import canonical_smiles
from polyloop.chem.geometry import Geometry
from polyloop.chem.periodic_graph import PeriodicGraph
from polyloop.chem.polymer import Polymer
from polyloop.chem.polymer_class import PolymerClass

__all__ = ["Geometry", "PeriodicGraph", "Polymer", "PolymerClass", "canonical_smiles"]
