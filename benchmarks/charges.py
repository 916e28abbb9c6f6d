"""Check the charges: the fit against published and independent ones, choices behind a unit's charges, the fast model.

    python benchmarks/charges.py [fit] [published] [unit] [seeds] [fast]

writes benchmarks/results/charges.json, part by part; without arguments all parts run. POLYLOOP_BENCHMARK_CACHE names a
folder that keeps finished pieces over a restart.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from rdkit import Chem
from scipy.optimize import minimize

from fit_bond_charges import MOLECULES
from kept import kept
from machine import RESULTS, describe, parser, write
from polyloop.chem import ChainUnit, Geometry, Polymer
from polyloop.engines.quantum.pyscf import ground_state
from polyloop.engines.quantum.pyscf.electrostatic_potential import electrostatic_potential
from polyloop.engines.quantum.tblite import TightBinding
from polyloop.simulate.charges import ChargeSum, Potential, fit_charges, resp_charges
from polyloop.simulate.charges.bond_corrections import shipped_corrections
from polyloop.simulate.charges.models import LEVEL, POINT_DENSITY, gasteiger_charges, potential_around, unit_sums
from polyloop.simulate.charges.oligomer import Oligomer
from polyloop.simulate.charges.shells import merz_kollman_points
from polyloop.simulate.conformers import find_conformers
from polyloop.simulate.optics.oligomers import reframe
from published_charges import ACETIC_ACID, DIMETHYL_SULFOXIDE, ETHANOL, METHANOL, PUBLISHED

DEBYE = 4.80320471  # debye per e angstrom
SMALL = {
    "water": "O", "methanol": "CO", "ethane": "CC", "benzene": "c1ccccc1", "N-methylacetamide": "CNC(C)=O",
    "acetamide": "CC(N)=O", "acetone": "CC(C)=O", "dimethyl sulfoxide": "CS(C)=O", "chloroform": "ClC(Cl)Cl",
    "acetic acid": "CC(O)=O", "dimethyl ether": "COC", "methyl acetate": "CC(=O)OC", "methylamine": "CN",
    "acetonitrile": "CC#N", "bromomethane": "CBr", "iodomethane": "CI",
}  # fmt: skip
DENSE = 20.0  # points per angstrom2, as the peer takes
ROTORS = ("water", "methanol", "ethane", "acetonitrile", "dimethyl ether")  # where the grid is varied
INTERIOR = ("*CO*",)
SPREAD = ("*CC(*)C(N)=O", "*CC(*)(C)C(=O)OC")
HELD_OUT = (
    "*CC(*)C", "*CC(*)O", "*CC(*)F", "*CC(*)Cl", "*CC(*)C#N", "*CO*", "*CCO*", "*CC(*)(F)F", "*CCS*", "*CC(*)OC",
    "*CC(*)(Cl)Cl", "*CC(C)=CC*", "*CC(*)C(N)=O", "*CC(*)C(=O)O", "*CC(=O)O*", "*CC(C)C(=O)O*", "*C(F)(F)C(*)(F)F",
    "*CC(*)OC(C)=O", "*CC(*)C(=O)OC", "*CC(*)(C)C#N", "*CCN(*)C(C)=O", "*CCCC(=O)N*", "*CC(*)(C)C(=O)OC",
    "*CC(C)OC(=O)O*", "*CC(*)N1CCCC1=O", "*CC(*)c1ccncc1", "*CC(*)c1ccccc1", "*CC(*)C(=O)[O-]",
)  # fmt: skip


def atoms_and_bonds(smiles: str) -> tuple[np.ndarray, list[tuple[int, int]]]:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in mol.GetBonds()]
    return np.array([atom.GetAtomicNum() for atom in mol.GetAtoms()]), bonds


def independent_resp(potential: Potential, smiles: str) -> np.ndarray:
    """RESP by general-purpose minimization of the published objective from a random start; RDKit's symmetry classes."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    classes = np.array(list(Chem.CanonicalRankAtoms(mol, breakTies=False)))
    in_group = Chem.MolFromSmarts("[$([CX4;H2,H3,H4]),$([#1][CX4;H2,H3,H4])]")
    group = np.isin(np.arange(mol.GetNumAtoms()), [i for (i,) in mol.GetSubstructMatches(in_group, maxMatches=999)])
    heavy = np.array([atom.GetAtomicNum() != 1 for atom in mol.GetAtoms()])
    inverse, values = potential.inverse_distances(), potential.values
    rng = np.random.default_rng(7)

    def solve(labels: np.ndarray, fixed: np.ndarray, strength: float) -> np.ndarray:
        free = np.unique(labels[~np.isfinite(fixed)])
        spread = (labels[:, None] == free[None]).astype(float) * ~np.isfinite(fixed)[:, None]
        counts, known = spread.sum(axis=0), np.where(np.isfinite(fixed), fixed, 0.0)

        def charges(x: np.ndarray) -> np.ndarray:
            return known + spread @ np.append(x, -(known.sum() + counts[:-1] @ x) / counts[-1])

        def objective(x: np.ndarray) -> float:
            q = charges(x)
            restraint = 2 * strength * np.sum((np.sqrt(q**2 + 0.01) - 0.1)[heavy])
            return float(1e3 * (np.sum((values - inverse @ q) ** 2) / potential.density + restraint))

        if len(free) == 1:
            return charges(np.zeros(0))
        start = rng.normal(scale=0.3, size=len(free) - 1)
        return charges(minimize(objective, start, method="BFGS", options={"gtol": 1e-7}).x)

    alone = classes.max() + 1 + np.arange(len(classes))
    first = solve(np.where(group, alone, classes), np.full(len(classes), np.nan), 0.0005)
    return solve(classes, np.where(group, np.nan, first), 0.001) if group.any() else first


def part_fit() -> dict[str, Any]:
    rows: dict[str, Any] = {}
    for name, smiles in SMALL.items():
        numbers, bonds = atoms_and_bonds(smiles)
        geometry = find_conformers(Chem.MolFromSmiles(smiles), 0, keep=1)[0].geometry
        state = ground_state(geometry, LEVEL)
        row: dict[str, Any] = {}
        by_density = {}
        for density in (POINT_DENSITY, DENSE) if name in ROTORS else (POINT_DENSITY,):
            points = merz_kollman_points(geometry, density)
            potential = Potential(geometry.coordinates, points, electrostatic_potential(state, points), density)
            total = [ChargeSum(range(len(numbers)), 0.0)]
            by_density[density] = resp_charges([potential], numbers, bonds, total)
            if density == POINT_DENSITY:
                plain = fit_charges([potential], total)
                row["independent_largest_difference"] = float(
                    np.abs(independent_resp(potential, smiles) - by_density[density]).max())  # fmt: skip
                row["potential_error"] = {"resp": potential.error(by_density[density]), "esp": potential.error(plain)}
                row["potential"] = float(np.sqrt(np.mean(potential.values**2)))
                row["dipole_debye"] = {
                    "quantum": state.dipole,
                    **{key: float(np.linalg.norm(q @ geometry.coordinates) * DEBYE)
                       for key, q in (("resp", by_density[density]), ("esp", plain))},
                }  # fmt: skip
        if DENSE in by_density:
            row["largest_difference_from_denser_points"] = float(
                np.abs(by_density[POINT_DENSITY] - by_density[DENSE]).max())  # fmt: skip
        row["charges"] = by_density[POINT_DENSITY].round(4).tolist()
        if name in PUBLISHED:
            reference = np.array(PUBLISHED[name]["charges"])
            row["published"] = {**PUBLISHED[name], "largest_difference":
                                float(np.abs(reference - by_density[POINT_DENSITY]).max())}  # fmt: skip
        rows[name] = row
        print(name, json.dumps(row), flush=True)
    return {"molecules": rows, "fitted_integrals": density_fitting_error()}


def density_fitting_error() -> dict[str, float]:
    from pyscf import scf

    errors = {}
    for smiles in ("CO", "CC#N", "CC(C)=O"):
        geometry = find_conformers(Chem.MolFromSmiles(smiles), 0, keep=1)[0].geometry
        state = ground_state(geometry, LEVEL)
        points = merz_kollman_points(geometry, 1.0)
        exact = scf.RHF(state.mean_field.mol).run(verbose=0, conv_tol=1e-10)
        fitted = electrostatic_potential(state, points)
        state.mean_field.mo_coeff, state.mean_field.mo_occ = exact.mo_coeff, exact.mo_occ
        difference = fitted - electrostatic_potential(state, points)
        errors[smiles] = float(np.sqrt(np.mean(difference**2)))
    return errors


def part_published() -> dict[str, Any]:
    """RESP at the geometries of published fits; what is left is the placing of the points."""
    found = {}
    cases = {"acetic acid": ACETIC_ACID, "methanol": METHANOL, "dimethyl sulfoxide": DIMETHYL_SULFOXIDE,
             "ethanol, 2 conformers, one stage": ETHANOL}  # fmt: skip
    for name, case in cases.items():
        geometries = [Geometry(tuple(case["symbols"]), np.array(xyz)) for xyz in case["coordinates"]]
        numbers = np.array([Chem.GetPeriodicTable().GetAtomicNumber(s) for s in case["symbols"]])
        potentials = [potential_around(geometry) for geometry in geometries]
        total = [ChargeSum(range(len(numbers)), 0.0)]
        if "bonds" in case:
            charges = resp_charges(potentials, numbers, case["bonds"], total)
        else:  # the program restrains the atoms of each conformer, as our mean over conformers does
            charges = fit_charges(potentials, total, restraint=0.0005)
        difference = np.abs(charges - np.array(case["charges"]))
        found[name] = {
            "charges": charges.round(4).tolist(),
            "published": case["charges"],
            "source": case["source"],
            "mean_difference": float(difference.mean()),
            "largest_difference": float(difference.max()),
        }
        print(name, found[name], flush=True)
    return {"molecules": found}


def oligomer_of(smiles: str, degree: int) -> Oligomer:
    return Oligomer.of(ChainUnit.of(reframe(Polymer(smiles))[0]), degree)


def fit_oligomer(oligomer: Oligomer, potentials: Sequence[Potential], sums: list[ChargeSum],
                 classes: np.ndarray | None = None) -> np.ndarray:  # fmt: skip
    bonds = [(int(i), int(j)) for i, j in oligomer.chain.bonds]
    classes = oligomer.classes if classes is None else classes
    return resp_charges(potentials, oligomer.chain.numbers, bonds, sums, classes=classes)


def unit_recipes(monomer: Oligomer, trimer: Oligomer) -> dict[str, np.ndarray]:
    """Charges of the unit (m,) by the recipes that were considered."""
    one = [potential_around(g) for g in monomer.conformers(0, 1)]
    three = [potential_around(g) for g in trimer.conformers(0, 1)]
    each = [ChargeSum(atoms, total) for atoms, total in zip(trimer.segments, trimer.totals, strict=True)]
    alone = [ChargeSum(atoms, total) for atoms, total in zip(monomer.segments, monomer.totals, strict=True)]
    first = trimer.segments[1]
    repeated = trimer.classes.copy()
    for atoms in trimer.segments[1:-1]:
        repeated[atoms] = trimer.classes[first]
    free = [
        ChargeSum(trimer.middle, trimer.unit_charge),
        ChargeSum(np.concatenate(trimer.segments), sum(trimer.totals)),
    ]
    return {
        "capped unit, caps neutral": fit_oligomer(monomer, one, alone)[monomer.middle],
        "middle of three, all segments neutral": fit_oligomer(trimer, three, each)[trimer.middle],
        "middle of three, middle neutral": fit_oligomer(trimer, three, free)[trimer.middle],
        "three units alike": fit_oligomer(trimer, three, free, repeated)[trimer.middle],
    }


def pentamer_potential(pentamer: Oligomer) -> Potential:
    return potential_around(pentamer.conformers(0, 1)[0], 1.0)


def part_unit() -> dict[str, Any]:
    """Potential of a pentamer around its three inner units, by charges from smaller oligomers."""
    rows: dict[str, Any] = {}
    for smiles in INTERIOR:
        pentamer = oligomer_of(smiles, 5)
        potential = kept(f"pentamer {smiles}", partial(pentamer_potential, pentamer))
        inner = np.isin(pentamer.chain.unit, (1, 2, 3))
        near = inner[np.argmax(potential.inverse_distances(), axis=1)]
        around = Potential(potential.positions, potential.points[near], potential.values[near])
        total = [ChargeSum(np.arange(pentamer.chain.n_atoms), sum(pentamer.totals))]
        own = fit_oligomer(pentamer, [potential], [*total, ChargeSum(pentamer.middle, pentamer.unit_charge)])
        row = {"potential": float(np.sqrt(np.mean(around.values**2))), "own charges, each atom free": around.error(own)}
        recipes = kept(f"recipes {smiles}", partial(unit_recipes, oligomer_of(smiles, 1), oligomer_of(smiles, 3)))
        for name, unit in recipes.items():
            # The outer units and caps keep their own charges, so that only the recipe for inner units is judged.
            mixed = own.copy()
            for segment in pentamer.segments[2:5]:
                mixed[segment] = unit
            mixed += (sum(pentamer.totals) - mixed.sum()) * ~inner / (~inner).sum()
            row[name] = around.error(mixed)
        rows[smiles] = row
        print(smiles, json.dumps(row), flush=True)
    names = [name for name in next(iter(rows.values())) if name != "potential"]
    mean = {name: float(np.mean([row[name] / row["potential"] for row in rows.values()])) for name in names}
    return {"polymers": rows, "mean_relative_error": mean}


def part_seeds() -> dict[str, Any]:
    """Standard deviation of a unit's charges between seeds of the conformer search, with 1, 2 and 4 conformers."""
    rows: dict[str, Any] = {}
    for smiles in SPREAD:
        oligomer = oligomer_of(smiles, 3 if Polymer(smiles).heavy_atoms <= 5 else 1)
        sums, found = unit_sums(oligomer), {1: [], 2: [], 4: []}
        for seed in range(3):
            potentials = [potential_around(g) for g in oligomer.conformers(seed, 4)]
            for keep, charges in found.items():
                charges.append(fit_oligomer(oligomer, potentials[:keep], sums)[oligomer.middle])
        rows[smiles] = {str(k): float(np.sqrt(np.mean(np.var(q, axis=0, ddof=1)))) for k, q in found.items()}
        print(smiles, rows[smiles], flush=True)
    return {"polymers": rows}


def cheap_charges(oligomer: Oligomer, geometry: Geometry) -> dict[str, np.ndarray]:
    gfn2 = TightBinding(geometry)(geometry.coordinates).charges
    moved = shipped_corrections()(oligomer.chain.numbers, oligomer.chain.bonds)
    return {"gasteiger": gasteiger_charges(oligomer), "gfn2": gfn2, "gfn2 + bond charges (fast)": gfn2 + moved}


@dataclass(frozen=True)
class HeldOut:
    """A capped unit, the potential around it, its RESP charges and what they cost in CPU seconds."""

    geometry: Geometry
    potential: Potential
    resp: np.ndarray
    cpu: float


def held_out_oligomer(smiles: str) -> Oligomer:
    return oligomer_of(smiles, 2 if Polymer(smiles).heavy_atoms < 4 else 1)


def held_out(smiles: str) -> HeldOut:
    oligomer = held_out_oligomer(smiles)
    geometry = oligomer.conformers(0, 1)[0]
    begin = time.process_time()
    potential = potential_around(geometry)
    everything = [ChargeSum(np.arange(oligomer.chain.n_atoms), sum(oligomer.totals))]
    resp = fit_oligomer(oligomer, [potential], everything)
    return HeldOut(geometry, potential, resp, time.process_time() - begin)


def part_fast() -> dict[str, Any]:
    """Dipole and potential of capped units by RESP and by the fast models; none of them is in the corrections' fit."""
    trained = {Chem.CanonSmiles(smiles) for smiles in MOLECULES}
    rows: dict[str, Any] = {}
    for smiles in HELD_OUT:
        oligomer = held_out_oligomer(smiles)
        if Chem.MolToSmiles(oligomer.skeleton) in trained:
            raise SystemExit(f"{smiles}: its capped unit is in the fit")
        unit = kept(f"unit {smiles}", partial(held_out, smiles))
        row: dict[str, Any] = {"heavy_atoms": oligomer.skeleton.GetNumAtoms(), "resp_cpu_s": round(unit.cpu, 2),
                               "potential": float(np.sqrt(np.mean(unit.potential.values**2)))}  # fmt: skip
        centred = unit.geometry.coordinates - unit.geometry.coordinates.mean(axis=0)
        for name, charges in {"resp": unit.resp, **cheap_charges(oligomer, unit.geometry)}.items():
            dipole, reference = (q @ centred * DEBYE for q in (charges, unit.resp))
            row[name] = {
                "potential_error": unit.potential.error(charges),
                "dipole_debye": float(np.linalg.norm(dipole)),
                "dipole_vector_error_debye": float(np.linalg.norm(dipole - reference)),
                "charge_difference": float(np.sqrt(np.mean((charges - unit.resp) ** 2))),
            }
        rows[smiles] = row
    return {"polymers": rows, "mean": summary(rows)}


def summary(rows: dict[str, Any]) -> dict[str, Any]:
    """Means over the neutral units, by model."""
    neutral = [row for smiles, row in rows.items() if "-]" not in smiles]
    models = [name for name, value in next(iter(rows.values())).items() if isinstance(value, dict)]
    means: dict[str, Any] = {"units": len(neutral)}
    for model in models:
        keys = ("potential_error", "dipole_vector_error_debye", "charge_difference")
        means[model] = {key: float(np.mean([row[model][key] for row in neutral])) for key in keys}
        relative = [row[model]["potential_error"] / row["potential"] for row in neutral]
        dipoles = [abs(row[model]["dipole_debye"] - row["resp"]["dipole_debye"]) for row in neutral]
        means[model] |= {
            "relative_potential_error": float(np.mean(relative)),
            "dipole_magnitude_error_debye": float(np.mean(dipoles)),
        }
    means["resp_dipole_debye"] = float(np.mean([row["resp"]["dipole_debye"] for row in neutral]))
    return means


PARTS: dict[str, Callable[[], dict[str, Any]]] = {
    "fit": part_fit,
    "published": part_published, "unit": part_unit, "seeds": part_seeds, "fast": part_fast,
}  # fmt: skip


def main() -> None:
    words = parser(__doc__)
    words.add_argument("parts", nargs="*", choices=PARTS)
    chosen = words.parse_args().parts or list(PARTS)
    path = RESULTS / "charges.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    for name in chosen:
        begin = time.process_time()
        part = PARTS[name]()
        result[name] = {"machine": describe("pyscf", "tblite", "rdkit", "numpy"),
                        "cpu_s": round(time.process_time() - begin, 1), **part}  # fmt: skip
        write("charges", result)


if __name__ == "__main__":
    main()
