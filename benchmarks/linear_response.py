"""CPU time and agreement of polyloop's linear response against the stock solver of pyscf-properties, at the same level.

    python benchmarks/linear_response.py

Both start from the same density-fitted ground state, so that only the solver differs; the error of density fitting is
reported on its own. Results go to benchmarks/results/linear_response.json after each molecule. The stock solver takes
minutes for each.
"""

from __future__ import annotations

import time
import warnings
from typing import Any

import numpy as np
from rdkit import Chem

from machine import describe, parser, write
from polyloop.core.constants import BOHR
from polyloop.engines.quantum.pyscf import Level, ground_state, polarizability
from polyloop.engines.quantum.pyscf.ground_state import GroundState, one_thread
from polyloop.engines.quantum.pyscf.response import frequencies_in_hartree
from polyloop.simulate.conformers import find_conformers

WAVELENGTHS = (0.0, 589.29)
ALL_LINES = (0.0, 656.27, 589.29, 486.13)
HARTREE_FOCK = Level("hf", "def2-svpd-lean", "def2-mixed-fit")
HYBRID = Level("pbe0", "def2-svp", "def2-mixed-fit")
CASES = (
    ("poly(methylene sulfide), n=1", "CSC", HARTREE_FOCK),
    ("poly(methylene sulfide), n=1", "CSC", HYBRID),
    ("poly(vinyl iodide), n=1", "CCC(C)I", HARTREE_FOCK),
    ("poly(propylene sulfide), n=1", "CCC(C)SC", HARTREE_FOCK),
    ("poly(4-methyl-1-pentene), n=1", "CCC(C)CC(C)C", HARTREE_FOCK),
    ("polystyrene, n=1", "CCC(C)c1ccccc1", HARTREE_FOCK),
)


def stock(state: GroundState) -> np.ndarray:
    """Polarizabilities by pyscf-properties, angstrom3, (2, 3, 3)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyscf.prop.polarizability import rhf, rks
    module = rks if state.level.is_density_functional else rhf
    with one_thread():
        solver = module.Polarizability(state.mean_field)
        tensors = [solver.polarizability()]
        tensors += [solver.polarizability_with_freq(freq=w) for w in frequencies_in_hartree(WAVELENGTHS)[1:]]
    return np.array(tensors) * BOHR**3


def without_fitting(state: GroundState) -> float:
    """Isotropic static polarizability with exact integrals, angstrom3."""
    from pyscf import scf

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyscf.prop.polarizability import rhf
    with one_thread():
        exact = scf.RHF(state.mean_field.mol)
        exact.conv_tol = 1e-9
        exact.kernel(dm0=np.asarray(state.mean_field.make_rdm1()))
        tensor = rhf.Polarizability(exact).polarizability()
    return float(np.trace(tensor) / 3.0) * BOHR**3


def cpu_seconds(function: Any, *arguments: Any) -> tuple[Any, float]:
    start = time.process_time()
    value = function(*arguments)
    return value, time.process_time() - start


def compare(name: str, smiles: str, level: Level) -> dict[str, Any]:
    geometry = find_conformers(Chem.MolFromSmiles(smiles), 0, keep=1)[0].geometry
    state, seconds = cpu_seconds(ground_state, geometry, level)
    ours, our_seconds = cpu_seconds(polarizability, state, WAVELENGTHS)
    _, all_lines = cpu_seconds(polarizability, state, ALL_LINES)
    theirs, stock_seconds = cpu_seconds(stock, state)
    static = float(np.trace(ours[0]) / 3.0)
    row = {
        "molecule": name,
        "smiles": smiles,
        "level": level.label,
        "basis_functions": int(state.mean_field.mol.nao),
        "ground_state_s": round(seconds, 2),
        "response_static_and_D_s": round(our_seconds, 2),
        "response_static_C_D_F_s": round(all_lines, 2),
        "stock_static_and_D_s": round(stock_seconds, 2),
        "ratio": round(stock_seconds / our_seconds, 1),
        "largest_relative_difference": float(f"{np.abs(ours - theirs).max() / static:.2e}"),
    }
    if not level.is_density_functional:
        row["relative_error_of_density_fitting"] = float(f"{static / without_fitting(state) - 1:.2e}")
    return row


def main() -> None:
    parser(__doc__).parse_args()
    rows = []
    for case in CASES:
        rows.append(compare(*case))
        print(rows[-1], flush=True)
        machine = describe("pyscf", "pyscf-properties", "numpy", "scipy")
        write("linear_response", {"machine": machine, "wavelengths_nm": WAVELENGTHS, "molecules": rows})


if __name__ == "__main__":
    main()
