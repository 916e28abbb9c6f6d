"""The folder of a kept model: model.json, training.npz and surrogate.npz; no pickle, nothing that runs when read."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import ConfigurationError, InvalidInputError, write_atomically
from polyloop.features import FeatureTable
from polyloop.features.block import block_tag, get_block
from polyloop.learn.covariance import HyperParameters
from polyloop.learn.model_card import ModelCard
from polyloop.learn.state import State
from polyloop.learn.surrogate import Array

__all__ = ["KeptModel", "digest_of", "read_model", "write_model"]

_FORMAT = 2
# Wrote the hyper-parameters of a Gaussian process into model.json, and no surrogate.npz.
_FORMER = 1


@dataclass(frozen=True, eq=False)
class KeptModel:
    """What stands in a folder.

    Parameters
    ----------
    y, noise
        Values and their known variances, shape (n,).
    state
        What the surrogate has learnt; None in a folder of the former format.
    parameters
        Hyper-parameters of the Gaussian process of the former format.
    """

    card: ModelCard
    table: FeatureTable
    y: Array
    noise: Array | None
    state: State | None
    parameters: HyperParameters | None = None


def digest_of(table: FeatureTable, y: Array) -> str:
    """Return a digest of which subjects have which values."""
    rows = sorted(zip(table.polymers, y.tolist(), strict=True))
    return sha256(json.dumps(rows).encode()).hexdigest()


def write_model(place: Path, kept: KeptModel) -> None:
    """Write a model into a folder, which is made if absent; model.json, which vouches for the others, comes last.

    Raises
    ------
    OSError
        If the folder cannot be written; each file is written whole or not at all.
    """
    place.mkdir(parents=True, exist_ok=True)
    kept.table.save(place / "training.npz")
    stream = io.BytesIO()
    np.savez_compressed(stream, allow_pickle=False, **dict(kept.state or {}))
    write_atomically(place / "surrogate.npz", stream.getvalue())
    content = {
        "format": _FORMAT,
        "card": kept.card.to_dict(),
        "values": kept.y.tolist(),
        "noise_variance": None if kept.noise is None else [None if np.isnan(v) else v for v in kept.noise],
        "surrogate": sha256(stream.getvalue()).hexdigest(),
    }
    write_atomically(place / "model.json", json.dumps(content, indent=1, allow_nan=True) + "\n")


def read_model(place: Path) -> KeptModel:
    """Read what `write_model` wrote.

    Raises
    ------
    InvalidInputError
        If there is no model in the folder, it is damaged, or its descriptors are of other versions than here.
    """
    damaged = InvalidInputError(
        "The model is damaged, or of another version of polyloop.", where=str(place / "model.json"),
        hint="Train it anew.",
    )  # fmt: skip
    try:
        content = json.loads((place / "model.json").read_text(encoding="utf-8"))
        card = ModelCard.of_dict(content["card"])
        y = np.array(content["values"], dtype=float)
        given = content["noise_variance"]
        noise = None if given is None else np.array([np.nan if value is None else value for value in given])
        state, parameters = _learnt(place, content)
    except FileNotFoundError as error:
        if error.filename == str(place / "model.json"):
            raise InvalidInputError(
                "There is no model in this folder.", where=str(place), hint="Make one with: polyloop model train"
            ) from error
        raise damaged from error
    except (ValueError, KeyError, TypeError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        raise damaged from error
    if not (place / "training.npz").is_file():
        raise damaged
    table = FeatureTable.load(place / "training.npz")
    if digest_of(table, y) != card.data:
        raise damaged
    _check_blocks(card, place)
    return KeptModel(card, table, y, noise, state, parameters)


def _learnt(place: Path, content: dict[str, Any]) -> tuple[State | None, HyperParameters | None]:
    if content["format"] == _FORMER:
        told = content["parameters"]
        lengths = tuple(np.array(scale, dtype=float) for scale in told["length_scales"])
        return None, HyperParameters(tuple(told["variances"]), lengths, told["noise"], told["log_likelihood"])
    if content["format"] != _FORMAT:
        raise ValueError(content["format"])
    bytes_read = (place / "surrogate.npz").read_bytes()
    if sha256(bytes_read).hexdigest() != content["surrogate"]:
        raise ValueError(place / "surrogate.npz")
    with np.load(io.BytesIO(bytes_read), allow_pickle=False) as archive:
        arrays: dict[str, NDArray[Any]] = {name: archive[name] for name in archive.files}
    return arrays, None


def _check_blocks(card: ModelCard, place: Path) -> None:
    for tag in card.blocks:
        name = tag.partition("@")[0]
        try:
            now = block_tag(get_block(name))
        except ConfigurationError:
            now = "absent"
        if now != tag:
            raise InvalidInputError(
                f"The model was trained on the descriptors {tag}; here they are {now}.",
                where=str(place),
                hint="Train it anew, or use the versions that it was made with.",
            )
