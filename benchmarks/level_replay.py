"""Replay campaigns with a cheap and a dear level on a public table: both levels against the target alone, equal cost.

Usage: python benchmarks/level_replay.py [--problems n density n_density n_dft] [--starts 10] [--budget 250]

The target is the molecular-dynamics value of the public PI1070 table (1,077 polymers). The cheap level is what polyloop
says in milliseconds (refractive index from DFT-D4 polarizabilities, density from the packing model), or for `n_dft` the
table's own DFT polarizability of the monomer over its van der Waals volume, a proxy in another unit. A question costs 1
at the cheap level and 10 at the target, whatever it really took. Both strategies start from the same 5 polymers at the
target, numpy.random.default_rng(2000 + k).choice(n, 5, replace=False); the levels pay 5 for these polymers' cheap
values out of the same budget. A cycle spends 20. What counts is only what was asked at the target: the hypervolume of
those values over that of the whole pool, reference point = the pool's worst values, which no strategy sees. For one
objective this is (best - worst) / (pool's best - worst). Rows without a value are asked like any other.
"""

from __future__ import annotations

import argparse
import json
import time

import numpy as np
import pandas as pd

import machine
from bo_replay import Pool
from polyloop import datasets
from polyloop.design import Objective, default_reference_point, objective_hypervolume, propose
from polyloop.design.acquisition import propose_levels
from polyloop.learn import GaussianProcess, MultilevelGaussianProcess
from polyloop.learn.surrogate import stack, take
from polyloop.simulate import evaluate

N, LIGHT, DENSE = Objective("refractive_index"), Objective("density", "minimize"), Objective("density")
PROBLEMS = {
    "n": ((N,), ("instant_refractive_index",)),
    "density": ((DENSE,), ("instant_density",)),
    "n_density": ((N, LIGHT), ("instant_refractive_index", "instant_density")),
    "n_dft": ((N,), ("dft",)),
}
LEVELS = ("cheap", "target")
COSTS = {"cheap": 1.0, "target": 10.0}
START, PER_CYCLE, TOP = 5, 20.0, 10


def both_levels(pool: Pool) -> pd.DataFrame:
    """Return the table's values and the cheap ones, a row for each polymer of the pool."""
    table = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz")).set_index("monomer_ID")
    table = table.loc[pool.table.monomer_ID].reset_index(drop=True)
    table["dft"] = table.qm_polarizability_monomer / table.vdw_volume_monomer
    for smiles, row in zip(pool.table.smiles, range(len(table)), strict=True):
        for record in evaluate(smiles, "instant"):
            if record.property in ("refractive_index", "density"):
                table.loc[row, f"instant_{record.property}"] = record.value
    return table


class Replay:
    """One campaign: what was asked of whom at what running cost, and what is known."""

    def __init__(self, pool: Pool, table: pd.DataFrame, problem: str, start: int) -> None:
        self.objectives, cheap = PROBLEMS[problem]
        self.X = {name: pool.blocks[name] for name in ("ecfp", "forcefield")}
        self.Y = np.stack([
            table[list(cheap)].to_numpy(float), table[[o.property for o in self.objectives]].to_numpy(float)
        ])  # fmt: skip
        self.one_unit = problem != "n_dft"
        first = np.random.default_rng(2000 + start).choice(len(table), START, replace=False)
        self.asked = {0: [], 1: [int(row) for row in first]}
        self.cost, self.history = START * COSTS["target"], []
        self._note(self.asked[1])
        self.reference = default_reference_point(self.known(1)[1], self.objectives)

    def known(self, level: int) -> tuple[np.ndarray, np.ndarray]:
        rows = np.array(self.asked[level], dtype=int)
        complete = np.isfinite(self.Y[level][rows]).all(axis=1) if len(rows) else np.zeros(0, dtype=bool)
        return rows[complete], self.Y[level][rows[complete]]

    def _note(self, rows: list[int]) -> None:
        self.history += [(self.cost, row) for row in rows]

    def ask(self, row: int, level: int) -> None:
        self.asked[level].append(row)
        self.cost += COSTS[LEVELS[level]]
        if level == 1:
            self._note([row])


def target_only(replay: Replay, budget: float) -> None:
    rows, Y = replay.known(1)
    models = [GaussianProcess().fit(take(replay.X, rows), Y[:, j]) for j in range(Y.shape[1])]
    exclude = np.isin(np.arange(len(replay.Y[1])), replay.asked[1])
    proposal = propose(
        models, replay.X, Y, replay.objectives, batch=int(budget // COSTS["target"]),
        acquisition="ei" if len(replay.objectives) == 1 else "ehvi", reference_point=replay.reference,
        exclude=exclude, rng=np.random.default_rng(0),
    )  # fmt: skip
    for row in proposal.indices:
        replay.ask(int(row), 1)


def both(replay: Replay, budget: float) -> None:
    if not replay.asked[0]:
        for row in replay.asked[1]:
            replay.ask(row, 0)
        budget -= START * COSTS["cheap"]
    (cheap, Y_cheap), (target, Y) = replay.known(0), replay.known(1)
    rows = stack(take(replay.X, cheap), take(replay.X, target))
    level = np.repeat([0, 1], [len(cheap), len(target)])
    values = np.vstack([Y_cheap, Y])
    models = [
        MultilevelGaussianProcess(LEVELS, one_unit=replay.one_unit).fit(rows, values[:, j], level=level)
        for j in range(Y.shape[1])
    ]
    places = np.arange(len(replay.Y[1]))
    exclude = np.column_stack([np.isin(places, replay.asked[place]) for place in (0, 1)])
    proposal = propose_levels(
        models, replay.X, Y, replay.objectives, costs=COSTS, budget=budget, exclude=exclude,
        reference_point=None if len(replay.objectives) == 1 else replay.reference,
    )  # fmt: skip
    for row, name in zip(proposal.indices, proposal.levels, strict=True):
        replay.ask(int(row), LEVELS.index(name))


STRATEGIES = {"target_only": target_only, "both_levels": both}


def run(pool: Pool, table: pd.DataFrame, problem: str, strategy: str, start: int, budget: float) -> dict:
    replay, begin = Replay(pool, table, problem, start), time.process_time()
    while replay.cost < budget:
        # The rest of what a cycle could not spend is the next one's.
        cycle = PER_CYCLE * (1 + round((replay.cost - START * COSTS["target"]) // PER_CYCLE)) + START * COSTS["target"]
        before = replay.cost
        STRATEGIES[strategy](replay, min(cycle, budget) - replay.cost)
        if replay.cost == before:
            break
    seconds = time.process_time() - begin
    objectives, Y = replay.objectives, replay.Y[1]
    worst = [np.nanmin(c) if o.direction == "maximize" else np.nanmax(c) for o, c in zip(objectives, Y.T, strict=True)]
    whole = objective_hypervolume(Y, objectives, worst)
    grid = np.arange(START * COSTS["target"], budget + 1, COSTS["target"])
    curve = [
        objective_hypervolume(Y[[row for cost, row in replay.history if cost <= limit]], objectives, worst) / whole
        for limit in grid
    ]
    return {
        "curve": curve, "cpu_seconds": seconds, "asked": [len(replay.asked[0]), len(replay.asked[1])],
        "top_found": top_found(Y[:, 0], replay.asked[1], objectives[0]) if len(objectives) == 1 else None,
    }  # fmt: skip


def top_found(values: np.ndarray, asked: list[int], objective: Objective) -> int:
    """Return how many of the pool's ten best were asked at the target."""
    best = np.argsort(-np.where(np.isfinite(values), objective.utility(values), -np.inf), kind="stable")[:TOP]
    return int(np.isin(best, asked).sum())


def summarise(runs: list[dict]) -> dict:
    curves = np.array([r["curve"] for r in runs])
    middle = (curves.shape[1] - 1) // 2
    areas = curves[:, 1:].mean(axis=1)
    top = [r["top_found"] for r in runs if r["top_found"] is not None]
    return {
        "at_half": mean_and_error(curves[:, middle]), "at_end": mean_and_error(curves[:, -1]),
        "area": mean_and_error(areas), "areas": areas.tolist(), "ends": curves[:, -1].tolist(),
        "top_10_found": mean_and_error(np.array(top)) if top else None,
        "asked_cheap_and_target": np.mean([r["asked"] for r in runs], axis=0).tolist(),
        "cpu_seconds": float(np.mean([r["cpu_seconds"] for r in runs])),
    }  # fmt: skip


def mean_and_error(values: np.ndarray) -> list[float]:
    return [float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--budget", type=float, default=250.0)
    arguments = parser.parse_args()
    pool = Pool()
    table = both_levels(pool)
    result: dict = {"costs": COSTS, "budget": arguments.budget, "summary": {}, "curves": {}}
    for problem in arguments.problems:
        summary, curves = result["summary"].setdefault(problem, {}), result["curves"].setdefault(problem, {})
        for strategy in STRATEGIES:
            runs = [run(pool, table, problem, strategy, k, arguments.budget) for k in range(arguments.starts)]
            summary[strategy] = summarise(runs)
            curves[strategy] = [[round(v, 5) for v in r["curve"]] for r in runs]
            print(
                problem, strategy, json.dumps({k: v for k, v in summary[strategy].items() if k != "areas"}), flush=True
            )
        for measure in ("areas", "ends"):
            difference = np.array(summary["both_levels"][measure]) - np.array(summary["target_only"][measure])
            summary[f"{measure}_both_less_target_only"] = mean_and_error(difference)
        result["machine"] = machine.describe("numpy", "scipy", "torch", "gpytorch")
        machine.write("level_replay", result)


if __name__ == "__main__":
    main()
