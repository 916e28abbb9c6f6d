"""GROMACS, driven as a program: the fastest of the three engines on CPUs, where it is installed."""

from __future__ import annotations

from polyloop.engines.dynamics.gromacs.engine import GromacsEngine

__all__ = ["GromacsEngine"]
