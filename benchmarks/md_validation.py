"""Molecular dynamics at a level against PI1070 and experiment: density, n_D, moduli, heat capacity, conductivity.

Eight polymers of eight classes at 300 K and 1 atm. Resumable: what the store has is not computed again, and a
simulation that was killed goes on from its last checkpoint. After each polymer the table, results/md_validation.json
and the picture are written anew. The thermal conductivity is a protocol of its own, which goes on from the same cell.

    python benchmarks/md_validation.py [--protocol md/standard@1] [--only PS] [--thermal] [--store FILE] [--report]
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import machine
from polyloop import datasets
from polyloop.chem import Polymer
from polyloop.chem.library import homopolymers
from polyloop.core import Conditions, Record, Request, Status
from polyloop.loop import compute_properties
from polyloop.store import Store

# One polymer of each of eight classes, amorphous or with a measured density of its amorphous part.
POLYMERS = ("PS", "PE", "PMMA", "PEO", "PVC", "PVAc", "PLA", "PA6")
CONDITIONS = Conditions(300.0, 1.0)  # those of PI1070
PICTURE = Path(__file__).parents[1] / "docs" / "validation" / "md.png"


@dataclass(frozen=True)
class Quantity:
    """A property with its column of PI1070, the factor from the column's unit to ours, and digits to print."""

    property: str
    column: str
    factor: float
    digits: int
    label: str


QUANTITIES = (
    Quantity("density", "density", 1.0, 3, "density, g/cm3"),
    Quantity("refractive_index", "refractive_index", 1.0, 3, "n_D"),
    Quantity("bulk_modulus", "bulk_modulus", 1e-9, 2, "bulk modulus, GPa"),
    Quantity("linear_expansion", "linear_expansion", 1e6, 0, "linear expansion, 1e-6/K"),
    Quantity("classical_heat_capacity_cp", "Cp", 1.0, 0, "classical C_p, J/(kg K)"),
    Quantity("thermal_conductivity", "thermal_conductivity", 1.0, 3, "thermal conductivity, W/(m K)"),
)
THERMAL = "md/thermal@1"
OURS = {"linear_expansion": 1e6}  # the factor from our unit to the printed one


def main() -> None:
    options = arguments()
    table = peers()
    names = [options.only] if options.only else list(POLYMERS)
    rows: list[dict[str, Any]] = []
    for name in names:
        row = row_of(name, table, options)
        if row is not None:
            rows.append(row)
            write(rows, options.protocol)
            print(markdown(rows), flush=True)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--protocol", default="md/standard@1")
    parser.add_argument("--only", choices=POLYMERS)
    parser.add_argument("--thermal", action="store_true", help=f"compute {THERMAL} too, which takes longer")
    parser.add_argument("--store", default="md_validation.sqlite")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--report", action="store_true", help="report what the store has, compute nothing")
    return parser.parse_args()


def peers() -> dict[str, Mapping[str, Any]]:
    """Rows of PI1070 by canonical repeat unit."""
    rows = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz")).to_dict("records")
    wanted = {Polymer(h.smiles).canonical for h in homopolymers() if h.abbreviation in POLYMERS}
    found = {}
    for row in rows:
        if len(row["smiles"]) < 60 and (canonical := Polymer(row["smiles"]).canonical) in wanted:
            found[canonical] = row
    return found


def row_of(name: str, table: Mapping[str, Mapping[str, Any]], options: argparse.Namespace) -> dict[str, Any] | None:
    fact = next(h for h in homopolymers() if h.abbreviation == name)
    polymer = Polymer(fact.smiles)
    records = values(polymer, options.protocol, options, compute=not options.report)
    if not records:
        return None
    first = next(iter(records.values()))
    records |= values(polymer, THERMAL, options, compute=options.thermal and not options.report)
    peer = table[polymer.canonical]
    row: dict[str, Any] = {
        "name": name, "smiles": fact.smiles, "class": str(polymer.polymer_class.value),
        "status": first.status.value, "failure": first.failure.reason if first.failure else None,
        "cost": dict(first.provenance.settings.get("cost", {})), "engines": dict(first.provenance.engines),
        "all": {key: (record.value, record.std, record.unit) for key, record in records.items()},
        "experiment": {"density": fact.density_g_cm3, "refractive_index": fact.refractive_index},
    }  # fmt: skip
    for quantity in QUANTITIES:
        record, ours = records.get(quantity.property), OURS.get(quantity.property, 1.0)
        if record is not None and record.value is not None:
            row[quantity.property] = {
                "value": record.value * ours,
                "std": None if record.std is None else record.std * ours,
                "pi1070": peer[quantity.column] * quantity.factor,
                "pi1070_std": peer[f"{quantity.column}_std"] * quantity.factor,
            }
    return row


def values(polymer: Polymer, protocol: str, options: argparse.Namespace, *, compute: bool) -> dict[str, Record]:
    """What the store has of a polymer by a protocol; computed where it may be."""
    if compute:
        result = compute_properties(
            [polymer], protocol=protocol, store=options.store, seed=options.seed, conditions=CONDITIONS,
            progress=lambda line: print(line, flush=True),
        )[0]  # fmt: skip
        return {record.property: record for record in result.records}
    request = Request(polymer.canonical, protocol, options.seed, CONDITIONS)
    with Store(options.store) as store:
        return {record.property: record for record in store.records(keys=[request.key])}


def agreement(rows: list[dict[str, Any]], name: str, reference: str) -> dict[str, float] | None:
    """Mean absolute error, mean relative one in %, and R2 against a reference."""
    pairs = np.array([pair for row in rows if (pair := pair_of(row, name, reference)) is not None])
    if len(pairs) < 2:
        return None
    ours, theirs = pairs.T
    residual = ours - theirs
    return {
        "n": len(pairs),
        "mae": float(np.abs(residual).mean()),
        "mae_percent": float(100.0 * np.abs(residual / theirs).mean()),
        "bias_percent": float(100.0 * (residual / theirs).mean()),
        "r2": float(1.0 - (residual**2).sum() / ((theirs - theirs.mean()) ** 2).sum()),
    }


def pair_of(row: Mapping[str, Any], name: str, reference: str) -> tuple[float, float] | None:
    if name not in row:
        return None
    other = row[name]["pi1070"] if reference == "pi1070" else row["experiment"].get(name)
    return None if other is None or not np.isfinite(other) else (row[name]["value"], other)


def markdown(rows: list[dict[str, Any]]) -> str:
    header = "| polymer | " + " | ".join(quantity.label for quantity in QUANTITIES) + " | CPU h |"
    lines = [header, "|---" * (len(QUANTITIES) + 2) + "|"]
    for row in rows:
        cells = [cell(row, quantity) for quantity in QUANTITIES]
        hours = row["cost"].get("cpu_s", 0.0) / 3600.0
        lines.append(f"| {row['name']} | " + " | ".join(cells) + f" | {hours:.2f} |")
    for quantity in QUANTITIES:
        for reference in ("pi1070", "experiment"):
            found = agreement(rows, quantity.property, reference)
            if found:
                lines.append(
                    f"{quantity.label} against {reference}, {found['n']} polymers: MAE {found['mae']:.3g} "
                    f"({found['mae_percent']:.1f} %), bias {found['bias_percent']:+.1f} %, R2 {found['r2']:.2f}"
                )
    return "\n".join(lines)


def cell(row: Mapping[str, Any], quantity: Quantity) -> str:
    if quantity.property not in row:
        return "" if row["failure"] is None else row["failure"]
    measured = row["experiment"].get(quantity.property)
    found, digits = row[quantity.property], quantity.digits
    others = [f"{other:.{digits}f}" for other in (found["pi1070"], measured) if other is not None]
    return f"{found['value']:.{digits}f} +- {found['std']:.{digits}f} ({', '.join(others)})"


def write(rows: list[dict[str, Any]], protocol: str) -> None:
    scores = {
        reference: {q.property: agreement(rows, q.property, reference) for q in QUANTITIES}
        for reference in ("pi1070", "experiment")
    }
    about = machine.describe("numpy", "rdkit", "openmm")
    machine.write("md_validation", {"machine": about, "protocol": protocol, "scores": scores, "polymers": rows})
    draw([row for row in rows if row["status"] != Status.FAILED.value])


def draw(rows: list[dict[str, Any]]) -> None:
    import matplotlib

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(2, 3, figsize=(9.6, 6.4), layout="constrained")
    for axis, quantity in zip(axes.flat, QUANTITIES, strict=True):
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
