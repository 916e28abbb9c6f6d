"""The script that the user runs: whether workers import it, and when."""

from __future__ import annotations

import ast
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from multiprocessing import process, spawn
from pathlib import Path
from typing import Any

from polyloop.core import ConfigurationError

__all__ = ["Main", "import_main", "left_out", "refuse_in_a_worker"]

# What `multiprocessing` calls the script, by path or by name; empty where there is none, as in a notebook.
Main = Mapping[str, str]
_KEYS = ("init_main_from_path", "init_main_from_name")
_patching = threading.Lock()


@contextmanager
def left_out() -> Iterator[Callable[[], Main]]:
    """Let a process that this thread starts not import a script without a `__main__` guard, which would run it again.

    Yields
    ------
    Callable
        Returns what was left out, for `import_main`; call it before the process is started.
    """
    with _patching:
        original, thread = spawn.get_preparation_data, threading.get_ident()
        guarded = _is_guarded(getattr(sys.modules.get("__main__"), "__file__", None))

        def prepared(name: str) -> dict[str, Any]:
            data = original(name)
            if threading.get_ident() == thread and not guarded:
                for key in _KEYS:
                    data.pop(key, None)
            return data

        spawn.get_preparation_data = prepared
        try:
            yield lambda: {} if guarded else {key: value for key, value in original("").items() if key in _KEYS}
        finally:
            spawn.get_preparation_data = original


def import_main(main: Main) -> None:
    """Import in a worker the script that was left out, for a call that names something in it."""
    if not main or sys.modules["__main__"].__name__ == "__mp_main__":
        return
    current: Any = process.current_process()
    current._inheriting = True  # as `multiprocessing` has it while it imports a script; it refuses to start processes
    try:
        spawn.prepare(dict(main))
    finally:
        del current._inheriting


def refuse_in_a_worker() -> None:
    """Raise `ConfigurationError` where a worker is importing the script: its work would be done in the worker again."""
    if getattr(process.current_process(), "_inheriting", False):
        raise ConfigurationError(
            "A worker process imports this script for what it defines, and meets its work on the way.",
            where=sys.argv[0] or "the script",
            hint="Put the script's work under `if __name__ == '__main__':`.",
        )


def _is_guarded(path: str | None) -> bool:
    """Tell whether a script asks for its name, as `if __name__ == "__main__"` does."""
    try:
        tree = ast.parse(Path(path or "").read_bytes())
    except (OSError, SyntaxError, ValueError):
        return False
    return any(isinstance(node, ast.Name) and node.id == "__name__" for node in ast.walk(tree))
