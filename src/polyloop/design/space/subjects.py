"""Polymers, copolymers or molecules as choices: which of these; two are as alike as their descriptors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Self

import numpy as np

from polyloop.core import InvalidInputError, parse_subject
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.core.names import did_you_mean
from polyloop.core.subject import plural_of
from polyloop.design.space.structure_columns import structure_columns
from polyloop.design.space.variables import Value, check_label, check_name
from polyloop.learn.surrogate import Array

__all__ = ["SubjectChoice"]


@dataclass(frozen=True, eq=False)
class SubjectChoice:
    """A choice among subjects of one kind, by label; alike ones teach about one another once they are described.

    Models see one block for each block of descriptors, `NAME.BLOCK`, so that each has a length scale of its own.

    Parameters
    ----------
    subjects
        What a person may type for each subject, by label, or a list of texts that are their own labels.
    kind
        A registered kind: `polymer`, `copolymer`, `molecule`, ...
    columns
        By block, points of shape (k, d) in the order of the labels, whose squared distances are 1 in the mean over
        all pairs; `described` makes them.

    Raises
    ------
    ConfigurationError
        If there is no such kind.
    InvalidInputError
        If a text is none of that kind, or two are the same subject.

    Examples
    --------
    >>> polymer = SubjectChoice("polymer", {"PE": "*CC*", "PS": "*CC(*)c1ccccc1"})
    >>> polymer.snapped("*C(c1ccccc1)C*"), polymer.identity("PE")
    ('PS', '*C*')
    """

    name: str
    subjects: Mapping[str, str]
    kind: str = "polymer"
    columns: Mapping[str, Array] = field(default_factory=dict, repr=False)

    is_numeric = False

    def __init__(
        self,
        name: str,
        subjects: Mapping[str, str] | Sequence[str],
        kind: str = "polymer",
        columns: Mapping[str, Array] | None = None,
    ) -> None:
        check_name(name)
        listed = dict(subjects) if isinstance(subjects, Mapping) else dict(zip(subjects, subjects, strict=True))
        if len(listed) < len(subjects):
            repeated = next(text for place, text in enumerate(subjects) if text in list(subjects)[:place])
            raise InvalidInputError(f"{repeated!r} is listed twice.", where=f"variable {name}")
        for label in listed:
            check_label(name, label)
        if len(listed) < 2:
            raise InvalidInputError(
                f"It has {len(listed)} values.", where=f"variable {name}", hint="Leave out a variable that cannot vary."
            )
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "kind", kind)
        object.__setattr__(self, "subjects", self._canonical(name, kind, listed))
        object.__setattr__(self, "columns", dict(columns or {}))

    @staticmethod
    def _canonical(name: str, kind: str, listed: Mapping[str, str]) -> dict[str, str]:
        canonical: dict[str, str] = {}
        labels: dict[str, str] = {}
        for label, typed in listed.items():
            try:
                text = parse_subject(kind, typed).text
            except InvalidInputError as error:
                raise InvalidInputError(
                    f"{label!r}: {error.reason}", where=f"variable {name}", hint=error.hint
                ) from error
            if text in labels:
                raise InvalidInputError(
                    f"{labels[text]!r} and {label!r} are the same {kind}.", where=f"variable {name}",
                    hint="Remove one of them.",
                )  # fmt: skip
            canonical[label], labels[text] = text, label
        return canonical

    def described(self, blocks: Mapping[str, BlockValues]) -> Self:
        """Return the same choice with descriptors.

        Parameters
        ----------
        blocks
            By block of descriptors, values of shape (k, d) in the order of the labels.

        Raises
        ------
        InvalidInputError
            If there are not as many rows as choices, values are not finite, or nothing tells any two of them apart.
        """
        for block, values in blocks.items():
            if len(values) != len(self.subjects) or not np.isfinite(np.asarray(values.values, dtype=float)).all():
                raise InvalidInputError(
                    f"The block {block!r} has no finite row for each of its {len(self.subjects)} choices.",
                    where=f"variable {self.name}",
                )
        columns = {f"{self.name}.{block}": structure_columns(values) for block, values in blocks.items()}
        told = {block: points for block, points in columns.items() if points.shape[1]}
        if not told:
            raise InvalidInputError(
                f"No descriptor tells its {plural_of(self.kind)} apart.", where=f"variable {self.name}",
                hint="Use another block of descriptors.",
            )  # fmt: skip
        return self._with(self.subjects, told)

    def only(self, labels: Sequence[str]) -> Self:
        """Return the choice among some of the labels, which keep their descriptors."""
        places = [self._places[label] for label in labels]
        return self._with(
            {label: self.subjects[label] for label in labels},
            {block: points[places] for block, points in self.columns.items()},
        )

    @classmethod
    def of_canonical(cls, name: str, subjects: Mapping[str, str], kind: str = "polymer") -> Self:
        """Return the choice among canonical texts by label, which are not parsed again: thousands take minutes."""
        return cls._made(name, kind, dict(subjects), {})

    def _with(self, subjects: Mapping[str, str], columns: Mapping[str, Array]) -> Self:
        return self._made(self.name, self.kind, subjects, columns)

    @classmethod
    def _made(cls, name: str, kind: str, subjects: Mapping[str, str], columns: Mapping[str, Array]) -> Self:
        made = object.__new__(cls)
        for word, value in (("name", name), ("kind", kind), ("subjects", subjects), ("columns", columns)):
            object.__setattr__(made, word, value)
        return made

    @cached_property
    def values(self) -> tuple[str, ...]:
        """The labels."""
        return tuple(self.subjects)

    @property
    def levels(self) -> tuple[Value, ...]:
        """The labels."""
        return self.values

    @cached_property
    def _places(self) -> dict[str, int]:
        return {label: place for place, label in enumerate(self.values)}

    @cached_property
    def _labels(self) -> dict[str, str]:
        return {text: label for label, text in self.subjects.items()}

    @property
    def width(self) -> int:
        """Columns of all blocks."""
        return sum(points.shape[1] for points in self.columns.values())

    def snapped(self, value: Value) -> Value:
        """Return the label of a label, a canonical text, or any other spelling of one of the subjects."""
        if value in self._places:
            return value
        label = self._labels.get(str(value))
        if label is None:
            try:
                label = self._labels.get(parse_subject(self.kind, str(value)).text)
            except InvalidInputError:
                label = None
        if label is None:
            raise InvalidInputError(
                f"{value!r} is no choice of it.", where=f"variable {self.name}",
                hint=did_you_mean(str(value), self.values),
            )  # fmt: skip
        return label

    def coordinate(self, value: Value) -> float:
        """Return the index of a label."""
        return float(self._places[str(value)])

    def value(self, coordinate: float) -> Value:
        """Return the label whose index is nearest."""
        return self.values[min(max(round(float(coordinate)), 0), len(self.values) - 1)]

    def numbers(self, coordinates: Array) -> Array:
        """Refuse: a subject is no number."""
        raise InvalidInputError("It is a choice and no number.", where=f"variable {self.name}")

    def views(self, coordinates: Array) -> dict[str, BlockValues]:
        """Return one block for each block of descriptors, at coordinates (n,)."""
        if not self.columns:
            raise InvalidInputError(
                "Its choices have no descriptors yet.", where=f"variable {self.name}", hint="Make them with described."
            )
        rows = np.rint(coordinates).astype(int)
        return {block: BlockValues(points[rows], BlockKind.DENSITIES) for block, points in self.columns.items()}

    def block(self, coordinates: Array) -> BlockValues:
        """Return all columns side by side, shape (n, width)."""
        parts = [values.values for values in self.views(coordinates).values()]
        return BlockValues(np.hstack(parts), BlockKind.DENSITIES)

    def nearest(self, place: int, count: int) -> list[int]:
        """Return the indices of the `count` choices most alike to that of index `place`, the most alike first."""
        squared = np.zeros(len(self.values))
        for points in self.columns.values():
            squared += np.square(points - points[place]).sum(axis=1)
        squared[place] = np.inf
        return [int(one) for one in np.argsort(squared, kind="stable")[:count]]

    def identity(self, value: Value) -> Value:
        """Return the canonical text: a subject is the same whatever a table calls it."""
        return self.subjects[str(value)]

    def parse(self, cell: str) -> Value:
        """Read a label, or any spelling of a subject, from a table's cell."""
        return self.snapped(cell.strip())

    def format(self, value: Value) -> str:
        """Write a label."""
        return str(value)
