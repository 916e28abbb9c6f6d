"""The orbital-rotation Hessians A+B and A-B of a closed-shell ground state, applied to batches of trial vectors.

Three-index integrals are kept in the atomic basis as the self-consistent field left them; only the small factors
B_ia and B_ij are made in the molecular-orbital basis, since B_ab would cost more than all products together.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["OrbitalHessian"]

Array = NDArray[Any]
# Products need six digits: the solver's error in the polarizability is quadratic in theirs.
_REAL = np.float32


@dataclass
class _Exchange:
    """One exchange term: its weight, its fitted integrals, and the factors B_ij (P, i, j) and B_ja (P, j, a)."""

    weight: float
    fitted: Any
    occupied_pairs: Array
    mixed_pairs: Array


class OrbitalHessian:
    """A+B and A-B for singlet, real orbital rotations.

    Parameters
    ----------
    mean_field
        A converged, density-fitted RHF or RKS object.
    """

    def __init__(self, mean_field: Any) -> None:
        occupied = mean_field.mo_occ > 0
        virtual = mean_field.mo_occ == 0
        self.occupied = np.ascontiguousarray(mean_field.mo_coeff[:, occupied])
        self.virtual = np.ascontiguousarray(mean_field.mo_coeff[:, virtual])
        self.gaps = mean_field.mo_energy[virtual][None, :] - mean_field.mo_energy[occupied][:, None]
        self._mean_field = mean_field
        self._kernel = _Kernel(mean_field) if hasattr(mean_field, "xc") else None
        fitted = mean_field.with_df
        weights = _exchange_weights(mean_field)
        factors = _orbital_factors(fitted, self.occupied, self.virtual)
        self._coulomb = factors[1]
        self._exchange: list[_Exchange] = []
        for weight, omega in weights:
            if omega == 0.0:
                self._exchange.append(_Exchange(weight, fitted, *factors))
            else:
                with fitted.range_coulomb(omega) as ranged:
                    ranged_factors = _orbital_factors(ranged, self.occupied, self.virtual)
                self._exchange.append(_Exchange(weight, ranged, *ranged_factors))

    def apply(self, trials: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return (A+B) x and (A-B) x for `trials` x of shape (n, n_occupied, n_virtual)."""
        diagonal = self.gaps * trials
        plus, minus = diagonal.copy(), diagonal
        single = np.ascontiguousarray(trials, dtype=_REAL)
        plus += 4.0 * self._coulomb_product(single)
        for term in self._exchange:
            direct = self._direct_exchange(term, single)
            crossed = _crossed_exchange(term, single)
            plus -= term.weight * (direct + crossed)
            minus -= term.weight * (direct - crossed)
        if self._kernel is not None:
            plus += self._kernel.product(trials, self.occupied, self.virtual)
        return plus, minus

    def _coulomb_product(self, trials: Array) -> Array:
        flat = self._coulomb.reshape(self._coulomb.shape[0], -1)
        return ((trials.reshape(len(trials), -1) @ flat.T) @ flat).reshape(trials.shape)

    def _direct_exchange(self, term: _Exchange, trials: Array) -> Array:
        """Sum over j, b of (ij|ab) x_jb, by way of t_jn = sum_b C_nb x_jb in the atomic basis."""
        from polyloop.engines.quantum.pyscf.fitting import unpacked_blocks

        virtual = self.virtual.astype(_REAL)
        half = trials @ virtual.T
        basis = len(virtual)
        result, start = np.zeros_like(half), 0
        for block in unpacked_blocks(term.fitted, basis):
            integrals = block.astype(_REAL)
            pairs = term.occupied_pairs[start : start + len(block)].reshape(-1, half.shape[1])
            start += len(block)
            for index, trial in enumerate(half):
                result[index] += pairs.T @ np.matmul(trial, integrals).reshape(-1, basis)
        return result @ virtual


def _crossed_exchange(term: _Exchange, trials: Array) -> Array:
    """Sum over j, b of (ib|ja) x_jb."""
    mixed = term.mixed_pairs
    auxiliary, occupied, virtual = mixed.shape
    result = np.empty_like(trials)
    by_pair = mixed.reshape(auxiliary * occupied, virtual)
    for index, trial in enumerate(trials):
        # [P, i, j] = sum_b B_ib x_jb, then contracted with B_ja over P and j.
        inner = (by_pair @ trial.T).reshape(auxiliary, occupied, occupied)
        result[index] = inner.transpose(1, 0, 2).reshape(occupied, -1) @ by_pair
    return result


def _orbital_factors(fitted: Any, occupied: Array, virtual: Array) -> tuple[Array, Array]:
    """Return B_ij (P, i, j) and B_ia (P, i, a)."""
    from polyloop.engines.quantum.pyscf.fitting import unpacked_blocks

    basis, count = occupied.shape
    everything = np.hstack([occupied, virtual]).astype(_REAL)
    left = occupied.T.astype(_REAL)
    pairs, mixed = [], []
    for block in unpacked_blocks(fitted, basis):
        half = left @ block.astype(_REAL)  # (P, i, basis)
        full = (half.reshape(-1, basis) @ everything).reshape(len(block), count, -1)
        pairs.append(full[:, :, :count].copy())
        mixed.append(full[:, :, count:].copy())
    return np.concatenate(pairs), np.concatenate(mixed)


def _exchange_weights(mean_field: Any) -> list[tuple[float, float]]:
    """Return (weight, omega) of each exchange term; omega = 0 is the full Coulomb operator."""
    if not hasattr(mean_field, "xc"):
        return [(1.0, 0.0)]
    omega, long_range, everywhere = mean_field._numint.rsh_and_hybrid_coeff(mean_field.xc, spin=0)
    terms = [(float(everywhere), 0.0), (float(long_range - everywhere), float(omega))] if omega else [
        (float(everywhere), 0.0)
    ]  # fmt: skip
    return [(weight, scale) for weight, scale in terms if abs(weight) > 1e-10]


class _Kernel:
    """The exchange-correlation kernel on the ground state's grid."""

    def __init__(self, mean_field: Any) -> None:
        self._numint, self._functional, self._molecule = mean_field._numint, mean_field.xc, mean_field.mol
        self._density = mean_field.make_rdm1()
        self._grid = mean_field.grids
        self._cache = self._numint.cache_xc_kernel(
            self._molecule, self._grid, self._functional, mean_field.mo_coeff, mean_field.mo_occ, spin=0
        )

    def product(self, trials: Array, occupied: Array, virtual: Array) -> Array:
        """Return 4 f_xc x for `trials` x of shape (n, i, a)."""
        half = trials @ virtual.T
        densities = np.einsum("pi,nim->npm", occupied, half, optimize=True)
        densities = densities + densities.transpose(0, 2, 1)
        rho, vxc, fxc = self._cache
        potentials = self._numint.nr_rks_fxc(
            self._molecule, self._grid, self._functional, self._density, densities, hermi=1, rho0=rho, vxc=vxc, fxc=fxc
        )
        product: Array = 2.0 * (occupied.T @ potentials @ virtual)
        return product
