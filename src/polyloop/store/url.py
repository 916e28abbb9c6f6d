"""Where a store is: a file path or a database URL, checked before anything is opened."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from polyloop.core import StoreError, require
from polyloop.core.settings import setting
from polyloop.core.text import without_passwords

__all__ = ["PASSWORD_VARIABLE", "public_url", "read_place"]

# Where a PostgreSQL URL without a password finds one; psycopg itself knows PGPASSWORD and ~/.pgpass.
PASSWORD_VARIABLE = "POLYLOOP_STORE_PASSWORD"
_SECRETS = ("password", "sslpassword")


def public_url(url: str) -> str:
    """Return a database URL without its passwords, as it may be kept in files and databases."""
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        return without_passwords(url)
    if parsed.password is None and not set(_SECRETS) & set(parsed.query):
        return url
    query = {name: value for name, value in parsed.query.items() if name not in _SECRETS}
    # URL.set cannot take a password away.
    bare = URL.create(parsed.drivername, parsed.username, None, parsed.host, parsed.port, parsed.database, query)
    return bare.render_as_string(hide_password=False)


def read_place(place: str | Path) -> URL:
    """Return the URL of a path or URL, ready for SQLAlchemy.

    Raises
    ------
    StoreError
        If it is neither an SQLite file in a folder that exists, nor a PostgreSQL URL.
    MissingDependencyError
        If PostgreSQL's driver is not installed.
    """
    if not isinstance(place, str | Path):
        raise StoreError(f"{place!r} is no place for a store.", hint="Give the path of a file, or a URL.")
    if isinstance(place, Path) or "://" not in place:
        path = Path(place).expanduser().absolute()
        if str(place).strip() in ("", ":memory:"):
            raise StoreError(
                f"{str(place)!r} is no place for a store, which outlives its process.",
                hint="Name a file, e.g. results.db.",
            )
        return _checked_file(path)
    try:
        url = make_url(place.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise StoreError(
            f"{place!r} is no database URL.", hint="Write a file path or postgresql://USER@HOST/NAME."
        ) from error
    backend = url.get_backend_name()
    if backend == "sqlite":
        if not url.database or url.database == ":memory:":
            return read_place(":memory:")
        return _checked_file(Path(url.database).expanduser().absolute())
    if backend != "postgresql":
        raise StoreError(
            f"There is no store on {backend!r}.",
            where=url.render_as_string(),
            hint="Use an SQLite file or a postgresql:// URL.",
        )
    if "@" in (url.host or ""):
        # What is taken for the host is then a part of the password, and would be shown as a host is.
        raise StoreError(
            "The URL has more than one @, so that nobody can say where its host begins.",
            where=place,
            hint="Write %40 for an @ in the user's name or password.",
        )
    require("psycopg", extra="postgres")
    if url.password is None and "password" not in url.query and setting(PASSWORD_VARIABLE):
        url = url.set(password=setting(PASSWORD_VARIABLE))
    return url.set(drivername="postgresql+psycopg")


def _checked_file(path: Path) -> URL:
    if "\0" in str(path):
        raise StoreError(f"{str(path)!r} is no path.", hint="Name a file, e.g. results.db.")
    if not path.parent.is_dir():
        raise StoreError(
            "The store's folder does not exist.", where=str(path.parent), hint=f"Make it: mkdir -p {path.parent}"
        )
    if path.is_dir():
        raise StoreError(
            "The store's path is a folder.", where=str(path), hint=f"Name a file in it, e.g. {path / 'results.db'}"
        )
    return URL.create("sqlite", database=str(path))
