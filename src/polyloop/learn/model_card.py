"""What a model of one property says of itself, and what it says of one subject."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Self

from polyloop.core import InvalidInputError

__all__ = ["ModelCard", "PropertyPrediction"]


@dataclass(frozen=True)
class ModelCard:
    """What a model is: what it was made of, and how well it did on what it had not seen.

    Parameters
    ----------
    target, unit
        The property, or the column that it was learnt from; `unit` is empty where it is no property.
    invariant
        Meaning of the invariant that is learnt; empty where the value itself is.
    choice
        Root mean squared error of the value itself and of the invariant, each beyond the range that it was taught, over
        the standard deviation of the values; empty where there was nothing to choose.
    held_out
        Errors on what was left out, in the unit of the target.
    factor
        Half width of a 90 % interval in predicted standard deviations.
    surrogate, options, seed
        Registered name of the model, its options as they were given, and the seed of what it draws.
    columns, factors
        Numbers known besides the structure, without which it predicts nothing: names of the columns that describe
        subjects, and of the properties that the invariant is made of.
    chosen
        Probabilities that what it learnt from was chosen by its value, at the lowest and at the highest; 0 where an
        invariant's mean has its word beyond the range.
    """

    target: str
    unit: str
    kind: str
    n: int
    blocks: tuple[str, ...]
    invariant: str
    choice: dict[str, float]
    held_out: dict[str, float | int | str]
    factor: float
    low: float
    high: float
    left_out: tuple[tuple[str, str], ...]
    data: str
    surrogate: str = "gp"
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0
    columns: tuple[str, ...] = ()
    factors: tuple[str, ...] = ()
    chosen: tuple[float, float] = (0.0, 0.0)

    @property
    def known_numbers(self) -> tuple[str, ...]:
        """All that must be known of a subject besides its structure."""
        return (*self.columns, *self.factors)

    def check_structure_alone(self, where: str) -> None:
        """Refuse a model that structure alone does not suffice.

        Raises
        ------
        InvalidInputError
            If it takes columns or factors that the user knows.
        """
        if self.known_numbers:
            raise InvalidInputError(
                f"The model of {self.target} takes {', '.join(self.known_numbers)} of each {self.kind}, which nobody "
                "tells here.",
                where=where, hint="Ask it with `polyloop model predict`, or train one on structures alone.",
            )  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)

    @classmethod
    def of_dict(cls, content: Mapping[str, Any]) -> Self:
        """Read what `to_dict` returned."""
        left_out = tuple(tuple(row) for row in content["left_out"])
        tuples = {name: tuple(content[name]) for name in ("blocks", "columns", "factors", "chosen") if name in content}
        return cls(**{**content, **tuples, "left_out": left_out})


@dataclass(frozen=True)
class PropertyPrediction:
    """What a model says of one subject: mean, std, and the 90 % interval, in the unit of the target.

    `in_domain` is False where the interval was not checked, for the `reasons`. A subject that cannot be described has
    no numbers, and says why.
    """

    text: str
    mean: float | None
    std: float | None
    low: float | None
    high: float | None
    in_domain: bool
    reasons: tuple[str, ...] = ()
