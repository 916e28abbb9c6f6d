"""Guard: notice within seconds that a simulation has become unstable, and say by which figure."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Topology
from polyloop.core.constants import GAS_CONSTANT_KCAL

__all__ = ["Guard", "Unstable"]

Floats = NDArray[np.float64]

# A bond twice its length is broken; a harmonic one stores more than 100 kT by then.
_BOND_STRETCH = 2.0
# Times the target temperature, beyond the fluctuation that so few degrees of freedom have.
_HEAT = 4.0
# kT per atom by which the energy may rise between two samples: several times what melting at once would take.
_ENERGY_JUMP = 10.0


class Unstable(Exception):  # noqa: N818
    """The simulation blew up; the message has the figures."""


@dataclass(eq=False)
class Guard:
    """Watches over one run of molecules with `topology`; `degrees` counts their degrees of freedom."""

    topology: Topology
    degrees: int
    _energy: float | None = None

    def check_state(self, positions: Floats, temperature: float, target: float) -> None:
        """Look at positions in angstrom, shape (n, 3), and temperatures in K.

        Raises
        ------
        Unstable
            If a coordinate is not finite, a bond is broken or the cell far too hot.
        """
        if not np.isfinite(positions).all():
            raise Unstable("a coordinate is not a number")
        i, j = self.topology.bonds.T
        stretch = np.linalg.norm(positions[i] - positions[j], axis=1) / self.topology.bond_r0
        if stretch.size and stretch.max() > _BOND_STRETCH:
            worst = int(stretch.argmax())
            raise Unstable(f"the bond of atoms {i[worst]} and {j[worst]} is {stretch[worst]:.1f} times its length")
        limit = _HEAT * target * (1 + 5 * np.sqrt(2 / self.degrees))
        if not temperature <= limit:
            raise Unstable(f"the temperature is {temperature:.0f} K where {target:.0f} K was asked for")

    def check_energy(self, potential_energy: float, target: float) -> None:
        """Look at the potential energy in kcal/mol, one sample after the other, for a target temperature in K.

        Raises
        ------
        Unstable
            If it is not finite or has jumped up.
        """
        before, self._energy = self._energy, potential_energy
        if not np.isfinite(potential_energy):
            raise Unstable("the potential energy is not a number")
        jump = potential_energy - (potential_energy if before is None else before)
        if jump > _ENERGY_JUMP * self.topology.n_atoms * GAS_CONSTANT_KCAL * max(target, 300.0):
            raise Unstable(f"the potential energy rose by {jump:.3g} kcal/mol between two samples")
