"""Cost of ECFP and RDKit 2D of repeat units on two workers, against plain RDKit loops and PolyMetriX in the same run.

Run: python benchmarks/descriptor_speed.py [--units 10000] [--compared 500] [--polymetrix PYTHON]
Writes benchmarks/results/descriptor_speed.json when run with the default number of units. The units are those of
benchmarks/pool_and_features.py. PolyMetriX needs a pandas that polyloop's environment has not, so it is run by a Python
of its own, which may be left out.

Costs are CPU seconds, all processes together, since the wall time of a machine that others use says little. What the
plain loops compute differs and is less: all of RDKit's descriptors of the unit with its stars, and one fingerprint of
it. Neither has anything of a chain in it.
"""

from __future__ import annotations

import json
import resource
import subprocess
import time
from typing import Any

import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors, rdFingerprintGenerator

from machine import RESULTS, describe, parser, write
from polyloop.chem import Polymer
from polyloop.design import Pool
from polyloop.features import featurize
from polyloop.features.additive_descriptors import ADDITIVE, additive_descriptors, additive_pair
from polyloop.features.oligomer import neighbouring_oligomers

UNITS, WORKERS, GOAL = 10_000, 2, 100_000
BLOCKS = ("ecfp", "rdkit2d")

POLYMETRIX = """
import json, sys, time
from polymetrix.featurizers import chemical_featurizer as chemical
from polymetrix.featurizers.polymer import Polymer
from polymetrix.featurizers.multiple_featurizer import MultipleFeaturizer
from polymetrix.featurizers.sidechain_backbone_featurizer import FullPolymerFeaturizer
names = [name for name in vars(chemical) if isinstance(vars(chemical)[name], type)]
made = []
for name in names:
    try:
        one = vars(chemical)[name]()
        FullPolymerFeaturizer(one).featurize(Polymer.from_psmiles("*CC(*)c1ccccc1"))
        made.append(FullPolymerFeaturizer(one))
    except Exception:
        pass
units, done = json.load(sys.stdin), 0
start = time.process_time()
for unit in units:
    try:
        MultipleFeaturizer(made).featurize(Polymer.from_psmiles(unit))
        done += 1
    except Exception:
        pass
print(json.dumps({"featurizers": len(made), "described": done, "cpu_s": time.process_time() - start}))
"""


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both)


def ours(units: list[str]) -> dict[str, Any]:
    """Return the cost of `featurize`, start of the workers included, and that of the start alone."""
    before = cpu()
    featurize(units[:WORKERS], BLOCKS, workers=WORKERS)
    start = cpu() - before
    before, wall = cpu(), time.perf_counter()
    table = featurize(units, BLOCKS, workers=WORKERS)
    spent = cpu() - before
    return {
        "units": len(units), "valid": int(table.valid.sum()), "cpu_s": round(spent, 1), "start_cpu_s": round(start, 1),
        "wall_s": round(time.perf_counter() - wall, 1), "cpu_ms_per_unit": round(1e3 * (spent - start) / len(units), 2),
    }  # fmt: skip


def plain(units: list[str]) -> dict[str, float]:
    """Return CPU ms per unit of plain RDKit loops: parse, all descriptors, one fingerprint."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    start = cpu()
    mols = [Chem.MolFromSmiles(unit) for unit in units]
    parsed = cpu()
    for mol in mols:
        Descriptors.CalcMolDescriptors(mol)
    described = cpu()
    for mol in mols:
        generator.GetCountFingerprintAsNumPy(mol)
    done = cpu()
    steps = {"parse": parsed - start, "descriptors": described - parsed, "fingerprint": done - described}
    return {name: round(1e3 * seconds / len(units), 3) for name, seconds in (*steps.items(), ("all", done - start))}


def all_at_once(units: list[str]) -> dict[str, float]:
    """Return CPU ms of the 161 additive descriptors of an oligomer, by RDKit's functions and all at once."""
    known = dict(Descriptors.descList)
    functions = [known[name] for name in ADDITIVE]
    texts = [Chem.MolToSmiles(neighbouring_oligomers(Polymer(unit), 8)[1]) for unit in units]
    found = {}
    for word, values in (
        ("one_by_one", lambda mol: [function(mol) for function in functions]),
        ("all_at_once", additive_descriptors),
    ):
        mols = [Chem.MolFromSmiles(text) for text in texts]
        values(mols[0])
        start = cpu()
        for mol in mols:
            values(mol)
        found[word] = round(1e3 * (cpu() - start) / len(mols), 3)
    return {**found, "ratio": round(found["one_by_one"] / found["all_at_once"], 2)}


def pairs(units: list[str]) -> dict[str, float]:
    """Return CPU ms per unit of the descriptors of both oligomers, apart and as the block `rdkit2d` has them.

    What one finds of a molecule is kept by RDKit, so that each gets molecules of its own.
    """
    ways = {
        "apart": lambda shorter, longer: (additive_descriptors(shorter), additive_descriptors(longer)),
        "together": additive_pair,
    }
    spent = dict.fromkeys(ways, 0.0)
    for number, unit in enumerate(units):
        pair, values = neighbouring_oligomers(Polymer(unit), 8), {}
        # In turns, since other programs come and go.
        for word in list(ways)[:: 1 if number % 2 else -1]:
            mols = [Chem.MolFromSmiles(Chem.MolToSmiles(mol)) for mol in pair]
            start = time.process_time()
            values[word] = ways[word](*mols)
            spent[word] += time.process_time() - start
        assert values["apart"] == values["together"]
    found = {word: round(1e3 * seconds / len(units), 3) for word, seconds in spent.items()}
    return {**found, "ratio": round(found["apart"] / found["together"], 2)}


def polymetrix(python: str, units: list[str]) -> dict[str, Any]:
    """Return what PolyMetriX's own Python says."""
    done = subprocess.run(
        [python, "-c", POLYMETRIX], input=json.dumps(units), capture_output=True, text=True, check=True
    )
    said: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return {**said, "cpu_ms_per_unit": round(1e3 * said["cpu_s"] / max(1, said["described"]), 2)}


def main() -> None:
    words = parser(__doc__)
    words.add_argument("--units", type=int, default=UNITS)
    words.add_argument("--compared", type=int, default=500)
    words.add_argument("--only-pairs", action="store_true", help="Measure `oligomer_pairs_ms` anew, and nothing else.")
    words.add_argument("--polymetrix", metavar="PYTHON", help="Python of an environment with PolyMetriX.")
    given = words.parse_args()
    rdBase.DisableLog("rdApp.*")
    units = list(Pool.from_virtual_library(size=given.units, seed=0).texts)
    some = [units[int(i)] for i in np.linspace(0, len(units) - 1, given.compared)]
    if given.only_pairs:
        kept = json.loads((RESULTS / "descriptor_speed.json").read_text())
        print(write("descriptor_speed", {**kept, "oligomer_pairs_ms": pairs(some)}))
        return
    result: dict[str, Any] = {"machine": describe("rdkit", "numpy"), "workers": WORKERS, "polyloop": ours(units)}
    result["plain_rdkit_ms_per_unit"] = plain(some)
    result["additive_descriptors_ms"] = all_at_once(some)
    result["oligomer_pairs_ms"] = pairs(some)
    per_unit = result["polyloop"]["cpu_ms_per_unit"]
    result["ratio_to_plain_rdkit"] = round(per_unit / result["plain_rdkit_ms_per_unit"]["all"], 2)
    if given.polymetrix:
        result["polymetrix"] = polymetrix(given.polymetrix, some)
        result["ratio_to_polymetrix"] = round(per_unit / result["polymetrix"]["cpu_ms_per_unit"], 2)
    result["minutes_for_100000_on_two_idle_cores"] = round(per_unit * GOAL / 1e3 / WORKERS / 60.0, 1)
    print(json.dumps(result, indent=1))
    if given.units == UNITS:
        write("descriptor_speed", result)


if __name__ == "__main__":
    main()
