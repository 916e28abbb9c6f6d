"""LAMMPS's log: the rows of figures that it prints, and its last words when it fails."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

__all__ = ["THERMO", "LogReader", "is_unstable", "last_words"]

Floats = NDArray[np.float64]

# What each row holds, in LAMMPS's words.
THERMO = (
    "step", "dt", "temp", "pe", "ke", "press", "vol", "density", "lx", "ly", "lz",
    "ebond", "eangle", "edihed", "eimp", "evdwl", "ecoul", "elong", "pxx", "pyy", "pzz",
)  # fmt: skip
_ROW = re.compile(rb"^  - \[(.*), ?\]$")
# What LAMMPS says where the simulation went wrong, and not the program.
_UNSTABLE = re.compile(
    r"lost atoms|out of range atoms|non-numeric|atoms .*missing|bond atom|image atom|shake|extent > half|"
    r"fix-id hot|too close to zero|box bounds|\bnan\b|neighbor list overflow|too many neighbor bins",
    re.IGNORECASE,
)


@dataclass
class LogReader:
    """Reads the rows of a log that is still being written."""

    path: Path
    _offset: int = 0

    def read(self) -> Floats:
        """Return the rows that have come since the last call, shape (n, len(THERMO))."""
        new = []
        if self.path.exists():
            with self.path.open("rb") as stream:
                stream.seek(self._offset)
                content = stream.read()
            whole = content[: content.rfind(b"\n") + 1]
            self._offset += len(whole)
            for line in whole.splitlines():
                if found := _ROW.match(line):
                    words = found.group(1).split(b",")
                    if len(words) == len(THERMO):
                        new.append([float(word) for word in words])
        return np.array(new).reshape(-1, len(THERMO))


def last_words(log: Path, console: Path) -> str:
    """Return LAMMPS's error, or else the end of what it said."""
    texts = [path.read_text(errors="replace") for path in (log, console) if path.exists()]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    errors = [line for line in lines if line.startswith("ERROR")]
    if errors:
        return errors[0]
    return " / ".join([line for line in lines if line and not line.startswith("- [")][-3:]) or "it said nothing"


def is_unstable(words: str) -> bool:
    """Tell whether `words` speak of a simulation that blew up."""
    return _UNSTABLE.search(words) is not None
