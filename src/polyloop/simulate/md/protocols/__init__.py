"""Measurements: protocols of molecular dynamics that go on where a recipe's sample ends."""

from polyloop.simulate.md.protocols.follow_up import Context, FollowUp
from polyloop.simulate.md.protocols.prerequisite import Prerequisite
from polyloop.simulate.md.protocols.table import FOLLOW_UPS

__all__ = ["FOLLOW_UPS", "Context", "FollowUp", "Prerequisite"]
