"""Replay Bayesian optimisation on the public pool of 1,077 polymers: hypervolume per cycle, ours, the peer's, random.

Usage: python benchmarks/bo_replay.py [--strategies ours peer random ...] [--problems a b c] [--starts 8] [--cycles 20]

Two objectives, both maximized; 10 labelled polymers at the start, 10 picks a cycle. Start 0 is the table's own 10 rows,
starts 1 to 7 are numpy.random.default_rng(1000 + k).choice(n, 10, replace=False). Hypervolume is that of the labelled
points over that of the whole pool, reference point = the pool's minimum of each objective. Rows without a value are
picked like any other and yield nothing. No strategy sees the pool's minimum: ours takes its reference point from the
initial design.
"""

from __future__ import annotations

import argparse
import json
import time
from functools import cached_property

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

import machine
import peer
from polyloop import datasets
from polyloop.core import get_property
from polyloop.core.descriptors import BlockValues
from polyloop.core.invariant import Invariant
from polyloop.design import Objective, default_reference_point, hypervolume, non_dominated, propose
from polyloop.design.acquisition import expected_hypervolume_improvement, free_cells
from polyloop.features import EcfpCounts, featurize
from polyloop.learn import GaussianProcess, make_surrogate
from polyloop.learn.beyond_range import MixedTarget
from polyloop.learn.invariant_target import InvariantTarget

PROBLEMS = {
    "a": ("refractive_index", "thermal_conductivity"),
    "b": ("Cp", "bulk_modulus"),
    "c": ("Cp", "refractive_index"),
}
NAMES = {"Cp": "heat_capacity_cp"}
PICKS = 10


class Pool:
    """The 10 + 1,067 polymers, their descriptors and their values (NaN where the table says -9999)."""

    def __init__(self) -> None:
        descriptor, values = (
            [pd.read_csv(datasets.path("spacier_pool", file)) for file in files]
            for files in (("X.csv.gz", "X_pool.csv.gz"), ("y.csv", "y_oracle.csv.gz"))
        )
        self.table = pd.concat(values, ignore_index=True)
        forcefield = pd.concat(descriptor, ignore_index=True).to_numpy(dtype=float)
        self.blocks = {
            "ecfp": BlockValues(EcfpCounts().fit_transform(list(self.table.smiles)), "counts"),
            "ecfp_unit": BlockValues(unit_fingerprints(self.table.smiles), "counts"),
            "forcefield": BlockValues(forcefield, "densities"),
        }

    @cached_property
    def factors(self) -> BlockValues:
        """What the invariants of properties are made of."""
        return featurize(list(self.table.smiles), ("factors",)).described()["factors"]

    def values(self, names: tuple[str, ...]) -> np.ndarray:
        Y = self.table[list(names)].to_numpy(dtype=float)
        Y[Y == -9999] = np.nan
        if "bulk_modulus" in names:
            Y[:, names.index("bulk_modulus")] /= 1e9  # Pa to GPa
        return Y

    def start(self, k: int) -> np.ndarray:
        n = len(self.table)
        return np.arange(10) if k == 0 else np.random.default_rng(1000 + k).choice(n, 10, replace=False)


def unit_fingerprints(smiles) -> np.ndarray:
    """Return ECFP4 counts of the bare repeat unit with its two stars, shape (n, 2048): a variant."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    return np.array([generator.GetCountFingerprintAsNumPy(Chem.MolFromSmiles(s)) for s in smiles], dtype=float)


class Random:
    def __init__(self, pool, problem, k):
        self.rng = np.random.default_rng(5000 + k)

    def pick(self, labelled, Y):
        free = np.setdiff1d(np.arange(len(Y)), labelled)
        return self.rng.choice(free, PICKS, replace=False)


class Peer:
    """The peer's method; EHVI is vectorised unless `loop`, with the same picks."""

    def __init__(self, pool, problem, k, loop=False):
        self.X, self.loop = pool.blocks["forcefield"].values, loop

    def pick(self, labelled, Y):
        known = labelled[np.isfinite(Y[labelled]).all(axis=1)]
        free = np.setdiff1d(np.arange(len(Y)), labelled)
        z = (Y[known] - Y[known].mean(axis=0)) / Y[known].std(axis=0)
        predictions = [peer.predict(self.X[known], z[:, j], self.X[free]) for j in range(2)]
        mean, std = (np.column_stack(parts) for parts in zip(*predictions, strict=True))
        if self.loop:
            front = z[non_dominated(z)]
            score = peer.ehvi_by_loop(mean, std, front[np.argsort(front[:, 0])], peer.REFERENCE)
        else:
            score = expected_hypervolume_improvement(mean, std, free_cells(z, peer.REFERENCE))
        return free[np.argsort(-score, kind="stable")[:PICKS]]


class OfValues:
    """Models of the values: sum kernel over fingerprint and force-field blocks, greedy closed-form EHVI."""

    def __init__(self, pool, problem, k, blocks=("ecfp", "forcefield"), acquisition="ehvi", surrogate="gp", **options):
        self.X = {name: pool.blocks[name] for name in blocks}
        self.objectives = [Objective(NAMES.get(p, p)) for p in PROBLEMS[problem]]
        self.acquisition, self.surrogate, self.options = acquisition, surrogate, options
        self.rng = np.random.default_rng(k)
        self.reference = None

    def model(self, j):
        return make_surrogate(self.surrogate, **self.options)

    def pick(self, labelled, Y):
        if self.reference is None:
            self.reference = default_reference_point(Y[labelled], self.objectives)
        models = []
        for j in range(2):
            known = labelled[np.isfinite(Y[labelled, j])]
            X = {name: block[known] for name, block in self.X.items()}
            models.append(self.model(j).fit(X, Y[known, j]))
        exclude = np.zeros(len(Y), dtype=bool)
        exclude[labelled] = True
        complete = labelled[np.isfinite(Y[labelled]).all(axis=1)]
        proposal = propose(
            models, self.X, Y[complete], self.objectives, batch=PICKS, acquisition=self.acquisition,
            reference_point=self.reference, exclude=exclude, rng=self.rng,
            X_observed={name: block[complete] for name, block in self.X.items()},
        )  # fmt: skip
        return proposal.indices


class Ours(OfValues):
    """The platform's defaults: the same models, of what the properties' invariants leave where they have any."""

    def __init__(self, pool, problem, k, *, mixed=True, logarithms=False):
        super().__init__(pool, problem, k)
        self.X["factors"], self.mixed, self.logarithms = pool.factors, mixed, logarithms

    def model(self, j):
        invariant = get_property(self.objectives[j].property).invariant
        if invariant is None or not (invariant.powers or self.logarithms):
            invariant = Invariant("value", "identity", {})
        return (MixedTarget if self.mixed else InvariantTarget)(GaussianProcess, invariant)


def without_linear(pool, problem, k):
    return OfValues(pool, problem, k, kernels={"ecfp": ("minmax",), "forcefield": ("matern52",)})


def rbf(pool, problem, k):
    return OfValues(pool, problem, k, kernels={"ecfp": ("minmax",), "forcefield": ("rbf", "linear")})


STRATEGIES = {
    "random": Random,
    "peer": Peer,
    "peer_loop": lambda *a: Peer(*a, loop=True),
    "ours": Ours,
    "ours_without_invariants": OfValues,
    "ours_unmixed": lambda *a: Ours(*a, mixed=False),
    "ours_and_logarithms": lambda *a: Ours(*a, logarithms=True),
    "ours_qlognehvi": lambda *a: OfValues(*a, acquisition="qlognehvi"),
    "ours_forcefield_only": lambda *a: OfValues(*a, blocks=("forcefield",)),
    "ours_unit_ecfp": lambda *a: OfValues(*a, blocks=("ecfp_unit", "forcefield")),
    "ours_without_linear": without_linear,
    "ours_rbf": rbf,
    "ours_random_forest": lambda *a: OfValues(*a, surrogate="random_forest"),
}


def replay(pool: Pool, problem: str, strategy: str, k: int, cycles: int) -> dict:
    Y = pool.values(PROBLEMS[problem])
    known = np.isfinite(Y).all(axis=1)
    reference = np.nanmin(Y, axis=0)
    whole = hypervolume(Y, reference)
    # Copies of a front value count once.
    front = np.unique(Y[known][non_dominated(Y[known])], axis=0)
    labelled = pool.start(k)
    player = STRATEGIES[strategy](pool, problem, k)
    curve, members, seconds = [hypervolume(Y[labelled], reference) / whole], [], []
    for _ in range(cycles):
        begin = time.process_time()
        picks = player.pick(labelled, Y)
        seconds.append(time.process_time() - begin)
        if len(np.unique(picks)) != PICKS or np.isin(picks, labelled).any():
            raise RuntimeError(f"{strategy} proposed a polymer twice: {picks}")
        labelled = np.concatenate([labelled, picks])
        curve.append(hypervolume(Y[labelled], reference) / whole)
        members.append(int((front[:, None] == Y[labelled][None]).all(axis=2).any(axis=1).sum()))
    return {"curve": curve, "front": members, "front_size": len(front), "cpu_seconds": seconds}


def summarise(runs: list[dict]) -> dict:
    curves = np.array([r["curve"] for r in runs])
    reached = [int(np.argmax(c >= 0.95)) if (c >= 0.95).any() else None for c in curves]
    never = curves.shape[1] + 1
    median = float(np.median([never if r is None else r for r in reached]))
    areas = curves[:, 1:].mean(axis=1)
    at = {c: float(curves[:, c].mean()) for c in (5, 10, 20) if c < curves.shape[1]}
    return {
        "hypervolume_at": at,
        "median_cycles_to_95": None if median >= never else median,
        "area": float(areas.mean()),
        "area_standard_error": float(areas.std(ddof=1) / np.sqrt(len(areas))) if len(areas) > 1 else None,
        "areas": areas.tolist(),
        "front_found": [r["front"][-1] for r in runs],
        "front_size": runs[0]["front_size"],
        "cpu_seconds_per_cycle": float(np.mean([r["cpu_seconds"] for r in runs])),
    }


def compare(result: dict, baseline: str) -> None:
    """Add to each summary the paired difference of areas to `baseline`, over the starts that both ran."""
    for by_strategy in result["summary"].values():
        if baseline not in by_strategy:
            continue
        for name, summary in by_strategy.items():
            n = min(len(summary["areas"]), len(by_strategy[baseline]["areas"]))
            difference = np.array(summary["areas"][:n]) - np.array(by_strategy[baseline]["areas"][:n])
            if name != baseline and n > 1:
                error = float(difference.std(ddof=1) / np.sqrt(n))
                summary[f"area_minus_{baseline}"] = [float(difference.mean()), error]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strategies", nargs="+", default=["random", "peer", "ours"], choices=list(STRATEGIES))
    parser.add_argument("--problems", nargs="+", default=list(PROBLEMS), choices=list(PROBLEMS))
    parser.add_argument("--starts", type=int, default=8)
    parser.add_argument("--cycles", type=int, default=20)
    parser.add_argument("--name", default="bo_replay", help="results/NAME.json; strategies already there are kept")
    arguments = parser.parse_args()
    pool = Pool()
    earlier = machine.RESULTS / f"{arguments.name}.json"
    result = json.loads(earlier.read_text()) if earlier.exists() else {"summary": {}, "curves": {}}
    for problem in arguments.problems:
        summaries = result["summary"].setdefault(problem, {})
        curves = result["curves"].setdefault(problem, {})
        for strategy in arguments.strategies:
            runs = [replay(pool, problem, strategy, k, arguments.cycles) for k in range(arguments.starts)]
            summaries[strategy] = summarise(runs)
            curves[strategy] = [[round(v, 5) for v in r["curve"]] for r in runs]
            compare(result, "peer")
            shown = {k: v for k, v in summaries[strategy].items() if k != "areas"}
            print(problem, strategy, json.dumps(shown), flush=True)
            result["machine"] = machine.describe("numpy", "scipy", "scikit-learn", "torch", "gpytorch", "botorch")
            machine.write(arguments.name, result)


if __name__ == "__main__":
    main()
