"""DFT-D4 as a quantum-chemical engine. Nothing here imports dftd4 until a calculation starts."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Geometry

__all__ = ["DFTD4", "Dftd4Engine"]


class Dftd4Engine:
    """Atomic polarizabilities from coordination numbers and charges: an `AtomicPolarizability`."""

    name = package = "dftd4"

    def versions(self) -> Mapping[str, str]:
        """Return dftd4's version."""
        return {"dftd4": version("dftd4")}

    def atomic_polarizabilities(self, geometry: Geometry) -> NDArray[np.float64]:
        """Return isotropic static polarizabilities; see `dftd4.atomic_polarizabilities`."""
        from polyloop.engines.quantum.dftd4 import atomic_polarizabilities

        return atomic_polarizabilities(geometry)


DFTD4 = Dftd4Engine()
