"""The laboratory as an evaluator: it is asked by people and answers when it can, through `Campaign.tell`."""

from __future__ import annotations

from dataclasses import dataclass

from polyloop.core import EvaluationError, FailureCode, Record, Request
from polyloop.evaluation.evaluators import Call

__all__ = ["EXPERIMENT", "LaboratoryEvaluator", "experiment_id", "is_experiment"]

EXPERIMENT = "experiment"
"""The level of values that are measured."""


def experiment_id(property_name: str) -> str:
    """Return the protocol_id of measured values of a property: each property is measured, and may be late, by itself.

    Examples
    --------
    >>> experiment_id("density")
    'experiment/density@1'
    """
    return f"{EXPERIMENT}/{property_name.lower()}@1"


def is_experiment(protocol_id: str) -> bool:
    """Tell whether values of a protocol are measured."""
    return protocol_id.startswith(f"{EXPERIMENT}/")


@dataclass(frozen=True)
class LaboratoryEvaluator:
    """Measured values of one property. Nothing is computed: an evaluation waits until its value is told."""

    measures: str
    needs_process: bool = False
    time_limit: float = 1.0

    @property
    def protocol_id(self) -> str:
        """NAME@VERSION."""
        return experiment_id(self.measures)

    @property
    def properties(self) -> tuple[str, ...]:
        """The one property."""
        return (self.measures,)

    @property
    def scattered(self) -> tuple[str, ...]:
        """The one property: another sample has another value."""
        return (self.measures,)

    def call(self, request: Request) -> Call:
        """Return a call that says who should be asked; the loop never makes it."""
        return _ask_people, (request,)


def _ask_people(request: Request) -> list[Record]:
    raise EvaluationError(
        FailureCode.SETUP, request.protocol_id, "A laboratory measures this, and no program computes it.",
        hint="Enter the value with: polyloop campaign tell DIR FILE",
    )  # fmt: skip
