"""Models of experiments: which features help inside the data, and which for a molecule that was left out.

Usage: python benchmarks/process_models.py [--data simulated catechol] [--models pls random_forest nusvr product_gp]

`catechol`: yield of product 2 in flow (Boyne et al., arXiv:2506.07619), 656 experiments with 24 solvents, by residence
time and temperature. `simulated`: conversion and composition of a flow reactor that is simulated, not measured: MMA
with styrene, glycidyl, tetrahydrofurfuryl and cyclohexyl methacrylate and 4-acetoxystyrene, 24 random points each
(feed, temperature, residence time, initiator), terminal model in plug flow, with noise of 0.02.
Features: A process variables, B with RDKit's descriptors of the molecule, C with circular environments, D with
GFN2-xTB's orbitals. `random`: five folds of experiments; `left out`: folds of whole molecules (eight of catechol, one
pair at a time of the simulation). `residual`: learnt is what kinetics with the coefficients of another pair, styrene
and MMA, leave. R2 is about the mean of all. Set POLYLOOP_BENCHMARK_CACHE to go on where a run was stopped.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd

import kept
import machine
from polyloop import datasets
from polyloop.process.experiment_model import MODELS, Candidate, choose, cross_validate, splits
from polyloop.process.experiments import FEATURE_SETS, Experiments
from polyloop.process.kinetics.rate_coefficients import (
    GENERIC_TERMINATION,
    Arrhenius,
    Monomer,
    find_initiator,
    find_monomer,
)
from polyloop.process.kinetics.reactors import Charge
from polyloop.process.kinetics.simulation import Reaction
from polyloop.process.reactivity.monomers import canonical_monomer

# Comonomers of MMA: SMILES, A and Ea of propagation (rounded, of the monomer or its family), and r of MMA and of it
# (literature values or those of the nearest relative; the reactor is a simulation with these numbers, no more).
COMONOMERS = {
    "styrene": ("C=Cc1ccccc1", 4.27e7, 32.5, 0.46, 0.52),
    "glycidyl methacrylate": ("C=C(C)C(=O)OCC1CO1", 6.19e6, 22.9, 0.75, 0.94),
    "4-acetoxystyrene": ("CC(=O)Oc1ccc(C=C)cc1", 5.5e7, 32.5, 0.42, 0.98),
    "tetrahydrofurfuryl methacrylate": ("C=C(C)C(=O)OCC1CCCO1", 5.0e6, 22.5, 0.90, 1.05),
    "cyclohexyl methacrylate": ("C=C(C)C(=O)OC1CCCCC1", 6.29e6, 23.0, 0.87, 0.95),
}
NOISE, POINTS = 0.02, 24


def outlet(comonomer: tuple, row: np.ndarray) -> tuple[float, float]:
    """Return conversion and mole fraction of MMA in the copolymer."""
    smiles, A, Ea, r1, r2 = comonomer
    mma = find_monomer("methyl methacrylate")
    other = Monomer(smiles, smiles, Arrhenius(A, Ea, 0.1), GENERIC_TERMINATION)
    feed, temperature, minutes, initiator = row
    charge = Charge(3.0 * np.array([feed, 1 - feed]), initiator)
    ratios = np.array([[1.0, r1], [r2, 1.0]])
    reaction = Reaction((mma, other), charge, find_initiator("AIBN"), temperature + 273.15, ratios, np.zeros((2, 2)))
    found = reaction.outlet(60 * minutes, "plug")
    return found.conversion, float(found.composition[0])


def simulated() -> dict[str, Experiments]:
    rng = np.random.default_rng(0)
    rows, molecules, values, baseline = [], [], [], []
    for comonomer in COMONOMERS.values():
        points = rng.uniform([0.1, 60.0, 10.0, 0.005], [0.9, 100.0, 120.0, 0.05], (POINTS, 4))
        rows.append(points)
        molecules += [canonical_monomer(comonomer[0])] * POINTS
        values += [outlet(comonomer, row) for row in points]
        baseline += [outlet(COMONOMERS["styrene"], row) for row in points]
    noisy = np.array(values) + rng.normal(0, NOISE, (len(values), 2))
    made = {}
    for place, name in enumerate(("conversion", "composition")):
        for words, base in (("", None), (", residual", np.array(baseline)[:, place])):
            made[f"simulated {name}{words}"] = Experiments(
                ("feed", "temperature", "residence_time", "initiator"), np.vstack(rows),
                {"comonomer": tuple(molecules)}, noisy[:, place], base,
            )  # fmt: skip
    return made


def catechol() -> dict[str, Experiments]:
    table = pd.read_csv(datasets.path("process_tables", "catechol_flow/catechol_single_solvent_yields.csv.gz"))
    smiles = tuple(canonical_monomer(text) for text in table["SOLVENT SMILES"])
    variables = table[["Residence Time", "Temperature"]].to_numpy(dtype=float)
    yields = table["Product 2"].to_numpy(dtype=float)
    return {"catechol": Experiments(("residence_time", "temperature"), variables, {"solvent": smiles}, yields)}


def run(name: str, experiments: Experiments, candidate: Candidate, how: str) -> dict:
    (molecules,) = experiments.molecules.values()
    parts = splits(len(experiments), 8 if how == "left out" else 5, molecules if how == "left out" else None, 0)
    mean, std = cross_validate(experiments, candidate, parts)
    error = experiments.target - mean
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "r2": float(1 - np.mean(error**2) / experiments.target.var()),
        "coverage_68": float((np.abs(error) < std).mean()),
    }


def chosen(experiments: Experiments, candidates: list[Candidate]) -> dict:
    """Return the error where features and model are chosen inside what teaches, by leaving out molecules there too."""
    (molecules,) = experiments.molecules.values()
    mean, picks = np.empty(len(experiments)), []
    for teach, ask in splits(len(experiments), 8, molecules, 0):
        inner = experiments.subset(teach)
        best, _ = choose(inner, candidates, groups=[molecules[row] for row in teach])
        said, _ = cross_validate(experiments, best, [(teach, ask)])
        mean[ask] = said[ask]
        picks.append(f"{best.features} {best.model}")
    error = experiments.target - mean
    return {
        "rmse": float(np.sqrt(np.mean(error**2))),
        "r2": float(1 - np.mean(error**2) / experiments.target.var()),
        "picks": picks,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", nargs="+", default=["simulated", "catechol"], choices=["simulated", "catechol"])
    parser.add_argument("--models", nargs="+", default=list(MODELS), choices=MODELS)
    parser.add_argument("--features", nargs="+", default=list(FEATURE_SETS), choices=list(FEATURE_SETS))
    parser.add_argument("--choose", action="store_true", help="and the choice inside what teaches")
    arguments = parser.parse_args()
    place = machine.RESULTS / "process_models.json"
    result = json.loads(place.read_text()) if place.exists() else {}
    made = {"simulated": simulated, "catechol": catechol}
    candidates = [Candidate(one, model) for model in arguments.models for one in arguments.features]
    for data in arguments.data:
        for name, experiments in made[data]().items():
            mine = result.setdefault(name, {"spread": float(experiments.target.std()), "n": len(experiments)})
            for candidate in candidates:
                for how in ("left out", "random"):
                    key = f"{candidate.features} {candidate.model}"
                    said = kept.kept(
                        f"process_models 1 {name} {key} {how}",
                        lambda n=name, e=experiments, c=candidate, h=how: run(n, e, c, h),
                    )
                    mine.setdefault(how, {})[key] = said
                    print(name, how, key, json.dumps(said), flush=True)
                    result["machine"] = machine.describe("numpy", "scikit-learn", "rdkit")
                    machine.write("process_models", result)
            if arguments.choose:
                mine["chosen inside, left out"] = chosen(experiments, candidates)
                print(name, "chosen", json.dumps(mine["chosen inside, left out"]), flush=True)
                machine.write("process_models", result)


if __name__ == "__main__":
    main()
