"""Closed-shell ground states: density-fitted Hartree-Fock or Kohn-Sham that converges, or says why it did not."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.geometry import Geometry
from polyloop.core.constants import HARTREE
from polyloop.core.errors import EvaluationError, FailureCode, InvalidInputError
from polyloop.engines.quantum.pyscf.basis import auxiliary_basis_by_element, basis_by_element
from polyloop.engines.quantum.pyscf.levels import GRIDS, Level

__all__ = ["GroundState", "ground_state", "one_thread"]

_STAGE = "ground state"
# The polarizability's error is linear in the orbitals' error: a gradient of 5e-5 keeps it below 1e-5 relative.
_ENERGY_TOLERANCE = 1e-8
_GRADIENT_TOLERANCE = 5e-5


@dataclass(frozen=True)
class GroundState:
    """A converged closed-shell ground state.

    Attributes
    ----------
    energy
        Total energy in hartree.
    homo, lumo
        Orbital energies in eV; `lumo` is nan where the basis has no virtual orbital.
    dipole
        Magnitude of the dipole moment in debye (about the centre of nuclear charge for ions).
    iterations
        Self-consistent field iterations in the full basis.
    mean_field
        PySCF's mean-field object with its fitted integrals, for the response.
    """

    geometry: Geometry
    level: Level
    energy: float
    homo: float
    lumo: float
    dipole: float
    iterations: int
    mean_field: Any = field(repr=False, compare=False)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run PySCF's OpenMP parts on one thread: each worker of a campaign owns one core."""
    from pyscf import lib

    before = lib.num_threads()
    lib.num_threads(1)
    try:
        yield
    finally:
        lib.num_threads(before)


def ground_state(geometry: Geometry, level: Level, *, max_memory: float = 4000.0) -> GroundState:
    """Compute the closed-shell ground state of `geometry` at `level`.

    Parameters
    ----------
    max_memory
        Bound in MB for the fitted integrals; beyond it they go to a temporary file.

    Raises
    ------
    EvaluationError
        `element` for an element without basis, `unsupported` for an odd number of electrons, `scf` if neither DIIS nor
        level shift with damping nor the second-order solver converges.
    """
    with one_thread():
        molecule = _molecule(geometry, level, max_memory)
        mean_field = _mean_field(molecule, level)
        with warnings.catch_warnings():
            # SciPy warns of ill-conditioned overlap matrices, which the solvers then treat.
            warnings.simplefilter("ignore")
            iterations = _converge(mean_field)
        return _summary(geometry, level, mean_field, iterations)


def _molecule(geometry: Geometry, level: Level, max_memory: float) -> Any:
    from pyscf import gto
    from pyscf.data.elements import charge

    coordinates = np.asarray(geometry.coordinates, dtype=np.float64)
    if coordinates.shape != (len(geometry.symbols), 3) or not np.isfinite(coordinates).all():
        raise InvalidInputError(f"Coordinates of shape {coordinates.shape} for {len(geometry.symbols)} atoms.",
                                where=_STAGE, hint="Give finite positions in angstrom, shape (n, 3).")  # fmt: skip
    electrons = sum(charge(symbol) for symbol in geometry.symbols) - geometry.charge
    if electrons % 2 or electrons <= 0:
        raise EvaluationError(FailureCode.UNSUPPORTED, _STAGE, f"{electrons} electrons are no closed shell.",
                              hint="Radicals are outside the scope of this level.")  # fmt: skip
    basis, potentials = basis_by_element(geometry.symbols, level.basis)
    return gto.M(
        atom=list(zip(geometry.symbols, coordinates.tolist(), strict=True)), unit="Angstrom", charge=geometry.charge,
        basis=basis, ecp=potentials, verbose=0, max_memory=max_memory,
    )  # fmt: skip


def _mean_field(molecule: Any, level: Level) -> Any:
    from pyscf import dft, scf

    from polyloop.engines.quantum.pyscf.fitting import FittedIntegrals

    if level.is_density_functional:
        try:
            mean_field = dft.RKS(molecule, xc=level.method)
            mean_field._numint.libxc.parse_xc(level.method)
        except KeyError as error:
            raise InvalidInputError(f"libxc knows no functional {level.method!r}.", where="Level.method") from error
        mean_field.grids.atom_grid = _grid_by_element(molecule, level)
    else:
        mean_field = scf.RHF(molecule)
    symbols = [molecule.atom_pure_symbol(i) for i in range(molecule.natm)]
    auxiliary = auxiliary_basis_by_element(symbols, level.auxiliary_basis)
    mean_field = mean_field.density_fit(with_df=FittedIntegrals(molecule, auxiliary))
    _without_checkpoint(mean_field)
    mean_field.conv_tol, mean_field.conv_tol_grad = _ENERGY_TOLERANCE, _GRADIENT_TOLERANCE
    return mean_field


def _without_checkpoint(mean_field: Any) -> None:
    """Spare the writing of orbitals to a temporary file in each iteration."""
    mean_field.chkfile = None
    checkpoint = getattr(mean_field, "_chkfile", None)
    if checkpoint is not None:
        checkpoint.close()


def _grid_by_element(molecule: Any, level: Level) -> dict[str, tuple[int, int]]:
    from pyscf.data.elements import charge

    last_of_period = (2, 10, 18, 36, 54)
    symbols = {molecule.atom_pure_symbol(index) for index in range(molecule.natm)}
    return {s: GRIDS[level.grid][sum(charge(s) > last for last in last_of_period)] for s in symbols}


def _converge(mean_field: Any) -> int:
    attempts: tuple[Callable[[Any, Any], tuple[Any, int]], ...] = (_plain_diis, _shifted_and_damped, _second_order)
    iterations, density = 0, None
    for attempt in attempts:
        try:
            solved, cycles = attempt(mean_field, density)
        except np.linalg.LinAlgError:
            # The projected start cannot be made where functions nearly coincide; the bare Hamiltonian's always can.
            mean_field.init_guess, density = "hcore", None
            continue
        iterations += cycles
        if solved.converged and np.isfinite(solved.e_tot):
            for name in ("mo_energy", "mo_coeff", "mo_occ", "e_tot", "converged"):
                setattr(mean_field, name, getattr(solved, name))
            return iterations
        density = solved.make_rdm1() if np.isfinite(solved.e_tot) else None
    raise EvaluationError(
        FailureCode.SCF,
        _STAGE,
        f"The self-consistent field did not converge in {iterations} iterations (DIIS, level shift, second order).",
        hint="Check the geometry; a nearly vanishing HOMO-LUMO gap or clashing atoms are the usual reasons.",
    )


def _plain_diis(mean_field: Any, density: NDArray[np.float64] | None) -> tuple[Any, int]:
    mean_field.max_cycle = 40
    mean_field.kernel(dm0=density)
    return mean_field, int(mean_field.cycles)


def _shifted_and_damped(mean_field: Any, density: NDArray[np.float64] | None) -> tuple[Any, int]:
    mean_field.max_cycle, mean_field.level_shift, mean_field.damp = 80, 0.3, 0.2
    mean_field.kernel(dm0=density)
    cycles = int(mean_field.cycles)
    mean_field.level_shift, mean_field.damp = 0.0, 0.0
    return mean_field, cycles


def _second_order(mean_field: Any, density: NDArray[np.float64] | None) -> tuple[Any, int]:
    newton = mean_field.newton()
    newton.max_cycle = 40
    newton.kernel(dm0=density)
    return newton, int(getattr(newton, "cycles", 0))


def _summary(geometry: Geometry, level: Level, mean_field: Any, iterations: int) -> GroundState:
    occupied = np.asarray(mean_field.mo_occ) > 0
    energies = np.asarray(mean_field.mo_energy) * HARTREE
    molecule = mean_field.mol
    charges = molecule.atom_charges()
    centre = charges @ molecule.atom_coords() / charges.sum()
    dipole = mean_field.dip_moment(molecule, mean_field.make_rdm1(), unit="Debye", origin=centre, verbose=0)
    return GroundState(
        geometry=geometry, level=level, energy=float(mean_field.e_tot), homo=float(energies[occupied].max()),
        lumo=float(energies[~occupied].min()) if (~occupied).any() else float("nan"),
        dipole=float(np.linalg.norm(dipole)), iterations=iterations, mean_field=mean_field,
    )  # fmt: skip
