"""Keep a generator as a folder: a card that people read (JSON) and arrays, without pickle."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from polyloop.core import InvalidInputError, write_atomically
from polyloop.core.names import did_you_mean
from polyloop.design.language.generator import LanguageCard, TokenGenerator
from polyloop.design.language.grammar import Grammar
from polyloop.design.language.ngram import NgramGenerator
from polyloop.design.language.recurrent import RecurrentGenerator
from polyloop.design.language.vocabulary import Token, Vocabulary

__all__ = ["LANGUAGE_MODELS", "load_language", "save_language"]

LANGUAGE_MODELS: dict[str, type[NgramGenerator] | type[RecurrentGenerator]] = {
    "ngram": NgramGenerator,
    "recurrent": RecurrentGenerator,
}
_VERSION = 1
_CARD, _ARRAYS = "card.json", "model.npz"


def save_language(model: NgramGenerator | RecurrentGenerator, folder: Path) -> None:
    """Write a generator to `folder`."""
    stream = io.BytesIO()
    np.savez_compressed(stream, taught=np.array(sorted(model.taught)), **cast("dict[str, Any]", model.arrays()))
    content = {
        "polyloop_language": _VERSION,
        **asdict(model.card),
        "classes": model.card.classes,
        "class_order": list(model.classes),
        "tokens": [token.text for token in model.grammar.vocabulary.tokens],
        "ring_sizes": sorted(model.grammar.ring_sizes),
        "most_tokens": model.grammar.most_tokens,
        "temperature": model.temperature,
        "acceptance": list(model.acceptance),
    }
    write_atomically(folder / _ARRAYS, stream.getvalue())
    write_atomically(folder / _CARD, json.dumps(content, indent=1) + "\n")


def load_language(folder: Path) -> TokenGenerator:
    """Read what `save_language` wrote.

    Raises
    ------
    InvalidInputError
        If the folder holds no generator.
    """
    try:
        content = json.loads((folder / _CARD).read_text())
        with np.load(folder / _ARRAYS, allow_pickle=False) as file:
            arrays = {name: file[name] for name in file.files}
        taught = frozenset(str(digest) for digest in arrays.pop("taught"))
        method = content["method"]
        if method not in LANGUAGE_MODELS:
            raise InvalidInputError(
                f"There is no language model {method!r}.", where=str(folder), hint=did_you_mean(method, LANGUAGE_MODELS)
            )
        card = LanguageCard(
            method, content["n"], content["sha256"], tuple((text, why) for text, why in content["left_out"]),
            content["classes"], content["settings"], content["held_out"],
        )  # fmt: skip
        vocabulary = Vocabulary(tuple(Token.read(text) for text in content["tokens"]))
        grammar = Grammar(vocabulary, frozenset(content["ring_sizes"]), content["most_tokens"])
        model = LANGUAGE_MODELS[method].of_arrays(grammar, card, tuple(content["class_order"]), arrays)
        acceptance, temperature = tuple(content["acceptance"]), content["temperature"]
        return replace(model, acceptance=acceptance, temperature=temperature, taught=taught)
    except FileNotFoundError as error:
        raise InvalidInputError(
            "This folder holds no language model.", where=str(folder), hint="Make one: polyloop design train-language."
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        if isinstance(error, InvalidInputError):
            raise
        raise InvalidInputError(
            "The files of this language model are damaged.", where=str(folder), hint="Train it again."
        ) from error
