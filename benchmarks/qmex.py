"""The QMex descriptors of polymers of PI1070: cost of both protocols, how far they agree, and PI1070's own DFT columns.

Run: POLYLOOP_DATA=... python benchmarks/qmex.py [--quick 90] [--standard 63] [--minutes 30]
Writes benchmarks/results/qmex.json after each polymer, and goes on where it was when run again. Needs PI1070.

The quick protocol is run on a random sample (seed 0) of the polymers whose capped oligomer has 16 heavy atoms at most.
PI1070's columns are wB97M-D3BJ values (RadonPy, doi:10.1038/s41524-022-00906-4) of the unit with hydrogen as caps. So
they are compared with both protocols as they are, for their ranking, and with the level of `qmex/standard` on the
hydrogen-capped unit. Which polymers the costly parts take is decided by size alone: the smallest of the sample.
"""

from __future__ import annotations

import gzip
import json
import time
from typing import Any

import numpy as np
import pandas as pd
from rdkit import Chem
from scipy.stats import spearmanr

from machine import RESULTS, describe, parser, write
from polyloop.chem import Polymer
from polyloop.core import EvaluationError, InvalidInputError
from polyloop.datasets import path
from polyloop.engines.quantum.registry import electronic_structure
from polyloop.features.quantum_descriptors import QMEX_PROPERTIES
from polyloop.simulate.conformers import search_conformers
from polyloop.simulate.qmex.molecule import described_molecule
from polyloop.simulate.qmex.quick import describe_molecule
from polyloop.simulate.qmex.standard import ENGINE, LEVEL, describe_by_density_functional

LARGEST = 16
COLUMNS = {"homo": "qm_homo_monomer", "lumo": "qm_lumo_monomer", "dipole_moment": "qm_dipole_monomer",
           "capped_polarizability": "qm_polarizability_monomer"}  # fmt: skip


def sample(frame: pd.DataFrame, size: int) -> list[tuple[str, Chem.Mol]]:
    """Return ids and molecules of a random sample of the polymers that are small enough."""
    fitting = []
    for row in np.random.default_rng(0).permutation(len(frame)):
        try:
            mol = described_molecule(Polymer(frame.smiles[row]).standardized(), LARGEST)
        except (EvaluationError, InvalidInputError):
            continue
        fitting.append((str(frame.monomer_ID[row]), mol))
        if len(fitting) == size:
            break
    return fitting


def hydrogen_capped(smiles: str) -> dict[str, float]:
    """Return what PI1070 has columns for, of the unit as it is written there with hydrogen as caps."""
    mol = Polymer(smiles).oligomer(1, cap="H")
    geometry = search_conformers(mol, 0, keep=1).lowest[0].geometry
    engine = electronic_structure(ENGINE)
    state = engine.ground_state(geometry, LEVEL)
    polarizability = float(np.trace(engine.polarizability(state, [0.0])[0]) / 3.0)
    return {"homo": state.homo, "lumo": state.lumo, "dipole_moment": state.dipole,
            "capped_polarizability": polarizability}  # fmt: skip


def agreement(first: list[float], second: list[float]) -> dict[str, float]:
    """Return rank correlation, correlation, and mean and standard deviation of first less second."""
    a, b = np.array(first), np.array(second)
    return {
        "n": len(a),
        "spearman": round(float(spearmanr(a, b)[0]), 3),
        "pearson": round(float(np.corrcoef(a, b)[0, 1]), 3),
        "mean_difference": round(float((a - b).mean()), 4),
        "std_of_difference": round(float((a - b).std(ddof=1)), 4),
        "std_of_second": round(float(b.std(ddof=1)), 4),
    }


def compare(rows: dict[str, Any], frame: pd.DataFrame) -> dict[str, Any]:
    """Return the tables of agreement and of cost."""
    table = frame.set_index("monomer_ID")
    both = [row for row in rows.values() if "quick" in row and "standard" in row]
    result: dict[str, Any] = {"quick_against_standard": {}, "against_pi1070": {}, "cost": {}}
    for name in QMEX_PROPERTIES if len(both) > 2 else ():
        result["quick_against_standard"][name] = agreement(
            [row["quick"][name] for row in both], [row["standard"][name] for row in both]
        )
    for word in ("quick", "standard", "hydrogen_capped"):
        having = {key: row for key, row in rows.items() if word in row}
        if len(having) > 2:
            result["against_pi1070"][word] = {
                name: agreement([row[word][name] for row in having.values()], [table[column][key] for key in having])
                for name, column in COLUMNS.items()
            }
            seconds = np.array([row[f"{word}_cpu_s"] for row in having.values()])
            heavy = np.array([row["heavy_atoms"] for row in having.values()])
            result["cost"][word] = {"n": len(having), "median_cpu_s": round(float(np.median(seconds)), 1),
                                    "largest_cpu_s": round(float(seconds.max()), 1),
                                    "heavy_atoms": [int(heavy.min()), int(heavy.max())]}  # fmt: skip
    return result


def save(rows: dict[str, Any], frame: pd.DataFrame) -> None:
    """Write what is known so far."""
    machine = describe("pyscf", "tblite", "dftd4", "rdkit")
    failures = sum(any(name.endswith("_failure") for name in row) for row in rows.values())
    result = {"machine": machine, "level": LEVEL.to_dict(), "largest": LARGEST, "failures": failures}
    write("qmex", {**result, **compare(rows, frame), "rows": rows})


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--quick", type=int, default=90)
    words.add_argument("--standard", type=int, default=63)
    words.add_argument("--minutes", type=float, default=30.0)
    given = words.parse_args()
    until = time.monotonic() + 60.0 * given.minutes
    with gzip.open(path("radonpy_pi1070", "PI1070.csv.gz")) as stream:
        frame = pd.read_csv(stream)
    chosen = sample(frame, given.quick)
    smiles = dict(zip(frame.monomer_ID, frame.smiles, strict=True))
    known = RESULTS / "qmex.json"
    molecules = dict(chosen)
    kept: dict[str, Any] = json.loads(known.read_text())["rows"] if known.exists() else {}
    rows = {key: row for key, row in kept.items() if key in molecules}
    by_size = sorted(molecules, key=lambda key: (molecules[key].GetNumHeavyAtoms(), key))
    tasks = [(key, "quick") for key in molecules]
    small = by_size[: max(20, given.standard)]
    tasks += [(key, "hydrogen_capped") for key in small[:20]] + [(key, "standard") for key in small[: given.standard]]

    def computed(key: str, word: str) -> dict[str, float]:
        if word == "hydrogen_capped":
            return hydrogen_capped(smiles[key])
        quick = describe_molecule(molecules[key], seed=0)
        return quick.values if word == "quick" else describe_by_density_functional(molecules[key], quick)

    for key, word in tasks:
        row = rows.setdefault(
            key, {"molecule": Chem.MolToSmiles(molecules[key]), "heavy_atoms": molecules[key].GetNumHeavyAtoms()}
        )
        if word in row or f"{word}_failure" in row or time.monotonic() > until:
            continue
        start = time.process_time()
        try:
            row[word] = {name: round(float(value), 6) for name, value in computed(key, word).items()}
            row[f"{word}_cpu_s"] = round(time.process_time() - start, 2)
        except EvaluationError as error:
            row[f"{word}_failure"] = str(error)
        save(rows, frame)
    print(json.dumps(compare(rows, frame), indent=1))


if __name__ == "__main__":
    main()
