"""Experiments of a process as models see them: numbers, molecules, and what came out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.core.names import did_you_mean

__all__ = ["FEATURE_SETS", "Experiments", "describe_experiments", "read_experiments"]

Array = NDArray[np.float64]

FEATURE_SETS = {
    "A": "process variables, and the logarithms of those that are above 0",
    "B": "A and RDKit's descriptors of the molecules",
    "C": "A and circular environments of the molecules",
    "D": "A and frontier orbitals, gap and dipole of the molecules by GFN2-xTB",
}
_BLOCKS = {"B": "rdkit2d", "C": "ecfp"}


@dataclass(frozen=True)
class Experiments:
    """n experiments.

    Parameters
    ----------
    names
        Of the d process variables.
    variables
        Their values, shape (n, d).
    molecules
        By column, a SMILES for each experiment.
    target
        What was measured, shape (n,); None where it is to be predicted.
    baseline
        What a simulation says of the same, shape (n,): models learn what is left. None where there is none.
    """

    names: tuple[str, ...]
    variables: Array
    molecules: Mapping[str, tuple[str, ...]]
    target: Array | None = None
    baseline: Array | None = None

    def __len__(self) -> int:
        return len(self.variables)

    def subset(self, rows: NDArray[np.int64]) -> Experiments:
        """Return some of the experiments."""
        return Experiments(
            self.names,
            self.variables[rows],
            {column: tuple(texts[row] for row in rows) for column, texts in self.molecules.items()},
            None if self.target is None else self.target[rows],
            None if self.baseline is None else self.baseline[rows],
        )


def read_experiments(
    path: Path, variables: Sequence[str], molecules: Sequence[str] = (), target: str | None = None,
    baseline: str | None = None,
) -> Experiments:  # fmt: skip
    """Read experiments from a table, CSV or Parquet, by the names of its columns.

    Raises
    ------
    InvalidInputError
        If a column is not there or a cell is no number; the message names the place.
    """
    from polyloop.process.reactivity.monomers import canonical_monomer
    from polyloop.tables import read_table

    table = read_table(path)
    if not table.rows:
        raise InvalidInputError("There is no experiment in it.", where=str(path))
    if not variables:
        raise InvalidInputError("No column of a process variable is named.", where=str(path), hint="Name one.")

    def numbers(column: str) -> Array:
        place = table.position(column)
        values = np.empty(len(table.rows))
        for number, row in enumerate(table.rows):
            try:
                values[number] = float(row.cells[place])
            except ValueError:
                values[number] = np.nan
            if not np.isfinite(values[number]):
                raise InvalidInputError(f"{row.cells[place]!r} is no number.", where=table.place(row, place))
        return values

    texts: dict[str, tuple[str, ...]] = {}
    canonical: dict[str, str] = {}
    for column in molecules:
        place = table.position(column)
        for row in table.rows:
            if row.cells[place] not in canonical:
                try:
                    canonical[row.cells[place]] = canonical_monomer(row.cells[place])
                except InvalidInputError as error:
                    raise InvalidInputError(error.reason, where=table.place(row, place), hint=error.hint) from error
        texts[column] = tuple(canonical[row.cells[place]] for row in table.rows)
    return Experiments(
        tuple(variables),
        np.stack([numbers(column) for column in variables], axis=1),
        texts,
        None if target is None else numbers(target),
        None if baseline is None else numbers(baseline),
    )


def describe_experiments(experiments: Experiments, features: str, logs: Sequence[bool]) -> dict[str, BlockValues]:
    """Return the blocks of a feature set, by name.

    Parameters
    ----------
    features
        One of `FEATURE_SETS`.
    logs
        Of which process variables the logarithm is a column too, shape (d,): those that were above 0 where the model
        learnt.

    Raises
    ------
    InvalidInputError
        If there is no such set, it needs molecules and there are none, or one cannot be described.
    """
    if features not in FEATURE_SETS:
        raise InvalidInputError(
            f"There is no set of features {features!r}.", where="features", hint=did_you_mean(features, FEATURE_SETS)
        )
    if features != "A" and not experiments.molecules:
        raise InvalidInputError(
            f"The features {features} describe molecules, and no column holds any.", where="features",
            hint="Name their columns, or take the features A.",
        )  # fmt: skip
    columns = [experiments.variables]
    for place, name in enumerate(experiments.names):
        if logs[place]:
            values = experiments.variables[:, place]
            if (values <= 0).any():
                raise InvalidInputError(
                    f"{name} is 0 or less in row {int(np.argmax(values <= 0)) + 1}.", where="process variables",
                    hint="It was above 0 in all experiments that the model learnt from.",
                )  # fmt: skip
            columns.append(np.log(values)[:, None])
    blocks = {"process": BlockValues(np.hstack(columns), BlockKind.PHYSICAL)}
    for column, texts in experiments.molecules.items() if features != "A" else ():
        blocks[f"{column}.{features}"] = _molecular(texts, features)
    return blocks


def _molecular(texts: Sequence[str], features: str) -> BlockValues:
    """Return the rows of molecules; a mixture, pieces between dots, is the mean of its pieces, each counted once."""
    unique = list(dict.fromkeys(texts))
    pieces = list(dict.fromkeys(piece for text in unique for piece in text.split(".")))
    values, kind = _described(pieces, features)
    places = {piece: place for place, piece in enumerate(pieces)}
    means = np.array([values[[places[piece] for piece in text.split(".")]].mean(axis=0) for text in unique])
    return BlockValues(means[[unique.index(text) for text in texts]], kind)


def _described(molecules: Sequence[str], features: str) -> tuple[Array, BlockKind]:
    if features == "D":
        from polyloop.process.orbitals import frontier_orbitals

        return np.array([frontier_orbitals(text) for text in molecules]), BlockKind.PHYSICAL
    from polyloop.features.mixtures import describe_subjects

    table = describe_subjects("molecule", list(molecules), [_BLOCKS[features]])
    if table.failures:
        place, reason = next(iter(table.failures.items()))
        raise InvalidInputError(f"{molecules[place]} cannot be described: {reason}", where="features")
    block = table.described()[_BLOCKS[features]]
    return np.asarray(block.values, dtype=float), block.kind
