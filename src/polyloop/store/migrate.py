"""Bring a database's tables up to date at open, once, however many processes open it at the same time."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from polyloop.core import StoreError
from polyloop.store.database import Database
from polyloop.store.patience import keeps_trying
from polyloop.store.schema import REVISION, VERSION_TABLE, metadata

__all__ = ["migrate"]

# Any constant will do, as long as no other program on the same server uses it for its advisory locks.
_ADVISORY_LOCK = 0x706F6C79


@keeps_trying
def migrate(database: Database) -> bool:
    """Create or upgrade the tables in one transaction; return whether anything had to be done.

    The write-ahead log is switched on first, since that cannot happen inside a transaction.

    Raises
    ------
    StoreError
        If the database belongs to another program, or was written by a newer polyloop; and where it may not be
        changed, if it is no store, or that of an older polyloop.
    """
    with database.read() as connection:
        found = _revision(connection)
        if found == REVISION:
            return False
        if not inspect(connection).has_table(VERSION_TABLE):
            _refuse_foreign(connection, database)
    if database.read_only:
        if found is None:
            raise StoreError("This is no store.", where=database.where, hint="Name a store.")
        # What an older polyloop wrote can be read by its own version alone, so that looking at it upgrades it too.
        with closing(Database(database.url, timeout=database.timeout, on_wait=database.on_wait)) as writable:
            return migrate(writable)
    database.use_write_ahead_log()
    with database.write() as connection:
        if not database.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _ADVISORY_LOCK})
        found = _revision(connection)
        if found == REVISION:  # another process was faster
            return False
        if found is None:
            _refuse_foreign(connection, database)
        _upgrade(connection, found, database)
    return True


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    return connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()


def _refuse_foreign(connection: Connection, database: Database) -> None:
    present = set(inspect(connection).get_table_names())
    # A PostgreSQL database may hold other programs' tables beside ours; an SQLite file is ours alone.
    clash = present if database.is_sqlite else present & set(metadata.tables)
    if clash:
        raise StoreError(
            f"This database belongs to another program (it has the tables {', '.join(sorted(clash)[:5])}).",
            where=database.where,
            hint="Name a new file or an empty database.",
        )


def _upgrade(connection: Connection, found: str | None, database: Database) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if found is not None and found not in known:
        raise StoreError(
            f"The database has schema {found}; this polyloop knows schemas up to {REVISION}.",
            where=database.where,
            hint="It was written by a newer polyloop. Upgrade with: pip install --upgrade polyloop",
        )
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
