"""Keep costly pieces of a benchmark on disk, so that one that was stopped goes on where it was."""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from polyloop.core import write_atomically

T = TypeVar("T")


def kept(key: str, make: Callable[[], T]) -> T:
    """Return what `make` gave for `key` before, or make and keep it, if POLYLOOP_BENCHMARK_CACHE names a folder."""
    folder = os.environ.get("POLYLOOP_BENCHMARK_CACHE")
    if folder is None:
        return make()
    path = Path(folder) / f"{sha256(key.encode()).hexdigest()[:24]}.pickle"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, pickle.dumps(make()))
    return pickle.loads(path.read_bytes())
