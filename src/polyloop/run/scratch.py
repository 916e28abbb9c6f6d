"""Scratch folders of pools: one for each, and those that nobody holds any more are swept."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["scratch_folder"]

_PREFIX, _LOCK = "polyloop-pool-", ".held"

# Seconds after which a folder without a lock file is no longer one that somebody is making just now.
_OLD_S = 3600.0


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a folder for temporary files and hold it; remove it at the end, and those of killed processes at the start.

    A pool's guard removes its folder when the pool is killed; left are those of a machine that lost its power, or
    where the guard was killed too. The kernel gives a lock back when its holder ends, however it ends.
    """
    _sweep(Path(tempfile.gettempdir()))
    with tempfile.TemporaryDirectory(prefix=_PREFIX, ignore_cleanup_errors=True) as name:
        handle = os.open(Path(name) / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(handle)


def _sweep(place: Path) -> None:
    for folder in place.glob(f"{_PREFIX}*"):
        # Another process may sweep too, and others' folders cannot be removed.
        with contextlib.suppress(OSError):
            if folder.is_dir() and not folder.is_symlink() and folder.stat().st_uid == os.getuid():
                _remove_unless_held(folder)


def _remove_unless_held(folder: Path) -> None:
    try:
        handle = os.open(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:
        if time.time() - folder.stat().st_mtime > _OLD_S:
            shutil.rmtree(folder, ignore_errors=True)
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return
    else:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(handle)
