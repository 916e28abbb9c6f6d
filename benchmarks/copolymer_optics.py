"""Optics of copolymers by mixing rules against measured refractive indices.

    python benchmarks/copolymer_optics.py units
    python benchmarks/copolymer_optics.py report

`units` runs `optics/quick@3` on the homopolymer of each unit of the shipped copolymers, and on the alternating
styrene-maleic anhydride chain as one polymer; it adds to benchmarks/results/copolymer_optics.json, so that it may be
stopped and goes on. `report` mixes what is there, runs `optics/instant@2`, applies the rule alone to measured
homopolymers, and compares the rule with whole alternating chains. Nothing was fitted to a copolymer.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from itertools import combinations

import numpy as np

from machine import RESULTS, describe, write
from polyloop.chem import Polymer
from polyloop.chem.copolymer import Copolymer
from polyloop.chem.library import Homopolymer, MeasuredCopolymer, copolymers, homopolymers
from polyloop.core import Conditions
from polyloop.simulate import evaluate
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.optics.instant import instant_optics
from polyloop.simulate.optics.mixing import copolymer_optics

PROTOCOL = "optics/quick@3"
NAME = "copolymer_optics"
WHOLE = "styrene-maleic anhydride, alternating"
# Chain units of vinyl and similar polymers whose alternating pairs are compared with the rule: name, unit.
PAIRED = {
    "ethylene": "*CC*", "propylene": "*CC(*)C", "styrene": "*CC(*)c1ccccc1", "MMA": "*CC(*)(C)C(=O)OC",
    "acrylonitrile": "*CC(*)C#N", "vinyl acetate": "*CC(*)OC(C)=O", "vinyl chloride": "*CC(*)Cl",
    "vinylidene fluoride": "*CC(*)(F)F", "vinyl alcohol": "*CC(*)O", "butadiene": "*CC=CC*",
    "maleic anhydride": "*C1C(=O)OC(=O)C1*", "vinylpyrrolidone": "*CC(*)N1CCCC1=O", "ethylene oxide": "*CCO*",
}  # fmt: skip


def parsed(row: MeasuredCopolymer) -> Copolymer:
    return Copolymer.parse(row.text)


def unit_polymers() -> list[Polymer]:
    found = {unit.canonical: unit.standardized() for row in copolymers() for unit in parsed(row).polymers}
    return sorted(found.values(), key=lambda polymer: polymer.heavy_atoms)


def run_units(results: dict) -> None:
    done = results.setdefault("units", {})
    whole = next(parsed(row).periodic for row in copolymers() if row.name == WHOLE)
    for polymer in [*unit_polymers(), whole.standardized()]:
        if polymer.canonical in done:
            continue
        started = time.process_time()
        records = evaluate(polymer, PROTOCOL)
        if failed := next((record.failure for record in records if record.failure), None):
            print(polymer.canonical, failed, flush=True)
            continue
        done[polymer.canonical] = {
            "cpu_s": round(time.process_time() - started, 1),
            "estimates": {r.property: [round(r.value, 6), round(r.std, 6), r.std_of, r.n] for r in records},
        }
        print(polymer.canonical, done[polymer.canonical]["cpu_s"], flush=True)
        save(results)


def report(results: dict) -> None:
    kept = results["units"]

    def stored(polymer: Polymer, seed: int, conditions: Conditions) -> Estimates:
        rows = kept[polymer.canonical]["estimates"]
        return Estimates(tuple(Estimate(name, *values) for name, values in rows.items()))

    table = {}
    for row in copolymers():
        copolymer = parsed(row)
        out: dict[str, object] = {
            "canonical": copolymer.canonical, "measured_n_D": row.refractive_index, "measured_std": row.index_std,
            "measured_V": row.abbe_number, "measured_density": row.density_g_cm3, "ref": row.ref, "note": row.note,
        }  # fmt: skip
        for level, of_unit in (("quick", stored), ("instant", instant_optics)):
            outcome = copolymer_optics(copolymer, 0, Conditions(), of_unit)
            values = {estimate.property: estimate for estimate in outcome.estimates}
            wanted = ("refractive_index", "abbe_number", "density")
            out[level] = {n: [round(values[n].value, 4), round(values[n].std, 4)] for n in wanted if n in values}
        out["rule_on_measured_homopolymers"] = from_measured(copolymer)
        table[row.name] = out
    results["copolymers"] = table
    results["summary"] = summary(table)
    results["homopolymers_of_the_units"] = of_homopolymers(kept)
    results["alternating_pairs"] = alternating_pairs()
    whole = next(parsed(row).periodic for row in copolymers() if row.name == WHOLE)
    direct = {name: values[:2] for name, values in kept[whole.canonical]["estimates"].items()}
    results["whole_alternating_chain"] = {
        WHOLE: {n: direct[n] for n in ("refractive_index", "abbe_number", "density")}
    }  # fmt: skip
    save(results)
    print(markdown(table))
    print(
        json.dumps(
            {
                name: results[name]
                for name in ("summary", "homopolymers_of_the_units", "alternating_pairs", "whole_alternating_chain")
            }
        )
    )


def of_homopolymers(kept: dict[str, dict]) -> dict[str, object]:
    """Errors in n_D of `optics/quick` on the units' own homopolymers, where the shipped table has a measured one."""
    measured = {Polymer(row.smiles).canonical: row for row in homopolymers() if row.refractive_index is not None}
    errors = {
        measured[text].name: round(row["estimates"]["refractive_index"][0] - measured[text].refractive_index, 4)
        for text, row in kept.items()
        if text in measured
    }
    values = np.array(list(errors.values()))
    return {"errors": errors, "mean_absolute": mean(np.abs(values)), "bias": mean(values)}


def from_measured(copolymer: Copolymer) -> dict[str, float] | None:
    """Density and n_D by the rule from measured ones of the homopolymers, where the shipped table has all."""
    known: dict[str, Homopolymer] = {
        Polymer(row.smiles).canonical: row
        for row in homopolymers()
        if row.density_g_cm3 is not None and row.refractive_index is not None
    }
    rows = [known.get(polymer.canonical) for polymer in copolymer.polymers]
    if any(row is None for row in rows):
        return None
    shares, masses = np.array(copolymer.mole_fractions), np.array([p.molar_mass for p in copolymer.polymers])
    volumes = masses / np.array([row.density_g_cm3 for row in rows])
    n2 = np.array([row.refractive_index for row in rows]) ** 2
    volume, refraction = shares @ volumes, shares @ ((n2 - 1.0) / (n2 + 2.0) * volumes)
    index = np.sqrt((volume + 2.0 * refraction) / (volume - refraction))
    return {"density": round(float(shares @ masses / volume), 4), "refractive_index": round(float(index), 4)}


def alternating_pairs() -> dict[str, object]:
    """By `optics/instant@2`: the rule less the whole alternating chain as one polymer, over all pairs of `PAIRED`."""
    differences = {"density": [], "refractive_index": [], "molar_refraction": []}
    for one, other in combinations(PAIRED.values(), 2):
        copolymer = Copolymer("alternating", (one, other))
        mixed = by_name(copolymer_optics(copolymer, 0, Conditions(), instant_optics))
        whole = by_name(instant_optics(copolymer.periodic.standardized(), 0, Conditions()))
        whole["molar_refraction"] /= 2.0
        for name, values in differences.items():
            scale = whole[name] if name != "refractive_index" else 1.0
            values.append((mixed[name] - whole[name]) / scale)
    out: dict[str, object] = {"pairs": len(differences["density"])}
    for name, values in differences.items():
        rms = np.sqrt(np.mean(np.square(values)))
        figures = {"mean": np.mean(values), "rms": rms, "largest": np.max(np.abs(values))}
        out[name] = {key: round(float(value), 5) for key, value in figures.items()}
    return out


def by_name(outcome: Estimates) -> dict[str, float]:
    return {estimate.property: estimate.value for estimate in outcome.estimates}


def summary(table: dict[str, dict]) -> dict[str, object]:
    out: dict[str, object] = {}
    for level in ("quick", "instant"):
        pairs = [(row[level]["refractive_index"], row["measured_n_D"]) for row in table.values()]
        errors = np.array([value - measured for (value, _), measured in pairs])
        stds = np.array([std for (_, std), _ in pairs])
        densities = [
            row[level]["density"][0] / row["measured_density"] - 1.0
            for row in table.values()
            if row["measured_density"]
        ]
        out[level] = {
            "n": len(errors), "n_D_mean_absolute": mean(np.abs(errors)), "n_D_bias": mean(errors),
            "n_D_largest": round(float(np.abs(errors).max()), 4),
            "within_1_std": mean(np.abs(errors) < stds), "within_2_std": mean(np.abs(errors) < 2 * stds),
            "densities": len(densities), "density_mean_absolute_relative": mean(np.abs(densities)),
            "density_bias_relative": mean(densities),
        }  # fmt: skip
    v = [row["quick"]["abbe_number"][0] - row["measured_V"] for row in table.values() if row["measured_V"]]
    out["quick"] |= {"abbe_numbers": len(v), "abbe_mean_absolute": mean(np.abs(v)), "abbe_bias": mean(v)}
    rule = [
        (row["rule_on_measured_homopolymers"], row) for row in table.values() if row["rule_on_measured_homopolymers"]
    ]
    index = np.array([found["refractive_index"] - row["measured_n_D"] for found, row in rule])
    density = [found["density"] / row["measured_density"] - 1.0 for found, row in rule if row["measured_density"]]
    out["rule_on_measured_homopolymers"] = {
        "n": len(index), "n_D_mean_absolute": mean(np.abs(index)), "n_D_bias": mean(index),
        "n_D_largest": round(float(np.abs(index).max()), 4), "densities": len(density),
        "density_mean_absolute_relative": mean(np.abs(density)),
    }  # fmt: skip
    return out


def mean(values: object) -> float:
    return round(float(np.mean(values)), 4)


def markdown(table: dict[str, dict]) -> str:
    heads = ("copolymer", "n_D measured", "quick", "error", "instant", "error", "rule alone", "V measured", "quick",
             "density measured", "by the model")  # fmt: skip
    lines = [f"| {' | '.join(heads)} |", "|---" * len(heads) + "|"]
    for name, row in table.items():
        n, quick, instant = row["measured_n_D"], row["quick"], row["instant"]
        rule = row["rule_on_measured_homopolymers"]
        cells = [
            name, f"{n:.4g} ± {row['measured_std']:g}",
            "{:.3f} ± {:.3f}".format(*quick["refractive_index"]), f"{quick['refractive_index'][0] - n:+.3f}",
            "{:.3f} ± {:.3f}".format(*instant["refractive_index"]), f"{instant['refractive_index'][0] - n:+.3f}",
            f"{rule['refractive_index'] - n:+.4f}" if rule else "",
            f"{row['measured_V']:g}" if row["measured_V"] else "", "{:.1f} ± {:.1f}".format(*quick["abbe_number"]),
            f"{row['measured_density']:g}" if row["measured_density"] else "",
            "{:.3f} ± {:.3f}".format(*quick["density"]),
        ]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def save(results: dict) -> None:
    results["machine"] = describe("pyscf", "dftd4", "tblite", "rdkit")
    write(NAME, results)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("units", "report"))
    what = parser.parse_args().what
    path = RESULTS / f"{NAME}.json"
    results = json.loads(path.read_text()) if path.exists() else {"protocol": PROTOCOL}
    (run_units if what == "units" else report)(results)


if __name__ == "__main__":
    sys.exit(main())
