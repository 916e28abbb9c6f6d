"""Replay optimisation on public tables of experiments: best value found, ours, plain BoTorch, random.

Usage: python benchmarks/process_replay.py [--strategies ours botorch ...] [--tables suzuki ...] [--seeds 20]
       python benchmarks/process_replay.py --scatter

Ten experiments drawn at random to start with (numpy.random.default_rng(seed), the same for all strategies), then eight
batches of five, from the experiments of the table that were not made yet. The curve is the best value so far as a
share of the table's range, (best - worst of the table) / (best of the table - worst of the table), after each batch;
its area is the mean over batches 1 to 8. No strategy sees the table's extremes. Set POLYLOOP_BENCHMARK_CACHE to a
folder to go on where a run was stopped: each (table, strategy, seed) is kept there.

"botorch": SingleTaskGP with its defaults on numbers scaled to [0, 1] and one-hot choices, and qLogExpectedImprovement
over all experiments left, five picks one after another (optimize_acqf_discrete), 128 quasi-random samples; fits end
after 100 steps. --scatter tells how much the P3HT blends' values scatter between neighbours, and what a model that has
seen all but the best says of it.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

import kept
import machine
from polyloop import datasets
from polyloop.core.properties import PROPERTIES, Property
from polyloop.design import Objective, default_reference_point
from polyloop.design.acquisition.noisy import TabulatedModel
from polyloop.design.sources import Observations, PoolSource
from polyloop.design.space import Categorical, Continuous, Molecular, Ordinal, Space
from polyloop.learn import make_surrogate
from polyloop.learn.surrogate import take

INITIAL, BATCH, CYCLES = 10, 5, 8

# Rows that a user adds: what these tables measured.
for row in (
    Property("reaction_yield", "Y", "%", 0.0, 100.0, "Yield of the product.", "doi:10.1038/s41586-021-03213-y"),
    Property("e_factor", "E", "1", 0.0, 1e4, "Mass of waste by mass of product.", "doi:10.1016/j.cej.2018.07.031"),
    Property("toughness", "U_T", "J", 0.0, 1e3, "Energy absorbed by a crossed barrel.", "doi:10.1126/sciadv.aaz1708"),
    Property(
        "film_conductivity", "sigma", "S/cm", 0.0, 1e5, "Conductivity of a film.", "doi:10.1038/s41524-021-00656-9"
    ),
):
    PROPERTIES.add(row.name, row)


@dataclass(frozen=True)
class Table:
    """Experiments with their values, of a space."""

    space: Space
    points: pd.DataFrame
    values: np.ndarray
    objective: Objective


def reactions(file: str) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.read_csv(datasets.path("process_tables", f"edbo/{file}.csv.gz"))
    names = {name: name.lower().removesuffix("_smiles") for name in table.columns}
    return table.rename(columns=names).drop(columns=["entry", "yield"]), table["yield"].to_numpy(dtype=float)


def campaigns(name: str, columns: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.read_csv(datasets.path("process_tables", f"{name}/data.csv"), header=None)
    return table.iloc[:, :-1].set_axis(columns, axis=1), table.iloc[:, -1].to_numpy(dtype=float)


def choice(name: str, smiles: pd.Series, descriptors: bool):
    known = sorted(smiles.unique())
    return Molecular(name, known) if descriptors else Categorical(name, tuple(known))


@cache
def load(name: str, descriptors: bool = True) -> Table:
    if name in ("direct_arylation", "aryl_amination", "suzuki"):
        points, values = reactions(name)
        variables = []
        for column in points.columns:
            if column in ("concentration", "temp_c"):
                variables.append(Ordinal(column, tuple(sorted(points[column].unique().tolist()))))
            else:
                variables.append(choice(column, points[column], descriptors))
        return Table(Space(variables), points, values, Objective("reaction_yield"))
    if name == "crossed_barrel":
        points, values = campaigns(name, ["n", "theta", "radius", "thickness"])
        variables = [Ordinal(c, tuple(sorted(points[c].unique().tolist()))) for c in points.columns]
        return Table(Space(variables), points, values, Objective("toughness"))
    if name == "p3ht":
        points, values = campaigns(name, ["p3ht", "d1", "d2", "d6", "d8"])
        ends = {"p3ht": (15.0, 100.0), "d1": (0.0, 60.0), "d2": (0.0, 70.0), "d6": (0.0, 85.0), "d8": (0.0, 75.0)}
        objective = Objective("film_conductivity")
    else:
        points, values = campaigns(name, ["residence_time", "ratio", "concentration", "temperature"])
        ends = {"residence_time": (0.5, 2.0), "ratio": (1.0, 5.0), "concentration": (0.1, 0.5),
                "temperature": (60.0, 140.0)}  # fmt: skip
        objective = Objective("e_factor", "minimize")
    space = Space([Continuous(column, *ends[column]) for column in points.columns])
    return Table(space, points, values, objective)


TABLES = ("direct_arylation", "suzuki", "aryl_amination", "crossed_barrel", "p3ht", "snar")


class Random:
    def __init__(self, table: Table, seed: int) -> None:
        self.n, self.rng = len(table.values), np.random.default_rng(10_000 + seed)

    def pick(self, made: np.ndarray, values: np.ndarray) -> np.ndarray:
        return self.rng.choice(np.setdiff1d(np.arange(self.n), made), BATCH, replace=False)


class Ours:
    """The defaults for a space: the product GP, and expected improvement over all experiments left."""

    def __init__(self, table: Table, seed: int, surrogate: str = "product_gp") -> None:
        self.surrogate, self.objective, self.rng = surrogate, table.objective, np.random.default_rng(seed)
        # Row numbers stand for the texts: some tables hold the same experiment twice.
        texts = tuple(str(row) for row in range(len(table.values)))
        self.source = PoolSource(texts, table.space.encode(table.points))
        self.reference = None

    def pick(self, made: np.ndarray, values: np.ndarray) -> np.ndarray:
        texts, Y = tuple(map(str, made)), values[:, None]
        if self.reference is None:
            self.reference = default_reference_point(Y, [self.objective])
        model = make_surrogate(self.surrogate).fit(self.source.encode(texts), values)
        suggestion = self.source.propose(
            [model], Observations(texts, Y), [self.objective], batch=BATCH, rng=self.rng,
            reference_point=self.reference,
        )  # fmt: skip
        return np.array([int(text) for text in suggestion.texts])


class OursWithIdentity(Ours):
    """Ours, with one more block for each molecule that says no more than which it is, and a length scale of its own."""

    def __init__(self, table: Table, seed: int) -> None:
        super().__init__(table, seed)
        blocks = dict(table.space.encode(table.points))
        for variable in table.space.variables:
            if isinstance(variable, Molecular):
                alone = Categorical(f"{variable.name}_identity", variable.values)
                places = [variable.coordinate(variable.snapped(value)) for value in table.points[variable.name]]
                blocks[alone.name] = alone.block(np.array(places))
        self.source = PoolSource(self.source.texts, blocks)


class Botorch:
    def __init__(self, table: Table, seed: int) -> None:
        import torch

        self.seed, self.sign = seed, -1.0 if table.objective.direction == "minimize" else 1.0
        parts = []
        for variable in table.space.variables:
            column = table.points[variable.name]
            if column.dtype == object or isinstance(variable, Molecular | Categorical):
                parts.append(pd.get_dummies(column).to_numpy(dtype=float))
            else:
                low, high = column.min(), column.max()
                parts.append(((column - low) / (high - low)).to_numpy(dtype=float)[:, None])
        self.X = torch.from_numpy(np.hstack(parts))

    def pick(self, made: np.ndarray, values: np.ndarray) -> np.ndarray:
        import torch
        from botorch.acquisition.logei import qLogExpectedImprovement
        from botorch.fit import fit_gpytorch_mll
        from botorch.models import SingleTaskGP
        from botorch.optim import optimize_acqf_discrete
        from botorch.sampling.normal import SobolQMCNormalSampler
        from gpytorch.mlls import ExactMarginalLogLikelihood

        torch.manual_seed(self.seed)
        y = torch.from_numpy(self.sign * values)[:, None]
        model = SingleTaskGP(self.X[made], y)
        mll = ExactMarginalLogLikelihood(model.likelihood, model)
        # Without a limit a fit of 30 length scales to 50 values takes some 700 steps, for nothing that shows.
        fit_gpytorch_mll(mll, optimizer_kwargs={"options": {"maxiter": 100}})
        sampler = SobolQMCNormalSampler(torch.Size([128]), seed=self.seed)
        free = np.setdiff1d(np.arange(len(self.X)), made)
        # The joint posterior of all experiments left, once, instead of once a pick: the same numbers in less time.
        with torch.no_grad():
            posterior = model.posterior(self.X[free]).distribution
            mean, covariance = posterior.mean.numpy(), posterior.covariance_matrix.numpy()
        center, unit = self.sign * values.mean(), values.std() or 1.0
        table = TabulatedModel((mean[:, None] - center) / unit, covariance[None] / unit**2 + 1e-8 * np.eye(len(free)))
        acquisition = qLogExpectedImprovement(table, best_f=(float(y.max()) - center) / unit, sampler=sampler)
        choices = torch.arange(len(free), dtype=torch.double)[:, None]
        chosen, _ = optimize_acqf_discrete(acquisition, q=BATCH, choices=choices, max_batch_size=256)
        return free[chosen[:, 0].round().long().numpy()]


STRATEGIES = {
    "random": Random,
    "botorch": Botorch,
    "ours": Ours,
    "ours_sum_gp": lambda *a: Ours(*a, surrogate="gp"),
    "ours_one_hot": Ours,
    "ours_with_identity": OursWithIdentity,
}


def replay(name: str, strategy: str, seed: int) -> dict:
    table = load(name, strategy != "ours_one_hot")
    sign = -1.0 if table.objective.direction == "minimize" else 1.0
    utility = sign * table.values
    made = np.random.default_rng(seed).choice(len(utility), INITIAL, replace=False)
    player = STRATEGIES[strategy](table, seed)
    curve, seconds = [utility[made].max()], []
    for _ in range(CYCLES):
        begin = time.process_time()
        picks = player.pick(made, table.values[made])
        seconds.append(time.process_time() - begin)
        if len(np.unique(picks)) != BATCH or np.isin(picks, made).any():
            raise RuntimeError(f"{strategy} proposed an experiment twice: {picks}")
        made = np.concatenate([made, picks])
        curve.append(utility[made].max())
    low, high = utility.min(), utility.max()
    top = np.sort(utility)[-max(1, len(utility) // 100)]
    return {
        "curve": [float((value - low) / (high - low)) for value in curve],
        "in_top_percent": bool(curve[-1] >= top),
        "cpu_seconds": float(np.mean(seconds)),
    }


def _mean_and_deviation(runs: list[dict], batches: int) -> tuple[float, float]:
    """Return mean and standard deviation over the runs of the best value so far, as a share of the table's range."""
    best = np.array([run["curve"][batches] for run in runs])
    return best.mean(), best.std(ddof=1) if len(best) > 1 else 0.0


def summarise(runs: list[dict]) -> dict:
    areas = np.array([np.mean(run["curve"][1:]) for run in runs])
    return {
        "area": float(areas.mean()),
        "area_standard_error": float(areas.std(ddof=1) / np.sqrt(len(areas))) if len(areas) > 1 else None,
        "areas": areas.tolist(),
        "best_at": {n: float(np.mean([run["curve"][n] for run in runs])) for n in (0, 2, 4, 8)},
        "runs_in_top_percent": int(sum(run["in_top_percent"] for run in runs)),
        "runs_with_optimum_in_40": int(sum(run["curve"][6] >= 1.0 for run in runs)),
        "runs_with_optimum_in_50": int(sum(run["curve"][8] >= 1.0 for run in runs)),
        "best_in_40": [float(value) for value in _mean_and_deviation(runs, 6)],
        "best_in_50": [float(value) for value in _mean_and_deviation(runs, 8)],
        "runs": len(runs),
        "cpu_seconds_per_batch": float(np.mean([run["cpu_seconds"] for run in runs])),
    }


def compare(summaries: dict, baselines: tuple[str, ...] = ("random", "botorch")) -> None:
    """Add to each summary the paired differences of areas to the baselines, over the seeds that both ran."""
    for name, summary in summaries.items():
        for baseline in baselines:
            if baseline in summaries and name != baseline:
                n = min(len(summary["areas"]), len(summaries[baseline]["areas"]))
                difference = np.array(summary["areas"][:n]) - np.array(summaries[baseline]["areas"][:n])
                error = float(difference.std(ddof=1) / np.sqrt(n)) if n > 1 else None
                summary[f"area_minus_{baseline}"] = [float(difference.mean()), error]


def scatter() -> dict[str, object]:
    """Return how far apart the values of neighbouring P3HT blends are, and the best one's place among them."""
    table = load("p3ht")
    points, values = table.points.to_numpy(float), table.values
    apart = np.abs(points[:, None] - points[None]).sum(axis=-1)
    best, rows = int(values.argmax()), np.arange(len(values))
    i, j = np.triu_indices(len(values), 1)
    others = rows != best
    blocks = table.space.encode(table.points)
    model = make_surrogate("product_gp").fit(take(blocks, rows[others]), values[others])
    said = model.predict(blocks)
    return {
        "standard deviation of all": float(values.std()),
        "scatter of one value by pairs within n %": {
            limit: [int((apart[i, j] <= limit).sum()),
                    float(np.sqrt(np.mean((values[i] - values[j])[apart[i, j] <= limit] ** 2) / 2))]
            for limit in (3, 5, 10)
        },
        "best": float(values[best]),
        "neighbours of the best within 5 %": sorted(float(value) for value in values[(apart[best] <= 5) & others]),
        "said of the best by all others": [float(said.mean[best]), float(said.noise_std[best])],
        "blends of which more is said": int((said.mean > said.mean[best]).sum()),
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--strategies", nargs="+", default=["random", "ours", "botorch"], choices=list(STRATEGIES))
    parser.add_argument("--tables", nargs="+", default=list(TABLES), choices=TABLES)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--name", default="process_replay", help="results/NAME.json; what is there already is kept")
    parser.add_argument("--scatter", action="store_true", help="print the scatter of the P3HT blends, and end")
    arguments = parser.parse_args()
    if arguments.scatter:
        print(json.dumps(scatter(), indent=1))
        return
    # BoTorch says when a fit was tried again; GPyTorch when it added jitter.
    warnings.simplefilter("ignore")
    earlier = machine.RESULTS / f"{arguments.name}.json"
    result = json.loads(earlier.read_text()) if earlier.exists() else {"summary": {}, "curves": {}}
    for name in arguments.tables:
        summaries = result["summary"].setdefault(name, {})
        for strategy in arguments.strategies:
            key = f"process_replay 1 {name} {strategy}"
            runs = [
                kept.kept(f"{key} {seed}", lambda n=name, s=strategy, k=seed: replay(n, s, k))
                for seed in range(arguments.seeds)
            ]
            summaries[strategy] = summarise(runs)
            result["curves"].setdefault(name, {})[strategy] = [[round(v, 5) for v in run["curve"]] for run in runs]
            compare(summaries)
            print(
                name, strategy, json.dumps({k: v for k, v in summaries[strategy].items() if k != "areas"}), flush=True
            )
            result["machine"] = machine.describe("numpy", "scipy", "torch", "gpytorch", "botorch", "rdkit")
            machine.write(arguments.name, result)


if __name__ == "__main__":
    main()
