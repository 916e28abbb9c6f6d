"""Models of six properties of PI1070, inside the data and beyond it, with and without invariants and backbone numbers.

Usage: python benchmarks/models_pi1070.py [--seeds 5] [--properties density ...] [--splits random ...]

RMSE is over the standard deviation of the property in the whole table. Splits: `random` (five folds) and `clusters`
(five folds of 40 clusters by average linkage on MinMax distances of ECFP counts, whole clusters), in which each
polymer is asked once and the figures are over all of them; `middle` and `lowest` (the middle or the lowest 30 % of
the values teach, the rest is asked). Seeds draw the folds, or 85 % of the rows that teach. Variants differ in one
thing each from `chosen`, which is what `polyloop model train` does: the choice between the value and its invariant is
made inside the rows that teach. `alone` leaves out the word of the invariant's mean beyond the range, `value` learns
the property itself, `quantum` has the table's DFT columns and takes its polarizability for the factor, `polarizability`
does the latter alone, as `--factor static_polarizability=COLUMN` does. Ablations leave out backbone numbers or the
linear part; ridge regressions of the value do not know, or do, by which limits rows were chosen. Each row is kept as
it is done; the same command goes on, and prints the tables of docs/validation/models.md at its end; with --seeds 0 it
does nothing else.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import pandas as pd
from sklearn.model_selection import GroupKFold, KFold

import machine
from polyloop import datasets
from polyloop.core import get_property
from polyloop.core.descriptors import BlockValues
from polyloop.features import featurize
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.invariant_choice import choose_invariant
from polyloop.learn.property_model import BLOCKS_OF_MODELS
from polyloop.learn.registry import make_surrogate
from polyloop.learn.surrogate import Surrogate, take
from polyloop.learn.target_model import TargetModel, fit_surrogate
from polyloop.learn.validation import cluster_labels, make_splitter, score
from polyloop.learn.validation.structure_splits import similarity_of

RESULT = machine.RESULTS / "models_pi1070.json"
COLUMNS = {
    "density": ("density", 1.0),
    "refractive_index": ("refractive_index", 1.0),
    "thermal_conductivity": ("thermal_conductivity", 1.0),
    "heat_capacity_cp": ("Cp", 1.0),
    "bulk_modulus": ("bulk_modulus", 1e-9),
    "linear_expansion": ("linear_expansion", 1.0),
}
Maker = Callable[[], Surrogate]


def gaussian_process(y: np.ndarray, split: str) -> Maker:
    return GaussianProcess


def without_linear_part(y: np.ndarray, split: str) -> Maker:
    quantities = ("forcefield", "rdkit2d", "backbone")
    return lambda: GaussianProcess(dict.fromkeys(quantities, ("matern52",)))


def ridge(y: np.ndarray, split: str) -> Maker:
    return lambda: make_surrogate("ensemble", seed=0)


def ridge_of_chosen(y: np.ndarray, split: str) -> Maker:
    """Ridge regressions that know by which values rows were chosen."""
    limits = {"selected_below": np.nextafter(y.max(), np.inf)}
    if split == "middle":
        limits |= {"selected_above": np.nextafter(y.min(), -np.inf)}
    return lambda: make_surrogate("ensemble", seed=0, **(limits if split in ("middle", "lowest") else {}))


@dataclass(frozen=True)
class Variant:
    """Blocks, whether an invariant may be learnt (None: what is better), and what makes the model."""

    blocks: tuple[str, ...] = BLOCKS_OF_MODELS
    invariant: bool | None = None
    make: Callable[[np.ndarray, str], Maker] = gaussian_process


VARIANTS = {
    "chosen": Variant(),
    "value": Variant(invariant=False),
    "quantum": Variant((*BLOCKS_OF_MODELS, "quantum")),
    "polarizability": Variant(),
    "without backbone": Variant(tuple(name for name in BLOCKS_OF_MODELS if name != "backbone")),
    "without linear part": Variant(make=without_linear_part),
    "ridge of the value": Variant(invariant=False, make=ridge),
    "truncated likelihood": Variant(invariant=False, make=ridge_of_chosen),
}
QUANTUM = ("quantum", "polarizability")
SHOWN = ("chosen", "chosen alone", "value", "quantum", "polarizability")
FOLDS = {"random": KFold, "clusters": GroupKFold}
SPLITS = ("random", "clusters", "middle", "lowest")


def splits(kind: str, y: np.ndarray, clusters: np.ndarray, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return the rows that teach and those that are asked: five folds that ask each row once, or one range."""
    if kind in FOLDS:
        folds = FOLDS[kind](n_splits=5, shuffle=True, random_state=seed)
        return list(folds.split(y, y, clusters if kind == "clusters" else None))
    return list(make_splitter(kind, 1, seed=seed).split(y, y, clusters))


@dataclass(frozen=True)
class Said:
    """What a model said of the rows that it was asked, shape (n,) each."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    outside: np.ndarray

    @classmethod
    def of(cls, model: TargetModel, X: dict) -> Said:
        interval, report = model.assess(X)
        return cls(interval.mean, interval.low, interval.high, report.outside)

    @classmethod
    def joined(cls, parts: list[Said]) -> Said:
        return cls(*(np.concatenate([getattr(one, name.name) for one in parts]) for name in fields(cls)))


def figures(
    X: dict, y: np.ndarray, name: str, split: str, parts: list[tuple[np.ndarray, np.ndarray]], variant: Variant
) -> dict[str, dict]:
    """Return the figures of one model over all parts, and of its surrogate without the word of the invariant's mean."""
    said, alone, chosen, odds, within = [], [], [], [], []
    for teach, ask in parts:
        invariant = get_property(name).invariant if variant.invariant is not False else None
        given, values, asked = take(X, teach), y[teach], take(X, ask)
        make = variant.make(values, split)
        if invariant is not None:
            found = choose_invariant(given, values, None, invariant, make)
            invariant = invariant if found["invariant"] < found["value"] else None
        fitted = fit_surrogate(make, given, values, None, invariant)
        model = TargetModel(given, values, None, invariant, fitted)
        model.check(make, np.random.default_rng(0))
        said.append(Said.of(model, asked))
        alone.append(Said.of(TargetModel(given, values, None, invariant, fitted, model.factor, mixed=False), asked))
        chosen.append(invariant is not None)
        odds.append(model.chosen)
        rest = np.setdiff1d(np.arange(len(y)), np.concatenate([teach, ask]))
        within += list(Said.of(model, take(X, rest)).outside) if len(rest) else []
    asked = np.concatenate([ask for _, ask in parts])
    words = {"": said} | ({" alone": alone} if any(chosen) else {})
    # Rows of a range that did not teach.
    inside = {"flagged_inside": float(np.mean(within))} if within else {}
    by_size = np.max(odds, axis=0)
    return {
        word: judged(Said.joined(one), y, asked, len(parts[0][0]), np.mean(chosen))
        | {"chosen_by_size": [round(float(one), 4) for one in by_size]}
        | inside
        for word, one in words.items()
    }


def judged(said: Said, y: np.ndarray, ask: np.ndarray, n: int, is_invariant: float) -> dict:
    """Return errors over the spread of y, coverage and width of the 90 % intervals, and how much was flagged."""
    found = score(y[ask], said.mean, low=said.low, high=said.high, spread=float(y.std()))
    covered = (said.low <= y[ask]) & (y[ask] <= said.high)
    return {
        "rmse": found.relative_rmse,
        "r2": found.r2,
        "rho": found.rank_correlation,
        "coverage": found.coverage,
        "width": found.width,
        "flagged": float(said.outside.mean()),
        "coverage_unflagged": float(covered[~said.outside].mean()) if (~said.outside).any() else None,
        "invariant": float(is_invariant),
        "n": n,
    }


def with_quantum_columns(X: dict, frame: pd.DataFrame) -> tuple[dict, np.ndarray]:
    """Return the blocks with the table's DFT columns and its polarizability as the factor, and where all are known.

    The columns are of a capped monomer; the polarizability is scaled to the repeat unit by mass.
    """
    mass, volume, homo, lumo, dipole, alpha = (
        frame[column].to_numpy(dtype=float)
        for column in ("mol_weight_monomer", "vdw_volume_monomer", "qm_homo_monomer", "qm_lumo_monomer",
                       "qm_dipole_monomer", "qm_polarizability_monomer")
    )  # fmt: skip
    columns = np.column_stack([homo, lumo, lumo - homo, dipole, alpha / mass, alpha / volume, volume / mass])
    factors = np.array(X["factors"].values)
    factors[:, 3] = 4 / 3 * np.pi * 0.602214 * alpha / mass * factors[:, 0]
    known = np.isfinite(columns).all(axis=1)
    filled = {"quantum": np.where(known[:, None], columns, 0.0), "factors": np.where(known[:, None], factors, 1.0)}
    return {**X, **{name: BlockValues(rows, "physical") for name, rows in filled.items()}}, known


def table_of(rows: dict[str, dict]) -> str:
    """Return means over the runs of each variant, as Markdown: errors, then coverages and widths; a dash is no run."""
    words = ("as trained", "model alone", "value itself", "with DFT columns", "with polarizability")
    errors = [f"| property | split | rows that teach | runs | {' | '.join(words)} |", "|---" * (4 + len(words)) + "|"]
    intervals = [f"| property | split | {' | '.join(words)} | flagged |", "|---" * (3 + len(words)) + "|"]
    for name, split in itertools.product(COLUMNS, SPLITS):
        found = [
            [row for key, row in sorted(rows.items()) if key.startswith(f"{name} / {split} / {variant} / ")]
            for variant in SHOWN
        ]
        if not found[0]:
            continue
        means = [
            {word: np.mean([row[word] for row in one]) for word in ("rmse", "coverage", "width")} if one else {}
            for one in found
        ]
        start = f"| {name.removesuffix('_cp').replace('_', ' ')} | {split} | "
        rmse = [f"{one['rmse']:.3f}" if one else "-" for one in means]
        held = [f"{one['coverage']:.2f} ({one['width']:.2f})" if one else "-" for one in means]
        errors.append(f"{start}{found[0][0]['n']:,} | {len(found[0])} | {' | '.join(rmse)} |")
        flagged = np.mean([row["flagged"] for row in found[0]])
        intervals.append(f"{start}{' | '.join(held)} | {flagged:.3f} |")
    return "\n".join([*errors, "", *intervals])


def ablations_of(rows: dict[str, dict]) -> str:
    """Return errors and coverages of the ablations, as Markdown; a dash where there is none."""
    words = {"chosen": "as trained", "without backbone": "without backbone",
             "without linear part": "without linear part", "chosen alone": "model alone",
             "without linear part alone": "alone, without linear part", "value": "value itself",
             "ridge of the value": "ridge of the value", "truncated likelihood": "the same, truncated"}  # fmt: skip
    lines = [f"| property | split | {' | '.join(words.values())} |", "|---" * (2 + len(words)) + "|"]
    for name, split in itertools.product(("density", "refractive_index", "heat_capacity_cp"), ("middle", "lowest")):
        found = [
            [row for key, row in rows.items() if key.startswith(f"{name} / {split} / {variant} / ")]
            for variant in words
        ]
        cells = [
            f"{np.mean([row['rmse'] for row in one]):.3f} ({np.mean([row['coverage'] for row in one]):.2f})"
            if one else "-"
            for one in found
        ]  # fmt: skip
        lines.append(f"| {name.removesuffix('_cp').replace('_', ' ')} | {split} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--properties", nargs="+", choices=COLUMNS, default=list(COLUMNS))
    parser.add_argument("--splits", nargs="+", choices=SPLITS, default=list(SPLITS))
    parser.add_argument("--variants", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    given = parser.parse_args()
    if given.seeds == 0:
        rows = json.loads(RESULT.read_text())["rows"]
        print(table_of(rows), ablations_of(rows), sep="\n\n")
        return
    frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
    cache = machine.RESULTS.parents[1] / "runs" / "pi1070_features.sqlite"
    cache.parent.mkdir(exist_ok=True)
    table = featurize(list(frame.smiles), BLOCKS_OF_MODELS, cache=cache, workers=2)
    groups = cluster_labels(similarity_of(table.blocks["ecfp"]))
    plain = dict(table.described())
    quantum, known = with_quantum_columns(plain, frame)
    rows = json.loads(RESULT.read_text())["rows"] if RESULT.is_file() else {}
    wanted = itertools.product(given.properties, given.splits, range(given.seeds), given.variants)
    for name, split, seed, variant in wanted:
        key = f"{name} / {split} / {variant} / {seed}"
        if key in rows:
            continue
        column, unit = COLUMNS[name]
        values = frame[column].to_numpy(dtype=float) * unit
        usable = np.flatnonzero(np.isfinite(values) & table.valid & (known if variant in QUANTUM else True))
        described = quantum if variant in QUANTUM else plain
        X, y = take({block: described[block] for block in VARIANTS[variant].blocks}, usable), values[usable]
        parts = splits(split, y, groups[usable], seed)
        for word, found in figures(X, y, name, split, parts, VARIANTS[variant]).items():
            rows[f"{name} / {split} / {variant}{word} / {seed}"] = found
            print(key, word, {k: round(v, 3) if isinstance(v, float) else v for k, v in found.items()}, flush=True)
        machine.write("models_pi1070", {"rows": rows, "on": machine.describe("scikit-learn", "gpytorch")})
    print(table_of(rows), ablations_of(rows), sep="\n\n")


if __name__ == "__main__":
    main()
