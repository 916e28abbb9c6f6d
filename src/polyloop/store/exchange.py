"""What a store reads from people's tables and writes for them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from polyloop.core import Conditions, Record, Status, Subject
from polyloop.store import queries
from polyloop.store.additions import add
from polyloop.store.database import Database
from polyloop.store.exports import Layout, More, write_csv, write_parquet
from polyloop.store.imports import read_records
from polyloop.store.models import ImportSummary

__all__ = ["Exchange"]


class Exchange:
    """Import and export, as a part of `Store`."""

    _database: Database

    def export_csv(self, path: str | Path, layout: Layout = "wide", *, more: More | None = None, **which: Any) -> int:
        """Write records to a CSV file, atomically; return the number of rows.

        `more` adds columns: by header, a text per canonical text. The other arguments are those of `records`.
        """
        found = self._found(which)
        return write_csv(Path(path), found, self._classes(found), layout, more)

    def export_parquet(
        self, path: str | Path, layout: Layout = "long", *, more: More | None = None, **which: Any
    ) -> int:
        """Write records to a Parquet file, atomically (needs the extra `parquet`); as `export_csv`."""
        found = self._found(which)
        return write_parquet(Path(path), found, self._classes(found), layout, more)

    def import_table(
        self,
        path: str | Path,
        protocol_id: str = "experiment/table@1",
        *,
        kind: str | None = None,
        seed: int = 0,
        conditions: Conditions | None = None,
        ignore: Collection[str] = (),
        skip_bad: bool = False,
    ) -> ImportSummary:
        """Keep the measured values of a CSV or Parquet file, as `add` does; importing it twice changes nothing.

        Columns: `smiles` (or that of another `kind`), property names such as `density` or `density [kg/m3]`
        (converted), their `density_std`, and optionally `seed`, `temperature [K]` and other conditions. Other columns
        are errors unless named in `ignore`.

        Raises
        ------
        InvalidInputError
            Naming the file, line and column of all that is wrong; with `skip_bad`, such rows are left out.
        StoreError
            If the store has other values of the same protocol for one of the subjects.
        """
        read = read_records(
            Path(path),
            protocol_id,
            kind=kind,
            seed=seed,
            conditions=conditions or Conditions(),
            ignore=ignore,
            skip_bad=skip_bad,
        )
        added, known = add(self._database, read.records)
        unphysical = sum(record.status is Status.UNPHYSICAL for record in read.records)
        return ImportSummary(added, known, len(read.records), unphysical, read.empty_rows, read.notes)

    def _classes(self, records: Sequence[Record]) -> dict[Subject, str]:
        return queries.classes_of(self._database, {record.request.subject for record in records})

    def _found(self, which: dict[str, Any]) -> list[Record]:
        named = {**which, "subjects_in": which.pop("subjects", None)}
        return queries.get_records(self._database, **named)
