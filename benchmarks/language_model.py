"""Language models of repeat units: valid, unique, novel, and how far from real polymers that did not teach.

Usage: python benchmarks/language_model.py [--draws 2000] [--epochs 20] [--stream 40000] [--skip-recurrent]
       python benchmarks/language_model.py --million   # what the kept streams say of a million different strings

Half of PI1070 teaches, the other half is what the distance is measured to (and plays no part in any choice). Distances:
squared Frechet distance in 24 principal components of the square roots of fragment counts (block `ecfp`), found on the
half that teaches; 500 different units of each, 95 % intervals from 200 bootstrap samples. Rule libraries: two-star
units of smipoly's shipped list, at random, and as many of each of its classes. The stream draws without a pause and
counts different strings (canonical SMILES of the unit as cut), on one process.
"""

from __future__ import annotations

import json
import time

import numpy as np
import pandas as pd
from rdkit import Chem

import machine
from polyloop import datasets
from polyloop.chem import Polymer
from polyloop.design.language import (
    DescriptorSpace,
    NgramGenerator,
    RecurrentGenerator,
    frechet_distance,
    judge_samples,
)

COMPARED = 500
TEMPERATURES = (1.0, 1.4, 1.7)


def halves() -> tuple[list[str], list[str]]:
    """Return the units that teach and those that are held out, canonical and different."""
    frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
    units = list(dict.fromkeys(Polymer(smiles).canonical for smiles in frame.smiles))
    order = np.random.default_rng(0).permutation(len(units))
    return [units[i] for i in order[::2]], [units[i] for i in order[1::2]]


def rule_libraries() -> dict[str, list[str]]:
    """Return random and class-balanced units of smipoly's list."""
    frame = pd.read_csv(datasets.path("smipoly", "SMiPoly_001_generatedPolymer.csv.xz"))
    frame = frame[frame.polym.str.count(r"\*") == 2].drop_duplicates("polym")
    shuffled = frame.sample(frac=1.0, random_state=0)
    balanced = shuffled.groupby("polymer_class").head(COMPARED // frame.polymer_class.nunique() + 1)
    return {"random": list(shuffled.polym[:COMPARED]), "balanced": list(balanced.polym[: COMPARED + 5])}


def stream(model, n: int, rng: np.random.Generator) -> dict:
    """Draw n units, and note how many are different after ever more of them."""
    seen: set[str] = set()
    start, cpu, drawn, notes = time.perf_counter(), time.process_time(), 0, []
    while drawn < n:
        for smiles in model.sample(1_000, rng=rng):
            mol = Chem.MolFromSmiles(smiles)
            if mol is not None and smiles.count("*") == 2:
                seen.add(Chem.MolToSmiles(mol))
        drawn += 1_000
        notes.append({"drawn": drawn, "different": len(seen), "seconds": round(time.perf_counter() - start, 1),
                      "cpu_seconds": round(time.process_time() - cpu, 1)})  # fmt: skip
    last, half = notes[-1], notes[len(notes) // 2 - 1]
    new = last["different"] - half["different"]
    late = {word: round(new / (last[word] - half[word]), 1) for word in ("seconds", "cpu_seconds")}
    shown = [*notes[:: max(1, len(notes) // 5)], last]
    return {"notes": shown, "different_in_the_last_half_per": late}


def million(notes: list[dict]) -> dict[str, float]:
    """Continue a stream to a million different strings, by the power law of its last 15,000 draws."""
    last = notes[-1]
    before = next(note for note in notes if note["drawn"] >= last["drawn"] - 15_000)
    power = np.log(last["different"] / before["different"]) / np.log(last["drawn"] / before["drawn"])
    draws = last["drawn"] * (1e6 / last["different"]) ** (1 / power)
    minutes = draws * last["cpu_seconds"] / last["drawn"] / 60
    return {"power": round(float(power), 3), "draws": round(float(draws)), "cpu_minutes": round(float(minutes), 1)}


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--stream", type=int, default=40_000)
    parser.add_argument("--skip-recurrent", action="store_true")
    parser.add_argument("--million", action="store_true")
    given = parser.parse_args()
    if given.million:
        for name, row in json.loads((machine.RESULTS / "language_model.json").read_text())["rows"].items():
            if "stream" in row:
                print(name, million(row["stream"]["notes"]))
        return
    taught, held = halves()
    space = DescriptorSpace.of(taught)
    reference = space.place(held)[:COMPARED]
    rng = np.random.default_rng(1)
    result: dict = {"taught": len(taught), "held_out": len(held), "on": machine.describe("rdkit", "torch"), "rows": {}}

    def note(name: str, row: dict, units: list[str]) -> None:
        places = space.place(units[:COMPARED])
        value, low, high = frechet_distance(places, reference, rng=rng)
        result["rows"][name] = {**row, "compared": len(places), "distance": value, "low": low, "high": high}
        print(name, result["rows"][name], flush=True)
        machine.write("language_model", result)

    note("the half that teaches", {}, taught)
    for name, units in rule_libraries().items():
        note(f"smipoly's list, {name}", {}, units)
    models = {f"ngram, temperature {t}": (NgramGenerator, {"temperature": t}) for t in TEMPERATURES}
    models["ngram, no prior on length"] = (NgramGenerator, {"lengths": False})
    if not given.skip_recurrent:
        models["recurrent"] = (RecurrentGenerator, {"epochs": given.epochs})
    for name, (kind, options) in models.items():
        start = time.perf_counter()
        model = kind.train(taught, **options)
        trained = time.perf_counter() - start
        start = time.perf_counter()
        drawn = model.sample(given.draws, rng=rng)
        rate = given.draws / (time.perf_counter() - start)
        quality, different = judge_samples(drawn, taught)
        row = {"valid": quality.valid, "unique": quality.unique, "novel": quality.novel, "draws": quality.n,
               "draws_per_second": round(rate), "seconds_of_training": round(trained, 1)}  # fmt: skip
        if name in ("ngram, temperature 1.0", "ngram, temperature 1.7") and given.stream:
            row["stream"] = stream(model, given.stream, np.random.default_rng(2))
        note(name, row, [text for text in different if not model.knows(text)])


if __name__ == "__main__":
    main()
