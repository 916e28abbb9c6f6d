"""The scale `hf_liquids@1`: from polarizabilities at the level of `optics/quick@1` to measured ones.

Hartree-Fock lacks electron correlation, and the basis is small. Both errors follow the molecule's mean excitation
energy: saturated molecules come out too stiff, conjugated ones about right. The relative dispersion
(alpha_F - alpha_0) / alpha_0, itself a measure of that energy (one-pole model), therefore predicts them. Two straight
lines in its logarithm, four numbers in all, are fitted to measured molar refractions and dispersions of small liquids
(`benchmarks/fit_polarizability_scale.py`); no polymer is in the fit. What a liquid's measured refraction holds beyond
its electrons at rest (vibrations, the local field's departure from Lorentz's) is in the scale as well.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from polyloop.engines.pyscf import OPTICS_QUICK_1

__all__ = ["LEVEL", "SCALE", "PolarizabilityScale", "relative_dispersion"]

# Chosen by cost and accuracy on liquids: docs/validation/optics_levels.md.
LEVEL = OPTICS_QUICK_1
_STATIC, _D_LINE, _F_LINE = 0, 2, 3


def relative_dispersion(polarizabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (alpha_F - alpha_0) / alpha_0 of polarizabilities (..., 4) at rest and at the C, D and F lines."""
    static = polarizabilities[..., _STATIC]
    ratio: NDArray[np.float64] = (polarizabilities[..., _F_LINE] - static) / static
    return ratio


@dataclass(frozen=True)
class PolarizabilityScale:
    """Two factors, each a straight line in x = ln(relative dispersion): of alpha_D, and of differences from it.

    Parameters
    ----------
    name
        Name and version.
    magnitude, dispersion
        (intercept, slope) of the two factors.
    domain
        Least and largest x of the liquids; x is held at these ends outside, where the lines know nothing.
    level_std, dispersion_std
        Relative root-mean-square errors of alpha_D and of alpha_F - alpha_C of a liquid that was left out of the fit.
    """

    name: str
    magnitude: tuple[float, float]
    dispersion: tuple[float, float]
    domain: tuple[float, float]
    level_std: float
    dispersion_std: float

    def factors(self, polarizabilities: NDArray[np.float64]) -> tuple[float, float]:
        """Return the factor of alpha_D and the factor of differences from it, for polarizabilities (4,)."""
        x = float(np.clip(np.log(relative_dispersion(polarizabilities)), *self.domain))
        return self.magnitude[0] + self.magnitude[1] * x, self.dispersion[0] + self.dispersion[1] * x

    def apply(self, polarizabilities: NDArray[np.float64]) -> NDArray[np.float64]:
        """Scale isotropic polarizabilities, shape (4,): static, C, D, F lines, in any unit.

        The D line's is multiplied by one factor and each difference from it by the other.
        """
        magnitude, dispersion = self.factors(polarizabilities)
        at_d = polarizabilities[_D_LINE]
        scaled: NDArray[np.float64] = magnitude * at_d + dispersion * (polarizabilities - at_d)
        return scaled


def _shipped() -> PolarizabilityScale:
    data = json.loads(files("polyloop.simulate").joinpath("polarizability_scale.json").read_text(encoding="utf-8"))
    pairs = {name: tuple(data[name]) for name in ("magnitude", "dispersion", "domain")}
    return PolarizabilityScale(
        name=data["name"], level_std=data["level_std"], dispersion_std=data["dispersion_std"], **pairs
    )


SCALE = _shipped()
