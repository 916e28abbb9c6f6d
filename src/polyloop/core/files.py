"""Write files so that a reader, or a crash, never sees half of one; and what is no file is written through."""

from __future__ import annotations

import hashlib
import os
import stat
import tempfile
import time
from pathlib import Path

__all__ = ["file_digest", "sweep_unfinished", "user_cache", "write_atomically"]

_UNFINISHED = ".unfinished"
# Seconds after which nobody is writing a file any more.
_OLD_S = 3600.0
# As many links in a row as Linux follows.
_MOST_LINKS = 40


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write `content` to `path` through a temporary file, fsync and rename.

    Links are followed, and the file that they lead to is replaced, with the permissions that it had. A device, a FIFO
    or an open descriptor (`/dev/stdout`) stays what it is: `content` is written into it.

    Raises
    ------
    OSError
        If the folder cannot be written or the disk is full; `path` then holds what it held before.
    """
    # Text of exceptions and of the command line may hold halves of surrogate pairs, for which UTF-8 has no word.
    data = content.encode(errors="backslashreplace") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    mode = _mode(path)
    if _is_descriptor(path) or not (mode is None or stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        with path.open("wb") as stream:
            stream.write(data)
        return
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=_UNFINISHED)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        # mkstemp makes files private; a result should be as readable as the one before, or as any other file.
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(0o666 & ~umask if mode is None else stat.S_IMODE(mode))
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def user_cache() -> Path:
    """Return the folder for what can be made again: `polyloop` in the user's cache folder.

    A user without a home, as in some containers, has one of their own among the temporary files.
    """
    named = os.environ.get("XDG_CACHE_HOME")
    if named:
        return Path(named) / "polyloop"
    try:
        return Path.home() / ".cache" / "polyloop"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / f"polyloop-{os.getuid()}"


def file_digest(path: Path) -> str:
    """Return the sha256 of a file as hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _mode(path: Path) -> int | None:
    try:
        return path.stat().st_mode
    except FileNotFoundError:
        return None


def _is_descriptor(path: Path) -> bool:
    """Tell whether this leads to a file that a process has open: replaced, it would not be the one that is open."""
    for _ in range(_MOST_LINKS):
        if path.parent.resolve().match("/proc/*/fd"):
            return True
        if not path.is_symlink():
            return False
        path = path.parent / path.readlink()
    return False


def sweep_unfinished(folder: Path) -> None:
    """Remove the temporary files that `write_atomically` left in `folder` and below when it was killed."""
    for path in folder.rglob(f".*{_UNFINISHED}"):
        try:
            if time.time() - path.stat().st_mtime > _OLD_S:
                path.unlink()
        except OSError:  # another process sweeps too, or it may not be removed; it harms nobody
            continue
