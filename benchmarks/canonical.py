"""Measure how many repeat units per second are read and made canonical, and how many classes are told.

Run from the repository root: python benchmarks/canonical.py. Uses PI1070 where it is there (POLYLOOP_DATA), else the
repeat units of the tests.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
import random
import time
from pathlib import Path

import pandas as pd
import rdkit

from machine import parser
from polyloop.chem import Polymer, canonical_smiles

ROOT = Path(__file__).parents[1]
DATA = Path(os.environ.get("POLYLOOP_DATA", ROOT.parent / "shared" / "data")) / "radonpy_pi1070" / "PI1070.csv.gz"


def long_chain(heavy_atoms: int) -> float:
    """CPU seconds to read one repeat unit of so many heavy atoms that has no shorter period."""
    rng = random.Random(0)
    parts = {"C": 1, "C(C)": 2, "CO": 2, "C(F)C": 3, "c1ccc(cc1)C": 7}
    text, size = "*C", 1
    while size < heavy_atoms:
        part = rng.choice(list(parts))
        text, size = text + part, size + parts[part]
    start = time.process_time()
    Polymer(f"{text}*")
    return time.process_time() - start


def main() -> None:
    parser(__doc__).parse_args()
    if DATA.exists():
        source, units = "PI1070", list(pd.read_csv(DATA).smiles)
    else:
        lines = (ROOT / "tests" / "chem" / "repeat_units.smi").read_text().splitlines()
        source, units = "tests/chem/repeat_units.smi", [line.split("\t")[0] for line in lines]
    seconds = {}
    for name in ("canonical, first time", "canonical, blocks known"):
        start = time.process_time()
        for smiles in units:
            canonical_smiles(smiles)
        seconds[name] = time.process_time() - start
    polymers = [Polymer(smiles) for smiles in units]
    start = time.process_time()
    classes = [polymer.polymer_class for polymer in polymers]
    seconds["class"] = time.process_time() - start
    long = {f"{atoms} heavy atoms": round(long_chain(atoms), 3) for atoms in (1_000, 10_000)}
    report = {
        "source": source,
        "polymers": len(units),
        "mean heavy atoms": round(sum(p.heavy_atoms for p in polymers) / len(polymers), 1),
        "classes found": len(set(classes)),
        "cpu milliseconds per polymer": {k: round(1e3 * v / len(units), 3) for k, v in seconds.items()},
        "cpu seconds of a random chain": long,
        "polymers per cpu second": {k: round(len(units) / v) for k, v in seconds.items()},
        "machine": {
            "cpus": os.cpu_count(),
            "python": platform.python_version(),
            "rdkit": rdkit.__version__,
            "date": datetime.datetime.now(tz=datetime.UTC).date().isoformat(),
        },
    }
    text = json.dumps(report, indent=2)
    (ROOT / "benchmarks" / "results").mkdir(parents=True, exist_ok=True)
    (ROOT / "benchmarks" / "results" / "canonical.json").write_text(text + "\n")
    print(text)


if __name__ == "__main__":
    main()
