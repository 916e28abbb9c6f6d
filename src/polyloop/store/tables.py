"""Records as tables with units in their headers: long (one row a record) and wide (one row an evaluation)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from polyloop.core import CONDITIONS, PROPERTIES, Record, Request, Status, Subject, get_property
from polyloop.core.subject import column_of

__all__ = ["BOOKKEEPING", "POOL_PREFIX", "long_columns", "long_rows", "value_columns", "wide_columns", "wide_rows"]

# Columns of the wide form that are neither the polymer, its conditions, nor values.
BOOKKEEPING = ("kind", "class", "protocol", "status", "unphysical", "failed", "key")
# Columns that a campaign's pool adds to its tables: what the file of the pool says of each polymer.
POOL_PREFIX = "pool_"
_WIDE_TAIL = ("unphysical", "failed", "key")

_LONG_VALUES = ("property", "value", "std", "unit", "n", "std_of", "status", "failure")


def value_columns(name: str) -> tuple[str, str]:
    """Return the headers of a property's value and standard deviation: `density [g/cm3]`, `density_std [g/cm3]`."""
    unit = get_property(name).unit
    return f"{name} [{unit}]", f"{name}_std [{unit}]"


def long_rows(found: Sequence[Record], classes: Mapping[Subject, str]) -> list[dict[str, Any]]:
    """Return one row a record, with the keys `long_columns`; nothing of the record is left out."""
    return [_long_row(record, classes) for record in found]


def _long_row(record: Record, classes: Mapping[Subject, str]) -> dict[str, Any]:
    data = record.to_dict()
    return {
        **_head(record.request, classes),
        **{name: data[name] for name in ("property", "value", "std", "unit", "n", "std_of", "status")},
        "failure": json.dumps(data["failure"]) if data["failure"] else None,
        "provenance": json.dumps(data["provenance"]),
        "key": record.key,
    }


def wide_columns(found: Sequence[Record]) -> list[str]:
    """Return the headers of the wide form: only properties that occur, in the property table's order."""
    present = {record.property for record in found}
    values = [header for name in PROPERTIES if name in present for header in value_columns(name)]
    return [*_head_columns(found), "status", *values, *_WIDE_TAIL]


def wide_rows(found: Sequence[Record], classes: Mapping[Subject, str]) -> list[dict[str, Any]]:
    """Return one row an evaluation, with the keys `wide_columns`, in the order of the records.

    Unphysical values are shown, and named in the column `unphysical`; what failed is named, with its failure's
    code, in `failed`.
    """
    groups: dict[str, list[Record]] = {}
    for record in found:
        groups.setdefault(record.key, []).append(record)
    columns = wide_columns(found)
    return [_wide_row(group, columns, classes) for group in groups.values()]


def _wide_row(group: Sequence[Record], columns: Sequence[str], classes: Mapping[Subject, str]) -> dict[str, Any]:
    row: dict[str, Any] = dict.fromkeys(columns)
    row.update(_head(group[0].request, classes))
    for record in group:
        value, std = value_columns(record.property)
        row[value], row[std] = record.value, record.std
    statuses = {record.status for record in group}
    order = (Status.DONE, Status.UNPHYSICAL, Status.FAILED)
    row["status"] = next(status.value for status in order if status in statuses)
    row["unphysical"] = "; ".join(record.property for record in group if record.status is Status.UNPHYSICAL)
    row["failed"] = "; ".join(f"{record.property}: {record.failure.code}" for record in group if record.failure)
    row["key"] = group[0].key
    return row


def long_columns(found: Sequence[Record]) -> list[str]:
    """Return the headers of the long form."""
    return [*_head_columns(found), *_LONG_VALUES, "provenance", "key"]


def condition_column(name: str) -> str:
    """Return the header of a condition: `temperature [K]`, `solvent`."""
    unit = CONDITIONS.find(name).unit
    return f"{name} [{unit}]" if unit else name


def _head_columns(found: Sequence[Record]) -> list[str]:
    """What every row begins with: of which subject, by what and in which state; only conditions that occur."""
    requests = {record.key: record.request for record in found}.values()
    subjects = dict.fromkeys(column_of(request.subject.kind) for request in requests) or {"smiles": None}
    present = {name for request in requests for name in request.conditions} | {"temperature", "pressure"}
    state = [condition_column(name) for name in CONDITIONS if name in present]
    return [*subjects, "kind", "class", "protocol", "seed", *state]


def _head(request: Request, classes: Mapping[Subject, str]) -> dict[str, Any]:
    return {
        column_of(request.subject.kind): request.subject.text,
        "kind": request.subject.kind,
        "class": classes.get(request.subject, ""),
        "protocol": request.protocol_id,
        "seed": request.seed,
        **{condition_column(name): value for name, value in request.conditions.items()},
    }
