"""Run the notebooks of the documentation: `python -m tests.docs.notebooks` runs them anew and keeps what they show."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["FOLDER", "ROOT", "executed"]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "notebooks"
_SECONDS = 240


def executed(path: Path) -> Any:
    """Return a notebook with what its cells show now, run in an empty folder beside the examples."""
    import nbformat
    from nbclient import NotebookClient

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "examples").symlink_to(ROOT / "examples")
        os.environ["OMP_NUM_THREADS"] = "1"
        NotebookClient(
            notebook, timeout=_SECONDS, kernel_name="python3", resources={"metadata": {"path": folder}}
        ).execute()
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # times, which change with every run
    notebook.metadata.pop("language_info", None)
    return notebook


if __name__ == "__main__":
    import nbformat

    for path in sorted(FOLDER.glob("*.ipynb")):
        nbformat.write(executed(path), path)
