"""Which model of whole curves: a study from a table whose columns are the points of an axis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from pydantic import Field

from polyloop.features.mixtures import describe_subjects
from polyloop.learn.functional import (
    ComponentProcess,
    CurveModel,
    CurvePrediction,
    FunctionalRidge,
    curve_errors,
    held_out_curves,
)
from polyloop.learn.model_folder import digest_of
from polyloop.learn.studies.finding import Finding, OnePassStudy
from polyloop.learn.surrogate import Array
from polyloop.tables.curves import read_curves

__all__ = ["CurveConfig"]

_DRAWN = 6  # curves in the picture, from the best to the worst


class CurveConfig(OnePassStudy):
    """What a study of models of curves does.

    Parameters
    ----------
    table, smiles_column, kind
        Table of curves, its column of subjects, and the kind of these.
    prefix
        Columns called this and a number are the points of the axis.
    blocks
        Descriptors; empty for `paths`.
    components
        Principal components of the model that has them.
    folds, seed
        Parts that are held out in turn, and the seed of their drawing.
    """

    study: Literal["curve"] = "curve"
    table: str
    prefix: str
    smiles_column: str = "smiles"
    kind: str = "polymer"
    blocks: tuple[str, ...] = ()
    components: int = Field(8, ge=1)
    folds: int = Field(5, ge=2, le=1000)
    seed: int = Field(0, ge=0)

    def carry_out(self, *, workers: int = 1) -> Finding:
        """Hold curves out, and compare the models."""
        table = read_curves(self.table, self.prefix, self.smiles_column)
        described = describe_subjects(self.kind, list(table.texts), self.blocks or ("paths",), workers=workers)
        _, first = np.unique(np.array(described.polymers), return_index=True)
        rows = np.sort(first[described.valid[first]])
        part, curves = described.take(rows), table.values[rows]
        digest = digest_of(part, curves)
        self.found_on(digest)
        models: dict[str, Callable[[], CurveModel]] = {
            "ridge": FunctionalRidge,
            "components": lambda: ComponentProcess(self.components),
        }
        predicted = held_out_curves(
            part.described(), curves, rng=np.random.default_rng(self.seed), folds=self.folds, models=models
        )
        found = {name: curve_errors(one, curves).to_dict() for name, one in predicted.items()}
        left_out = [f"line {line}: {reason}" for line, reason in table.left_out]
        left_out += list(described.failures.values())
        best = min(found, key=lambda name: found[name]["median_rmse"])
        return Finding(
            ("model", "median RMSE", "median R2", "median MAE", "RMSE", "R2", "90 % coverage"),
            [(name, *list(one.values())[1:]) for name, one in found.items()],
            {"n": len(rows), "points": len(table.points), "models": found},
            (f"{len(rows)} curves of {len(table.points)} points, {len(left_out)} rows left out.",),
            tuple(left_out),
            digest,
            lambda figure: _draw(figure, table.points, curves, predicted[best], (best, part.polymers)),
        )


def _draw(
    figure: Any, points: Array, curves: Array, found: CurvePrediction, labels: tuple[str, tuple[str, ...]]
) -> None:
    """Draw held-out curves of one model with their bands, evenly from its best to its worst."""
    model, subjects = labels
    order = np.argsort(np.mean((found.mean - curves) ** 2, axis=1))
    chosen = order[np.unique(np.linspace(0, len(order) - 1, _DRAWN).round().astype(int))]
    axes = figure.subplots(2, 3, sharex=True).ravel()
    for axis, row in zip(axes, chosen, strict=False):
        low, high = found.mean[row] - found.half_width[row], found.mean[row] + found.half_width[row]
        axis.fill_between(points, low, high, alpha=0.2, linewidth=0)
        axis.plot(points, found.mean[row], label="predicted")
        axis.plot(points, curves[row], "k", linewidth=0.8, label="given")
        axis.set_title(subjects[row][:40], fontsize=6)
        axis.tick_params(labelsize=7)
    axes[0].legend(fontsize=7, frameon=False)
    figure.suptitle(f"{model}: held-out curves and 90 % bands, from the least error to the largest", fontsize=9)
