"""The pictures of a report, drawn with matplotlib from plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from numpy.typing import NDArray

from polyloop.design import non_dominated

__all__ = ["Plane", "calibration_figure", "count_figure", "failure_figure", "hypervolume_figure", "panel_figure"]

_COLOURS = "viridis"
_FRONT = "#c1272d"
_LIMIT = "#555555"
_INK = "#222222"
Limit = Callable[[NDArray[np.float64]], NDArray[np.float64]]


@dataclass(frozen=True)
class Plane:
    """Two objectives of every evaluated polymer: what a scatter plot shows.

    Parameters
    ----------
    x, y
        Values, shape (n,).
    cycle
        Cycle in which each was evaluated, shape (n,); 0 is the initial design.
    x_label, y_label
        Axis labels with units.
    maximise
        For x and y, whether larger is better; `None` for a target range (no front is drawn then).
    limit
        The empirical limit y(x), or `None`.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    cycle: NDArray[np.int_]
    x_label: str
    y_label: str
    maximise: tuple[bool | None, bool | None]
    limit: Limit | None = None
    limit_label: str = "empirical limit"

    def until(self, last: int) -> Plane:
        """The same plane with the cycles up to `last` only."""
        keep = self.cycle <= last
        return Plane(
            self.x[keep],
            self.y[keep],
            self.cycle[keep],
            self.x_label,
            self.y_label,
            self.maximise,
            self.limit,
            self.limit_label,
        )

    def front(self) -> NDArray[np.int_]:
        """Indices of the non-dominated points, ordered by x; empty when an objective is a range."""
        if None in self.maximise or not len(self.x):
            return np.empty(0, dtype=np.int_)
        gain = np.column_stack([self.x, self.y]) * [1.0 if up else -1.0 for up in self.maximise]
        front = np.flatnonzero(non_dominated(gain))
        return front[np.argsort(self.x[front], kind="stable")]


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


def _scatter(axes: Axes, plane: Plane, cycles: int, bounds: tuple[float, float, float, float]) -> Any:
    if plane.limit is not None:
        line = np.linspace(bounds[0], bounds[1], 200)
        axes.plot(line, plane.limit(line), color=_LIMIT, linestyle="--", linewidth=1.2, zorder=1)
    points = axes.scatter(
        plane.x, plane.y, c=plane.cycle, cmap=_COLOURS, vmin=0, vmax=max(cycles, 1), s=26, edgecolors="white",
        linewidths=0.4, zorder=3,
    )  # fmt: skip
    front = plane.front()
    if len(front) > 1:
        axes.plot(plane.x[front], plane.y[front], color=_FRONT, linewidth=1.0, zorder=2)
    if len(front):
        axes.scatter(
            plane.x[front], plane.y[front], s=60, facecolors="none", edgecolors=_FRONT, linewidths=1.1, zorder=4
        )
    axes.set(xlim=bounds[:2], ylim=bounds[2:], xlabel=plane.x_label, ylabel=plane.y_label)
    _tidy(axes)
    return points


def _bounds(plane: Plane) -> tuple[float, float, float, float]:
    def span(values: NDArray[np.float64]) -> tuple[float, float]:
        low, high = float(values.min()), float(values.max())
        margin = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
        return low - margin, high + margin

    return (*span(plane.x), *span(plane.y))


def panel_figure(plane: Plane, cycles: Sequence[int]) -> Figure:
    """Draw the plane as it stood after each of `cycles`, side by side on the same axes.

    Raises
    ------
    ValueError
        If the plane holds no point.
    """
    if not len(plane.x):
        raise ValueError("There is no evaluated polymer to draw.")
    figure = Figure(figsize=(1.2 + 4.6 * len(cycles), 4.4), layout="constrained")
    bounds = _bounds(plane)
    axes = np.atleast_1d(figure.subplots(1, len(cycles), sharex=True, sharey=True))
    for panel, last in zip(axes, cycles, strict=True):
        points = _scatter(panel, plane.until(last), max(cycles), bounds)
        shown = int((plane.cycle <= last).sum())
        panel.set_title(f"after cycle {last}: {shown} polymers", fontsize=10, color=_INK)
    figure.colorbar(points, ax=list(axes), label="cycle", shrink=0.85)
    handles = [Line2D([], [], marker="o", color=_FRONT, markerfacecolor="none", label="Pareto front")]
    if plane.limit is not None:
        handles.append(Line2D([], [], color=_LIMIT, linestyle="--", label=plane.limit_label))
    axes[0].legend(handles=handles, fontsize=8, frameon=False, loc="best")
    return figure


def _line_figure(x: Sequence[int], y: Sequence[float], label: str, *, steps: bool = False) -> Figure:
    figure = Figure(figsize=(5.2, 3.4), layout="constrained")
    axes = figure.subplots()
    axes.plot(x, y, marker="o", markersize=4, color="#26547c", drawstyle="steps-post" if steps else "default")
    axes.set(xlabel="cycle", ylabel=label)
    axes.xaxis.get_major_locator().set_params(integer=True)
    _tidy(axes)
    return figure


def hypervolume_figure(cycles: Sequence[int], hypervolume: Sequence[float]) -> Figure:
    """Draw the dominated hypervolume (objective units multiplied) after each cycle."""
    return _line_figure(cycles, hypervolume, "hypervolume")


def count_figure(cycles: Sequence[int], counts: Sequence[int], label: str) -> Figure:
    """Draw a cumulated count after each cycle."""
    return _line_figure(cycles, [float(count) for count in counts], label, steps=True)


def calibration_figure(
    predicted: NDArray[np.float64], std: NDArray[np.float64], computed: NDArray[np.float64], label: str
) -> Figure:
    """Draw what the surrogate predicted when it picked a polymer against what was then computed.

    Parameters
    ----------
    predicted, std, computed
        Shape (n,), in the property's unit; `std` includes the observation noise.
    """
    figure = Figure(figsize=(8.4, 3.6), layout="constrained")
    parity, scores = figure.subplots(1, 2)
    parity.errorbar(
        computed, predicted, yerr=std, fmt="o", markersize=4, color="#26547c", ecolor="#a9bdd1", elinewidth=1
    )
    low = float(min(predicted.min(), computed.min()))
    high = float(max(predicted.max(), computed.max()))
    parity.plot([low, high], [low, high], color=_LIMIT, linestyle="--", linewidth=1)
    parity.set(xlabel=f"computed {label}", ylabel=f"predicted {label}")
    z = np.sort(np.abs((computed - predicted) / std))
    # A calibrated surrogate has |z| distributed as a half-normal; its quantiles then lie on the diagonal.
    from scipy.stats import halfnorm

    levels = (np.arange(len(z)) + 0.5) / len(z)
    scores.plot(halfnorm.cdf(z), levels, marker="o", markersize=4, color="#26547c", linewidth=1)
    scores.plot([0, 1], [0, 1], color=_LIMIT, linestyle="--", linewidth=1)
    scores.set(xlabel="nominal coverage of the interval", ylabel="observed coverage", xlim=(0, 1), ylim=(0, 1))
    for axes in (parity, scores):
        _tidy(axes)
    return figure


def failure_figure(reasons: dict[str, int]) -> Figure:
    """Draw how many evaluations failed for which reason."""
    figure = Figure(figsize=(5.2, 0.8 + 0.4 * len(reasons)), layout="constrained")
    axes = figure.subplots()
    names = sorted(reasons, key=lambda name: reasons[name])
    axes.barh(names, [reasons[name] for name in names], color="#8c510a")
    axes.set(xlabel="failed evaluations")
    axes.xaxis.get_major_locator().set_params(integer=True)
    _tidy(axes)
    return figure
