"""The prior on length: what is drawn is kept so often that lengths come out as those of the units that taught."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np

from polyloop.design.language.generator import Array, TokenGenerator
from polyloop.design.language.training_text import TrainingText

__all__ = ["length_prior"]

_DRAWS = 1000
# Width over which lengths are smoothed, as a share of the length, and the least probability of keeping a unit.
_WIDTH, _LEAST_KEPT = 0.15, 0.02
# Share of the ratios above which none counts: else one rare length would make all others be thrown away.
_CAP = 0.9

Model = TypeVar("Model", bound=TokenGenerator)


def length_prior(model: Model, text: TrainingText, rng: np.random.Generator) -> Model:
    """Return the model with the probabilities of keeping a unit, found from some draws without them."""
    wanted = np.array([len(spelling) for spellings in text.spellings for spelling in spellings])
    drawn = np.array(drawn_lengths(model, _DRAWS, rng))
    lengths = np.arange(model.grammar.most_tokens + 1)
    ratio = _density(wanted, lengths) / _density(drawn, lengths)
    kept = np.clip(ratio / np.quantile(ratio[np.clip(drawn, 0, len(ratio) - 1)], _CAP), _LEAST_KEPT, 1.0)
    return replace(model, acceptance=tuple(float(value) for value in kept))


def drawn_lengths(model: TokenGenerator, n: int, rng: np.random.Generator) -> list[int]:
    """Return numbers of tokens of units drawn without any prior."""
    units = [model.grammar.start() for _ in range(n)]
    model.complete(units, rng)
    return [len(unit.tokens) for unit in units]


def _density(found: Array, lengths: Array) -> Array:
    """Return a smooth density of lengths, with a little everywhere."""
    width = 1.0 + _WIDTH * lengths
    apart = (lengths[:, None] - found[None, :]) / width[:, None]
    return np.asarray(np.exp(-0.5 * apart**2).mean(axis=1) / width + 1e-6)
