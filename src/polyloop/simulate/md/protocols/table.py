"""The table of measurements."""

from __future__ import annotations

from dataclasses import replace

from polyloop.simulate.md.protocols.diffusion import DIFFUSION, SMOKE_DIFFUSION
from polyloop.simulate.md.protocols.follow_up import FollowUp
from polyloop.simulate.md.protocols.glass import GLASS, SMOKE_GLASS
from polyloop.simulate.md.protocols.ions import IONS, SMOKE_IONS
from polyloop.simulate.md.protocols.mechanics import MECHANICS, SMOKE_MECHANICS
from polyloop.simulate.md.protocols.optics import FIRST_PREREQUISITE, OPTICS, SMOKE_OPTICS
from polyloop.simulate.md.protocols.recipes import STANDARD_1
from polyloop.simulate.md.protocols.thermal import SMOKE_THERMAL, THERMAL

__all__ = ["FIRST_VERSIONS", "FOLLOW_UPS"]

_CURRENT = (THERMAL, MECHANICS, GLASS, IONS, OPTICS, DIFFUSION)
# As they are, from the sample of the first force field; to repeat what they computed.
FIRST_VERSIONS = tuple(
    replace(
        one,
        version=1,
        recipe=STANDARD_1.protocol_id,
        prerequisite=FIRST_PREREQUISITE if one is OPTICS else one.prerequisite,
    )
    for one in _CURRENT
)
_TABLE = (
    *_CURRENT, *FIRST_VERSIONS,
    SMOKE_THERMAL, SMOKE_MECHANICS, SMOKE_GLASS, SMOKE_IONS, SMOKE_OPTICS, SMOKE_DIFFUSION,
)  # fmt: skip
FOLLOW_UPS: dict[str, FollowUp] = {one.protocol_id: one for one in _TABLE}
