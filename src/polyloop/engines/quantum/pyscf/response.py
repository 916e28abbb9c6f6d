"""Frequency-dependent polarizability by linear response: one Krylov space for all directions and frequencies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.constants import BOHR, HARTREE_IN_NM
from polyloop.core.errors import EvaluationError, FailureCode, InvalidInputError
from polyloop.engines.quantum.pyscf.ground_state import GroundState, one_thread
from polyloop.engines.quantum.pyscf.operators import OrbitalHessian

__all__ = ["frequencies_in_hartree", "polarizability"]

_STAGE = "linear response"
_MAX_ITERATIONS = 40
# A direction that adds less than this part of the largest new one is left for a later iteration.
_KEEP = 0.1

Array = NDArray[np.float64]


def frequencies_in_hartree(wavelengths_nm: Sequence[float] | Array) -> Array:
    """Return angular frequencies in hartree; a wavelength of 0 or infinity means the static field.

    Raises
    ------
    InvalidInputError
        If a wavelength is negative or not a number.
    """
    wavelengths = np.atleast_1d(np.asarray(wavelengths_nm, dtype=np.float64))
    if wavelengths.ndim != 1 or not wavelengths.size or np.isnan(wavelengths).any() or (wavelengths < 0).any():
        raise InvalidInputError(
            f"{wavelengths_nm!r} are no wavelengths.", where=_STAGE, hint="Give nm, and 0 or infinity for static."
        )
    static = np.isinf(wavelengths) | (wavelengths == 0)
    return np.where(static, 0.0, HARTREE_IN_NM / np.where(static, 1.0, wavelengths))


def polarizability(
    ground_state: GroundState, wavelengths_nm: Sequence[float] | Array, *, tolerance: float = 1e-6
) -> Array:
    """Compute the electronic polarizability tensor at each wavelength.

    The equations [(A+B) - w^2 (A-B)^-1] (X+Y) = -2 mu are solved in one subspace that all directions and frequencies
    share (paired trial vectors: Olsen, Jensen and Jorgensen 1988, doi:10.1016/0021-9991(88)90081-2). Since the
    polarizability is variational in that subspace, its error is quadratic in the residual, and the estimate of that
    error ends the iterations.

    Parameters
    ----------
    wavelengths_nm
        Shape (n_wavelengths,), in nm; 0 or infinity for the static field.
    tolerance
        Largest estimated error, relative to the isotropic polarizability.

    Returns
    -------
    numpy.ndarray
        Shape (n_wavelengths, 3, 3), in angstrom^3.

    Raises
    ------
    EvaluationError
        `response`, if the equations do not converge, or a wavelength lies at or above the first excitation.
    """
    frequencies = frequencies_in_hartree(wavelengths_nm)
    mean_field = ground_state.mean_field
    with one_thread():
        hessian = OrbitalHessian(mean_field)
        dipoles = _dipole_integrals(mean_field.mol, hessian)
        tensors = _Subspace(hessian, dipoles, frequencies).solve(tolerance)
    return tensors * BOHR**3


def _dipole_integrals(molecule: Any, hessian: OrbitalHessian) -> Array:
    charges = molecule.atom_charges()
    with molecule.with_common_orig(charges @ molecule.atom_coords() / charges.sum()):
        integrals = molecule.intor_symmetric("int1e_r", comp=3)
    return np.asarray(hessian.occupied.T @ integrals @ hessian.virtual)


@dataclass
class _Solution:
    """X+Y and X-Y in the subspace, (n_frequencies, m, 3), and the tensors in atomic units."""

    sums: Array
    differences: Array
    tensors: Array


class _Subspace:
    """A growing orthonormal basis of trial vectors with the products (A+B) V and (A-B) V."""

    def __init__(self, hessian: OrbitalHessian, dipoles: Array, frequencies: Array) -> None:
        self._hessian, self._frequencies = hessian, frequencies
        self._shape = hessian.gaps.shape
        self._gaps = hessian.gaps.reshape(-1)
        self._dipoles = dipoles.reshape(3, -1)
        size = self._gaps.size
        self._vectors, self._plus, self._minus = np.empty((0, size)), np.empty((0, size)), np.empty((0, size))

    def solve(self, tolerance: float) -> Array:
        """Return the tensors in atomic units, (n_frequencies, 3, 3)."""
        self._check_poles()
        self._extend(self._dipoles / self._gaps, keep=1e-6)
        for _ in range(_MAX_ITERATIONS):
            solution = self._solve_reduced()
            corrections, error = self._corrections(solution)
            scale = max(np.trace(solution.tensors[0]) / 3.0, 1e-3)
            if error < tolerance * scale:
                return solution.tensors
            if not self._extend(corrections, keep=_KEEP):
                break
        raise EvaluationError(
            FailureCode.RESPONSE, _STAGE,
            f"The linear-response equations stopped at an estimated error of {error:.1e} bohr^3.",
            hint="A wavelength near an absorption, or an unstable ground state, is the usual reason.",
        )  # fmt: skip

    def _check_poles(self) -> None:
        if self._gaps.min() <= self._frequencies.max():
            raise EvaluationError(
                FailureCode.RESPONSE, _STAGE,
                "The shortest wavelength lies above the gap between occupied and virtual orbitals.",
                hint="The molecule absorbs there; its polarizability has no dispersion of transparent matter.",
            )  # fmt: skip

    def _extend(self, candidates: Array, *, keep: float) -> bool:
        """Add the directions of `candidates` that are new and matter; tell whether there was one."""
        fresh = candidates.copy()
        for _ in range(2):
            fresh -= (fresh @ self._vectors.T) @ self._vectors
        _, singular, directions = np.linalg.svd(fresh, full_matrices=False)
        chosen = directions[singular > keep * singular[0]] if singular[0] > 1e-12 else directions[:0]
        if not len(chosen):
            return False
        chosen = chosen - (chosen @ self._vectors.T) @ self._vectors
        chosen = np.linalg.qr(chosen.T)[0].T
        plus, minus = self._hessian.apply(chosen.reshape(-1, *self._shape))
        self._vectors = np.vstack([self._vectors, chosen])
        self._plus = np.vstack([self._plus, plus.reshape(len(chosen), -1)])
        self._minus = np.vstack([self._minus, minus.reshape(len(chosen), -1)])
        return True

    def _solve_reduced(self) -> _Solution:
        plus, minus = self._vectors @ self._plus.T, self._vectors @ self._minus.T
        plus, minus = (plus + plus.T) / 2, (minus + minus.T) / 2
        force = self._vectors @ self._dipoles.T
        count = len(plus)
        sums, differences, tensors = [], [], []
        for frequency in self._frequencies:
            coupling = -frequency * np.eye(count)
            matrix = np.block([[plus, coupling], [coupling, minus]])
            solved = np.linalg.solve(matrix, np.vstack([force, np.zeros_like(force)]))
            sums.append(solved[:count])
            differences.append(solved[count:])
            tensors.append(4.0 * force.T @ solved[:count])
        return _Solution(np.array(sums), np.array(differences), np.array(tensors))

    def _corrections(self, solution: _Solution) -> tuple[Array, float]:
        """Return preconditioned residuals as candidates, and the largest estimated error of the tensors."""
        candidates, error = [], 0.0
        for index, frequency in enumerate(self._frequencies):
            sums, differences = solution.sums[index].T, solution.differences[index].T
            first = self._dipoles - sums @ self._plus + frequency * (differences @ self._vectors)
            second = frequency * (sums @ self._vectors) - differences @ self._minus
            scale = 1.0 / (self._gaps**2 - frequency**2)
            by_sum = (self._gaps * first + frequency * second) * scale
            by_difference = (self._gaps * second + frequency * first) * scale
            estimate = 4.0 * np.abs((first * by_sum).sum(axis=1) + (second * by_difference).sum(axis=1))
            error = max(error, float(estimate.max()))
            candidates += [by_sum, by_difference] if frequency else [by_sum]
        return np.vstack(candidates), error
