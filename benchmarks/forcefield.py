"""Compare our GAFF2_mod assignment with the radonpy package's on the 1,077 polymers of PI1070, and time both.

Run: python benchmarks/forcefield.py [identity | speed]   (without a word: both)
Reads radonpy_pi1070/PI1070.csv.gz from POLYLOOP_DATA. Writes benchmarks/results/forcefield.json.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path

import numpy as np
import pandas as pd
from rdkit import Chem, rdBase

from machine import RESULTS, describe, parser, write
from polyloop.chem import Chain, Polymer, Topology
from polyloop.chem.forcefield import RADONPY_FORCE_FIELD, chain_molecule, type_chain, type_molecule
from polyloop.core import PolyloopError
from polyloop.features.block import get_block
from polyloop.features.oligomer import interior

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "chem"))
from radonpy_assignment import assign, differences  # noqa: E402

TABLE = Path(os.environ.get("POLYLOOP_DATA", ROOT.parent / "shared" / "data")) / "radonpy_pi1070" / "PI1070.csv.gz"
UNITS = 3  # of the oligomer that the package assigns
LONG = 9  # of the chain that is typed by windows and, once more, as one molecule
EVERY_CHAIN = 4  # the package also assigns the chain of every 4th polymer
EVERY_TIMED = 40
CHAINS = {
    "polystyrene": ("*CC(*)c1ccccc1", 62),
    "PET": ("*OCCOC(=O)c1ccc(cc1)C(*)=O", 45),
    "polyethylene": ("*CC*", 165),
}


def differing_fields(one: Topology, other: Topology) -> list[str]:
    """Names of the fields that two topologies do not share, residues and molecules apart."""
    return [
        f.name
        for f in fields(Topology)
        if f.name not in ("molecule", "residue") and not np.array_equal(getattr(one, f.name), getattr(other, f.name))
    ]


def cpu(call: Callable[[], object], repeats: int = 1) -> float:
    """Return the CPU seconds of one call, the smallest of `repeats`."""
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        spent.append(time.process_time() - start)
    return min(spent)


def against_package(mol: Chem.Mol, ours: Callable[[], Topology]) -> list[str]:
    """Say what differs between the package's assignment of a molecule and ours."""
    assigned = assign(mol)
    try:
        topology = ours()
    except PolyloopError as error:
        return [] if assigned is None else [f"only we refuse: {error}"]
    return ["only the package refuses"] if assigned is None else differences(assigned, topology)


def compare(smiles: str, *, both_orders: bool) -> dict[str, list[str]]:
    """Say what differs for one polymer: the oligomer against the package, and a long chain against itself typed whole.

    With `both_orders` also the chain against the package: its atoms and bonds stand in another order.
    """
    polymer = Polymer(smiles)
    oligomer, short = Chem.AddHs(polymer.oligomer(UNITS)), Chain.homopolymer(polymer, UNITS)
    long = Chain.homopolymer(polymer, LONG)
    found = {"oligomer": against_package(oligomer, lambda: type_molecule(oligomer, RADONPY_FORCE_FIELD))}
    if both_orders:
        found["chain"] = against_package(chain_molecule(short), lambda: type_chain(short, RADONPY_FORCE_FIELD))
    found["windows"] = differing_fields(type_chain(long), type_molecule(chain_molecule(long)))
    return found


def chain_speed() -> dict[str, dict[str, float]]:
    result = {}
    for name, (smiles, degree) in CHAINS.items():
        polymer = Polymer(smiles)
        ours = cpu(lambda p=polymer, n=degree: type_chain(Chain.homopolymer(p, n)), repeats=5)
        mol = chain_molecule(Chain.homopolymer(polymer, degree))
        theirs = cpu(lambda m=mol: assign(m))
        times = {"ours_cpu_ms": 1e3 * ours, "package_cpu_ms": 1e3 * theirs, "ratio": theirs / ours}
        result[name] = {"atoms": mol.GetNumAtoms(), **times}
        print(name, result[name], flush=True)
    return result


def descriptor_speed(smiles: list[str]) -> dict[str, float]:
    """Time the descriptor, and the package's assignment of the oligomer that the descriptor would need."""
    block = get_block("forcefield")
    block.evaluate(Polymer("*CC*"))
    polymers = [Polymer(Polymer(text).canonical) for text in smiles]
    ours = [cpu(lambda p=polymer: block.evaluate(p)) for polymer in polymers]
    theirs = [cpu(lambda p=p: assign(Chem.AddHs(interior(p, 14)[0]), charge="gasteiger")) for p in polymers]
    return {
        "polymers": len(polymers),
        "ours_cpu_ms": 1e3 * float(np.mean(ours)),
        "package_cpu_ms": 1e3 * float(np.mean(theirs)),
        "ratio": float(np.mean(theirs) / np.mean(ours)),
    }


def identity(smiles: list[str]) -> dict[str, object]:
    start = time.process_time()
    different: dict[str, dict[str, list[str]]] = {}
    for number, text in enumerate(smiles):
        found = compare(text, both_orders=number % EVERY_CHAIN == 0)
        if found := {name: names for name, names in found.items() if names}:
            different[text] = found
            print(text, found, flush=True)
        if number % 100 == 0:
            print(number, f"{time.process_time() - start:.0f} CPU s", flush=True)
    print(f"{len(smiles) - len(different)} of {len(smiles)} polymers are identical", flush=True)
    return {"polymers": len(smiles), "different": different}


def main() -> None:
    words = parser(__doc__)
    words.add_argument("part", nargs="?", choices=("identity", "speed", "all"), default="all")
    part = words.parse_args().part
    smiles = pd.read_csv(TABLE)["smiles"].tolist()
    path = RESULTS / "forcefield.json"
    result = json.loads(path.read_text()) if path.exists() else {}
    result.update(describe("rdkit", "radonpy-pypi", "numpy"))
    with rdBase.BlockLogs():
        if part in ("identity", "all"):
            result["identity"] = identity(smiles)
        if part in ("speed", "all"):
            result["chain"] = chain_speed()
            result["descriptor"] = descriptor_speed(smiles[::EVERY_TIMED])
            print(result["descriptor"])
    write("forcefield", result)


if __name__ == "__main__":
    main()
