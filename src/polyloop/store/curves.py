"""Curves in a store: kept with their axis and origin, looked up, and exchanged as tables with a column a point."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from polyloop.core import (
    KINDS,
    Axis,
    Conditions,
    Curve,
    InvalidInputError,
    Provenance,
    Request,
    StoreError,
    Subject,
    write_atomically,
)
from polyloop.core.csv_text import csv_text
from polyloop.core.subject import column_of
from polyloop.store.database import Database
from polyloop.store.mapping import chunks, classify_new, ensure_subjects, request_from_row
from polyloop.store.models import CurveImport
from polyloop.store.patience import keeps_trying
from polyloop.store.schema import curves, subjects

if TYPE_CHECKING:
    # Looking into a store loads no numpy.
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["CurveStore"]

# Curves in one transaction, and the rest between two, in which others find the lock free (see `additions`).
_PART, _REST_S = 100, 0.05
_NUMBERS = "<f8"


class CurveStore:
    """Keeping and finding curves, as a part of `Store`."""

    _database: Database

    def add_curves(self, found: Sequence[Curve]) -> tuple[int, int]:
        """Keep curves in short transactions; return how many were new, and how many were known with the same values.

        After a kill in between, adding the same curves again adds those that are missing.

        Raises
        ------
        StoreError
            If the store has another curve of the same name for the same request, before the first is kept.
        """
        by_key = {(curve.key, curve.name): curve for curve in found}
        if len(by_key) < len(found):
            raise InvalidInputError("Two curves are of one subject, protocol, conditions and seed.", where="curves")
        ordered = [by_key[place] for place in sorted(by_key)]
        classes = classify_new(self._database, [curve.request for curve in ordered])
        _known(self._database, ordered)
        added = 0
        for start in range(0, len(ordered), _PART):
            if added and self._database.is_sqlite:
                time.sleep(_REST_S)
            added += _add(self._database, ordered[start : start + _PART], classes)
        return added, len(ordered) - added

    def curves(
        self,
        name: str | None = None,
        *,
        subjects: Collection[Subject] | None = None,
        kind: str | None = None,
        protocols: Collection[str] | None = None,
    ) -> list[Curve]:
        """Return the curves that match everything given, in the order of (key, name)."""
        return _find(self._database, name, subjects, kind, protocols)

    def import_curves(
        self,
        path: str | Path,
        name: str,
        prefix: str,
        *,
        axis: str,
        axis_unit: str = "1",
        unit: str = "1",
        kind: str = "polymer",
        column: str | None = None,
        protocol_id: str | None = None,
        seed: int = 0,
        conditions: Conditions | None = None,
    ) -> CurveImport:
        """Keep the curves of a table: a row a subject, columns `prefix` and a number the points of the axis.

        Rows without a whole curve, or without a subject that can be read, are left out and told; of several rows of
        one subject the first is kept, with its seed, and the others with the seeds after it. Importing a table twice
        changes nothing.

        Parameters
        ----------
        name, unit
            What is drawn, such as `absorbance`, and its unit.
        axis, axis_unit
            Name and unit of the axis, such as `wavelength` and `nm`.
        protocol_id
            What the curves are called in the store; `experiment/NAME@1` when left out.

        Raises
        ------
        InvalidInputError
            If the table has no such columns, or a name is none.
        StoreError
            If the store has other curves of the same protocol for one of the subjects.
        """
        from polyloop.tables.curves import read_curves

        table = read_curves(path, prefix, column or column_of(kind))
        parse = KINDS.find(kind).parse
        left_out = [(f"line {line}", reason) for line, reason in table.left_out]
        drawn_over, made = Axis(axis, axis_unit, table.points), dict[Subject, int]()
        found: list[Curve] = []
        for line, text, values in zip(table.lines, table.texts, table.values, strict=True):
            try:
                subject = parse(text).subject
            except InvalidInputError as error:
                left_out.append((f"line {line}", error.reason))
                continue
            nth = made[subject] = made.get(subject, -1) + 1
            request = Request(subject, protocol_id or f"experiment/{name}@1", seed + nth, conditions or Conditions())
            source = Provenance(settings={"source": f"{Path(path).name}, line {line}"})
            found.append(Curve(request, name, unit, drawn_over, values, provenance=source))
        added, known = self.add_curves(found)
        return CurveImport(added, known, len(table.points), tuple(left_out))

    def export_curves(self, path: str | Path, name: str, prefix: str | None = None, **which: Any) -> int:
        """Write curves of one name and one axis as a table, a column a point; return the number of rows.

        The columns are the subject, its kind, protocol, seed and conditions, and `prefix` (the axis's name and `_` when
        left out) with each point: what `import_curves` and `polyloop model study curve` read. The other arguments are
        those of `curves`.

        Raises
        ------
        StoreError
            If there is no such curve, or they are on several axes or of several kinds.
        """
        found = self.curves(name, **which)
        if not found:
            raise StoreError(f"There is no curve called {name!r}.", where=self._database.where)
        axes, kinds = {curve.axis for curve in found}, {curve.request.subject.kind for curve in found}
        if len(axes) > 1 or len(kinds) > 1:
            raise StoreError(
                f"The curves called {name!r} are on {len(axes)} axes and of {len(kinds)} kinds of subjects.",
                where=self._database.where,
                hint="Ask for one protocol or one kind, each in a table of its own.",
            )
        axis, front = found[0].axis, prefix if prefix is not None else f"{found[0].axis.name}_"
        header = [column_of(found[0].request.subject.kind), "kind", "protocol", "seed", "conditions"]
        header += [f"{front}{point:.17g}" for point in axis.points]
        rows = [
            [
                curve.request.subject.text, curve.request.subject.kind, curve.request.protocol_id, curve.request.seed,
                curve.request.conditions.words(), *curve.values.tolist(),
            ]
            for curve in found
        ]  # fmt: skip
        write_atomically(Path(path), csv_text(header, rows))
        return len(rows)


def _bytes(values: NDArray[np.float64] | None) -> bytes | None:
    return None if values is None else values.astype(_NUMBERS).tobytes()


def _numbers(content: bytes) -> NDArray[np.float64]:
    import numpy as np

    return np.frombuffer(content, dtype=_NUMBERS).astype(np.float64)


def _row(curve: Curve, now: float) -> dict[str, Any]:
    request = curve.request
    return {
        "key": curve.key, "name": curve.name, "subject_key": request.subject.key, "protocol": request.protocol_id,
        "seed": int(request.seed), "conditions": request.conditions.to_dict(), "unit": curve.unit,
        "axis_name": curve.axis.name, "axis_unit": curve.axis.unit, "axis_points": _bytes(curve.axis.points),
        "curve_values": _bytes(curve.values), "curve_std": _bytes(curve.std),
        "provenance": {**asdict(curve.provenance), "parents": list(curve.provenance.parents)}, "created": now,
    }  # fmt: skip


def _curve(row: Any) -> Curve:
    provenance = dict(row.provenance)
    return Curve(
        request_from_row(row),
        row.name,
        row.unit,
        Axis(row.axis_name, row.axis_unit, _numbers(row.axis_points)),
        _numbers(row.curve_values),
        None if row.curve_std is None else _numbers(row.curve_std),
        Provenance(**{**provenance, "parents": tuple(provenance["parents"])}),
    )


def _known(database: Database, found: Sequence[Curve]) -> set[tuple[str, str]]:
    """Return (key, name) of the curves that the database has.

    Raises
    ------
    StoreError
        If it has one with other values.
    """
    given = {(curve.key, curve.name): curve for curve in found}
    known: set[tuple[str, str]] = set()
    statement = select(curves, subjects.c.kind, subjects.c.text).select_from(curves.join(subjects))
    with database.read() as connection:
        for keys in chunks(sorted({curve.key for curve in found})):
            for row in connection.execute(statement.where(curves.c.key.in_(keys))):
                place = (row.key, row.name)
                if place not in given:
                    continue
                if _curve(row) != given[place]:
                    raise StoreError(
                        f"The store has another {row.name} for {row.text} by {row.protocol}.",
                        where=database.where,
                        hint="Curves are never overwritten: give the new one another seed, or another version.",
                    )
                known.add(place)
    return known


@keeps_trying
def _add(database: Database, found: Sequence[Curve], classes: Mapping[Subject, str | None]) -> int:
    known = _known(database, found)
    fresh = [curve for curve in found if (curve.key, curve.name) not in known]
    if not fresh:
        return 0
    with database.write() as connection:
        now = database.now(connection)
        new = {curve.request.subject for curve in fresh} & set(classes)
        ensure_subjects(database, connection, new, classes, now)
        rows = [_row(curve, now) for curve in fresh]
        statement = database.insert(curves).values(rows).on_conflict_do_nothing().returning(curves.c.key)
        added = len(list(connection.scalars(statement)))
    if added < len(fresh):
        _known(database, fresh)  # somebody else was faster, with the same ones
    return added


def _find(
    database: Database,
    name: str | None,
    named: Collection[Subject] | None,
    kind: str | None,
    protocols: Collection[str] | None,
) -> list[Curve]:
    statement = select(curves, subjects.c.kind, subjects.c.text).select_from(curves.join(subjects))
    if name is not None:
        statement = statement.where(curves.c.name == name)
    if kind is not None:
        statement = statement.where(subjects.c.kind == kind)
    if protocols is not None:
        statement = statement.where(curves.c.protocol.in_(list(protocols)))
    with database.read() as connection:
        if named is None:
            rows = list(connection.execute(statement))
        else:
            keys = sorted({subject.key for subject in named})
            rows = [
                row
                for part in chunks(keys)
                for row in connection.execute(statement.where(curves.c.subject_key.in_(part)))
            ]
    return [_curve(row) for row in sorted(rows, key=lambda row: (row.key, row.name))]
