"""Properties that users have added, kept beside their values, so that whoever opens the store knows their units."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from sqlalchemy import Connection, select

from polyloop.core import PROPERTIES, Property, Record, StoreError
from polyloop.store.database import Database
from polyloop.store.schema import properties

__all__ = ["keep_definitions", "load_definitions"]


def keep_definitions(database: Database, connection: Connection, found: Iterable[Record], now: float) -> None:
    """Write the definition of each added property that occurs in `found`.

    Raises
    ------
    StoreError
        If the store knows one of them in another unit.
    """
    wanted = {record.property for record in found} & set(PROPERTIES.added)
    for name in sorted(wanted):
        row = PROPERTIES.added[name]
        known = connection.scalar(select(properties.c.definition).where(properties.c.name == name))
        if known is not None:
            _same_unit(row, known["unit"], database)
            continue
        statement = database.insert(properties).values(name=name, definition=asdict(row), created=now)
        connection.execute(statement.on_conflict_do_nothing())


def load_definitions(database: Database) -> None:
    """Register what the store knows of added properties and this process does not.

    Raises
    ------
    StoreError
        If this process knows one of them in another unit.
    """
    with database.read() as connection:
        rows = list(connection.scalars(select(properties.c.definition).order_by(properties.c.name)))
    for definition in rows:
        row = Property(**{**definition, "kinds": tuple(definition["kinds"])})
        if row.name in PROPERTIES:
            _same_unit(PROPERTIES[row.name], row.unit, database)
        else:
            PROPERTIES.add(row.name, row)


def _same_unit(row: Property, unit: str, database: Database) -> None:
    if row.unit != unit:
        raise StoreError(
            f"The store keeps {row.name} in {unit}, and here it is defined in {row.unit}.",
            where=database.where,
            hint="Use the unit of the store, another name, or another store.",
        )
