"""Request and Record: the question that rooms pass down and the one answer that crosses back."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from functools import cached_property
from math import isfinite
from typing import Any

from polyloop.core.conditions import Conditions
from polyloop.core.errors import Failure, InvalidInputError
from polyloop.core.notebook import table
from polyloop.core.properties import get_property
from polyloop.core.subject import Subject

__all__ = ["Provenance", "Record", "Request", "Status", "content_key"]

# Databases keep 64 bits.
_LARGEST_SEED = 2**63 - 1
_PROTOCOL = re.compile(r"^[a-z0-9_.-]+(/[a-z0-9_.-]+)*@[0-9]+$")


class Status(StrEnum):
    """Where an evaluation stands. `lost` (worker died, time ran out) is put back without counting as a retry."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    UNPHYSICAL = "unphysical"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"

    @property
    def is_final(self) -> bool:
        """True when no more work will be done for it by itself."""
        return self in (Status.DONE, Status.UNPHYSICAL, Status.FAILED, Status.CANCELLED)


def content_key(content: Mapping[str, Any]) -> str:
    """Return the sha256 hex digest of `content` as canonical JSON (sorted keys, no spaces)."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True)
class Request:
    """One evaluation: this subject by this protocol, under these conditions, with this seed.

    Parameters
    ----------
    subject
        What is evaluated, e.g. `Polymer("*CC*").subject`.
    protocol_id
        Name and version of the protocol, e.g. `optics/quick@3`.
    seed
        From 0 on; another seed is another, independent evaluation of the same.

    Raises
    ------
    InvalidInputError
        If the protocol is no NAME@VERSION, or the seed is none.
    """

    subject: Subject
    protocol_id: str
    seed: int = 0
    conditions: Conditions = field(default_factory=Conditions)

    def __post_init__(self) -> None:
        if not isinstance(self.subject, Subject):
            raise InvalidInputError(
                f"{self.subject!r} is no subject.", where="subject", hint="Write for example Polymer('*CC*').subject."
            )
        if not _PROTOCOL.match(self.protocol_id):
            raise InvalidInputError(
                f"{self.protocol_id!r} is no protocol name.", hint="Write NAME@VERSION, e.g. optics/quick@3."
            )
        if not (isinstance(self.seed, int) and 0 <= self.seed <= _LARGEST_SEED):
            raise InvalidInputError(
                f"{self.seed} is no seed.", where="seed", hint=f"Give a whole number from 0 to {_LARGEST_SEED}."
            )

    @cached_property
    def key(self) -> str:
        """sha256 of (subject, protocol, conditions, seed); no key is computed twice."""
        return content_key(
            {
                self.subject.kind: self.subject.text,
                "protocol": self.protocol_id,
                "conditions": self.conditions.to_dict(),
                "seed": self.seed,
            }
        )


@dataclass(frozen=True)
class Provenance:
    """Where a value comes from: engine versions, settings, wall time in s, host class, parent keys."""

    engines: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    wall_time: float = 0.0
    host: str = ""
    parents: tuple[str, ...] = ()


@dataclass(frozen=True)
class Record:
    """One value of one property of one subject, with its error bar and its origin.

    `value` and `std` are in `unit`. `std` is the standard deviation that `std_of` names (e.g. "conformers,
    oligomer extrapolation and density model, in quadrature"); `n` counts what was averaged. A failed evaluation
    has a `failure` and `value=None`.
    """

    request: Request
    property: str
    value: float | None
    std: float | None = None
    n: int = 1
    std_of: str = ""
    status: Status = Status.DONE
    failure: Failure | None = None
    provenance: Provenance = field(default_factory=Provenance)

    def __post_init__(self) -> None:
        get_property(self.property)
        if (self.status is Status.FAILED) != (self.failure is not None):
            raise InvalidInputError(f"Record of {self.property}: status 'failed' and a failure go together.")
        if self.status is Status.DONE and self.value is None:
            raise InvalidInputError(f"Record of {self.property}: status 'done' needs a value.")

    @classmethod
    def of_value(cls, request: Request, property: str, value: float, **rest: Any) -> Record:  # noqa: A002
        """Make a record of a computed value: `done`, or `unphysical` where it is outside the plausible range.

        A value that is not finite is kept as `None`, since neither JSON nor SQL has a word for it.
        """
        plausible = get_property(property).is_plausible(value)
        status = Status.DONE if plausible else Status.UNPHYSICAL
        return cls(request, property, value if isfinite(value) else None, status=status, **rest)

    @classmethod
    def failed(cls, request: Request, property: str, failure: Failure, **rest: Any) -> Record:  # noqa: A002
        """Make the record of a property that could not be computed."""
        return cls(request, property, None, status=Status.FAILED, failure=failure, **rest)

    @cached_property
    def unit(self) -> str:
        """Unit of `value` and `std`, from the property table."""
        return get_property(self.property).unit

    @cached_property
    def key(self) -> str:
        """Key of the evaluation that this record belongs to."""
        return self.request.key

    def _repr_html_(self) -> str:
        said = self.failure.reason if self.failure else self.value
        rows = [
            ("subject", self.request.subject.text), (self.property, said), ("std", self.std), ("unit", self.unit),
            ("protocol", self.request.protocol_id), ("state", self.request.conditions.words()), ("status", self.status),
        ]  # fmt: skip
        return table(("", ""), rows)

    def to_dict(self) -> dict[str, Any]:
        """Return a flat JSON-ready dictionary (the contract for scripts; see `docs/reference/json.md`)."""
        return {
            "kind": self.request.subject.kind,
            "subject": self.request.subject.text,
            "property": self.property,
            "value": self.value,
            "std": self.std,
            "n": self.n,
            "std_of": self.std_of,
            "unit": self.unit,
            "conditions": self.request.conditions.to_dict(),
            "protocol_id": self.request.protocol_id,
            "seed": self.request.seed,
            "status": self.status.value,
            "failure": self.failure.to_dict() if self.failure else None,
            "provenance": {**asdict(self.provenance), "parents": list(self.provenance.parents)},
            "key": self.key,
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Record:
        """Rebuild from `to_dict`."""
        provenance = dict(data["provenance"])
        return cls(
            request=Request(
                Subject(data["kind"], data["subject"]),
                data["protocol_id"],
                data["seed"],
                Conditions(**data["conditions"]),
            ),
            property=data["property"],
            value=data["value"],
            std=data["std"],
            n=data["n"],
            std_of=data["std_of"],
            status=Status(data["status"]),
            failure=Failure.from_dict(data["failure"]) if data["failure"] else None,
            provenance=Provenance(**{**provenance, "parents": tuple(provenance["parents"])}),
        )
