"""Who tells the properties of a library's polymers when it is screened: trained models, or a protocol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from polyloop.core import InvalidInputError, Status, Subject
from polyloop.features import FeatureTable
from polyloop.features.mixtures import describe_subjects
from polyloop.learn.invariant_target import FACTOR_BLOCK
from polyloop.learn.property_model import PropertyModel
from polyloop.simulate.evaluate import evaluate
from polyloop.simulate.protocols import get_protocol

__all__ = ["ModelScreener", "ProtocolScreener", "Screener"]


class Screener(Protocol):
    """What a screening asks; it is sent to worker processes, so it must be picklable."""

    @property
    def targets(self) -> tuple[str, ...]:
        """Names of what it tells."""

    @property
    def at_once(self) -> int:
        """How many polymers it is asked for at a time: some seconds of work."""

    @property
    def identity(self) -> Any:
        """What makes its answers others, as JSON."""

    def ask(self, texts: Sequence[str]) -> list[list[float] | None]:
        """Return mean and standard deviation of each target, one after the other, for canonical repeat units.

        None where there are none, or they are worth nothing.
        """


@dataclass(frozen=True)
class ModelScreener:
    """Trained models, which say nothing of polymers outside their domains.

    Raises
    ------
    InvalidInputError
        If a model is of another kind than polymers.
    """

    models: tuple[PropertyModel, ...]
    at_once: int = 1000

    def __post_init__(self) -> None:
        for model in self.models:
            model.card.check_structure_alone("models")
            if model.card.kind != "polymer":
                raise InvalidInputError(
                    f"A library holds polymers, and the model of {model.card.target} is one of {model.card.kind}s.",
                    where="models", hint="Train one on repeat units: polyloop model train --kind polymer.",
                )  # fmt: skip

    @property
    def targets(self) -> tuple[str, ...]:
        """Those of the models."""
        return tuple(model.card.target for model in self.models)

    @property
    def identity(self) -> Any:
        """Their cards."""
        return [model.card.to_dict() for model in self.models]

    def ask(self, texts: Sequence[str]) -> list[list[float] | None]:
        """Return the models' means and deviations.

        Each polymer is described once for all models. Fingerprints tell already that most of a large library lies far
        from what the models know; what else they need is computed of the others alone.
        """
        blocks = tuple(dict.fromkeys(name for model in self.models for name in model.blocks))
        table = _described(texts, [name for name in blocks if name != FACTOR_BLOCK])
        valid = np.flatnonzero(table.valid)
        table = table.take(valid)
        near = ~np.logical_or.reduce([model.far(table) for model in self.models])
        rows, table = valid[near], table.take(near)
        if FACTOR_BLOCK in blocks and len(rows):
            table = table.beside(_described(table.polymers, [FACTOR_BLOCK]))
        told: list[list[float] | None] = [None] * len(texts)
        for row, *found in zip(
            rows, *(model.of_described(table.polymers, table) for model in self.models), strict=True
        ):
            if all(one.mean is not None and one.in_domain for one in found):
                told[row] = [float(number or 0.0) for one in found for number in (one.mean, one.std)]
        return told


def _described(texts: Sequence[str], blocks: Sequence[str]) -> FeatureTable:
    return describe_subjects("polymer", texts, blocks, time_limit=None, memory_limit=None, canonical=True)


@dataclass(frozen=True)
class ProtocolScreener:
    """A protocol of physics, such as `optics/instant@2`, run for each polymer with one seed; nothing is stored.

    Raises
    ------
    InvalidInputError
        If there is no such protocol, it takes more than milliseconds or no polymers, or it does not promise a target.
    """

    protocol_id: str
    targets: tuple[str, ...]
    seed: int = 0
    at_once: int = 50

    def __post_init__(self) -> None:
        protocol = get_protocol(self.protocol_id)
        if protocol.level != "instant" or "polymer" not in protocol.kinds:
            raise InvalidInputError(
                f"{self.protocol_id} screens no library: that takes a protocol of level instant, for polymers.",
                where="protocol", hint="Take optics/instant@2, or let a campaign choose what a dear protocol is asked.",
            )  # fmt: skip
        promised = protocol.properties
        if unknown := [name for name in self.targets if name not in promised]:
            raise InvalidInputError(
                f"{self.protocol_id} yields no {unknown[0]!r}.", hint=f"It yields: {', '.join(promised)}."
            )

    @property
    def identity(self) -> Any:
        """Protocol and seed."""
        return [self.protocol_id, self.seed, list(self.targets)]

    def ask(self, texts: Sequence[str]) -> list[list[float] | None]:
        """Return the protocol's values and deviations (0 where it states none)."""
        return [self._one(text) for text in texts]

    def _one(self, text: str) -> list[float] | None:
        try:
            made = evaluate(Subject("polymer", text), self.protocol_id, self.seed)
        except InvalidInputError:
            return None  # one row that is no polymer ends no screening
        records = {record.property: record for record in made}
        found = [records[name] for name in self.targets]
        if any(record.status is not Status.DONE or record.value is None for record in found):
            return None
        return [float(number) for record in found for number in (record.value or 0.0, record.std or 0.0)]
