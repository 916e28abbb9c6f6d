"""Estimators: from the samples and frames of molecular dynamics to properties with error bars."""

from polyloop.simulate.md.analysis.chains import (
    end_to_end_distance,
    end_to_end_series,
    gyration_series,
    nematic_order,
    radius_of_gyration,
)
from polyloop.simulate.md.analysis.convergence import Check, Convergence, radonpy_test, statistical_test
from polyloop.simulate.md.analysis.statistics import (
    Equilibration,
    Mean,
    combine_replicas,
    detect_equilibration,
    mean_with_error,
    statistical_inefficiency,
)
from polyloop.simulate.md.analysis.thermodynamics import (
    FLUCTUATION_PROPERTIES,
    degrees_of_freedom,
    density,
    expansion_from_temperatures,
    fluctuation_properties,
    heat_capacity_from_temperatures,
)

__all__ = [
    "FLUCTUATION_PROPERTIES",
    "Check",
    "Convergence",
    "Equilibration",
    "Mean",
    "combine_replicas",
    "degrees_of_freedom",
    "density",
    "detect_equilibration",
    "end_to_end_distance",
    "end_to_end_series",
    "expansion_from_temperatures",
    "fluctuation_properties",
    "gyration_series",
    "heat_capacity_from_temperatures",
    "mean_with_error",
    "nematic_order",
    "radius_of_gyration",
    "radonpy_test",
    "statistical_inefficiency",
    "statistical_test",
]
