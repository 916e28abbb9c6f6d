"""Refractive indices and Abbe number at the density of molecular dynamics, from polarizabilities of the repeat unit."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.optics.lorentz_lorenz import OpticalInputs, propagated_std

__all__ = ["OPTICAL_INPUTS", "line_polarizabilities", "optics_at_density"]

# What the quantum-chemical protocol must have yielded.
OPTICAL_INPUTS = (
    "refractive_index", "refractive_index_F", "refractive_index_C", "abbe_number", "density", "static_polarizability",
    "polarizability_D",
)  # fmt: skip


def optics_at_density(quick: Mapping[str, Estimate], density: Estimate, molar_mass: float) -> dict[str, Estimate]:
    """Return n_D, n_F, n_C and the Abbe number by Lorentz-Lorenz with the density of molecular dynamics.

    Dynamic polarizabilities of the repeat unit, by difference of oligomers, so no cap is counted. The error of the
    dispersion follows from that of the Abbe number. The errors of polarizability and density are propagated as
    independent.

    Parameters
    ----------
    quick
        Estimates of `OPTICAL_INPUTS` by a quantum-chemical protocol such as `optics/quick@3`.
    density
        g/cm3. Its `std` is all that is propagated of it: the force field's own error only if it is in there.
    molar_mass
        Of the repeat unit, g/mol.

    Raises
    ------
    InvalidInputError
        If one of the inputs is missing.
    EvaluationError
        DENSITY where polarizability and density go together with no index.

    References
    ----------
    doi:10.1002/andp.18802450406, doi:10.1002/andp.18802470905
    """
    alphas = line_polarizabilities(quick)
    model = quick["density"]
    given = OpticalInputs(alphas, model.value, molar_mass)
    level = (quick["polarizability_D"].std or 0.0) / quick["polarizability_D"].value
    without = propagated_std(given, level, 0.0, (model.std or 0.0) / model.value)[3]
    by_dispersion = propagated_std(given, 0.0, 1.0, 0.0)[3]
    dispersion = float(np.sqrt(max((quick["abbe_number"].std or 0.0) ** 2 - without**2, 0.0)) / by_dispersion)
    inputs = OpticalInputs(alphas, density.value, molar_mass)
    stds = propagated_std(inputs, level, dispersion, (density.std or 0.0) / density.value)
    std_of = f"polarizability ({quick['polarizability_D'].std_of}) and density ({density.std_of}), propagated"
    names = ("refractive_index_C", "refractive_index", "refractive_index_F", "abbe_number")
    return {
        name: Estimate(name, float(value), float(std), std_of, density.n)
        for name, value, std in zip(names, inputs.constants(), stds, strict=True)
    }


def line_polarizabilities(quick: Mapping[str, Estimate]) -> NDArray[np.float64]:
    """Return the unit's polarizabilities at rest and at the C, D and F lines, (4,), angstrom3.

    Those at the F and C lines follow from the indices that they gave, all at one density.

    Raises
    ------
    InvalidInputError
        If one of `OPTICAL_INPUTS` is missing.
    """
    missing = [name for name in OPTICAL_INPUTS if name not in quick]
    if missing:
        raise InvalidInputError(f"Optical constants need {', '.join(missing)} too.", hint="Run optics/quick first.")
    index = np.array([quick[f"refractive_index{line}"].value for line in ("_C", "", "_F")])
    refraction = (index**2 - 1.0) / (index**2 + 2.0)
    dynamic = quick["polarizability_D"].value * refraction / refraction[1]
    return np.array([quick["static_polarizability"].value, *dynamic])
