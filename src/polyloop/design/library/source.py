"""A library file as a source of candidates: rows by random access, a pool drawn for each batch, never the whole."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError, file_digest, require
from polyloop.core.options import Option
from polyloop.design.generated.source import GeneratedSource, SourceInputs, best_observed
from polyloop.design.objectives import Objective
from polyloop.design.sources import Observations
from polyloop.learn import Surrogate

__all__ = ["LibrarySource"]

_COLUMNS = ("smiles", "polymer_class", "rule", "monomers", "price", "makeability")
# Rows that are drawn for each that is wanted, where filters refuse most.
_TRIES = 20


@dataclass(frozen=True, eq=False)
class LibrarySource(GeneratedSource):
    """The polymers of a file that `polyloop library build` wrote, of any size.

    The pool of a batch holds random rows, and relatives of the best observed polymers: rows that share a monomer with
    one of them. Only the rows of the pool are described.

    Parameters
    ----------
    path
        The Parquet file.
    relatives
        Share of the pool that are relatives of the best.
    parents
        Number of the best observed polymers that have relatives.

    Raises
    ------
    InvalidInputError
        If a number is out of range, or the file is no library.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("relatives", float, 0.5, "Share of a batch's pool that share a monomer with one of the best.", 0.0, 1.0),
        Option("parents", int, 20, "Number of the best evaluated candidates that have relatives.", 1, 10_000),
    )
    takes: ClassVar[tuple[str, ...]] = ("file",)
    needs: ClassVar[tuple[str, ...]] = ("file",)

    path: Path
    relatives: float = 0.5
    parents: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.parents < 1 or not 0.0 <= self.relatives <= 1.0:
            raise InvalidInputError("A library source needs parents, and a share of relatives from 0 to 1.")
        self._rows_of_groups  # noqa: B018 (a file that is no library is refused at once)

    @classmethod
    def read(cls, inputs: SourceInputs, **arguments: Any) -> Self:
        """Return the source of a library file."""
        if inputs.file is None:
            raise InvalidInputError("A library is a file.", where="file", hint="Build one: polyloop library build.")
        return cls(inputs.file, **arguments)

    @classmethod
    def verify(cls, inputs: SourceInputs) -> None:
        """Raise where the file is no library."""
        super().verify(inputs)
        cls.read(inputs)

    @cached_property
    def identity(self) -> str:
        """The sha256 of the file."""
        return file_digest(self.path)

    def __len__(self) -> int:
        return int(self._rows_of_groups[-1])

    def drawn(self, n: int, exclude: Collection[str], rng: np.random.Generator) -> list[str]:
        """Return random rows."""
        return self._taken(n, set(exclude), rng)

    def refreshed(
        self,
        models: Sequence[Surrogate],
        observations: Observations,
        objectives: Sequence[Objective],
        exclude: Collection[str],
        rng: np.random.Generator,
    ) -> list[str]:
        """Return relatives of the best, and random rows."""
        taken = set(exclude)
        best = best_observed(observations, objectives, self.parents)
        rows = self._relatives(best) if best and self.relatives else np.empty(0, dtype=np.int64)
        near = self._taken(round(self.relatives * self.size), taken, rng, rows)
        return [*near, *self._taken(self.size - len(near), taken.union(near), rng)]

    def origins(self, texts: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return the class, rule, monomers, price (US$/kg) and makeability that the file says."""
        compute, arrow = require("pyarrow.compute", extra="parquet"), require("pyarrow", extra="parquet")
        found: dict[str, dict[str, str]] = {}
        wanted = arrow.array(list(texts), arrow.string())
        for _, table in self._groups(_COLUMNS):
            for row in table.filter(compute.is_in(table["smiles"], wanted)).to_pylist():
                found[row["smiles"]] = {name: _cell(row[name]) for name in _COLUMNS[1:]}
        return found

    def as_table(self, folder: Path) -> dict[str, Any]:
        """Return the table `[pool]`."""
        return {"source": "library", "file": str(self.path.absolute()), "size": self.size,
                "relatives": self.relatives, "parents": self.parents}  # fmt: skip

    def describe(self) -> dict[str, Any]:
        """Return the file, its rows, and how a batch's pool is made."""
        return {"library": self.path.name, "rows": len(self), "sha256": self.identity, "size": self.size,
                "relatives": self.relatives, "parents": self.parents, "blocks": list(self.blocks)}  # fmt: skip

    @cached_property
    def _rows_of_groups(self) -> NDArray[np.int64]:
        """Where the row groups of the file begin, and its end, shape (groups + 1,)."""
        parquet, arrow = require("pyarrow.parquet", extra="parquet"), require("pyarrow", extra="parquet")
        try:
            with parquet.ParquetFile(self.path) as file:
                missing = [name for name in _COLUMNS if name not in file.schema_arrow.names]
                sizes = [file.metadata.row_group(i).num_rows for i in range(file.metadata.num_row_groups)]
        except (OSError, arrow.ArrowException) as error:
            raise InvalidInputError(
                f"This is no library: {error}.", where=str(self.path), hint="Build one: polyloop library build -o FILE."
            ) from error
        if missing or not sum(sizes):
            what = f"It has no column {missing[0]!r}" if missing else "It has no rows"
            raise InvalidInputError(
                f"{what}, as a library has.", where=str(self.path), hint="Build one: polyloop library build -o FILE."
            )
        return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)

    def _groups(self, columns: Sequence[str]) -> Iterator[tuple[int, Any]]:
        """Yield the first row and a table of each row group: one is in memory at a time."""
        parquet = require("pyarrow.parquet", extra="parquet")
        with parquet.ParquetFile(self.path) as file:
            for number, start in enumerate(self._rows_of_groups[:-1]):
                yield int(start), file.read_row_group(number, columns=list(columns))

    def _texts(self, rows: NDArray[np.int64]) -> list[str]:
        """Return the texts of rows, in their order; only the row groups that hold some are read."""
        parquet = require("pyarrow.parquet", extra="parquet")
        groups = np.searchsorted(self._rows_of_groups, rows, side="right") - 1
        found: dict[int, str] = {}
        with parquet.ParquetFile(self.path) as file:
            for number in np.unique(groups):
                wanted = rows[groups == number]
                column = file.read_row_group(int(number), columns=["smiles"])["smiles"]
                picked = column.take(wanted - self._rows_of_groups[number]).to_pylist()
                found.update(zip(wanted.tolist(), picked, strict=True))
        return [found[int(row)] for row in rows]

    def _taken(
        self, n: int, exclude: set[str], rng: np.random.Generator, rows: NDArray[np.int64] | None = None
    ) -> list[str]:
        """Return n texts of random rows (of `rows`), without those that are excluded or refused by the filters."""
        total = len(self) if rows is None else len(rows)
        if n <= 0 or not total:
            return []
        # Few of the file's rows; each may come once.
        most = min(total, _TRIES * n + len(exclude))
        places = rng.choice(total, size=most, replace=False, shuffle=True)
        found: dict[str, None] = {}
        for start in range(0, most, n + len(exclude)):
            part = places[start : start + n + len(exclude)].astype(np.int64)
            for text in self._texts(part if rows is None else rows[part]):
                if text not in exclude and self.admits(text):
                    found[text] = None
                    if len(found) == n:
                        return list(found)
        return list(found)

    def _relatives(self, best: Sequence[str]) -> NDArray[np.int64]:
        """Return the rows that share a monomer with one of the best, in the file's order."""
        compute, arrow = require("pyarrow.compute", extra="parquet"), require("pyarrow", extra="parquet")
        wanted = arrow.array(list(best), arrow.string())
        used: set[str] = set()
        for _, table in self._groups(("smiles", "monomers")):
            for cell in table.filter(compute.is_in(table["smiles"], wanted))["monomers"].to_pylist():
                used.update(cell.split(" + "))
        names = arrow.array(sorted(used), arrow.string())
        rows = []
        for start, table in self._groups(("monomers",)):
            parts = compute.split_pattern(table["monomers"].combine_chunks(), " + ")
            hit = compute.is_in(parts.flatten(), names).to_numpy(zero_copy_only=False)
            owner = compute.list_parent_indices(parts).to_numpy(zero_copy_only=False)
            rows.append(start + np.unique(owner[hit]))
        return np.concatenate(rows).astype(np.int64)


def _cell(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
