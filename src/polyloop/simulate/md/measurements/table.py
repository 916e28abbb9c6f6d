"""The table of measurements."""

from __future__ import annotations

from polyloop.simulate.md.measurements.glass import GLASS, SMOKE_GLASS
from polyloop.simulate.md.measurements.ions import IONS, SMOKE_IONS
from polyloop.simulate.md.measurements.measurement import Measurement
from polyloop.simulate.md.measurements.mechanics import MECHANICS, SMOKE_MECHANICS
from polyloop.simulate.md.measurements.thermal import SMOKE_THERMAL, THERMAL

__all__ = ["MEASUREMENTS"]

_TABLE = (THERMAL, MECHANICS, GLASS, IONS, SMOKE_THERMAL, SMOKE_MECHANICS, SMOKE_GLASS, SMOKE_IONS)
MEASUREMENTS: dict[str, Measurement] = {one.label: one for one in _TABLE}
