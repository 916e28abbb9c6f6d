"""Source models by name: trained on what a table or a store holds, kept in a folder, asked for their predictions."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from polyloop.core import InvalidInputError, Record, Status, write_atomically
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.core.names import did_you_mean
from polyloop.core.properties import PROPERTIES
from polyloop.learn.property_model import BLOCKS_OF_MODELS, LEAST_ROWS, ModelCard, PropertyModel
from polyloop.learn.surrogate import Array, Blocks
from polyloop.tables.training import read_training

if TYPE_CHECKING:
    from polyloop.store import Store

__all__ = ["INDEX", "SourceLibrary", "held_by"]

INDEX = "library.json"
_FORMAT = 1


class SourceLibrary:
    """Models of other properties, or of the same one elsewhere, whose predictions are descriptors for a new model.

    Made by `train`, `from_table`, `from_store` or `load`.

    Parameters
    ----------
    models
        By name, which is the property that each has learnt; they share one kind of subject.

    Examples
    --------
    >>> library = SourceLibrary.from_table("known.csv", ["density", "refractive_index"])  # doctest: +SKIP
    >>> X = featurize(polymers).described()  # doctest: +SKIP
    >>> model = AffineGaussianProcess().fit(library.with_predictions(X), y)  # doctest: +SKIP
    """

    def __init__(self, models: Mapping[str, PropertyModel]) -> None:
        if not models:
            raise InvalidInputError("A library needs at least one source model.", hint="Name a property with values.")
        for name, model in models.items():
            model.card.check_structure_alone(f"source {name}")
        kinds = {model.card.kind for model in models.values()}
        if len(kinds) > 1:
            raise InvalidInputError(f"Source models are of different kinds of subjects: {', '.join(sorted(kinds))}.")
        self._models = dict(models)

    @classmethod
    def train(
        cls,
        texts: Sequence[str],
        columns: Mapping[str, Array],
        *,
        kind: str = "polymer",
        blocks: Sequence[str] = BLOCKS_OF_MODELS,
        cache: Path | None = None,
        workers: int = 1,
    ) -> SourceLibrary:
        """Learn one source model from each column.

        Of a property whose invariant is its logarithm the logarithm is learnt, of any other the value itself: sources
        are asked inside what they have seen, where the other invariants bring nothing.

        Parameters
        ----------
        texts
            Subjects of the kind, length n.
        columns
            By property (or any name), values of shape (n,), NaN where there is none. `PROPERTY by WHOM` tells values of
            one property apart that come from elsewhere.

        Raises
        ------
        InvalidInputError
            If a column has too few values.
        """
        models = {}
        for name, values in columns.items():
            known, target = np.flatnonzero(np.isfinite(values)), name.partition(" by ")[0]
            models[name] = PropertyModel.train(
                [texts[int(row)] for row in known], np.asarray(values, dtype=float)[known], target=target, kind=kind,
                blocks=blocks, invariant=_is_log(target, values[known]), cache=cache, workers=workers,
            )  # fmt: skip
        return cls(models)

    @classmethod
    def from_table(
        cls,
        path: str | Path,
        targets: Sequence[str],
        column: str = "smiles",
        *,
        without: Collection[str] = (),
        kind: str = "polymer",
        blocks: Sequence[str] = BLOCKS_OF_MODELS,
        workers: int = 1,
    ) -> SourceLibrary:
        """Learn columns of a table (see `tables.training.read_training`).

        Parameters
        ----------
        without
            Subjects to leave out in whatever spelling, such as those that the new model is tested on.
        """
        models: dict[str, PropertyModel] = {}
        left_out = _canonical(without, kind)
        for target in targets:
            table = read_training(path, target, column)
            kept = [row for row, text in enumerate(table.texts) if _spelled(text, kind) not in left_out]
            trained = cls.train(
                [table.texts[row] for row in kept], {table.target: table.values[kept]}, kind=kind, blocks=blocks,
                workers=workers,
            )  # fmt: skip
            models |= trained._models
        return cls(models)

    @classmethod
    def from_store(
        cls,
        store: Store,
        *,
        properties: Collection[str] | None = None,
        protocols: Collection[str] | None = None,
        without: Collection[str] = (),
        kind: str = "polymer",
        blocks: Sequence[str] = BLOCKS_OF_MODELS,
        workers: int = 1,
    ) -> SourceLibrary:
        """Learn each property of which a store holds enough values of one protocol; a source is `NAME by PROTOCOL`.

        Values of two protocols are of two sources, since they may differ by more than noise. Repeats at one state are
        averaged. States other than the default one are left out.

        Raises
        ------
        InvalidInputError
            If no property has enough values.
        """
        left_out = _canonical(without, kind)
        found: dict[str, dict[str, list[float]]] = {}
        for record in store.records(properties=properties, protocols=protocols, statuses=[Status.DONE]):
            if _is_usable(record, kind) and record.request.subject.text not in left_out:
                name = f"{record.property} by {record.request.protocol_id}"
                values = found.setdefault(name, {}).setdefault(record.request.subject.text, [])
                values.append(record.value if record.value is not None else float("nan"))
        enough = {name: texts for name, texts in sorted(found.items()) if len(texts) >= LEAST_ROWS}
        if not enough:
            raise InvalidInputError(
                f"No property has {LEAST_ROWS} {kind}s by one protocol.", where=store.where,
                hint="Import a table, or compute more.",
            )  # fmt: skip
        models: dict[str, PropertyModel] = {}
        for name, by_text in enough.items():
            means = np.array([float(np.mean(values)) for values in by_text.values()])
            trained = cls.train(list(by_text), {name: means}, kind=kind, blocks=blocks, workers=workers)
            models |= trained._models
        return cls(models)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the sources, in the order of the columns of their predictions."""
        return tuple(self._models)

    @property
    def kind(self) -> str:
        """Kind of the subjects that the sources describe."""
        return next(iter(self._models.values())).card.kind

    @property
    def cards(self) -> dict[str, ModelCard]:
        """What each source was made of, and how well it did on what it had not seen."""
        return {name: model.card for name, model in self._models.items()}

    @property
    def blocks(self) -> tuple[str, ...]:
        """Names of the blocks of descriptors that the sources read."""
        tags = (tag for model in self._models.values() for tag in model.card.blocks)
        return tuple(dict.fromkeys(tag.partition("@")[0] for tag in tags))

    @property
    def digest(self) -> str:
        """sha256 of names, descriptors' versions and training data: another digest is another library."""
        content = [
            (name, model.card.target, model.card.blocks, model.card.data) for name, model in self._models.items()
        ]
        return sha256(json.dumps(content).encode()).hexdigest()

    @property
    def subjects(self) -> frozenset[str]:
        """Canonical texts of all subjects that some source has learnt from."""
        return frozenset(text for model in self._models.values() for text in model.subjects)

    def model(self, name: str) -> PropertyModel:
        """Return the source of a name.

        Raises
        ------
        InvalidInputError
            If there is none.
        """
        if name not in self._models:
            raise InvalidInputError(f"There is no source {name!r}.", hint=did_you_mean(name, self._models))
        return self._models[name]

    def predictions(self, X: Blocks) -> BlockValues:
        """Return what each source predicts for n described rows, shape (n, sources); the logarithm where learnt."""
        for name in self.blocks:
            if name not in X:
                raise InvalidInputError(
                    f"The source models read the block {name!r}, which is not here.", where="source models",
                    hint=f"Describe the subjects by {', '.join(self.blocks)}.",
                )  # fmt: skip
        columns = [model.learnt_mean(X) for model in self._models.values()]
        return BlockValues(np.column_stack(columns), BlockKind.PHYSICAL)

    def with_predictions(self, X: Blocks) -> dict[str, BlockValues]:
        """Return the blocks of X and `source_predictions`."""
        from polyloop.learn.transfer.affine import SOURCE_BLOCK

        return {**X, SOURCE_BLOCK: self.predictions(X)}

    def save(self, folder: str | Path) -> Path:
        """Write the library into a folder: an index, and a folder for each model; no pickle."""
        place = Path(folder)
        for i, model in enumerate(self._models.values()):
            model.save(place / f"source_{i}")
        content = {"format": _FORMAT, "names": list(self._models), "digest": self.digest}
        write_atomically(place / INDEX, json.dumps(content, indent=1) + "\n")
        return place

    @classmethod
    def load(cls, folder: str | Path) -> SourceLibrary:
        """Read what `save` wrote.

        Raises
        ------
        InvalidInputError
            If there is no library in the folder, or it is damaged.
        """
        place = Path(folder)
        try:
            content = json.loads((place / INDEX).read_text(encoding="utf-8"))
            names, digest, version = content["names"], content["digest"], content["format"]
        except FileNotFoundError as error:
            raise InvalidInputError(
                "There is no library of source models in this folder.", where=str(place),
                hint="Make one with: polyloop model study sources",
            ) from error  # fmt: skip
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInputError("The library is damaged.", where=str(place), hint="Train it anew.") from error
        library = cls({name: PropertyModel.load(place / f"source_{i}") for i, name in enumerate(names)})
        if version != _FORMAT or library.digest != digest:
            raise InvalidInputError("The library is damaged.", where=str(place), hint="Train it anew.")
        return library


def held_by(library: SourceLibrary, texts: Collection[str]) -> set[str]:
    """Return those of the texts, canonical, that some source has learnt from: it predicts them too well."""
    return set(texts) & library.subjects


def _is_log(name: str, values: Array) -> bool:
    known = PROPERTIES.get(name)
    invariant = known.invariant if known is not None else None
    return invariant is not None and not invariant.powers and invariant.applies(values)


def _is_usable(record: Record, kind: str) -> bool:
    request = record.request
    return (
        request.subject.kind == kind and request.conditions == type(request.conditions)() and record.value is not None
    )


def _canonical(texts: Collection[str], kind: str) -> set[str]:
    return {_spelled(text, kind) for text in texts}


def _spelled(text: str, kind: str) -> str:
    from polyloop.core import parse_subject

    try:
        return parse_subject(kind, text).text
    except InvalidInputError:
        return text
