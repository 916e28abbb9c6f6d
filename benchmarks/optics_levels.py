"""Polarizabilities of small liquids at several levels of theory: what each costs, and how far each is from experiment.

    python benchmarks/optics_levels.py compute hf/def2-svpd-lean [--few]   # adds to results/optics_levels.json
    python benchmarks/optics_levels.py cost hf/def2-svpd-lean            # CPU seconds for two oligomers
    python benchmarks/optics_levels.py report                            # the table of docs/validation/optics_levels.md

Each molecule is computed as `optics/quick@3` does it: the lowest conformer on the GFN2-xTB surface. Molecules that are
in the file are not computed again. `--few` takes the liquids of `FEW`, for comparing levels.
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from liquids import read_liquids
from machine import describe, parser
from polyloop.chem import Geometry
from polyloop.core import EvaluationError, write_atomically
from polyloop.engines.quantum.pyscf import Level, ground_state, polarizability
from polyloop.simulate.conformers import find_conformers

ROOT = Path(__file__).resolve().parents[1]
RESULT = ROOT / "benchmarks/results/optics_levels.json"
WAVELENGTHS = (0.0, 656.27, 589.29, 486.13)
LARGEST = 24
FEW = (
    "n-hexane", "cyclohexane", "benzene", "acetone", "trichloromethane", "carbon disulfide", "dimethyl sulfoxide",
    "ethyl acetate", "styrene", "bromobenzene", "diiodomethane", "thiophene", "1-bromonaphthalene", "nitrobenzene",
    "iodobenzene", "tetrahydrofuran", "pyridine", "acetonitrile", "tetramethylsilane", "dimethyl disulfide",
)  # fmt: skip


def measured_liquids() -> pd.DataFrame:
    """Liquids with density and n_D (about a third also with n_F - n_C), of at most `LARGEST` heavy atoms."""
    table = read_liquids()
    table["heavy_atoms"] = [Chem.MolFromSmiles(smiles).GetNumHeavyAtoms() for smiles in table.smiles]
    known = (table.density_g_cm3 > 0) & (table.n_D > 0) & (table.heavy_atoms <= LARGEST)
    return table[known].sort_values("heavy_atoms", kind="stable").reset_index(drop=True)


# A polyacrylate's segment with 12 heavy atoms, and a polystyrene's with 20.
OLIGOMERS = {12: "CCC(C)C(=O)OCCSCC", 20: "CCC(C)c1ccc(OCCSc2ccccc2)cc1"}


def load(part: str = "levels") -> dict[str, dict[str, dict[str, object]]]:
    return json.loads(RESULT.read_text()).get(part, {}) if RESULT.exists() else {}


def save(part: str, label: str, name: str, entry: dict[str, object]) -> None:
    content = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    content.setdefault(part, {}).setdefault(label, {})[name] = entry
    content["machine"] = describe("pyscf", "numpy", "tblite")
    write_atomically(RESULT, json.dumps(content) + "\n")


def level_of(label: str) -> Level:
    method, basis = label.split("/", 1)
    return Level(method, basis, "def2-mixed-fit")


def cost(label: str, sizes: list[int]) -> None:
    """Time ground state and response of the oligomers, without the search for conformers."""
    for heavy in sizes:
        mol = Chem.AddHs(Chem.MolFromSmiles(OLIGOMERS[heavy]))
        rdDistGeom.EmbedMolecule(mol, randomSeed=1)
        rdForceFieldHelpers.MMFFOptimizeMolecule(mol)
        start = time.process_time()
        state = ground_state(Geometry.from_mol(mol), level_of(label))
        middle = time.process_time()
        polarizability(state, WAVELENGTHS)
        end = time.process_time()
        entry = {
            "basis_functions": int(state.mean_field.mol.nao),
            "ground_state_s": round(middle - start, 1),
            "response_s": round(end - middle, 1),
        }
        save("cost", label, str(heavy), entry)
        print(label, heavy, entry, flush=True)


def report() -> None:
    """Print errors on the liquids of `FEW`, cross-validated where something is fitted, and the costs."""
    from fit_polarizability_scale import FORMS, errors, table

    print(f"| level | liquids | {' | '.join(FORMS)} | CPU s, 12 atoms | 20 atoms |\n" + "|---" * (len(FORMS) + 4) + "|")
    costs = load("cost")
    for label in load():
        frame = table(label)
        frame = frame[frame.name.isin(FEW)]
        if len(frame) < 15:
            continue
        found = [errors(frame, n_terms) for n_terms in FORMS.values()]
        shown = " | ".join(f"{e['n_D_mae']:.4f}, {e['abbe_number_mae']:.2f}" for e in found)
        seconds = [costs.get(label, {}).get(str(heavy)) for heavy in OLIGOMERS]
        spent = " | ".join(f"{s['ground_state_s']} + {s['response_s']}" if s else "" for s in seconds)
        print(f"| {label} | {len(frame)} | {shown} | {spent} |")


def compute(label: str, names: list[str]) -> None:
    level = level_of(label)
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
        save("levels", label, row.name, entry)
        print(label, row.name, entry, flush=True)


def main() -> None:
    words = parser(__doc__)
    commands = words.add_subparsers(dest="command", required=True)
    for name, less in (("compute", "--few"), ("cost", "--small")):
        command = commands.add_parser(name)
        command.add_argument("level")
        command.add_argument(less, action="store_true", dest="less")
    commands.add_parser("report")
    given = words.parse_args()
    if given.command == "compute":
        compute(given.level, list(FEW) if given.less else measured_liquids().name.tolist())
    elif given.command == "cost":
        cost(given.level, [12] if given.less else list(OLIGOMERS))
    else:
        report()


if __name__ == "__main__":
    main()
