"""The formation energy of a structure from both potentials: their mean, and an error bar from how far they differ."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import EvaluationError, FailureCode
from polyloop.crystal.relaxation.references import ElementalReferences, shipped_references
from polyloop.crystal.relaxation.relax import energy_of
from polyloop.crystal.structures.structure import CrystalStructure

__all__ = [
    "DEFAULT_POTENTIALS",
    "ErrorBar",
    "FormationEnergy",
    "fit_error_bar",
    "formation_energy",
    "shipped_error_bar",
]

DEFAULT_POTENTIALS = ("chgnet", "sevennet")
_PARTS = 8
# In eV/atom. Of 138 relaxed designs in which no atoms had merged none had the potentials more than 0.25 apart.
_FARTHEST = 1.0


@dataclass(frozen=True)
class ErrorBar:
    """Standard deviation of the mean of two potentials: root of `floor`^2 + (`slope` x what lies between them)^2."""

    floor: float
    slope: float

    def at(self, apart: float) -> float:
        """Return the standard deviation in eV/atom for two potentials that lie so far apart, in eV/atom."""
        return float(np.hypot(self.floor, self.slope * apart))


@dataclass(frozen=True)
class FormationEnergy:
    """Formation energy in eV/atom, its standard deviation, and what each potential says."""

    value: float
    std: float
    std_of: str
    by_potential: Mapping[str, float]


def formation_energy(
    structure: CrystalStructure,
    potentials: Sequence[str] = DEFAULT_POTENTIALS,
    references: Mapping[str, ElementalReferences] | None = None,
) -> FormationEnergy:
    """Return the formation energy of a structure as it stands, the mean over potentials.

    Parameters
    ----------
    references
        By potential; those that polyloop ships where there is none.

    Raises
    ------
    EvaluationError
        ELEMENT if a potential or its references do not know one, GEOMETRY where the potentials lie more than 1 eV/atom
        apart: at least one of them speaks of what it has never seen.
    """
    given = references or {}
    known = {name: given.get(name) or shipped_references(name) for name in potentials}
    found = {name: known[name].formation_energy(structure.symbols, energy_of(structure, name)) for name in potentials}
    values = list(found.values())
    if max(values) - min(values) > _FARTHEST:
        told = " and ".join(f"{name} {value:.2f}" for name, value in found.items())
        raise EvaluationError(
            FailureCode.GEOMETRY, "formation energy", f"The potentials contradict each other: {told} eV/atom.",
            hint="The structure is like nothing that they learnt from; look at its distances, or begin from another.",
        )  # fmt: skip
    if set(found) == set(DEFAULT_POTENTIALS) and not given:
        std = shipped_error_bar().at(values[0] - values[1])
        words = "cross-validated error of the mean of both potentials, growing with what lies between them"
    else:
        largest = max(one.root_mean_square for one in known.values())
        std = float(np.hypot(largest, np.std(values)))
        words = "cross-validated error of the references and the spread of the potentials, in quadrature"
    return FormationEnergy(float(np.mean(values)), std, words, found)


@lru_cache(maxsize=1)
def shipped_error_bar() -> ErrorBar:
    """Return what `benchmarks/relaxation.py` fitted to relaxed crystals."""
    text = files("polyloop.crystal.relaxation").joinpath("error_bar.json").read_text(encoding="utf-8")
    return ErrorBar(**json.loads(text))


def fit_error_bar(errors: NDArray[np.float64], apart: NDArray[np.float64]) -> dict[str, float]:
    """Fit the error bar to errors of the mean and what lies between the potentials, both in eV/atom, shape (n,).

    Entries are sorted by how far the potentials differ and parted into eight; the spread in each, by the absolute
    deviation that 68 % do not exceed, is fitted by a floor and a slope.
    """
    order = np.argsort(np.abs(apart))
    edges = np.linspace(0, len(order), _PARTS + 1).astype(int)
    parts = [order[first:last] for first, last in pairwise(edges)]
    spread = np.array([np.quantile(np.abs(errors[part]), 0.683) for part in parts])
    centres = np.array([np.sqrt(np.mean(apart[part] ** 2)) for part in parts])
    # Relative deviations count: the widest part would rule the fit of squares.
    design = np.column_stack([np.ones(_PARTS), centres**2]) / (spread**2)[:, None]
    from scipy.optimize import nnls

    squared, _ = nnls(design, np.ones(_PARTS))
    return {"floor": round(float(np.sqrt(squared[0])), 5), "slope": round(float(np.sqrt(squared[1])), 4)}
