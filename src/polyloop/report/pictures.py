"""Which pictures a campaign's report holds: each with its title, its caption and its figure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from polyloop.campaign.loading import is_over
from polyloop.campaign.state import CampaignState
from polyloop.core.subject import plural_of
from polyloop.design import Objective
from polyloop.report import content, figures, text
from polyloop.report.origin import origin_word

__all__ = ["Picture", "draw_pictures"]


@dataclass(frozen=True)
class Picture:
    """One picture. `name` is its file's, without suffix; `wide` asks for more than a narrow window has."""

    name: str
    title: str
    caption: str
    figure: Figure
    wide: bool = False


def draw_pictures(state: CampaignState, limit: content.OpticalLimit | None) -> Iterator[Picture]:
    """Yield the pictures that the state of a campaign allows: none of an empty one."""
    plural = plural_of(state.config.pool.kind)
    if len(state.objectives) == 1:
        yield from _order(state)
    yield from _planes(state, limit)
    volumes = [(metrics.cycle, metrics.hypervolume) for metrics in state.cycles if metrics.hypervolume is not None]
    if volumes:
        title, label = "Hypervolume per cycle", "hypervolume"
        caption = f"Volume that the {plural} dominate above the reference point, in the product of the units; from 0."
        if len(state.objectives) == 1:
            title = "Best value above the reference point, per cycle"
            unit = text.unit(state.objectives[0].property)
            label = f"distance ({unit})" if unit else "distance"
            caption = "Distance of the best value from the reference point, in the property's unit; from 0."
        figure = figures.hypervolume_figure([cycle for cycle, _ in volumes], [volume for _, volume in volumes], label)
        yield Picture("hypervolume", title, caption, figure)
    if limit and limit.known.any():
        cycle = np.array([candidate.cycle for candidate in state.candidates])
        found = np.bincount(cycle[limit.beyond], minlength=int(cycle[limit.known].max()) + 1)
        figure = figures.beyond_figure(list(range(len(found))), [int(count) for count in found])
        caption = "Bars: found in the cycle; line: in all. By more than the error bar."
        yield Picture("beyond_limit", f"{text.sentence(plural)} beyond the {limit.label}", caption, figure)
    for objective in state.objectives:
        yield from _calibration(state, objective)
    if state.failures:
        figure = figures.failure_figure(state.failures)
        yield Picture("failures", "Failures by reason", "Candidates without a usable value.", figure)


def _order(state: CampaignState) -> Iterator[Picture]:
    # What still waits or runs has no value yet, and is not shown as one that will have none.
    over = np.array([is_over(candidate.status) for candidate in state.candidates], dtype=np.bool_)
    objective, values = state.objectives[0], state.values[over, 0]
    if np.isfinite(values).any():
        cycle = np.array([candidate.cycle for candidate in state.candidates], dtype=np.int_)[over]
        told = [one.std(objective.property) for one in state.candidates if is_over(one.status)]
        std = np.array(told, dtype=np.float64)
        figure = figures.order_figure(
            values, objective.utility(state.results[over, 0]), cycle, content.axis_of(objective), std
        )
        title = text.sentence(f"{text.words(objective.property)} in the order of evaluation")
        low, high = figure.axes[0].get_ylim()
        caption = (
            "Colour: cycle (0 is the initial design); red: the best so far; bars: one standard deviation, where there "
            f"is one. The vertical axis runs from {low:.3g} to {high:.3g} {text.unit(objective.property)}".rstrip()
        )
        yield Picture("progress", title, f"{caption}{'' if low <= 0 <= high else ', not from 0'}.", figure)


def _planes(state: CampaignState, limit: content.OpticalLimit | None) -> Iterator[Picture]:
    for number, (title, plane) in enumerate(content.planes(state, limit), start=1):
        name = "plane" if number == 1 else f"plane_{number}"
        last = int(plane.cycle.max())
        caption = (
            "Colour: cycle (0 is the initial design). Red: no other is better in both. The axes span what was found."
        )
        if plane.limit is not None:
            caption += f" Dashed: {plane.limit_label}. By the convention of optics, the Abbe number falls to the right."
        yield Picture(name, title, caption, figures.panel_figure(plane, [last]))
        stages = content.quarter_half_end(last)
        if number == 1 and len(stages) > 1:
            figure = figures.panel_figure(plane, stages)
            title = f"{title}, at one quarter, one half and the end"
            yield Picture(f"{name}_panels", title, "The same points as they came in, on the same axes.", figure, True)


def _calibration(state: CampaignState, objective: Objective) -> Iterator[Picture]:
    name = objective.property
    rows = [
        (told["mean"], np.hypot(told["std"], told.get("noise_std", 0.0)), value, told.get("outside", 0.0))
        for candidate in state.candidates
        if (told := candidate.predicted.get(name)) and (value := candidate.value(name)) is not None
    ]
    if len(rows) < 2:
        return
    predicted, std, values, outside = np.array(rows, dtype=np.float64).T
    word, least = origin_word(state, name), figures.LEAST_FOR_COVERAGE
    caption = "What the surrogate predicted when it picked each candidate, with one standard deviation."
    if len(rows) >= least:
        caption = (
            f"Left: {caption[0].lower()}{caption[1:]} Right: share of {word} values inside each central interval; on "
            "the diagonal the surrogate is calibrated."
        )
    else:
        caption += (
            f" Coverage is drawn from {least} values on: of {len(rows)}, the share inside the 50 % interval has a "
            f"standard error of {0.5 / np.sqrt(len(rows)):.2f}."
        )
    figure = figures.calibration_figure(predicted, std, values, outside > 0, text.axis_label(name), word)
    wide = len(figure.axes) > 1
    yield Picture(f"calibration_{name}", f"Predicted and {word} {text.words(name)}", caption, figure, wide)
