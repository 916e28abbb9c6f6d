"""Estimators: from the samples and frames of molecular dynamics to properties with error bars."""

from polyloop.simulate.md.analysis.chains import (
    centre_series,
    end_to_end_distance,
    end_to_end_series,
    gyration_series,
    nematic_order,
    radius_of_gyration,
)
from polyloop.simulate.md.analysis.cohesion import cohesive_energy_density, solubility_parameter
from polyloop.simulate.md.analysis.dielectric import dielectric_constant, dipole_series, static_dielectric_constant
from polyloop.simulate.md.analysis.diffusion import Diffusion, centre_diffusion, diffusion, mobility, self_diffusion
from polyloop.simulate.md.analysis.free_volume import fractional_free_volume, free_fraction, van_der_waals_radii
from polyloop.simulate.md.analysis.glass import GlassTransition, glass_transition
from polyloop.simulate.md.analysis.mechanics import ElasticConstants, elastic_constants
from polyloop.simulate.md.analysis.optical import line_polarizabilities, optics_at_density
from polyloop.simulate.md.analysis.quantum import quantum_correction, quantum_heat_capacities, vibrational_spectrum
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
    "Diffusion",
    "ElasticConstants",
    "Equilibration",
    "GlassTransition",
    "Mean",
    "centre_diffusion",
    "centre_series",
    "cohesive_energy_density",
    "combine_replicas",
    "degrees_of_freedom",
    "density",
    "detect_equilibration",
    "dielectric_constant",
    "diffusion",
    "dipole_series",
    "elastic_constants",
    "end_to_end_distance",
    "end_to_end_series",
    "expansion_from_temperatures",
    "fluctuation_properties",
    "fractional_free_volume",
    "free_fraction",
    "glass_transition",
    "gyration_series",
    "heat_capacity_from_temperatures",
    "line_polarizabilities",
    "mean_with_error",
    "mobility",
    "nematic_order",
    "optics_at_density",
    "quantum_correction",
    "quantum_heat_capacities",
    "radius_of_gyration",
    "self_diffusion",
    "solubility_parameter",
    "static_dielectric_constant",
    "statistical_inefficiency",
    "van_der_waals_radii",
    "vibrational_spectrum",
]
