"""The tables of a report, as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from polyloop.campaign.state import CampaignState, Candidate
from polyloop.core import get_property
from polyloop.core.csv_text import csv_text
from polyloop.core.subject import classify, column_of
from polyloop.report import content
from polyloop.report.enrichment import Enrichment
from polyloop.report.given import given_cells, given_columns, given_of, variable_cells, variable_columns

__all__ = ["make_tables"]

_ENRICHMENT = (
    "kind", "feature", "selected_with", "selected", "others_with", "others", "odds_ratio", "p_value", "q_value",
)  # fmt: skip
_LEFT_OUT = ("line", "smiles", "why", "reason")
_FAILURES = ("code", "stage", "count", "example", "reason", "hint")


def make_tables(
    state: CampaignState, limit: content.OpticalLimit | None, enriched: Sequence[Enrichment]
) -> dict[str, bytes]:
    """Return the content of each CSV by its file name; a table with nothing to say has its header alone."""
    calibration = ["cycle", "property", "method", *content.CALIBRATION_COLUMNS]
    failures = content.failure_rows(state.candidates)
    return {
        "candidates.csv": _candidates(state, limit),
        "cycles.csv": _cycles(state, limit),
        "enrichment.csv": _csv(_ENRICHMENT, ([getattr(row, name) for name in _ENRICHMENT] for row in enriched)),
        "calibration.csv": _csv(calibration, (list(row.values()) for row in content.calibration_rows(state))),
        "left_out.csv": _csv(_LEFT_OUT, ([row[n] for n in _LEFT_OUT] for row in state.inputs.left_out(state.source))),
        "next.csv": _next(state),
        "failures.csv": _csv(_FAILURES, ([getattr(row, name) for name in _FAILURES] for row in failures)),
    }


def _csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> bytes:
    return csv_text(header, rows).encode()


def _candidates(state: CampaignState, limit: content.OpticalLimit | None) -> bytes:
    names = [objective.property for objective in state.objectives]
    required = [one.property for one in state.config.requirements if one.property not in names]
    header = ["cycle", "rank", column_of(state.config.pool.kind), *variable_columns(state), "class", "level", "status"]
    header += ["failure", "pareto_front"]
    header += ["limit_margin", "limit_margin_std"]
    has_repeats = any(candidate.repeats for candidate in state.candidates)
    for name in names:
        unit = get_property(name).unit
        header += [f"{name} [{unit}]", f"{name}_std [{unit}]", *([f"{name}_n"] if has_repeats else [])]
        header += [f"{name}_predicted [{unit}]"]
        header += [f"{name}_predicted_std [{unit}]", f"{name}_outside_domain"]
    for name in required:
        unit = get_property(name).unit
        header += [f"{name} [{unit}]", f"{name}_std [{unit}]"]
    header += ["in_ranges", "meets_requirements", "cost", *given_columns(state)]
    given = given_of(state, (candidate.text for candidate in state.candidates))
    rows = (
        [
            candidate.cycle,
            candidate.rank,
            candidate.text,
            *variable_cells(state, candidate.text),
            classify(state.structure(candidate.text)) or "",
            candidate.level,
            candidate.status.value,
            candidate.failure.code.value if candidate.failure else "",
            int(state.front[row]),
            *((limit.margin[row], limit.std[row]) if limit and limit.known[row] else ("", "")),
            *(cell for name in names for cell in _cells(candidate, name, has_repeats)),
            *(cell for name in required for cell in (candidate.value(name), candidate.std(name))),
            "" if state.in_ranges is None or np.isnan(state.values[row]).any() else int(state.in_ranges[row]),
            "" if state.meets[row] is None else int(bool(state.meets[row])),
            state.costs[row],
            *given_cells(state, given[candidate.text]),
        ]
        for row, candidate in enumerate(state.candidates)
    )
    return _csv(header, rows)


def _cells(candidate: Candidate, name: str, has_repeats: bool) -> list[Any]:
    count = [len(candidate.singles(name)) or ""] if has_repeats else []
    return [candidate.value(name), candidate.std(name), *count, *_prediction(candidate.predicted.get(name))]


def _prediction(told: Mapping[str, float] | None) -> list[Any]:
    """Return mean, standard deviation with the noise, and whether it was outside the training domain."""
    if not told:
        return ["", "", ""]
    return [told["mean"], float(np.hypot(told["std"], told.get("noise_std", 0.0))), int(told.get("outside", 0))]


def _next(state: CampaignState) -> bytes:
    names, coming = [objective.property for objective in state.objectives], state.next()
    header = [column_of(state.config.pool.kind), *variable_columns(state), "status"]
    for name in names:
        unit = get_property(name).unit
        header += [f"{name}_predicted [{unit}]", f"{name}_predicted_std [{unit}]", f"{name}_outside_domain"]
    given = given_of(state, (one.text for one in coming))
    rows = (
        [
            one.text,
            *variable_cells(state, one.text),
            one.status,
            *(cell for name in names for cell in _prediction(one.predicted.get(name))),
            *given_cells(state, given[one.text]),
        ]
        for one in coming
    )
    return _csv([*header, *given_columns(state)], rows)


def _cycles(state: CampaignState, limit: content.OpticalLimit | None) -> bytes:
    cycle = np.array([candidate.cycle for candidate in state.candidates])
    header = ["cycle", "evaluations", "failures", "hypervolume", "outside_domain"]
    header += ["beyond_limit", "beyond_limit_in_all", "propose [s]", "evaluate [s]"]
    rows = (
        [
            metrics.cycle,
            metrics.evaluations,
            sum(metrics.failures.values()),
            metrics.hypervolume,
            metrics.outside_domain,
            int((limit.beyond & (cycle == metrics.cycle)).sum()) if limit else "",
            int((limit.beyond & (cycle <= metrics.cycle)).sum()) if limit else "",
            metrics.seconds.get("propose", ""),
            metrics.seconds.get("evaluate", ""),
        ]
        for metrics in state.cycles
    )
    return _csv(header, rows)
