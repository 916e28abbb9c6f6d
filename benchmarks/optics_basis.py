"""What basis set, fitting set and grid do to polarizabilities and their dispersion, against larger ones.

    python benchmarks/optics_basis.py     # some minutes on one core

prints the tables of docs/validation/optics_levels.md and writes benchmarks/results/optics_basis.json.
"""

from __future__ import annotations

import time
from functools import cache

import numpy as np
from rdkit import Chem

from machine import describe, parser, write
from polyloop.chem import Geometry
from polyloop.engines.quantum.pyscf import Level, ground_state, polarizability
from polyloop.simulate.conformers import find_conformers
from polyloop.simulate.optics.quick import WAVELENGTHS

MOLECULES = {
    "butane": "CCCC", "benzene": "c1ccccc1", "dimethyl sulfide": "CSC", "methyl acetate": "COC(C)=O",
    "chloroform": "ClC(Cl)Cl", "iodomethane": "CI",
}  # fmt: skip
BASES = ("def2-svp", "def2-svpd-bare", "def2-svpd-lean", "def2-svpd", "def2-tzvpd")
LARGEST = "def2-tzvppd"
FITTED = {"hexane": "CCCCCC", "benzene": "c1ccccc1", "ethyl acetate": "CCOC(C)=O", "dimethyl sulfide": "CSC"}
FITTING_SETS = ("def2-mixed-fit", "def2-universal-jfit")
ON_GRID = {"propane": "CCC", "dimethyl sulfide": "CSC"}


@cache
def geometry(smiles: str) -> Geometry:
    """Lowest conformer, as the protocol has it."""
    return find_conformers(Chem.MolFromSmiles(smiles), 0, keep=1)[0].geometry


def alpha(smiles: str, level: Level) -> np.ndarray:
    """Isotropic alpha_D and alpha_F - alpha_C in angstrom3."""
    tensors = polarizability(ground_state(geometry(smiles), level), WAVELENGTHS)
    _, at_c, at_d, at_f = np.trace(tensors, axis1=1, axis2=2) / 3.0
    return np.array([at_d, at_f - at_c])


def by_basis() -> dict[str, dict[str, object]]:
    """Ratio of each basis to the largest, for each molecule, and the CPU seconds of all molecules together."""
    reference = {name: alpha(smiles, Level("hf", LARGEST)) for name, smiles in MOLECULES.items()}
    out: dict[str, dict[str, object]] = {}
    for basis in BASES:
        level, started = Level("hf", basis, "def2-mixed-fit"), time.process_time()
        ratios = {name: alpha(smiles, level) / reference[name] for name, smiles in MOLECULES.items()}
        seconds = time.process_time() - started
        out[basis] = {name: ratio.round(4).tolist() for name, ratio in ratios.items()} | {"cpu_s": round(seconds, 1)}
        shown = " | ".join(f"{d:.3f} {spread:.3f}" for d, spread in ratios.values())
        print(f"| {basis} | {shown} | {seconds:.1f} |", flush=True)
    return out


def relative(molecules: dict[str, str], coarse: Level, fine: Level) -> dict[str, list[float]]:
    """Relative change of alpha_D and of alpha_F - alpha_C from `fine` to `coarse`."""
    return {n: (alpha(smiles, coarse) / alpha(smiles, fine) - 1.0).round(6).tolist() for n, smiles in molecules.items()}


def main() -> None:
    parser(__doc__).parse_args()
    basis = "def2-svpd-lean"
    result = {
        "ratio_to_" + LARGEST: by_basis(),
        "fitting_sets": {
            name: relative(FITTED, Level("hf", basis, name), Level("hf", basis)) for name in FITTING_SETS
        },
        "grid_lean": relative(ON_GRID, Level("pbe0", basis, grid="lean"), Level("pbe0", basis, grid="fine")),
        "machine": describe("pyscf", "numpy", "tblite"),
    }  # fmt: skip
    write("optics_basis", result)
    print(result["fitting_sets"], result["grid_lean"])


if __name__ == "__main__":
    main()
