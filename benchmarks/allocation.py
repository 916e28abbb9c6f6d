"""More polymers or more repeats, on 16 properties of PI1070: is the rule right, and does the adaptive one keep up?

Usage: python benchmarks/allocation.py [--resamplings 20]

The means of the table are the truth and its `_std` the scatter of one run (normal; where `_count` is 2 or less the std
is unknown, and the root mean square of the others stands for it). Per resampling 900 polymers may be asked and the rest
are the test. Fixed allocations run 1, 3 or 9 times each of as many polymers as 900 runs buy, or 2,700 where a new
polymer costs three repeats. `adaptive` starts with 40 polymers, run twice each where a repeat may ever pay, and spends
the budget in rounds by `next_round`. All allocations see the same scatter of the same run. Models are kernel ridge on
the four blocks of descriptors of polyloop's models, the penalty by leave-one-out. The rule sees a pilot of 100 polymers
with 3 runs each, none of the test. Errors are root mean squares over the standard deviation: against the truth, or
against labels as noisy as those that teach. Each resampling is kept as it is done; the same command goes on, and prints
the tables of docs/validation/allocation.md at its end; with --resamplings 0 it does nothing else.
"""

from __future__ import annotations

import json
from collections import Counter

import numpy as np
import pandas as pd

import machine
from polyloop import datasets
from polyloop.features import featurize
from polyloop.learn.allocation import AllocationRule, Yardstick, estimate_curve, left_out_error, next_round
from polyloop.learn.functional.similarity import Eigenbasis, Similarity
from polyloop.learn.surrogate import take

RESULT = machine.RESULTS / "allocation.json"
COLUMNS = (
    "density", "refractive_index", "Cp", "Cv", "thermal_conductivity", "thermal_diffusivity", "bulk_modulus",
    "isentropic_bulk_modulus", "compressibility", "volume_expansion", "linear_expansion", "self-diffusion", "Rg", "r2",
    "static_dielectric_const", "nematic_order_parameter",
)  # fmt: skip
LOGARITHMS = {"self-diffusion"}
BLOCKS = ("ecfp", "forcefield", "rdkit2d", "backbone")
REPEATS, N_TRAIN, RATIOS = (1, 3, 9), 900, (1, 3)
PENALTIES = np.logspace(-3, 1, 13)


def truth_of(frame: pd.DataFrame, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return true values and the std of one run, standardised by the spread of the truth; NaN where there is none."""
    y, std = frame[name].to_numpy(dtype=float), frame[f"{name}_std"].to_numpy(dtype=float)
    known = frame[f"{name}_count"].to_numpy(dtype=float) > 2
    std = np.where(known & np.isfinite(std), std, np.nan)
    if name in LOGARITHMS:
        std, y = std / y, np.log(np.where(y > 0, y, np.nan))
    std = np.where(np.isfinite(std), std, np.sqrt(np.nanmean(std**2)))
    spread = np.nanstd(y)
    return (y - np.nanmean(y)) / spread, std / spread


def predict(K: np.ndarray, rows: np.ndarray, y: np.ndarray, scatter: np.ndarray, ask: np.ndarray) -> np.ndarray:
    """Return kernel-ridge predictions; the penalty, and with it the weight of noise, by leave-one-out."""
    weight = scatter / scatter.mean() if scatter.mean() > 0 else np.ones(len(rows))
    root = np.sqrt(0.5 + 0.5 * weight)
    basis = Eigenbasis.of(K[np.ix_(rows, rows)] / np.outer(root, root))
    scaled = ((y - y.mean()) / root)[:, None]
    errors = [np.mean((basis.left_out(scaled, penalty)[:, 0] * root) ** 2) for penalty in PENALTIES]
    weights = basis.solve(scaled, PENALTIES[int(np.argmin(errors))])[:, 0] / root
    return y.mean() + K[np.ix_(ask, rows)] @ weights


def figures(found: np.ndarray, y: np.ndarray, noise: float) -> dict[str, float]:
    """Return the error against the truth, and against labels that scatter by `noise` (variance), over their std."""
    squared = float(np.mean((found - y) ** 2))
    return {"truth": float(np.sqrt(squared / y.var())), "labels": float(np.sqrt((squared + noise) / (y.var() + noise)))}


def adaptive(K, y, runs: np.ndarray, noise_of_labels: float, order, ask, budget: float, ratio: int) -> dict[str, float]:
    """Return the figures of the adaptive rule, with polymers and runs."""
    first = 1 if ratio == 1 else 2
    counts, fresh, spent = np.full(40, first), 40, 40.0 * (ratio + first - 1)
    while True:
        rows = order[:fresh]
        means = np.array([runs[row, :count].mean() for row, count in zip(rows, counts, strict=True)])
        squares = sum(float(runs[row, :count].var() * count) for row, count in zip(rows, counts, strict=True))
        freedom = int((counts - 1).sum())
        noise = squares / freedom if freedom else 0.0
        left = budget - spent
        if left < 1 or fresh >= len(order):
            break
        error = left_out_error(K[np.ix_(rows, rows)], means, noise / counts)
        new, again = next_round(counts, min(left, spent), noise=noise, error=error, cost_ratio=ratio)
        new = min(new, len(order) - fresh)
        if new == 0 and again.sum() == 0:
            break
        counts = np.concatenate([np.minimum(counts + again, runs.shape[1]), np.ones(new, dtype=int)])
        fresh, spent = fresh + new, spent + new * ratio + int(again.sum())
    found = predict(K, rows, means, noise / counts if noise else np.ones(len(rows)), ask)
    scatter = noise_of_labels / counts.mean()
    return {**figures(found, y[ask], scatter), "polymers": len(rows), "runs": int(counts.sum())}


def one(K, X, y, std, seed: int) -> dict:
    """Return every figure of one resampling of one property."""
    rng = np.random.default_rng(seed)
    usable = np.flatnonzero(np.isfinite(y))
    order = rng.permutation(usable)
    teach, ask = order[:N_TRAIN], order[N_TRAIN:]
    noise = float(np.mean(std[usable] ** 2) / y[usable].var())
    runs = y[:, None] + std[:, None] * rng.standard_normal((len(y), 40))
    noise_of_labels = float(np.mean(std[ask] ** 2))
    pilot, values = np.repeat(np.arange(100), 3), runs[teach[:100], :3].ravel()
    curve = estimate_curve(take(X, teach[:100]), values, pilot, rng=rng)
    found: dict = {"noise": noise, "curve": {"noise": curve.noise, "exponent": curve.exponent}, "test": len(ask)}
    for ratio in RATIOS:
        budget, rule = N_TRAIN * ratio, AllocationRule(curve, ratio)
        fixed = {}
        for r in REPEATS:
            rows = teach[: rule.polymers(budget, r)]
            predicted = predict(K, rows, runs[rows, :r].mean(axis=1), np.ones(len(rows)), ask)
            fixed[r] = {**figures(predicted, y[ask], noise_of_labels / r), "polymers": len(rows)}
        choice = {word.value: rule.allocations(budget, REPEATS, word)[0].repeats for word in Yardstick}
        own = adaptive(K, y, runs, noise_of_labels, teach, ask, budget, ratio)
        found[str(ratio)] = {"fixed": fixed, "rule": choice, "adaptive": own}
    return found


def means_of(found: list[dict], ratio: str, yardstick: str) -> tuple[dict[int, float], float]:
    """Return the mean error of each number of repeats, and of the adaptive rule."""
    fixed = {r: float(np.mean([row[ratio]["fixed"][str(r)][yardstick] for row in found])) for r in REPEATS}
    return fixed, float(np.mean([row[ratio]["adaptive"][yardstick] for row in found]))


def table_of(rows: dict[str, list[dict]], ratio: str, yardstick: str) -> tuple[str, int, int]:
    """Return a table, how often the rule is right, and how often it is within 1 % of the best."""
    own_columns = " adaptive | over best | runs each |" if yardstick == "truth" else ""
    lines = [f"| property | noise | exponent | 1 run | 3 runs | 9 runs | best | rule |{own_columns}"]
    lines.append("|---" * (11 if own_columns else 8) + "|")
    right = near = 0
    for name, found in rows.items():
        fixed, own = means_of(found, ratio, yardstick)
        best = min(fixed, key=fixed.__getitem__)
        chosen = Counter(row[ratio]["rule"][yardstick] for row in found).most_common(1)[0][0]
        right, near = right + (chosen == best), near + (fixed[chosen] <= 1.01 * fixed[best])
        each = np.mean([row[ratio]["adaptive"]["runs"] / row[ratio]["adaptive"]["polymers"] for row in found])
        noise, exponent = (of.mean() for of in np.array([(row["noise"], row["curve"]["exponent"]) for row in found]).T)
        errors = " | ".join(f"{fixed[r]:.3f}" for r in REPEATS)
        lines.append(
            f"| {name.replace('_', ' ')} | {noise:.3f} | {exponent:.2f} | {errors} | {best} | {chosen} |"
            + (f" {own:.3f} | {own / fixed[best]:.3f} | {each:.1f} |" if own_columns else "")
        )
    return "\n".join(lines), right, near


def report(rows: dict[str, list[dict]]) -> None:
    rows = {name: found for name, found in rows.items() if found}
    for ratio in map(str, RATIOS):
        for word in ("truth", "labels"):
            text, right, near = table_of(rows, ratio, word)
            print(
                f"\nA polymer costs {ratio}, against {word}: right {right}, within 1 % {near}, of {len(rows)}\n\n{text}"
            )


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--resamplings", type=int, default=20)
    given = parser.parse_args()
    rows: dict[str, list[dict]] = json.loads(RESULT.read_text())["rows"] if RESULT.is_file() else {}
    if given.resamplings:
        frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
        cache = machine.RESULTS.parents[1] / "runs" / "pi1070_features.sqlite"
        X = featurize(list(frame.smiles), BLOCKS, cache=cache, workers=1).described()
        K = Similarity.of(X).to(X)
        for seed in range(given.resamplings):
            for name in COLUMNS:
                found = rows.setdefault(name, [])
                if len(found) <= seed:
                    found.append(one(K, X, *truth_of(frame, name), seed))
            machine.write("allocation", {"rows": rows, "on": machine.describe("numpy", "scipy")})
            print(seed, flush=True)
        rows = json.loads(RESULT.read_text())["rows"]
    report(rows)


if __name__ == "__main__":
    main()
