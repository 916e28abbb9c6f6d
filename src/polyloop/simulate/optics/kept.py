"""Optics of repeat units that are kept in the scratch folder, for copolymers that share units."""

from __future__ import annotations

from polyloop.chem import Polymer
from polyloop.core import Conditions
from polyloop.simulate.estimate import Estimates

__all__ = ["kept_quick_optics"]


def kept_quick_optics(polymer: Polymer, seed: int, conditions: Conditions) -> Estimates:
    """Return what `optics/quick@3` yields of a repeat unit, computed or read back; raises as `quick_optics`."""
    from polyloop.simulate.md.protocols.optics import OLIGOMERS
    from polyloop.simulate.md.run.workspace import Workspace, default_scratch

    return OLIGOMERS.outcome(Workspace(default_scratch() / "md"), polymer, seed)
