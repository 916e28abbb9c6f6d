"""Formation energy from composition: attention among the elements against boosted trees, and the model that is shipped.

Usage: python benchmarks/formation_energy.py [--members 3] [--epochs 40] [--ship FILE]

The lowest energy of each of 86,356 reduced compositions (Matbench, the Materials Project of 2018), a tenth of them left
out by the digest of the formula. Stable ones are those among the stable formulas of the Materials Project of 2022.
"""

from __future__ import annotations

import time
from hashlib import sha1
from pathlib import Path

import lightgbm
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import machine
from polyloop import datasets
from polyloop.crystal.composition import Composition
from polyloop.crystal.element_features import ELEMENT_COUNT
from polyloop.crystal.element_statistics import element_statistics
from polyloop.crystal.formation_energy import FormationEnergyModel, element_fractions

Array = NDArray[np.float64]
SOURCE = "the formation energies of Matbench (Materials Project, 2018), nine of ten compositions"
PARTS, LEFT_OUT = 10, 9


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--members", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--ship", type=Path, help="where to write the trained network")
    given = parser.parse_args()
    compositions, energies = lowest()
    parts = np.array([part(composition) for composition in compositions])
    table = pd.read_csv(datasets.path("composition", "MP_stable_formula_20220807.csv.gz"))
    known_stable = {Composition(formula).canonical for formula in table.formula_pretty}
    train, test = np.flatnonzero(parts != LEFT_OUT), np.flatnonzero(parts == LEFT_OUT)
    stable = np.array([compositions[row].canonical in known_stable for row in test])
    result: dict[str, object] = {"train": len(train), "test": len(test), "stable": int(stable.sum()), "models": {}}

    begin = time.process_time()
    trees = boosted(compositions, energies, train, test)
    rows = {"lightgbm": scores(trees, energies[test], stable) | {"cpu_seconds": time.process_time() - begin}}

    begin = time.process_time()
    model = FormationEnergyModel.train(
        [compositions[row] for row in train], energies[train], SOURCE, n_members=given.members, epochs=given.epochs
    )
    seconds = time.process_time() - begin
    if given.ship:
        model.write(given.ship)
        model = FormationEnergyModel.read(given.ship)
    said, std = model.predict([compositions[row] for row in test])
    rows["set_attention"] = (
        scores(said, energies[test], stable) | covered(said, std, energies[test], stable) | {"cpu_seconds": seconds}
    )
    result |= {
        "models": rows, "members": given.members, "epochs": given.epochs,
        "on": machine.describe("torch", "lightgbm", "mendeleev"),
    }  # fmt: skip
    machine.write("formation_energy", result)
    for name, row in rows.items():
        print(name, row)


def lowest() -> tuple[list[Composition], Array]:
    """Return the compositions and the lowest energy of each, in eV/atom."""
    table = pd.read_csv(datasets.path("composition", "mp_e_form.csv.gz"))
    found: dict[str, tuple[Composition, float]] = {}
    for formula, energy in zip(table.iloc[:, 0], table.iloc[:, 1], strict=True):
        composition = Composition(str(formula))
        if composition.canonical not in found or energy < found[composition.canonical][1]:
            found[composition.canonical] = composition, float(energy)
    compositions, energies = zip(*found.values(), strict=True)
    return list(compositions), np.array(energies)


def part(composition: Composition) -> int:
    """Return which of ten parts a composition is in."""
    return int(sha1(composition.canonical.encode()).hexdigest()[:8], 16) % PARTS


def boosted(
    compositions: list[Composition], energies: Array, train: NDArray[np.int64], test: NDArray[np.int64]
) -> Array:
    """Return what 500 trees say that learnt fractions and statistics of the elements."""
    fractions = element_fractions(compositions)[:, :ELEMENT_COUNT]
    columns = np.hstack([fractions, element_statistics(fractions)])
    given = {
        "num_leaves": 63,
        "learning_rate": 0.1,
        "num_threads": 1,
        "verbosity": -1,
        "feature_fraction": 0.4,
        "seed": 0,
    }
    trees = lightgbm.train(given, lightgbm.Dataset(columns[train], energies[train]), num_boost_round=500)
    return np.asarray(trees.predict(columns[test]))


def scores(said: Array, values: Array, stable: NDArray[np.bool_]) -> dict[str, float]:
    """Return errors in eV/atom, over all left-out compositions and over the stable ones."""
    off = said - values
    row = {
        "mae": np.abs(off).mean(), "rmse": np.sqrt((off**2).mean()), "r2": 1.0 - (off**2).mean() / values.var(),
        "mae_stable": np.abs(off[stable]).mean(), "rmse_stable": np.sqrt((off[stable] ** 2).mean()),
        "r2_stable": 1.0 - (off[stable] ** 2).mean() / values[stable].var(), "median": np.median(np.abs(off)),
    }  # fmt: skip
    return {name: float(value) for name, value in row.items()}


def covered(said: Array, std: Array, values: Array, stable: NDArray[np.bool_]) -> dict[str, float]:
    """Return which share of errors lies within one and two standard deviations."""
    ratio = np.abs(said - values) / std
    return {
        "within_1": float((ratio < 1).mean()), "within_2": float((ratio < 2).mean()),
        "within_1_stable": float((ratio[stable] < 1).mean()), "within_2_stable": float((ratio[stable] < 2).mean()),
    }  # fmt: skip


if __name__ == "__main__":
    main()
