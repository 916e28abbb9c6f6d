"""Write files so that a reader, or a crash, never sees half of one."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

__all__ = ["sweep_unfinished", "write_atomically"]

_UNFINISHED = ".unfinished"
# Seconds after which nobody is writing a file any more.
_OLD_S = 3600.0


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write `content` to `path` through a temporary file, fsync and rename.

    Raises
    ------
    OSError
        If the folder cannot be written or the disk is full; `path` then holds what it held before.
    """
    # Text of exceptions and of the command line may hold halves of surrogate pairs, for which UTF-8 has no word.
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files private; a result should be as readable as any other file.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sweep_unfinished(folder: Path) -> None:
    """Remove the temporary files that `write_atomically` left in `folder` and below when it was killed."""
    for path in folder.rglob(f".*{_UNFINISHED}"):
        try:
            if time.time() - path.stat().st_mtime > _OLD_S:
                path.unlink()
        except OSError:  # another process sweeps too, or it may not be removed; it harms nobody
            continue
