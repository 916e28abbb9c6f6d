"""Functions that a script or a notebook hands in as objects: carried to the workers by value."""

from __future__ import annotations

import inspect
import pickle
import re
import textwrap
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from polyloop.core import Conditions, InvalidInputError, Record, Request
from polyloop.evaluation.answers import answer_of, check_function
from polyloop.evaluation.evaluators import TIME_LIMIT_S, Call, digest_of, slug

__all__ = ["CallableEvaluator"]


@dataclass(frozen=True)
class CallableEvaluator:
    """A Python function `f(smiles, seed) -> {property: value or (value, std)}`, given as an object.

    What it is called in the store holds the digest of its source, so that a changed function is another one; its
    attribute `version` (1 where there is none) tells apart what the source does not show.
    """

    protocol_id: str
    properties: tuple[str, ...]
    location: str
    carried: bytes = field(repr=False)
    needs_process: bool = True
    time_limit: float = TIME_LIMIT_S
    depends_on_seed: bool = True

    @classmethod
    def of(cls, function: Callable[..., Any], properties: tuple[str, ...], conditions: Conditions) -> CallableEvaluator:
        """Make the evaluator of a function.

        Raises
        ------
        ConfigurationError
            If it does not take (smiles, seed), or not the conditions of the campaign where these are unusual.
        InvalidInputError
            If it cannot be carried to another process.
        """
        import cloudpickle

        location = f"{function.__module__}.{getattr(function, '__qualname__', type(function).__qualname__)}"
        check_function(function, location, conditions, f"evaluator {location}")
        try:
            carried = cloudpickle.dumps(function)
        except (pickle.PicklingError, TypeError, AttributeError) as error:
            raise InvalidInputError(
                f"The function {location} cannot be carried to a worker: {error}.", where="evaluators",
                hint="Open files and connections inside of the function.",
            ) from error  # fmt: skip
        digest = digest_of(_source(function) or repr(carried))
        name = f"python/{slug(re.sub('[<>]', '', location))}.{digest}"
        return cls(
            f"{name}@{int(getattr(function, 'version', 1))}", properties, location, carried,
            depends_on_seed=bool(getattr(function, "depends_on_seed", True)),
        )  # fmt: skip

    @property
    def scattered(self) -> tuple[str, ...]:
        """All, unless the function says that it does not depend on its seed."""
        return self.properties if self.depends_on_seed else ()

    def call(self, request: Request) -> Call:
        """Load and call the function in the worker."""
        return _ask, (request, self.properties, self.location, self.carried)


def _source(function: Any) -> str:
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        return ""


def _ask(request: Request, properties: tuple[str, ...], location: str, carried: bytes) -> list[Record]:
    return answer_of(pickle.loads(carried), request, properties, location)
