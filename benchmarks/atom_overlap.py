"""How near atoms come in known crystals, and in the relaxed guesses of a design: what `check_overlap` refuses.

Usage: python benchmarks/atom_overlap.py [--designs FOLDER ...]

Known are the tables `mp20` and `mpts52`, cells of at most 30 atoms. Distances are over the sum of covalent radii; of a
folder of designs all relaxed CIF files are looked at.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from ase.data import covalent_radii

import machine
from crystal_tables import ASKED, OTHERS, entries
from polyloop.crystal.structures.cif import read_cif_file
from polyloop.crystal.structures.structure import CrystalStructure, pair_distances

LARGEST = 30
QUANTILES = (0.0, 0.001, 0.01, 0.5)


def least_ratio(structure: CrystalStructure) -> float:
    radii = covalent_radii[structure.numbers]
    return float((pair_distances(structure.lattice, structure.fractional) / (radii[:, None] + radii[None, :])).min())


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--designs", nargs="*", type=Path, default=[])
    given = parser.parse_args()
    known = [least_ratio(one.structure) for one in entries([ASKED, *OTHERS], most_atoms=LARGEST)]
    files = sorted(path for folder in given.designs for path in folder.rglob("*_relaxed.cif"))
    designed = sorted(least_ratio(read_cif_file(path)) for path in files)
    result = {
        "known": len(known),
        "quantiles": dict(zip(map(str, QUANTILES), np.quantile(known, QUANTILES).round(3).tolist(), strict=True)),
        "designed": len(designed),
        "least_designed": [round(ratio, 3) for ratio in designed[:12]],
    }
    machine.write("atom_overlap", {**result, "on": machine.describe("ase")})
    print(result)


if __name__ == "__main__":
    main()
