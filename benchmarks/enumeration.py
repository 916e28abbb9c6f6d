"""Numbers of small molecules beside the published ones, molecules per second, and a run that is killed again and again.

Usage: python benchmarks/enumeration.py [--atoms 9] [--runs 3]

One process. "counted" makes what symmetry could make twice and multiplies the rest; "written" makes every molecule and
its SMILES (of Kekule structures, not canonical), in memory. Of --runs runs of each the median is kept.
"""

from __future__ import annotations

import hashlib
import statistics
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import machine
from polyloop.design.enumeration import (
    SKELETON_SOURCES,
    MoleculeRules,
    count_molecules,
    enumerate_molecules,
    read_molecular_formula,
)

# OEIS A000602; MOLGEN (C6H6); nauty and surge 1.0, doi:10.1186/s13321-022-00604-9.
ALKANES = [1, 1, 1, 2, 3, 5, 9, 18, 35, 75, 159, 355, 802]
ISOMERS = {"C6H6": 217, "C10H16": 24_938, "C10H16O": 452_458}


def timed(call, runs: int) -> tuple[int, float]:
    """Return what a call counts, and the median of its seconds."""
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        found = call()
        seconds.append(time.perf_counter() - start)
    return found, statistics.median(seconds)


def counted(rules: MoleculeRules, source: str) -> int:
    return count_molecules(rules, skeletons=source)


def written(rules: MoleculeRules, source: str) -> int:
    return sum(chunk.n for chunk in enumerate_molecules(rules, skeletons=source))


def all_counted(rules: list[MoleculeRules], source: str) -> list[int]:
    return [counted(one, source) for one in rules]


def rates(rules: MoleculeRules, runs: int) -> dict[str, dict]:
    rows = {}
    for source in SKELETON_SOURCES:
        for word, function in (("counted", counted), ("written", written)):
            found, seconds = timed(partial(function, rules, source), runs)
            rows[f"{word}, {source}"] = {"n": found, "seconds": round(seconds, 3), "per_second": round(found / seconds)}
            print(word, source, rows[f"{word}, {source}"], flush=True)
    return rows


def killed() -> dict:
    """Write a file with a process that is killed at each note of how far it is, and another with one that is not."""
    digests, kills = [], 0
    with tempfile.TemporaryDirectory() as folder:
        for name in ("whole", "parts"):
            file = Path(folder) / f"{name}.smi"
            note = file.with_name(f"{file.name}.progress")
            words = ["design", "enumerate", "--elements", "C,N,O", "--heavy-atoms", "1:8", "-o", str(file)]
            finished = False
            while not finished:
                before = note.read_text() if note.exists() else None
                process = subprocess.Popen([sys.executable, "-m", "polyloop.app.cli", *words])
                while process.poll() is None:
                    time.sleep(0.02)
                    now = note.read_text() if note.exists() else before
                    if name == "parts" and now != before and '"done": 0,' not in now:
                        process.kill()
                        kills += 1
                        break
                finished = process.wait() == 0
            digests.append(hashlib.sha256(file.read_bytes()).hexdigest())
    return {"molecules": "C, N, O to 8 heavy atoms", "kills": kills, "same_digest": digests[0] == digests[1]}


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--atoms", type=int, default=9)
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    result: dict = {"on": machine.describe("numpy")}
    for source in SKELETON_SOURCES:
        rules = [MoleculeRules(heavy_atoms=(n, n), saturated=True, rings=(0, 0)) for n in range(1, 14)]
        found, seconds = timed(partial(all_counted, rules, source), 1)
        result[f"alkanes, {source}"] = {"n": found, "as_published": found == ALKANES, "seconds": round(seconds, 3)}
    for formula, expected in ISOMERS.items():
        print(formula)
        rows = rates(MoleculeRules(formula=read_molecular_formula(formula)), given.runs)
        result[formula] = {"published": expected, "same": all(row["n"] == expected for row in rows.values()), **rows}
    print("C, N, O")
    result[f"C, N, O to {given.atoms} heavy atoms"] = rates(
        MoleculeRules(elements=("C", "N", "O"), heavy_atoms=(1, given.atoms)), 1
    )
    result["killed"] = killed()
    machine.write("enumeration", result)


if __name__ == "__main__":
    main()
