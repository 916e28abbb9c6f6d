"""Build chains and cells: time, pierced rings, overlaps, chain statistics, and every repeat unit of PI1070.

Run: python benchmarks/build.py [cell] [rings] [pi1070]
Writes each part that ran into benchmarks/results/build.json. Times are CPU seconds of one thread.
"""

from __future__ import annotations

import csv
import gzip
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

import machine
from polyloop import datasets
from polyloop.chem import Polymer
from polyloop.chem.chain import Chain
from polyloop.core import PolyloopError
from polyloop.simulate.cells import build_cell, degree_for, grow_chain, pierced_rings, smallest_contact, smallest_rings

# Chains of about 1,000 atoms for each kind; the number of chains in the sweep for pierced rings.
RINGS = {
    "polystyrene": ("*CC(*)c1ccccc1", 120),
    "poly(2-vinylpyridine)": ("*CC(*)c1ccccn1", 80),
    "poly(ether ether ketone)": ("*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1", 60),
    "bisphenol A polycarbonate": ("*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1", 60),
}
STATISTICS = {"polyethylene": ("*CC*", 100)}
# Of melts near 413 K, as tabulated in Fetters et al., Macromolecules 27 (1994) 4639, doi:10.1021/ma00095a001, and
# quoted there and elsewhere with some spread.
MEASURED = {"polyethylene": "6.7 to 8", "polystyrene": "9 to 10"}


def chain_of(smiles: str, n_atoms: int) -> Chain:
    unit = Chain.homopolymer(Polymer(smiles), 1).units[0]
    return Chain((unit,), np.zeros(degree_for(unit, n_atoms), dtype=np.int64))


def time_cell() -> Iterator[dict[str, Any]]:
    chain = chain_of("*CC(*)c1ccccc1", 1000)
    start = time.process_time()
    cell = build_cell([chain] * 10, seed=1)
    seconds = time.process_time() - start
    bonds = cell.topology.bonds
    rings = smallest_rings(cell.topology.n_atoms, bonds)
    start = time.process_time()
    pierced = pierced_rings(cell.positions, bonds, rings, cell.box)
    yield {
        "polymer": "polystyrene, 10 different atactic chains",
        "atoms": cell.topology.n_atoms,
        "density_g_cm3": cell.density,
        "cpu_s_growth_typing_packing": seconds,
        "cpu_s_peer_one_chain_copied": 125.0,
        "cpu_s_search_for_pierced_rings": time.process_time() - start,
        "pierced_rings": len(pierced),
        "smallest_contact_angstrom": smallest_contact(cell.positions, bonds, cell.box),
    }


def sweep(smiles: str, count: int) -> dict[str, Any]:
    """Grow chains; look for pierced rings and overlaps; the characteristic ratio for two bonds a unit."""
    chain = chain_of(smiles, 1000)
    ends, contacts, pierced, failed = [], [], 0, 0
    start = time.process_time()
    for seed in range(count):
        try:
            positions = grow_chain(chain, np.random.default_rng(seed))
        except PolyloopError:
            failed += 1
            continue
        pierced += bool(len(pierced_rings(positions, chain.bonds, chain.rings)))
        contacts.append(smallest_contact(positions, chain.bonds))
        ends.append(positions[chain.starts[-1]] - positions[0])
    seconds = time.process_time() - start
    squared = (np.array(ends) ** 2).sum(axis=1)
    result = {
        "repeat_unit": smiles,
        "atoms": chain.n_atoms,
        "chains": count,
        "failed": failed,
        "chains_with_a_pierced_ring": pierced,
        "cpu_s_per_chain": seconds / count,
        "smallest_contact_angstrom": min(contacts),
        "rms_end_to_end_angstrom": float(np.sqrt(squared.mean())),
    }
    if len(chain.units[0].polymer.backbone) == 2:
        bonds = 2 * len(chain.sequence) + 1
        ratio = squared / (bonds * 1.53**2)
        result |= {
            "bonds": bonds,
            "characteristic_ratio": float(ratio.mean()),
            "characteristic_ratio_standard_error": float(ratio.std(ddof=1) / np.sqrt(len(ratio))),
        }
    return result


def sweep_rings() -> Iterator[dict[str, Any]]:
    """The sweeps of all kinds; what is known so far after each."""
    found: dict[str, Any] = {}
    for name, (smiles, count) in (RINGS | STATISTICS).items():
        found[name] = sweep(smiles, count)
        if name in MEASURED:
            found[name]["characteristic_ratio_measured"] = MEASURED[name]
        yield found | {"chains_with_rings": sum(found[kind]["chains"] for kind in RINGS if kind in found)}


def sweep_pi1070() -> Iterator[dict[str, Any]]:
    """Grow one chain of some 100 atoms of every repeat unit of PI1070; what is known after every fifty.

    Every eighth unit first, then every eighth from the second on, and so forth: neighbours in the table are alike.
    """
    with gzip.open(datasets.path("radonpy_pi1070", "PI1070.csv.gz"), "rt") as stream:
        smiles = [row["smiles"] for row in csv.DictReader(stream)]
    smiles = [text for first in range(8) for text in smiles[first::8]]
    failures: dict[str, str] = {}
    pierced = 0
    start = time.process_time()
    for done, text in enumerate(smiles, start=1):
        try:
            chain = chain_of(text, 100)
            positions = grow_chain(chain, np.random.default_rng(0))
            pierced += bool(len(pierced_rings(positions, chain.bonds, chain.rings)))
        except PolyloopError as error:
            failures[text] = str(error)
        if done % 50 == 0 or done == len(smiles):
            yield {
                "repeat_units": len(smiles),
                "tried": done,
                "built": done - len(failures),
                "chains_with_a_pierced_ring": pierced,
                "cpu_s": time.process_time() - start,
                "failures": failures,
            }


PARTS = {"cell": time_cell, "rings": sweep_rings, "pi1070": sweep_pi1070}


def main() -> None:
    words = machine.parser(__doc__)
    words.add_argument("parts", nargs="*", choices=PARTS)
    for name in words.parse_args().parts or PARTS:
        for result in PARTS[name]():
            print(name, json.dumps(result, indent=1), flush=True)
            place = machine.RESULTS / "build.json"
            known = json.loads(place.read_text()) if place.exists() else {}
            described = {"machine": machine.describe("numpy", "scipy", "rdkit")}
            machine.write("build", known | {name: result | described})


if __name__ == "__main__":
    main()
