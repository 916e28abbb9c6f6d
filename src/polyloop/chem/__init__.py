"""Repeat units: parse, canonical form, oligomers, polymer classes, and the shipped tables of facts."""

from polyloop.chem.canonical import canonical_smiles
from polyloop.chem.chain import Chain, ChainUnit
from polyloop.chem.geometry import Geometry
from polyloop.chem.periodic_graph import PeriodicGraph
from polyloop.chem.polymer import Polymer
from polyloop.chem.polymer_class import PolymerClass
from polyloop.chem.topology import Cell, Topology

__all__ = [
    "Cell",
    "Chain",
    "ChainUnit",
    "Geometry",
    "PeriodicGraph",
    "Polymer",
    "PolymerClass",
    "Topology",
    "canonical_smiles",
]
