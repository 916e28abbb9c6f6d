"""FeatureCache: descriptors already computed, on disk, keyed by block, its version and the polymer's key."""

from __future__ import annotations

import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import StoreError

__all__ = ["CachedFailure", "FeatureCache"]

_SCHEMA = """
CREATE TABLE IF NOT EXISTS features (
    block TEXT NOT NULL, polymer BLOB NOT NULL, value BLOB, failure TEXT, time_limit REAL,
    PRIMARY KEY (block, polymer)
) WITHOUT ROWID
"""
_ROWS_PER_QUERY = 500
_BUSY_SECONDS = 60.0


class CachedFailure(str):
    """Why a block could not be computed; `time_limit` (s) is set if more time or memory might have done it."""

    time_limit: float | None

    def __new__(cls, reason: str, time_limit: float | None = None) -> CachedFailure:
        """Make the failure `reason`."""
        failure = super().__new__(cls, reason)
        failure.time_limit = time_limit
        return failure


class FeatureCache:
    """One SQLite file; several processes may read and write it at once, and killing one loses no committed row."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=_BUSY_SECONDS)
        except (OSError, sqlite3.Error) as error:
            raise self._broken(error) from error
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.execute(_SCHEMA)
        except sqlite3.Error as error:
            self._connection.close()
            raise self._broken(error) from error

    def __enter__(self) -> FeatureCache:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def get(
        self, tag: str, keys: Sequence[str], storage: np.dtype[Any], dimension: int
    ) -> Iterator[tuple[str, NDArray[Any] | CachedFailure]]:
        """Yield (key, values of shape (dimension,) or failure) for those of `keys` that the cache has.

        Parameters
        ----------
        tag
            Name and version of the block.
        keys
            Keys of polymers (hex digests).
        """
        for start in range(0, len(keys), _ROWS_PER_QUERY):
            part = [bytes.fromhex(key) for key in keys[start : start + _ROWS_PER_QUERY]]
            marks = ",".join("?" * len(part))
            query = f"SELECT polymer, value, failure, time_limit FROM features WHERE block = ? AND polymer IN ({marks})"
            try:
                rows = self._connection.execute(query, [tag, *part]).fetchall()
            except sqlite3.Error as error:
                raise self._broken(error) from error
            for key, value, failure, time_limit in rows:
                if failure is not None:
                    yield key.hex(), CachedFailure(failure, time_limit)
                elif (decoded := _decode(value, storage, dimension)) is not None:
                    yield key.hex(), decoded

    def put(self, tag: str, rows: Iterable[tuple[str, NDArray[Any] | CachedFailure]]) -> None:
        """Keep (key, values or failure) rows, all in one transaction."""
        records = [
            (tag, bytes.fromhex(key), None, str(content), content.time_limit)
            if isinstance(content, CachedFailure)
            else (tag, bytes.fromhex(key), zlib.compress(content.tobytes(), 1), None, None)
            for key, content in rows
        ]
        try:
            with self._connection:
                self._connection.executemany("INSERT OR REPLACE INTO features VALUES (?, ?, ?, ?, ?)", records)
        except sqlite3.Error as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> StoreError:
        return StoreError(
            f"The cache of features cannot be used: {error}.",
            where=str(self.path),
            hint="Check the disk's space and permissions; if the file is damaged, delete it: it can be recomputed.",
        )


def _decode(value: bytes, storage: np.dtype[Any], dimension: int) -> NDArray[Any] | None:
    try:
        values = np.frombuffer(zlib.decompress(value), dtype=storage)
    except (zlib.error, ValueError):
        return None
    return values if values.shape == (dimension,) else None
