"""Polarizabilities of small liquids at several levels of theory: what each costs, and how far each is from experiment.

    python benchmarks/optics_levels.py compute hf/def2-svpd-lean [--few]   # adds to results/optics_levels.json
    python benchmarks/optics_levels.py report                            # the table of docs/validation/optics_levels.md

Each molecule is computed as `optics/quick@1` does it: the lowest conformer on the GFN2-xTB surface. Molecules that are
in the file are not computed again. `--few` takes the liquids of `FEW`, for comparing levels.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem

from machine import describe
from polyloop.core import EvaluationError, write_atomically
from polyloop.engines.pyscf import Level, ground_state, polarizability
from polyloop.simulate.conformers import find_conformers

ROOT = Path(__file__).resolve().parents[1]
LIQUIDS = ROOT / "src/polyloop/chem/tables/liquids.csv"
RESULT = ROOT / "benchmarks/results/optics_levels.json"
WAVELENGTHS = (0.0, 656.27, 589.29, 486.13)
LARGEST = 17
FEW = (
    "n-hexane", "cyclohexane", "benzene", "acetone", "trichloromethane", "carbon disulfide", "dimethyl sulfoxide",
    "ethyl acetate", "styrene", "bromobenzene", "diiodomethane", "thiophene", "1-bromonaphthalene", "nitrobenzene",
    "iodobenzene", "tetrahydrofuran", "pyridine", "acetonitrile", "tetramethylsilane", "dimethyl disulfide",
)  # fmt: skip


def measured_liquids() -> pd.DataFrame:
    """Liquids with density and n_D (about a third also with n_F - n_C), of at most `LARGEST` heavy atoms."""
    table = pd.read_csv(LIQUIDS)
    table["heavy_atoms"] = [Chem.MolFromSmiles(smiles).GetNumHeavyAtoms() for smiles in table.smiles]
    known = (table.density_g_cm3 > 0) & (table.n_D > 0) & (table.heavy_atoms <= LARGEST)
    return table[known].sort_values("heavy_atoms", kind="stable").reset_index(drop=True)


def load() -> dict[str, dict[str, dict[str, object]]]:
    return json.loads(RESULT.read_text())["levels"] if RESULT.exists() else {}


def compute(label: str, names: list[str]) -> None:
    method, basis = label.split("/", 1)
    level = Level(method, basis, "def2-mixed-fit")
    table = measured_liquids()
    for row in table[table.name.isin(names)].itertuples():
        levels = load()
        if row.name in levels.get(label, {}):
            continue
        entry: dict[str, object]
        try:
            geometry = find_conformers(Chem.MolFromSmiles(row.smiles), 0, keep=1)[0].geometry
            start = time.process_time()
            state = ground_state(geometry, level)
            tensors = polarizability(state, WAVELENGTHS)
            entry = {
                "polarizabilities": [round(float(value), 5) for value in np.trace(tensors, axis1=1, axis2=2) / 3.0],
                "cpu_seconds": round(time.process_time() - start, 2),
            }
        except EvaluationError as error:
            entry = {"failure": str(error)}
        levels = load()
        levels.setdefault(label, {})[row.name] = entry
        machine = describe("pyscf", "numpy", "tblite")
        write_atomically(RESULT, json.dumps({"machine": machine, "levels": levels}, indent=None) + "\n")
        print(label, row.name, entry, flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "compute":
        everything = measured_liquids().name.tolist()
        compute(sys.argv[2], list(FEW) if "--few" in sys.argv else everything)
