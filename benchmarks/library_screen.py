"""The library of 1.78 million polymers, screened for a high refractive index at a low density.

Usage: python benchmarks/library_screen.py FOLDER [--workers 2] [--limit N]

FOLDER is that of library.py. A run that was killed goes on by the same command.

Two Gaussian processes are taught by PI1070 (molecular dynamics, doi:10.1038/s41524-022-00906-4), by the fingerprint of
the unit inside a chain and the factors of the invariants, and kept in FOLDER. Every polymer of FOLDER/library.parquet
is asked, and what lies within their domains and is beaten by no other in both is kept: FOLDER/front.csv, with
the groups, rules and monomers that it has more of than the library. Writes results/library_screen.json and
docs/validation/library_screen.png.
"""

from __future__ import annotations

import csv
import gzip
import resource
import time
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np

import machine
from polyloop import datasets
from polyloop.core import write_atomically
from polyloop.core.csv_text import csv_text
from polyloop.design.library.analysis import analyse_selection
from polyloop.design.library.screeners import ModelScreener
from polyloop.design.library.screening import ScreenedLibrary, screen_library
from polyloop.design.library.stats import read_columns
from polyloop.learn.property_model import PropertyModel

PICTURE = Path(__file__).parent.parent / "docs" / "validation" / "library_screen.png"
TARGETS = ("refractive_index", "density")
BLOCKS = ("ecfp", "factors")
DRAWN = 4000


def models(folder: Path) -> tuple[PropertyModel, ...]:
    """Return the two models, taught once."""
    with gzip.open(datasets.path("radonpy_pi1070", "PI1070.csv.gz"), "rt") as file:
        rows = list(csv.DictReader(file))
    made = []
    for target in TARGETS:
        place = folder / f"model_{target}"
        if not place.exists():
            values = [float(row[target] or "nan") for row in rows]
            PropertyModel.train([row["smiles"] for row in rows], values, target=target, blocks=BLOCKS).save(place)
        made.append(PropertyModel.load(place))
    return tuple(made)


def draw(screener: ModelScreener, texts: list[str], found: ScreenedLibrary) -> None:
    """Draw a sample of the library, the known polymers, and the front."""
    told = np.array([row for row in screener.ask(texts) if row is not None])
    index, density = (found.header.index(name) for name in TARGETS)
    front = np.array([[row[density], row[density + 1], row[index], row[index + 1]] for row in found.rows])
    figure, axes = plt.subplots(figsize=(6.4, 4.4), layout="constrained")
    axes.plot(
        told[:, 2], told[:, 0], ".", ms=2, color="#9aa5ad", label=f"{len(told):,} of the library, drawn at random"
    )
    axes.errorbar(
        front[:, 0], front[:, 2], front[:, 3], front[:, 1], fmt="o", ms=4, lw=0.7, color="#b0562b",
        label=f"the {len(front)} that no other beats, with standard deviations",
    )  # fmt: skip
    axes.set(xlabel="density, g/cm³", ylabel="refractive index")
    axes.legend(frameon=False, fontsize=8)
    figure.savefig(PICTURE, dpi=150)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--limit", type=int)
    options = parser.parse_args()
    library, output = options.folder / "library.parquet", options.folder / "front.csv"
    screener = ModelScreener(models(options.folder))
    start, reached = time.perf_counter(), [0, 0]

    def tell(done: int, total: int) -> None:
        reached[0] = reached[0] or done
        reached[1] = done
        if done % 20000 == 0:
            print(f"{done:,} of {total:,}, {time.perf_counter() - start:.0f} s", flush=True)

    found = screen_library(
        library, screener, minimize=("density",), limit=options.limit, workers=options.workers,
        kept=output.with_name("front.csv.part"), progress=tell,
    )  # fmt: skip
    seconds = time.perf_counter() - start
    write_atomically(output, csv_text(found.titles, found.rows))
    texts = read_columns(library, ("smiles",))["smiles"]
    sample = np.random.default_rng(0).permutation(len(texts))[:DRAWN]
    draw(screener, texts.take(sample).to_pylist(), found)
    common = [one.to_dict() for one in analyse_selection(output, library, sample=20_000, seed=0) if one.p_value < 0.01]
    result: dict[str, Any] = {
        "library": len(texts), "screened": found.screened, "outside the models' domains": found.outside,
        "last sitting": {"rows": reached[1] - reached[0], "s": seconds, "workers": options.workers},
        "peak memory of the parent GB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
        "peak memory of a worker GB": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20,
        "held out": {model.card.target: dict(model.card.held_out) for model in screener.models},
        "front": [dict(zip(found.header, row, strict=True)) for row in found.rows], "commoner than chance": common,
        "machine": machine.describe("rdkit", "pyarrow", "numpy"),
    }  # fmt: skip
    machine.write("library_screen", result)


if __name__ == "__main__":
    main()
