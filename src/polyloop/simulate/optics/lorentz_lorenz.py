"""From polarizability and density to refractive indices and Abbe number, with propagated errors."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import AVOGADRO_PER_ANGSTROM3_CM3

__all__ = ["OpticalInputs", "molar_refraction", "propagated_std", "refractive_index"]

# (4 pi / 3) N_A in cm3/mol per angstrom3 of polarizability volume.
_REFRACTION = 4.0 * np.pi / 3.0 * AVOGADRO_PER_ANGSTROM3_CM3


def molar_refraction(polarizability: float) -> float:
    """Return the molar refraction in cm3/mol of a polarizability volume in angstrom3."""
    return _REFRACTION * polarizability


def refractive_index(polarizability: float, density: float, molar_mass: float) -> float:
    """Return the refractive index by the Lorentz-Lorenz equation.

    Parameters
    ----------
    polarizability
        Of one repeat unit, angstrom3.
    density
        g/cm3.
    molar_mass
        Of one repeat unit, g/mol.

    Raises
    ------
    EvaluationError
        DENSITY where polarizability times number density is too large for any index (the equation diverges).

    References
    ----------
    doi:10.1002/andp.18802450406, doi:10.1002/andp.18802470905
    """
    ratio = molar_refraction(polarizability) * density / molar_mass
    if not 0.0 < ratio < 1.0:
        raise EvaluationError(
            FailureCode.DENSITY,
            "Lorentz-Lorenz",
            f"(n^2 - 1)/(n^2 + 2) would be {ratio:.3f}, outside 0 to 1.",
            hint="The repeat unit's polarizability or density is outside what the models describe.",
        )
    return float(np.sqrt((1.0 + 2.0 * ratio) / (1.0 - ratio)))


@dataclass(frozen=True)
class OpticalInputs:
    """What the optical constants of a solid follow from, with independent relative errors.

    Parameters
    ----------
    polarizabilities
        Static, and at the C, D and F lines, angstrom3 for one repeat unit, shape (4,).
    density
        g/cm3.
    molar_mass
        g/mol.
    """

    polarizabilities: NDArray[np.float64]
    density: float
    molar_mass: float

    def constants(self) -> NDArray[np.float64]:
        """Return n_C, n_D, n_F and the Abbe number, shape (4,)."""
        n_c, n_d, n_f = (
            refractive_index(float(alpha), self.density, self.molar_mass) for alpha in self.polarizabilities[1:]
        )
        return np.array([n_c, n_d, n_f, (n_d - 1.0) / (n_f - n_c)])

    def varied(self, level: float, dispersion: float, density: float) -> OpticalInputs:
        """Return inputs whose polarizability level, dispersion and density are changed by these relative amounts.

        The dispersion is all that differs from the static polarizability; the level moves static and dynamic values
        alike.
        """
        static = self.polarizabilities[0] * (1.0 + level)
        lift = (self.polarizabilities - self.polarizabilities[0]) * (1.0 + level) * (1.0 + dispersion)
        return OpticalInputs(static + lift, self.density * (1.0 + density), self.molar_mass)


def propagated_std(
    inputs: OpticalInputs,
    level: float,
    dispersion: float,
    density: float,
    function: Callable[[OpticalInputs], NDArray[np.float64]] = OpticalInputs.constants,
) -> NDArray[np.float64]:
    """Return the standard deviations of `function(inputs)` for independent relative errors of its three inputs.

    Linear propagation by central differences. The density moves all indices together, so it nearly cancels from the
    Abbe number, as it should.

    Returns
    -------
    numpy.ndarray
        Shape of `function`'s value.
    """
    variances = np.zeros(4)
    for axis, std in enumerate((level, dispersion, density)):
        step = np.zeros(3)
        # Far below any real error, so that the propagation is linear, and far above rounding.
        step[axis] = 1e-4
        slope = (function(inputs.varied(*step)) - function(inputs.varied(*-step))) / 2e-4
        variances = variances + (slope * std) ** 2
    return np.sqrt(variances)
