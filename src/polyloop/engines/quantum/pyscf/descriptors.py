"""What a ground state says of a molecule beyond its energy: ions, bond orders, and the cloud's size."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.constants import BOHR, HARTREE
from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.engines.quantum.pyscf.ground_state import GroundState, one_thread

__all__ = ["bond_orders", "density_volume", "spatial_extent", "vertical_energies"]

_STAGE = "electronic descriptors"
# Energies to some meV: these are differences of tenths of an eV and more.
_TOLERANCE, _CYCLES = 1e-6, 60
_MARGIN, _SPACING = 4.0, 0.25  # bohr: beyond the outermost nuclei, and of the grid on which a volume is counted
_BATCH = 20_000

Floats = NDArray[np.float64]


def vertical_energies(state: GroundState) -> tuple[float, float]:
    """Return the vertical ionisation energy and electron affinity in eV: cation and anion at the state's geometry.

    Unrestricted, at the state's level. Without diffuse functions the affinity of a molecule that binds no electron
    depends on the basis.

    Raises
    ------
    EvaluationError
        SCF where an ion does not converge.
    """
    with one_thread():
        cation, anion = (_ion_energy(state, charge) for charge in (1, -1))
    return (cation - state.energy) * HARTREE, (state.energy - anion) * HARTREE


def bond_orders(state: GroundState) -> Floats:
    """Return Mayer's bond orders, shape (n, n) (doi:10.1016/0009-2614(83)80005-0)."""
    mean_field = state.mean_field
    product = np.asarray(mean_field.make_rdm1()) @ mean_field.get_ovlp()
    parts = [slice(start, end) for _, _, start, end in mean_field.mol.aoslice_by_atom()]
    orders = np.array([[float((product[a, b] * product[b, a].T).sum()) for b in parts] for a in parts])
    np.fill_diagonal(orders, 0.0)
    return orders


def spatial_extent(state: GroundState) -> float:
    """Return the sum over electrons of <r2> about the centre of nuclear charge, in angstrom2."""
    molecule = state.mean_field.mol
    charges = molecule.atom_charges()
    with molecule.with_common_orig(charges @ molecule.atom_coords() / charges.sum()):
        integrals = molecule.intor_symmetric("int1e_r2")
    return float((integrals * state.mean_field.make_rdm1()).sum()) * BOHR**2


def density_volume(state: GroundState, threshold: float = 0.001) -> float:
    """Return the volume in angstrom3 in which the electron density exceeds `threshold` (e/bohr3).

    Counted on a grid of 0.25 bohr, to about 0.3 %.

    References
    ----------
    Bader, Carroll, Cheeseman & Chang (1987), Journal of the American Chemical Society 109, 7968
    """
    from pyscf import dft

    molecule = state.mean_field.mol
    nuclei, density = molecule.atom_coords(), state.mean_field.make_rdm1()
    low, high = nuclei.min(axis=0) - _MARGIN, nuclei.max(axis=0) + _MARGIN
    axes = [np.arange(start, end + _SPACING, _SPACING) for start, end in zip(low, high, strict=True)]
    points = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
    inside = 0
    with one_thread():
        for start in range(0, len(points), _BATCH):
            orbitals = dft.numint.eval_ao(molecule, points[start : start + _BATCH])
            inside += int((np.einsum("pi,pi->p", orbitals @ density, orbitals) > threshold).sum())
    return inside * (_SPACING * BOHR) ** 3


def _ion_energy(state: GroundState, charge: int) -> float:
    molecule = state.mean_field.mol.copy()
    molecule.charge, molecule.spin = state.geometry.charge + charge, 1
    molecule.build(False, False)

    def start() -> Any:
        """The neutral's orbitals with one electron fewer or more."""
        occupations = np.asarray(state.mean_field.mo_occ) / 2
        orbitals = np.asarray(state.mean_field.mo_coeff)
        frontier = int(occupations.sum()) - (charge > 0)
        changed = occupations.copy()
        changed[frontier] = 1 - occupations[frontier]
        # The majority spin has one electron more than the other.
        pair = (occupations, changed) if charge > 0 else (changed, occupations)
        return np.array([(orbitals * filled) @ orbitals.T for filled in pair])

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _converged(_again(state, molecule), start, f"with a charge of {molecule.charge}")


def _again(state: GroundState, molecule: Any) -> Any:
    """Return an unrestricted mean field at the state's level that takes over its grid and its fitted integrals."""
    from pyscf import dft, scf

    known = state.mean_field
    if state.level.is_density_functional:
        mean_field = dft.UKS(molecule, xc=known.xc)
        mean_field.grids = known.grids
    else:
        mean_field = scf.UHF(molecule)
    mean_field = mean_field.density_fit(with_df=known.with_df)
    mean_field.chkfile, mean_field.verbose = None, 0
    mean_field.conv_tol, mean_field.max_cycle = _TOLERANCE, _CYCLES
    return mean_field


def _converged(mean_field: Any, start: Callable[[], Any], what: str) -> float:
    mean_field.kernel(dm0=start())
    if not mean_field.converged:
        density = mean_field.make_rdm1()
        mean_field.level_shift, mean_field.damp = 0.3, 0.2
        mean_field.kernel(dm0=density)
    if not mean_field.converged or not np.isfinite(mean_field.e_tot):
        raise EvaluationError(FailureCode.SCF, _STAGE, f"The self-consistent field {what} did not converge.")
    return float(mean_field.e_tot)
