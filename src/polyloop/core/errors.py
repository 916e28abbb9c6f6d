"""The tree of errors: each says what went wrong, where, and what to do about it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from polyloop.core.text import storable, without_passwords

__all__ = [
    "ConfigurationError",
    "EvaluationError",
    "Failure",
    "FailureCode",
    "InvalidInputError",
    "MissingDependencyError",
    "PolyloopError",
    "StoreError",
    "UnsupportedChemistryError",
]


class PolyloopError(Exception):
    """Base of every error that polyloop raises on purpose.

    Parameters
    ----------
    reason
        What is wrong, as one sentence.
    where
        The place: file and line, row, key, polymer, stage. Empty when there is none.
    hint
        What the user can do about it. Empty when there is nothing.
    """

    def __init__(self, reason: str, *, where: str = "", hint: str = "") -> None:
        # An error is shown, logged and kept; whoever quotes a URL in one need not think of the password in it.
        self.reason, self.where, self.hint = (without_passwords(text) for text in (reason, where, hint))
        super().__init__(self.reason)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f" {self.hint}" if self.hint else ""
        return f"{place}{self.reason}{hint}"

    def __reduce__(self) -> tuple[Any, ...]:
        # Errors cross process borders; the default pickling would drop the keyword arguments.
        return (_rebuild, (type(self), self.reason, self.__dict__))


def _rebuild(cls: type[PolyloopError], reason: str, state: dict[str, Any]) -> PolyloopError:
    error = cls.__new__(cls)
    Exception.__init__(error, reason)
    error.__dict__.update(state)
    return error


class InvalidInputError(PolyloopError, ValueError):
    """Input that cannot be read: a SMILES, a CSV row, a number out of range."""


class UnsupportedChemistryError(InvalidInputError):
    """A structure that is well formed but that polyloop does not handle (ladders, networks, ...)."""


class ConfigurationError(PolyloopError, ValueError):
    """A campaign file or setting that is wrong; `where` names the key."""


class StoreError(PolyloopError):
    """The results database cannot do what was asked."""


class MissingDependencyError(PolyloopError, ImportError):
    """An optional package is absent; `hint` is the exact install line."""


class FailureCode(StrEnum):
    """Why an evaluation failed, as a short stable word to count and filter by."""

    CONFORMER = "conformer"  # no 3D structure could be made
    GEOMETRY = "geometry"  # the structure blew up or changed its bonds
    SCF = "scf"  # the self-consistent field did not converge
    RESPONSE = "response"  # the linear-response equations did not converge
    ELEMENT = "element"  # an element without basis set or parameters
    SIZE = "size"  # too large for this protocol
    DENSITY = "density"  # the density model does not apply
    PACKING = "packing"  # no chain or cell without overlaps and pierced rings was found
    BLOWN_UP = "blown_up"  # molecular dynamics became unstable
    NOT_EQUILIBRATED = "not_equilibrated"  # the convergence tests did not pass within the allowed extensions
    CHECKPOINT = "checkpoint"  # a run's folder holds damaged files or another run
    DISK = "disk"  # a folder cannot be written: no space, or no permission
    SETUP = "setup"  # a program or package is missing, or a setting is wrong
    SYSTEM = "system"  # the system has no more memory, descriptors or threads to give
    PROGRAM = "program"  # a mistake in polyloop itself
    TIME_LIMIT = "time_limit"
    MEMORY_LIMIT = "memory_limit"
    WORKER_DIED = "worker_died"
    UNSUPPORTED = "unsupported"  # chemistry outside the protocol's scope
    NOT_IN_TABLE = "not_in_table"  # offline replay: the table has no value
    EVALUATOR = "evaluator"  # a user's function raised
    NOT_MADE = "not_made"  # a laboratory could not make or measure it

    @property
    def is_of_polymer(self) -> bool:
        """False where machine, set-up or polyloop itself is at fault: once that is mended, the same work succeeds."""
        return self not in (FailureCode.DISK, FailureCode.SETUP, FailureCode.SYSTEM, FailureCode.PROGRAM)


# Characters of each text of a failure: what an exception says of itself may be a whole file.
_LONGEST_TEXT = 2000


@dataclass(frozen=True)
class Failure:
    """One failed evaluation, safe to show: stage, reason and what to try."""

    code: FailureCode
    stage: str
    reason: str
    hint: str = ""
    retryable: bool = False

    def __post_init__(self) -> None:
        for name in ("stage", "reason", "hint"):
            object.__setattr__(self, name, storable(without_passwords(getattr(self, name)), _LONGEST_TEXT))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {**asdict(self), "code": self.code.value}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Failure:
        """Rebuild from `to_dict`."""
        return cls(**{**data, "code": FailureCode(data["code"])})


class EvaluationError(PolyloopError):
    """An evaluation that failed; it carries the `Failure` and never ends a campaign."""

    def __init__(self, code: FailureCode, stage: str, reason: str, *, hint: str = "", retryable: bool = False) -> None:
        super().__init__(reason, where=stage, hint=hint)
        self.failure = Failure(code, stage, reason, hint, retryable)
