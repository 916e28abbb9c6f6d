"""Hold our tables of GAFF2 against an independent reading of GAFF 2.11, and what programs make of our GROMACS files.

The reading is that of openmmforcefields 0.15.1, made from AmberTools' gaff-2.11.dat; take it out of the archive
(`pip download --no-deps openmmforcefields`), in openmmforcefields/ffxml/amber/gaff/ffxml/gaff-2.11.xml. Files are read
by OpenMM, by GROMACS where `gmx` is on the path, and by ParmEd where it can be imported (it compiles on installation).

    python benchmarks/force_field_tables.py GAFF_XML

Writes results/force_field_tables.json.
"""

from __future__ import annotations

import argparse
import math
import tempfile
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from openmm import unit

import machine
from polyloop.chem import Cell, Chain, Polymer
from polyloop.chem.forcefield import FORCE_FIELDS
from polyloop.chem.forcefield.tables import FourierTerm, gaff2_mod_tables
from polyloop.chem.formats import write
from polyloop.engines.dynamics.gromacs import GromacsEngine
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.cells import build_cell
from polyloop.simulate.charges import chain_charges

KCAL, ANGSTROM = 4.184, 0.1
CELLS = {
    "PE": "*CC*", "PEO": "*CCO*", "agarose": "*OC1C(O)C(CO)OC(C1O)OC1C2COC1C(O)C(*)O2", "PLA": "*OC(C)C(*)=O",
    "PMMA": "*CC(*)(C)C(=O)OC", "PA6": "*NCCCCCC(*)=O",
}  # fmt: skip
# Three- and four-membered rings: the package's values are of an earlier GAFF than 2.11. Water is of another model.
RINGS, WATER = {"cx", "cy", "cu", "cv"}, {"hw", "ow"}


def types_of(entry: ET.Element, count: int) -> tuple[str, ...]:
    names = tuple(entry.get(f"class{i}") or entry.get(f"type{i}") or "X" for i in range(1, count + 1))
    return min(names, names[::-1])


def harmonics(root: ET.Element, force: str, count: int) -> dict[tuple[str, ...], tuple[float, float]]:
    """Our units: k in kcal/mol (without the half), angstrom and degrees."""
    found = {}
    for entry in root.find(force) or ():
        k = float(entry.attrib["k"]) / KCAL / 2.0
        if count == 2:
            found[types_of(entry, 2)] = (k * ANGSTROM**2, float(entry.attrib["length"]) / ANGSTROM)
        else:
            found[types_of(entry, 3)] = (k, math.degrees(float(entry.attrib["angle"])))
    return found


def torsions(root: ET.Element) -> dict[tuple[str, ...], tuple[FourierTerm, ...]]:
    found = {}
    for entry in root.findall("PeriodicTorsionForce/Proper"):
        numbers = range(1, 1 + sum(name.startswith("periodicity") for name in entry.attrib))
        found[types_of(entry, 4)] = tuple(
            FourierTerm(
                float(entry.attrib[f"k{i}"]) / KCAL, int(entry.attrib[f"periodicity{i}"]),
                math.degrees(float(entry.attrib[f"phase{i}"])),
            )
            for i in numbers
        )  # fmt: skip
    return found


def phasors(terms: Iterable[FourierTerm]) -> dict[int, complex]:
    total: dict[int, complex] = {}
    for term in terms:
        total[term.n] = total.get(term.n, 0.0) + term.k * np.exp(1j * math.radians(term.phase))
    return total


def same_torsion(one: Iterable[FourierTerm], other: Iterable[FourierTerm]) -> bool:
    a, b = phasors(one), phasors(other)
    return all(abs(a.get(n, 0.0) - b.get(n, 0.0)) < 1e-4 for n in {*a, *b})


def same_harmonic(one: tuple[float, float], other: tuple[float, float]) -> bool:
    # One reading has AMBER's digits (force constants to 0.1 or 0.01), the other some more.
    return abs(one[0] - other[0]) < 0.06 and abs(one[1] - other[1]) < 0.011


def compare_tables(root: ET.Element, force_field: str) -> dict[str, Any]:
    ours = gaff2_mod_tables(force_field)
    result: dict[str, Any] = {}
    for name, count, table in (("HarmonicBondForce", 2, ours.bonds), ("HarmonicAngleForce", 3, ours.angles)):
        theirs = harmonics(root, name, count)
        differing = [types for types in shared(table, theirs) if not same_harmonic(table[types], theirs[types])]
        result[name] = summary(table, theirs, differing)
    theirs_torsions = torsions(root)
    differing = [
        types for types in shared(ours.dihedrals, theirs_torsions)
        if not same_torsion(ours.dihedrals[types], theirs_torsions[types])
    ]  # fmt: skip
    result["PeriodicTorsionForce"] = summary(ours.dihedrals, theirs_torsions, differing)
    return result


def shared(ours: Mapping[tuple[str, ...], Any], theirs: Mapping[tuple[str, ...], Any]) -> list[tuple[str, ...]]:
    return sorted(types for types in theirs if types in ours)


def summary(ours: Mapping[Any, Any], theirs: Mapping[Any, Any], differing: list[tuple[str, ...]]) -> dict[str, Any]:
    rings = [types for types in differing if RINGS & set(types)]
    water = [types for types in differing if WATER & set(types)]
    return {
        "compared": len(shared(ours, theirs)),
        "differ": len(differing),
        "of_small_rings": len(rings),
        "of_water": len(water),
        "others": ["-".join(types) for types in differing if types not in rings and types not in water],
    }


def compare_readers(smiles: str, force_field: str) -> dict[str, Any]:
    """Torsion and bonded energies in kJ/mol of one cell by our OpenMM system, and by three readers of its files."""
    chain = Chain.homopolymer(Polymer(smiles), max(1, round(60 / Polymer(smiles).mol.GetNumAtoms())))
    charges = [chain_charges(chain, "gasteiger", seed=0)] * 4
    cell = build_cell([chain] * 4, charges=charges, density=0.2, seed=0, force_field=force_field)
    energies = OpenMMEngine().energies(cell, Stage("energies", "nvt"))
    found: dict[str, Any] = {"openmm": {name: KCAL * value for name, value in energies.terms.items()}}
    program = GromacsEngine().energies(cell, Stage("energies", "nvt"))
    found["gromacs"] = {name: KCAL * value for name, value in program.terms.items()}
    with tempfile.TemporaryDirectory() as folder:
        write(cell, Path(folder) / "cell.gro")
        found["openmm_reading_the_files"] = by_openmm(cell, Path(folder))
        found["parmed"] = by_parmed(cell, Path(folder)) if find_spec("parmed") else "not installed"
    return found


def by_openmm(cell: Cell, folder: Path) -> dict[str, float]:
    from openmm import app

    gro = app.GromacsGroFile(str(folder / "cell.gro"))
    top = app.GromacsTopFile(str(folder / "cell.top"), periodicBoxVectors=gro.getPeriodicBoxVectors())
    return bonded(top.createSystem(nonbondedMethod=app.PME, nonbondedCutoff=1.0), cell)


def by_parmed(cell: Cell, folder: Path) -> dict[str, float] | str:
    import warnings

    import parmed
    from openmm import app

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            structure = parmed.load_file(str(folder / "cell.top"), xyz=str(folder / "cell.gro"))
        except Exception as error:  # noqa: BLE001 - what the program says is the result
            return f"refused: {type(error).__name__}: {error}"
        return bonded(structure.createSystem(nonbondedMethod=app.PME, nonbondedCutoff=1.0 * unit.nanometer), cell)


def bonded(system: Any, cell: Cell) -> dict[str, float]:
    """Energy of bonds, angles and torsions (impropers among them) in kJ/mol."""
    import openmm

    names = {
        "HarmonicBondForce": "bond", "HarmonicAngleForce": "angle", "PeriodicTorsionForce": "torsion",
        "RBTorsionForce": "torsion",
    }  # fmt: skip
    for number, force in enumerate(system.getForces()):
        force.setForceGroup(number)
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatform("Reference"))
    context.setPositions(cell.positions * ANGSTROM)
    found = dict.fromkeys(names.values(), 0.0)
    for number, force in enumerate(system.getForces()):
        if type(force).__name__ in names:
            energy = context.getState(getEnergy=True, groups={number}).getPotentialEnergy()
            found[names[type(force).__name__]] += energy.value_in_unit(unit.kilojoule_per_mole)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("gaff", type=Path, help="gaff-2.11.xml of openmmforcefields")
    root = ET.parse(parser.parse_args().gaff).getroot()
    result: dict[str, Any] = {"machine": machine.describe("openmm", "radonpy-pypi")}
    for force_field in FORCE_FIELDS:
        tables = compare_tables(root, force_field)
        readers = {name: compare_readers(smiles, force_field) for name, smiles in CELLS.items()}
        result[force_field] = {"against_gaff_2_11": tables, "readers": readers}
        for kind, found in tables.items():
            print(force_field, kind, found)
        for name, found in readers.items():
            print(force_field, name, found)
    machine.write("force_field_tables", result)


if __name__ == "__main__":
    main()
