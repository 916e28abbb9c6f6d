"""The pictures of studies: errors by split and model, and learning curves with their laws."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from polyloop.learn.validation.extrapolation import ExtrapolationStudy
from polyloop.learn.validation.nested import NestedStudy
from polyloop.learn.validation.scaling import ScalingStudy

__all__ = ["draw_study"]

_ERROR = "error (RMSE) over spread"


def draw_study(study: ExtrapolationStudy | ScalingStudy | NestedStudy) -> bytes:
    """Return the picture of a study as PNG."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7.0, 4.0), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    if isinstance(study, ScalingStudy):
        _draw_curves(figure.subplots(), study)
    else:
        _draw_splits(figure.subplots(1, 2, sharey=True), study)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def _draw_splits(axes: Any, study: ExtrapolationStudy | NestedStudy) -> None:
    """Draw errors and coverages of models, a row for each split."""
    summaries = study.summaries()
    splits = list(dict.fromkeys(one.split for one in summaries))
    models = list(dict.fromkeys(run.model for run in study.runs))
    step = 0.8 / len(models)
    for j, model in enumerate(models):
        mine = [one for one in summaries if one.model == model]
        place = np.array([splits.index(one.split) for one in mine]) + (j - (len(models) - 1) / 2) * step
        errors = [one.scores["relative_rmse"] for one in mine]
        spread = [one.error_std or 0.0 for one in mine]
        axes[0].errorbar(errors, place, xerr=spread, fmt="o", markersize=4, capsize=2, label=model)
        covered = [(y, one.scores["coverage"]) for y, one in zip(place, mine, strict=True)]
        shown = [(y, value) for y, value in covered if value is not None]
        axes[1].plot([value for _, value in shown], [y for y, _ in shown], "o", markersize=4)
    axes[0].set(xlabel=f"{_ERROR}\n± standard deviation over splits", yticks=range(len(splits)), yticklabels=splits)
    axes[0].set_xlim(left=0.0)
    axes[0].axvline(1.0, color="0.7", linewidth=0.8, zorder=0)
    axes[0].invert_yaxis()
    axes[1].axvline(0.9, color="0.7", linewidth=0.8, zorder=0)
    axes[1].set(xlabel="share inside the 90 % intervals", xlim=(-0.03, 1.03))
    axes[0].legend(fontsize=8, frameon=False)


def _draw_curves(axis: Any, study: ScalingStudy) -> None:
    """Draw the error of each model against the rows that teach, with the spread over splits and the law."""
    from matplotlib.ticker import NullLocator, ScalarFormatter

    for model, law in study.laws.items():
        runs = [run for run in study.runs if run.model == model]
        sizes = np.array(sorted({run.size for run in runs}))
        # Values that all are equal are refused, so that every run has a relative error.
        errors = [[run.scores.relative_rmse or 0.0 for run in runs if run.size == size] for size in sizes]
        means = np.array([np.sqrt(np.mean(np.square(row))) for row in errors])
        (line,) = axis.plot(sizes, means, "o", markersize=4)
        low, high = (np.array([np.quantile(row, end) for row in errors]) for end in (0.05, 0.95))
        axis.fill_between(sizes, low, high, color=line.get_color(), alpha=0.2, linewidth=0)
        label = model
        if law is not None:
            dense = np.geomspace(sizes[0], sizes[-1], 100)
            axis.plot(dense, law.error(dense), color=line.get_color())
            label = f"{model}: exponent {law.exponent:.2f} ({law.exponent_low:.2f} to {law.exponent_high:.2f})"
        line.set_label(label)
    if study.label_noise is not None:
        axis.axhline(study.label_noise, color="0.5", linestyle=":", linewidth=1, label="noise of the values")
    axis.set(xscale="log", yscale="log", xlabel="rows that teach", ylabel=_ERROR)
    axis.set_xticks(sorted({run.size for run in study.runs}))
    for one in (axis.xaxis, axis.yaxis):
        one.set_major_formatter(ScalarFormatter())
    axis.xaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_minor_formatter(ScalarFormatter())
    axis.legend(fontsize=8, frameon=False)
