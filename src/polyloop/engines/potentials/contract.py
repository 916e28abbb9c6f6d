"""The contract of universal potentials: what relaxation asks of one, whichever it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["UniversalPotential"]


class UniversalPotential(Protocol):
    """A potential for crystals of any elements, by a calculator of ASE.

    Parameters
    ----------
    name
        As it is registered.
    package
        The Python distribution that it needs.
    reference
        Where it was published, as a DOI.
    """

    name: str
    package: str
    reference: str

    def versions(self) -> Mapping[str, str]:
        """Return package name -> installed version of all that its numbers depend on, without computing."""

    def calculator(self) -> Any:
        """Return an ASE calculator with `energy` (eV), `forces` (eV/angstrom) and `stress` (eV/angstrom3).

        Raises
        ------
        MissingDependencyError
            If its package is not installed.
        """
