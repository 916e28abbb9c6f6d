"""Universal potentials by name; a package adds its own as an entry point `polyloop.potentials`."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from polyloop.core import Registry
from polyloop.engines.potentials.contract import UniversalPotential

__all__ = ["POTENTIALS", "calculator_of"]

POTENTIALS: Registry[UniversalPotential] = Registry(
    "potentials", "universal potential", ("name", "package", "reference", "versions", "calculator")
)


@lru_cache(maxsize=4)
def calculator_of(name: str) -> Any:
    """Return the ASE calculator of a potential; its weights are loaded once in a process.

    Raises
    ------
    ConfigurationError
        If there is no potential of that name.
    MissingDependencyError
        If its package is not installed.
    """
    return POTENTIALS.find(name).calculator()
