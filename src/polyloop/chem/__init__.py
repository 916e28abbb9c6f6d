"""Polymers, copolymers and molecules: parse, canonical form, classes, oligomers, and the shipped tables of facts."""

from polyloop.chem.canonical import canonical_smiles
from polyloop.chem.chain import Chain, ChainUnit
from polyloop.chem.copolymer import Copolymer
from polyloop.chem.geometry import Geometry
from polyloop.chem.molecule import Molecule
from polyloop.chem.periodic_graph import PeriodicGraph
from polyloop.chem.polymer import Polymer
from polyloop.chem.polymer_class import PolymerClass
from polyloop.chem.topology import Cell, Topology

__all__ = [
    "Cell",
    "Chain",
    "ChainUnit",
    "Copolymer",
    "Geometry",
    "Molecule",
    "PeriodicGraph",
    "Polymer",
    "PolymerClass",
    "Topology",
    "canonical_smiles",
]
