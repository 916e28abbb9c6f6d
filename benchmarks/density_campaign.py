"""The campaign of examples/density.toml: what it picked, predicted and computed, and what is known besides.

Usage: polyloop discover examples/density.toml     (goes on where it was; see the file)
       python benchmarks/density_campaign.py [--folder runs/density]

Each polymer beside PI1070 and the measured density of the amorphous polymer, where they have one. The tables and the
pictures that belong to it are those of the campaign's own report, in the same folder.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

import machine
from polyloop import datasets
from polyloop.campaign import Campaign, CampaignState, Candidate
from polyloop.chem import Polymer
from polyloop.chem.library import Homopolymer, homopolymers

ROOT = Path(__file__).parent.parent
PROPERTY = "density"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "density")
    folder = parser.parse_args().folder
    state = Campaign.from_file(folder / "campaign.toml", directory=folder).state()
    known = {Polymer(fact.smiles).canonical: fact for fact in homopolymers()}
    table = peers({candidate.text for candidate in state.candidates})
    rows = [row_of(candidate, known.get(candidate.text), table) for candidate in state.candidates]
    result = {"pool": len(state.pool), "rank_of_best": rank_of_best(state, known), "candidates": rows}
    machine.write("density_campaign", {"machine": machine.describe("numpy", "rdkit", "torch"), **result})
    print(markdown(rows))
    print(result["rank_of_best"])


def peers(wanted: set[str]) -> dict[str, Mapping[str, Any]]:
    """Rows of PI1070 by canonical repeat unit."""
    rows = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz")).to_dict("records")
    by_unit = {Polymer(row["smiles"]).canonical: row for row in rows if len(row["smiles"]) < 60}
    return {unit: row for unit, row in by_unit.items() if unit in wanted}


def row_of(candidate: Candidate, fact: Homopolymer | None, table: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    record, predicted = candidate.records.get(PROPERTY), candidate.predicted.get(PROPERTY, {})
    settings = record.provenance.settings if record else {}
    peer = table.get(candidate.text)
    return {
        "cycle": candidate.cycle, "polymer": candidate.text, "name": fact.name if fact else None,
        "status": candidate.status.value, "failure": candidate.failure.reason if candidate.failure else None,
        "predicted": predicted.get("mean"), "predicted_std": predicted.get("std"),
        "outside": bool(predicted.get("outside", 0)),
        "value": record.value if record else None, "std": record.std if record else None,
        "pi1070": peer[PROPERTY] if peer else None, "measured": fact.density_g_cm3 if fact else None,
        "extensions": settings.get("extensions"), "cpu_h": settings.get("cost", {}).get("cpu_s", 0.0) / 3600.0,
    }  # fmt: skip


def rank_of_best(state: CampaignState, known: Mapping[str, Homopolymer]) -> dict[str, Any]:
    """Return where what was picked after the first polymers stands among the measured densities of the pool."""
    measured = {
        polymer: fact.density_g_cm3
        for polymer in (Polymer(smiles).canonical for smiles in state.pool)
        if (fact := known.get(polymer)) is not None and fact.density_g_cm3 is not None
    }
    order = sorted(measured, key=lambda polymer: -(measured[polymer] or 0.0))
    picks = [candidate.text for candidate in state.candidates if candidate.cycle > 0]
    return {"measured_in_pool": len(order), "ranks": [order.index(p) + 1 if p in measured else None for p in picks]}


def markdown(rows: list[dict[str, Any]]) -> str:
    lines = [
        "| cycle | polymer | predicted | computed, g/cm3 | PI1070 | measured | CPU h |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        predicted = "" if row["predicted"] is None else f"{row['predicted']:.2f} ± {row['predicted_std']:.2f}"
        computed = row["failure"] or row["status"]
        if row["value"] is not None:
            computed = f"{row['value']:.3f} ± {row['std']:.3f}"
        others = ["" if row[key] is None else f"{row[key]:.3f}" for key in ("pi1070", "measured")]
        name = f"{row['name']}, `{row['polymer']}`"
        lines.append(
            f"| {row['cycle']} | {name} | {predicted} | {computed} | {' | '.join(others)} | {row['cpu_h']:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
