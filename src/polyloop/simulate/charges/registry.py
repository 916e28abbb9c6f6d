"""Charge methods by name: each from an oligomer to its charges, and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.core import Registry
from polyloop.simulate.charges.oligomer import Oligomer

__all__ = ["CHARGES", "ChargeMethod"]


@dataclass(frozen=True)
class ChargeMethod:
    """A charge method.

    Parameters
    ----------
    charges
        Maps (oligomer, seed of the conformer search) to partial charges in e, shape (n_atoms,); those of each segment
        of the oligomer add up to its formal charge, or those of the middle unit and of the whole do. Raises
        `EvaluationError` where it cannot.
    description
        One line for people.
    largest
        Heavy atoms of the largest capped unit, by what it costs; None for any size.
    takes_minutes
        Whether a unit takes minutes, which a preview should say.
    """

    charges: Callable[[Oligomer, int], NDArray[np.float64]]
    description: str
    largest: int | None = None
    takes_minutes: bool = False

    def takes(self, heavy_atoms: int) -> bool:
        """Whether a capped unit of so many heavy atoms is within its size."""
        return self.largest is None or heavy_atoms <= self.largest


CHARGES: Registry[ChargeMethod] = Registry("charges", "charge method", ("charges", "largest", "takes", "takes_minutes"))
