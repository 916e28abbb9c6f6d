"""Elastic constants of an amorphous sample from the stresses of cells strained a little to both sides."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import constants

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import as_series, covariance_of_means, statistical_inefficiency

__all__ = ["ElasticConstants", "elastic_constants"]

Floats = NDArray[np.float64]

_GPA_PER_ATM = constants.atm * 1e-9
# A sample whose stiffness against shear is below so many standard errors may as well be a liquid.
_RESOLVED = 2.0


@dataclass(frozen=True, eq=False)
class ElasticConstants:
    """Isothermal stiffness of an isotropic body against a uniaxial strain with held sides.

    Parameters
    ----------
    c11, c12
        Stress along the strain and across it, per strain, in GPa, averaged over the axes.
    within, between
        Covariance matrices of the two, (2, 2): from the samples' fluctuations in time, and from the scatter over axes.
    by_axis
        The two for each axis of strain, (3, 2).
    n_effective
        Independent samples of the pressure in all strained cells together.
    """

    c11: float
    c12: float
    within: Floats
    between: Floats
    by_axis: Floats
    n_effective: float

    @property
    def bulk_modulus(self) -> float:
        """In GPa."""
        return (self.c11 + 2.0 * self.c12) / 3.0

    def estimates(self) -> tuple[Estimate, Estimate]:
        """Return Young's modulus and Poisson's ratio of an isotropic body with these constants.

        Each error is the larger of that from fluctuations in time and that from the scatter over the axes.

        Raises
        ------
        EvaluationError
            NOT_EQUILIBRATED where C11 - C12, twice the shear modulus, is not told from zero: a liquid has none.
        """
        a, b = self.c11, self.c12
        shear, shear_std = a - b, self._std(np.array([1.0, -1.0]))
        if shear <= _RESOLVED * shear_std or self.bulk_modulus <= 0.0:
            raise EvaluationError(
                FailureCode.NOT_EQUILIBRATED,
                "mechanics",
                f"C11 - C12 is {shear:.2g} +- {shear_std:.2g} GPa at C11 = {a:.3g} GPa: no stiffness against shear is "
                "resolved, and the sample may be a liquid.",
                hint="Try a lower temperature, or a larger cell.",
            )
        young, poisson = shear * (a + 2.0 * b) / (a + b), b / (a + b)
        young_std = self._std(np.array([2.0 * a + b - young, a - 4.0 * b - young]) / (a + b))
        poisson_std = self._std(np.array([-b, a]) / (a + b) ** 2)
        std_of = "correlated pressures in time, not below the scatter over three axes"
        n = max(1, round(self.n_effective))
        return (
            Estimate("young_modulus", young, young_std, std_of, n),
            Estimate("poisson_ratio", poisson, poisson_std, std_of, n),
        )

    def _std(self, slope: Floats) -> float:
        """Standard error of a function of (C11, C12) with these derivatives."""
        return float(np.sqrt(max(slope @ self.within @ slope, slope @ self.between @ slope)))


def elastic_constants(pressures: object, strain: float) -> ElasticConstants:
    """Return C11 and C12 from the pressures in cells strained along each axis by `strain` and by minus `strain`.

    C11 and C12 are half the differences of the mean stresses of both cells, over the strain: the stress that the cell
    had before and what is quadratic in the strain drop out.

    Parameters
    ----------
    pressures
        Diagonal of the pressure tensor in atm, (3 axes of strain, 2 signs: + and -, 3 components, n samples).
    strain
        Relative change of the strained edge; the others are held.

    Raises
    ------
    InvalidInputError
        For fewer than ten samples, samples that are not finite, another shape, or a strain that is not positive.

    References
    ----------
    doi:10.1080/08927028708080974 (Ray 1987, elastic constants by strain and by fluctuation)
    """
    samples = as_series(pressures, "The pressure")
    if samples.ndim != 4 or samples.shape[:3] != (3, 2, 3) or not strain > 0.0:
        raise InvalidInputError(
            f"Pressures have the shape (3, 2, 3, n) at a strain above zero, not {samples.shape} at {strain:g}."
        )
    # Along the strain, and the mean of both sides: (axis, sign, 2, n).
    columns = np.stack([[_along_and_across(samples[axis, sign], axis) for sign in (0, 1)] for axis in range(3)])
    factor = -_GPA_PER_ATM / (2.0 * strain)
    by_axis = factor * (columns[:, 0] - columns[:, 1]).mean(axis=-1)
    noise = np.array([[covariance_of_means(columns[axis, sign]) for sign in (0, 1)] for axis in range(3)])
    c11, c12 = by_axis.mean(axis=0).tolist()
    return ElasticConstants(
        c11=c11,
        c12=c12,
        within=factor**2 * noise.sum(axis=(0, 1)) / 9.0,
        between=np.cov(by_axis.T) / 3.0,
        by_axis=by_axis,
        n_effective=float((columns.shape[-1] / statistical_inefficiency(columns[:, :, 0])).sum()),
    )


def _along_and_across(tensor: Floats, axis: int) -> Floats:
    sides = [other for other in range(3) if other != axis]
    return np.stack([tensor[axis], tensor[sides].mean(axis=0)])
