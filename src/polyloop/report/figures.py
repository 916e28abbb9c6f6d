"""The pictures of a report, drawn with matplotlib from plain arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray
from scipy.stats import halfnorm

from polyloop.design import non_dominated

__all__ = [
    "LEAST_FOR_COVERAGE",
    "Axis",
    "Plane",
    "beyond_figure",
    "calibration_figure",
    "failure_figure",
    "hypervolume_figure",
    "order_figure",
    "panel_figure",
]

_FRONT, _LIMIT, _INK, _BAND = "#c1272d", "#555555", "#1d2733", "#e8f1e4"
_BLUE, _PALE, _ORANGE = "#26547c", "#a9bdd1", "#d97706"
LEAST_FOR_COVERAGE = 10
"""Values from which on coverage is drawn: the share inside the 50 % interval then has a standard error of 0.16."""

# An axis spans at least this share of the values' size, so that differences that mean nothing do not fill it.
_LEAST_SPAN = 0.02
Array = NDArray[np.float64]
Limit = Callable[[Array], Array]


@dataclass(frozen=True)
class Axis:
    """How one objective is drawn.

    Parameters
    ----------
    target
        The range that its values should fall into, open ends infinite; `None` for one to maximize or to minimize.
    maximized
        Whether larger is better.
    inverted
        Whether the axis falls to the right, or upwards.
    """

    label: str
    target: tuple[float, float] | None = None
    maximized: bool = True
    inverted: bool = False


@dataclass(frozen=True)
class Plane:
    """Two objectives of every evaluated candidate: what a scatter plot shows.

    Parameters
    ----------
    values
        Values along x and y, shape (n, 2).
    utilities
        What is maximized of each, shape (n, 2); NaN of what is no result, such as one that breaks a requirement.
    cycle
        Cycle in which each was picked, shape (n,); 0 is the initial design.
    limit
        The limit y(x), or `None`.
    """

    values: Array
    utilities: Array
    cycle: NDArray[np.int_]
    x: Axis
    y: Axis
    limit: Limit | None = None
    limit_label: str = ""

    def until(self, last: int) -> Plane:
        """The same plane with the cycles up to `last` only."""
        keep = self.cycle <= last
        return replace(self, values=self.values[keep], utilities=self.utilities[keep], cycle=self.cycle[keep])

    @property
    def counts(self) -> NDArray[np.bool_]:
        """Mask of the points that are results, shape (n,)."""
        return np.asarray(np.isfinite(self.utilities).all(axis=1))

    def front(self) -> NDArray[np.intp]:
        """Indices of the results that no other dominates in this plane, ordered by x."""
        front = np.flatnonzero(non_dominated(self.utilities))
        return front[np.argsort(self.values[front, 0], kind="stable")]


def _colours() -> ListedColormap:
    # The pale yellow end of viridis vanishes on white.
    return ListedColormap(colormaps["viridis"](np.linspace(0.0, 0.93, 256)))


def _tidy(axes: Axes) -> None:
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)


def _integers(axis: Any) -> None:
    axis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))


def _size(n: int) -> float:
    return float(np.clip(600 / np.sqrt(max(n, 1)) * 0.6, 8, 34))


def _span(values: Array, *more: float) -> tuple[float, float]:
    low, high = float(min(values.min(), *more, np.inf)), float(max(values.max(), *more, -np.inf))
    least = _LEAST_SPAN * max(abs(low), abs(high)) or 1.0
    margin = max(0.06 * (high - low), 0.5 * (least - (high - low)))
    return low - margin, high + margin


def _bands(axes: Axes, plane: Plane) -> None:
    for axis, draw, ends in ((plane.x, axes.axvspan, axes.get_xlim()), (plane.y, axes.axhspan, axes.get_ylim())):
        if axis.target is not None:
            low, high = np.clip(axis.target, min(ends), max(ends))
            draw(low, high, color=_BAND, zorder=0, linewidth=0)


def _scatter(axes: Axes, plane: Plane, last: int, bounds: tuple[tuple[float, float], tuple[float, float]]) -> Any:
    x, y = plane.values.T
    axes.set(xlim=bounds[0], ylim=bounds[1])
    _bands(axes, plane)
    if plane.limit is not None:
        line = np.linspace(*bounds[0], 200)
        axes.plot(line, plane.limit(line), color=_LIMIT, linestyle="--", linewidth=1.3, zorder=1)
    counts = plane.counts
    points = axes.scatter(
        x[counts], y[counts], c=plane.cycle[counts], cmap=_colours(), vmin=0, vmax=max(last, 1), s=_size(len(x)),
        edgecolors="white", linewidths=0.4, zorder=3,
    )  # fmt: skip
    if not counts.all():
        axes.scatter(x[~counts], y[~counts], s=_size(len(x)), color=_PALE, marker="x", linewidths=1.0, zorder=2)
    front = plane.front()
    # The edge of what is dominated: a staircase, which a target range does not have.
    if plane.x.target is None and plane.y.target is None:
        style = "steps-pre" if plane.x.maximized else "steps-post"
        axes.plot(x[front], y[front], color=_FRONT, linewidth=1.0, drawstyle=style, zorder=2)
    axes.scatter(
        x[front], y[front], s=_size(len(x)) + 30, facecolors="none", edgecolors=_FRONT, linewidths=1.1, zorder=4
    )
    if plane.x.inverted:
        axes.invert_xaxis()
    if plane.y.inverted:
        axes.invert_yaxis()
    _tidy(axes)
    return points


def panel_figure(plane: Plane, cycles: Sequence[int]) -> Figure:
    """Draw the plane as it stood after each of `cycles`, side by side on the same axes.

    Raises
    ------
    ValueError
        If the plane holds no point.
    """
    if not len(plane.values):
        raise ValueError("There is no evaluated candidate to draw.")
    single = len(cycles) == 1
    figure = Figure(figsize=(7.2, 5.4) if single else (1.2 + 3.9 * len(cycles), 4.5), layout="constrained")
    x, y = plane.values.T
    bounds = _span(x), _span(y, *(plane.limit(np.median(x, keepdims=True)) if plane.limit else ()))
    panels = np.atleast_1d(figure.subplots(1, len(cycles), sharex=True, sharey=True))
    for axes, last in zip(panels, cycles, strict=True):
        shown = plane.until(last)
        points = _scatter(axes, shown, max(cycles), bounds)
        axes.set_title(f"cycles 0 to {last}: {len(shown.values)} evaluated", fontsize=10, color=_INK)
        axes.set_xlabel(plane.x.label)
    panels[0].set_ylabel(plane.y.label)
    bar = figure.colorbar(points, ax=list(panels), label="cycle", pad=0.02, aspect=30)
    _integers(bar.ax.yaxis)
    figure.legend(handles=_legend(plane), loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def _legend(plane: Plane) -> list[Any]:
    line = "-" if plane.x.target is None and plane.y.target is None else "none"
    handles: list[Any] = [
        Line2D([], [], marker="o", linestyle=line, color=_FRONT, markerfacecolor="none", label="Pareto front")
    ]
    if not plane.counts.all():
        handles.append(Line2D([], [], marker="x", linestyle="none", color=_PALE, label="requirements not met"))
    if plane.limit is not None:
        handles.append(Line2D([], [], color=_LIMIT, linestyle="--", label=plane.limit_label))
    if line == "none":
        handles.append(Patch(color=_BAND, label="target range"))
    return handles


def order_figure(
    values: Array, utility: Array, cycle: NDArray[np.int_], axis: Axis, std: Array | None = None
) -> Figure:
    """Draw one objective against the order of evaluation, with the running best.

    Parameters
    ----------
    values, utility
        Value and what is maximized of each candidate in the order of picking, shape (n,); NaN where there is none. A
        value without a utility, such as one that breaks a requirement, is drawn and never the best.
    cycle
        Cycle of each, shape (n,).
    std
        Standard deviation of each value, shape (n,); NaN where it is not known.

    Raises
    ------
    ValueError
        If no candidate has a value.
    """
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        raise ValueError("There is no evaluated candidate to draw.")
    figure = Figure(figsize=(7.2, 4.4), layout="constrained")
    axes = figure.subplots()
    order = np.arange(1, len(values) + 1)
    std = np.zeros(len(values)) if std is None else np.nan_to_num(std)
    low, high = _span(np.concatenate([values[known] - std[known], values[known] + std[known]]))
    axes.set(ylim=(low, high), xlim=(0.5, len(values) + 0.5), xlabel="evaluation", ylabel=axis.label)
    handles: list[Any] = [Line2D([], [], color=_FRONT, label="best so far")]
    if axis.target is not None:
        axes.axhspan(*np.clip(axis.target, low, high), color=_BAND, zorder=0, linewidth=0)
        handles.append(Patch(color=_BAND, label="target range"))
    points = axes.scatter(
        order[known], values[known], c=cycle[known], cmap=_colours(), vmin=0, vmax=max(int(cycle.max()), 1),
        s=_size(len(known)), edgecolors="white", linewidths=0.4, zorder=3,
    )  # fmt: skip
    axes.errorbar(order[known], values[known], yerr=std[known], fmt="none", ecolor=_PALE, elinewidth=0.8, zorder=2)
    counted = known[np.isfinite(utility[known])]
    best = [int(counted[np.argmax(utility[counted[: i + 1]])]) for i in range(len(counted))]
    if best:
        ends = [*order[counted], len(values) + 0.5]
        axes.step(ends, values[[*best, best[-1]]], where="post", color=_FRONT, linewidth=1.3)
    missing = order[~np.isfinite(values)]
    if len(missing):
        # Marks on the edge: these have no value to be drawn at.
        axes.plot(
            missing, np.zeros(len(missing)), "x", color=_LIMIT, markersize=4, clip_on=False,
            transform=axes.get_xaxis_transform(),
        )  # fmt: skip
        handles.append(Line2D([], [], marker="x", linestyle="none", color=_LIMIT, label="no usable value"))
    _integers(figure.colorbar(points, ax=axes, label="cycle", pad=0.02, aspect=30).ax.yaxis)
    _integers(axes.xaxis)
    _tidy(axes)
    figure.legend(handles=handles, loc="outside lower center", ncols=3, fontsize=9, frameon=False)
    return figure


def hypervolume_figure(cycles: Sequence[int], hypervolume: Sequence[float], label: str = "hypervolume") -> Figure:
    """Draw the dominated hypervolume (objective units multiplied) after each cycle, from 0."""
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    axes.plot(cycles, hypervolume, marker="o", markersize=4, color=_BLUE)
    # From 0, so that a last step of a thousandth does not look like a leap.
    axes.set(xlabel="cycle", ylabel=label, ylim=(0, 1.08 * max(*hypervolume, 0.0) or 1.0))
    _integers(axes.xaxis)
    _tidy(axes)
    return figure


def beyond_figure(cycles: Sequence[int], found: Sequence[int]) -> Figure:
    """Draw how many candidates beyond the limit each cycle found, and how many there were by then."""
    figure = Figure(figsize=(6.4, 3.8), layout="constrained")
    axes = figure.subplots()
    axes.bar(cycles, found, width=0.7, color=_PALE, label="found in the cycle")
    axes.plot(cycles, np.cumsum(found), marker="o", markersize=4, color=_BLUE, label="in all")
    axes.set(xlabel="cycle", ylabel="candidates beyond the limit", ylim=(0, max(1.08 * sum(found), 1)))
    _integers(axes.xaxis)
    _integers(axes.yaxis)
    _tidy(axes)
    figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    return figure


def calibration_figure(
    predicted: Array, std: Array, values: Array, outside: NDArray[np.bool_], label: str, word: str = "computed"
) -> Figure:
    """Draw what the surrogate predicted when it picked each candidate against what came of it, and its coverage.

    Fewer than `LEAST_FOR_COVERAGE` values say nothing of coverage, and are drawn without.

    Parameters
    ----------
    predicted, std, values
        Shape (n,), in the property's unit; `std` includes the observation noise.
    outside
        Which predictions were flagged as outside the training domain, shape (n,).
    word
        What the values are called, such as "computed".
    """
    panels = 2 if len(values) >= LEAST_FOR_COVERAGE else 1
    figure = Figure(figsize=(9.6, 4.4) if panels == 2 else (5.4, 4.4), layout="constrained")
    parity, *rest = np.atleast_1d(figure.subplots(1, panels))
    for flag, colour, name in ((False, _BLUE, "inside the domain"), (True, _ORANGE, "outside the training domain")):
        rows = outside == flag
        if rows.any():
            parity.errorbar(
                values[rows], predicted[rows], yerr=std[rows], fmt="o", markersize=4, color=colour, ecolor=_PALE,
                elinewidth=1, label=name,
            )  # fmt: skip
    ends = _span(np.concatenate([predicted, values]))
    parity.plot(ends, ends, color=_LIMIT, linestyle="--", linewidth=1)
    parity.set(xlabel=f"{word} {label}", ylabel=f"predicted {label}", xlim=ends)
    if outside.any():
        figure.legend(loc="outside lower center", ncols=2, fontsize=9, frameon=False)
    for axes in rest:
        _coverage(axes, predicted, std, values)
    for axes in (parity, *rest):
        _tidy(axes)
    return figure


def _coverage(axes: Axes, predicted: Array, std: Array, values: Array) -> None:
    # A calibrated surrogate has |z| distributed as a half-normal; its quantiles then lie on the diagonal. A model that
    # claims to be exact has no z; the smallest number keeps it finite.
    z = np.sort(np.abs(values - predicted) / np.maximum(std, np.finfo(float).tiny ** 0.5))
    nominal = np.linspace(0, 1, 201)
    observed = np.searchsorted(halfnorm.cdf(z), nominal, side="right") / len(z)
    axes.plot(nominal, observed, color=_BLUE, linewidth=1.4, drawstyle="steps-post")
    axes.plot([0, 1], [0, 1], color=_LIMIT, linestyle="--", linewidth=1)
    axes.set(xlabel="nominal coverage of the interval", ylabel="observed coverage", xlim=(0, 1), ylim=(0, 1.02))


def failure_figure(reasons: Mapping[str, int]) -> Figure:
    """Draw how many evaluations failed for which reason."""
    figure = Figure(figsize=(6.4, 0.9 + 0.36 * len(reasons)), layout="constrained")
    axes = figure.subplots()
    names = sorted(reasons, key=lambda name: reasons[name])
    bars = axes.barh([name.replace("_", " ") for name in names], [reasons[name] for name in names], color="#8c510a")
    axes.bar_label(bars, padding=3, fontsize=9)
    axes.set(xlabel="failed evaluations", xlim=(0, 1.1 * max(reasons.values())))
    _integers(axes.xaxis)
    _tidy(axes)
    return figure
