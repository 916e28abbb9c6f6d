"""Screen a library file by trained models in chunks, and keep what no other polymer beats in all targets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from polyloop.core import InvalidInputError, require
from polyloop.design.pareto import non_dominated
from polyloop.learn.property_model import PropertyModel

__all__ = ["screen_library"]

CHUNK = 2000
_KEPT = ("smiles", "polymer_class", "rule", "monomers", "price", "makeability")


def screen_library(
    path: Path, models: Sequence[PropertyModel], *, minimize: Sequence[str] = (), limit: int | None = None,
    workers: int = 1, progress: Callable[[int], None] = lambda done: None,
) -> tuple[tuple[str, ...], list[list[Any]], int]:  # fmt: skip
    """Return the header and rows of the Pareto set of the models' means, and how many polymers were screened.

    Only one chunk and the set so far are in memory. Polymers whose descriptors fail, or that lie outside a model's
    domain, are screened and not kept.

    Raises
    ------
    InvalidInputError
        If there is no such library, or a name in `minimize` is no target.
    """
    targets = tuple(model.card.target for model in models)
    if unknown := [name for name in minimize if name not in targets]:
        raise InvalidInputError(f"{unknown[0]!r} is no target.", hint=f"Targets: {', '.join(targets)}.")
    parquet, arrow = require("pyarrow.parquet", extra="parquet"), require("pyarrow", extra="parquet")
    signs = np.array([-1.0 if name in minimize else 1.0 for name in targets])
    front: list[list[Any]] = []
    done = 0
    try:
        file = parquet.ParquetFile(path)
    except (OSError, arrow.ArrowException) as error:
        raise InvalidInputError(
            f"This is no library: {error}.", where=str(path), hint="Build one: polyloop library build -o FILE."
        ) from error
    with file:
        for batch in file.iter_batches(batch_size=CHUNK, columns=list(_KEPT)):
            rows = [list(row.values()) for row in batch.to_pylist()][: None if limit is None else limit - done]
            predicted = [model.predict([row[0] for row in rows], workers=workers) for model in models]
            for row, found in zip(rows, zip(*predicted, strict=True), strict=True):
                if all(one.mean is not None and one.in_domain for one in found):
                    front.append([*row, *(number for one in found for number in (one.mean, one.std))])
            front = _beaten_by_none(front, signs)
            done += len(rows)
            progress(done)
            if limit is not None and done >= limit:
                break
    return (*_KEPT, *(column for name in targets for column in (name, f"{name}_std"))), front, done


def _beaten_by_none(rows: list[list[Any]], signs: Any) -> list[list[Any]]:
    if not rows:
        return rows
    means = np.array([row[len(_KEPT) :: 2] for row in rows], dtype=float)
    return [row for row, kept in zip(rows, non_dominated(means * signs), strict=True) if kept]
