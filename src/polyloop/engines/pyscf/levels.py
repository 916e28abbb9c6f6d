"""Levels of theory: method, basis and grids, as one frozen and validated value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from polyloop.core.errors import InvalidInputError
from polyloop.engines.pyscf.basis import BASIS_RECIPES

__all__ = ["Level"]


@dataclass(frozen=True)
class Level:
    """A level of theory for closed-shell molecules, with density fitting.

    Parameters
    ----------
    method
        `hf`, or a density functional by its libxc name (`pbe0`, `b3lyp`, `camb3lyp`, `pbe`, `r2scan`, ...).
    basis
        Name of a recipe in `BASIS_RECIPES`.
    auxiliary_basis
        Fitting basis for Coulomb and exchange (PySCF's library name).
    grid
        PySCF's grid level (0 to 9) of the ground state; `hf` has no grid.
    response_grid
        Grid level of the exchange-correlation kernel.
    """

    method: str = "hf"
    basis: str = "def2-svpd"
    auxiliary_basis: str = "def2-universal-jkfit"
    grid: int = 1
    response_grid: int = 0

    def __post_init__(self) -> None:
        if self.basis not in BASIS_RECIPES:
            raise InvalidInputError(
                f"There is no basis {self.basis!r}.", where="Level.basis", mend=f"Known: {', '.join(BASIS_RECIPES)}."
            )
        for name in ("grid", "response_grid"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 9:
                raise InvalidInputError(f"{value!r} is no grid level.", where=f"Level.{name}", mend="Use 0 to 9.")
        if not self.method or self.method != self.method.strip().lower():
            raise InvalidInputError(
                f"{self.method!r} is no method.", where="Level.method", mend="Write hf or a functional in lower case."
            )

    @property
    def is_density_functional(self) -> bool:
        """True when the method needs a grid."""
        return self.method != "hf"

    @property
    def label(self) -> str:
        """Short name for tables: method/basis."""
        return f"{self.method}/{self.basis}"

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary, for the settings of a record's provenance."""
        return asdict(self)
