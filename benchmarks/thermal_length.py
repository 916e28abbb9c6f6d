"""Thermal conductivity against the length of the cell along the temperature profile: md/thermal with more copies.

    python benchmarks/thermal_length.py [--smiles '*CC(*)Cl'] [--copies 2 4] [--pairs 3] [--seed 0] [--temperature 300]

All start from one sample of md/standard@2, which is read back from $POLYLOOP_SCRATCH where it was run before. A decay
takes nearly as the square of the length: four copies cost some four times what two do. Of two lengths or more
1 / lambda is drawn as a straight line in 1 / L to its value at endless length (doi:10.1103/PhysRevB.65.144306).
"""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

import machine
from polyloop.chem import Polymer
from polyloop.core import Conditions, Record, Request
from polyloop.simulate import evaluate_request, protocols
from polyloop.simulate.md.protocols import FOLLOW_UPS
from polyloop.simulate.md.protocols.thermal import THERMAL, RelaxationSettings, measure_thermal, stages_of
from polyloop.simulate.md.run import workflow


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--smiles", default="*CC(*)Cl")
    parser.add_argument("--copies", type=int, nargs="+", default=[2, 4])
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--temperature", type=float, default=300.0)
    options = parser.parse_args()
    rows = earlier(options.smiles)
    for copies in options.copies:
        label = register(copies, options.pairs)
        conditions = Conditions(options.temperature, 1.0)
        request = Request(Polymer(options.smiles).subject, label, options.seed, conditions)
        rows = [row for row in rows if (row["copies"], row["seed"]) != (copies, options.seed)]
        rows.append(
            {"copies": copies, "pairs": options.pairs, "seed": options.seed, **row_of(evaluate_request(request))}
        )
        result = {
            "machine": machine.describe("numpy"),
            "smiles": options.smiles,
            "rows": rows,
            "endless": endless(rows),
        }
        machine.write("thermal_length", result)
        print(rows[-1], result["endless"], flush=True)


def earlier(smiles: str) -> list[dict[str, Any]]:
    """Rows of the result that lies here, if it is of the same polymer."""
    path = machine.RESULTS / "thermal_length.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    return list(result["rows"]) if result.get("smiles") == smiles else []


def endless(rows: list[dict[str, Any]]) -> dict[str, float] | None:
    """Conductivity at 1 / L = 0 by a weighted line, with its standard error; None for a single length."""
    known = [row for row in rows if row["thermal_conductivity"] is not None]
    if len({row["copies"] for row in known}) < 2:
        return None
    shortness = np.array([1.0 / row["measured"]["wavelength_angstrom"] for row in known])
    value, std = (np.array([row[key] for row in known]) for key in ("thermal_conductivity", "std"))
    weights = value**2 / std  # of 1 / lambda
    design = np.column_stack([np.ones(len(known)), shortness]) * weights[:, None]
    inverse = np.linalg.inv(design.T @ design)
    resistance = float((inverse @ design.T @ (weights / value))[0])
    return {"thermal_conductivity": 1.0 / resistance, "std": float(np.sqrt(inverse[0, 0])) / resistance**2}


def register(copies: int, pairs: int) -> str:
    """Make md/thermal with so many copies and pairs known in this process, and return its protocol_id."""
    plan = RelaxationSettings(copies=copies, pairs=pairs)
    if plan == RelaxationSettings():
        return THERMAL.protocol_id
    long = replace(
        THERMAL, name=f"md/thermal-{copies}-{pairs}", stages=stages_of(plan), function=partial(measure_thermal, plan),
        copies=copies,
    )  # fmt: skip
    FOLLOW_UPS[long.protocol_id] = long
    protocols.PROTOCOLS.replace(long.protocol_id, protocols.Protocol(
        long.name, long.version, "standard", long.properties, "hours", long.description,
        partial(workflow.follow_up_polymer, long.protocol_id), partial(workflow.check_scope, long.protocol_id),
        conditions=("temperature", "pressure"),
    ))  # fmt: skip
    return long.protocol_id


def row_of(records: list[Record]) -> dict[str, Any]:
    conductivity = records[0]
    settings = conductivity.provenance.settings
    return {
        "thermal_conductivity": conductivity.value, "std": conductivity.std,
        "failure": conductivity.failure.reason if conductivity.failure else None,
        "measured": dict(settings.get("measured", {})), "cpu_s": settings.get("cost", {}).get("cpu_s"),
    }  # fmt: skip


if __name__ == "__main__":
    main()
