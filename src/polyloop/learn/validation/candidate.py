"""A way to learn a property, as a study compares it: what `polyloop model train` does, from descriptors."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.invariant import Invariant
from polyloop.core.options import read_options
from polyloop.learn.invariant_choice import choose_invariant
from polyloop.learn.registry import SURROGATES, make_surrogate
from polyloop.learn.surrogate import Array, Blocks, Surrogate
from polyloop.learn.target_model import TargetModel, fit_surrogate

__all__ = ["LEAST_ROWS", "Candidate"]

LEAST_ROWS = 10
"""Rows that a model needs."""


@dataclass(frozen=True)
class Candidate:
    """A registered model with its options, blocks, and what it learns.

    Parameters
    ----------
    name
        What the study calls it.
    surrogate, options
        Registered name, and options as campaign files spell them.
    blocks
        Blocks that it reads; empty for all that there are.
    invariant
        The property's, which may be learnt in its place; X then has the block `factors`.
    learns_invariant
        True or False; None chooses inside the rows that teach.
    checked
        Whether 90 % intervals are adjusted by rows that are left out of those that teach, which for all but the
        Gaussian process takes five more fits.
    """

    name: str
    surrogate: str = "gp"
    options: Mapping[str, Any] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()
    invariant: Invariant | None = None
    learns_invariant: bool | None = None
    checked: bool = True

    def __post_init__(self) -> None:
        # Refused here, and not after an hour of other models.
        read_options(SURROGATES.find(self.surrogate, "surrogate"), self.options, noun="surrogate", name=self.surrogate)

    def fit(self, X: Blocks, y: Array, noise_variance: Array | None = None, *, seed: int = 0) -> TargetModel:
        """Learn n rows, y of shape (n,); every choice is made inside them.

        Raises
        ------
        InvalidInputError
            If there are fewer than ten rows, or a block is missing.
        """
        if len(y) < LEAST_ROWS:
            raise InvalidInputError(
                f"{len(y)} rows would teach; a model needs {LEAST_ROWS}.", where=self.name,
                hint="Give more rows, or leave out splits that teach few.",
            )  # fmt: skip
        rows, make = self.readable(X), self._maker(seed)
        chosen = self._chosen(rows, y, noise_variance, make)
        model = TargetModel(rows, y, noise_variance, chosen, fit_surrogate(make, rows, y, noise_variance, chosen))
        if self.checked:
            model.check(make, np.random.default_rng(seed))
        return model

    def _maker(self, seed: int) -> Callable[[], Surrogate]:
        part = SURROGATES.find(self.surrogate, "surrogate")
        arguments = read_options(part, self.options, noun="surrogate", name=self.surrogate)
        return lambda: make_surrogate(self.surrogate, seed=seed, **arguments)

    def readable(self, X: Blocks) -> Blocks:
        """Return the blocks that it reads.

        Raises
        ------
        InvalidInputError
            If one is missing.
        """
        missing = [name for name in self.blocks if name not in X]
        if missing:
            raise InvalidInputError(f"Block {missing[0]!r} is missing.", where=self.name, hint=f"There are {list(X)}.")
        return {name: block for name, block in X.items() if not self.blocks or name in self.blocks}

    def _chosen(self, X: Blocks, y: Array, noise: Array | None, make: Callable[[], Surrogate]) -> Invariant | None:
        if self.invariant is None or self.learns_invariant is False or not self.invariant.applies(y):
            return None
        if self.learns_invariant:
            return self.invariant
        errors = choose_invariant(X, y, noise, self.invariant, make)
        return self.invariant if errors["invariant"] < errors["value"] else None
