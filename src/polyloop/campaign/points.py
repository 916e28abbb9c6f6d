"""Points that are a subject at a state: which polymer, at which temperature; and the way back from a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from polyloop.campaign.config.tables import CampaignConfig, VariableTable
from polyloop.campaign.space import space_of
from polyloop.core import CONDITIONS, Conditions, InvalidInputError, Request, Subject
from polyloop.core.units import Unit, convert, find_unit
from polyloop.design.space import Space, SubjectChoice

__all__ = ["ConditionVariable", "PointReader", "condition_of", "points_of"]

# Enough for any state, and too few to see the rounding of a conversion: 76.85 degC is 350 K and nothing near it, so
# that others who ask at 350 K find the value.
_DIGITS = 10


@dataclass(frozen=True)
class ConditionVariable:
    """A variable that says a condition: its values in `unit`, the condition's in the unit of its table."""

    variable: str
    condition: str
    unit: Unit | None

    def condition_value(self, value: Any) -> float | str:
        """Return a value of the variable as the condition keeps it.

        Raises
        ------
        InvalidInputError
            If it is outside the range of the condition.
        """
        row = CONDITIONS.find(self.condition)
        if self.unit is None:
            return row.check(value)
        return row.check(float(f"{convert(float(value), self.unit, find_unit(row.unit, row.unit)):.{_DIGITS}g}"))

    def variable_value(self, value: float | str) -> float | str:
        """Return what the variable says of a condition, up to the last digits, which the space rounds."""
        if self.unit is None or isinstance(value, str):
            return value
        unit = CONDITIONS.find(self.condition).unit
        return float(f"{convert(value, find_unit(unit, unit), self.unit):.{_DIGITS}g}")


def condition_of(name: str, table: VariableTable) -> ConditionVariable | None:
    """Return the condition that a variable of a campaign file says; None where it says none.

    Raises
    ------
    InvalidInputError
        If there is no such condition, the unit is none of it, or an end of the range is outside of what it may be.
    """
    if table.condition is False:
        return None
    condition, where = (name if table.condition is True else str(table.condition)), f"variables.{name}"
    row = CONDITIONS.find(condition, where=where)
    is_number = table.type in ("continuous", "integer") or (
        table.type == "ordinal" and all(isinstance(value, int | float) for value in table.values or ())
    )
    if is_number == row.is_word or table.type == "subject":
        raise InvalidInputError(
            f"The {condition} is a {'word' if row.is_word else 'number'}.", where=where,
            hint="Use type = 'categorical'." if row.is_word else "Use type = 'continuous', 'integer' or 'ordinal'.",
        )  # fmt: skip
    try:
        unit = None if row.is_word else find_unit(table.unit or row.unit, row.unit)
        made = ConditionVariable(name, condition, unit)
        for value in _extremes(table):
            made.condition_value(value)
    except InvalidInputError as error:
        raise InvalidInputError(error.reason, where=where, hint=error.hint) from error
    return made


def _extremes(table: VariableTable) -> list[Any]:
    if table.values is not None or table.molecules is not None:
        return list(table.values or table.molecules or ())
    return [end for end in (table.low, table.high) if end is not None]


@dataclass(frozen=True)
class PointReader:
    """What the points of a space stand for.

    Parameters
    ----------
    state
        The state of the samples as far as no variable says it.
    """

    space: Space
    conditions: tuple[ConditionVariable, ...]
    state: Conditions

    @property
    def choice(self) -> SubjectChoice | None:
        """The first variable that chooses a subject."""
        return next((one for one in self.space.variables if isinstance(one, SubjectChoice)), None)

    @property
    def others(self) -> tuple[str, ...]:
        """Variables that are neither the subject nor a condition: what no protocol is told."""
        said = {one.variable for one in self.conditions} | ({self.choice.name} if self.choice else set())
        return tuple(name for name in self.space.names if name not in said)

    @property
    def is_of_states(self) -> bool:
        """Whether each point is one subject at one state, and nothing else."""
        return self.choice is not None and not self.others

    def subject(self, text: str) -> Subject | None:
        """Return the subject that a point chooses; None where no variable does."""
        choice = self.choice
        if choice is None:
            return None
        return Subject(choice.kind, str(choice.identity(self.space.parse(text)[choice.name])))

    def state_of(self, text: str, state: Conditions | None = None) -> Conditions:
        """Return the state of the sample at a point; `state` is what holds where no variable says it."""
        state = self.state if state is None else state
        if not self.conditions:
            return state
        point = self.space.parse(text)
        return state.but(**{one.condition: one.condition_value(point[one.variable]) for one in self.conditions})

    def of_subject(self, request: Request) -> Request:
        """Return the request for the subject at the state that a point stands for; the same one where it is none."""
        text = request.subject.text
        subject = self.subject(text) if self.is_of_states and request.subject.kind == "process" else None
        if subject is None:
            return request
        return replace(request, subject=subject, conditions=self.state_of(text, request.conditions))

    def text(self, request: Request) -> str:
        """Return the point that a request is for, whether it asks for a point or for a subject at a state."""
        if request.subject.kind == "process" or self.choice is None:
            return request.subject.text
        found: Mapping[str, Any] = {
            one.variable: one.variable_value(request.conditions.get_or_default(one.condition))
            for one in self.conditions
        }
        return self.space.canonical({self.choice.name: request.subject.text, **found})


def points_of(config: CampaignConfig) -> PointReader | None:
    """Return what the points of a campaign's space stand for; None where no variable is a subject or a condition.

    Raises
    ------
    InvalidInputError
        If a variable cannot be what it says.
    """
    space = space_of(config)
    if space is None:
        return None
    made = [condition_of(name, table) for name, table in config.variables.items()]
    conditions = tuple(one for one in made if one is not None)
    said = [one.condition for one in conditions]
    if len(set(said)) < len(said):
        raise InvalidInputError("Two variables say one condition.", where="variables", hint="Remove one of them.")
    reader = PointReader(space, conditions, config.campaign.state)
    return reader if conditions or reader.choice is not None else None
