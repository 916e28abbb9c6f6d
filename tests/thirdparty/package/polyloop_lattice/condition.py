"""A condition of the sample: the concentration of a denaturant."""

from polyloop.core.conditions import Condition

__all__ = ["DENATURANT"]

DENATURANT = Condition(
    "denaturant", "c_D", "mol/L", 0.0, 8.0, 0.0, "Concentration of a denaturant, which weakens contacts."
)
