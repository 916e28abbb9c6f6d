"""Repeat units: parse, canonical form, oligomers, polymer classes, and the shipped tables of facts."""

from polyloop.chem.geometry import Geometry
from polyloop.chem.polymer import Polymer

__all__ = ["Geometry", "Polymer"]
