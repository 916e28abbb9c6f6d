"""Which versions of the engine's packages are installed, for the provenance of records."""

from __future__ import annotations

from importlib.metadata import version

__all__ = ["versions"]


def versions() -> dict[str, str]:
    """Return package name -> installed version, without importing the packages."""
    return {name: version(name) for name in ("pyscf", "numpy", "scipy")}
