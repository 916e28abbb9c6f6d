"""What a report says, computed from a campaign's state: planes, the optical limit, calibration, failures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.state import CampaignState, Candidate
from polyloop.chem.optical_limit import LimitLine, default_limit, margin_std
from polyloop.core import ConfigurationError, Status, get_property
from polyloop.core.subject import plural_of
from polyloop.design import Objective
from polyloop.design.objectives import utilities
from polyloop.report import text
from polyloop.report.figures import Axis, Plane

__all__ = [
    "CALIBRATION_COLUMNS",
    "FailureRow",
    "OpticalLimit",
    "axis_of",
    "best_rows",
    "calibration_rows",
    "failure_rows",
    "limit_line",
    "optical_limit",
    "planes",
    "quarter_half_end",
]

_ABBE, _INDEX = "abbe_number", "refractive_index"
_PLANES_SHOWN, _BEST_SHOWN, _BEST_OF_ONE = 6, 24, 12


@dataclass(frozen=True)
class OpticalLimit:
    """The limit line, and where each candidate stands to it.

    Parameters
    ----------
    margin
        Refractive index minus the limit at the candidate's Abbe number, shape (candidates,); NaN where one of the two
        is not known.
    std
        Standard deviation of the margin, shape (candidates,); 0 for values without error bar.
    is_default
        Whether it is the line of the shipped table.
    """

    line: LimitLine
    margin: NDArray[np.float64]
    std: NDArray[np.float64]
    is_default: bool = True

    @cached_property
    def known(self) -> NDArray[np.bool_]:
        """Candidates that have both properties, shape (candidates,)."""
        return np.asarray(np.isfinite(self.margin))

    @cached_property
    def beyond(self) -> NDArray[np.bool_]:
        """Candidates above the line by more than their error bar, shape (candidates,)."""
        return np.asarray(self.margin > self.std)

    @cached_property
    def undecided(self) -> NDArray[np.bool_]:
        """Candidates above the line, but within their error bar of it, shape (candidates,)."""
        return np.asarray((self.margin > 0) & ~self.beyond)

    @property
    def label(self) -> str:
        """What the line is called in pictures."""
        return "empirical limit" if self.is_default else "limit of the campaign file"


def limit_line(config: CampaignConfig) -> LimitLine | None:
    """Return the limit line of the campaign file, or None where it names none.

    Raises
    ------
    ConfigurationError
        If the file gives only one of slope and intercept.
    """
    slope, intercept = config.report.limit_slope, config.report.limit_intercept
    if slope is None and intercept is None:
        return None
    if slope is None or intercept is None:
        raise ConfigurationError(
            "A limit line needs both limit_slope and limit_intercept.",
            where="[report]",
            hint="Give both, or neither for the line of the shipped table.",
        )
    return LimitLine(slope, intercept)


def optical_limit(state: CampaignState, line: LimitLine | None = None) -> OpticalLimit | None:
    """Return the limit for a campaign on refractive index and Abbe number, else None.

    `line` replaces that of the campaign file, which replaces that of the shipped table.
    """
    if not {_ABBE, _INDEX} <= {objective.property for objective in state.objectives}:
        return None
    own = line or limit_line(state.config)
    drawn = own or default_limit()
    columns = {objective.property: column for column, objective in enumerate(state.objectives)}
    index, abbe = state.values[:, columns[_INDEX]], state.values[:, columns[_ABBE]]
    error = margin_std(
        _stds(state.candidates, _INDEX), _stds(state.candidates, _ABBE), slope=drawn.slope, intercept=drawn.intercept
    )
    return OpticalLimit(drawn, index - drawn(abbe), error, is_default=own is None)


def _stds(candidates: Sequence[Candidate], name: str) -> NDArray[np.float64]:
    """Return the standard deviation of each candidate's value, shape (candidates,); NaN where there is none."""
    return np.array([candidate.std(name) for candidate in candidates], dtype=np.float64)


def axis_of(objective: Objective) -> Axis:
    """Return how the values of an objective are drawn. Optics draws the Abbe number falling to the right."""
    ends = objective.ends if objective.direction == "range" else None
    label, maximized = text.axis_label(objective.property), objective.direction == "maximize"
    return Axis(label, ends, maximized, inverted=objective.property == _ABBE)


def planes(state: CampaignState, limit: OpticalLimit | None) -> list[tuple[str, Plane]]:
    """Return (title, plane) for each pair of objectives, at most six pairs, the optical one first.

    The points are those that have both values; what breaks a requirement is drawn, and on no front. The Abbe number is
    drawn along x and the refractive index along y.
    """
    names = [objective.property for objective in state.objectives]
    cycle = np.array([candidate.cycle for candidate in state.candidates], dtype=np.int_)
    # Among equals, sorting keeps the order of the campaign file.
    pairs = sorted(combinations(range(len(names)), 2), key=lambda pair: {names[i] for i in pair} != {_ABBE, _INDEX})
    found = []
    for pair in pairs[:_PLANES_SHOWN]:
        a, b = reversed(pair) if names[pair[1]] == _ABBE else pair
        both = [state.objectives[a], state.objectives[b]]
        keep = np.isfinite(state.values[:, [a, b]]).all(axis=1)
        if keep.any():
            values = state.values[keep][:, [a, b]]
            is_optical = limit is not None and {names[a], names[b]} == {_ABBE, _INDEX}
            plane = Plane(
                values=values,
                utilities=utilities(state.results[keep][:, [a, b]], both),
                cycle=cycle[keep],
                x=axis_of(both[0]),
                y=axis_of(both[1]),
                limit=limit.line if limit and is_optical else None,
                limit_label=limit.label if limit and is_optical else "",
            )
            found.append((text.sentence(f"{text.words(names[b])} against {text.words(names[a])}"), plane))
    return found


def quarter_half_end(last: int) -> list[int]:
    """Return the cycles at one quarter, one half and the end of `last` cycles, without repetition."""
    return sorted({round(last / 4), round(last / 2), last})


def best_rows(state: CampaignState) -> tuple[NDArray[np.intp], str]:
    """Return the candidates whose structures are drawn, the best of the first objective first, and what they are.

    With several objectives, what lies inside every wanted range comes before what does not.
    """
    first, plural = -utilities(state.results, state.objectives)[:, 0], plural_of(state.config.pool.kind)
    plural = f"{plural} that meet every requirement" if state.config.requirements else plural
    if len(state.objectives) == 1:
        known = np.flatnonzero(np.isfinite(first))
        rows = known[np.argsort(first[known], kind="stable")][:_BEST_OF_ONE]
        caption = f"The best {len(rows)} of {len(known)} {plural}, the best first."
        return rows, caption if state.in_ranges is None else f"{caption} {_inside_text(state.in_ranges[rows])}"
    front = np.flatnonzero(state.front)
    rows = front[np.argsort(first[front], kind="stable")]
    note = "no other with all values is at least as good in every objective and better in one"
    inside = np.zeros(len(rows), dtype=bool) if state.in_ranges is None else state.in_ranges[rows]
    # What lies inside the wanted ranges comes first, and is what is wanted.
    chosen = _evenly(rows[inside], _BEST_SHOWN)
    chosen = np.concatenate([chosen, _evenly(rows[~inside], _BEST_SHOWN - len(chosen))])
    if len(rows) > _BEST_SHOWN:
        caption = f"{_BEST_SHOWN} of the {len(front)} {plural} on the Pareto front ({note}), evenly chosen along it."
    else:
        caption = f"{text.sentence(plural)} on the Pareto front: {len(rows)} ({note})."
    return chosen, caption if state.in_ranges is None else f"{caption} {_inside_text(inside)}"


def _evenly(rows: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    """Return at most so many rows, evenly along them, so that both ends are seen."""
    if len(rows) <= most:
        return rows
    return np.asarray(rows[np.linspace(0, len(rows) - 1, most).round().astype(int)], dtype=np.intp)


def _inside_text(inside: NDArray[np.bool_]) -> str:
    if not inside.any():
        return "None of them lies inside every wanted range."
    if inside.all():
        return "Each of them lies inside every wanted range."
    return f"Inside every wanted range, and first: {int(inside.sum())}."


CALIBRATION_COLUMNS = ("n", "rmse", "r2", "coverage_50", "coverage_90", "coverage_95", "nlpd", "z_std")


def calibration_rows(state: CampaignState) -> list[dict[str, Any]]:
    """Return the calibration of each cycle and objective: held out before proposing, and of the batch itself."""
    rows = []
    for metrics in state.cycles:
        for source in (metrics.calibration, metrics.prospective):
            for name, figures in source.items():
                numbers = {column: figures.get(column) for column in CALIBRATION_COLUMNS}
                rows.append({"cycle": metrics.cycle, "property": name, "method": figures.get("method", ""), **numbers})
    return rows


@dataclass(frozen=True)
class FailureRow:
    """Failures of one kind: how many, and one example with its reason and hint."""

    code: str
    stage: str
    count: int
    example: str
    reason: str
    hint: str


def failure_rows(candidates: Sequence[Candidate]) -> list[FailureRow]:
    """Group the candidates whose evaluation ended without usable values by code and stage, most frequent first."""
    groups: dict[tuple[str, str], list[tuple[Candidate, str, str]]] = {}
    for candidate in candidates:
        if candidate.failure is not None:
            failure = candidate.failure
            key, why = (failure.code.value, failure.stage), (failure.reason, failure.hint)
        elif candidate.status is Status.UNPHYSICAL:
            key, why = ("unphysical", "plausible range"), (_implausible(candidate), "Kept, never fed to a model.")
        elif candidate.status is Status.CANCELLED:
            key, why = ("cancelled", ""), ("The campaign was stopped.", "Run it again: it is taken up again.")
        else:
            continue
        groups.setdefault(key, []).append((candidate, *why))
    rows = [
        FailureRow(code, stage, len(group), group[0][0].text, *group[0][1:]) for (code, stage), group in groups.items()
    ]
    return sorted(rows, key=lambda row: (-row.count, row.code, row.stage))


def _implausible(candidate: Candidate) -> str:
    """Say which value of a candidate lies outside which range."""
    found = []
    for name, record in candidate.records.items():
        if record.status is Status.UNPHYSICAL:
            row, unit = get_property(name), text.unit(name)
            value = "not a number" if record.value is None else f"{record.value:.4g}"
            found.append(f"{text.words(name)} is {value}, plausible is {row.low:g} to {row.high:g} {unit}".strip())
    return text.sentence("; ".join(found)) + "."
