"""Options of registered parts: declared on the part, so that checks and the reference are made from them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any

from polyloop.core.errors import InvalidInputError
from polyloop.core.names import did_you_mean

__all__ = ["Option", "options_of", "read_assignments", "read_options"]

_WORDS = {bool: "true or false", int: "a whole number", float: "a number", str: "text", dict: "a table"}


@dataclass(frozen=True)
class Option:
    """One option that a part takes, as campaign files spell it.

    Parameters
    ----------
    type
        bool, int, float, str or dict.
    description
        A sentence for the reference.
    low, high
        Bounds of a number, both allowed.
    argument
        Name of the part's own parameter; that of the option when left out.
    keys_are_blocks
        Whether the keys of a table must be blocks of descriptors of the campaign.
    in_unit_of_values
        Whether the number is in the unit of the values that are learnt, which must then be learnt as they are.
    """

    name: str
    type: type
    default: Any
    description: str
    low: float = -inf
    high: float = inf
    argument: str = ""
    keys_are_blocks: bool = False
    in_unit_of_values: bool = False

    def check(self, value: Any) -> Any:
        """Return the value as the part takes it.

        Raises
        ------
        InvalidInputError
            If it is of another type, or out of bounds.
        """
        given: Any = value
        if self.type is float and type(value) is int:
            given = float(value)
        is_right = type(given) is self.type and (self.type is not float or _is_finite(given))
        if not is_right:
            raise InvalidInputError(f"{self.name} = {value!r} is not {_WORDS[self.type]}.", hint=self.description)
        if self.type in (int, float) and not self._is_inside(given):
            raise InvalidInputError(
                f"{self.name} = {value} is not between {self.low:g} and {self.high:g}.", hint=self.description
            )
        return given

    def _is_inside(self, number: float) -> bool:
        return self.low <= number <= self.high


def read_assignments(assignments: Sequence[str]) -> dict[str, Any]:
    """Return options given as KEY=VALUE; a value is read as JSON where it is JSON, and is text otherwise.

    Raises
    ------
    InvalidInputError
        If one has no `=`, or a key stands twice.

    Examples
    --------
    >>> read_assignments(["members=16", "ard=true", "how=fast"])
    {'members': 16, 'ard': True, 'how': 'fast'}
    """
    options: dict[str, Any] = {}
    for assignment in assignments:
        key, equals, text = assignment.partition("=")
        key = key.strip()
        if not equals or not key or key in options:
            raise InvalidInputError(
                f"{assignment!r} is not KEY=VALUE." if not equals or not key else f"The option {key!r} is given twice.",
                where="--option", hint="For instance --option members=16",
            )  # fmt: skip
        try:
            options[key] = json.loads(text)
        except ValueError:
            options[key] = text.strip()
    return options


def _is_finite(value: Any) -> bool:
    return isfinite(value)


def options_of(part: Any) -> tuple[Option, ...]:
    """Return the options that a part declares."""
    return tuple(getattr(part, "options", ()))


def read_options(
    part: Any, given: Mapping[str, Any], *, noun: str, name: str, blocks: Sequence[str] | None = None
) -> dict[str, Any]:
    """Return the arguments for a part from the options that were given; those left out keep the part's defaults.

    Raises
    ------
    InvalidInputError
        If the part has no such option, or a value is wrong; `where` is the option's name.
    """
    known = {option.name: option for option in options_of(part)}
    arguments = {}
    for word, value in given.items():
        if word not in known:
            has = did_you_mean(word, known) if known else f"It takes none with {noun} {name!r}."
            raise InvalidInputError(f"The {noun} {name!r} has no option {word!r}.", where=word, hint=has)
        option = known[word]
        try:
            arguments[option.argument or option.name] = option.check(value)
        except InvalidInputError as error:
            raise InvalidInputError(error.reason, where=word, hint=error.hint) from error
        if not option.keys_are_blocks or blocks is None:
            continue
        for key in value:
            if key not in blocks:
                raise InvalidInputError(
                    f"{key!r} is no block of this campaign.", where=word, hint=did_you_mean(key, blocks)
                )
    # What no single option shows, such as one that must be given.
    verify = getattr(part, "verify_options", None)
    if verify is not None:
        verify(arguments)
    return arguments
