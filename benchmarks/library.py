"""A library of 1.78 million polymers from monomers with a price: time, memory, classes, prices, and a kill.

Usage: python benchmarks/library.py FOLDER [--size 1780000] [--dearest 14] [--kill-size 40000]

Monomers are the shipped ones and ASKCOS's buyables of at most --dearest US$/g and 24 heavy atoms, classified once (kept
in FOLDER). The library is built to FOLDER/library.parquet. Then a random 1 % of its rows is checked: the canonical form
and the class of each against those that `Polymer` finds in the chain, and PI1070 is compared with it. At last a
build of --kill-size polymers of the shipped monomers is killed (SIGKILL) twice and resumed, and its digest compared
with that of a build that was left alone. Writes results/library.json.
"""

from __future__ import annotations

import gzip
import json
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from rdkit import Chem, RDLogger

import machine
from polyloop import datasets
from polyloop.chem import Polymer
from polyloop.design.library import PolymerLibrary, StockMonomer, build_library, read_stock, shipped_stock
from polyloop.design.library.stats import library_stats, read_columns

RDLogger.DisableLog("rdApp.*")
ELEMENTS = frozenset({"C", "N", "O", "F", "Cl", "Br", "I", "S", "Si", "P", "B"})
MOST_ATOMS = 24
KILLED = """
import sys
from pathlib import Path
from polyloop.design.library import PolymerLibrary, build_library, shipped_stock
folder, name, size = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
library = PolymerLibrary.from_monomers(shipped_stock(), cache=folder)
print("ready", flush=True)
tell = lambda done, total: print(done, flush=True)
print(build_library(library, folder / name, size=size, seed=1, part=2000, progress=tell).digest, flush=True)
"""


def buyables(folder: Path, dearest: float) -> tuple[StockMonomer, ...]:
    """Return the shipped monomers and what ASKCOS's list holds within the limits."""
    with gzip.open(datasets.path("building_blocks", "askcos_buyables.json.gz")) as file:
        rows = json.load(file)
    lines = ["smiles,ppg"]
    for row in rows:
        mol = Chem.MolFromSmiles(row["smiles"]) if row["smiles"] and row["ppg"] <= dearest else None
        if mol is None or mol.GetNumHeavyAtoms() > MOST_ATOMS or "." in row["smiles"]:
            continue
        if all(atom.GetSymbol() in ELEMENTS for atom in mol.GetAtoms()):
            lines.append(f"{row['smiles']},{row['ppg']}")
    path = folder / "buyables.csv"
    path.write_text("\n".join(lines) + "\n")
    bought = read_stock(path) if len(lines) > 1 else ()
    by_smiles = {monomer.smiles: monomer for monomer in (*shipped_stock(), *bought)}
    return tuple(by_smiles[smiles] for smiles in sorted(by_smiles))


def check(path: Path, share: float = 0.01) -> dict:
    """Look at a random share of the rows as chains."""
    table = read_columns(path, ("smiles", "polymer_class", "rule"))
    rows = np.random.default_rng(0).permutation(len(table))[: max(1, int(share * len(table)))]
    wrong: Counter = Counter()
    for smiles, told, rule in zip(*(column.to_pylist() for column in table.take(rows).columns), strict=True):
        polymer = Polymer(smiles)
        wrong["canonical"] += polymer.canonical != smiles
        if polymer.polymer_class.value != told:
            wrong["class"] += 1
            wrong[f"class: {rule}, told {told}, is {polymer.polymer_class.value}"] += 1
    return {"rows": len(rows), "wrong canonical": wrong.pop("canonical", 0), "wrong class": wrong.pop("class", 0),
            "wrong": dict(wrong.most_common(10))}  # fmt: skip


def kill_and_resume(folder: Path, size: int) -> dict:
    """Kill a build twice and compare its digest with that of one that was left alone."""
    for name in ("alone.parquet", "killed.parquet"):
        (folder / name).unlink(missing_ok=True)
    command = [sys.executable, "-c", KILLED, str(folder)]
    alone = subprocess.run([*command, "alone.parquet", str(size)], capture_output=True, text=True, check=True)
    killed_at = []
    for number in (2, 3):
        with subprocess.Popen([*command, "killed.parquet", str(size)], stdout=subprocess.PIPE, text=True) as process:
            for line in process.stdout or ():
                if line.strip().isdigit() and int(line) > number * size / 5:
                    killed_at.append(int(line))
                    process.send_signal(signal.SIGKILL)
                    break
    again = subprocess.run([*command, "killed.parquet", str(size)], capture_output=True, text=True, check=True)
    return {
        "size": size,
        "killed after": killed_at,
        "same digest": alone.stdout.split()[-1] == again.stdout.split()[-1],
    }


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", type=int, default=1_780_000)
    parser.add_argument("--dearest", type=float, default=14.0)
    parser.add_argument("--kill-size", type=int, default=40_000)
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    stock = buyables(options.folder, options.dearest)
    library = PolymerLibrary.from_monomers(stock, cache=options.folder)
    classified = time.perf_counter() - start
    print(f"{len(stock):,} monomers, {len(library):,} chains, {classified:.0f} s", flush=True)
    path, start = options.folder / "library.parquet", time.perf_counter()
    built = build_library(library, path, size=options.size, seed=0,
                          progress=lambda done, total: print(f"{done:,} of {total:,}", flush=True))  # fmt: skip
    seconds = time.perf_counter() - start
    result = {
        "monomers": len(stock), "chains": len(library), "classification or reading its cache s": classified,
        "size asked": options.size, "rows": built.rows, "build s": seconds, "rows/s": built.rows / seconds,
        "peak memory GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "file MB": path.stat().st_size / 1e6,
        "sha256": built.digest, "classes": built.classes, "one percent": check(path),
        "against PI1070": library_stats(path, against=datasets.path("radonpy_pi1070", "PI1070.csv.gz"), sample=1000),
        "machine": machine.describe("rdkit", "pyarrow"),
    }  # fmt: skip
    machine.write("library", result)
    result["killed"] = kill_and_resume(options.folder, options.kill_size)
    machine.write("library", result)
    print(json.dumps({key: value for key, value in result.items() if key != "machine"}, indent=1))


if __name__ == "__main__":
    main()
