"""Language models of repeat units: valid, unique, novel, and how far from real polymers that did not teach.

Usage: python benchmarks/language_model.py [--draws 2000] [--epochs 20] [--stream 40000] [--skip-recurrent]
       python benchmarks/language_model.py --million [--workers 2] [--temperature 1.0]   # draws a million, and no more

Half of PI1070 teaches, the other half is what the distance is measured to (and plays no part in any choice). Distances:
squared Frechet distance in 24 principal components of the square roots of fragment counts (block `ecfp`), found on the
half that teaches; 500 different units of each, 95 % intervals from 200 bootstrap samples. Rule libraries: two-star
units of smipoly's shipped list, at random, and as many of each of its classes. The stream draws without a pause and
counts different strings (canonical SMILES of the unit as cut), on one process.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
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
_MODEL: NgramGenerator  # of a worker
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


def _teach(temperature: float) -> None:
    global _MODEL
    _MODEL = NgramGenerator.train(halves()[0], temperature=temperature)


def _written(seed: int) -> tuple[int, list[str]]:
    """Return how many of 2,000 units are valid, and their different canonical strings."""
    mols = [
        Chem.MolFromSmiles(text)
        for text in _MODEL.sample(2_000, rng=np.random.default_rng([3, seed]))
        if text.count("*") == 2
    ]
    good = [mol for mol in mols if mol is not None]
    return len(good), list({Chem.MolToSmiles(mol) for mol in good})


def million(workers: int, temperature: float, wanted: int) -> dict:
    """Draw until there are a million different strings; the time is that of the wall, with training."""
    start, seen, drawn, valid = time.perf_counter(), set[str](), 0, 0
    with multiprocessing.get_context("spawn").Pool(workers, _teach, (temperature,)) as pool:
        for good, texts in pool.imap(_written, itertools.count()):
            drawn, valid = drawn + 2_000, valid + good
            seen.update(texts)
            if len(seen) >= wanted:
                break
        pool.terminate()
    minutes = (time.perf_counter() - start) / 60
    return {"workers": workers, "temperature": temperature, "different": len(seen), "drawn": drawn,
            "valid": valid / drawn, "minutes": round(minutes, 1)}  # fmt: skip


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--draws", type=int, default=2_000)
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--stream", type=int, default=40_000)
    parser.add_argument("--skip-recurrent", action="store_true")
    parser.add_argument("--million", type=int, nargs="?", const=1_000_000, help="how many different strings")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--temperature", type=float, default=1.0)
    given = parser.parse_args()
    if given.million:
        kept = json.loads((machine.RESULTS / "language_model.json").read_text())
        kept.setdefault("million", []).append(million(given.workers, given.temperature, given.million))
        print(kept["million"][-1])
        machine.write("language_model", kept)
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
