"""The force-field descriptor: kernel means of the GAFF2_mod parameters of one repeat unit inside a chain."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.chem.forcefield import gaff2_mod, gasteiger_charges, type_molecule
from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.features.oligomer import interior

__all__ = ["ForceFieldBlock", "UnitTerms", "unit_terms"]

# Gasteiger charges spread one bond per iteration, for twelve iterations; two bonds more for the starting values.
_REACH = 14
_ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I")
_MASSES = np.array([1.008, 12.011, 14.007, 15.999, 18.998, 30.974, 32.067, 35.453, 79.904, 126.904])
_PARAMETERS = ("charge", "epsilon", "sigma", "k_bond", "r0", "k_angle", "theta0", "k_dih")
_CENTRES = 20
_WIDTH, _WIDTH_MASS = 0.025, 0.05
# Types of water and ammonium, and bonded terms that are placeholders, do not set the scale of a parameter.
_IGNORED_TYPES = frozenset({"hw", "n4", "nx", "ny", "nz", "n+"})
_SMALLEST_K = 20.0


@dataclass(frozen=True)
class UnitTerms:
    """Force-field parameters of one repeat unit: arrays over its atoms, bonds, angles and dihedrals.

    Every term of an infinite chain belongs to one unit: an angle to that of its vertex, a bond, and a dihedral by
    its central bond, to the earlier unit of the two that it joins.
    """

    mass: NDArray[np.float64]
    charge: NDArray[np.float64]
    epsilon: NDArray[np.float64]
    sigma: NDArray[np.float64]
    k_bond: NDArray[np.float64]
    r0: NDArray[np.float64]
    k_angle: NDArray[np.float64]
    theta0: NDArray[np.float64]
    k_dih: NDArray[np.float64]


class ForceFieldBlock:
    """The 170 force-field kernel means of the SPACIER study (doi:10.48550/arXiv.2408.05135).

    Ten masses and 20 Gaussian kernels on each of charge, epsilon, sigma, bond k and r0, angle k and theta0, and
    dihedral k, averaged over the atoms, bonds, angles or dihedrals of a unit inside the chain. A kernel is not
    normalised; parameters are scaled to the range of the force field's table.
    """

    name = "forcefield"
    version = 1
    packages: tuple[str, ...] = ("radonpy-pypi", "rdkit")
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)

    def names(self) -> tuple[str, ...]:
        """Return `mass_H`, ..., `charge_0`, ..., `k_dih_19`."""
        kernels = [f"{parameter}_{i}" for parameter in _PARAMETERS for i in range(_CENTRES)]
        return (*(f"mass_{element}" for element in _ELEMENTS), *kernels)

    def evaluate(self, polymer: Polymer) -> NDArray[np.float64]:
        """Return the kernel means, shape (170,).

        Raises
        ------
        EvaluationError
            If the force field has no type or parameter for a part of the unit.
        """
        mol, centre = interior(polymer, _REACH)
        return self.kernel_means(unit_terms(mol, centre))

    def kernel_means(self, terms: UnitTerms) -> NDArray[np.float64]:
        """Return the kernel means of given terms, shape (170,)."""
        ranges = self._ranges
        scaled = _scale(terms.mass, _MASSES.min(), _MASSES.max())
        means = [_kernel_mean(scaled, _scale(_MASSES, _MASSES.min(), _MASSES.max()), _WIDTH_MASS)]
        centres = (np.arange(_CENTRES) + 0.5) / _CENTRES
        for parameter in _PARAMETERS:
            scaled = _scale(getattr(terms, parameter), *ranges[parameter])
            means.append(_kernel_mean(scaled, centres, _WIDTH))
        return np.concatenate(means)

    @cached_property
    def _ranges(self) -> dict[str, tuple[float, float]]:
        tables = gaff2_mod().tables
        atoms = [kind for name, kind in tables.atoms.items() if name not in _IGNORED_TYPES]
        bonds = [harmonic for harmonic in tables.bonds.values() if harmonic[0] >= _SMALLEST_K]
        angles = [harmonic for harmonic in tables.angles.values() if harmonic[0] >= _SMALLEST_K]
        return {
            "charge": (-1.0, 1.0),
            "epsilon": _extent(kind.epsilon for kind in atoms),
            "sigma": _extent(kind.sigma for kind in atoms),
            "k_bond": _extent(k for k, _ in bonds),
            "r0": _extent(r0 for _, r0 in bonds),
            "k_angle": _extent(k for k, _ in angles),
            "theta0": _extent(theta0 for _, theta0 in angles),
            "k_dih": _extent(max(term.k for term in terms) for terms in tables.dihedrals.values()),
        }


def unit_terms(mol: Chem.Mol, unit: int) -> UnitTerms:
    """Return the parameters of unit number `unit` of an oligomer whose atoms carry the property `unit`.

    Raises
    ------
    EvaluationError
        If the force field has no type or parameter for a part of the oligomer.
    """
    mol = Chem.AddHs(mol)
    charges = np.array(gasteiger_charges(mol))
    topology = type_molecule(mol)
    units = np.array([_unit_of(atom) for atom in mol.GetAtoms()])
    atoms = units == unit
    bonds = units[topology.bonds].min(axis=1) == unit
    angles = units[topology.angles[:, 1]] == unit
    dihedrals = units[topology.dihedrals[:, 1:3]].min(axis=1) == unit
    if not (bonds.any() and angles.any() and dihedrals.any()):
        raise EvaluationError(
            FailureCode.UNSUPPORTED, "force-field descriptor", "The repeat unit has no bond, angle or dihedral."
        )
    k_dih = np.full(len(dihedrals), -np.inf)
    np.maximum.at(k_dih, topology.term_dihedral, topology.term_k)
    return UnitTerms(
        mass=topology.masses[atoms],
        charge=charges[atoms],
        epsilon=topology.epsilon[atoms],
        sigma=topology.sigma[atoms],
        k_bond=topology.bond_k[bonds],
        r0=topology.bond_r0[bonds],
        k_angle=topology.angle_k[angles],
        theta0=topology.angle_theta0[angles],
        k_dih=k_dih[dihedrals],
    )


def _unit_of(atom: Chem.Atom) -> int:
    # A hydrogen that AddHs made has no property: it belongs where its neighbour does.
    return int((atom if atom.HasProp("unit") else atom.GetNeighbors()[0]).GetIntProp("unit"))


def _extent(values: Iterable[float]) -> tuple[float, float]:
    listed = list(values)
    return float(min(listed)), float(max(listed))


def _scale(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return (values - low) / (high - low)


def _kernel_mean(values: NDArray[np.float64], centres: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    squares = (values[None, :] - centres[:, None]) ** 2
    mean: NDArray[np.float64] = np.exp(-squares / (2.0 * width**2)).mean(axis=1)
    return mean
