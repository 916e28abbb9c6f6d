"""Molecular dynamics at a level against PI1070 and experiment: density, n_D, moduli, heat capacity, conductivity.

Eight polymers of eight classes at 300 K and 1 atm, each in one cell or several (seeds). Resumable: what the store has
is not computed again, a simulation that was killed goes on from its last checkpoint, and cells of an earlier result
stay in it. After each cell results/md_validation_VERSION.json is written anew, and the picture once all are there.
Thermal conductivity, optics with dynamic polarizabilities and mechanics are protocols of their own, which go on from
the same cell.

    python benchmarks/md_validation.py [--seeds 0 1] [--only PS ...] [--also md/thermal@2 md/optics@2]
        [--store FILE] [--report]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import machine
from polyloop import datasets
from polyloop.chem import Polymer
from polyloop.chem.library import Homopolymer, homopolymers
from polyloop.core import Conditions, Record, Request, Status
from polyloop.evaluation import compute_properties
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import combine_replicas
from polyloop.simulate.md.run.estimates import SHARED_ERRORS
from polyloop.store import Store

Cell = dict[str, Any]
Row = dict[str, Any]

# One polymer of each of eight classes, amorphous or with a measured density of its amorphous part.
POLYMERS = ("PS", "PE", "PMMA", "PEO", "PVC", "PVAc", "PLA", "PA6")
CONDITIONS = Conditions(300.0, 1.0)  # those of PI1070
PICTURE = Path(__file__).parents[1] / "docs" / "validation" / "md.png"


@dataclass(frozen=True)
class Quantity:
    """A property with its column of PI1070 if it has one, the factor from its unit to ours, and digits to print."""

    property: str
    column: str | None
    factor: float
    digits: int
    label: str


QUANTITIES = (
    Quantity("density", "density", 1.0, 3, "density, g/cm3"),
    Quantity("refractive_index", "refractive_index", 1.0, 3, "n_D"),
    Quantity("refractive_index, md/optics@2", "refractive_index", 1.0, 3, "n_D by md/optics@2"),
    Quantity("abbe_number", None, 1.0, 1, "Abbe number"),
    Quantity("bulk_modulus", "bulk_modulus", 1e-9, 2, "bulk modulus, GPa"),
    Quantity("linear_expansion", "linear_expansion", 1e6, 0, "linear expansion, 1e-6/K"),
    Quantity("classical_heat_capacity_cp", "Cp", 1.0, 0, "classical C_p, J/(kg K)"),
    Quantity("heat_capacity_cp", None, 1.0, 0, "C_p, J/(kg K)"),
    Quantity("thermal_conductivity", "thermal_conductivity", 1.0, 3, "thermal conductivity, W/(m K)"),
    Quantity("young_modulus", None, 1.0, 2, "Young's modulus, GPa"),
    Quantity("poisson_ratio", None, 1.0, 2, "Poisson's ratio"),
)
FURTHER = ("md/thermal@2", "md/optics@2", "md/mechanics@2")
# Properties of the protocol itself whose agreement with PI1070 the picture shows, and conductivity.
DRAWN = (
    "density", "refractive_index", "bulk_modulus", "linear_expansion", "classical_heat_capacity_cp",
    "thermal_conductivity",
)  # fmt: skip
# Measured near 298 K where the shipped table has no column. Heat capacities of glasses: Gaur and Wunderlich
# (doi:10.1063/1.555663; PS), Lebedev and Rabinovich 1971 in the NIST WebBook (PMMA), Chang (doi:10.6028/jres.082.002;
# PVC). Conductivities: van Krevelen and te Nijenhuis, Properties of Polymers, 4th ed., chapter 17.
MEASURED = {
    "heat_capacity_cp": {"PS": 1223.0, "PMMA": 1316.0, "PVC": 945.0},
    "thermal_conductivity": {"PS": 0.142, "PMMA": 0.193, "PVC": 0.168, "PVAc": 0.159},
}
SHARED = (*SHARED_ERRORS, "refractive_index, md/optics@2", "abbe_number")  # all seeds share most of their error
OURS = {"linear_expansion": 1e6}  # the factor from our unit to the printed one


def main() -> None:
    options = arguments()
    peer = peers()
    cells = {(cell["name"], cell["seed"]): cell for cell in earlier(options.protocol)}
    for name in options.only or POLYMERS:
        for seed in options.seeds:
            cell = cell_of(name, seed, options)
            if cell is not None:
                cells[name, seed] = cell
                write(ordered(cells), peer, options.protocol)
    print(markdown(write(ordered(cells), peer, options.protocol)))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--protocol", default="md/standard@2")
    parser.add_argument("--only", nargs="+", choices=POLYMERS)
    parser.add_argument("--also", nargs="+", choices=FURTHER, default=[], help="compute these too")
    parser.add_argument("--store", default="md_validation.sqlite")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--report", action="store_true", help="report what the store has, compute nothing")
    return parser.parse_args()


def earlier(protocol: str) -> list[Cell]:
    """Cells of the result that lies here of the same protocol."""
    path = machine.RESULTS / f"{result_of(protocol)}.json"
    return list(json.loads(path.read_text())["cells"]) if path.exists() else []


def result_of(protocol: str) -> str:
    """Each version of the protocol has a result of its own, so that they can be held against each other."""
    return f"md_validation_{protocol.partition('@')[2]}"


def ordered(cells: Mapping[tuple[str, int], Cell]) -> list[Cell]:
    return [cells[key] for key in sorted(cells, key=lambda key: (POLYMERS.index(key[0]), key[1]))]


def peers() -> dict[str, Mapping[str, Any]]:
    """Rows of PI1070 by canonical repeat unit."""
    rows = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz")).to_dict("records")
    wanted = {Polymer(h.smiles).canonical for h in homopolymers() if h.abbreviation in POLYMERS}
    found = {}
    for row in rows:
        if len(row["smiles"]) < 60 and (canonical := Polymer(row["smiles"]).canonical) in wanted:
            found[canonical] = row
    return found


def cell_of(name: str, seed: int, options: argparse.Namespace) -> Cell | None:
    """What there is of one cell of a polymer: cost, and value, std and unit of each property."""
    polymer = Polymer(fact_of(name).smiles)
    found = {protocol: records_of(polymer, protocol, seed, options) for protocol in (options.protocol, *FURTHER)}
    if not found[options.protocol]:
        return None
    first = next(iter(found[options.protocol].values()))
    every = [record for records in found.values() for record in records.values()]
    values: dict[str, list[Any]] = {}
    for record in every:
        if record.status is Status.DONE:
            key = (
                record.property if record.property not in values else f"{record.property}, {record.request.protocol_id}"
            )
            values[key] = [record.value, record.std, record.unit]
    return {
        "name": name, "smiles": polymer.smiles, "class": str(polymer.polymer_class.value), "seed": seed,
        "failures": {record.request.protocol_id: record.failure.reason for record in every if record.failure},
        "cost": dict(first.provenance.settings.get("cost", {})), "engines": dict(first.provenance.engines),
        "measured": {
            record.request.protocol_id: dict(record.provenance.settings.get("measured", {})) for record in every
        },
        "values": values,
        "date": machine.describe()["date"],
    }  # fmt: skip


def fact_of(name: str) -> Homopolymer:
    return next(fact for fact in homopolymers() if fact.abbreviation == name)


def records_of(polymer: Polymer, protocol: str, seed: int, options: argparse.Namespace) -> dict[str, Record]:
    """What the store has of a polymer by a protocol; computed where that was asked for."""
    if protocol in (options.protocol, *options.also) and not options.report:
        result = compute_properties(
            [polymer], protocol=protocol, store=options.store, seed=seed, conditions=CONDITIONS,
            progress=lambda line: print(line, flush=True),
        )[0]  # fmt: skip
        return {record.property: record for record in result.records}
    request = Request(polymer.subject, protocol, seed, CONDITIONS)
    with Store(options.store) as store:
        return {record.property: record for record in store.records(keys=[request.key])}


def row_of(name: str, cells: list[Cell], peer: Mapping[str, Any]) -> Row:
    """One polymer: means over its cells beside PI1070 and experiment."""
    fact = fact_of(name)
    row: Row = {
        "name": name, "class": cells[0]["class"], "cells": len(cells),
        "cpu_h": sum(cell["cost"].get("cpu_s", 0.0) for cell in cells) / len(cells) / 3600.0,
        "experiment": {"density": fact.density_g_cm3, "refractive_index": fact.refractive_index}
        | {"refractive_index, md/optics@2": fact.refractive_index, "abbe_number": fact.abbe_number}
        | {key: measured[name] for key, measured in MEASURED.items() if name in measured},
    }  # fmt: skip
    for quantity in QUANTITIES:
        found = [cell["values"][quantity.property] for cell in cells if quantity.property in cell["values"]]
        if not found:
            continue
        ours = OURS.get(quantity.property, 1.0)
        of_cells = [Estimate(quantity.property, ours * value, ours * std, "time", 1) for value, std, _ in found]
        mean = combine_replicas(of_cells, shared_error=quantity.property in SHARED)
        row[quantity.property] = {
            "value": mean.value, "std": mean.std, "cells": len(found),
            "scatter": float(np.std([one.value for one in of_cells], ddof=1)) if len(found) > 1 else None,
            **of_pi1070(quantity, peer),
        }  # fmt: skip
    return row


def agreement(rows: list[Row], name: str, reference: str) -> dict[str, float] | None:
    """Mean absolute error, the mean and largest relative one in %, bias, and R2 against a reference."""
    pairs = np.array([pair for row in rows if (pair := pair_of(row, name, reference)) is not None])
    if len(pairs) < 2:
        return None
    ours, theirs = pairs.T
    residual = ours - theirs
    return {
        "n": len(pairs),
        "mae": float(np.abs(residual).mean()),
        "largest_percent": float(100.0 * np.abs(residual / theirs).max()),
        "mae_percent": float(100.0 * np.abs(residual / theirs).mean()),
        "bias_percent": float(100.0 * (residual / theirs).mean()),
        "r2": float(1.0 - (residual**2).sum() / ((theirs - theirs.mean()) ** 2).sum()),
    }


def pair_of(row: Row, name: str, reference: str) -> tuple[float, float] | None:
    if name not in row:
        return None
    other = row[name]["pi1070"] if reference == "pi1070" else row["experiment"].get(name)
    return None if other is None or not np.isfinite(other) else (row[name]["value"], other)


def of_pi1070(quantity: Quantity, peer: Mapping[str, Any]) -> dict[str, float | None]:
    if quantity.column is None:
        return {"pi1070": None}
    return {
        "pi1070": peer[quantity.column] * quantity.factor,
        "pi1070_std": peer[f"{quantity.column}_std"] * quantity.factor,
        "pi1070_cells": int(peer[f"{quantity.column}_count"]),
    }


def scatter(rows: list[Row], name: str) -> dict[str, float] | None:
    """Relative standard deviation between cells of one polymer, pooled over polymers with several."""
    found = [(row[name]["scatter"] / row[name]["value"], row[name]["cells"] - 1)
             for row in rows if name in row and row[name]["scatter"] is not None]  # fmt: skip
    if not found:
        return None
    relative, freedom = np.array(found).T
    pooled = float(np.sqrt((freedom * relative**2).sum() / freedom.sum()))
    return {"percent": 100.0 * pooled, "degrees_of_freedom": int(freedom.sum())}


def markdown(result: Mapping[str, Any]) -> str:
    rows, scores = result["polymers"], result["scores"]
    header = "| polymer | cells | " + " | ".join(quantity.label for quantity in QUANTITIES) + " | CPU h per cell |"
    lines = [header, "|---" * (len(QUANTITIES) + 3) + "|"]
    for row in rows:
        shown = [entry(row, quantity) for quantity in QUANTITIES]
        lines.append(f"| {row['name']} | {row['cells']} | " + " | ".join(shown) + f" | {row['cpu_h']:.2f} |")
    for quantity in QUANTITIES:
        for reference in ("pi1070", "experiment"):
            if found := scores[reference][quantity.property]:
                lines.append(
                    f"{quantity.label} against {reference}, {found['n']} polymers: MAE {found['mae']:.3g} "
                    f"({found['mae_percent']:.1f} %, at most {found['largest_percent']:.1f} %), "
                    f"bias {found['bias_percent']:+.1f} %, R2 {found['r2']:.2f}"
                )
        if found := scores["scatter"][quantity.property]:
            lines.append(
                f"{quantity.label}: {found['percent']:.2g} % between cells of one polymer "
                f"({found['degrees_of_freedom']} degrees of freedom)"
            )
    lines += [
        f"{cell['name']} seed {cell['seed']}: {protocol} failed: {reason}"
        for cell in result["cells"] for protocol, reason in cell["failures"].items()
    ]  # fmt: skip
    return "\n".join(lines)


def entry(row: Row, quantity: Quantity) -> str:
    if quantity.property not in row:
        return ""
    measured = row["experiment"].get(quantity.property)
    found, digits = row[quantity.property], quantity.digits
    others = ", ".join("-" if other is None else f"{other:.{digits}f}" for other in (found["pi1070"], measured))
    return f"{found['value']:.{digits}f} ± {found['std']:.{digits}f} ({others})"


def write(cells: list[Cell], peer: Mapping[str, Mapping[str, Any]], protocol: str) -> dict[str, Any]:
    names = list(dict.fromkeys(cell["name"] for cell in cells))
    rows = [
        row_of(name, [cell for cell in cells if cell["name"] == name], peer[Polymer(fact_of(name).smiles).canonical])
        for name in names
    ]  # fmt: skip
    scores = {
        "pi1070": {q.property: agreement(rows, q.property, "pi1070") for q in QUANTITIES},
        "experiment": {q.property: agreement(rows, q.property, "experiment") for q in QUANTITIES},
        "scatter": {q.property: scatter(rows, q.property) for q in QUANTITIES},
    }
    about = machine.describe("numpy", "rdkit", "openmm")
    result = {"machine": about, "protocol": protocol, "scores": scores, "polymers": rows, "cells": cells}
    machine.write(result_of(protocol), result)
    if len(rows) == len(POLYMERS):
        draw(rows)
    return result


def draw(rows: list[Row]) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(9.6, 6.4), layout="constrained")
    for axis, quantity in zip(axes.flat, [one for one in QUANTITIES if one.property in DRAWN], strict=True):
        shown = [(row["name"], row[quantity.property]) for row in rows if quantity.property in row]
        for name, point in shown:
            axis.errorbar(point["pi1070"], point["value"], xerr=point["pi1070_std"], yerr=point["std"], fmt="o", ms=4)
            axis.annotate(name, (point["pi1070"], point["value"]), textcoords="offset points", xytext=(4, 3), size=7)
        if shown:
            least = min(point[key] for _, point in shown for key in ("value", "pi1070"))
            axis.axline((least, least), slope=1.0, color="0.6", lw=0.8)
        axis.set(xlabel="PI1070", ylabel="polyloop", title=quantity.label)
    PICTURE.parent.mkdir(exist_ok=True)
    figure.savefig(PICTURE, dpi=120)
    plt.close(figure)


if __name__ == "__main__":
    main()
