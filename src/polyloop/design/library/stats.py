"""What a library file holds, and how it compares with a set of real polymers."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import DataStructs
from rdkit.Chem import rdFingerprintGenerator

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, require
from polyloop.tables import read_subjects

__all__ = ["library_stats", "read_columns"]

_QUARTERS = (25, 50, 75)


def read_columns(path: Path, columns: tuple[str, ...]) -> Any:
    """Return columns of a library file as a pyarrow table.

    Raises
    ------
    InvalidInputError
        If there is no such file, or it is no library.
    """
    parquet, arrow = require("pyarrow.parquet", extra="parquet"), require("pyarrow", extra="parquet")
    try:
        return parquet.read_table(path, columns=list(columns))
    except (OSError, arrow.ArrowException) as error:
        raise InvalidInputError(
            f"This is no library: {error}.", where=str(path), hint="Build one: polyloop library build -o FILE."
        ) from error


def library_stats(
    path: Path, *, against: Path | None = None, column: str = "smiles", sample: int = 2000, seed: int = 0
) -> dict[str, Any]:
    """Count classes and rules of a library, and compare it with real polymers; JSON-ready.

    Parameters
    ----------
    against
        A table of real polymers, whose unreadable rows are left out. Then `against` says how many of them the library
        holds (`coverage`), which share of the library is none of them (`novelty`), and the quartiles of the Tanimoto
        similarity (Morgan, radius 2) of `sample` drawn polymers to the nearest real one and the other way round.

    Raises
    ------
    InvalidInputError
        If a file cannot be read.
    """
    table = read_columns(path, ("smiles", "polymer_class", "rule", "price", "makeability"))
    smiles = table["smiles"].to_pylist()
    classes = Counter(table["polymer_class"].to_pylist())
    found: dict[str, Any] = {
        "polymers": len(smiles),
        "classes": dict(classes.most_common()),
        "rules": len(set(table["rule"].to_pylist())),
        "price_quartiles": _quartiles([price for price in table["price"].to_pylist() if price is not None]),
        "makeability_quartiles": _quartiles(table["makeability"].to_pylist()),
    }
    if against is not None:
        real = sorted({polymer.canonical for polymer in _real(against, column)})
        shared = len(set(smiles).intersection(real))
        rng = np.random.default_rng(seed)
        drawn = [smiles[i] for i in sorted(rng.permutation(len(smiles))[:sample])]
        nearest = _nearest(drawn, real)
        found["against"] = {
            "real": len(real),
            "coverage": shared / len(real),
            "novelty": 1.0 - shared / len(smiles),
            "similarity_to_nearest_real": _quartiles(nearest.max(axis=1)),
            "similarity_of_real_to_nearest": _quartiles(nearest.max(axis=0)),
        }
    return found


def _real(path: Path, column: str) -> list[Polymer]:
    polymers, _ = read_subjects(path, column, "polymer", skip_bad=True)
    if not polymers:
        raise InvalidInputError("The table holds no repeat unit.", where=str(path), hint="Name its column.")
    return polymers


def _quartiles(values: Any) -> list[float]:
    return [round(float(q), 4) for q in np.percentile(values, _QUARTERS)] if len(values) else []


def _nearest(drawn: list[str], real: list[str]) -> NDArray[np.float64]:
    """Tanimoto similarities, shape (drawn, real)."""
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2)
    first, second = ([generator.GetFingerprint(Polymer.of_canonical(text).mol) for text in x] for x in (drawn, real))
    return np.array([DataStructs.BulkTanimotoSimilarity(one, second) for one in first])
