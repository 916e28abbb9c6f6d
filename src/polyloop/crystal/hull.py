"""How stable a composition is: its distance from the convex hull of known phases, by linear programming."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.crystal.composition import Composition

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Decomposition", "PhaseTable"]

# Phases whose share is less are rounding errors of the solver.
# HiGHS takes phases that differ by less than its tolerance for equal; 1e-7 eV/atom unless told otherwise.
_EXACT = {"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10}
_LEAST_SHARE = 1e-7
# Of so many elements all subsets are looked through.
_MOST_ELEMENTS = 12


@dataclass(frozen=True)
class Decomposition:
    """What a composition would part into.

    Parameters
    ----------
    energy
        Formation energy of the mixture of phases, in eV/atom: that of the hull.
    phases
        (reduced formula, share of the atoms), the largest share first; shares sum to 1.
    """

    energy: float
    phases: tuple[tuple[str, float], ...]


class PhaseTable:
    """Known phases with formation energies; the elements themselves are always among them, at 0.

    All energies must come from one source: vintages of one database differ by some 0.05 eV/atom in the mean
    (docs/concepts/compositions.md), more than what decides about stability.

    Parameters
    ----------
    formulas
        Of n phases, in any spelling; of several of one composition the lowest counts.
    energies
        Formation energies in eV/atom, shape (n,).

    Raises
    ------
    InvalidInputError
        If a formula cannot be read, or an energy is not finite; the message names the row.
    """

    def __init__(self, formulas: Sequence[str], energies: Sequence[float] | NDArray[np.float64]) -> None:
        values = np.asarray(energies, dtype=float)
        if values.shape != (len(formulas),):
            raise InvalidInputError(f"There are {len(formulas)} formulas and energies of shape {values.shape}.")
        lowest: dict[str, tuple[float, Composition]] = {}
        for row, (formula, energy) in enumerate(zip(formulas, values, strict=True)):
            if not np.isfinite(energy):
                raise InvalidInputError(f"The formation energy of {formula} is {energy}.", where=f"phase {row}")
            try:
                composition = Composition(formula)
            except InvalidInputError as error:
                raise InvalidInputError(error.reason, where=f"phase {row}: {formula}", hint=error.hint) from error
            known = lowest.get(composition.canonical)
            if known is None or energy < known[0]:
                lowest[composition.canonical] = (float(energy), composition)
        self._by_elements: dict[frozenset[str], list[tuple[float, Composition]]] = {}
        for energy, composition in lowest.values():
            self._by_elements.setdefault(frozenset(composition.elements), []).append((energy, composition))
        self._size = len(lowest)

    @classmethod
    def read(cls, path: str | Path, *, formula: str = "formula", energy: str = "formation_energy") -> PhaseTable:
        """Read a CSV or Parquet file with a column of formulas and one of formation energies in eV/atom.

        Raises
        ------
        InvalidInputError
            If there is no such file or column, or a row cannot be read.
        """
        from polyloop.tables.training import read_training

        table = read_training(path, energy, formula)
        if table.left_out:
            line, reason = table.left_out[0]
            raise InvalidInputError(reason, where=f"{path}, line {line}", hint="Correct the row, or leave it out.")
        try:
            return cls(table.texts, table.values)
        except InvalidInputError as error:
            raise InvalidInputError(error.reason, where=f"{path}, {error.where}", hint=error.hint) from error

    @property
    def digest(self) -> str:
        """SHA-256 of the phases and their energies, whatever their order."""
        phases = [f"{one.canonical} {energy!r}" for group in self._by_elements.values() for energy, one in group]
        return sha256("\n".join(sorted(phases)).encode()).hexdigest()

    def __len__(self) -> int:
        return self._size

    def decompose(self, composition: Composition, *, without_itself: bool = False) -> Decomposition:
        """Return the mixture of known phases of lowest energy that has a composition.

        Parameters
        ----------
        without_itself
            Leave out phases of the composition's own formula: how much lower it lies than all others then says how
            stable it is.

        Raises
        ------
        InvalidInputError
            If it has more than twelve elements.
        """
        from scipy.optimize import linprog

        elements = composition.elements
        if len(elements) > _MOST_ELEMENTS:
            raise InvalidInputError(
                f"{composition} has {len(elements)} elements; the hull is for {_MOST_ELEMENTS} at most."
            )
        found = [
            (energy, one)
            for energy, one in self._among(elements)
            if not (without_itself and len(elements) > 1 and one == composition)
        ]
        found += [(0.0, Composition(symbol)) for symbol in elements]
        shares = np.array([[one.fractions.get(symbol, 0.0) for _, one in found] for symbol in elements])
        wanted = np.array([composition.fractions[symbol] for symbol in elements])
        solved = linprog(
            [energy for energy, _ in found], A_eq=shares, b_eq=wanted, bounds=(0, None), method="highs", options=_EXACT
        )
        if not solved.success:
            raise InvalidInputError(f"No mixture of known phases was found: {solved.message}", where=str(composition))
        parts: dict[str, float] = {}
        for (_, one), share in zip(found, solved.x, strict=True):
            if share > _LEAST_SHARE:
                parts[one.canonical] = parts.get(one.canonical, 0.0) + float(share)
        phases = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
        return Decomposition(float(solved.fun), tuple(phases))

    def distance(self, composition: Composition, energy: float) -> float:
        """Return how far a formation energy in eV/atom lies above the hull; below 0 it would be a new stable phase."""
        return energy - self.decompose(composition).energy

    def _among(self, elements: Sequence[str]) -> Iterator[tuple[float, Composition]]:
        for count in range(1, len(elements) + 1):
            for chosen in combinations(elements, count):
                yield from self._by_elements.get(frozenset(chosen), ())
