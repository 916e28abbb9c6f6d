"""The page of a report: facts, pictures, structures and tables in one HTML file that needs no other."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial
from importlib.resources import files
from math import erf, hypot, sqrt
from typing import Any

import jinja2
from markupsafe import Markup

from polyloop.campaign.config.tables import RequirementTable
from polyloop.campaign.loading import is_over
from polyloop.campaign.state import STOP_REASONS, CampaignState, Candidate, Next, standing
from polyloop.core import KINDS, InvalidInputError, Status
from polyloop.core.subject import Drawing, classify, column_of, plural_of
from polyloop.core.text import visible
from polyloop.design import Objective
from polyloop.report import content, text
from polyloop.report.cells import CellPicture
from polyloop.report.enrichment import Enrichment
from polyloop.report.given import Given, given_of
from polyloop.report.notices import left_out_groups, notices
from polyloop.report.origin import origin_sentences
from polyloop.report.pictures import Picture
from polyloop.report.selection import Selection

__all__ = ["WIDE", "make_page"]

_ENRICHED_SHOWN, _NEXT_SHOWN, _COLUMNS_SHOWN = 25, 24, 6
# Texts of people may be of any length; whole ones stand in the tables beside the page.
_LONGEST = 300
# Pixels from which on a drawing needs more than the width of one card.
WIDE = 375
_HEADINGS = {
    "n": "n", "rmse": "RMSE", "r2": "R²", "coverage_50": "in 50 %", "coverage_90": "in 90 %",
    "coverage_95": "in 95 %", "nlpd": "NLPD", "z_std": "z",
}  # fmt: skip


def make_page(
    state: CampaignState,
    limit: content.OpticalLimit | None,
    selection: Selection,
    enriched: Sequence[Enrichment],
    pictures: Sequence[tuple[Picture, bytes]],
    cells: Sequence[CellPicture],
    file_names: Sequence[str],
    status: str,
    reason: str = "",
) -> str:
    """Return the HTML; `pictures` come with their PNG bytes, `file_names` are what lies beside the page."""
    rows, caption = content.best_rows(state)
    plural = plural_of(state.config.pool.kind)
    coming = state.next()
    given = given_of(state, [state.candidates[row].text for row in rows] + [one.text for one in coming])
    calibration = content.calibration_rows(state)
    fitted = [row["cycle"] for row in calibration]
    source = files("polyloop.report").joinpath("template.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_shown
    )
    environment.filters |= {
        "small": text.html_exponent, "ratio": text.ratio, "short": partial(visible, longest=_LONGEST)
    }  # fmt: skip
    return environment.from_string(source).render(
        name=state.config.campaign.name,
        kind_title=_kind_title(state.config.pool.kind),
        plural=plural,
        column=column_of(state.config.pool.kind),
        where=_where(state),
        status=standing(status, reason),
        reason=text.sentence(STOP_REASONS.get(reason, "")),
        notices=notices(state),
        origins=origin_sentences(state),
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        facts=_facts(state, limit),
        objectives=[_objective_text(objective) for objective in state.objectives],
        requirements=[_requirement_text(one) for one in state.config.requirements],
        reference=_reference_text(state),
        pictures=[(picture, base64.b64encode(data).decode()) for picture, data in pictures],
        best=[_card(state, limit, int(row), given[state.candidates[row].text]) for row in rows],
        coming=[_next_card(state, one, given[one.text]) for one in coming[:_NEXT_SHOWN]],
        coming_caption=_next_text(state, coming),
        cells=[(cell, base64.b64encode(cell.data).decode()) for cell in cells],
        best_caption=caption if len(rows) else f"None of the {plural} has values of all objectives yet.",
        selection=selection,
        enriched=enriched[:_ENRICHED_SHOWN],
        enriched_left=len(enriched) - len(enriched[:_ENRICHED_SHOWN]),
        calibration_headings=_HEADINGS,
        calibration=[_calibration_cells(row) for row in calibration],
        calibration_last=[_calibration_cells(row) for row in calibration if row["cycle"] == max(fitted)],
        failures=content.failure_rows(state.candidates),
        left_out=left_out_groups(state),
        files=file_names,
    )


def _where(state: CampaignState) -> str:
    if not state.candidates:
        return "nothing has been picked yet"
    if not state.cycles:
        return "the initial design is under way"
    finished = state.cycles[-1].cycle
    done = f"after cycle {finished}" if finished else "after the initial design"
    under_way = max(candidate.cycle for candidate in state.asked) > finished
    return f"{done}, cycle {finished + 1} is under way" if under_way else done


def _facts(state: CampaignState, limit: content.OpticalLimit | None) -> list[tuple[str, str]]:
    over = sum(is_over(candidate.status) for candidate in state.asked)
    variables = len(state.config.variables)
    pool = ("variables", f"{variables:,}") if variables else ("candidates in the pool", f"{len(state.pool):,}")
    if state.config.pool.is_generated:
        pool = ("candidates written by", state.config.pool.source)
    facts = [pool, ("evaluated", f"{over:,}")]
    if state.repeats:
        facts.append(("of which repeats", f"{sum(map(is_over, _statuses_of_repeats(state))):,}"))
    if len(state.asked) > over:
        facts.append(("waiting or running", f"{len(state.asked) - over:,}"))
    facts.append(("failed or implausible", f"{sum(state.failures.values()):,}"))
    if state.in_ranges is not None:
        facts.append(("inside every wanted range", f"{int(state.in_ranges.sum()):,}"))
    if state.config.requirements:
        facts.append(("meeting every requirement", f"{sum(map(bool, state.meets)):,}"))
    if state.config.pool.cost is not None:
        facts.append(("cost of what was evaluated", f"{_spent(state):.4g}"))
    if len(state.objectives) > 1:
        facts.append(("on the Pareto front", f"{int(state.front.sum()):,}"))
    best = state.best()
    if len(state.objectives) == 1 and best:
        name = state.objectives[0].property
        shown = f"{text.number(best[0].values[name])} {text.unit(name)}".rstrip()
        facts.append((f"best {text.words(name)}", shown))
    elif state.hypervolume is not None:
        facts.append(("hypervolume", f"{state.hypervolume:.4g}"))
    if limit:
        facts.append((f"beyond the {limit.label}", f"{int(limit.beyond.sum()):,}"))
    return facts


def _spent(state: CampaignState) -> float:
    """Return the cost of all evaluations that ended; a repeat costs its share, a cost that is not known counts as 0."""
    costs = {one.text: cost or 0.0 for one, cost in zip(state.candidates, state.costs, strict=True)}
    seen, spent = set[str](), 0.0
    for one in state.asked:
        if is_over(one.status):
            spent += costs.get(one.text, 0.0) * (state.config.acquisition.repeat_cost if one.text in seen else 1.0)
        seen.add(one.text)
    return spent


def _statuses_of_repeats(state: CampaignState) -> list[Status]:
    seen: set[tuple[str, str]] = set()
    again = []
    for one in state.asked:
        if (one.text, one.level) in seen:
            again.append(one.status)
        seen.add((one.text, one.level))
    return again


def _objective_text(objective: Objective) -> str:
    name, unit = text.words(objective.property), text.unit(objective.property)
    if objective.direction != "range":
        return f"{objective.direction} {name}"
    low, high = objective.ends
    return f"{name} between {low:g} and {high:g} {unit}".rstrip()


def _requirement_text(one: RequirementTable) -> str:
    ends = [f"{word} {end:g}" for word, end in (("at least", one.low), ("at most", one.high)) if end is not None]
    return f"{text.words(one.property)} {' and '.join(ends)} {text.unit(one.property)}".rstrip()


def _reference_text(state: CampaignState) -> str:
    if state.reference_point is None:
        return ""
    parts = []
    for objective, value in zip(state.objectives, state.reference_point, strict=True):
        name, unit = text.words(objective.property), text.unit(objective.property)
        far = "a distance to the range of " if objective.direction == "range" else ""
        parts.append(f"{name} {far}{value:.4g} {unit}".rstrip())
    return ", ".join(parts)


def _margin_text(limit: content.OpticalLimit, row: int) -> str:
    """Say how far a candidate is above the limit; nothing of one below."""
    number = f"{limit.margin[row]:.4f}" + (f" ± {limit.std[row]:.4f}" if limit.std[row] else "")
    if limit.beyond[row]:
        return f"beyond the limit by {number}"
    return f"within its error bar of the limit ({number} above)" if limit.undecided[row] else ""


def _card(state: CampaignState, limit: content.OpticalLimit | None, row: int, given: Given) -> dict[str, Any]:
    candidate = state.candidates[row]
    numbers = []
    for objective, value in zip(state.objectives, state.values[row], strict=True):
        name = objective.property
        shown = f"{text.number(float(value), candidate.std(name))} {text.unit(name)}".rstrip()
        notes = [_range_text(objective, float(value)), _repeats_text(candidate, name)]
        numbers.append((text.html_symbol(name), text.words(name), shown, ", ".join(note for note in notes if note)))
    return {
        **_identity(state, candidate.text, state.name_of(candidate.text), given),
        **_relaxed_crystal(candidate),
        "numbers": numbers,
        "margin": _margin_text(limit, row) if limit else "",
        "when": f"cycle {candidate.cycle}" if candidate.cycle else "initial design",
    }


def _relaxed_crystal(candidate: Candidate) -> dict[str, Any]:
    """Return the drawing of the crystal that a protocol relaxed, where its records say one; else nothing."""
    said = [one.provenance.settings.get("relaxed") for one in candidate.records.values()]
    relaxed = next((one for one in said if isinstance(one, str)), None)
    if relaxed is None or "crystal" not in KINDS:
        return {}
    try:
        drawing = KINDS["crystal"].draw(relaxed)
    except InvalidInputError:  # another protocol's word for something else
        return {}
    return {"drawing": Markup(drawing.svg), "is_wide": drawing.width > WIDE}


def _repeats_text(candidate: Candidate, name: str) -> str:
    count = len(candidate.repeats.get(name, ()))
    return f"mean of {count}" if count else ""


def _next_card(state: CampaignState, one: Next, given: Given) -> dict[str, Any]:
    numbers = []
    for objective in state.objectives:
        name, told = objective.property, one.predicted.get(objective.property)
        if told is not None:
            std = hypot(told["std"], told.get("noise_std", 0.0))
            shown = f"{text.number(told['mean'], std)} {text.unit(name)}".rstrip()
            doubt = "far from the data" if told.get("outside") else ""
            notes = [note for note in (_chance_text(objective, told["mean"], std), doubt) if note]
            numbers.append((text.html_symbol(name), f"predicted {text.words(name)}", shown, ", ".join(notes)))
    return {**_identity(state, one.text, one.name, given), "numbers": numbers, "margin": "", "when": one.status}


def _identity(state: CampaignState, candidate: str, title: str, given: Given) -> dict[str, Any]:
    """Return what a card says of a candidate whatever became of it; of a point, the structure that it chooses."""
    subject = state.structure(candidate)
    drawing = KINDS[subject.kind].draw(subject.text) if subject.kind in KINDS else Drawing()
    return {
        "title": title,
        "drawing": Markup(drawing.svg) if drawing.svg else drawing.note,
        "is_wide": drawing.width > WIDE,
        "class": classify(subject) or "",
        "text": subject.text,
        "spelling": given.spelling if given.spelling != subject.text else "",
        "columns": [(header, cell) for header, cell in given.extras if cell.strip() and cell != given.name][
            :_COLUMNS_SHOWN
        ],
    }


def _range_text(objective: Objective, value: float) -> str:
    return text.distance(value, *objective.ends, objective.property) if objective.direction == "range" else ""


def _chance_text(objective: Objective, mean: float, std: float) -> str:
    """Say with what probability a normal distribution lies inside the wanted range."""
    if objective.direction != "range" or std <= 0:
        return ""
    below, above = (0.5 * (1 + erf((end - mean) / std / sqrt(2))) for end in objective.ends)
    percent = round(100 * (above - below))
    chance = "below 1 %" if percent < 1 else "above 99 %" if percent > 99 else f"{percent} %"
    return f"chance to be inside the range: {chance}"


def _next_text(state: CampaignState, coming: Sequence[Next]) -> str:
    more = f" The first {_NEXT_SHOWN} are shown, all are in next.csv." if len(coming) > _NEXT_SHOWN else ""
    unmodelled = coming and not any(one.predicted for one in coming)
    chosen = " No model has chosen them, so nothing is predicted." if unmodelled else ""
    predicted = "" if unmodelled else " Predicted values with one standard deviation, the noise of the values included."
    if coming and coming[0].status != "suggested":
        return f"Picked and without their values yet: {len(coming)}.{chosen}{predicted}{more}"
    if coming:
        return (
            f"One more cycle would evaluate these {len(coming)}. Nothing of them is known yet.{chosen}{predicted}{more}"
        )
    if state.suggested is not None:
        return "No candidate is left that could be proposed."
    return "Nothing has been proposed from what is known now; the next run of the campaign does."


def _shown(value: Any) -> Any:
    """Return what a template is given, fit to be seen; what is marked as HTML is ours."""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _calibration_cells(row: dict[str, Any]) -> list[str]:
    numbers = [
        "–" if row[name] is None else f"{row[name]:.3g}".replace("-", "−") for name in content.CALIBRATION_COLUMNS
    ]
    return [str(row["cycle"]), text.words(row["property"]), row["method"], *numbers]


def _kind_title(kind: str) -> str:
    return KINDS[kind].title if kind in KINDS else kind
