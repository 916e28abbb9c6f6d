"""What is known of subjects besides their structure: numbers that describe them, and those an invariant is made of."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import pi

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.core.constants import AVOGADRO_PER_ANGSTROM3_CM3
from polyloop.core.descriptors import BlockKind
from polyloop.core.invariant import FACTORS
from polyloop.core.names import did_you_mean
from polyloop.features import FeatureTable
from polyloop.learn.invariant_target import FACTOR_BLOCK
from polyloop.learn.surrogate import Array

__all__ = ["COLUMN_BLOCK", "KNOWN_FACTORS", "KnownNumbers", "check_factors"]

COLUMN_BLOCK = "columns"
"""Name of the block that such numbers make."""
KNOWN_FACTORS = {"molar_refraction": 1.0, "static_polarizability": 4.0 * pi / 3.0 * AVOGADRO_PER_ANGSTROM3_CM3}
"""Properties that take the place of the estimated molar refraction, and what turns each into cm3/mol."""

_REFRACTION = FACTORS.index("molar_refraction")


@dataclass(frozen=True, eq=False)
class KnownNumbers:
    """Numbers that are known of n subjects, in their order.

    Parameters
    ----------
    columns
        Any that describe them, by name, shape (n,) each: together a block of physical quantities.
    factors
        `molar_refraction` in cm3/mol or `static_polarizability` in angstrom3 of the repeat unit as it is written,
        shape (n,): what an invariant takes in the place of the one by contributions. NaN, here and above, is no number.

    Raises
    ------
    InvalidInputError
        If both factors are given, or another.
    """

    columns: Mapping[str, Array] = field(default_factory=dict)
    factors: Mapping[str, Array] = field(default_factory=dict)

    def __post_init__(self) -> None:
        check_factors(self.factors)

    def __bool__(self) -> bool:
        return bool(self.columns or self.factors)

    def beside(self, table: FeatureTable, written: Sequence[str], kind: str) -> FeatureTable:
        """Return a table of n described subjects with these numbers; a row that lacks one fails, and says which.

        Parameters
        ----------
        written
            The subjects as they were written, length n: a factor is that of the unit written there, and counts in
            proportion where the chain has a smaller one.

        Raises
        ------
        InvalidInputError
            If there are not n numbers, or a factor has no block `factors` to stand in.
        """
        for name, values in {**self.columns, **self.factors}.items():
            if np.shape(values) != (len(table),):
                raise InvalidInputError(f"There are {len(table)} subjects and {name} of shape {np.shape(values)}.")
        told = table
        if self.columns:
            values = np.column_stack([np.asarray(column, dtype=float) for column in self.columns.values()])
            names, kinds = {COLUMN_BLOCK: tuple(self.columns)}, {COLUMN_BLOCK: BlockKind.PHYSICAL}
            lacking = _lacking(self.columns, np.isfinite(values))
            told = told.beside(FeatureTable(table.polymers, {COLUMN_BLOCK: values}, lacking, names, kinds))
        for name, given in self.factors.items():
            told = _with_refraction(told, name, KNOWN_FACTORS[name] * np.asarray(given, dtype=float), written, kind)
        return told


def check_factors(names: Collection[str]) -> None:
    """Refuse factors that no invariant takes, or that say the same.

    Raises
    ------
    InvalidInputError
        If there is such a name, or more than one.
    """
    if wrong := [name for name in names if name not in KNOWN_FACTORS]:
        raise InvalidInputError(
            f"No invariant takes a known {wrong[0]}.", where="factors", hint=did_you_mean(wrong[0], list(KNOWN_FACTORS))
        )
    if len(names) > 1:
        raise InvalidInputError(f"{' and '.join(names)} say the same.", where="factors", hint="Give one.")


def _lacking(names: Mapping[str, Array], known: NDArray[np.bool_]) -> dict[int, str]:
    words = list(names)
    return {
        int(row): "no number for " + ", ".join(words[at] for at in np.flatnonzero(~known[row]))
        for row in np.flatnonzero(~known.all(axis=1))
    }


def _with_refraction(
    table: FeatureTable, name: str, refraction: Array, written: Sequence[str], kind: str
) -> FeatureTable:
    if FACTOR_BLOCK not in table.blocks:
        raise InvalidInputError(
            f"A known {name} is for an invariant, which needs the block {FACTOR_BLOCK!r}.", where="factors",
            hint="Describe the subjects with it.",
        )  # fmt: skip
    factors, wrong = np.array(table.blocks[FACTOR_BLOCK], dtype=float), {}
    for row in map(int, np.flatnonzero(table.valid)):
        # Whoever writes *CC* for *C* tells the refraction of two of the chain's units.
        units = 1.0
        if kind == "polymer":
            units = Polymer(written[row]).heavy_atoms / Polymer.of_canonical(table.polymers[row]).heavy_atoms
        factors[row, _REFRACTION] = refraction[row] / units
        if not refraction[row] > 0:
            wrong[row] = f"no positive number for {name}"
    failures = dict(sorted({**table.failures, **wrong}.items()))
    return replace(table, blocks={**table.blocks, FACTOR_BLOCK: factors}, failures=failures)
