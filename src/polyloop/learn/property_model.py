"""PropertyModel: one property learnt from a table, with checked intervals, a domain and a card; kept as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError, Subject
from polyloop.core.invariant import Invariant
from polyloop.core.options import options_of, read_options
from polyloop.core.properties import PROPERTIES
from polyloop.core.subject import makeup_of
from polyloop.features import FeatureTable
from polyloop.features.block import block_tag, get_block
from polyloop.features.mixtures import describe_subjects
from polyloop.learn.gp import GaussianProcess
from polyloop.learn.invariant_choice import choose_invariant
from polyloop.learn.invariant_target import FACTOR_BLOCK, without_factors
from polyloop.learn.known_numbers import COLUMN_BLOCK, KnownNumbers
from polyloop.learn.model_card import ModelCard, PropertyPrediction
from polyloop.learn.model_folder import KeptModel, digest_of, read_model, write_model
from polyloop.learn.registry import SURROGATES, make_surrogate
from polyloop.learn.repeats import average_repeats
from polyloop.learn.state import RestorableSurrogate
from polyloop.learn.surrogate import Array, Blocks, Surrogate
from polyloop.learn.target_model import TargetModel, fit_surrogate

__all__ = [
    "BLOCKS_OF_GRAPHS",
    "BLOCKS_OF_MODELS",
    "LEAST_ROWS",
    "ModelCard",
    "PropertyModel",
    "PropertyPrediction",
    "default_blocks",
]

BLOCKS_OF_MODELS = ("ecfp", "forcefield", "rdkit2d", "backbone", FACTOR_BLOCK)
"""Blocks that a model is made of, unless told otherwise."""
BLOCKS_OF_GRAPHS = ("ring_graph", "ecfp", FACTOR_BLOCK)
"""Those of a graph network: fingerprints say how far a polymer is from the known ones."""
LEAST_ROWS = 10


class PropertyModel:
    """A surrogate over descriptor blocks, of a property or of its invariant.

    Made by `train` or `load`.

    Parameters
    ----------
    surrogate
        Fitted on the table's blocks without `factors`, and on y or its invariant.

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
        surrogate: Surrogate,
    ) -> None:
        self.card, self._table, self._y, self._noise = card, table, y, noise
        # A card that is not finished yet has no factor; `train` sets it.
        self._model = TargetModel(table.described(), y, noise, invariant, surrogate, card.factor, chosen=card.chosen)

    @classmethod
    def train(
        cls,
        texts: Sequence[str],
        y: Sequence[float] | Array,
        *,
        target: str,
        kind: str = "polymer",
        noise_variance: Array | None = None,
        blocks: Sequence[str] | None = None,
        invariant: bool | None = None,
        surrogate: str = "gp",
        options: Mapping[str, Any] | None = None,
        seed: int = 0,
        cache: Path | None = None,
        workers: int = 1,
        known: KnownNumbers | None = None,
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
        blocks
            Descriptors; None takes those of the model: `BLOCKS_OF_MODELS`, or `BLOCKS_OF_GRAPHS` where it reads graphs.
            Without the block `factors` an invariant that takes factors is not tried.
        invariant
            Whether to learn the property's invariant; None chooses what extrapolates better inside these data.
        surrogate, options, seed
            Registered name of the model, its options as in a campaign file, and the seed of what it draws.
        known
            Numbers known of the subjects besides their structure, which `predict` must then be given too; of repeats
            those of the first count.

        Raises
        ------
        InvalidInputError
            If fewer than ten subjects are left that have a value and can be described, an invariant is demanded that
            the property has not or some value forbids, the model has no such option, or reads no columns, or a factor
            is known that no invariant takes, or the target among the columns.
        ConfigurationError
            If there is no such model.
        """
        make = _maker(surrogate, options or {}, seed)
        values = np.asarray(y, dtype=float)
        if values.shape != (len(texts),):
            raise InvalidInputError(f"There are {len(texts)} subjects and values of shape {values.shape}.")
        listed = PROPERTIES.get(target)
        possible = listed.invariant if listed is not None else None
        described = tuple(
            name for name in blocks or default_blocks(surrogate) if name != FACTOR_BLOCK or possible is not None
        )
        if possible is not None and possible.powers and FACTOR_BLOCK not in described and not invariant:
            possible = None  # the blocks that were asked for cannot tell it
        known = known or KnownNumbers()
        _check_known(known, target, possible, invariant, surrogate)
        table = describe_subjects(kind, texts, described, cache=cache, workers=workers)
        table = known.beside(table, texts, kind)
        left_out = [(texts[row], reason) for row, reason in table.failures.items()]
        left_out += [(texts[int(row)], "no value") for row in np.flatnonzero(~np.isfinite(values) & table.valid)]
        firsts, values, noise = average_repeats(table, values, noise_variance)
        table = table.take(firsts)
        if len(values) < LEAST_ROWS:
            raise InvalidInputError(
                f"{len(values)} subjects have a value and descriptors; a model needs {LEAST_ROWS}.",
                where=target,
                hint=f"The first that has none: {left_out[0][0]}, {left_out[0][1]}" if left_out else "Add rows.",
            )
        invariant = _allowed(invariant, surrogate, options or {})
        chosen, choice = _chosen(possible, invariant, table.described(), values, noise, make, target)
        card = ModelCard(
            target, listed.unit if listed else "", kind, len(values), tuple(block_tag(get_block(b)) for b in described),
            chosen.meaning if chosen else "", choice, {}, 0.0, float(values.min()), float(values.max()),
            tuple(left_out), digest_of(table, values), surrogate, dict(options or {}), seed,
            tuple(known.columns), tuple(known.factors) if chosen else (),
        )  # fmt: skip
        fitted = fit_surrogate(make, table.described(), values, noise, chosen)
        model = cls(card, table, values, noise, chosen, fitted)
        held = model._model.check(make, np.random.default_rng(seed))
        model.card = replace(card, held_out=held.to_dict(), factor=model._model.factor, chosen=model._model.chosen)
        return model

    def predict(
        self,
        texts: Sequence[str],
        *,
        cache: Path | None = None,
        workers: int = 1,
        limited: bool = True,
        known: KnownNumbers | None = None,
    ) -> list[PropertyPrediction]:
        """Predict subjects, in their order; one that cannot be described has no numbers and never ends the others.

        Parameters
        ----------
        limited
            Describe them in processes of their own that may take 20 s and 2 GiB each; False for what stands under
            limits already, and for a few subjects at a time.
        known
            What the card says that it must know besides structure; more than that is not looked at.

        Raises
        ------
        InvalidInputError
            If something of that is not told; where it is told of some subjects only, the others have no numbers.
        """
        limits: dict[str, Any] = {} if limited else {"time_limit": None, "memory_limit": None}
        blocks = [name for name in self.blocks if name != COLUMN_BLOCK]
        table = describe_subjects(self.card.kind, list(texts), blocks, cache=cache, workers=workers, **limits)
        table = self._needed(known or KnownNumbers()).beside(table, texts, self.card.kind)
        return self.of_described(texts, table)

    def of_described(self, texts: Sequence[str], table: FeatureTable) -> list[PropertyPrediction]:
        """Predict subjects, in their order, whose descriptors are at hand: `table` holds at least its blocks."""
        rows = np.flatnonzero(table.valid)
        found = {
            row: PropertyPrediction(texts[row], None, None, None, None, in_domain=False, reasons=(reason,))
            for row, reason in table.failures.items()
        }
        if len(rows):
            mine = table.of_blocks(self.blocks).take(rows)
            found |= dict(zip(rows.tolist(), self._predicted(texts, mine, rows), strict=True))
        return [found[row] for row in range(len(texts))]

    def far(self, table: FeatureTable) -> NDArray[np.bool_]:
        """Return which rows, all of them described, lie far from what it has learnt from, shape (n,).

        The block `factors` may be lacking: it says how an invariant becomes a value, and not what is known.
        """
        blocks = [name for name in self.blocks if name != FACTOR_BLOCK]
        return self._model.far(table.of_blocks(blocks).described())

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks of descriptors that it reads."""
        return tuple(self._table.blocks)

    @property
    def subjects(self) -> tuple[str, ...]:
        """Canonical texts of what it has learnt from."""
        return self._table.polymers

    def learnt_mean(self, X: Blocks) -> Array:
        """Return the mean of what is learnt (the invariant, or the value itself) at described rows, shape (n,)."""
        return self._model.surrogate.predict(without_factors(X)).mean

    def mean(self, X: Blocks) -> Array:
        """Return the mean in the unit of the target at described rows, shape (n,)."""
        return self._model.assess(X)[0].mean

    def _needed(self, known: KnownNumbers) -> KnownNumbers:
        """Return what the model takes of what is known."""
        told = {**known.columns, **known.factors}
        if missing := [name for name in self.card.known_numbers if name not in told]:
            raise InvalidInputError(
                f"The model of {self.card.target} takes {', '.join(missing)} of each {self.card.kind}, which is not "
                "told.",
                where="known", hint="Give a column of each, as in training.",
            )  # fmt: skip
        return KnownNumbers(
            {name: known.columns[name] for name in self.card.columns},
            {name: known.factors[name] for name in self.card.factors},
        )

    def _predicted(self, texts: Sequence[str], table: FeatureTable, rows: Any) -> list[PropertyPrediction]:
        interval, report = self._model.assess(table.described())
        found = []
        for i, row in enumerate(rows):
            new = makeup_of(Subject(self.card.kind, table.polymers[i])) - self._makeup
            reasons = (*report.reasons(i), *([f"has what no known one has: {', '.join(sorted(new))}"] if new else []))
            said = (interval.mean, interval.std, interval.low, interval.high)
            mean, std, low, high = (float(values[i]) for values in said)
            found.append(PropertyPrediction(texts[row], mean, std, low, high, not reasons, reasons))
        return found

    @cached_property
    def _makeup(self) -> frozenset[str]:
        """Elements, and charges, that any subject has from which it has learnt."""
        return frozenset().union(*(makeup_of(Subject(self.card.kind, text)) for text in self.subjects))

    def save(self, folder: str | Path) -> Path:
        """Write the model into a folder (model.json, training.npz and surrogate.npz, no pickle), and return it.

        Raises
        ------
        InvalidInputError
            If the surrogate, one of another package, cannot say what it has learnt.
        OSError
            If the folder cannot be written; each file is written whole or not at all.
        """
        if not isinstance(self._model.surrogate, RestorableSurrogate):
            raise InvalidInputError(
                f"The surrogate {self.card.surrogate!r} has no state() and restore(), so it cannot be kept.",
                hint="Give it both (polyloop.learn.state says how), or train another model.",
            )
        place = Path(folder)
        write_model(place, KeptModel(self.card, self._table, self._y, self._noise, self._model.surrogate.state()))
        return place

    @classmethod
    def load(cls, folder: str | Path) -> PropertyModel:
        """Read what `save` wrote; the model predicts the same to the last digits.

        Raises
        ------
        InvalidInputError
            If there is no model in the folder, it is damaged, its descriptors are of other versions than here, or what
            it has learnt is unknown here.
        """
        place = Path(folder)
        kept = read_model(place)
        card = kept.card
        known = PROPERTIES[card.target].invariant if card.target in PROPERTIES else None
        if card.invariant and (known is None or known.meaning != card.invariant):
            raise InvalidInputError(
                f"The model learnt the {card.invariant} of {card.target}, which that property has not here.",
                where=str(place), hint="Add the property as it was, or train the model anew.",
            )  # fmt: skip
        invariant = known if card.invariant else None
        return cls(card, kept.table, kept.y, kept.noise, invariant, _restored(kept, invariant, place))


def default_blocks(surrogate: str) -> tuple[str, ...]:
    """Return the blocks that a registered model is made of, unless told otherwise."""
    made = SURROGATES.find(surrogate, "surrogate")
    if (block := getattr(made, "reads_block", None)) is not None:
        return (str(block),)
    return BLOCKS_OF_GRAPHS if getattr(made, "reads_graphs", False) else BLOCKS_OF_MODELS


def _check_known(
    known: KnownNumbers, target: str, possible: Invariant | None, wanted: bool | None, surrogate: str
) -> None:
    """Refuse numbers that nothing would read, and the answer among them."""
    if target in known.columns:
        raise InvalidInputError(f"{target} is what is to be learnt, and describes nothing.", where="columns")
    if known.columns and default_blocks(surrogate) != BLOCKS_OF_MODELS:
        raise InvalidInputError(
            f"The model {surrogate!r} reads no columns of numbers.", where=", ".join(known.columns),
            hint="Take a model of columns, such as gp, or leave them out.",
        )  # fmt: skip
    takes = possible is not None and "molar_refraction" in possible.powers and wanted is not False
    if known.factors and not takes:
        raise InvalidInputError(
            f"What is learnt of {target} takes no {next(iter(known.factors))}.", where="factors",
            hint="The invariant of a refractive index does; any other number may be given as a column.",
        )  # fmt: skip


def _maker(name: str, options: Mapping[str, Any], seed: int) -> Callable[[], Surrogate]:
    arguments = read_options(SURROGATES.find(name, "surrogate"), options, noun="surrogate", name=name)
    return lambda: make_surrogate(name, seed=seed, **arguments)


def _allowed(wanted: bool | None, surrogate: str, given: Mapping[str, Any]) -> bool | None:
    """Return whether an invariant may be learnt: not where an option speaks of the values themselves."""
    spoken = [one.name for one in options_of(SURROGATES.find(surrogate)) if one.in_unit_of_values and one.name in given]
    if spoken and wanted:
        raise InvalidInputError(
            f"{spoken[0]} is a limit of the values, and of an invariant there is none.", where=spoken[0],
            hint="Learn the value itself: --no-invariant.",
        )  # fmt: skip
    return False if spoken else wanted


def _chosen(
    possible: Invariant | None,
    wanted: bool | None,
    X: Blocks,
    y: Array,
    noise: Array | None,
    make: Callable[[], Surrogate],
    target: str,
) -> tuple[Invariant | None, dict[str, float]]:
    """Return the invariant to learn, None for the value itself, and the errors by which it was chosen."""
    applies = possible is not None and possible.applies(y)
    if wanted and not applies:
        raise InvalidInputError(
            "This is no property that has an invariant." if possible is None
            else f"Some value has no {possible.meaning}: the least is {y.min():g}.",
            where=target, hint="Leave the choice to the data, or learn the value itself.",
        )  # fmt: skip
    if possible is None or not applies or wanted is False:
        return None, {}
    if wanted:
        return possible, {}
    choice = choose_invariant(X, y, noise, possible, make)
    return (possible if choice["invariant"] < choice["value"] else None), choice


def _restored(kept: KeptModel, invariant: Invariant | None, place: Path) -> Surrogate:
    card = kept.card
    if kept.state is None:
        # Of the former format: fitting with the hyper-parameters that were found searches for none.
        return fit_surrogate(
            lambda: GaussianProcess(parameters=kept.parameters), kept.table.described(), kept.y, kept.noise, invariant
        )
    surrogate = _maker(card.surrogate, card.options, card.seed)()
    if not isinstance(surrogate, RestorableSurrogate):
        raise InvalidInputError(f"The surrogate {card.surrogate!r} has no restore() here.", where=str(place))
    try:
        return surrogate.restore(kept.state)
    except (KeyError, ValueError) as error:
        raise InvalidInputError(
            f"The arrays of the surrogate {card.surrogate!r} are of another version of it.",
            where=str(place), hint="Train the model anew.",
        ) from error  # fmt: skip
