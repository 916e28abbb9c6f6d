"""The page of a report: facts, pictures, structures and tables in one HTML file that needs no other."""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.resources import files
from typing import Any

import jinja2
from markupsafe import Markup
from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

from polyloop.design import Objective
from polyloop.loop.report import content, text
from polyloop.loop.report.cells import CellPicture
from polyloop.loop.report.enrichment import Enrichment
from polyloop.loop.report.pictures import Picture
from polyloop.loop.state import CampaignState
from polyloop.loop.views import is_over

__all__ = ["make_page"]

_ENRICHED_SHOWN = 25
_PALETTE = {9: (0.05, 0.5, 0.5), 16: (0.62, 0.45, 0.0), 17: (0.1, 0.5, 0.1)}
_HEADINGS = {
    "n": "n", "rmse": "RMSE", "r2": "R²", "coverage_50": "in 50 %", "coverage_90": "in 90 %",
    "coverage_95": "in 95 %", "nlpd": "NLPD", "z_std": "z",
}  # fmt: skip


def make_page(
    state: CampaignState,
    limit: content.OpticalLimit | None,
    enriched: Sequence[Enrichment],
    pictures: Sequence[tuple[Picture, bytes]],
    cells: Sequence[CellPicture],
    file_names: Sequence[str],
    status: str,
) -> str:
    """Return the HTML; `pictures` come with their PNG bytes, `file_names` are what lies beside the page."""
    rows, caption = content.best_rows(state)
    calibration = content.calibration_rows(state)
    fitted = [row["cycle"] for row in calibration]
    source = files("polyloop.loop.report").joinpath("template.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters |= {"small": text.html_exponent, "ratio": text.ratio}
    return environment.from_string(source).render(
        name=state.config.campaign.name,
        where=_where(state),
        status=status,
        written=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        facts=_facts(state, limit),
        objectives=[_objective_text(objective) for objective in state.objectives],
        reference=_reference_text(state),
        pictures=[(picture, base64.b64encode(data).decode()) for picture, data in pictures],
        best=[_card(state, limit, int(row)) for row in rows],
        cells=[(cell, base64.b64encode(cell.data).decode()) for cell in cells],
        best_caption=caption if len(rows) else "No polymer has values of all objectives yet.",
        limit=limit,
        limit_text=_limit_text(limit) if limit else "",
        enriched=enriched[:_ENRICHED_SHOWN],
        enriched_left=len(enriched) - len(enriched[:_ENRICHED_SHOWN]),
        calibration_headings=_HEADINGS,
        calibration=[_calibration_cells(row) for row in calibration],
        calibration_last=[_calibration_cells(row) for row in calibration if row["cycle"] == max(fitted)],
        failures=content.failure_rows(state.candidates),
        files=file_names,
    )


def _where(state: CampaignState) -> str:
    if not state.candidates:
        return "nothing has been picked yet"
    if not state.cycles:
        return "the initial design is under way"
    finished = state.cycles[-1].cycle
    done = f"after cycle {finished}" if finished else "after the initial design"
    under_way = max(candidate.cycle for candidate in state.candidates) > finished
    return f"{done}, cycle {finished + 1} is under way" if under_way else done


def _facts(state: CampaignState, limit: content.OpticalLimit | None) -> list[tuple[str, str]]:
    over = sum(is_over(candidate.status) for candidate in state.candidates)
    facts = [("candidates in the pool", f"{len(state.pool):,}"), ("evaluated", f"{over:,}")]
    if len(state.candidates) > over:
        facts.append(("waiting or running", f"{len(state.candidates) - over:,}"))
    facts.append(("failed or unphysical", f"{sum(state.failures.values()):,}"))
    if len(state.objectives) > 1:
        facts.append(("on the Pareto front", f"{int(state.front.sum()):,}"))
    if state.hypervolume is not None:
        facts.append(("hypervolume", f"{state.hypervolume:.4g}"))
    if limit:
        facts.append((f"beyond the {limit.label}", f"{int(limit.beyond.sum()):,}"))
    return facts


def _objective_text(objective: Objective) -> str:
    name, unit = text.words(objective.property), text.unit(objective.property)
    if objective.direction != "range":
        return f"{objective.direction} {name}"
    low, high = objective.ends
    return f"{name} between {low:g} and {high:g} {unit}".rstrip()


def _reference_text(state: CampaignState) -> str:
    if state.reference_point is None:
        return ""
    parts = []
    for objective, value in zip(state.objectives, state.reference_point, strict=True):
        name, unit = text.words(objective.property), text.unit(objective.property)
        far = "a distance to the range of " if objective.direction == "range" else ""
        parts.append(f"{name} {far}{value:.4g} {unit}".rstrip())
    return ", ".join(parts)


def _limit_text(limit: content.OpticalLimit) -> Markup:
    beyond, known = int(limit.beyond.sum()), int(limit.known.sum())
    origin = (
        "the upper envelope of the shipped table of commercial optical polymers"
        if limit.is_default
        else "as the campaign file sets it"
    )
    sign = "−" if limit.line.slope < 0 else "+"
    line = Markup("<i>n</i><sub>D</sub> = {} {} {} <i>V</i><sub>D</sub>").format(
        f"{limit.line.intercept:.4f}", sign, f"{abs(limit.line.slope):.6f}"
    )
    counted = Markup("{} of {} computed polymers lie beyond the limit {}, {}, by more than their error bar.").format(
        beyond, known, line, origin
    )
    undecided = int(limit.undecided.sum())
    return counted + (f" Above it, but within their error bar of it: {undecided}." if undecided else "")


def _margin_text(limit: content.OpticalLimit, row: int) -> str:
    """Say how far a polymer is above the limit; nothing of one below."""
    number = f"{limit.margin[row]:.4f}" + (f" ± {limit.std[row]:.4f}" if limit.std[row] else "")
    if limit.beyond[row]:
        return f"beyond the limit by {number}"
    return f"within its error bar of the limit ({number} above)" if limit.undecided[row] else ""


def _card(state: CampaignState, limit: content.OpticalLimit | None, row: int) -> dict[str, Any]:
    candidate = state.candidates[row]
    numbers = []
    for objective, value in zip(state.objectives, state.values[row], strict=True):
        name = objective.property
        shown = f"{text.number(float(value), candidate.std(name))} {text.unit(name)}".rstrip()
        numbers.append((text.html_symbol(name), text.words(name), shown))
    return {
        "drawing": _drawing(candidate.polymer),
        "numbers": numbers,
        "margin": _margin_text(limit, row) if limit else "",
        "cycle": candidate.cycle,
        "polymer_class": content.polymer_class(candidate.polymer),
        "smiles": candidate.polymer,
    }


def _drawing(smiles: str) -> Markup:
    drawer = rdMolDraw2D.MolDraw2DSVG(300, 200)
    options: Any = drawer.drawOptions()
    options.clearBackground = False
    options.dummiesAreAttachments = True
    # RDKit's yellow, green and cyan are too pale on white.
    options.updateAtomPalette(_PALETTE)
    options.bondLineWidth = 1.5
    options.minFontSize = 13
    options.maxFontSize = 18
    options.fixedBondLength = 28
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, Chem.MolFromSmiles(smiles))
    drawer.FinishDrawing()
    # An SVG inside a page has no XML declaration, and takes its namespaces from the page.
    drawing = str(drawer.GetDrawingText()).split("?>", 1)[-1]
    return Markup(re.sub(r"\s+(xmlns(:\w+)?|xml:space)='[^']*'", "", drawing))


def _calibration_cells(row: dict[str, Any]) -> list[str]:
    numbers = [
        "–" if row[name] is None else f"{row[name]:.3g}".replace("-", "−") for name in content.CALIBRATION_COLUMNS
    ]
    return [str(row["cycle"]), text.words(row["property"]), row["method"], *numbers]
