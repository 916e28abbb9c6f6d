"""LAMMPS as an engine of molecular dynamics."""

from polyloop.engines.dynamics.lammps.engine import LammpsEngine

__all__ = ["LammpsEngine"]
