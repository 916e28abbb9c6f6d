"""Thermal conductivity from few labels, with models of eight other properties trained on other polymers of PI1070.

Usage: python benchmarks/transfer.py [--seeds 12]

Per seed the polymers are parted: 500 teach the source models, 400 are asked, and of the rest 28 or 100 are labels; no
polymer is in two parts. `direct` learns from the labels alone, `affine` is affine transfer, `transfer` is the surrogate
of that name, which chooses between the two inside the labels; `shuffled` has the rows of the sources' predictions mixed
up; `true values` knows the eight source properties themselves, as after a cheap simulation of each candidate. `log`
learns the logarithm, the invariant that polyloop's models of this property learn; `all` is the four blocks of
descriptors of those models, `two` is ecfp and forcefield. `linear` is a ridge regression on the sources' predictions,
its penalty chosen by leave-one-out. Each row is kept as it is done; the same command goes on, and prints the table of
docs/validation/transfer.md at its end; with --seeds 0 it does nothing else.
"""

from __future__ import annotations

import json

import numpy as np
from sklearn.linear_model import RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import machine
from polyloop.core import get_property
from polyloop.core.descriptors import BlockValues
from polyloop.learn import GaussianProcess
from polyloop.learn.invariant_target import InvariantTarget
from polyloop.learn.property_model import without_factors
from polyloop.learn.surrogate import take
from polyloop.learn.transfer import SOURCE_BLOCK, AffineGaussianProcess, TransferGaussianProcess
from transfer_data import TARGET, library, parted, read

RESULT = machine.RESULTS / "transfer.json"
LABELS = (28, 100)
# (way, surrogate, blocks, which source columns)
WAYS = {
    "direct": (GaussianProcess, None),
    "affine": (AffineGaussianProcess, "predictions"),
    "transfer": (TransferGaussianProcess, "predictions"),
    "affine, shuffled": (AffineGaussianProcess, "shuffled"),
    "transfer, shuffled": (TransferGaussianProcess, "shuffled"),
    "affine, true values": (AffineGaussianProcess, "true values"),
}
OTHERS = [("affine", "all", ""), ("affine", "two", "log"), ("affine", "two", ""), ("direct", "two", ""),
          ("direct", "all", ""), ("direct", "two", "log")]  # fmt: skip
KEYS = [(way, "all", "log") for way in WAYS] + OTHERS
BLOCKS = {"all": ("ecfp", "forcefield", "rdkit2d", "backbone"), "two": ("ecfp", "forcefield")}
Z90 = 1.6449


def source_columns(found, table, true: dict[str, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the columns of the sources by what they are, each of shape (n, sources)."""
    predicted = found.predictions(table.described()).values
    values = predicted.copy()
    for i, (name, card) in enumerate(found.cards.items()):
        column = np.log(true[name]) if card.invariant == "logarithm" else true[name]
        values[:, i] = np.where(np.isfinite(column), column, predicted[:, i])
    return {"predictions": predicted, "shuffled": predicted[rng.permutation(len(predicted))], "true values": values}


def figures(mean: np.ndarray, std: np.ndarray | None, y: np.ndarray) -> dict[str, float]:
    """Return mean absolute error, R2 and the coverage of the 90 % interval."""
    found = {
        "mae": float(np.abs(mean - y).mean()),
        "r2": float(1 - np.sum((mean - y) ** 2) / np.sum((y - y.mean()) ** 2)),
    }
    if std is not None:
        found["coverage"] = float((np.abs(mean - y) <= Z90 * std).mean())
    return found


def one(way: str, blocks: str, log: str, X: dict, columns: dict, y: np.ndarray, teach, ask) -> dict:
    """Return the figures of one way on one parting."""
    make, kind = WAYS[way]
    given = {name: X[name] for name in BLOCKS[blocks]}
    if kind is not None:
        given[SOURCE_BLOCK] = BlockValues(columns[kind], "physical")
    made = []

    def surrogate():
        made.append(make())
        return made[-1]

    model = InvariantTarget(surrogate, get_property(TARGET).invariant) if log else surrogate()
    model.fit(take(given, teach), y[teach])
    prediction = model.predict(take(given, ask))
    found = figures(prediction.mean, prediction.predictive_std, y[ask])
    if isinstance(made[-1], TransferGaussianProcess):
        found |= {"uses_sources": made[-1].uses_sources, "gain": made[-1].gain}
    return found


def linear(columns: np.ndarray, y: np.ndarray, teach, ask) -> dict:
    model = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-2, 3, 21))).fit(columns[teach], np.log(y[teach]))
    return figures(np.exp(model.predict(columns[ask])), None, y[ask])


def table_of(rows: dict[str, dict]) -> str:
    """Return means and standard deviations over the seeds, as Markdown."""
    lines = [
        "| way | descriptors | learns | labels | MAE, W/(m K) | R2 | 90 % coverage | over direct, mean (worst) |",
        "|---" * 8 + "|",
    ]
    for n in LABELS:
        for name in ["mean", "linear", *(" / ".join(key) for key in KEYS)]:
            seeds = [seed for seed in range(99) if f"{n} / {name} / {seed}" in rows]
            found = [rows[f"{n} / {name} / {seed}"] for seed in seeds]
            if not found:
                continue
            way, blocks, log = name.split(" / ") if " / " in name else (name, "", "log")
            direct = [rows[f"{n} / direct / {blocks or 'all'} / {log} / {seed}"]["mae"] for seed in seeds]
            ratios = np.array([row["mae"] for row in found]) / direct
            mae = [row["mae"] for row in found]
            covered = f"{np.mean([row['coverage'] for row in found]):.2f}" if "coverage" in found[0] else ""
            learns, r2 = "logarithm" if log else "value", np.mean([row["r2"] for row in found])
            lines.append(
                f"| {way} | {blocks} | {learns} | {n} | {np.mean(mae):.4f} ± {np.std(mae):.4f} "
                f"| {r2:.2f} | {covered} | {ratios.mean():.2f} ({ratios.max():.2f}) |"
            )
    return "\n".join(lines)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=12)
    given = parser.parse_args()
    rows = json.loads(RESULT.read_text())["rows"] if RESULT.is_file() else {}
    table, y, true = read() if given.seeds else (None, None, None)
    for seed in range(given.seeds):
        sources, labels, ask = parted(table, y, seed)
        found = library(table, true, sources, seed)
        columns = source_columns(found, table, true, np.random.default_rng(2000 + seed))
        X = without_factors(table.described())
        for n in LABELS:
            teach = labels[:n]
            rows[f"{n} / mean / {seed}"] = figures(np.full(len(ask), y[teach].mean()), None, y[ask])
            rows[f"{n} / linear / {seed}"] = linear(columns["predictions"], y, teach, ask)
            for key in KEYS:
                name = f"{n} / {' / '.join(key)} / {seed}"
                if name not in rows:
                    rows[name] = one(*key, X, columns, y, teach, ask)
        machine.write("transfer", {"rows": rows, "on": machine.describe("scikit-learn", "gpytorch")})
        print(seed, flush=True)
    print(table_of(rows))


if __name__ == "__main__":
    main()
