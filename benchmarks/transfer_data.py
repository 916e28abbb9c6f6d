"""What the benchmark of transfer reads: PI1070 in the units of polyloop, parted into sources, labels and tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

import machine
from polyloop import datasets
from polyloop.features import FeatureTable, featurize
from polyloop.learn.property_model import BLOCKS_OF_MODELS
from polyloop.learn.transfer import SourceLibrary

TARGET = "thermal_conductivity"
# Property of polyloop, column of the table, factor to polyloop's unit. What follows from thermal conductivity itself
# (its parts, and the diffusivity) is no source.
SOURCES = {
    "density": ("density", 1.0),
    "refractive_index": ("refractive_index", 1.0),
    "heat_capacity_cp": ("Cp", 1.0),
    "bulk_modulus": ("bulk_modulus", 1e-9),
    "volume_expansion": ("volume_expansion", 1.0),
    "self_diffusion": ("self-diffusion", 1.0),
    "static_dielectric_constant": ("static_dielectric_const", 1.0),
    "radius_of_gyration": ("Rg", 1.0),
}
N_SOURCES, N_TEST = 500, 400


def read() -> tuple[FeatureTable, np.ndarray, dict[str, np.ndarray]]:
    """Return the descriptors, thermal conductivity (n,) in W/(m K), and the source properties."""
    frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
    cache = machine.RESULTS.parents[1] / "runs" / "pi1070_features.sqlite"
    cache.parent.mkdir(exist_ok=True)
    table = featurize(list(frame.smiles), BLOCKS_OF_MODELS, cache=cache, workers=1)
    sources = {name: frame[column].to_numpy(dtype=float) * factor for name, (column, factor) in SOURCES.items()}
    return table, frame[TARGET].to_numpy(dtype=float), sources


def parted(table: FeatureTable, y: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return rows of the sources (500), of possible labels, and of the test (400); no polymer is in two of them."""
    _, first = np.unique(np.array(table.polymers), return_index=True)
    usable = first[np.isfinite(y[first]) & table.valid[first]]
    order = np.random.default_rng(seed).permutation(np.sort(usable))
    return order[:N_SOURCES], order[N_SOURCES + N_TEST :], order[N_SOURCES : N_SOURCES + N_TEST]


def library(table: FeatureTable, sources: dict[str, np.ndarray], rows: np.ndarray, seed: int) -> SourceLibrary:
    """Return the source models of one parting; they are kept in runs/, and taken from there."""
    runs = machine.RESULTS.parents[1] / "runs"
    folder, texts = runs / "transfer_sources" / str(seed), [table.polymers[row] for row in rows]
    if (folder / "library.json").is_file():
        return SourceLibrary.load(folder)
    columns = {name: of[rows] for name, of in sources.items()}
    made = SourceLibrary.train(texts, columns, cache=runs / "pi1070_features.sqlite")
    made.save(folder)
    return made
