"""A picture of the cell that a simulation ended with, kept beside its progress, for whoever reports of it."""

from __future__ import annotations

from pathlib import Path

from polyloop.chem.topology import Cell
from polyloop.core import write_atomically
from polyloop.simulate.md.run.progress import run_folder
from polyloop.simulate.md.run.workspace import Workspace

__all__ = ["keep_picture", "read_picture"]

_FILE = "cell.png"
_PIXELS = 640  # in width and height: sharp in a report's column, and some 200 kB
# What drawing and writing raise where the machine or the cell is odd; a programming error still surfaces.
_TROUBLE = (OSError, ImportError, MemoryError, ValueError, ArithmeticError, RuntimeError)


def keep_picture(folder: Path, cell: Cell) -> str:
    """Draw `cell` into the folder of a run, unless it is there; return what hindered it, empty where nothing did.

    A picture is not worth an evaluation, so that trouble is told and not raised.
    """
    path = folder / _FILE
    try:
        if not path.exists():
            from polyloop.chem.formats import cell_picture

            write_atomically(path, cell_picture(cell, _PIXELS))
    except _TROUBLE as error:
        return f"{type(error).__name__}: {error}"
    return ""


def read_picture(workspace: Workspace, request_key: str) -> bytes | None:
    """Return the PNG of the cell of a request, or None where there is none (any more)."""
    try:
        return (run_folder(workspace, request_key) / _FILE).read_bytes()
    except OSError:
        return None
