"""Measurements: protocols of molecular dynamics that go on where a recipe's sample ends."""

from polyloop.simulate.md.measurements.groundwork import Groundwork
from polyloop.simulate.md.measurements.measurement import Context, Measurement
from polyloop.simulate.md.measurements.table import MEASUREMENTS

__all__ = ["MEASUREMENTS", "Context", "Groundwork", "Measurement"]
