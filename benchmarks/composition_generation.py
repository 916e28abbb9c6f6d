"""Compositions for a wanted formation energy: three generators, judged by a model of other data.

Usage: python benchmarks/composition_generation.py [-n 1000] [--ship FILE]

The compositions of Matbench (Materials Project, 2018), the lowest energy of each, are dealt into ten parts by the
digest of their formula. Generators and the model that vouches learn parts 0 to 4, the judge parts 5 to 9. What is
stable is told by the stable formulas of the Materials Project of 2022. With `--ship` the generator that comes with
polyloop is trained as well, on all parts but the last.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import machine
from formation_energy import LEFT_OUT, lowest, part
from polyloop import datasets
from polyloop.crystal.composition import Composition
from polyloop.crystal.formation_energy import FormationEnergyModel
from polyloop.crystal.generation import (
    AdversarialGenerator,
    CompositionGenerator,
    CompositionWish,
    ConditionalGenerator,
    MutationGenerator,
    distinct_proposals,
)
from polyloop.crystal.oxidation import charges_balance

Array = NDArray[np.float64]
WISHES = (-3.0, -2.0, -1.0, 0.0)
SOURCE = "the formation energies of Matbench (Materials Project, 2018), nine of ten compositions"
HALF = 5
# Of real compositions, for the share whose charges balance.
REAL = 2000


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=15, help="of the two models of formation energies")
    parser.add_argument("--ship", type=Path, help="where to write the generator that is shipped")
    given = parser.parse_args()
    compositions, energies = lowest()
    parts = np.array([part(composition) for composition in compositions])
    table = pd.read_csv(datasets.path("composition", "MP_stable_formula_20220807.csv.gz"))
    phases = {Composition(formula).canonical for formula in table.formula_pretty}
    stable = np.array([int(composition.canonical in phases) for composition in compositions])
    known = set(compositions) | {Composition(formula) for formula in table.formula_pretty}
    if given.ship:
        rows = np.flatnonzero(parts != LEFT_OUT)
        ConditionalGenerator.train(
            [compositions[row] for row in rows], energies[rows], stable[rows], source=SOURCE
        ).write(given.ship)

    first, second = np.flatnonzero(parts < HALF), np.flatnonzero(parts >= HALF)
    seconds: dict[str, float] = {}
    taught = [compositions[row] for row in first]
    generators: dict[str, CompositionGenerator] = {}
    for name, make in (
        ("autoregressive", lambda: ConditionalGenerator.train(taught, energies[first], stable[first])),
        ("adversarial", lambda: AdversarialGenerator.train(taught, energies[first])),
        ("mutation", lambda: MutationGenerator(taught, energies[first], stable[first])),
    ):
        begin = time.process_time()
        generators[name] = make()
        seconds[name] = time.process_time() - begin
    vouching = _model(taught, energies[first], given.epochs, seed=0)
    judge = _model([compositions[row] for row in second], energies[second], given.epochs, seed=1)
    rows = []
    for name, generator in generators.items():
        for wish in WISHES:
            for vouched in (False, True):
                rows.append(
                    {"generator": name, "wish": wish, "vouched": vouched}
                    | judged(generator, wish, given.n, judge, known, vouching if vouched else None)
                )
                print(rows[-1], flush=True)
    rng = np.random.default_rng(0)
    real = [compositions[row] for row in rng.choice(first, REAL, replace=False)]
    test = rng.choice(first, REAL, replace=False)
    said, _ = judge.predict([compositions[row] for row in test])
    machine.write(
        "composition_generation",
        {
            "n": given.n, "train_seconds": seconds, "rows": rows,
            "balanced_real": float(np.mean([charges_balance(one) for one in real])),
            "judge_mae_on_the_generators_half": float(np.abs(said - energies[test]).mean()),
            "on": machine.describe("torch", "mendeleev"),
        },
    )  # fmt: skip


def judged(
    generator: CompositionGenerator,
    energy: float,
    n: int,
    judge: FormationEnergyModel,
    known: set[Composition],
    vouching: FormationEnergyModel | None,
) -> dict[str, float | int]:
    """Return what n proposals are like; what repeats counts in the share of unique ones."""
    rng = np.random.default_rng(0)
    wish = CompositionWish(energy, stable=True)
    begin = time.process_time()
    if vouching is None:
        proposed = generator.propose(wish, n, rng)
    else:
        refused = generator.knows if isinstance(generator, ConditionalGenerator) else None
        found = distinct_proposals(generator, wish, n, rng, model=vouching, refused=refused)
        proposed = [one.composition for one in found]
    seconds = time.process_time() - begin
    unique = list(dict.fromkeys(proposed))
    novel = [one for one in unique if one not in known]
    judgeable = [one for one in novel if judge.knows(one)]
    said, _ = judge.predict(judgeable)
    return {
        "proposed": len(proposed), "unique": len(unique) / len(proposed), "novel": len(novel) / len(unique),
        "judged": len(judgeable),
        "mean": float(said.mean()), "deviation": float(said.std()), "mae": float(np.abs(said - energy).mean()),
        "balanced": float(np.mean([charges_balance(one) for one in novel])),
        "cpu_seconds": seconds,
    }  # fmt: skip


def _model(compositions: list[Composition], energies: Array, epochs: int, seed: int) -> FormationEnergyModel:
    return FormationEnergyModel.train(compositions, energies, "half", n_members=2, epochs=epochs, seed=seed)


if __name__ == "__main__":
    main()
