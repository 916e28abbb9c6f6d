"""The shared tables of crystals that the benchmarks of this field read, as structures with what is known of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pandas as pd

from polyloop import datasets
from polyloop.crystal.structures.cif import read_cif
from polyloop.crystal.structures.structure import CrystalStructure

ASKED = ("mp20", "mp20_biternary_val.csv.gz")
OTHERS = (
    ("mp20", "mp20_pilot_train.csv.gz"), ("mp20", "mp20_pilot_val.csv.gz"),
    ("mpts52", "mpts52_val_without_mp20test.csv.gz"), ("mpts52", "mpts52_test_without_mp20test.csv.gz"),
)  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """A material of the Materials Project; energies in eV/atom."""

    name: str
    structure: CrystalStructure
    formation_energy: float
    hull_distance: float


def entries(tables: Sequence[tuple[str, str]], *, most_atoms: int = 500, sample: int | None = None) -> Iterator[Entry]:
    """Yield the entries of tables, each material once; of each table `sample` rows at most, drawn with seed 0."""
    seen = set()
    for folder, file in tables:
        table = pd.read_csv(datasets.path(folder, file)).rename(columns={"energy_above_hull": "e_above_hull"})
        if sample is not None:
            table = table.sample(min(sample, len(table)), random_state=0)
        for row in table.itertuples():
            if row.material_id in seen:
                continue
            seen.add(row.material_id)
            structure = read_cif(row.cif)
            if len(structure) <= most_atoms:
                yield Entry(row.material_id, structure, row.formation_energy_per_atom, row.e_above_hull)
