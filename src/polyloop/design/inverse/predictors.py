"""Who predicts properties in a design: a protocol of simulation, or a trained model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, runtime_checkable

from polyloop.core import InvalidInputError
from polyloop.core.record import Status
from polyloop.learn.property_model import PropertyModel
from polyloop.simulate import evaluate
from polyloop.simulate.protocols import get_protocol, protocol_of_level

__all__ = ["ModelPredictor", "PredictedProperty", "PropertyPredictor", "ProtocolPredictor"]


@dataclass(frozen=True)
class PredictedProperty:
    """A value with its standard error, in the property's unit, and whether the predictor was checked there."""

    mean: float
    std: float
    in_domain: bool = True


@runtime_checkable
class PropertyPredictor(Protocol):
    """Predicts some properties of a polymer, each with an error bar."""

    @property
    def predictor_id(self) -> str:
        """What it is, with its version: predictions are kept under it."""
        ...

    @property
    def properties(self) -> tuple[str, ...]:
        """Properties that it predicts."""
        ...

    def predict(self, text: str) -> Mapping[str, PredictedProperty] | None:
        """Return the predictions for a polymer (canonical SMILES), or None where there are none."""
        ...


@dataclass(frozen=True)
class ProtocolPredictor:
    """A protocol, by default that of the level `instant`, called in this process.

    Raises
    ------
    InvalidInputError
        If there is no such protocol.
    """

    protocol_id: str = field(default_factory=lambda: protocol_of_level("instant").protocol_id)
    seed: int = 0

    def __post_init__(self) -> None:
        get_protocol(self.protocol_id)

    @property
    def predictor_id(self) -> str:
        """The protocol and the seed of its conformers."""
        return f"{self.protocol_id} seed {self.seed}"

    @property
    def properties(self) -> tuple[str, ...]:
        """Properties that the protocol yields."""
        return tuple(get_protocol(self.protocol_id).properties)

    def predict(self, text: str) -> dict[str, PredictedProperty] | None:
        """Evaluate; None where the evaluation failed or was unphysical.

        Raises
        ------
        InvalidInputError
            If a value came without an error bar: nothing can be said of ranges then.
        """
        found: dict[str, PredictedProperty] = {}
        for record in evaluate(text, self.protocol_id, self.seed):
            if record.status is not Status.DONE:
                return None
            if record.value is None or not record.std:
                raise InvalidInputError(
                    f"{self.protocol_id} gives no error bar of {record.property}.", where="target",
                    hint="Train a model of the property: polyloop model train.",
                )  # fmt: skip
            found[record.property] = PredictedProperty(record.value, record.std)
        return found


@dataclass(frozen=True)
class ModelPredictor:
    """A model that `polyloop model train` wrote into a folder."""

    folder: Path

    @cached_property
    def model(self) -> PropertyModel:
        """The model.

        Raises
        ------
        InvalidInputError
            If there is none in the folder, or it is of another kind than polymers.
        """
        model = PropertyModel.load(self.folder)
        model.card.check_structure_alone(str(self.folder))
        if model.card.kind != "polymer":
            raise InvalidInputError(
                f"The model has learnt from subjects of kind {model.card.kind}; a design needs one of polymers.",
                where=str(self.folder),
            )
        return model

    @property
    def predictor_id(self) -> str:
        """Target, kind of model and digest of what it has learnt from."""
        card = self.model.card
        return f"model {card.target} {card.surrogate} {card.data} {card.factor:.6g}"

    @property
    def properties(self) -> tuple[str, ...]:
        """The one property."""
        return (self.model.card.target,)

    def predict(self, text: str) -> dict[str, PredictedProperty] | None:
        """Predict; None for a polymer that the model cannot describe."""
        (said,) = self.model.predict([text], limited=False)
        if said.mean is None or not said.std:
            return None
        return {self.model.card.target: PredictedProperty(said.mean, said.std, said.in_domain)}
