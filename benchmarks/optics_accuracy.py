"""Accuracy and cost of the optics protocols against measured refractive indices and Abbe numbers.

    python benchmarks/optics_accuracy.py instant
    python benchmarks/optics_accuracy.py quick [--only NAME ...]
    python benchmarks/optics_accuracy.py fluoropolymers
    python benchmarks/optics_accuracy.py report

`instant` runs over the shipped homopolymers with a measured n_D and the acceptance set; `quick` over the acceptance set
(`optical_calibration`; needs POLYLOOP_DATA); `fluoropolymers` over perfluorinated glasses, by
versions 2 and 3 of the protocol. Each adds to benchmarks/results/optics_accuracy.json, so that it may be stopped and
resumed; `report` repeats the step from polarizabilities to indices for both versions, and writes the figures and
docs/validation/optics.png. Nothing in either protocol was fitted to a refractive index of any polymer.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd

from calibration import leave_one_out
from polyloop import datasets
from polyloop.chem import Polymer
from polyloop.core import Record, write_atomically
from polyloop.simulate import evaluate
from polyloop.simulate.optics.density import amorphous_density
from polyloop.simulate.optics.oligomers import Caps, choose_difference
from polyloop.simulate.optics.polarizability_scale import SCALE, SCALE_2, PolarizabilityScale
from polyloop.simulate.optics.quick import solid_optics

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "benchmarks/results/optics_accuracy.json"
HOMOPOLYMERS = ROOT / "src/polyloop/chem/tables/homopolymers.csv"
# Mean absolute errors of the published pipeline (MD density and DFT) over 26 polymers, arXiv:2408.05135.
PEER = {"raw": {"n_D": 0.051, "V": 20.5}, "leave_one_out": {"n_D": 0.027, "V": 3.3}}
PROTOCOL = "optics/quick@3"
# What the versions of the protocol differ in.
VERSIONS: dict[str, tuple[PolarizabilityScale, Caps]] = {
    "optics/quick@2": (SCALE_2, "methyl"), PROTOCOL: (SCALE, "matched"),
}  # fmt: skip
# Amorphous and perfluorinated: CYTOP (data sheet: n_D 1.34, V 90), and the dioxole of Teflon AF, whose copolymers with
# 13 and 35 mol % of tetrafluoroethylene have n_D 1.29 and 1.31; V of the latter is 92.
FLUOROPOLYMERS = {
    "CYTOP": "*C1(F)C(F)(F)C(F)(F)OC1(F)C(*)(F)F",
    "perfluoro(2,2-dimethyl-1,3-dioxole)": "*C1(F)OC(C(F)(F)F)(C(F)(F)F)OC1(*)F",
}
MEASURED_DENSITY = {"TPX": 0.838, "PS": 1.05}  # g/cm3, shipped table


def acceptance() -> pd.DataFrame:
    return pd.read_csv(datasets.path("optical_calibration", "calibration.csv")).set_index("monomer_ID")


def run(smiles: str, protocol: str) -> tuple[dict[str, Record], float]:
    started = time.process_time()
    records = {record.property: record for record in evaluate(smiles, protocol)}
    return records, time.process_time() - started


def row(records: dict[str, Record], cpu: float) -> dict[str, object]:
    failed = next((r.failure for r in records.values() if r.failure), None)
    if failed:
        return {"failure": failed.to_dict(), "cpu_s": round(cpu, 3)}
    out: dict[str, object] = {"cpu_s": round(cpu, 3)}
    for name, record in records.items():
        out[name] = [round(float(record.value), 5), round(float(record.std), 5)]
    out["settings"] = dict(next(iter(records.values())).provenance.settings)
    return out


def instant(results: dict) -> None:
    table = pd.read_csv(HOMOPOLYMERS)
    table = table[table.refractive_index.notna()]
    targets = {
        name: (smiles, n) for name, smiles, n in zip(table.name, table.smiles, table.refractive_index, strict=True)
    }
    results["instant_homopolymers"] = sweep(targets)
    own = acceptance()
    results["instant_acceptance"] = sweep({i: (r.smiles, r.exp_refractive_index) for i, r in own.iterrows()})
    errors = signed_errors(results["instant_homopolymers"])
    results["instant_summary"] = {
        "homopolymers": figures(errors),
        "homopolymers_not_in_density_fit": figures(
            signed_errors({k: v for k, v in results["instant_homopolymers"].items()
                           if not table.set_index("name").density_g_cm3.notna()[k]})
        ),
        "acceptance": figures(signed_errors(results["instant_acceptance"])),
        "within_1_std": float(np.mean([abs(v["n_D"][0] - v["measured"]) < v["n_D"][1] for v in
                                       results["instant_homopolymers"].values() if "n_D" in v])),
        "cpu_ms_median": float(np.median([v["cpu_s"] for v in results["instant_homopolymers"].values()]) * 1e3),
        "worst": sorted(errors.items(), key=lambda pair: -abs(pair[1]))[:12],
    }  # fmt: skip
    print(json.dumps(results["instant_summary"], indent=1))


def sweep(targets: dict[str, tuple[str, float]]) -> dict[str, dict]:
    out: dict[str, dict] = {}
    for name, (smiles, measured) in targets.items():
        found = row(*run(smiles, "optics/instant@2"))
        kept = {"measured": float(measured), "cpu_s": found["cpu_s"]}
        if "failure" in found:
            kept["failure"] = found["failure"]
        else:
            kept |= {"n_D": found["refractive_index"], "density": found["density"]}
        out[name] = kept
    return out


def signed_errors(rows: dict[str, dict]) -> dict[str, float]:
    return {name: round(r["n_D"][0] - r["measured"], 4) for name, r in rows.items() if "n_D" in r}


def figures(errors: dict[str, float]) -> dict[str, float]:
    values = np.array(list(errors.values()))
    return {
        "n": len(values),
        "mean_absolute": round(float(np.abs(values).mean()), 4),
        "root_mean_square": round(float(np.sqrt(np.mean(values**2))), 4),
        "bias": round(float(values.mean()), 4),
    }


def quick(results: dict, only: list[str] | None) -> None:
    table = acceptance()
    done = results.setdefault("quick", {})
    by_size = sorted(table.index, key=lambda i: Polymer(table.smiles[i]).mol.GetNumHeavyAtoms())
    for name in by_size:
        if (only and name not in only) or (not only and "failure" not in done.get(name, {"failure": 1})):
            continue
        found = row(*run(table.smiles[name], PROTOCOL))
        found["heavy_atoms"] = Polymer(table.smiles[name]).mol.GetNumHeavyAtoms()
        done[name] = found
        print(name, found["cpu_s"], found.get("refractive_index"), found.get("abbe_number"), found.get("failure", ""),
              "measured", table.exp_refractive_index[name], table.exp_abbe_number[name], flush=True)  # fmt: skip
        save(results)


def fluoropolymers(results: dict) -> None:
    done = results.setdefault("fluoropolymers", {})
    for name, smiles in FLUOROPOLYMERS.items():
        for protocol in reversed(VERSIONS):
            if protocol not in done.setdefault(name, {}):
                done[name][protocol] = row(*run(smiles, protocol))
                print(name, protocol, done[name][protocol], flush=True)
                save(results)


def recombine(smiles: str, stored: dict, protocol: str = PROTOCOL) -> dict:
    """The protocol's last step again, from the stored quantum chemistry: today's scale, errors and packing model."""
    scale, caps = VERSIONS[protocol]
    polymer = Polymer(Polymer(smiles).canonical)
    density = amorphous_density(polymer)
    settings = stored["settings"]
    raw = np.array(settings["raw_polarizabilities"])
    difference = choose_difference(polymer, caps=caps)
    if settings.get("caps", "CH3") != difference.cap:
        raise SystemExit(f"{smiles} was computed with other caps than {protocol} has; remove it from {RESULTS.name}.")
    estimates = solid_optics(polymer, difference, density, raw, settings["conformer_scatter"], scale)
    fresh = {e.property: [round(float(e.value), 5), round(float(e.std), 5)] for e in estimates}
    named = {"polarizability_scale": scale.name, "packing": density.model, "caps": difference.cap}
    return {**stored, **fresh, "settings": {**settings, **named}}


def report(results: dict) -> None:
    """Repeat the last step for both versions of the protocol; keep the values of the present one."""
    table = acceptance()
    stored = results["quick"]
    for protocol in VERSIONS:
        results["quick"] = {
            name: r if "failure" in r else recombine(table.smiles[name], r, protocol) for name, r in stored.items()
        }
        summarise(results)
        if protocol != PROTOCOL:
            results.setdefault("earlier", {})[protocol] = results["summary"]
    for name, found in results.get("fluoropolymers", {}).items():
        for protocol, r in found.items():
            found[protocol] = recombine(FLUOROPOLYMERS[name], r, protocol)
            shown = {key: found[protocol][key] for key in ("density", "refractive_index", "abbe_number")}
            print(name, protocol, shown)


def summarise(results: dict) -> None:
    table = acceptance()
    done = {name: r for name, r in results["quick"].items() if "failure" not in r}
    names = [name for name in table.index if name in done]
    computed = {
        "n_D": np.array([done[name]["refractive_index"][0] for name in names]),
        "V": np.array([done[name]["abbe_number"][0] for name in names]),
    }
    measured = {
        "n_D": table.exp_refractive_index[names].to_numpy(), "V": table.exp_abbe_number[names].to_numpy()
    }  # fmt: skip
    stds = {
        "n_D": np.array([done[name]["refractive_index"][1] for name in names]),
        "V": np.array([done[name]["abbe_number"][1] for name in names]),
    }
    summary: dict[str, object] = {"n": len(names), "missing": sorted(set(table.index) - set(names)), "peer": PEER}
    for key in ("n_D", "V"):
        raw = computed[key] - measured[key]
        held = leave_one_out(computed[key], measured[key]) - measured[key]
        summary[key] = {
            "raw": figures(dict(zip(names, raw, strict=True))),
            "leave_one_out": figures(dict(zip(names, held, strict=True))),
            "raw_errors": dict(zip(names, np.round(raw, 4).tolist(), strict=True)),
            "within_1_std": float(np.mean(np.abs(raw) < stds[key])),
            "within_2_std": float(np.mean(np.abs(raw) < 2 * stds[key])),
        }
    summary["at_measured_density"] = at_measured_density(done)
    results["summary"] = summary
    print(json.dumps(summary, indent=1))
    picture(names, computed, measured, stds)


def at_measured_density(done: dict[str, dict]) -> dict[str, float]:
    out = {}
    for name, density in MEASURED_DENSITY.items():
        if name in done:
            n, rho = done[name]["refractive_index"][0], done[name]["density"][0]
            ratio = (n**2 - 1) / (n**2 + 2) * density / rho
            out[name] = round(float(np.sqrt((1 + 2 * ratio) / (1 - ratio))), 4)
    return out


def picture(names: list[str], computed: dict, measured: dict, stds: dict) -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9.6, 4.6), layout="constrained")
    labels = {"n_D": "refractive index $n_D$", "V": "Abbe number $V$"}
    for axes, (key, label) in zip(figure.subplots(1, 2), labels.items(), strict=True):
        limits = [min(*computed[key], *measured[key]), max(*computed[key], *measured[key])]
        margin = 0.08 * (limits[1] - limits[0])
        limits = [limits[0] - margin, limits[1] + margin]
        axes.plot(limits, limits, color="0.6", lw=1)
        axes.errorbar(measured[key], computed[key], stds[key], fmt="o", ms=4, capsize=2)
        for name, x, y in zip(names, measured[key], computed[key], strict=True):
            axes.annotate(name, (x, y), xytext=(4, -8), textcoords="offset points", fontsize=7)
        axes.set(xlim=limits, ylim=limits, xlabel=f"measured {label}", ylabel=f"computed {label}", aspect="equal")
    path = ROOT / "docs/validation/optics.png"
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=150)


def save(results: dict) -> None:
    results["machine"] = {
        "cpus": os.cpu_count(), "machine": platform.machine(), "python": platform.python_version(),
        "date": date.today().isoformat(),
    }  # fmt: skip
    write_atomically(RESULTS, json.dumps(results, indent=1) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("instant", "quick", "fluoropolymers", "report"))
    parser.add_argument("--only", nargs="*", help="acceptance polymers to run (again)")
    arguments = parser.parse_args()
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if arguments.what == "instant":
        instant(results)
    elif arguments.what == "quick":
        quick(results, arguments.only)
    elif arguments.what == "fluoropolymers":
        fluoropolymers(results)
    else:
        report(results)
    save(results)


if __name__ == "__main__":
    main()
