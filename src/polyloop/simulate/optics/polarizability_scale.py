"""The scale `hf_liquids@3`: from polarizabilities at the level of `optics/quick@3` to measured ones.

Hartree-Fock lacks electron correlation, and the basis is small. Both errors follow the molecule's mean excitation
energy: saturated molecules come out too stiff, conjugated ones about right. The relative dispersion
(alpha_F - alpha_0) / alpha_0, itself a measure of that energy (one-pole model), therefore predicts them: two factors,
each a straight line in its logarithm. What a liquid's measured refraction holds beyond its electrons at rest grows with
the number of hydrogen atoms, the ones that vibrate most, and so does what the basis lacks on them: a constant for each.
These six numbers are fitted to measured molar refractions and dispersions of small liquids
(`benchmarks/fit_polarizability_scale.py`); no polymer is in the fit. Perfluorinated liquids are the stiffest of them,
and no dispersion of one is known to us: there the line of the dispersion is an extrapolation, with the fit's error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from polyloop.engines.quantum.registry import electronic_structure

__all__ = ["ENGINE", "LEVEL", "SCALE", "SCALE_1", "SCALE_2", "PolarizabilityScale", "relative_dispersion"]

# Chosen by cost and accuracy on liquids: docs/validation/optics_levels.md. A change is a new version of optics/quick.
ENGINE = "pyscf"
LEVEL = electronic_structure(ENGINE).level("hf", "def2-svpd-lean", "def2-mixed-fit")
_STATIC, _C_LINE, _D_LINE, _F_LINE = range(4)


def relative_dispersion(polarizabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (alpha_F - alpha_0) / alpha_0 of polarizabilities (..., 4) at rest and at the C, D and F lines."""
    static = polarizabilities[..., _STATIC]
    ratio: NDArray[np.float64] = (polarizabilities[..., _F_LINE] - static) / static
    return ratio


@dataclass(frozen=True)
class PolarizabilityScale:
    """Two straight lines in x = ln(relative dispersion), and an increment for each hydrogen atom.

    Parameters
    ----------
    name
        Name and version.
    magnitude, dispersion
        (intercept, slope, increment in angstrom3) of alpha_D and of alpha_F - alpha_C: the scaled quantity is
        (intercept + slope * x) times the computed one, plus the increment times the number of hydrogen atoms.
    domain
        Least and largest x of the liquids; x is held at these ends outside, where the lines know nothing.
    level_std, dispersion_std
        Relative root-mean-square errors of alpha_D and of alpha_F - alpha_C of a liquid that was left out of the fit.
    dispersion_covariance
        Of the three numbers of `dispersion`, shape (3, 3); zeros where it was not kept.
    """

    name: str
    magnitude: tuple[float, float, float]
    dispersion: tuple[float, float, float]
    domain: tuple[float, float]
    level_std: float
    dispersion_std: float
    dispersion_covariance: tuple[tuple[float, ...], ...] = ((0.0,) * 3,) * 3

    def factors(self, polarizabilities: NDArray[np.float64], n_hydrogens: int) -> tuple[float, float]:
        """Return the factors of alpha_D and of differences from it, for polarizabilities (4,) in angstrom3."""
        magnitude, dispersion = self._terms(polarizabilities, n_hydrogens)
        return float(np.dot(self.magnitude, magnitude)), float(np.dot(self.dispersion, dispersion))

    def relative_errors(self, polarizabilities: NDArray[np.float64], n_hydrogens: int) -> tuple[float, float]:
        """Return relative standard deviations of the scaled alpha_D and of differences from it.

        That of the differences is of a liquid left out and of the fit, in quadrature: few liquids of known dispersion
        are as stiff as a fluorinated chain, and none without hydrogen is.
        """
        terms = self._terms(polarizabilities, n_hydrogens)[1]
        of_fit = float(np.sqrt(terms @ np.array(self.dispersion_covariance) @ terms) / np.dot(self.dispersion, terms))
        return self.level_std, float(np.hypot(self.dispersion_std, of_fit))

    def _terms(
        self, polarizabilities: NDArray[np.float64], n_hydrogens: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what the numbers of either factor multiply, each of shape (3,)."""
        x = np.clip(np.log(relative_dispersion(polarizabilities)), *self.domain)
        spread = polarizabilities[_F_LINE] - polarizabilities[_C_LINE]
        at_d, between = (np.array([1.0, x, n_hydrogens / part]) for part in (polarizabilities[_D_LINE], spread))
        return at_d, between

    def apply(self, polarizabilities: NDArray[np.float64], n_hydrogens: int) -> NDArray[np.float64]:
        """Scale isotropic polarizabilities in angstrom3, shape (4,): static, C, D, F lines.

        The D line's is multiplied by one factor and each difference from it by the other. For a repeat unit,
        `n_hydrogens` is that of the unit.
        """
        magnitude, dispersion = self.factors(polarizabilities, n_hydrogens)
        at_d = polarizabilities[_D_LINE]
        scaled: NDArray[np.float64] = magnitude * at_d + dispersion * (polarizabilities - at_d)
        return scaled


def _shipped(file: str) -> PolarizabilityScale:
    data = json.loads(files("polyloop.simulate.optics").joinpath(file).read_text(encoding="utf-8"))
    rows = {name: tuple(data[name]) for name in ("magnitude", "dispersion", "domain")}
    if "dispersion_covariance" in data:
        rows["dispersion_covariance"] = tuple(map(tuple, data["dispersion_covariance"]))
    return PolarizabilityScale(
        name=data["name"], level_std=data["level_std"], dispersion_std=data["dispersion_std"], **rows
    )


SCALE = _shipped("polarizability_scale.json")
# Of optics/quick@1: no increments, fitted to lowest conformers. Kept so that what it computed can be repeated.
SCALE_1 = _shipped("polarizability_scale_1.json")
# Of optics/quick@2: fitted before fluorinated liquids joined.
SCALE_2 = _shipped("polarizability_scale_2.json")
