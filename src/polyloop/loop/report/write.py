"""Write a campaign's report: one self-contained page, its pictures as PNG and its tables as CSV."""

from __future__ import annotations

import base64
import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem.Draw import rdMolDraw2D

from polyloop.chem.optical_limit import LimitLine, default_limit
from polyloop.core import get_property, write_atomically
from polyloop.loop.report import content, figures
from polyloop.loop.report.enrichment import Enrichment, enrichment
from polyloop.loop.state import CampaignState

__all__ = ["write_report"]

_BEST_SHOWN = 24


class _Report:
    """Collects what goes into the page and beside it; writes it all at the end."""

    def __init__(self, state: CampaignState, limit: LimitLine | None) -> None:
        self.state = state
        self.cycles = [metrics.cycle for metrics in state.cycles]
        properties = {objective.property for objective in state.objectives}
        self.limit = (limit or default_limit()) if set(content.OPTICAL) <= properties else None
        nobody = np.zeros(len(state.candidates), dtype=bool)
        self.beyond = content.beyond_limit(state, self.limit) if self.limit else nobody
        self.pictures: list[dict[str, str]] = []
        self.files: dict[str, bytes] = {}

    def picture(self, name: str, title: str, caption: str, figure: Figure) -> None:
        stream = io.BytesIO()
        figure.savefig(stream, format="png", dpi=150)
        self.files[f"{name}.png"] = stream.getvalue()
        data = base64.b64encode(stream.getvalue()).decode()
        self.pictures.append({"title": title, "caption": caption, "data": data})

    def table(self, name: str, header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        stream = io.StringIO()
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
        self.files[f"{name}.csv"] = stream.getvalue().encode()


def write_report(state: CampaignState, folder: Path, *, status: str = "", limit: LimitLine | None = None) -> Path:
    """Write `index.html`, PNGs and CSVs of a campaign into `folder` and return the page's path.

    Parameters
    ----------
    state
        The campaign as its store knows it; it may be empty, running or finished.
    status
        A word on where it stands, for the page's head.
    limit
        Another line between refractive index and Abbe number than the shipped empirical limit.

    Raises
    ------
    OSError
        If the folder cannot be written. Each file is written whole or not at all.
    """
    report = _Report(state, limit)
    _draw(report)
    rows = enrichment([candidate.polymer for candidate in _with_values(report)], _beyond_known(report))
    _tabulate(report, rows)
    page = _page(report, rows, status)
    for name, data in report.files.items():
        write_atomically(folder / name, data)
    write_atomically(folder / "index.html", page)
    return folder / "index.html"


def _known(report: _Report) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = np.isfinite(report.state.values).all(axis=1)
    return mask


def _with_values(report: _Report) -> list[Any]:
    return [report.state.candidates[index] for index in np.flatnonzero(_known(report))]


def _beyond_known(report: _Report) -> list[bool]:
    return [bool(value) for value in report.beyond[_known(report)]]


def _draw(report: _Report) -> None:
    state, cycles = report.state, report.cycles
    stages = content.quarter_half_end(cycles)
    for number, plane in enumerate(content.planes(state, report.limit)):
        title = f"{plane.y_label} against {plane.x_label}".capitalize()
        caption = "Colour: cycle; red: Pareto front of what was computed" + (
            "; dashed: empirical limit." if plane.limit else "."
        )
        name = "plane" if number == 0 else f"plane_{number + 1}"
        report.picture(name, title, caption, figures.panel_figure(plane, [stages[-1]]))
        if len(stages) > 1:
            panels = figures.panel_figure(plane, stages)
            report.picture(f"{name}_panels", f"{title}, at one quarter, one half and the end", caption, panels)
    volumes = [(m.cycle, m.hypervolume) for m in state.cycles if m.hypervolume is not None]
    if volumes:
        drawn = figures.hypervolume_figure([cycle for cycle, _ in volumes], [volume for _, volume in volumes])
        caption = "Volume dominated above the reference point, in the product of the objectives' units."
        report.picture("hypervolume", "Hypervolume per cycle", caption, drawn)
    if report.limit and cycles:
        counts = content.count_per_cycle(state, report.beyond, cycles)
        drawn = figures.count_figure(cycles, counts, "polymers beyond the limit")
        report.picture("beyond_limit", "Polymers beyond the empirical limit", "Cumulated over cycles.", drawn)
    _draw_calibration(report)
    if state.failures:
        report.picture(
            "failures",
            "Failures by reason",
            "Candidates without a usable value.",
            figures.failure_figure(state.failures),
        )


def _draw_calibration(report: _Report) -> None:
    for objective in report.state.objectives:
        rows = [
            (prediction["mean"], np.hypot(prediction["std"], prediction.get("noise_std", 0.0)), value)
            for candidate in report.state.candidates
            if (prediction := candidate.predicted.get(objective.property))
            and (value := candidate.value(objective.property)) is not None
        ]
        if len(rows) >= 2:
            predicted, std, computed = np.array(rows, dtype=np.float64).T
            name = objective.property
            caption = (
                "Left: what the surrogate predicted when it picked each polymer, with one standard deviation. "
                "Right: share of computed values inside each central interval; the diagonal is perfect calibration."
            )
            drawn = figures.calibration_figure(predicted, std, computed, content.label(name))
            report.picture(f"calibration_{name}", f"Predicted and computed {name.replace('_', ' ')}", caption, drawn)


def _tabulate(report: _Report, rows: Sequence[Enrichment]) -> None:
    state = report.state
    names = [objective.property for objective in state.objectives]
    columns = [column for name in names for column in (f"{name} [{get_property(name).unit}]", f"{name}_std")]
    header = ["cycle", "rank", "smiles", "polymer_class", "status", "failure", "pareto_front", "beyond_limit", *columns]
    report.table(
        "polymers",
        header,
        (
            [
                candidate.cycle,
                candidate.rank,
                candidate.polymer,
                content.polymer_class(candidate.polymer),
                candidate.status.value,
                candidate.failure.code.value if candidate.failure else "",
                int(front),
                int(beyond) if report.limit else "",
                *(number for name in names for number in (candidate.value(name), candidate.std(name))),
            ]
            for candidate, front, beyond in zip(state.candidates, state.front, report.beyond, strict=True)
        ),
    )
    counts = content.count_per_cycle(state, report.beyond, report.cycles)
    report.table(
        "cycles",
        ["cycle", "evaluations", "failures", "hypervolume", "beyond_limit", "outside_domain"],
        (
            [m.cycle, m.evaluations, sum(m.failures.values()), m.hypervolume, count, m.outside_domain]
            for m, count in zip(state.cycles, counts, strict=True)
        ),
    )
    fields = [
        "kind",
        "feature",
        "selected_with",
        "selected",
        "others_with",
        "others",
        "odds_ratio",
        "p_value",
        "q_value",
    ]
    report.table("enrichment", fields, ([getattr(row, name) for name in fields] for row in rows))
    failed = content.failure_rows(state.candidates)
    report.table(
        "failures",
        ["code", "stage", "count", "example", "reason", "hint"],
        ([row.code, row.stage, row.count, row.example, row.reason, row.hint] for row in failed),
    )


def _page(report: _Report, rows: Sequence[Enrichment], status: str) -> str:
    state = report.state
    source = files("polyloop.loop.report").joinpath("template.html.j2").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True)
    columns, calibration = content.calibration_rows(state)
    point = state.reference_point
    return environment.from_string(source).render(
        name=state.config.campaign.name,
        state=status or "unknown",
        written=f"Written {datetime.now(UTC):%Y-%m-%d %H:%M} UTC.",
        last_cycle=max(report.cycles, default=0),
        facts=_facts(report),
        objectives=[_objective_text(objective) for objective in state.objectives],
        reference=None if point is None else ", ".join(
            f"{objective.property} {value:.4g}" for objective, value in zip(state.objectives, point, strict=True)
        ),
        figures=report.pictures,
        best=_cards(report),
        best_caption=_best_caption(report),
        limit_text=_limit_text(report, rows),
        enrichment=rows[:25],
        calibration=calibration,
        calibration_columns=columns,
        calibration_text=_CALIBRATION_TEXT if calibration else "No surrogate has been fitted yet.",
        failures=content.failure_rows(state.candidates),
        files=sorted(report.files),
    )  # fmt: skip


_CALIBRATION_TEXT = (
    "Each cycle, before proposing, the surrogate is judged on data held out from it. Coverage is the share of held-out "
    "values inside the interval of that nominal level. Outside the range of the data no such figure holds."
)


def _facts(report: _Report) -> list[tuple[str, str]]:
    state = report.state
    over = [candidate for candidate in state.candidates if candidate.status.is_final]
    facts = [
        ("candidates in the pool", f"{len(state.pool):,}"),
        ("evaluated", str(len(over))),
        ("failed or unphysical", str(sum(state.failures.values()))),
        ("on the Pareto front", str(int(state.front.sum()))),
    ]
    volumes = [metrics.hypervolume for metrics in state.cycles if metrics.hypervolume is not None]
    if volumes:
        facts.append(("hypervolume", f"{volumes[-1]:.4g}"))
    if report.limit:
        facts.append(("beyond the empirical limit", str(int(report.beyond.sum()))))
    return facts


def _objective_text(objective: Any) -> str:
    unit = "" if objective.unit == "1" else f" {objective.unit}"
    if objective.direction != "range":
        return f"{objective.direction} {objective.property}"
    return f"{objective.property} between {objective.ends[0]:g} and {objective.ends[1]:g}{unit}"


def _best_caption(report: _Report) -> str:
    shown = min(int(report.state.front.sum()), _BEST_SHOWN)
    return f"{shown} polymers of the Pareto front: no computed polymer is better in every objective." if shown else (
        "No polymer has values of all objectives yet."
    )  # fmt: skip


def _limit_text(report: _Report, rows: Sequence[Enrichment]) -> str:
    if report.limit is None:
        return ""
    known, count = int(_known(report).sum()), int(report.beyond.sum())
    line = f"n_D = {report.limit.intercept:.4f} {report.limit.slope:+.6f} V"
    text = f"{count} of {known} computed polymers lie beyond the limit ({line})."
    return text if rows else f"{text} There is nothing to compare with yet."


def _cards(report: _Report) -> list[dict[str, Any]]:
    state = report.state
    cards = []
    for best in state.best()[:_BEST_SHOWN]:
        numbers = [
            (
                get_property(name).symbol,
                f"{value:.4g}" + ("" if (unit := get_property(name).unit) == "1" else f" {unit}"),
            )
            for name, value in best.values.items()
        ]
        cards.append(
            {
                "drawing": _drawing(best.polymer),
                "numbers": numbers,
                "cycle": best.cycle,
                "polymer_class": content.polymer_class(best.polymer),
                "smiles": best.polymer,
            }
        )
    return cards


def _drawing(smiles: str) -> str:
    drawer = rdMolDraw2D.MolDraw2DSVG(230, 170)
    drawer.drawOptions().clearBackground = False
    rdMolDraw2D.PrepareAndDrawMolecule(drawer, Chem.MolFromSmiles(smiles))
    drawer.FinishDrawing()
    # An SVG inside a page has no XML declaration.
    return str(drawer.GetDrawingText()).split("?>", 1)[-1]
