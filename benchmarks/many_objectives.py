"""Compare acquisitions for three and four objectives: hypervolume per cycle on the public pool, and CPU time per batch.

Usage: python benchmarks/many_objectives.py [--problems d e f] [--starts 4] [--cycles 6] [--acquisitions ehvi qlognehvi]

The rules are those of bo_replay.py: 10 labelled polymers at the start, 10 picks a cycle, hypervolume of the labelled
points over that of the whole pool, above the pool's minimum of each objective. Costs are those of a batch of 10 from
1,000 candidates with 50 labelled, models fitted before, in CPU seconds of one core (set OMP_NUM_THREADS=1).
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np

import bo_replay
import machine
from polyloop.design import Objective, default_reference_point, hypervolume, propose
from polyloop.learn import make_surrogate

PROBLEMS = {
    "d": ("refractive_index", "thermal_conductivity", "Cp"),
    "e": ("Cp", "bulk_modulus", "refractive_index"),
    "f": ("refractive_index", "thermal_conductivity", "Cp", "bulk_modulus"),
}
BLOCKS = ("ecfp", "forcefield")
PICKS = 10


def fitted(pool: bo_replay.Pool, rows: np.ndarray, Y: np.ndarray) -> list:
    models = []
    for j in range(Y.shape[1]):
        known = rows[np.isfinite(Y[rows, j])]
        models.append(make_surrogate().fit({name: pool.blocks[name][known] for name in BLOCKS}, Y[known, j]))
    return models


def pick(pool, names, labelled, Y, acquisition, reference, seed):
    models = fitted(pool, labelled, Y)
    exclude = np.zeros(len(Y), dtype=bool)
    exclude[labelled] = True
    complete = labelled[np.isfinite(Y[labelled]).all(axis=1)]
    begin = time.process_time()
    proposal = propose(
        models, {name: pool.blocks[name] for name in BLOCKS}, Y[complete], objectives(names), batch=PICKS,
        acquisition=acquisition, reference_point=reference, exclude=exclude, rng=np.random.default_rng(seed),
        X_observed={name: pool.blocks[name][complete] for name in BLOCKS},
    )  # fmt: skip
    return proposal.indices, time.process_time() - begin


def objectives(names) -> list[Objective]:
    return [Objective(bo_replay.NAMES.get(name, name)) for name in names]


def replay(pool, problem: str, acquisition: str, k: int, cycles: int) -> dict:
    names = PROBLEMS[problem]
    Y = pool.values(names)
    floor = np.nanmin(Y, axis=0)
    whole = hypervolume(Y, floor)
    labelled = pool.start(k)
    reference = default_reference_point(Y[labelled], objectives(names))
    curve, seconds = [hypervolume(Y[labelled], floor) / whole], []
    for cycle in range(cycles):
        if acquisition == "random":
            free = np.setdiff1d(np.arange(len(Y)), labelled)
            picks, spent = np.random.default_rng([k, cycle]).choice(free, PICKS, replace=False), 0.0
        else:
            picks, spent = pick(pool, names, labelled, Y, acquisition, reference, [k, cycle])
        labelled = np.concatenate([labelled, picks])
        curve.append(hypervolume(Y[labelled], floor) / whole)
        seconds.append(spent)
    return {"curve": curve, "cpu_seconds": seconds}


def summarise(runs: list[dict], baseline: list[dict] | None) -> dict:
    areas = np.array([np.mean(run["curve"][1:]) for run in runs])
    summary = {
        "starts": len(runs),
        "hypervolume_at_end": float(np.mean([run["curve"][-1] for run in runs])),
        "area": float(areas.mean()),
        "cpu_seconds_per_batch": float(np.mean([s for run in runs for s in run["cpu_seconds"]])),
        "curves": [[round(value, 4) for value in run["curve"]] for run in runs],
    }
    if baseline is not None:
        difference = areas - [np.mean(run["curve"][1:]) for run in baseline]
        error = float(difference.std(ddof=1) / np.sqrt(len(difference)))
        summary["area_minus_ehvi"] = [float(difference.mean()), error]
    return summary


def costs(pool, names, acquisition: str) -> float:
    """CPU seconds of one batch of 10 from 1,000 with 50 labelled."""
    Y = pool.values(names)[:1050]
    smaller = bo_replay.Pool.__new__(bo_replay.Pool)
    smaller.blocks = {name: pool.blocks[name][:1050] for name in BLOCKS}
    labelled = np.random.default_rng(0).choice(1050, 50, replace=False)
    reference = default_reference_point(Y[labelled], objectives(names))
    return pick(smaller, names, labelled, Y, acquisition, reference, 0)[1]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="*", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--acquisitions", nargs="+", default=["random", "ehvi", "qlognehvi"])
    parser.add_argument("--starts", type=int, default=4)
    parser.add_argument("--cycles", type=int, default=6)
    arguments = parser.parse_args()
    pool = bo_replay.Pool()
    earlier = machine.RESULTS / "many_objectives.json"
    result = json.loads(earlier.read_text()) if earlier.exists() else {"replay": {}, "cost": {}}
    for names in (bo_replay.PROBLEMS["a"], PROBLEMS["d"], PROBLEMS["f"]):
        for acquisition in set(arguments.acquisitions) - {"random"}:
            cost = costs(pool, names, acquisition)
            result["cost"].setdefault(str(len(names)), {})[acquisition] = cost
            print(len(names), acquisition, f"{cost:.2f} CPU s", flush=True)
            machine.write("many_objectives", result)
    for problem in arguments.problems:
        found = {}
        for acquisition in arguments.acquisitions:
            starts = range(arguments.starts)
            found[acquisition] = [replay(pool, problem, acquisition, k, arguments.cycles) for k in starts]
            baseline = found.get("ehvi") if acquisition != "ehvi" and arguments.starts > 1 else None
            summary = result["replay"].setdefault(problem, {})[acquisition] = summarise(found[acquisition], baseline)
            print(problem, acquisition, json.dumps({k: v for k, v in summary.items() if k != "curves"}), flush=True)
            result["machine"] = machine.describe("numpy", "scipy", "torch", "gpytorch", "botorch")
            machine.write("many_objectives", result)


if __name__ == "__main__":
    main()
