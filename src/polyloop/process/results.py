"""What a simulated reaction says: rows of a table with error bars, and a picture of conversion and drift."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.process.kinetics.rates import Kinetics
from polyloop.process.kinetics.residence_time import residence_time_density
from polyloop.process.kinetics.simulation import with_errors
from polyloop.process.reaction_file import Run

__all__ = ["course_rows", "outlet_row", "write_picture"]

Array = NDArray[np.float64]


def course_rows(run: Run, moments: int = 41) -> list[dict[str, float | None]]:
    """Return a row a moment of a batch: time in min, conversion, compositions by first monomer, chain length."""
    time = np.linspace(0.0, run.seconds, moments)
    course = run.reaction.course(time)

    def numbers(kinetics: Kinetics) -> Array:
        one = run.reaction.course(time, kinetics)
        return np.stack([one.conversion, np.nan_to_num(one.composition[:, 0])])

    errors = with_errors(run.reaction, numbers).std
    return [
        {
            "time_min": float(time[place] / 60.0),
            "conversion": float(course.conversion[place]),
            "conversion_std": float(errors[0, place]),
            "monomer_fraction_1": float(course.monomer_composition[place, 0]),
            "copolymer_fraction_1": _finite(course.composition[place, 0]),
            "copolymer_fraction_1_std": float(errors[1, place]) if place else None,
            "degree_of_polymerization": _finite(course.degree_of_polymerization[place]),
        }
        for place in range(moments)
    ]


def outlet_row(run: Run) -> dict[str, float | None]:
    """Return what leaves a flow reactor, as a row of `course_rows`."""
    table = run.reactor
    outlet = run.reaction.outlet(run.seconds, table.type, tanks=table.tanks, peclet=table.peclet)

    def numbers(kinetics: Kinetics) -> Array:
        one = run.reaction.outlet(run.seconds, table.type, tanks=table.tanks, peclet=table.peclet, kinetics=kinetics)
        return np.array([one.conversion, np.nan_to_num(one.composition[0])])

    errors = with_errors(run.reaction, numbers).std
    left = float(outlet.monomers.sum())
    return {
        "time_min": table.time,
        "conversion": outlet.conversion,
        "conversion_std": float(errors[0]),
        "monomer_fraction_1": float(outlet.monomers[0]) / left if left > 0 else None,
        "copolymer_fraction_1": _finite(outlet.composition[0]),
        "copolymer_fraction_1_std": float(errors[1]),
        "degree_of_polymerization": _finite(outlet.degree_of_polymerization),
    }


def _finite(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def write_picture(run: Run, path: Path) -> None:
    """Write a PNG: a batch's conversion against time and its drift, or a flow's residence times."""
    from matplotlib.figure import Figure

    if run.is_flow and run.reactor.type == "plug":
        return
    figure = Figure(figsize=(8.0, 3.2), layout="constrained")
    if run.is_flow:
        axes = figure.subplots()
        time = np.linspace(1e-3, 4.0 * run.reactor.time, 400)
        density = residence_time_density(
            run.reactor.type, time, run.reactor.time, tanks=run.reactor.tanks, peclet=run.reactor.peclet
        )
        axes.plot(time, density)
        axes.set(xlabel="residence time [min]", ylabel="E(t) [1/min]")
    else:
        left, right = figure.subplots(1, 2)
        rows = course_rows(run)
        time, x, std = (np.array([row[name] for row in rows]) for name in ("time_min", "conversion", "conversion_std"))
        left.plot(time, x)
        left.fill_between(time, np.clip(x - std, 0, 1), np.clip(x + std, 0, 1), alpha=0.2)
        left.set(xlabel="time [min]", ylabel="conversion", ylim=(0, 1))
        for name, label in (("monomer_fraction_1", "monomer left"), ("copolymer_fraction_1", "copolymer made")):
            right.plot(x[1:], [row[name] for row in rows[1:]], label=label)
        right.set(xlabel="conversion", ylabel="mole fraction of monomer 1", ylim=(0, 1))
        right.legend(frameon=False)
    figure.savefig(path, dpi=120)
