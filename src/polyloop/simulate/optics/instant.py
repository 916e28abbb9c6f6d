"""Protocol `optics/instant@2`: refractive index from DFT-D4 polarizabilities and the density model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem, rdBase

from polyloop.chem import Polymer
from polyloop.core import Conditions, EvaluationError, FailureCode
from polyloop.engines.quantum.registry import atomic_polarizability
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.neutrality import refuse_charge
from polyloop.simulate.optics.density import amorphous_density, oligomer_geometries
from polyloop.simulate.optics.dipole_interaction import ENGINE
from polyloop.simulate.optics.lorentz_lorenz import molar_refraction, refractive_index
from polyloop.simulate.optics.oligomers import Difference, choose_difference

__all__ = [
    "CORRECTION_TERMS",
    "PROPERTIES",
    "AdditiveCorrection",
    "check_scope",
    "correction_counts",
    "d_line_polarizability",
    "instant_optics",
]

PROPERTIES = ("refractive_index", "density", "static_polarizability", "molar_refraction")
LARGEST = 200  # heavy atoms of the capped repeat unit; beyond it distance geometry takes seconds
_STAGE = "DFT-D4 polarizability"

# What D4 gets wrong, as groups that are counted: electron-poor second-row atoms, oxygen and fluorine too high; iodine,
# nitro groups and fused aromatic rings too low.
CORRECTION_TERMS = {
    "silicon": "[Si]",
    "phosphorus_v": "[PX4]",
    "sulfonyl": "[SX4]",
    "ether_oxygen": "[OX2]",
    "double_bonded_oxygen": "[OX1]=[#6,#15,#16]",
    "fluorine": "F",
    "iodine": "I",
    "nitrogen": "[#7;!$([N+](=O)[O-])]",
    "nitro": "[N+](=O)[O-]",
    "fused_aromatic": "c(:c)(:c):c",
}


@dataclass(frozen=True)
class AdditiveCorrection:
    """The correction `d4_linear@1`: alpha_D = scale * (D4 static) + sum of (coefficient * count), angstrom3.

    Parameters
    ----------
    residual
        Leave-one-out root mean square relative error on the liquids that it was fitted to.
    dispersion
        Mean of alpha_D / alpha_static over the liquids whose dispersion is known.
    """

    name: str
    scale: float
    coefficients: dict[str, float]
    residual: float
    dispersion: float

    def at_d_line(self, static: float, counts: dict[str, int]) -> float:
        """Return the polarizability at 589.29 nm in angstrom3 from D4's static one."""
        return self.scale * static + sum(self.coefficients[term] * count for term, count in counts.items())


def instant_optics(polymer: Polymer, seed: int, conditions: Conditions) -> Estimates:
    """Estimate the refractive index of the amorphous polymer in milliseconds.

    Raises
    ------
    EvaluationError
        CONFORMER, ELEMENT, SIZE or DENSITY, with the stage and the reason.
    """
    difference = _checked_difference(polymer)
    density = amorphous_density(polymer, seed, difference)
    dynamic, level = _at_d_line(difference, seed)
    correction = additive_correction()
    index = refractive_index(dynamic, density.value, polymer.molar_mass)
    relative = np.array([level, density.std / density.value])
    index_std = _slope(index) * float(np.linalg.norm(relative))
    static, refraction = dynamic / correction.dispersion, molar_refraction(dynamic)
    polarizability = f"{correction.name} (leave-one-out on liquids) and oligomer extrapolation, in quadrature"
    return Estimates(
        estimates=(
            Estimate("refractive_index", index, index_std, f"{correction.name} and density model, in quadrature"),
            Estimate("density", density.value, density.std, f"density model {density.model}, cross-validated"),
            Estimate("static_polarizability", static, static * level, polarizability),
            Estimate("molar_refraction", refraction, refraction * level, polarizability),
        ),
        engines={**atomic_polarizability(ENGINE).versions(), "rdkit": rdBase.rdkitVersion},
        settings={
            "correction": correction.name,
            "packing": density.model,
            "oligomers": [Chem.MolToSmiles(difference.larger), Chem.MolToSmiles(difference.smaller)],
        },
    )


def d_line_polarizability(polymer: Polymer, seed: int) -> tuple[float, float]:
    """Return one repeat unit's polarizability at 589.29 nm in angstrom3, and its relative standard error.

    Raises
    ------
    EvaluationError
        CONFORMER, ELEMENT or SIZE, with the stage and the reason.
    """
    return _at_d_line(_checked_difference(polymer), seed)


def check_scope(polymer: Polymer) -> None:
    """Raise the `EvaluationError` that `instant_optics` would raise at once: SIZE or UNSUPPORTED."""
    _checked_difference(polymer)


def _checked_difference(polymer: Polymer) -> Difference:
    refuse_charge(polymer, _STAGE)
    heavy = polymer.heavy_atoms
    if heavy > LARGEST:
        raise EvaluationError(
            FailureCode.SIZE, _STAGE, f"The repeat unit has {heavy} heavy atoms; this protocol takes at most {LARGEST}."
        )
    return choose_difference(polymer)


def _at_d_line(difference: Difference, seed: int) -> tuple[float, float]:
    larger, smaller = oligomer_geometries(difference, seed)
    engine = atomic_polarizability(ENGINE)
    of_larger, of_smaller = (float(engine.atomic_polarizabilities(each).sum()) for each in (larger, smaller))
    static_d4 = of_larger - of_smaller
    more, fewer = correction_counts(difference.larger), correction_counts(difference.smaller)
    correction = additive_correction()
    dynamic = correction.at_d_line(static_d4, {term: more[term] - fewer[term] for term in more}) / difference.units
    return dynamic, float(np.hypot(correction.residual, difference.relative_errors(dynamic, dynamic)[0]))


def _slope(index: float) -> float:
    """dn / d ln(alpha rho) of the Lorentz-Lorenz equation."""
    return (index**2 + 2.0) * (index**2 - 1.0) / (6.0 * index)


@lru_cache(maxsize=1)
def _patterns() -> dict[str, Chem.Mol]:
    return {term: Chem.MolFromSmarts(smarts) for term, smarts in CORRECTION_TERMS.items()}


def correction_counts(mol: Chem.Mol) -> dict[str, int]:
    """Return how often each group of `CORRECTION_TERMS` occurs in `mol`."""
    return {term: len(mol.GetSubstructMatches(pattern)) for term, pattern in _patterns().items()}


@lru_cache(maxsize=1)
def additive_correction() -> AdditiveCorrection:
    """Return the shipped correction, fitted to liquids by `benchmarks/fit_instant.py`."""
    data = json.loads(files("polyloop.simulate.optics").joinpath("instant.json").read_text(encoding="utf-8"))
    return AdditiveCorrection(data["name"], data["scale"], data["coefficients"], data["residual"], data["dispersion"])


def fit_additive_correction(
    static: NDArray[np.float64], counts: NDArray[np.float64], measured: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit scale and coefficients by least squares of relative errors.

    Parameters
    ----------
    static
        D4's static polarizabilities, angstrom3, shape (n,).
    counts
        Shape (n, n_terms).
    measured
        At the D line, angstrom3, shape (n,).

    Returns
    -------
    tuple of numpy.ndarray
        Scale and coefficients, shape (1 + n_terms,), and leave-one-out relative errors, shape (n,).
    """
    design = np.column_stack([static, counts]) / measured[:, None]
    inverse = np.linalg.pinv(design)
    coefficients: NDArray[np.float64] = inverse.sum(axis=1)
    leverage = np.einsum("ij,ji->i", design, inverse)
    return coefficients, (design @ coefficients - 1.0) / np.clip(1.0 - leverage, 1e-9, None)
