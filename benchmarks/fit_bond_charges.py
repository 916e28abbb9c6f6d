"""Fit the bond charge corrections of the fast charges to Hartree-Fock potentials of small molecules.

    python benchmarks/fit_bond_charges.py

writes src/polyloop/simulate/charges/bond_corrections.json and benchmarks/results/fit_bond_charges.json. The corrections
minimize the squared error of the potential on Merz-Kollman shells, each molecule's mean counting alike, plus a ridge
whose strength is chosen by leaving out each fifth of the molecules in turn. No polymer's unit is in the fit.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdPartialCharges

from kept import kept
from machine import describe, parser, write
from polyloop.core import EvaluationError, write_atomically
from polyloop.engines.quantum.tblite import TightBinding
from polyloop.simulate.charges.bond_corrections import bond_kinds
from polyloop.simulate.charges.models import potential_around
from polyloop.simulate.conformers import find_conformers

OUT = Path(__file__).resolve().parents[1] / "src/polyloop/simulate/charges/bond_corrections.json"
SHIPPED = "gfn2"
BASES = (SHIPPED, "gasteiger")
RIDGES = (1e-8, 1e-7, 1e-6, 1e-5, 1e-4)
FOLDS = 5
MOLECULES = """
COC CC#N CC(=O)OC CNC(C)=O CCl CF CC CC(C)=O CS CN CO O C[SiH3] CC(N)=O CC(O)=O C=C CC(F)F FC(F)F CC(=O)[O-] C[NH3+]
CSC CCO CCC COCOC C[Si](C)(C)OC CCF CCCl CC(C)C COC(=O)OC CN(C)C(C)=O CNC CN(C)C CC=O C=CC COC=O CC(C)O CC(C)Cl ClCCl
c1ccccc1 Cc1ccccc1 c1ccncc1 COc1ccccc1 CSc1ccccc1 COC=C CC(=O)OC=C C=CC(=O)OC CCC#N C=CC#N CC(C)=C CC=CC C=CC=C
CC(F)(F)F CC(F)(F)C FC(F)C(F)F COC(F)(F)F FC=C C=CCl C=C(Cl)Cl ClC(Cl)Cl FC(F)(F)Cl CBr CCBr CSSC CS(C)=O CS(C)(=O)=O
CC(C)(C)C C1CCOC1 O=C1CCCO1 O=C1CCCN1 CN1CCCC1=O CNC=O NC(N)=O CNC(=O)NC COC(=O)NC CCN C1CCNC1 C[N+](=O)[O-] CC=NC
c1cc[nH]c1 c1ccoc1 c1ccsc1 CC(=O)OC(C)=O CCOC(C)=O OCCO CCOCC C#C CC#C C[Si](C)(C)C C[SiH2]O[SiH2]C CP COP(=O)(OC)OC
CP(C)(C)=O C[N+](C)(C)C CS(=O)(=O)[O-] CCC(=O)[O-] COC(=O)S CC(C)=S CN=C=O CC(=O)C=C Oc1ccccc1 Nc1ccccc1
Fc1ccccc1 Clc1ccccc1 COC(=O)c1ccccc1
""".split()  # noqa: SIM905  (a list of 110 quoted strings is harder to read)


@dataclass(frozen=True)
class Sample:
    """One molecule: mean normal equations of its potential, its cheap charges, and its bonds."""

    smiles: str
    numbers: np.ndarray
    normal: np.ndarray
    right: np.ndarray
    square: float
    bases: dict[str, np.ndarray]
    bonds: list[tuple[int, int]]

    @property
    def kinds(self) -> dict[str, list[tuple[int, int]]]:
        """Bonds by kind."""
        return bond_kinds(self.numbers, self.bonds)

    def design(self, kinds: list[str]) -> np.ndarray:
        """Charges (n,) per charge moved by each kind, shape (n, kinds)."""
        matrix = np.zeros((len(self.numbers), len(kinds)))
        found = self.kinds
        for column, kind in enumerate(kinds):
            for first, second in found.get(kind, ()):
                matrix[first, column] += 1.0
                matrix[second, column] -= 1.0
        return matrix

    def error(self, charges: np.ndarray) -> float:
        """Root mean square error of the potential, hartree/e."""
        return float(np.sqrt(max(0.0, charges @ self.normal @ charges - 2 * charges @ self.right + self.square)))


def gasteiger(mol: Chem.Mol) -> np.ndarray:
    rdPartialCharges.ComputeGasteigerCharges(mol, throwOnParamFailure=True)
    return np.array([atom.GetDoubleProp("_GasteigerCharge") for atom in mol.GetAtoms()])


def sample(smiles: str) -> Sample:
    skeleton = Chem.MolFromSmiles(smiles)
    mol = Chem.AddHs(skeleton)
    geometry = find_conformers(skeleton, 0, keep=1)[0].geometry
    potential = potential_around(geometry)
    inverse, values = potential.inverse_distances(), potential.values
    numbers = np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()])
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    bases = {"gfn2": TightBinding(geometry)(geometry.coordinates).charges, "gasteiger": gasteiger(mol)}
    return Sample(smiles, numbers, inverse.T @ inverse / len(values), inverse.T @ values / len(values),
                  float(np.mean(values**2)), bases, bonds)  # fmt: skip


def solve(samples: list[Sample], base: str, kinds: list[str], ridge: float) -> np.ndarray:
    normal, right = ridge * len(samples) * np.eye(len(kinds)), np.zeros(len(kinds))
    for one in samples:
        design = one.design(kinds)
        normal += design.T @ one.normal @ design
        right += design.T @ (one.right - one.normal @ one.bases[base])
    return np.linalg.solve(normal, right)


def held_out(samples: list[Sample], base: str, kinds: list[str], ridge: float) -> np.ndarray:
    """Error of each molecule's potential when its fold is left out, hartree/e."""
    fold = np.random.default_rng(0).permutation(len(samples)) % FOLDS
    errors = np.zeros(len(samples))
    for k in range(FOLDS):
        values = solve([s for s, f in zip(samples, fold, strict=True) if f != k], base, kinds, ridge)
        for i in np.flatnonzero(fold == k):
            errors[i] = samples[i].error(samples[i].bases[base] + samples[i].design(kinds) @ values)
    return errors


def collect() -> tuple[list[Sample], dict[str, str]]:
    """Samples of all molecules, and why others were refused."""
    samples, refused = [], {}
    for smiles in MOLECULES:
        try:
            samples.append(kept(f"molecule {smiles}", partial(sample, smiles)))
        except EvaluationError as error:
            refused[smiles] = str(error)
    return samples, refused


def figures(errors: np.ndarray, samples: list[Sample]) -> dict[str, object]:
    return {
        "mean": float(np.mean(errors)),
        "root_mean_square": float(np.sqrt(np.mean(errors**2))),
        "largest": float(errors.max()),
        "worst": samples[int(np.argmax(errors))].smiles,
    }


def main() -> None:
    parser(__doc__).parse_args()
    samples, refused = collect()
    kinds = sorted({kind for one in samples for kind in one.kinds})
    report: dict[str, object] = {
        "machine": describe("pyscf", "tblite", "rdkit", "numpy"),
        "molecules": len(samples),
        "refused": refused,
        "kinds": len(kinds),
        "potential_root_mean_square": float(np.mean([np.sqrt(one.square) for one in samples])),
    }
    for base in BASES:
        scan = {ridge: held_out(samples, base, kinds, ridge) for ridge in RIDGES}
        best = min(scan, key=lambda ridge: float(np.mean(scan[ridge] ** 2)))
        values = solve(samples, base, kinds, best)
        before = np.array([one.error(one.bases[base]) for one in samples])
        inside = np.array([one.error(one.bases[base] + one.design(kinds) @ values) for one in samples])
        report[base] = {
            "potential_error_hartree_per_e": {
                "uncorrected": figures(before, samples),
                "corrected, held out": figures(scan[best], samples),
                "corrected, in the fit": figures(inside, samples),
            },
            "ridge_scan": {str(r): float(np.sqrt(np.mean(e**2))) for r, e in scan.items()},
        }
        if base == SHIPPED:
            model = {
                "name": f"{base}_bond_charges@1",
                "fitted_to": f"HF/6-31G(d) potentials of {len(samples)} small molecules, GFN2-xTB geometries",
                "held_out_root_mean_square_hartree": float(f"{np.sqrt(np.mean(scan[best] ** 2)):.3e}"),
                "ridge": best,
                "values": {kind: round(float(value), 4) for kind, value in zip(kinds, values, strict=True)},
            }
            write_atomically(OUT, json.dumps(model, indent=1) + "\n")
    write("fit_bond_charges", report)
    print(json.dumps(report, indent=1))


if __name__ == "__main__":
    main()
