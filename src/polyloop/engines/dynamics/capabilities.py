"""What an engine of molecular dynamics says of itself, so that others ask it instead of knowing its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Capabilities", "Device"]

Device = Literal["cpu", "gpu"]


@dataclass(frozen=True)
class Capabilities:
    """What an engine can do, and what it takes to have it.

    Parameters
    ----------
    title
        The program's own name.
    install
        The line that installs it, as a sentence.
    devices
        On what it computes.
    precision
        Of forces: `double`, `mixed` (sums in double) or `single`.
    preference
        For each device, its place among the engines that a machine may take by itself, least first: an engine takes a
        device of which nothing is said only where it is named.
    package
        Name of the Python distribution that is the engine; empty where the engine itself is asked for its version.
    ensembles
        Those of `Stage.ensemble` that it runs.
    strain, pressure_ramp, density_ramp
        Whether it deforms a cell along x, ramps the pressure, and brings a cell to `Stage.density`.
    energy_terms
        Whether samples have the columns `bond`, `angle`, `dihedral` and `improper` besides the potential energy. A
        potential that is learnt knows no such parts.
    """

    title: str
    install: str
    devices: tuple[Device, ...] = ("cpu",)
    precision: Literal["double", "mixed", "single"] = "double"
    preference: Mapping[Device, int] = field(default_factory=dict)
    package: str = ""
    ensembles: tuple[str, ...] = ("minimize", "nve", "nvt", "npt")
    strain: bool = True
    pressure_ramp: bool = True
    density_ramp: bool = True
    energy_terms: bool = True
