"""PropertyModel: one property learnt from a table, with checked intervals, a domain and a card; kept as files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

from polyloop.core import InvalidInputError, write_atomically
from polyloop.core.invariant import Invariant
from polyloop.core.properties import PROPERTIES
from polyloop.features import FeatureTable
from polyloop.features.block import block_tag, get_block
from polyloop.features.mixtures import describe_subjects
from polyloop.learn.calibration import Calibration, summarise
from polyloop.learn.covariance import HyperParameters
from polyloop.learn.domain import TrainingDomain
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.intervals import Interval, conformal_factor, interval_of
from polyloop.learn.invariant_choice import choose_invariant
from polyloop.learn.invariant_target import FACTOR_BLOCK, InvariantTarget
from polyloop.learn.surrogate import Array, Blocks, Prediction

__all__ = ["BLOCKS_OF_MODELS", "LEAST_ROWS", "ModelCard", "PropertyModel", "PropertyPrediction"]

BLOCKS_OF_MODELS = ("ecfp", "forcefield", "rdkit2d", "backbone", FACTOR_BLOCK)
"""Blocks that a model is made of, unless told otherwise."""
LEAST_ROWS = 10
_FORMAT = 1


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
        Leave-one-out, in the unit of the target.
    factor
        Half width of a 90 % interval in predicted standard deviations.
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

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return asdict(self)


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


class PropertyModel:
    """A Gaussian process over descriptor blocks, of a property or of its invariant.

    Made by `train` or `load`.

    Examples
    --------
    >>> model = PropertyModel.train(["*CC*", ...], [0.85, ...], target="density")  # doctest: +SKIP
    >>> model.predict(["*CC(*)C"])[0].mean  # doctest: +SKIP
    """

    def __init__(
        self,
        card: ModelCard,
        table: FeatureTable,
        y: Array,
        noise: Array | None,
        invariant: Invariant | None,
        parameters: HyperParameters | None = None,
    ) -> None:
        self.card, self._table, self._y, self._noise, self._invariant = card, table, y, noise, invariant
        self._model = fit_model(table.described(), y, noise, invariant, parameters)
        base = self._model.base if isinstance(self._model, InvariantTarget) else self._model
        self._gp = _as_gp(base)
        z = y if invariant is None else invariant.forward(y, factor_of(invariant, table.described()))
        self._z = z
        self._domain = TrainingDomain().fit(without_factors(table.described()), z)

    @classmethod
    def train(
        cls,
        texts: Sequence[str],
        y: Sequence[float] | Array,
        *,
        target: str,
        kind: str = "polymer",
        noise_variance: Array | None = None,
        blocks: Sequence[str] = BLOCKS_OF_MODELS,
        invariant: bool | None = None,
        cache: Path | None = None,
        workers: int = 1,
    ) -> PropertyModel:
        """Learn from n subjects.

        Parameters
        ----------
        texts
            Subjects of the kind, length n; repeats are averaged.
        y
            Values, shape (n,), in the unit of the property that `target` names, or in any unit.
        noise_variance
            Known variances of y, shape (n,), NaN where not known.
        invariant
            Whether to learn the property's invariant; None chooses what extrapolates better inside these data.

        Raises
        ------
        InvalidInputError
            If fewer than ten subjects are left that have a value and can be described, or an invariant is demanded
            that the property has not or some value forbids.
        """
        values = np.asarray(y, dtype=float)
        if values.shape != (len(texts),):
            raise InvalidInputError(f"There are {len(texts)} subjects and values of shape {values.shape}.")
        known = PROPERTIES.get(target)
        possible = known.invariant if known is not None else None
        described = tuple(name for name in blocks if name != FACTOR_BLOCK or possible is not None)
        table = describe_subjects(kind, texts, described, cache=cache, workers=workers)
        left_out = [(texts[row], reason) for row, reason in table.failures.items()]
        left_out += [(texts[int(row)], "no value") for row in np.flatnonzero(~np.isfinite(values) & table.valid)]
        table, values, noise = _averaged(table, values, noise_variance)
        if len(values) < LEAST_ROWS:
            raise InvalidInputError(
                f"{len(values)} subjects have a value and descriptors; a model needs {LEAST_ROWS}.",
                where=target,
                hint=f"The first that has none: {left_out[0][0]}, {left_out[0][1]}" if left_out else "Add rows.",
            )
        choice: dict[str, float] = {}
        chosen = possible if invariant in (None, True) else None
        if invariant and (possible is None or not possible.applies(values)):
            raise InvalidInputError(
                "This is no property that has an invariant." if possible is None
                else f"Some value has no {possible.meaning}: the least is {values.min():g}.",
                where=target, hint="Leave the choice to the data, or learn the value itself.",
            )  # fmt: skip
        if possible is not None and not possible.applies(values):
            chosen = None
        elif chosen is not None and invariant is None:
            choice = choose_invariant(table.described(), values, noise, chosen)
            chosen = chosen if choice["invariant"] < choice["value"] else None
        card = ModelCard(
            target, known.unit if known else "", kind, len(values), tuple(block_tag(get_block(b)) for b in described),
            chosen.meaning if chosen else "", choice, {}, 0.0, float(values.min()), float(values.max()),
            tuple(left_out), _digest(table, values),
        )  # fmt: skip
        model = cls(card, table, values, noise, chosen)
        return model._with_held_out()

    def _with_held_out(self) -> PropertyModel:
        held = self._gp.leave_one_out()
        factor = conformal_factor(self._z, held)
        self.card = ModelCard(**{**self.card.__dict__, "held_out": self._summary(held).to_dict(), "factor": factor})
        return self

    def _summary(self, held: Prediction) -> Calibration:
        """Return the held-out errors in the unit of the target."""
        if self._invariant is None:
            return summarise(held, self._y, "leave-one-out")
        factor = factor_of(self._invariant, self._table.described())
        mean = self._invariant.inverse(held.mean, factor)
        slope = np.abs(self._invariant.slope(mean, factor))
        there = Prediction(mean, held.std / slope, held.noise_std / slope)
        return summarise(there, self._y, "leave-one-out")

    def predict(self, texts: Sequence[str], *, cache: Path | None = None, workers: int = 1) -> list[PropertyPrediction]:
        """Predict subjects, in their order; one that cannot be described has no numbers and never ends the others."""
        names = tuple(self._table.blocks)
        table = describe_subjects(self.card.kind, list(texts), names, cache=cache, workers=workers)
        rows = np.flatnonzero(table.valid)
        found = {
            row: PropertyPrediction(texts[row], None, None, None, None, in_domain=False, reasons=(reason,))
            for row, reason in table.failures.items()
        }
        if len(rows):
            found |= dict(zip(rows.tolist(), self._predicted(texts, table.take(rows), rows), strict=True))
        return [found[row] for row in range(len(texts))]

    @property
    def subjects(self) -> tuple[str, ...]:
        """Canonical texts of what it has learnt from."""
        return self._table.polymers

    def learnt_mean(self, X: Blocks) -> Array:
        """Return the mean of what is learnt (the invariant, or the value itself) at described rows, shape (n,)."""
        return self._gp.predict(without_factors(X)).mean

    def mean(self, X: Blocks) -> Array:
        """Return the mean in the unit of the target at described rows, shape (n,)."""
        learnt = self.learnt_mean(X)
        return learnt if self._invariant is None else self._invariant.inverse(learnt, factor_of(self._invariant, X))

    def _predicted(self, texts: Sequence[str], table: FeatureTable, rows: Any) -> list[PropertyPrediction]:
        X = table.described()
        inside = self._gp.predict(without_factors(X))
        report = self._domain.assess(without_factors(X), inside)
        factor = None if self._invariant is None else factor_of(self._invariant, X)
        interval: Interval = interval_of(inside, self.card.factor, self._invariant, factor)
        outside = report.outside
        return [
            PropertyPrediction(
                texts[row], float(interval.mean[i]), float(interval.std[i]), float(interval.low[i]),
                float(interval.high[i]), not bool(outside[i]), report.reasons(i),
            )
            for i, row in enumerate(rows)
        ]  # fmt: skip

    def save(self, folder: str | Path) -> Path:
        """Write the model into a folder (model.json and training.npz, no pickle), and return it.

        Raises
        ------
        OSError
            If the folder cannot be written; each file is written whole or not at all.
        """
        place = Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        self._table.save(place / "training.npz")
        parameters = self._gp.hyperparameters
        content = {
            "format": _FORMAT,
            "card": self.card.to_dict(),
            "values": self._y.tolist(),
            "noise_variance": None if self._noise is None else [None if np.isnan(v) else v for v in self._noise],
            "parameters": {
                "variances": list(parameters.variances),
                "length_scales": [scale.tolist() for scale in parameters.length_scales],
                "noise": parameters.noise,
                "log_likelihood": parameters.log_likelihood,
            },
        }
        write_atomically(place / "model.json", json.dumps(content, indent=1, allow_nan=True) + "\n")
        return place

    @classmethod
    def load(cls, folder: str | Path) -> PropertyModel:
        """Read what `save` wrote; the model predicts the same to the last digits.

        Raises
        ------
        InvalidInputError
            If there is no model in the folder, it is damaged, or its descriptors are of other versions than here.
        """
        place = Path(folder)
        damaged = InvalidInputError(
            "The model is damaged, or of another version of polyloop.", where=str(place / "model.json"),
            hint="Train it anew.",
        )  # fmt: skip
        try:
            content = json.loads((place / "model.json").read_text(encoding="utf-8"))
            rows = content["card"]
            card = ModelCard(
                **{**rows, "blocks": tuple(rows["blocks"]), "left_out": tuple(tuple(row) for row in rows["left_out"])}
            )
            told = content["parameters"]
            parameters = HyperParameters(
                tuple(told["variances"]),
                tuple(np.array(scale, dtype=float) for scale in told["length_scales"]),
                told["noise"],
                told["log_likelihood"],
            )
            y = np.array(content["values"], dtype=float)
            noise = content["noise_variance"]
        except FileNotFoundError as error:
            raise InvalidInputError(
                "There is no model in this folder.", where=str(place), hint="Make one with: polyloop model train"
            ) from error
        except (ValueError, KeyError, TypeError) as error:
            raise damaged from error
        if content.get("format") != _FORMAT or not (place / "training.npz").is_file():
            raise damaged
        table = FeatureTable.load(place / "training.npz")
        if _digest(table, y) != card.data:
            raise damaged
        _check_blocks(card, place)
        known = PROPERTIES[card.target].invariant if card.target in PROPERTIES else None
        if card.invariant and (known is None or known.meaning != card.invariant):
            raise InvalidInputError(
                f"The model learnt the {card.invariant} of {card.target}, which that property has not here.",
                where=str(place), hint="Add the property as it was, or train the model anew.",
            )  # fmt: skip
        variances = None if noise is None else np.array([np.nan if v is None else v for v in noise])
        return cls(card, table, y, variances, known if card.invariant else None, parameters)


def fit_model(
    X: Blocks,
    y: Array,
    noise: Array | None,
    invariant: Invariant | None,
    parameters: HyperParameters | None = None,
) -> GaussianProcess | InvariantTarget:
    """Return the Gaussian process of the values, or of their invariant, fitted."""
    if invariant is None:
        return GaussianProcess(parameters=parameters).fit(without_factors(X), y, noise)
    return InvariantTarget(lambda: GaussianProcess(parameters=parameters), invariant).fit(X, y, noise)


def factor_of(invariant: Invariant, X: Blocks) -> Array:
    """Return the factors of an invariant at the rows of X, shape (n,)."""
    if not invariant.powers:
        return np.full(len(next(iter(X.values()))), invariant.constant)
    return invariant.factor(np.asarray(X[FACTOR_BLOCK].values, dtype=float))


def without_factors(X: Blocks) -> dict[str, Any]:
    """Return the blocks that models compare rows by."""
    return {name: block for name, block in X.items() if name != FACTOR_BLOCK}


def _as_gp(model: Any) -> GaussianProcess:
    if not isinstance(model, GaussianProcess):
        raise InvalidInputError("The model inside is no Gaussian process.")
    return model


def _averaged(table: FeatureTable, y: Array, noise_variance: Array | None) -> tuple[FeatureTable, Array, Array | None]:
    """Return one row per subject that has descriptors and a value: the mean of its values."""
    usable = np.flatnonzero(table.valid & np.isfinite(y))
    groups: dict[str, list[int]] = {}
    for row in usable:
        groups.setdefault(table.polymers[row], []).append(int(row))
    firsts = [rows[0] for rows in groups.values()]
    values = np.array([y[rows].mean() for rows in groups.values()])
    noise = None
    if noise_variance is not None:
        given = np.asarray(noise_variance, dtype=float)
        noise = np.array([given[rows].mean() / len(rows) for rows in groups.values()])
    return table.take(firsts), values, noise


def _digest(table: FeatureTable, y: Array) -> str:
    rows = sorted(zip(table.polymers, y.tolist(), strict=True))
    return sha256(json.dumps(rows).encode()).hexdigest()


def _check_blocks(card: ModelCard, place: Path) -> None:
    for tag in card.blocks:
        name = tag.partition("@")[0]
        now = block_tag(get_block(name))
        if now != tag:
            raise InvalidInputError(
                f"The model was trained on the descriptors {tag}; here they are {now}.",
                where=str(place),
                hint="Train it anew, or use the versions that it was made with.",
            )
