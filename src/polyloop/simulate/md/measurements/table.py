"""The table of measurements."""

from __future__ import annotations

from polyloop.simulate.md.measurements.measurement import Measurement
from polyloop.simulate.md.measurements.thermal import SMOKE_THERMAL, THERMAL

__all__ = ["MEASUREMENTS"]

MEASUREMENTS: dict[str, Measurement] = {one.label: one for one in (THERMAL, SMOKE_THERMAL)}
