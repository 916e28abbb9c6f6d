"""Replicas: evaluations that differ in their seed alone, and the mean of them, beside which their records stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from polyloop.core import Failure, InvalidInputError, Record, Request, Status

__all__ = ["ReplicaMean", "means_of", "seeds_of"]


def seeds_of(seed: int, replicas: int) -> range:
    """Return the seeds of `replicas` replicas: `seed` and those after it.

    Raises
    ------
    InvalidInputError
        For less than one replica.
    """
    if replicas < 1:
        raise InvalidInputError(f"{replicas} replicas are none.", where="replicas", hint="Give 1 or more.")
    return range(seed, seed + replicas)


@dataclass(frozen=True)
class ReplicaMean:
    """One property of one polymer, averaged over replicas. No record, and in no store: it can always be formed again.

    Parameters
    ----------
    value
        Mean over the replicas that are done; None where none is.
    std
        Standard error of `value`: the larger of what the replicas say of themselves and of their scatter.
    n
        How many values were averaged, those inside each replica counted; 0 where there is no value.
    std_of
        What `std` is the deviation of.
    replicas
        The records of all replicas, one for each seed, those that failed or are unphysical among them.
    """

    property: str
    value: float | None
    std: float | None
    n: int
    std_of: str
    replicas: tuple[Record, ...]

    @classmethod
    def of(cls, replicas: Sequence[Record]) -> ReplicaMean:
        """Average records; a value that is unphysical is left out like one that failed.

        Raises
        ------
        InvalidInputError
            If the records differ in more than their seed, or two have the same.
        """
        _check(replicas)
        done = [(record, record.value) for record in replicas if record.status is Status.DONE]
        if not done:
            return cls(replicas[0].property, None, None, 0, "", tuple(replicas))
        from polyloop.simulate.estimate import Estimate
        from polyloop.simulate.md.analysis import combine_replicas
        from polyloop.simulate.protocols import known_protocol

        first = replicas[0]
        protocol = known_protocol(first.request.protocol_id)
        # Of a protocol that is gone one cannot know; then the larger error is the safe one.
        shared = protocol is None or first.property in protocol.shared_errors
        found = combine_replicas(
            [Estimate(one.property, value, one.std, one.std_of, one.n) for one, value in done if value is not None],
            shared_error=shared,
        )
        return cls(first.property, found.value, found.std, found.n, found.std_of, tuple(replicas))

    @cached_property
    def averaged(self) -> tuple[Record, ...]:
        """The records that `value` is the mean of."""
        return tuple(record for record in self.replicas if record.status is Status.DONE)

    @cached_property
    def request(self) -> Request:
        """What the first replica was asked; the others were asked the same with other seeds."""
        return self.replicas[0].request

    @cached_property
    def unit(self) -> str:
        """Unit of `value` and `std`."""
        return self.replicas[0].unit

    @cached_property
    def status(self) -> Status:
        """`done` where there is a value; else `unphysical` where a replica is, and `failed` where all failed."""
        found = {record.status for record in self.replicas}
        order: tuple[Status, ...] = (Status.DONE, Status.UNPHYSICAL, Status.FAILED, *Status)
        return next(status for status in order if status in found)

    @cached_property
    def failure(self) -> Failure | None:
        """The failure of the first replica that failed, where `status` is `failed`."""
        failures = [record.failure for record in self.replicas if record.failure]
        return failures[0] if self.status is Status.FAILED else None

    @cached_property
    def count(self) -> str:
        """How many of how many replicas were averaged, e.g. `2 of 3`."""
        return f"{len(self.averaged)} of {len(self.replicas)}"

    @cached_property
    def shortfall(self) -> str:
        """In words how many replicas were averaged, and why not the others; empty where all were."""
        seeds: dict[str, list[str]] = {}
        for record in self.replicas:
            if record.status is not Status.DONE:
                seeds.setdefault(_cause(record), []).append(str(record.request.seed))
        causes = [f"seed{'s' * (len(own) > 1)} {', '.join(own)} {cause}" for cause, own in seeds.items()]
        return f"{self.count} replicas; {'; '.join(causes)}" if causes else ""

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary (the contract for scripts; see `docs/reference/json.md`)."""
        replicas = [
            {"seed": one.request.seed, "key": one.key, "value": one.value, "std": one.std, "status": one.status.value}
            for one in self.replicas
        ]
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
            "status": self.status.value,
            "failure": self.failure.to_dict() if self.failure else None,
            "averaged": len(self.averaged),
            "shortfall": self.shortfall,
            "replicas": replicas,
        }


def means_of(records: Sequence[Record]) -> tuple[ReplicaMean, ...]:
    """Return the mean of each property by each protocol, in the order in which they first stand in `records`."""
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in records:
        groups.setdefault((record.request.protocol_id, record.property), []).append(record)
    return tuple(ReplicaMean.of(group) for group in groups.values())


def _check(replicas: Sequence[Record]) -> None:
    asked = [record.request for record in replicas]
    kinds = {(one.request.subject, one.property, one.request.protocol_id, one.request.conditions) for one in replicas}
    if len(kinds) != 1 or len({request.seed for request in asked}) < len(asked):
        raise InvalidInputError(
            f"Replicas differ in their seeds alone; these records are of {len(kinds)} kinds, with the seeds "
            f"{', '.join(str(request.seed) for request in asked) or 'none'}."
        )


def _cause(record: Record) -> str:
    if record.failure is not None:
        words = f"{record.failure.stage}: {record.failure.reason} {record.failure.hint}".strip()
        return f"failed ({record.failure.code.value}): {words}"
    unit = "" if record.unit == "1" else f" {record.unit}"
    value = "" if record.value is None else f": {record.value:.5g}{unit}"
    return f"{record.status.value}{value}"
