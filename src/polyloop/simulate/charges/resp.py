"""RESP: point charges that reproduce an electrostatic potential, restrained where the potential says little."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import null_space

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.core.constants import BOHR
from polyloop.simulate.charges.equivalence import equivalence_classes, saturated_groups

__all__ = ["ChargeSum", "Potential", "fit_charges", "resp_charges"]

_STAGE = "charges"
STAGE_1, STAGE_2, TIGHTNESS = 0.0005, 0.001, 0.1  # e-2 hartree2, e-2 hartree2, e
# The restraint's strength was set for shells of one point per angstrom2; a denser grid must not weaken it.
REFERENCE_DENSITY = 1.0
_TOLERANCE, _ITERATIONS = 1e-7, 500
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Potential:
    """The electrostatic potential around one conformer.

    Parameters
    ----------
    positions
        Atoms in angstrom, shape (n, 3).
    points
        Where the potential is known, angstrom, shape (p, 3).
    values
        The potential there in hartree/e, shape (p,).
    density
        Points per angstrom2 of each shell.
    """

    positions: Floats
    points: Floats
    values: Floats
    density: float = REFERENCE_DENSITY

    def inverse_distances(self) -> Floats:
        """Potential of unit charges on the atoms, 1/bohr, shape (p, n)."""
        inverse: Floats = BOHR / np.linalg.norm(self.points[:, None] - self.positions[None], axis=2)
        return inverse

    def error(self, charges: Floats) -> float:
        """Root mean square difference from the potential of `charges` (n,), hartree/e."""
        return float(np.sqrt(np.mean((self.inverse_distances() @ charges - self.values) ** 2)))


@dataclass(frozen=True)
class ChargeSum:
    """A linear constraint: the charges of `atoms`, times `factors` where given, add up to `total` in e."""

    atoms: Sequence[int] | NDArray[np.int64]
    total: float
    factors: Sequence[float] | None = None


def fit_charges(
    potentials: Sequence[Potential], constraints: Sequence[ChargeSum], *, restraint: float = 0.0,
    restrained: NDArray[np.bool_] | None = None, weights: Sequence[float] | None = None,
) -> Floats:  # fmt: skip
    """Return the charges in e, shape (n,), that fit the potentials best under linear constraints.

    They minimize, over the conformers k and their points p, the sum of w_k (V_p - sum_i q_i/r_pi)^2 (per point per
    angstrom2, sum of w_k 1) plus 2a times the sum of sqrt(q_i^2 + b^2) - b with b 0.1 e. The factor 2 is that of the
    published program, which adds a/sqrt(q^2 + b^2) to the diagonal of the normal equations.

    Parameters
    ----------
    potentials
        One for each conformer of the molecule.
    constraints
        Linear constraints, held exactly; redundant ones do no harm.
    restraint
        Strength a of the hyperbolic restraint in hartree2/e2; 0 is a plain fit.
    restrained
        Which atoms the restraint acts on, shape (n,); by default all.
    weights
        Weights of the conformers; by default all alike.

    Raises
    ------
    InvalidInputError
        If the constraints contradict each other, or weights are negative or do not match the conformers.
    EvaluationError
        UNSUPPORTED if the fit does not converge.

    References
    ----------
    doi:10.1021/j100142a004
    """
    shares = _shares(weights, len(potentials))
    n = len(potentials[0].positions)
    normal, right = np.zeros((n, n)), np.zeros(n)
    for potential, share in zip(potentials, shares, strict=True):
        inverse = potential.inverse_distances()
        scale = share * REFERENCE_DENSITY / potential.density
        normal += scale * inverse.T @ inverse
        right += scale * inverse.T @ potential.values
    strength = restraint * (np.ones(n) if restrained is None else restrained.astype(np.float64))
    start, free = _feasible(constraints, n)
    charges = start
    for _ in range(_ITERATIONS):
        matrix = normal + np.diag(strength / np.sqrt(charges**2 + TIGHTNESS**2))
        step, *_ = np.linalg.lstsq(free.T @ matrix @ free, free.T @ (right - matrix @ start), rcond=None)
        last, charges = charges, start + free @ step
        if np.abs(charges - last).max() < _TOLERANCE:
            return charges
    raise EvaluationError(FailureCode.UNSUPPORTED, _STAGE, f"The charges did not converge in {_ITERATIONS} iterations.")


def resp_charges(
    potentials: Sequence[Potential], numbers: NDArray[np.int64], bonds: Sequence[tuple[int, int]],
    sums: Sequence[ChargeSum], *, classes: NDArray[np.int64] | None = None, weights: Sequence[float] | None = None,
) -> Floats:  # fmt: skip
    """Return two-stage RESP charges in e, shape (n,).

    Stage 1 (a = 0.0005) makes equivalent atoms alike except in CH2 and CH3 groups; stage 2 (a = 0.001) keeps all others
    and refits these groups with their equivalent atoms alike. Hydrogens are not restrained.

    Parameters
    ----------
    potentials, weights
        As in `fit_charges`.
    numbers, bonds
        Atomic numbers, shape (n,), and pairs of bonded atoms.
    sums
        Linear constraints, such as the total charge.
    classes
        Classes of equivalent atoms, shape (n,); by default those of the molecule.

    Raises
    ------
    InvalidInputError, EvaluationError
        As `fit_charges`.

    References
    ----------
    doi:10.1021/j100142a004, doi:10.1021/ja00074a030
    """
    classes = equivalence_classes(numbers, bonds) if classes is None else classes
    groups, heavy = saturated_groups(numbers, bonds), numbers != 1
    rigid = [*sums, *_alike(classes, ~groups)]
    first = fit_charges(potentials, rigid, restraint=STAGE_1, restrained=heavy, weights=weights)
    if not groups.any():
        return first
    kept = [ChargeSum([int(atom)], float(first[atom])) for atom in np.flatnonzero(~groups)]
    refit = [*sums, *kept, *_alike(classes, groups)]
    return fit_charges(potentials, refit, restraint=STAGE_2, restrained=heavy, weights=weights)


def _alike(classes: NDArray[np.int64], among: NDArray[np.bool_]) -> list[ChargeSum]:
    """Constraints that make the atoms of each class that are `among` equal to the first of them."""
    constraints = []
    for label in np.unique(classes[among]):
        first, *others = np.flatnonzero((classes == label) & among)
        constraints += [ChargeSum([int(first), int(other)], 0.0, (1.0, -1.0)) for other in others]
    return constraints


def _shares(weights: Sequence[float] | None, count: int) -> Floats:
    values = np.ones(count) if weights is None else np.asarray(weights, dtype=np.float64)
    if count == 0 or len(values) != count or not (values >= 0).all() or not 0 < values.sum() < np.inf:
        raise InvalidInputError(f"{len(values)} weights for {count} conformers.", where="weights",
                                hint="Give one weight, 0 or more, for each of one or more conformers.")  # fmt: skip
    return np.asarray(values / values.sum())


def _feasible(constraints: Sequence[ChargeSum], n: int) -> tuple[Floats, Floats]:
    """One solution of the constraints, shape (n,), and the directions that keep them, shape (n, k)."""
    rows, totals = np.zeros((len(constraints), n)), np.array([c.total for c in constraints])
    for row, constraint in zip(rows, constraints, strict=True):
        row[np.asarray(constraint.atoms)] = 1.0 if constraint.factors is None else constraint.factors
    if not constraints:
        return np.zeros(n), np.eye(n)
    start, *_ = np.linalg.lstsq(rows, totals, rcond=None)
    # Stage 2 takes over stage 1's charges, which fulfil their sums to rounding and the tolerance of its iteration.
    if np.abs(rows @ start - totals).max() > 1e-6:
        raise InvalidInputError("The constraints on the charges contradict each other.", where=_STAGE,
                                hint="Check the sums: the parts must add up to the whole.")  # fmt: skip
    return start, null_space(rows)
