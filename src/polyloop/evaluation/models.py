"""A trained model as an evaluator: it answers with its prediction, whose error bar is the model's own."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Self

from polyloop.core import (
    EvaluationError,
    Failure,
    FailureCode,
    InvalidInputError,
    PolyloopError,
    Provenance,
    Record,
    Request,
)
from polyloop.evaluation.evaluators import Call, slug

if TYPE_CHECKING:
    from polyloop.learn.property_model import PropertyModel

__all__ = ["ModelEvaluator"]

_FILES = ("model.json", "training.npz", "surrogate.npz")


@dataclass(frozen=True)
class ModelEvaluator:
    """A model that `polyloop model train` wrote. It answers for its one property, of subjects of its own kind.

    The protocol_id holds the digest of the model's files: a model that was trained anew is another one. A prediction
    outside the model's domain is a value like others, and its provenance says so.

    Parameters
    ----------
    property_name
        What it predicts.
    folder
        Where it lies.
    digest
        Of its files, as they were when the protocol_id was made; a worker refuses others.
    """

    property_name: str
    folder: str
    digest: str
    time_limit: float = 600.0
    needs_process: bool = True
    scattered: tuple[str, ...] = ()

    @classmethod
    def of_folder(cls, folder: Path, property_name: str, kind: str) -> Self:
        """Return the evaluator of the model in a folder.

        Raises
        ------
        InvalidInputError
            If there is no readable model in the folder, or it is of another property or kind.
        """
        card = _model(str(folder), _digest(folder)).card
        card.check_structure_alone(str(folder))
        if card.target != property_name:
            raise InvalidInputError(
                f"The model predicts {card.target}, not {property_name}.", where=str(folder),
                hint=f"Name a model that was trained with --target {property_name}.",
            )  # fmt: skip
        if card.kind != kind:
            raise InvalidInputError(
                f"The model has learnt from subjects of kind {card.kind}; these are of kind {kind}.",
                where=str(folder), hint="Name a model of the same kind.",
            )  # fmt: skip
        return cls(property_name, str(folder), _digest(folder))

    @property
    def protocol_id(self) -> str:
        """NAME@VERSION."""
        return f"model/{slug(self.property_name)}.{self.digest}@1"

    @property
    def properties(self) -> tuple[str, ...]:
        """The one property."""
        return (self.property_name,)

    def call(self, request: Request) -> Call:
        """Predict in the worker, which reads the model once."""
        return _predict, (request, self.property_name, self.folder, self.digest)


def _digest(folder: Path) -> str:
    """Return the digest of a model's files; that of an empty folder where they cannot be read, as reading it says."""
    content = sha256()
    for name in _FILES:
        try:
            content.update((folder / name).read_bytes())
        except OSError:
            content.update(b"absent")
    return content.hexdigest()[:16]


@lru_cache(maxsize=4)
def _model(folder: str, digest: str) -> PropertyModel:
    from polyloop.learn.property_model import PropertyModel

    return PropertyModel.load(folder)


def _predict(request: Request, property_name: str, folder: str, digest: str) -> list[Record]:
    if _digest(Path(folder)) != digest:
        raise EvaluationError(
            FailureCode.SETUP, "model", f"The model in {folder} is not the one that the campaign began with.",
            hint="Put it back, or begin the campaign anew with the other one.",
        )  # fmt: skip
    try:
        model = _model(folder, digest)
    except PolyloopError as error:
        raise EvaluationError(FailureCode.SETUP, "model", error.reason, hint=error.hint) from error
    (said,) = model.predict([request.subject.text], limited=False)
    settings = {"source": "model", "model": model.card.surrogate, "data": model.card.data, "n": str(model.card.n)}
    if said.mean is None:
        failure = Failure(
            FailureCode.UNSUPPORTED, "descriptors", said.reasons[0], "The model cannot describe it; leave it out."
        )
        return [Record.failed(request, property_name, failure, provenance=Provenance(settings=settings))]
    if not said.in_domain:
        settings["outside_domain"] = "; ".join(said.reasons)
    return [
        Record.of_value(
            request, property_name, said.mean, std=said.std, std_of="the model's prediction",
            provenance=Provenance(settings=settings),
        )
    ]  # fmt: skip
