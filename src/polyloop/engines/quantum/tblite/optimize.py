"""Relax a geometry on the GFN2-xTB surface, and refuse one whose bonds changed on the way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import BOHR
from polyloop.engines.quantum.tblite.single_point import TightBinding
from polyloop.engines.quantum.tblite.topology import bonds_of, broken_and_formed, model_hessian

__all__ = ["Optimized", "optimize"]

_STAGE = "GFN2-xTB optimisation"
# hartree/bohr: the customary "normal" thresholds of geometry optimisation, far tighter than polarizabilities need.
GRADIENT_MAX = 8e-4
GRADIENT_RMS = 3e-4
ENERGY_CHANGE = 5e-6  # hartree
_TRUST_START, _TRUST_LEAST, _TRUST_MOST = 0.4, 0.02, 1.0  # bohr, norm of the whole step


@dataclass(frozen=True)
class Optimized:
    """A relaxed geometry, its energy in hartree, and the number of energy evaluations that it took."""

    geometry: Geometry
    energy: float
    n_evaluations: int = 0


def optimize(
    geometry: Geometry, bonds: Iterable[tuple[int, int]] | None = None, max_evaluations: int = 300
) -> Optimized:
    """Relax `geometry` on the GFN2-xTB surface by a trust-radius quasi-Newton method.

    Converged means: largest gradient component below 8e-4 hartree/bohr, root mean square below 3e-4, and the last
    energy change below 5e-6 hartree.

    Parameters
    ----------
    geometry
        Start, with bonds already near their lengths (a force field's minimum).
    bonds
        Pairs of atom indices that must be bonded at the end, and no others (those of the SMILES). By default the
        bonds perceived in the start.
    max_evaluations
        Most energy evaluations.

    Raises
    ------
    EvaluationError
        GEOMETRY where it does not converge or the bonds are not those expected; SCF from the engine.

    References
    ----------
    GFN2-xTB: doi:10.1021/acs.jctc.8b01176. Rational functions: doi:10.1021/j100247a015.
    """
    expected = frozenset((min(a, b), max(a, b)) for a, b in bonds) if bonds is not None else bonds_of(geometry)
    if len(geometry.symbols) == 1:
        return Optimized(geometry, TightBinding(geometry)(geometry.coordinates).energy, 1)
    optimized = _minimize(geometry, expected, max_evaluations)
    broken, formed = broken_and_formed(optimized.geometry, expected)
    if broken or formed:
        raise EvaluationError(
            FailureCode.GEOMETRY,
            _STAGE,
            f"The bonds changed: {_named(geometry, broken)} broken, {_named(geometry, formed)} formed.",
            hint="The molecule may be unstable in the gas phase; try another seed.",
        )
    return optimized


def _minimize(geometry: Geometry, bonds: frozenset[tuple[int, int]], max_evaluations: int) -> Optimized:
    surface = TightBinding(geometry)
    hessian = model_hessian(geometry, bonds)
    x = geometry.coordinates.ravel() / BOHR
    here = surface(x.reshape(-1, 3) * BOHR)
    trust, change = _TRUST_START, np.inf
    for count in range(2, max_evaluations + 1):
        gradient = here.gradient.ravel()
        quiet = np.abs(gradient).max() < GRADIENT_MAX and np.sqrt(np.mean(gradient**2)) < GRADIENT_RMS
        if quiet and abs(change) < ENERGY_CHANGE:
            relaxed = Geometry(geometry.symbols, x.reshape(-1, 3) * BOHR, geometry.charge)
            return Optimized(relaxed, here.energy, count - 1)
        step = _rational_step(hessian, gradient, trust)
        there = surface((x + step).reshape(-1, 3) * BOHR)
        expected = float(gradient @ step + 0.5 * step @ hessian @ step)
        change = there.energy - here.energy
        hessian = _updated(hessian, step, there.gradient.ravel() - gradient)
        ratio = change / expected if expected < 0 else 0.0
        if ratio < 0.25:
            trust = max(_TRUST_LEAST, 0.5 * min(trust, float(np.linalg.norm(step))))
        elif ratio > 0.75 and np.linalg.norm(step) > 0.9 * trust:
            trust = min(_TRUST_MOST, 1.5 * trust)
        # An uphill step is taken back, unless it is lost in the noise of self-consistency.
        if change < ENERGY_CHANGE or trust <= _TRUST_LEAST:
            x, here = x + step, there
    raise EvaluationError(
        FailureCode.GEOMETRY,
        _STAGE,
        f"The geometry did not converge in {max_evaluations} energy evaluations "
        f"(largest gradient {np.abs(here.gradient).max():.1e} hartree/bohr).",
        hint="Try another seed.",
    )


def _rational_step(hessian: NDArray[np.float64], gradient: NDArray[np.float64], trust: float) -> NDArray[np.float64]:
    """Step of rational-function optimisation, cut to `trust` (doi:10.1021/j100247a015)."""
    values, vectors = np.linalg.eigh(hessian)
    along = vectors.T @ gradient
    # The shift is the lowest root of sum(along^2 / (shift - values)) = shift; bisection is safe and cheap here.
    low, high = min(values[0], 0.0) - float(np.linalg.norm(along)) - 1e-3, min(values[0], 0.0)
    for _ in range(60):
        shift = 0.5 * (low + high)
        if np.sum(along**2 / (shift - values)) > shift:
            low = shift
        else:
            high = shift
    step: NDArray[np.float64] = -vectors @ (along / (values - low))
    step *= min(1.0, trust / max(float(np.linalg.norm(step)), 1e-12))
    return step


def _updated(
    hessian: NDArray[np.float64], step: NDArray[np.float64], gained: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Damped BFGS update, which keeps the Hessian positive definite (Nocedal & Wright, procedure 18.2)."""
    image = hessian @ step
    curvature = float(step @ image)
    overlap = float(step @ gained)
    if curvature <= 1e-14:
        return hessian
    if overlap < 0.2 * curvature:
        damping = 0.8 * curvature / (curvature - overlap)
        gained = damping * gained + (1 - damping) * image
        overlap = float(step @ gained)
    return hessian + np.outer(gained, gained) / overlap - np.outer(image, image) / curvature


def _named(geometry: Geometry, bonds: Iterable[tuple[int, int]]) -> str:
    names = [f"{geometry.symbols[a]}{a}-{geometry.symbols[b]}{b}" for a, b in sorted(bonds)]
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "") if names else "none"
