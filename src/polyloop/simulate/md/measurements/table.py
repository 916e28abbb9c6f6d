"""The table of measurements."""

from __future__ import annotations

from dataclasses import replace

from polyloop.simulate.md.measurements.diffusion import DIFFUSION, SMOKE_DIFFUSION
from polyloop.simulate.md.measurements.glass import GLASS, SMOKE_GLASS
from polyloop.simulate.md.measurements.ions import IONS, SMOKE_IONS
from polyloop.simulate.md.measurements.measurement import Measurement
from polyloop.simulate.md.measurements.mechanics import MECHANICS, SMOKE_MECHANICS
from polyloop.simulate.md.measurements.optics import FIRST_GROUNDWORK, OPTICS, SMOKE_OPTICS
from polyloop.simulate.md.measurements.thermal import SMOKE_THERMAL, THERMAL
from polyloop.simulate.md.recipes import STANDARD_1

__all__ = ["FIRST_VERSIONS", "MEASUREMENTS"]

_CURRENT = (THERMAL, MECHANICS, GLASS, IONS, OPTICS, DIFFUSION)
# As they are, from the sample of the first force field; to repeat what they computed.
FIRST_VERSIONS = tuple(
    replace(one, version=1, recipe=STANDARD_1.label, groundwork=FIRST_GROUNDWORK if one is OPTICS else one.groundwork)
    for one in _CURRENT
)
_TABLE = (
    *_CURRENT, *FIRST_VERSIONS,
    SMOKE_THERMAL, SMOKE_MECHANICS, SMOKE_GLASS, SMOKE_IONS, SMOKE_OPTICS, SMOKE_DIFFUSION,
)  # fmt: skip
MEASUREMENTS: dict[str, Measurement] = {one.label: one for one in _TABLE}
