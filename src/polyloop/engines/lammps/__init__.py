"""LAMMPS as an engine of molecular dynamics."""

from polyloop.engines.lammps.engine import LammpsEngine

__all__ = ["LammpsEngine"]
