"""Optional packages in one place: import them late, and name the install line when they are absent."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from polyloop.core.errors import MissingDependencyError

__all__ = ["require"]


def require(module: str, *, extra: str) -> ModuleType:
    """Import `module`, which the extra `extra` installs.

    Raises
    ------
    MissingDependencyError
        If it is absent; `hint` is the exact install line.
    """
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingDependencyError(
            f"The package that provides {module!r} is not installed.",
            hint=f"Install it with: pip install 'polyloop[{extra}]'",
        ) from error
