"""An engine of molecular dynamics: OpenMM's Reference platform, slow and in double precision throughout."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Self

from polyloop.engines.dynamics.capabilities import Capabilities, Device
from polyloop.engines.dynamics.openmm.engine import OpenMMEngine

__all__ = ["ExactOpenMM"]


class ExactOpenMM(OpenMMEngine):
    """For checks of other engines; it is taken only where it is named, since it states no preference."""

    name = "exact_openmm"
    capabilities = Capabilities("OpenMM's Reference platform", "Install it with: pip install openmm")

    @classmethod
    def works_on(cls, device: Device) -> bool:
        """Whether OpenMM is installed; it has no use for a GPU."""
        return device == "cpu" and find_spec("openmm") is not None

    @classmethod
    def for_machine(cls, n_cores: int, worker: int = 0) -> Self:
        """Return it; it computes on one core, however many there are."""
        return cls(platform="Reference")
