"""OpenMM: molecular dynamics in this process, on CPUs and GPUs.

Nothing here imports OpenMM until an engine is asked to work.
"""

from polyloop.engines.dynamics.openmm.engine import OpenMMEngine

__all__ = ["OpenMMEngine"]
