"""Where a proton is bound most strongly and least: the lowest vertical energies in water with one more and one less."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.optimize import minimize

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import BOHR
from polyloop.engines.quantum.contract import TightBindingDescriptors
from polyloop.simulate.volume import sphere_points

__all__ = ["ProtonSites", "find_proton_sites"]

_STAGE = "protons"
_SOLVENT = "water"
_DIRECTIONS, _TRIED = 60, 2  # directions looked at around an atom, and those that are computed
_STEPS = 25

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class ProtonSites:
    """Geometries of the molecule with a proton more and with one less, both vertical, and their energies in water.

    Parameters
    ----------
    protonated, deprotonated
        The proton's own position is relaxed, all other atoms stay.
    protonated_energy, deprotonated_energy
        In hartree.
    site
        Index of the atom that takes the proton.
    """

    protonated: Geometry
    protonated_energy: float
    deprotonated: Geometry
    deprotonated_energy: float
    site: int


def find_proton_sites(mol: Chem.Mol, geometry: Geometry, engine: TightBindingDescriptors) -> ProtonSites:
    """Return the best places to add a proton to a molecule and to take one from it.

    Protons are tried on every atom with lone pairs or a multiple bond, and on every heavy atom where there is none;
    from each class of equivalent hydrogens one is taken.

    Parameters
    ----------
    mol
        With explicit hydrogens, its atoms in the order of `geometry`.

    Raises
    ------
    EvaluationError
        UNSUPPORTED for a molecule without hydrogen; SCF where no place can be computed.
    """
    site, protonated = _protonated(mol, geometry, engine)
    energy, deprotonated = min(
        ((_energy(trial, engine), trial) for trial in _without_one_hydrogen(mol, geometry)), key=lambda pair: pair[0]
    )
    if not np.isfinite(energy):
        raise EvaluationError(FailureCode.SCF, _STAGE, "No anion of the molecule less a proton could be computed.")
    position, bound = _relaxed_proton(protonated, engine)
    return ProtonSites(position, bound, deprotonated, energy, site)


def _energy(geometry: Geometry, engine: TightBindingDescriptors) -> float:
    try:
        return engine.single_point(geometry, _SOLVENT).energy
    except EvaluationError:
        # One of many places that are tried.
        return float("inf")


def _without_one_hydrogen(mol: Chem.Mol, geometry: Geometry) -> list[Geometry]:
    ranks = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
    chosen = {ranks[atom.GetIdx()]: atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 1}
    if not chosen:
        raise EvaluationError(FailureCode.UNSUPPORTED, _STAGE, "The molecule has no hydrogen that could be taken away.")
    kept = [[index for index in range(len(geometry.symbols)) if index != gone] for gone in chosen.values()]
    return [
        Geometry(tuple(geometry.symbols[i] for i in indices), geometry.coordinates[indices], geometry.charge - 1)
        for indices in kept
    ]


def _protonated(mol: Chem.Mol, geometry: Geometry, engine: TightBindingDescriptors) -> tuple[int, Geometry]:
    """Return the atom and the geometry, its proton not yet relaxed, of the lowest energy in water."""
    best: tuple[float, int, Geometry | None] = (float("inf"), -1, None)
    for site in _bases(mol):
        for position in _free_positions(mol, geometry, site):
            trial = Geometry((*geometry.symbols, "H"), np.vstack([geometry.coordinates, position]), geometry.charge + 1)
            energy = _energy(trial, engine)
            if energy < best[0]:
                best = (energy, site, trial)
    if best[2] is None:
        raise EvaluationError(FailureCode.SCF, _STAGE, "No cation of the molecule with one more proton was computed.")
    return best[1], best[2]


def _bases(mol: Chem.Mol) -> list[int]:
    ranks = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
    heavy = [atom for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    saturated = (Chem.HybridizationType.SP3,)
    bases = [a for a in heavy if a.GetAtomicNum() not in (6, 14) or a.GetHybridization() not in saturated] or heavy
    # One of each class of equivalent atoms.
    return sorted({ranks[atom.GetIdx()]: atom.GetIdx() for atom in reversed(bases)}.values())


def _free_positions(mol: Chem.Mol, geometry: Geometry, site: int) -> Floats:
    """Positions at a bond's length from an atom, where the other atoms are farthest, shape (n, 3)."""
    table = Chem.GetPeriodicTable()
    length = table.GetRcovalent(geometry.symbols[site]) + table.GetRcovalent("H")
    positions = geometry.coordinates[site] + length * sphere_points(_DIRECTIONS)
    others = np.delete(geometry.coordinates, site, axis=0)
    clearance = np.linalg.norm(positions[:, None] - others[None], axis=2).min(axis=1)
    # The freest, and the freest of those that lie on another side of the atom.
    chosen = [int(np.argmax(clearance))]
    apart = np.linalg.norm(positions - positions[chosen[0]], axis=1) > length
    if apart.any() and len(chosen) < _TRIED:
        chosen.append(int(np.argmax(np.where(apart, clearance, -np.inf))))
    return np.asarray(positions[chosen])


def _relaxed_proton(geometry: Geometry, engine: TightBindingDescriptors) -> tuple[Geometry, float]:
    """Return the geometry and energy in water after the last atom has found its place."""

    def placed(position: Floats) -> Geometry:
        return replace(geometry, coordinates=np.vstack([geometry.coordinates[:-1], position]))

    def energy_and_gradient(position: Floats) -> tuple[float, Floats]:
        point = engine.single_point(placed(position), _SOLVENT)
        return point.energy, point.gradient[-1] / BOHR

    start = geometry.coordinates[-1]
    found = minimize(
        energy_and_gradient, start, jac=True, method="L-BFGS-B", bounds=[(x - 1.5, x + 1.5) for x in start],
        options={"maxiter": _STEPS, "ftol": 1e-8},
    )  # fmt: skip
    return placed(np.asarray(found.x)), float(found.fun)
