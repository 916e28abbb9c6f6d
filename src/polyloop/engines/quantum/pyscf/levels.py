"""Levels of theory: method, basis and grids, as one frozen and validated value."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from polyloop.core.errors import InvalidInputError
from polyloop.engines.quantum.pyscf.basis import BASIS_RECIPES

__all__ = ["GRIDS", "Level"]

# (radial, angular) points by period of the element, before pruning. With `lean`, polarizabilities of propane and
# dimethyl sulfide and their dispersion differ by 1e-4 from those with `fine` (PySCF's level 3), at a seventh of the
# points.
GRIDS: dict[str, tuple[tuple[int, int], ...]] = {
    "lean": ((20, 50), (30, 110), (35, 110), (40, 110), (45, 110), (50, 110)),
    "medium": ((30, 86), (40, 194), (50, 194), (60, 194), (65, 194), (70, 194)),
    "fine": ((50, 302), (75, 302), (80, 434), (90, 434), (95, 434), (100, 434)),
}


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
        Name in `GRIDS`, for functional and kernel alike; `hf` has no grid.
    """

    method: str = "hf"
    basis: str = "def2-svpd"
    auxiliary_basis: str = "def2-universal-jkfit"
    grid: str = "lean"

    def __post_init__(self) -> None:
        if self.basis not in BASIS_RECIPES:
            raise InvalidInputError(
                f"There is no basis {self.basis!r}.", where="Level.basis", hint=f"Known: {', '.join(BASIS_RECIPES)}."
            )
        if self.grid not in GRIDS:
            raise InvalidInputError(
                f"There is no grid {self.grid!r}.", where="Level.grid", hint=f"Known: {', '.join(GRIDS)}."
            )
        if not self.method or self.method != self.method.strip().lower():
            raise InvalidInputError(
                f"{self.method!r} is no method.", where="Level.method", hint="Write hf or a functional in lower case."
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
