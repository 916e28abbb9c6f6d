"""Protocol: a recipe that yields properties of subjects of some kinds, as a row of the table of protocols."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from polyloop.core import Conditions
from polyloop.simulate.estimate import Estimates

__all__ = ["Protocol"]


@dataclass(frozen=True)
class Protocol:
    """A recipe. Changing what it yields changes its version.

    Parameters
    ----------
    name, version
        Together the protocol's label, e.g. `optics/quick@3`.
    level
        The level that it serves.
    properties
        The properties that it promises, all of them for each polymer.
    cost
        Typical cost, in words.
    function
        Maps (polymer, seed, conditions) to `Estimates`, or raises `EvaluationError`; of another kind than a polymer it
        gets that kind's object.
    conditions
        Names of the conditions that it honours; of all others it knows the defaults only.
    time_limit
        Wall time in s that an evaluation may take unless the user says otherwise.
    on_request
        Whether it is run only where it or one of its properties is named, and not with the whole level.
    check
        Raises `EvaluationError` at once for a polymer that the protocol refuses before it computes anything.
    shared_errors
        Properties whose `std` holds what is the same for every seed, the error of a model or a spread over conformers:
        the mean over replicas keeps it.
    goes_on_from
        Labels of the protocols whose results of the same polymer and seed it starts from.
    kinds
        Kinds of subjects that it evaluates.
    inputs
        Returns a digest of the files that settings name and its values depend on: it is part of the keys, so that other
        files give other records. Raises `ConfigurationError` where a setting is missing.
    """

    name: str
    version: int
    level: str
    properties: tuple[str, ...]
    cost: str
    description: str
    function: Callable[[Any, int, Conditions], Estimates]
    check: Callable[[Any], None]
    conditions: tuple[str, ...] = ()
    time_limit: float = 3600.0
    on_request: bool = False
    shared_errors: tuple[str, ...] = ()
    goes_on_from: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ("polymer",)
    inputs: Callable[[], str] | None = None

    def unknown_conditions(self, conditions: Conditions) -> tuple[str, ...]:
        """Return the names of unusual conditions that it does not honour."""
        return tuple(name for name in conditions.unusual if name not in self.conditions)

    @property
    def protocol_id(self) -> str:
        """`NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    @property
    def request_id(self) -> str:
        """What requests are made with: `protocol_id`, or `NAME.DIGEST@VERSION` with the digest of its inputs."""
        return self.protocol_id if self.inputs is None else f"{self.name}.{self.inputs()}@{self.version}"
