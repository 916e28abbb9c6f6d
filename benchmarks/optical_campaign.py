"""Bayesian optimisation against random picking on examples/optical.toml, both on real physics, from one initial design.

Usage: python benchmarks/optical_campaign.py run [--hours 1.0] [--folder FOLDER]   (go on with the same command)
       python benchmarks/optical_campaign.py report [--folder FOLDER]

`run` starts two campaigns at once, one worker each, that differ only in the acquisition. They share a store, so what
one has computed the other takes from there: the initial design is computed once. `report` compares what the store
holds: picks in the order in which each campaign made them, cut to the length of the shorter. Values that an earlier
version of the protocol computed are brought to the present one from the stored quantum chemistry. A second count takes
them through the linear calibration, which was fitted to measured polymers.
"""

from __future__ import annotations

import argparse
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
from polyloop.chem import Polymer
from polyloop.chem.optical_limit import default_limit, margin
from polyloop.core import Status
from polyloop.design import hypervolume
from polyloop.simulate.optics.density import amorphous_density
from polyloop.simulate.optics.oligomers import choose_difference
from polyloop.simulate.optics.polarizability_scale import SCALE_2
from polyloop.simulate.optics.quick import solid_optics

ROOT = Path(__file__).parent.parent
# The campaigns' polarizabilities are of methyl-capped oligomers, which version 3 would cap otherwise.
PROTOCOL = "optics/quick@2"
STRATEGIES = {"ehvi": "expected hypervolume improvement", "random": "random picks"}
COLOURS = {"ehvi": "#0b6e99", "random": "#b0562b", "initial": "#8a8a8a"}


def files(folder: Path, hours: float) -> dict[str, Path]:
    """Write one campaign file per strategy and return their paths."""
    text = tomllib.loads((ROOT / "examples" / "optical.toml").read_text())
    text["campaign"] |= {"cycles": 100, "workers": 1}
    text["stop"] = {"hours": hours}
    text["store"] = {"url": f"sqlite:///{folder.resolve()}/shared.sqlite"}
    written = {}
    for strategy in STRATEGIES:
        text["campaign"]["name"] = f"optical-{strategy}"
        text["acquisition"]["name"] = strategy
        written[strategy] = folder / f"{strategy}.toml"
        written[strategy].write_text(tomli_w.dumps(text))
    return written


def run(folder: Path, hours: float) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    command = (sys.executable, "-m", "polyloop.app.cli", "discover")
    started = [
        subprocess.Popen([*command, str(path), "--directory", str(folder / name)], env=environment)
        for name, path in files(folder, hours).items()
    ]
    sys.exit(max(process.wait() for process in started))


def finished(state) -> tuple[list, np.ndarray, np.ndarray]:
    """Return the candidates whose evaluation ended, in the order of picking, their (n_D, V) and standard deviations."""
    ended = [c for c in state.candidates if c.status.is_final and c.status is not Status.CANCELLED]
    rows = np.array([constants(c.records["refractive_index"], c.records["abbe_number"]) for c in ended])
    return ended, rows[:, 0], rows[:, 1]


def constants(index, abbe) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return (n_D, V) and their standard deviations by version 2 of the protocol; NaN for failures."""
    if index.value is None or abbe.value is None:
        return (np.nan, np.nan), (np.nan, np.nan)
    if index.request.protocol_id != PROTOCOL:
        polymer, settings = Polymer(index.request.subject.text), index.provenance.settings
        difference = choose_difference(polymer)
        density = amorphous_density(polymer, index.request.seed, difference)
        raw = np.array(settings["raw_polarizabilities"])
        estimates = solid_optics(polymer, difference, density, raw, settings["conformer_scatter"], SCALE_2)
        index, abbe = (next(e for e in estimates if e.property == record.property) for record in (index, abbe))
    return (index.value, abbe.value), (index.std, abbe.std)


def report(folder: Path) -> None:
    states = {name: Campaign.from_file(folder / f"{name}.toml", directory=folder / name).state() for name in STRATEGIES}
    ended = {name: finished(state) for name, state in states.items()}
    initial = {name: sum(c.cycle == 0 for c in candidates) for name, (candidates, _, _) in ended.items()}
    if len(set(initial.values())) != 1:
        sys.exit(f"The initial designs are not equally far: {initial}. Let the campaigns run on.")
    n0, n = next(iter(initial.values())), min(len(candidates) for candidates, _, _ in ended.values())
    reference = np.array(states["ehvi"].reference_point)
    result: dict = {"initial": n0, "evaluations_each": n - n0, "reference_point": reference.tolist()}
    result["pool"] = len(states["ehvi"].pool)
    result["picked_by"] = states["ehvi"].config.objectives[0].protocol
    result["values_by"] = PROTOCOL
    for name, (candidates, values, std) in ended.items():
        candidates, values, std = candidates[:n], values[:n], std[:n]
        over = margin(values[:, 0], values[:, 1])
        error = np.hypot(std[:, 0], default_limit().slope * std[:, 1])
        result[name] = {
            "failed": int(np.isnan(values[:, 0]).sum()),
            "hypervolume": [round(volume(values[: k + 1], reference), 4) for k in range(n0 - 1, n)],
            "beyond_limit": int((over[n0:] > 0).sum()),
            "beyond_limit_by_one_std": int((over / error > 1)[n0:].sum()),
            "beyond_limit_calibrated": calibrated_count(values[n0:]),
            "best_margin": round(float(np.nanmax(over[n0:])), 4),
            "mean_margin": round(float(np.nanmean(over[n0:])), 4),
            "best": [
                {"polymer": candidates[i].text, "cycle": candidates[i].cycle, "margin": round(float(over[i]), 4),
                 "n_D": round(float(values[i, 0]), 4), "n_D_std": round(float(std[i, 0]), 4),
                 "V": round(float(values[i, 1]), 1), "V_std": round(float(std[i, 1]), 1)}
                for i in sorted(range(n0, n), key=lambda i: -np.nan_to_num(over[i], nan=-9.0))[:8]
            ],
        }  # fmt: skip
    over = margin(*ended["ehvi"][1][:n0].T)
    result["initial_beyond_limit"] = int((over > 0).sum())
    draw({name: values[:n] for name, (_, values, _) in ended.items()}, n0, result)
    for name in STRATEGIES:
        shown = {k: v for k, v in result[name].items() if k != "best"}
        print(name, shown, *result[name]["best"], sep="\n  ")
    print(machine.write("optical_campaign", result | {"on": machine.describe("pyscf", "rdkit", "torch")}))


def calibrated_count(values: np.ndarray) -> int:
    """Return how many values lie beyond the limit after calibration."""
    lines = optical_linear()
    n_d, v = (lines[name].apply(values[:, i]) for i, name in enumerate(("refractive_index", "abbe_number")))
    return int((margin(n_d, v) > 0).sum())


def volume(values: np.ndarray, reference: np.ndarray) -> float:
    known = values[np.isfinite(values).all(axis=1)]
    return float(hypervolume(known, reference))


def draw(values: dict[str, np.ndarray], n0: int, result: dict) -> None:
    figure, (plane, curve) = plt.subplots(1, 2, figsize=(10, 4.2), layout="constrained", width_ratios=(3, 2))
    plane.scatter(values["ehvi"][:n0, 1], values["ehvi"][:n0, 0], c=COLOURS["initial"], s=22, label="initial design")
    for name, label in reversed(STRATEGIES.items()):
        found = values[name][n0:]
        plane.scatter(found[:, 1], found[:, 0], c=COLOURS[name], s=26, label=f"{label} ({len(found)})", alpha=0.9)
        steps = np.arange(n0, n0 + len(result[name]["hypervolume"]))
        curve.plot(steps, result[name]["hypervolume"], c=COLOURS[name], label=label, lw=2)
    ends = np.array(plane.get_xlim())
    plane.plot(ends, default_limit()(ends), "k--", lw=1, label="empirical limit")
    plane.set(xlabel="Abbe number", ylabel="refractive index $n_D$", xlim=ends[::-1])
    plane.legend(frameon=False, fontsize=8)
    curve.set(xlabel="evaluations", ylabel="hypervolume")
    curve.legend(frameon=False, fontsize=8)
    for axes in (plane, curve):
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(ROOT / "docs" / "validation" / "optical_campaign.png", dpi=140)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("run", "report"))
    parser.add_argument("--hours", type=float, default=1.0, help="of wall time, for both campaigns at once")
    parser.add_argument("--folder", type=Path, default=ROOT / "runs" / "optical-against-random")
    given = parser.parse_args()
    if given.action == "run":
        run(given.folder, given.hours)
    else:
        report(given.folder)
