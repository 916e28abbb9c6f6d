"""What a report says, computed from a campaign's state: tables, texts and the planes of its scatter plots."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Polymer
from polyloop.chem.optical_limit import LimitLine
from polyloop.core import get_property
from polyloop.design import Objective
from polyloop.loop.report.figures import Plane
from polyloop.loop.state import CampaignState, Candidate

__all__ = [
    "OPTICAL",
    "FailureRow",
    "beyond_limit",
    "calibration_rows",
    "count_per_cycle",
    "failure_rows",
    "label",
    "planes",
    "quarter_half_end",
]

OPTICAL = ("abbe_number", "refractive_index")


@dataclass(frozen=True)
class FailureRow:
    """Failures of one kind: how many, and one example with its reason and hint."""

    code: str
    stage: str
    count: int
    example: str
    reason: str
    hint: str


def label(name: str) -> str:
    """Return a property's name with its unit, for an axis or a column."""
    unit = get_property(name).unit
    return name.replace("_", " ") + ("" if unit == "1" else f" / {unit}")


def _direction(objective: Objective) -> bool | None:
    return {"maximise": True, "minimise": False}.get(objective.direction)


def planes(state: CampaignState, limit: LimitLine | None) -> list[Plane]:
    """Return one plane per pair of objectives (the first three pairs), with the points that have both values.

    The Abbe number is drawn along x and the refractive index along y, with the empirical limit between them.
    """
    cycle = np.array([candidate.cycle for candidate in state.candidates], dtype=np.int_)
    found = []
    for a, b in list(combinations(range(len(state.objectives)), 2))[:3]:
        if state.objectives[a].property == OPTICAL[1] and state.objectives[b].property == OPTICAL[0]:
            a, b = b, a
        first, second = state.objectives[a], state.objectives[b]
        keep = np.isfinite(state.values[:, [a, b]]).all(axis=1)
        if keep.any():
            optical = limit is not None and (first.property, second.property) == OPTICAL
            found.append(
                Plane(
                    x=state.values[keep, a],
                    y=state.values[keep, b],
                    cycle=cycle[keep],
                    x_label=label(first.property),
                    y_label=label(second.property),
                    maximise=(_direction(first), _direction(second)),
                    limit=limit if optical else None,
                )
            )
    return found


def quarter_half_end(cycles: Sequence[int]) -> list[int]:
    """Return the cycles at one quarter, one half and the end of the finished ones, without repetition."""
    last = max(cycles, default=0)
    return sorted({round(last / 4), round(last / 2), last})


def beyond_limit(state: CampaignState, limit: LimitLine) -> NDArray[np.bool_]:
    """Mask of the candidates whose refractive index passes the limit at their Abbe number, shape (candidates,)."""
    index = np.array([_number(candidate.value("refractive_index")) for candidate in state.candidates])
    abbe = np.array([_number(candidate.value("abbe_number")) for candidate in state.candidates])
    known = np.isfinite(index) & np.isfinite(abbe)
    beyond = np.zeros(len(index), dtype=bool)
    beyond[known] = index[known] > limit(abbe[known])
    return beyond


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def count_per_cycle(state: CampaignState, mask: NDArray[np.bool_], cycles: Sequence[int]) -> list[int]:
    """Return how many masked candidates had been found up to each cycle."""
    cycle = np.array([candidate.cycle for candidate in state.candidates])
    return [int((mask & (cycle <= last)).sum()) for last in cycles]


def calibration_rows(state: CampaignState) -> tuple[list[str], list[list[str]]]:
    """Return header and rows of the held-out calibration, one row per cycle and objective."""
    header, rows = ["cycle", "property"], []
    for metrics in state.cycles:
        for name, figures in metrics.calibration.items():
            numbers = {key: value for key, value in figures.items() if isinstance(value, int | float)}
            header += [key for key in numbers if key not in header]
            rows.append((str(metrics.cycle), name, numbers))
    cells = [[cycle, name, *(_text(numbers.get(key)) for key in header[2:])] for cycle, name, numbers in rows]
    return header, cells


def _text(value: Any) -> str:
    return "" if value is None else f"{value:.3g}"


def failure_rows(candidates: Sequence[Candidate]) -> list[FailureRow]:
    """Group the candidates without a usable value by code and stage, the most frequent first."""
    groups: dict[tuple[str, str], list[Candidate]] = {}
    for candidate in candidates:
        if candidate.failure is not None:
            groups.setdefault((candidate.failure.code.value, candidate.failure.stage), []).append(candidate)
        elif candidate.status.value == "unphysical":
            groups.setdefault(("unphysical", "plausible range"), []).append(candidate)
    rows = []
    for (code, stage), group in groups.items():
        failure = group[0].failure
        reason = failure.reason if failure else "A value lies outside the property's plausible range."
        hint = failure.hint if failure else "Kept and shown, never fed to a model."
        rows.append(FailureRow(code, stage, len(group), group[0].polymer, reason, hint))
    return sorted(rows, key=lambda row: (-row.count, row.code, row.stage))


def polymer_class(smiles: str) -> str:
    """Return the class of a canonical SMILES, for a table cell."""
    return str(Polymer(smiles).polymer_class)
