"""Read a pool's file: each polymer once, with the columns that stand beside it, and the rows that are no candidates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from polyloop.design.left_out import DUPLICATE, FILTERED, UNREADABLE, LeftOut
from polyloop.design.pool_filter import PoolFilter
from polyloop.tables import BadRow, parse_rows, read_table, refuse_bad_rows

__all__ = ["read_pool"]

_NAME = "name"


def read_pool(path: Path, column: str, kind: str, wanted: PoolFilter, *, skip_bad: bool) -> dict[str, Any]:
    """Return the arguments of a `Pool`; see `Pool.from_csv`.

    Raises
    ------
    InvalidInputError
        If the file or the column cannot be read, or rows hold no subject of that kind and are not to be skipped.
    """
    table = read_table(path)
    extras = [place for place, header in enumerate(table.header) if header != column]
    place_of = table.position(column)
    name = table.header.index(_NAME) if _NAME in table.header and column != _NAME else None
    kept: dict[str, tuple[str, str, str, str, tuple[str, ...]]] = {}
    lines: dict[str, int] = {}
    left_out, bad = [], []
    for row, found in parse_rows(table, column, kind):
        if isinstance(found, BadRow):
            bad.append(found)
            left_out.append(LeftOut(row.line, found.cell, UNREADABLE, found.reason))
            continue
        # As its file spells it; of a notation that is no SMILES, the SMILES that it stands for.
        subject, spelled = found.subject, getattr(found, "smiles", row.cells[place_of].strip())
        if subject.key in kept:
            reason = f"It is the {kind} of line {lines[subject.key]}."
            left_out.append(LeftOut(row.line, spelled, DUPLICATE, reason))
        elif not wanted.accepts(found):
            left_out.append(LeftOut(row.line, spelled, FILTERED, "The filters of the pool refuse it."))
        else:
            lines[subject.key] = row.line
            cells = tuple(row.cells[place] for place in extras)
            title, origin = "" if name is None else row.cells[name], f"{path.name}, line {row.line}"
            kept[subject.key] = (subject.text, title, origin, spelled, cells)
    refuse_bad_rows(path, sorted(bad, key=lambda item: item.line), table.total, skip=skip_bad)
    texts, names, origins, spellings, cells_of = zip(*kept.values(), strict=True) if kept else ((), (), (), (), ())
    return {
        "texts": texts,
        "kind": kind,
        "keys": tuple(kept),
        "names": names,
        "origins": origins,
        "spellings": spellings,
        "extras": {
            table.header[place]: tuple(cells[index] for cells in cells_of) for index, place in enumerate(extras)
        },
        "left_out": tuple(sorted(left_out, key=lambda item: item.line or 0)),
    }
