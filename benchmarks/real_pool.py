"""Run a campaign on a pool as laboratories have it: bad rows, further columns, duplicates, silicon, tin and ions.

Run: python benchmarks/real_pool.py [rows]
Writes benchmarks/results/real_pool.json when run with the default number.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.design import Pool

ROOT = Path(__file__).resolve().parent.parent
ROWS = 8_000

BAD = ("", "CC", "*CC", "*C(", "*CC(*)C*", "*C(C)(C)(C)(C)C*", "not a polymer", "*CC1CC*", "*CC*.Cl", "#N/A")
HEADER = ("id", "name", "Polymer SMILES", "price [EUR/kg]", "supplier", "density [kg/m3]", "note")
TIN = "*CC(*)C(=O)O[Sn]({0})({0}){0}"
SILICON = ("*O[Si](*)({0}){0}", "*CC(*)[Si]({0})({0}){0}")
CAMPAIGN = """
[campaign]
name = "real"
cycles = 1
batch = 5
workers = 2

[[objectives]]
property = "refractive_index"
direction = "maximize"
level = "instant"

[pool]
source = "csv"
file = "pool.csv"
smiles_column = "Polymer SMILES"

[features]
blocks = ["forcefield", "ecfp"]

[surrogate]
name = "random_forest"

[initial]
size = 6
"""
IONS = ("*CC(*)C(=O){0}C(=O)[O-]", "*CC(*){0}[N+](C)(C)C")


@dataclass(frozen=True)
class RealPool:
    """What was written: lines of bad rows and of rows that repeat a polymer, and units that GAFF2 cannot type."""

    rows: int
    bad_lines: tuple[int, ...]
    duplicate_lines: tuple[int, ...]
    untyped: tuple[str, ...]


def write_real_pool(path: Path, size: int, seed: int = 0) -> RealPool:
    """Write `size` rows with semicolons, decimal commas and CRLF, as a spreadsheet does."""
    rng = random.Random(seed)
    tails = ["C" * n for n in range(1, 7)]
    special = [TIN.format(tail) for tail in tails[:4]] + [unit.format(tail) for unit in SILICON for tail in tails[:4]]
    ions = [unit.format(tail) for unit in IONS for tail in tails]
    stereo = ["*C[C@H](C)O*", "*C[C@@H](C)O*", "*O[C@H](C)C(=O)*", "*O[C@@H](C)C(=O)*"]
    others = size - 20 - 10 - len(special + ions + stereo)
    # Without silicon, so that none of them is one of the special units.
    ordinary = list(Pool.from_virtual_library(others, seed, elements=("C", "N", "O", "F", "S", "Cl", "Br")).texts)
    repeated = [Chem.MolToSmiles(Chem.MolFromSmiles(unit), doRandom=True) for unit in ordinary[:6]] + stereo
    units = [*ordinary, *special, *ions, *stereo]
    rng.shuffle(units)
    body: list[tuple[str, str]] = [("", unit) for unit in units]
    for unit in repeated:
        # Behind the first of its kind, so that it is known which of the two is the duplicate.
        body.append(("duplicate", unit.replace("*", "[*]")))
    for text in (*BAD, *BAD):
        body.insert(rng.randrange(len(units)), ("bad", text))
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, delimiter=";", lineterminator="\r\n")
        writer.writerow(HEADER)
        for row, (_, unit) in enumerate(body):
            price = f"{rng.uniform(1, 90):.2f}".replace(".", ",")
            writer.writerow(
                [row, f"unit {row}", unit, price, rng.choice(["A & Söhne", 'B "quoted"', "C; D"]), 1050, ""]
            )

    def lines(kind: str) -> tuple[int, ...]:
        return tuple(line for line, (word, _) in enumerate(body, start=2) if word == kind)

    return RealPool(len(body), lines("bad"), lines("duplicate"), tuple(special))


def polyloop(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "polyloop.app.cli", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def main() -> None:
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("rows", nargs="?", type=int, default=ROWS)
    rows = words.parse_args().rows
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        made = write_real_pool(folder / "pool.csv", rows)
        (folder / "c.toml").write_text(CAMPAIGN)
        start = time.perf_counter()
        refused = polyloop(folder, "discover", "c.toml", "--quiet")
        reading = time.perf_counter() - start
        start = time.perf_counter()
        ran = polyloop(folder, "discover", "c.toml", "--skip-bad", "--no-report")
        running = time.perf_counter() - start
        if refused.returncode != 1 or ran.returncode != 0:
            sys.exit(f"{refused.stderr}\n{ran.stderr}")
        told = json.loads(polyloop(folder, "status", "runs/real", "--json").stdout)
        polyloop(folder, "export", "runs/real", "-o", "out.csv", "--wide")
        with (folder / "out.csv").open(newline="") as stream:
            exported = list(csv.DictReader(stream))
    by_why: dict[str, list[dict[str, object]]] = {}
    for row in told["left_out"]:
        by_why.setdefault(row["why"], []).append(row)
    without = {row["smiles"] for row in by_why["no descriptors"]}
    result = {
        "date": datetime.date.today().isoformat(),
        "machine": {"cpu_count": os.cpu_count(), "python": platform.python_version(), "system": platform.system()},
        "rows": made.rows,
        "candidates": told["pool"],
        "left_out": told["left_out_counts"],
        "bad_rows_named": [row["line"] for row in by_why["unreadable"]] == list(made.bad_lines),
        "duplicates_named": [row["line"] for row in by_why["duplicate"]] == list(made.duplicate_lines),
        "untyped_named": {Polymer(unit).canonical for unit in made.untyped} <= without,
        "evaluations": told["evaluations"],
        "columns_kept": all(f"pool_{header}" in exported[0] for header in HEADER if header != "Polymer SMILES"),
        "seconds_to_refuse": reading,
        "seconds_to_run": running,
    }
    text = json.dumps(result, indent=2) + "\n"
    if rows == ROWS:
        (ROOT / "benchmarks" / "results" / "real_pool.json").write_text(text)
    print(text, refused.stderr, ran.stderr[-3000:])


if __name__ == "__main__":
    main()
