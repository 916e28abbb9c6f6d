"""The kind `process`: a point of a space of variables, such as the conditions of a reaction or a formulation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from polyloop.core import InvalidInputError, Subject
from polyloop.core.subject import Drawing

__all__ = ["PROCESS", "Point", "ProcessKind"]


@dataclass(frozen=True)
class Point:
    """Values by variable; `subject` is what requests and records call it."""

    values: dict[str, Any]

    @property
    def subject(self) -> Subject:
        """The point with its names sorted."""
        return Subject("process", json.dumps(self.values, sort_keys=True, separators=(",", ":"), ensure_ascii=False))


@dataclass(frozen=True)
class ProcessKind:
    """Conditions of a process, by variable. Which variables there are is the campaign's to say."""

    name: str = "process"
    title: str = "point"
    plural: str = "points"
    column: str = "process"
    typed: str = "values by variable as JSON"
    example: str = '{"solvent": "toluene", "temperature": 80}'

    def parse(self, text: str) -> Point:
        """Return the point.

        Raises
        ------
        InvalidInputError
            If the text is no JSON object of numbers and texts.
        """
        try:
            values = json.loads(text)
        except (json.JSONDecodeError, RecursionError) as error:
            raise InvalidInputError(f"{text[:60]!r} is no JSON.", hint=f"Write for example {self.example}.") from error
        plain = isinstance(values, dict) and all(
            isinstance(value, int | float | str) and not isinstance(value, bool) for value in values.values()
        )
        if not plain or not values:
            raise InvalidInputError(
                f"{text[:60]!r} gives no values by variable.", hint=f"Write for example {self.example}."
            )
        return Point(values)

    def classify(self, text: str) -> str | None:
        """Return None: points have no classes."""
        return None

    def draw(self, text: str) -> Drawing:
        """Return no picture."""
        return Drawing()

    def features(self, text: str) -> dict[str, frozenset[str]]:
        """Return what was chosen of each variable that is no number."""
        values = self.parse(text).values
        return {name: frozenset({value}) for name, value in values.items() if isinstance(value, str)}

    def argument(self, text: str) -> dict[str, Any]:
        """Return what a user's function is handed: the values by variable."""
        return self.parse(text).values


PROCESS = ProcessKind()
