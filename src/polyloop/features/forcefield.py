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
from polyloop.chem.forcefield import Gaff2Mod, gaff2_mod, gasteiger_charges
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
        return self.kernel_means(unit_terms(mol, centre, gaff2_mod()))

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
        atoms = [value for name, value in tables.pt.items() if name not in _IGNORED_TYPES]
        bonds = [value for value in tables.bt.values() if value.k >= _SMALLEST_K]
        angles = [value for value in tables.at.values() if value.k >= _SMALLEST_K]
        return {
            "charge": (-1.0, 1.0),
            "epsilon": _extent(value.epsilon for value in atoms),
            "sigma": _extent(value.sigma for value in atoms),
            "k_bond": _extent(value.k for value in bonds),
            "r0": _extent(value.r0 for value in bonds),
            "k_angle": _extent(value.k for value in angles),
            "theta0": _extent(value.theta0 for value in angles),
            "k_dih": _extent(max(value.k) for value in tables.dt.values()),
        }


def unit_terms(mol: Chem.Mol, unit: int, force_field: Gaff2Mod) -> UnitTerms:
    """Return the parameters of unit number `unit` of an oligomer whose atoms carry the property `unit`.

    Raises
    ------
    EvaluationError
        If the force field has no type or parameter for a part of the unit.
    """
    mol = Chem.AddHs(mol)
    # The types were defined on MDL aromaticity, where five-membered rings are not aromatic.
    Chem.Kekulize(mol, clearAromaticFlags=True)
    Chem.SetAromaticity(mol, Chem.AromaticityModel.AROMATICITY_MDL)
    types, charges = force_field.type_atoms(mol), gasteiger_charges(mol)
    atoms = [atom for atom in mol.GetAtoms() if _unit_of(atom) == unit]
    indices = [atom.GetIdx() for atom in atoms]
    bonded = _bonded_terms(mol, unit, types, force_field)
    if not all(bonded):
        raise EvaluationError(
            FailureCode.UNSUPPORTED, "force-field descriptor", "The repeat unit has no bond, angle or dihedral."
        )
    bonds, angles, dihedrals = bonded
    return UnitTerms(
        mass=np.array([atom.GetMass() for atom in atoms]),
        charge=np.array([charges[index] for index in indices]),
        epsilon=np.array([atom.GetDoubleProp("ff_epsilon") for atom in atoms]),
        sigma=np.array([atom.GetDoubleProp("ff_sigma") for atom in atoms]),
        k_bond=np.array([bond[0] for bond in bonds]),
        r0=np.array([bond[1] for bond in bonds]),
        k_angle=np.array([angle[0] for angle in angles]),
        theta0=np.array([angle[1] for angle in angles]),
        k_dih=np.array(dihedrals),
    )


def _unit_of(atom: Chem.Atom) -> int:
    # A hydrogen that AddHs made has no property: it belongs where its neighbour does.
    return int((atom if atom.HasProp("unit") else atom.GetNeighbors()[0]).GetIntProp("unit"))


def _bonded_terms(
    mol: Chem.Mol, unit: int, types: list[str], force_field: Gaff2Mod
) -> tuple[list[tuple[float, float]], list[tuple[float, float]], list[float]]:
    bonds, angles, dihedrals = [], [], []
    symbols = [atom.GetSymbol() for atom in mol.GetAtoms()]
    units = [_unit_of(atom) for atom in mol.GetAtoms()]
    # Units unit - 1 to unit + 1 hold every atom of a term that belongs to `unit`.
    neighbours = {
        index: [neighbour.GetIdx() for neighbour in mol.GetAtomWithIdx(index).GetNeighbors()]
        for index in range(mol.GetNumAtoms())
        if abs(units[index] - unit) <= 1
    }
    for vertex, around in neighbours.items():
        if units[vertex] != unit:
            continue
        for position, first in enumerate(around):
            for last in around[position + 1 :]:
                angle = force_field.angle(
                    (types[first], types[vertex], types[last]), (symbols[first], symbols[vertex], symbols[last])
                )
                angles.append((angle.k, angle.theta0))
    for edge in mol.GetBonds():
        begin, end = edge.GetBeginAtomIdx(), edge.GetEndAtomIdx()
        if min(units[begin], units[end]) != unit:
            continue
        bond = force_field.bond((types[begin], types[end]), (symbols[begin], symbols[end]))
        bonds.append((bond.k, bond.r0))
        for first in neighbours[begin]:
            for last in neighbours[end]:
                if first in (end, last) or last == begin:
                    continue
                path = (first, begin, end, last)
                dihedrals.append(
                    force_field.dihedral_barrier(
                        (types[path[0]], types[path[1]], types[path[2]], types[path[3]]),
                        (symbols[path[0]], symbols[path[1]], symbols[path[2]], symbols[path[3]]),
                    )
                )
    return bonds, angles, dihedrals


def _extent(values: Iterable[float]) -> tuple[float, float]:
    listed = list(values)
    return float(min(listed)), float(max(listed))


def _scale(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return (values - low) / (high - low)


def _kernel_mean(values: NDArray[np.float64], centres: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    squares = (values[None, :] - centres[:, None]) ** 2
    mean: NDArray[np.float64] = np.exp(-squares / (2.0 * width**2)).mean(axis=1)
    return mean
