"""How far the polarizability of a repeat unit depends on the oligomers and conformers that stand for it.

    python benchmarks/oligomer_study.py [--units 16]
    python benchmarks/oligomer_study.py --fluorinated     # units that are there are not computed again

For varied small repeat units: alpha(1) - alpha(0), alpha(2) - alpha(1) and, where small, alpha(3) - alpha(2) with
methyl caps, and the scatter over conformers of the capped unit. Writes benchmarks/results/oligomer_study.json, whose
root mean squares are the `ErrorModel` of `simulate/optics/quick.py`. `--fluorinated` adds chains that are cut at
fluorinated carbons, with trifluoromethyl caps: alpha(1) - alpha(0) and alpha(2) - alpha(1), beside alpha(1) - alpha(0)
with methyl caps. Their root mean squares are in `simulate/optics/oligomers.py`.
"""

from __future__ import annotations

import argparse
import json
import time
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.core import write_atomically
from polyloop.engines.quantum import pyscf
from polyloop.simulate.conformers import search_conformers
from polyloop.simulate.optics.dipole_interaction import interacting_polarizability
from polyloop.simulate.optics.oligomers import reframe, with_fluorinated_caps
from polyloop.simulate.optics.polarizability_scale import LEVEL
from polyloop.simulate.optics.quick import ERRORS, WAVELENGTHS

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
FLUORINATED = {
    "poly(difluoromethylene oxide)": "*C(F)(F)O*",
    "polytrifluoroethylene": "*C(F)C(*)(F)F",
    "polytetrafluoroethylene": "*C(F)(F)C(F)(F)*",
    "polychlorotrifluoroethylene": "*C(F)(F)C(F)(Cl)*",
    "poly(tetrafluoroethylene oxide)": "*C(F)(F)C(F)(F)O*",
    "polyhexafluoropropylene": "*C(F)(F)C(F)(C(F)(F)F)*",
    "poly(perfluoro(methyl vinyl ether))": "*C(F)(F)C(F)(OC(F)(F)F)*",
}
LARGEST = 18
RESULT = Path(__file__).resolve().parent / "results/oligomer_study.json"


def responses(mol: Chem.Mol, keep: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Isotropic polarizabilities of up to `keep` conformers, shape (n, n_wavelengths), and how dipoles rank them.

    The ranks are the interacting-dipole values of the starts, shape (n,), and their mean over the ensemble.
    """
    search = search_conformers(mol, 0, keep=keep)
    rows = []
    for conformer in search.lowest:
        tensors = pyscf.polarizability(pyscf.ground_state(conformer.geometry, LEVEL), WAVELENGTHS)
        rows.append(np.trace(tensors, axis1=1, axis2=2) / 3)
    dipoles = np.array([interacting_polarizability(conformer.start) for conformer in search.lowest])
    return np.array(rows), dipoles, float(np.mean([interacting_polarizability(g) for g in search.ensemble]))


def study(smiles: str) -> dict[str, object]:
    started = time.process_time()
    polymer, cost = reframe(Polymer(smiles))
    unit = polymer.mol.GetNumHeavyAtoms()
    lengths = [0, 1] + [n for n in (2, 3) if n * unit + 2 <= (LARGEST if n == 2 else 10)]
    found = [responses(polymer.oligomer(n), 4 if n == 1 else 1) for n in lengths]
    return {
        "smiles": smiles,
        "frame": polymer.smiles,
        "sound": cost < 10,
        "lengths": lengths,
        "alpha_static_C_D_F": [np.round(rows, 5).tolist() for rows, _, _ in found],
        "dipoles": [np.round(dipoles, 5).tolist() for _, dipoles, _ in found],
        "dipoles_of_ensemble": [round(mean, 5) for _, _, mean in found],
        "cpu_s": round(time.process_time() - started, 1),
    }


def regression(rows: dict[str, dict]) -> tuple[float, float]:
    """Slopes of the relative change of alpha_D, and of alpha_F - alpha_C, on that of interacting dipoles."""
    x, level, dispersion = [], [], []
    for row in rows.values():
        for alphas, dipoles in zip(
            map(np.array, row["alpha_static_C_D_F"]), map(np.array, row["dipoles"]), strict=True
        ):
            x += list(dipoles[1:] / dipoles[0] - 1)
            level += list(alphas[1:, 2] / alphas[0, 2] - 1)
            spread = alphas[:, 3] - alphas[:, 1]
            dispersion += list(spread[1:] / spread[0] - 1)
    x = np.array(x)
    return float(x @ np.array(level) / (x @ x)), float(x @ np.array(dispersion) / (x @ x))


def summary(rows: dict[str, dict]) -> dict[str, object]:
    slopes = regression(rows)
    errors: dict[str, list] = {}
    for row in rows.values():
        corrected, plain = [], []
        oligomers = zip(row["alpha_static_C_D_F"], row["dipoles"], row["dipoles_of_ensemble"], strict=True)
        for alphas, dipoles, mean in oligomers:
            change, lowest = mean / dipoles[0] - 1, np.array(alphas[0])
            plain.append((lowest[2], lowest[3] - lowest[1]))
            corrected.append((plain[-1][0] * (1 + slopes[0] * change), plain[-1][1] * (1 + slopes[1] * change)))
        for name, values in (("lowest conformer", plain), ("ensemble", corrected)):
            steps = np.diff(np.array(values), axis=0)
            row[name] = np.round(steps, 5).tolist()
            if len(steps) > 1:
                kind = "sound" if row["sound"] else "unsound"
                errors.setdefault(f"{kind}, {name}", []).append(steps[0] / steps[1] - 1)
    residual = []
    for row in rows.values():
        alphas, dipoles = np.array(row["alpha_static_C_D_F"][1]), np.array(row["dipoles"][1])
        change = dipoles[1:] / dipoles[0] - 1
        spread = alphas[:, 3] - alphas[:, 1]
        residual += list(
            zip(
                alphas[1:, 2] / alphas[0, 2] - 1 - slopes[0] * change,
                change,
                spread[1:] / spread[0] - 1 - slopes[1] * change,
                strict=True,
            )
        )
    residual = np.array(residual)
    rms = lambda values: [round(float(v), 5) for v in np.sqrt(np.mean(np.square(values), axis=0))]  # noqa: E731
    return {
        "slope_of_alpha_D": slopes[0],
        "slope_of_F_minus_C": slopes[1],
        "residual_rms_alpha_D_dipoles_F_minus_C": rms(residual),
        "cap_against_dimer_rms_alpha_D_and_F_minus_C": {
            name: {"units": len(values), "rms": rms(values), "mean": np.mean(values, axis=0).round(5).tolist()}
            for name, values in errors.items()
        },
    }


@cache
def constants(smiles: str) -> tuple[float, float]:
    """Isotropic alpha_D and alpha_F - alpha_C of one molecule, moved to the mean of its conformers; angstrom3."""
    rows, dipoles, mean = responses(Chem.MolFromSmiles(smiles), 1)
    change = mean / dipoles[0] - 1
    alpha = rows[0]
    return alpha[2] * (1 + ERRORS.slopes[0] * change), (alpha[3] - alpha[1]) * (1 + ERRORS.slopes[1] * change)


def study_fluorinated(smiles: str) -> dict[str, object]:
    """One segment less cap-cap, by either cap, and two segments less one; alpha_D and alpha_F - alpha_C, angstrom3."""
    started = time.process_time()
    polymer, cost = reframe(Polymer(smiles), "matched")
    of = lambda mol: np.array(constants(Chem.MolToSmiles(mol)))  # noqa: E731
    matched = [of(with_fluorinated_caps(polymer.oligomer(n))) for n in (0, 1, 2)]
    methyl = [of(polymer.oligomer(n)) for n in (0, 1)]
    return {
        "smiles": smiles,
        "frame": polymer.smiles,
        "between_fluorinated_carbons": cost == 3,
        "methyl_caps": np.round(methyl[1] - methyl[0], 5).tolist(),
        "trifluoromethyl_caps": np.round(matched[1] - matched[0], 5).tolist(),
        "two_less_one": np.round(matched[2] - matched[1], 5).tolist(),
        "cpu_s": round(time.process_time() - started, 1),
    }


def fluorinated_summary(rows: dict[str, dict]) -> dict[str, object]:
    """Root mean square differences from two segments less one."""
    longer = np.array([row["two_less_one"] for row in rows.values()])
    out: dict[str, object] = {"units": list(rows)}
    for caps in ("methyl_caps", "trifluoromethyl_caps"):
        off = np.array([row[caps] for row in rows.values()]) - longer
        out[caps] = {
            "rms_angstrom3": np.sqrt(np.mean(off**2, axis=0)).round(5).tolist(),
            "rms_relative": np.sqrt(np.mean((off / longer) ** 2, axis=0)).round(5).tolist(),
            "mean_relative": np.mean(off / longer, axis=0).round(5).tolist(),
        }
    return out


def study_fluorinated_units() -> None:
    report = json.loads(RESULT.read_text())
    rows = report.setdefault("fluorinated_units", {})
    for name, smiles in FLUORINATED.items():
        if name not in rows:
            rows[name] = study_fluorinated(smiles)
            print(name, rows[name], flush=True)
        report["fluorinated"] = {
            "level": LEVEL.to_dict(), "date": date.today().isoformat(), "summary": fluorinated_summary(rows),
        }  # fmt: skip
        write_atomically(RESULT, json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["fluorinated"]["summary"], indent=1))


def study_methyl(n_units: int) -> None:
    rows: dict[str, dict[str, object]] = {}
    for name, smiles in list(UNITS.items())[:n_units]:
        rows[name] = study(smiles)
        print(name, rows[name]["cpu_s"], flush=True)
        report = (json.loads(RESULT.read_text()) if RESULT.exists() else {}) | {
            "level": LEVEL.to_dict(),
            "date": date.today().isoformat(),
            "summary": summary(rows) if len(rows) > 2 else {},
            "units": rows,
        }
        write_atomically(RESULT, json.dumps(report, indent=1) + "\n")
    print(json.dumps(summary(rows), indent=1))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--units", type=int, default=len(UNITS))
    parser.add_argument("--fluorinated", action="store_true")
    arguments = parser.parse_args()
    if arguments.fluorinated:
        study_fluorinated_units()
    else:
        study_methyl(arguments.units)


if __name__ == "__main__":
    main()
