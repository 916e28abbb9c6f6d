"""How far the polarizability of a repeat unit depends on the oligomers and conformers that stand for it.

    python benchmarks/oligomer_study.py [--units 16]

For varied small repeat units: alpha(1) - alpha(0), alpha(2) - alpha(1) and, where small, alpha(3) - alpha(2) with
methyl caps, and the scatter over conformers of the capped unit. Writes benchmarks/results/oligomer_study.json, whose
root mean squares are the `ErrorModel` of `simulate/optics.py`.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from pathlib import Path

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import write_atomically
from polyloop.engines import pyscf
from polyloop.simulate.conformers import find_conformers
from polyloop.simulate.oligomers import reframe
from polyloop.simulate.optics import WAVELENGTHS
from polyloop.simulate.polarizability_scale import LEVEL

UNITS = {
    "polyethylene": "*CC*",
    "polypropylene": "*CC(*)C",
    "poly(methylene oxide)": "*CO*",
    "poly(ethylene oxide)": "*CCO*",
    "poly(vinyl chloride)": "*CC(*)Cl",
    "polyacrylonitrile": "*CC(*)C#N",
    "poly(vinylidene fluoride)": "*CC(*)(F)F",
    "poly(ethylene sulfide)": "*CCS*",
    "poly(vinyl methyl sulfone)": "*CC(*)S(C)(=O)=O",
    "poly(methyl acrylate)": "*CC(*)C(=O)OC",
    "polyglycolide": "*OCC(=O)*",
    "nylon 3": "*NCCC(=O)*",
    "1,4-polybutadiene": "*C/C=C/C*",
    "polydimethylsiloxane": "*[Si](C)(C)O*",
    "poly(dimethylphosphazene)": "*N=P(*)(C)C",
    "poly(1,4-phenylene)": "*c1ccc(*)cc1",
    "poly(phenylene sulfide)": "*Sc1ccc(*)cc1",
    "poly(vinyl bromide)": "*CC(*)Br",
    "polystyrene": "*CC(*)c1ccccc1",
}
LARGEST = 18


def responses(polymer: Polymer, n: int, keep: int) -> np.ndarray:
    """Isotropic polarizabilities of up to `keep` conformers, shape (n_conformers, n_wavelengths)."""
    conformers = find_conformers(polymer.oligomer(n), 0, keep=keep)
    rows = []
    for conformer in conformers:
        tensors = pyscf.polarizability(pyscf.ground_state(conformer.geometry, LEVEL), WAVELENGTHS)
        rows.append(np.trace(tensors, axis1=1, axis2=2) / 3)
    return np.array(rows)


def study(smiles: str) -> dict[str, object]:
    started = time.process_time()
    polymer, cost = reframe(Polymer(smiles))
    unit = polymer.mol.GetNumHeavyAtoms()
    alphas = [responses(polymer, 0, 1), responses(polymer, 1, 4)]
    for n in (2, 3):
        if n * unit + 2 <= (LARGEST if n == 2 else 10):
            alphas.append(responses(polymer, n, 1))
    differences = [after[0] - before[0] for before, after in zip(alphas, alphas[1:], strict=False)]
    spread = alphas[1] - alphas[1][0]
    dispersions = alphas[1][:, 3] - alphas[1][:, 1]
    return {
        "smiles": smiles,
        "frame": polymer.smiles,
        "sound": cost < 10,
        "alpha_D": [round(float(d[2]), 4) for d in differences],
        "F_minus_C": [round(float(d[3] - d[1]), 5) for d in differences],
        "conformers": len(spread),
        "conformer_std": float(np.std(spread[:, 2]) / differences[0][2]),
        "conformer_dispersion_std": float(np.std(dispersions) / (differences[0][3] - differences[0][1])),
        "cpu_s": round(time.process_time() - started, 1),
    }


def summary(rows: dict[str, dict[str, object]]) -> dict[str, object]:
    def rms(values: list[float]) -> float | None:
        return round(float(np.sqrt(np.mean(np.square(values)))), 5) if values else None

    out: dict[str, object] = {}
    for name, sound in (("sound", True), ("unsound", False)):
        chosen = [row for row in rows.values() if row["sound"] is sound and len(row["alpha_D"]) > 1]
        out[name] = {
            "units": len(chosen),
            "alpha_D_relative_rms": rms([row["alpha_D"][0] / row["alpha_D"][1] - 1 for row in chosen]),
            "F_minus_C_relative_rms": rms([row["F_minus_C"][0] / row["F_minus_C"][1] - 1 for row in chosen]),
        }
    several = [row for row in rows.values() if row["conformers"] > 1]
    out["conformers"] = {
        "units": len(several),
        "alpha_D_relative_rms": rms([row["conformer_std"] for row in several]),
        "F_minus_C_relative_rms": rms([row["conformer_dispersion_std"] for row in several]),
    }
    return out


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--units", type=int, default=len(UNITS))
    rows: dict[str, dict[str, object]] = {}
    for name, smiles in list(UNITS.items())[: parser.parse_args().units]:
        rows[name] = study(smiles)
        print(name, rows[name], flush=True)
        report = {"level": LEVEL.to_dict(), "date": date.today().isoformat(), "summary": summary(rows), "units": rows}
        path = Path(__file__).resolve().parent / "results/oligomer_study.json"
        write_atomically(path, json.dumps(report, indent=1) + "\n")
    print(json.dumps(summary(rows), indent=1))


if __name__ == "__main__":
    main()
