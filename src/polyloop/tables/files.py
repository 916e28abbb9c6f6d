"""Read the bytes of a table, also compressed, up to a limit: a small file may hold endless zeros."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from polyloop.core import InvalidInputError

__all__ = ["MAX_BYTES", "read_bytes"]

# A million repeat units with ten columns are some 150 MB.
MAX_BYTES = 256 * 2**20


def read_bytes(path: Path, limit: int = MAX_BYTES) -> bytes:
    """Return what a file holds, uncompressed if its name ends in .gz.

    Raises
    ------
    InvalidInputError
        If it cannot be read, is no gzip file though named so, or holds more than `limit` bytes.
    """
    try:
        if path.is_dir():
            raise IsADirectoryError(21, "Is a directory")
        with path.open("rb") as stream:
            data = _unzip(path, stream, limit) if path.suffix == ".gz" else stream.read(limit + 1)
    except FileNotFoundError as error:
        raise InvalidInputError("There is no such file.", where=str(path), hint="Check the path.") from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(
            f"It cannot be read: {reason}.", where=str(path), hint="Name a CSV that you may read."
        ) from error
    if len(data) > limit:
        unpacked = " once it is unpacked" if path.suffix == ".gz" else ""
        raise InvalidInputError(
            f"The table is larger than {limit / 2**20:.0f} MiB{unpacked}.",
            where=str(path),
            hint="Leave out columns that are not needed, or split it.",
        )
    return data


def _unzip(path: Path, stream: io.BufferedReader, limit: int) -> bytes:
    try:
        with gzip.GzipFile(fileobj=stream) as unpacked:
            return unpacked.read(limit + 1)
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise InvalidInputError(
            f"This is no gzip file: {error}.", where=str(path), hint="Compress it again."
        ) from error
