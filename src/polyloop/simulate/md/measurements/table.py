"""The table of measurements."""

from __future__ import annotations

from polyloop.simulate.md.measurements.diffusion import DIFFUSION, SMOKE_DIFFUSION
from polyloop.simulate.md.measurements.glass import GLASS, SMOKE_GLASS
from polyloop.simulate.md.measurements.ions import IONS, SMOKE_IONS
from polyloop.simulate.md.measurements.measurement import Measurement
from polyloop.simulate.md.measurements.mechanics import MECHANICS, SMOKE_MECHANICS
from polyloop.simulate.md.measurements.optics import OPTICS, SMOKE_OPTICS
from polyloop.simulate.md.measurements.thermal import SMOKE_THERMAL, THERMAL

__all__ = ["MEASUREMENTS"]

_TABLE = (
    THERMAL, MECHANICS, GLASS, IONS, OPTICS, DIFFUSION,
    SMOKE_THERMAL, SMOKE_MECHANICS, SMOKE_GLASS, SMOKE_IONS, SMOKE_OPTICS, SMOKE_DIFFUSION,
)  # fmt: skip
MEASUREMENTS: dict[str, Measurement] = {one.label: one for one in _TABLE}
