"""Where simulations keep their work: one folder per step, named by the hash of what goes into the step."""

from __future__ import annotations

import fcntl
import io
import json
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell, Topology
from polyloop.core import content_key, user_cache, write_atomically
from polyloop.core.settings import setting

__all__ = ["Workspace", "default_scratch"]

# What numpy and zipfile raise on a file that was cut short or changed.
_DAMAGED = (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile, zlib.error)
_NAMES, _CELL = "type_names", ("positions", "box", "velocities")


def default_scratch() -> Path:
    """Return the folder for work in progress: $POLYLOOP_SCRATCH, or one in the user's cache folder."""
    named = setting("POLYLOOP_SCRATCH")
    return Path(named).expanduser().absolute() if named else user_cache()


class Workspace:
    """The steps of all simulations below one folder, found again by the hash of their inputs.

    A step is a folder `KIND/KEY`, where KEY is the sha256 of the kind and the inputs; among these is the key of the
    step before, so that a key stands for all that led to it. Simulations that begin alike share their first steps.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @staticmethod
    def key(kind: str, inputs: Mapping[str, Any]) -> str:
        """Return the key of a step."""
        return content_key({"kind": kind, **inputs})

    def folder(self, kind: str, key: str) -> Path:
        """Return the step's folder, which may not be there yet."""
        return self.root / kind / key

    @contextmanager
    def locked(self, kind: str, key: str) -> Iterator[Path]:
        """Make the step's folder and hold it alone; another process that wants the same step waits here.

        The kernel gives the lock back when its holder ends, however it ends.
        """
        folder = self.folder(kind, key)
        folder.mkdir(parents=True, exist_ok=True)
        with folder.with_name(f"{key}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder

    def arrays(self, kind: str, key: str, make: Callable[[], Mapping[str, NDArray[Any]]]) -> dict[str, NDArray[Any]]:
        """Return the arrays of a step: read back, or made and written. A damaged file is made anew."""
        with self.locked(kind, key) as folder:
            path = folder / "arrays.npz"
            if path.exists():
                try:
                    return _read_arrays(path)
                except _DAMAGED:
                    path.unlink()
            made = dict(make())
            _write_arrays(path, made)
            return made

    def cell(self, kind: str, key: str, make: Callable[[], Cell]) -> Cell:
        """Return the cell of a step: read back, or made and written. A damaged file is made anew."""
        return _cell_of(self.arrays(kind, key, lambda: _arrays_of(make())))

    def set_aside(self, folder: Path) -> Path:
        """Rename a folder that cannot be used, so that its step starts anew; return what it is called now."""
        number = 1
        while (aside := folder.with_name(f"{folder.name}.damaged-{number}")).exists():
            number += 1
        folder.rename(aside)
        return aside

    def write_json(self, kind: str, key: str, name: str, content: Mapping[str, Any]) -> None:
        """Write a small JSON file into a step's folder."""
        write_atomically(self.folder(kind, key) / name, json.dumps(content, indent=1) + "\n")

    def read_json(self, kind: str, key: str, name: str) -> dict[str, Any] | None:
        """Return the content of a small JSON file, or None where it is missing or damaged."""
        try:
            content = json.loads((self.folder(kind, key) / name).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return content if isinstance(content, dict) else None


def _arrays_of(cell: Cell) -> dict[str, NDArray[Any]]:
    content = {item.name: getattr(cell.topology, item.name) for item in fields(Topology) if item.name != _NAMES}
    content[_NAMES] = np.array(cell.topology.type_names, dtype=np.str_)
    return content | {name: getattr(cell, name) for name in _CELL if getattr(cell, name) is not None}


def _cell_of(content: Mapping[str, NDArray[Any]]) -> Cell:
    arrays = {name: array for name, array in content.items() if name not in (_NAMES, *_CELL)}
    topology = Topology(type_names=tuple(str(name) for name in content[_NAMES]), **arrays)
    return Cell(topology, content["positions"], content["box"], content.get("velocities"))


def _write_arrays(path: Path, content: Mapping[str, NDArray[Any]]) -> None:
    stream = io.BytesIO()
    np.savez_compressed(stream, **content)  # type: ignore[arg-type]
    write_atomically(path, stream.getvalue())


def _read_arrays(path: Path) -> dict[str, NDArray[Any]]:
    with path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
        return {name: content[name] for name in content.files}
