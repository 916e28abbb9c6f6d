"""Energies of the elements that turn a potential's total energy into a formation energy, and how they are fitted.

Potentials differ in what their energies hold: CHGNet learnt the Materials Project's corrected energies, SevenNet those
that the calculations gave. So the references of each are fitted to tables of formation energies, and beside one number
for each element there may be one for a metal with a Hubbard U in oxides and fluorides, and one for an anion
(doi:10.1038/s41598-021-94550-5 says what the database corrects).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import EvaluationError, FailureCode, InvalidInputError
from polyloop.crystal.elements import ELECTRONEGATIVITIES

__all__ = ["FEWEST", "TERM_SETS", "ElementalReferences", "fit_references", "shipped_references"]

_WITH_U = ("V", "Cr", "Mn", "Fe", "Co", "Ni", "Mo", "W")
_ANIONS = ("O", "S", "F", "Cl", "Br", "I", "N", "H", "Se", "Si", "Sb", "Te")
TERM_SETS = ("elements", "elements, oxides with U", "elements, oxides with U, anions")
"""What may be fitted; the first that is within 1 % of the best in cross-validation is taken."""

FEWEST = 4
"""Entries that must hold an element before its reference is trusted."""

_RIDGE = 1e-3
_FOLDS = 5
# Deviations count by their size and not by its square beyond this, eV/atom: tables hold wrong entries.
_KNEE = 0.02
_TURNS = 10


@dataclass(frozen=True)
class ElementalReferences:
    """Energies in eV for each atom, by term: an element (`O`), `Fe with U`, `O as anion`.

    Parameters
    ----------
    error, root_mean_square
        Mean absolute and root mean square error of formation energies in five-fold cross-validation, eV/atom.
    entries
        What they were fitted to, as a number, and `source` in words.
    """

    potential: str
    energies: Mapping[str, float]
    error: float
    root_mean_square: float
    entries: int
    source: str
    versions: Mapping[str, str]

    def formation_energy(self, symbols: Sequence[str], energy: float) -> float:
        """Return the formation energy in eV/atom of a cell of atoms whose total energy in eV is given.

        Raises
        ------
        EvaluationError
            ELEMENT if there is no reference for one.
        """
        missing = sorted(set(symbols) - set(self.energies))
        if missing:
            raise EvaluationError(
                FailureCode.ELEMENT, "formation energy",
                f"There is no reference energy of {', '.join(missing)} for {self.potential}: too few entries hold it.",
                hint="Fit references to a table of your own: polyloop crystal references.",
            )  # fmt: skip
        terms = _shares(symbols)
        return energy / len(symbols) - sum(share * self.energies.get(term, 0.0) for term, share in terms.items())

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready."""
        return {**vars(self), "energies": dict(self.energies), "versions": dict(self.versions)}

    @classmethod
    def read(cls, path: str | Path) -> ElementalReferences:
        """Read what `to_dict` gave.

        Raises
        ------
        InvalidInputError
            If the file holds no references.
        """
        try:
            return cls(**json.loads(Path(path).read_text(encoding="utf-8")))
        except (json.JSONDecodeError, TypeError, UnicodeDecodeError) as error:
            raise InvalidInputError(f"It holds no elemental references: {error}.", where=str(path)) from error
        except FileNotFoundError as error:
            raise InvalidInputError("There is no such file.", where=str(path)) from error


@lru_cache(maxsize=8)
def shipped_references(potential: str) -> ElementalReferences:
    """Return the references that polyloop brings for a potential; `benchmarks/fit_references.py` fitted them.

    Raises
    ------
    InvalidInputError
        If it brings none.
    """
    path = files("polyloop.crystal.relaxation").joinpath(f"references_{potential}.json")
    if not path.is_file():
        raise InvalidInputError(
            f"polyloop brings no elemental references for {potential!r}.",
            hint="Fit them to a table of your own: polyloop crystal references.",
        )
    return ElementalReferences(**json.loads(path.read_text(encoding="utf-8")))


def fit_references(
    symbols: Sequence[Sequence[str]],
    energies: NDArray[np.float64],
    formation_energies: NDArray[np.float64],
    *,
    potential: str,
    source: str,
    versions: Mapping[str, str],
) -> tuple[ElementalReferences, NDArray[np.float64]]:
    """Fit references by ridge regression with weights that make it robust.

    Parameters
    ----------
    symbols
        Of the atoms of n cells.
    energies
        Total energies of the cells in eV, as the potential counts them, shape (n,).
    formation_energies
        In eV/atom, shape (n,).

    Returns
    -------
    tuple
        The references, and each entry's error in cross-validation in eV/atom, shape (n,); elements of fewer than four
        entries are left out of both (their error is nan).

    Raises
    ------
    InvalidInputError
        If there are fewer than 20 entries.
    """
    counts = Counter(symbol for cell in symbols for symbol in set(cell))
    kept = np.array([min(counts[symbol] for symbol in set(cell)) >= FEWEST for cell in symbols], dtype=bool)
    if kept.sum() < 20:
        raise InvalidInputError(
            f"{int(kept.sum())} entries have elements that {FEWEST} entries hold; 20 are needed.", where="references"
        )
    cells = [cell for cell, keep in zip(symbols, kept, strict=True) if keep]
    sizes = np.array([len(cell) for cell in cells])
    wanted = np.asarray(energies)[kept] / sizes - np.asarray(formation_energies)[kept]
    tried = []
    for number in range(len(TERM_SETS)):
        names = _names(cells, number)
        shares = np.array([[row.get(name, 0.0) for name in names] for row in map(_shares, cells)])
        tried.append((names, shares, _cross_validated(shares, wanted)))
    best = min(float(np.abs(errors).mean()) for *_, errors in tried)
    names, shares, errors = next(one for one in tried if float(np.abs(one[2]).mean()) <= 1.01 * best)
    mean, slopes = _solve(shares, wanted)
    # Shares of elements sum to 1, so that the mean belongs to each of them; terms beside them have none.
    found = {name: float(slope + (mean if " " not in name else 0.0)) for name, slope in zip(names, slopes, strict=True)}
    references = ElementalReferences(
        potential, {name: round(value, 5) for name, value in found.items()}, round(float(np.abs(errors).mean()), 5),
        round(float(np.sqrt(np.mean(errors**2))), 5), len(cells), source, dict(versions),
    )  # fmt: skip
    every = np.full(len(symbols), np.nan)
    every[kept] = errors
    return references, every


def _shares(symbols: Sequence[str]) -> dict[str, float]:
    """Return the share of the atoms by term."""
    counts = Counter(symbols)
    terms = {symbol: count / len(symbols) for symbol, count in counts.items()}
    anion = max(counts, key=lambda symbol: ELECTRONEGATIVITIES.get(symbol, 0.0))
    if len(counts) > 1 and anion in _ANIONS:
        terms[f"{anion} as anion"] = terms[anion]
    if "O" in counts or "F" in counts:
        terms |= {f"{symbol} with U": terms[symbol] for symbol in _WITH_U if symbol in counts}
    return terms


def _names(cells: Sequence[Sequence[str]], number: int) -> list[str]:
    every = {name for cell in cells for name in _shares(cell)}
    return sorted(
        name for name in every if " " not in name or (number > 0 and "with U" in name) or (number > 1)
    )  # fmt: skip


def _cross_validated(shares: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return formation energies less those of the table, each by references that have not seen it."""
    fold = np.random.default_rng(0).integers(0, _FOLDS, len(wanted))
    errors = np.empty(len(wanted))
    for one in range(_FOLDS):
        mean, slopes = _solve(shares[fold != one], wanted[fold != one])
        errors[fold == one] = wanted[fold == one] - mean - shares[fold == one] @ slopes
    return errors


def _solve(shares: NDArray[np.float64], wanted: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    mean = float(wanted.mean())
    weights: NDArray[np.float64] = np.ones(len(wanted))
    slopes: NDArray[np.float64] = np.zeros(shares.shape[1])
    for _ in range(_TURNS):
        weighted = shares * weights[:, None]
        matrix = weighted.T @ shares + _RIDGE * np.eye(len(slopes))
        slopes = np.asarray(np.linalg.solve(matrix, weighted.T @ (wanted - mean)), dtype=np.float64)
        weights = 1.0 / np.maximum(np.abs(wanted - mean - shares @ slopes), _KNEE)
        weights /= weights.mean()
    return mean, slopes
