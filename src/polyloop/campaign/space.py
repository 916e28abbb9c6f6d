"""Campaigns over a space of variables: the space of a campaign file, and tables with a column for each variable."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from polyloop.campaign.config.tables import CampaignConfig, ConstraintTable, VariableTable
from polyloop.core import InvalidInputError
from polyloop.core.csv_text import csv_text
from polyloop.core.subject import column_of
from polyloop.design.space import (
    Categorical,
    Condition,
    Continuous,
    Integer,
    Linear,
    Molecular,
    Ordinal,
    Space,
    SpaceSource,
    SubjectChoice,
)
from polyloop.tables import BadRow, Table, read_table, refuse_bad_rows

__all__ = ["choice_of", "point_columns", "points_as_subjects", "source_of", "space_of"]


def space_of(config: CampaignConfig) -> Space | None:
    """Return the space of a campaign file; None where its candidates are a list.

    Raises
    ------
    InvalidInputError
        If a variable or constraint cannot be; `where` names it.
    """
    if config.pool.source != "space":
        return None
    # Rows of tables and pages ask for it one by one, and thousands of subjects take seconds to parse.
    content = _Content.model_construct(variables=config.variables, constraints=config.constraints)
    canonical = tuple(name for name, table in config.variables.items() if table.has_canonical_values)
    return _space(content.model_dump_json(), canonical)


class _Content(BaseModel):
    """What a space is made of."""

    variables: dict[str, VariableTable]
    constraints: list[ConstraintTable]


@lru_cache(maxsize=8)
def _space(content: str, canonical: tuple[str, ...]) -> Space:
    read = _Content.model_validate_json(content)
    tables = {
        name: table.with_canonical_values(table.values) if name in canonical else table  # type: ignore[arg-type]
        for name, table in read.variables.items()
    }
    variables = [_variable(name, table) for name, table in tables.items()]
    constraints = [one for table in read.constraints for one in _constraints(table)]
    return Space(variables, constraints)


def source_of(config: CampaignConfig) -> SpaceSource | None:
    """Return who proposes points of the space; None where the candidates are a list."""
    space = space_of(config)
    return None if space is None else SpaceSource(space)


def _variable(name: str, table: VariableTable) -> Any:
    if table.type in ("continuous", "integer"):
        if table.low is None or table.high is None:
            raise InvalidInputError(
                f"The variable {name!r} has no range.", where=f"variables.{name}", hint="Give low and high."
            )
        if table.type == "integer":
            return Integer(name, _whole(name, table.low), _whole(name, table.high), table.unit)
        return Continuous(name, table.low, table.high, table.unit, step=table.step, log=table.log)
    if table.type == "molecular":
        if table.molecules is None and table.values is None:
            raise InvalidInputError(
                f"The variable {name!r} has no molecules.", where=f"variables.{name}", hint="Give molecules or values."
            )
        molecules: Any = table.molecules or _texts(table)
        return Molecular(name, molecules, descriptors=table.descriptors)
    if table.values is None:
        raise InvalidInputError(f"The variable {name!r} has no values.", where=f"variables.{name}", hint="Give values.")
    if table.type == "subject":
        return choice_of(name, table)
    if isinstance(table.values, dict):
        raise InvalidInputError(
            "Only subjects have names beside their values.", where=f"variables.{name}", hint="Give a list."
        )
    if table.type == "ordinal":
        return Ordinal(name, tuple(table.values), table.unit)
    return Categorical(name, tuple(str(value) for value in table.values))


def choice_of(name: str, table: VariableTable) -> SubjectChoice:
    """Return the choice among subjects that a variable of a campaign file makes.

    Raises
    ------
    InvalidInputError
        If a value is no subject of its kind.
    """
    if table.has_canonical_values and isinstance(table.values, dict):
        return SubjectChoice.of_canonical(name, table.values, table.kind)
    return SubjectChoice(name, _texts(table), table.kind)


def _texts(table: VariableTable) -> Any:
    """Return the values as texts, by label where they have labels."""
    return table.values if isinstance(table.values, dict) else [str(value) for value in table.values or ()]


def _whole(name: str, number: float) -> int:
    if number != int(number):
        raise InvalidInputError(f"{number} is no whole number.", where=f"variables.{name}")
    return int(number)


def _constraints(table: ConstraintTable) -> list[Any]:
    if (table.condition is None) == (table.sum is None):
        raise InvalidInputError("A constraint is a condition or a sum.", where="constraints", hint="Give one of them.")
    if table.condition is not None:
        return [Condition(table.condition)]
    senses = (("<=", table.at_most), (">=", table.at_least), ("==", table.equals))
    made = [Linear(table.sum or {}, sense, bound) for sense, bound in senses if bound is not None]  # type: ignore[arg-type]
    if not made:
        raise InvalidInputError("The sum has no bound.", where="constraints", hint="Give at_most, at_least or equals.")
    return made


def point_columns(space: Space, text: str) -> dict[str, str]:
    """Return the cells of a point, a column for each variable, as people write them."""
    return space.format(space.parse(text))


def point_in_words(config: CampaignConfig, text: str) -> str:
    """Return the values of a point by variable: `solvent toluene, temperature 80 degC`."""
    units = {name: f" {table.unit}" if table.unit else "" for name, table in config.variables.items()}
    space = space_of(config)
    cells = {} if space is None else point_columns(space, text)
    return ", ".join(f"{name} {cell}{units[name]}" for name, cell in cells.items())


@contextmanager
def points_as_subjects(path: Path, space: Space | None) -> Iterator[Path]:
    """Yield a table whose points are one column `process`, made of a person's table with a column for each variable.

    Raises
    ------
    InvalidInputError
        Naming all rows that hold no point.
    """
    if space is None:
        yield path
        return
    table = read_table(path)
    column = column_of("process")
    if column in table.header:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        made = Path(folder) / (path.name if path.suffix == ".csv" else f"{path.stem}.csv")
        made.write_text(_with_points(table, space, column), encoding="utf-8")
        try:
            yield made
        except InvalidInputError as error:
            # People know their own file, not the one for the time being.
            place = error.where.replace(str(made), str(path))
            raise type(error)(error.reason, where=place, hint=error.hint) from error


def _with_points(table: Table, space: Space, column: str) -> str:
    places = {name: table.position(name) for name in space.names}
    others = [place for place, header in enumerate(table.header) if header not in places]
    rows, bad = [], list(table.bad_rows)
    for row in table.rows:
        try:
            point = space.canonical(space.read({name: row.cells[place] for name, place in places.items()}))
        except InvalidInputError as error:
            name = error.where if error.where in places else next(iter(places))
            bad.append(BadRow(row.line, name, row.cells[places[name]], error.reason, error.hint))
            continue
        rows.append([point, *(row.cells[place] for place in others)])
    refuse_bad_rows(table.path, bad, table.total, skip=False)
    return csv_text([column, *(table.header[place] for place in others)], rows)
