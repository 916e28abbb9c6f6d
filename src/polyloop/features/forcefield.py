"""The force-field descriptor: kernel means of the GAFF2_mod parameters of one repeat unit inside a chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Polymer
from polyloop.chem.forcefield import RADONPY_FORCE_FIELD, UnitTerms, gaff2_mod, unit_terms
from polyloop.core.descriptors import BlockKind
from polyloop.core.errors import EvaluationError, FailureCode

__all__ = ["ForceFieldBlock"]

_ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I")
_MASSES = np.array([1.008, 12.011, 14.007, 15.999, 18.998, 30.974, 32.067, 35.453, 79.904, 126.904])
_PARAMETERS = ("charge", "epsilon", "sigma", "k_bond", "r0", "k_angle", "theta0", "k_dih")
# The parameters of a term of one, two, three or four atoms.
_PARAMETERS_OF = {1: ("epsilon", "sigma"), 2: ("k_bond", "r0"), 3: ("k_angle", "theta0"), 4: ("k_dih",)}
_CENTRES = (np.arange(20) + 0.5) / 20
_WIDTH, _WIDTH_MASS = 0.025, 0.05
# Types of water and ammonium, and bonded terms that are placeholders, do not set the scale of a parameter.
_IGNORED_TYPES = frozenset({"hw", "n4", "nx", "ny", "nz", "n+"})
_SMALLEST_K = 20.0


class ForceFieldBlock:
    """The 170 force-field kernel means of the SPACIER study (doi:10.48550/arXiv.2408.05135).

    Ten masses and 20 Gaussian kernels on each of charge, epsilon, sigma, bond k and r0, angle k and theta0, and
    dihedral k, averaged over the atoms, bonds, angles or dihedrals of a unit inside the chain. A kernel is not
    normalised; parameters are scaled to the range of the force field's table.
    """

    name = "forcefield"
    version = 1
    kind = BlockKind.DENSITIES
    packages: tuple[str, ...] = ("radonpy-pypi", "rdkit")
    subjects: tuple[str, ...] = ("polymer", "copolymer")
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)

    def names(self) -> tuple[str, ...]:
        """Return `mass_H`, ..., `charge_0`, ..., `k_dih_19`."""
        kernels = [f"{parameter}_{i}" for parameter in _PARAMETERS for i in range(len(_CENTRES))]
        return (*(f"mass_{element}" for element in _ELEMENTS), *kernels)

    def units(self) -> tuple[str, ...]:
        """Return the columns' units: kernels of scaled parameters are numbers."""
        return ("1",) * len(self.names())

    def __init__(self) -> None:
        self._kernels: dict[tuple[str, ...], NDArray[np.float64]] = {}

    def evaluate(self, polymer: Polymer) -> NDArray[np.float64]:
        """Return the kernel means, shape (170,).

        Raises
        ------
        EvaluationError
            If the force field has no type or parameter for a part of the unit.
        """
        return self.kernel_means(unit_terms(polymer))

    def kernel_means(self, terms: UnitTerms) -> NDArray[np.float64]:
        """Return the kernel means of given terms, shape (170,).

        Raises
        ------
        EvaluationError
            If there is no bond, angle or dihedral.
        """
        if not (terms.bonds and terms.angles and terms.dihedrals):
            raise EvaluationError(
                FailureCode.UNSUPPORTED, "force-field descriptor", "The repeat unit has no bond, angle or dihedral."
            )
        atoms: Counter[tuple[str, ...]] = Counter({(name,): count for name, count in terms.atoms.items()})
        return np.concatenate(
            [
                _mass_kernels(terms.mass).mean(axis=0),
                _kernels(terms.charge, self._ranges["charge"]).mean(axis=0),
                *(self._mean(counts) for counts in (atoms, terms.bonds, terms.angles, terms.dihedrals)),
            ]
        )

    def _mean(self, counts: Counter[tuple[str, ...]]) -> NDArray[np.float64]:
        weights = np.array(list(counts.values()), dtype=np.float64)
        mean: NDArray[np.float64] = weights @ np.array([self._kernel(types) for types in counts]) / weights.sum()
        return mean

    def _kernel(self, types: tuple[str, ...]) -> NDArray[np.float64]:
        """The kernels of all parameters of one combination of types, computed once."""
        if types not in self._kernels:
            names = _PARAMETERS_OF[len(types)]
            values = zip(names, _parameters(types), strict=True)
            self._kernels[types] = np.concatenate([_kernels(np.array([v]), self._ranges[n])[0] for n, v in values])
        return self._kernels[types]

    @cached_property
    def _ranges(self) -> dict[str, tuple[float, float]]:
        tables = gaff2_mod(RADONPY_FORCE_FIELD).tables
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


def _parameters(types: tuple[str, ...]) -> tuple[float, ...]:
    force_field = gaff2_mod(RADONPY_FORCE_FIELD)
    if len(types) == 1:
        atom = force_field.tables.atoms[types[0]]
        return atom.epsilon, atom.sigma
    if len(types) == 4:
        return (max(term.k for term in force_field.dihedral(types) or ()),)
    return (force_field.bond if len(types) == 2 else force_field.angle)(types) or ()


def _extent(values: Iterable[float]) -> tuple[float, float]:
    listed = list(values)
    return float(min(listed)), float(max(listed))


def _scale(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    return (values - low) / (high - low)


def _kernels(values: NDArray[np.float64], extent: tuple[float, float]) -> NDArray[np.float64]:
    """Kernels of values, shape (n, 20)."""
    return _gaussians(_scale(values, *extent), _CENTRES, _WIDTH)


def _mass_kernels(masses: NDArray[np.float64]) -> NDArray[np.float64]:
    extent = _MASSES.min(), _MASSES.max()
    return _gaussians(_scale(masses, *extent), _scale(_MASSES, *extent), _WIDTH_MASS)


def _gaussians(values: NDArray[np.float64], centres: NDArray[np.float64], width: float) -> NDArray[np.float64]:
    kernels: NDArray[np.float64] = np.exp(-((values[:, None] - centres) ** 2) / (2.0 * width**2))
    return kernels
