"""The optical study at full size: expected hypervolume improvement against random picks, both on real physics.

Usage: python benchmarks/optical_campaign.py run [--folder FOLDER]   (go on with the same command)
       python benchmarks/optical_campaign.py keep [--folder FOLDER]
       python benchmarks/optical_campaign.py report [--folder FOLDER]

`run` starts two campaigns of examples/optical.toml at once, one worker each, that differ only in the acquisition: 20
cycles of 10 picks after 20 diverse ones, over 10,000 virtual polymers. They share a store, so what one has computed the
other takes from there. It takes some 18 CPU hours, in as many sittings as one likes: `keep` writes what is computed to
results/optical_campaign_records.json.gz, and `run` begins by taking that into its store, on any machine. `report`
compares picks in the order in which each campaign made them, cut to the cycles that both have finished.

Beyond the empirical limit is what lies above it by more than its own standard deviation.
"""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import tomli_w

import machine
from calibration import optical_linear
from polyloop.campaign import Campaign
from polyloop.chem.optical_limit import default_limit, margin
from polyloop.core import Record
from polyloop.design import hypervolume
from polyloop.report import enrichment
from polyloop.report.content import optical_limit
from polyloop.store import ClaimOutcome, Store, new_owner

ROOT = Path(__file__).parent.parent
RECORDS = machine.RESULTS / "optical_campaign_records.json.gz"
STRATEGIES = {"ehvi": "expected hypervolume improvement", "random": "random picks"}
COLOURS = {"ehvi": "#0b6e99", "random": "#b0562b", "initial": "#8a8a8a"}
# The published study shows its front after these.
CYCLES = (5, 10, 20)
SHOWN = 8


def files(folder: Path) -> dict[str, Path]:
    """Write one campaign file per strategy and return their paths."""
    text = tomllib.loads((ROOT / "examples" / "optical.toml").read_text())
    text["campaign"]["workers"] = 1
    text["stop"] = {}
    # A worker that waits for its turn of the processor must not be given up.
    text["limits"] |= {"time_s": 36000}
    text["store"] = {"url": f"sqlite:///{store_of(folder)}"}
    written = {}
    for strategy in STRATEGIES:
        text["campaign"]["name"] = f"optical-{strategy}"
        text["acquisition"]["name"] = strategy
        written[strategy] = folder / f"{strategy}.toml"
        written[strategy].write_text(tomli_w.dumps(text))
    return written


def store_of(folder: Path) -> Path:
    return folder.resolve() / "shared.sqlite"


def run(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    print(f"{take_in(folder)} evaluations taken from {RECORDS.name}")
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    command = (sys.executable, "-m", "polyloop.app.cli", "discover")
    started = [
        subprocess.Popen([*command, str(path), "--directory", str(folder / name)], env=environment)
        for name, path in files(folder).items()
    ]
    sys.exit(max(process.wait() for process in started))


def keep(folder: Path) -> None:
    """Write every finished evaluation of the shared store, so that no other machine computes it again."""
    with Store(store_of(folder), read_only=True) as store:
        records = [record.to_dict() for record in store.records()]
    records.sort(key=lambda row: (row["subject"], row["property"]))
    RECORDS.write_bytes(gzip.compress(json.dumps(records).encode(), mtime=0))
    print(f"{len(records)} records kept in {RECORDS}")


def take_in(folder: Path) -> int:
    """Enter the kept evaluations that the shared store lacks; return how many."""
    if not RECORDS.is_file():
        return 0
    groups: dict[str, list[Record]] = {}
    for row in json.loads(gzip.decompress(RECORDS.read_bytes())):
        record = Record.from_dict(row)
        groups.setdefault(record.key, []).append(record)
    taken, owner = 0, new_owner()
    with Store(store_of(folder)) as store:
        for records in groups.values():
            if store.claim(records[0].request, owner, lease=600).outcome is ClaimOutcome.GRANTED:
                store.finish(records[0].request, records, owner)
                taken += 1
    return taken


def report(folder: Path) -> None:
    states = {name: Campaign.from_file(folder / f"{name}.toml", directory=folder / name).state() for name in STRATEGIES}
    last = min(len(state.cycles) for state in states.values()) - 1
    if last < 1:
        sys.exit("Neither campaign has finished a cycle after its initial design. Let them run on.")
    reference = np.array(states["ehvi"].reference_point)
    result: dict = {"cycles": last, "of": states["ehvi"].config.campaign.cycles, "pool": len(states["ehvi"].pool)}
    result |= {"protocol": states["ehvi"].config.objectives[0].protocol, "reference_point": reference.tolist()}
    for name, state in states.items():
        result[name] = one(state, last, reference)
    draw(states, last, result)
    for name in STRATEGIES:
        print(name, {k: v for k, v in result[name].items() if k != "best" and "enriched" not in k})
        print(*result[name]["best"], *result[name]["enriched"], *result[name]["enriched_calibrated"], sep="\n  ")
    print(machine.write("optical_campaign", result | {"on": machine.describe("pyscf", "rdkit", "torch")}))


def one(state, last: int, reference: np.ndarray) -> dict:
    """Return the figures of one campaign up to a cycle."""
    limit, cycle = optical_limit(state), np.array([candidate.cycle for candidate in state.candidates])
    shown = {min(wanted, last) for wanted in CYCLES}
    picks = (cycle >= 1) & (cycle <= last)
    rows = np.flatnonzero((cycle <= last) & limit.known)
    subjects = [state.candidates[row].subject for row in rows]
    above = after_calibration(state.values)
    best = sorted(np.flatnonzero(picks & limit.known), key=lambda row: -limit.margin[row] / limit.std[row])[:SHOWN]
    return {
        "evaluations": int((cycle <= last).sum()),
        "failed": int(((cycle <= last) & ~limit.known).sum()),
        "hypervolume": [round(volume(state.values[cycle <= k], reference), 4) for k in range(last + 1)],
        "beyond_per_cycle": [int((limit.beyond & (cycle == k)).sum()) for k in range(last + 1)],
        "beyond_at": {k: int((limit.beyond & (cycle <= k)).sum()) for k in sorted(shown)},
        "above_at": {k: int(((limit.margin > 0) & (cycle <= k)).sum()) for k in sorted(shown)},
        "beyond_calibrated": int(above[picks].sum()),
        "beyond_calibrated_at": {k: int((above & picks & (cycle <= k)).sum()) for k in sorted(shown)},
        "mean_margin": round(float(np.nanmean(limit.margin[picks])), 4),
        "best": [described(state, limit, row) for row in best],
        "enriched": in_words(enrichment(subjects, limit.beyond[rows].tolist())),
        "enriched_calibrated": in_words(enrichment(subjects, above[rows].tolist())),
    }


def in_words(features: list) -> list[str]:
    return [
        f"{row.kind} {row.feature}: {row.selected_with} of {row.selected}, others {row.others_with} of "
        f"{row.others}, p {row.p_value:.2g}, q {row.q_value:.2g}"
        for row in features[:20]
    ]


def described(state, limit, row: int) -> dict:
    candidate = state.candidates[row]
    (n_d, v), stds = state.values[row], [candidate.std(name) for name in ("refractive_index", "abbe_number")]
    return {
        "polymer": candidate.text, "cycle": candidate.cycle, "margin": round(float(limit.margin[row]), 4),
        "margin_std": round(float(limit.std[row]), 4), "n_D": round(float(n_d), 4), "n_D_std": round(stds[0], 4),
        "V": round(float(v), 1), "V_std": round(stds[1], 1),
    }  # fmt: skip


def after_calibration(values: np.ndarray) -> np.ndarray:
    """Return which values lie above the limit after the line fitted to measured polymers."""
    lines = optical_linear()
    n_d, v = (lines[name].apply(values[:, i]) for i, name in enumerate(("refractive_index", "abbe_number")))
    return np.asarray(margin(n_d, v) > 0)


def volume(values: np.ndarray, reference: np.ndarray) -> float:
    known = values[np.isfinite(values).all(axis=1)]
    return float(hypervolume(known, reference))


def draw(states: dict, last: int, result: dict) -> None:
    shown = sorted({min(wanted, last) for wanted in CYCLES})
    figure = plt.figure(figsize=(9, 6.6), layout="constrained")
    top = [str(until) for until in shown for _ in range(6 // len(shown))]
    panels = figure.subplot_mosaic([top, [*(["volumes"] * 3), *(["curve"] * 3)]])
    planes, volumes, curve = [panels[str(until)] for until in shown], panels["volumes"], panels["curve"]
    for plane, until in zip(planes, shown, strict=True):
        for name, label in reversed(STRATEGIES.items()):
            cycle = np.array([candidate.cycle for candidate in states[name].candidates])
            found = states[name].values[(cycle >= 1) & (cycle <= until)]
            plane.scatter(found[:, 1], found[:, 0], c=COLOURS[name], s=14, alpha=0.85, label=label)
        start = states["ehvi"].values[np.array([c.cycle for c in states["ehvi"].candidates]) == 0]
        plane.scatter(start[:, 1], start[:, 0], c=COLOURS["initial"], s=14, label="initial design")
        plane.set(xlim=(120, 5), ylim=(1.1, 2.0), xlabel="Abbe number", title=f"cycles 1 to {until}")
        ends = np.array(plane.get_xlim())
        plane.plot(ends, default_limit()(ends), "k--", lw=1, label="empirical limit")
    planes[0].set(ylabel="refractive index $n_D$")
    figure.legend(*planes[0].get_legend_handles_labels(), loc="outside upper center", ncols=4, frameon=False)
    for name, label in STRATEGIES.items():
        volumes.plot(result[name]["hypervolume"], c=COLOURS[name], label=label, lw=2)
        curve.plot(np.cumsum(result[name]["beyond_per_cycle"]), c=COLOURS[name], label=label, lw=2)
    volumes.set(xlabel="cycle", ylabel="hypervolume")
    curve.set(xlabel="cycle", ylabel="beyond the limit by an error bar")
    curve.yaxis.get_major_locator().set_params(integer=True)
    for axes in (volumes, curve):
        axes.xaxis.get_major_locator().set_params(integer=True)
    for axes in panels.values():
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(ROOT / "docs" / "validation" / "optical_campaign.png", dpi=160)


if __name__ == "__main__":
    parser = machine.parser(__doc__)
    parser.add_argument("action", choices=("run", "keep", "report"))
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "optical-against-random")
    given = parser.parse_args()
    {"run": run, "keep": keep, "report": report}[given.action](given.folder)
