"""Blocks whose columns are properties that a protocol has computed: they read records instead of computing."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from polyloop.core import Conditions, EvaluationError, FailureCode, Record, Status, Subject, get_property
from polyloop.core.descriptors import BlockKind

__all__ = ["RecordBlock", "RecordColumn", "RecordSource", "rows_from_records"]

_STATE = Conditions()


class RecordSource(Protocol):
    """Where records are looked up, such as a `polyloop.store.Store`."""

    def records(self, *, subjects: Collection[Subject], protocols: Collection[str]) -> list[Record]:
        """Return the records of subjects by protocols."""
        ...


@dataclass(frozen=True)
class RecordColumn:
    """One column of a block that reads records.

    Parameters
    ----------
    name
        polyloop's property that it is.
    symbol
        What a published table calls it, where there is one.
    logarithm
        Whether the column is the decimal logarithm of the property.
    """

    name: str
    symbol: str = ""
    logarithm: bool = False

    @property
    def column(self) -> str:
        """Name of the column."""
        return f"log10_{self.name}" if self.logarithm else self.name


class RecordBlock:
    """Base of blocks that read records: `protocol_id` says whose, and `columns` which of their properties.

    Such a block is handed a store by whoever asks for it (`featurize(..., records=store)`); it computes nothing, and a
    subject without records has a row of NaN and the command that computes them as its reason.
    """

    protocol_id: ClassVar[str]
    columns: ClassVar[tuple[RecordColumn, ...]]
    name: str
    version = 1
    kind = BlockKind.PHYSICAL
    packages: tuple[str, ...] = ()
    subjects: tuple[str, ...] = ("polymer", "copolymer", "molecule")
    dtype: np.dtype[Any] = np.dtype(np.float64)
    storage: np.dtype[Any] = np.dtype(np.float64)
    on_request = True

    def names(self) -> tuple[str, ...]:
        """Return the names of the columns."""
        return tuple(row.column for row in self.columns)

    def units(self) -> tuple[str, ...]:
        """Return their units; of a logarithm that of the property."""
        return tuple(
            f"log10({get_property(row.name).unit})" if row.logarithm else get_property(row.name).unit
            for row in self.columns
        )

    def evaluate(self, polymer: Any) -> NDArray[np.float64]:
        """Refuse: there is nothing to compute.

        Raises
        ------
        EvaluationError
            UNSUPPORTED always.
        """
        raise EvaluationError(
            FailureCode.UNSUPPORTED, "descriptors", f"The block {self.name!r} reads records of {self.protocol_id}.",
            hint="Hand it the store that holds them: featurize(..., records=store).",
        )  # fmt: skip

    def row(self, values: Mapping[str, float]) -> NDArray[np.float64]:
        """Return the columns of one subject from its properties' values, shape (d,).

        Raises
        ------
        EvaluationError
            UNSUPPORTED where a property is missing or has no logarithm.
        """
        missing = [row.name for row in self.columns if not math.isfinite(values.get(row.name, math.nan))]
        missing += [row.name for row in self.columns if row.logarithm and values.get(row.name, 1.0) <= 0]
        if missing:
            raise EvaluationError(
                FailureCode.UNSUPPORTED, "descriptors", f"{self.protocol_id} has no usable {', '.join(missing)}."
            )
        return np.array([math.log10(values[row.name]) if row.logarithm else values[row.name] for row in self.columns])


def rows_from_records(
    block: RecordBlock, subjects: Sequence[Subject], source: RecordSource | None
) -> list[NDArray[np.float64] | str]:
    """Return each subject's row, shape (d,), or the reason why there is none.

    Values of several seeds are averaged; those that are not done, not plausible, or of another state than 298.15 K and
    1 atm do not count.
    """
    if source is None:
        return [f"{block.name}: reads records of {block.protocol_id}; hand them over as `records=store`."] * len(
            subjects
        )
    values: dict[str, dict[str, list[float]]] = {subject.key: {} for subject in subjects}
    failed: dict[str, str] = {}
    for record in source.records(subjects=list(subjects), protocols=[block.protocol_id]):
        key = record.request.subject.key
        if record.request.conditions != _STATE:
            continue
        if record.status is Status.DONE and record.value is not None:
            values[key].setdefault(record.property, []).append(record.value)
        elif record.failure is not None:
            failed[key] = str(record.failure.reason)
    return [_row(block, subject, values[subject.key], failed.get(subject.key)) for subject in subjects]


def _row(
    block: RecordBlock, subject: Subject, values: Mapping[str, Sequence[float]], failed: str | None
) -> NDArray[np.float64] | str:
    if not values:
        if failed is not None:
            return f"{block.name}: {block.protocol_id} failed: {failed}"
        command = f"polyloop properties {subject.text!r} --protocol {block.protocol_id}"
        return f"{block.name}: there is no record of {block.protocol_id}; compute it with `{command}`."
    try:
        return block.row({name: float(np.mean(found)) for name, found in values.items()})
    except EvaluationError as error:
        return f"{block.name}: {error}"
