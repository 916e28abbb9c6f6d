"""The n-gram model: how often each token followed each context, special contexts resting on general ones.

A context's word is its counts, each less a discount, and what was taken away is the word of the next more general
context (interpolated absolute discounting). So a context that was seen once does not dictate what it saw.

References
----------
Ikebata et al. (2017), doi:10.1007/s10822-016-0008-z, back off to the longest seen context instead. Discounting: Ney,
Essen & Kneser (1994), doi:10.1006/csla.1994.1001.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import numpy as np

from polyloop.design.language.contexts import Context, contexts_of, special_context
from polyloop.design.language.generator import Array, LanguageCard, TokenGenerator
from polyloop.design.language.grammar import Grammar, UnfinishedUnit
from polyloop.design.language.length_prior import length_prior
from polyloop.design.language.training_text import TrainingText, read_training_text
from polyloop.design.language.vocabulary import Token, TokenKind, Vocabulary

__all__ = ["NgramGenerator", "most_tokens", "ring_sizes"]

Counts = dict[Context, dict[int, float]]
# Weight of a uniform choice under all counts, so that nothing that the grammar allows is impossible.
_UNIFORM = 1e-4
_MOST_KEPT = 200_000
# No token and no mark of a context has this number.
_PADDING = -9


@dataclass(frozen=True, eq=False)
class NgramGenerator(TokenGenerator):
    """Repeat units by an n-gram model of tokens with ring and branch memory.

    Parameters
    ----------
    order
        Number of last tokens in the most special contexts.
    discount
        What is taken from each count, between 0 and 1.
    counts
        Of each context how often which token followed.
    """

    order: int = 4
    discount: float = 0.7
    counts: Mapping[Context, tuple[Array, Array]] = field(default_factory=dict, repr=False)
    _kept: dict[Context, Array] = field(default_factory=dict, init=False, repr=False)
    _words: dict[Context, tuple[Array, Array, float]] = field(default_factory=dict, init=False, repr=False)

    @classmethod
    def train(
        cls,
        smiles: Iterable[str],
        *,
        order: int = 4,
        discount: float = 0.7,
        lengths: bool = True,
        temperature: float = 1.0,
        seed: int = 0,
    ) -> NgramGenerator:
        """Learn from repeat units.

        Parameters
        ----------
        order, discount
            See the class. Chosen on half of PI1070 by the probability of units left out, and by how many were new.
        lengths
            Whether units are as long as those that taught: what is drawn is kept with a probability by its length.
        temperature
            Above 1 rare tokens are drawn more often; see `TokenGenerator`.
        seed
            Seed of the draws that this probability is found with.

        Raises
        ------
        InvalidInputError
            If fewer than two different units can be read.
        """
        text = read_training_text(smiles)
        settings = {"order": order, "discount": discount, "lengths": lengths}
        settings |= {"temperature": temperature, "seed": seed}
        model = replace(
            cls.of_text(text, order=order, discount=discount, settings=settings), temperature=temperature
        )  # fmt: skip
        return length_prior(model, text, np.random.default_rng(seed)) if lengths else model

    @classmethod
    def of_text(
        cls, text: TrainingText, *, order: int, discount: float, settings: dict[str, Any] | None = None
    ) -> NgramGenerator:
        """Count the tokens of a text, without the prior on length."""
        vocabulary = Vocabulary.of(chain.from_iterable(text.spellings))
        grammar = Grammar(vocabulary, ring_sizes(vocabulary, text), most_tokens(text))
        classes = tuple(text.class_counts)
        counts: Counts = defaultdict(dict)
        for spellings, name in zip(text.spellings, text.classes, strict=True):
            for spelling in spellings:
                _count(grammar, spelling, classes.index(name), order, 1.0 / len(spellings), counts)
        arrays = {context: (np.array(list(found)), np.array(list(found.values()))) for context, found in counts.items()}
        card = LanguageCard("ngram", len(text.units), text.sha256, text.left_out, text.class_counts, settings or {})
        return cls(grammar, card, classes, taught=text.digests, order=order, discount=discount, counts=arrays)

    def arrays(self) -> dict[str, Array]:
        """Return the counts as arrays; `of_arrays` is the inverse."""
        contexts = list(self.counts)
        width = max(len(context) for context in contexts)
        padded = np.full((len(contexts), width), _PADDING, dtype=np.int16)
        for row, context in enumerate(contexts):
            padded[row, : len(context)] = context
        found = list(self.counts.values())
        return {
            "contexts": padded,
            "sizes": np.array([len(tokens) for tokens, _ in found]),
            "tokens": np.concatenate([tokens for tokens, _ in found]),
            "often": np.concatenate([often for _, often in found]),
            "settings": np.array([self.order, self.discount]),
        }

    @classmethod
    def of_arrays(
        cls, grammar: Grammar, card: LanguageCard, classes: tuple[str, ...], arrays: Mapping[str, Array]
    ) -> NgramGenerator:
        """Make a model of what `arrays` returned."""
        ends = np.cumsum(arrays["sizes"])[:-1]
        found = zip(np.split(arrays["tokens"], ends), np.split(arrays["often"], ends), strict=True)
        rows = (tuple(int(part) for part in row if part != _PADDING) for row in arrays["contexts"])
        order, discount = arrays["settings"]
        return cls(
            grammar,
            card,
            classes,
            order=int(order),
            discount=float(discount),
            counts=dict(zip(rows, found, strict=True)),
        )

    def reader(self, classes: Array) -> _NgramReader:
        """Return what reads new units of these classes, shape (b,)."""
        return _NgramReader(self, np.asarray(classes))

    def weights(self, unit: UnfinishedUnit, polymer_class: int) -> Array:
        """Return the probability of each token before the grammar has its say, shape (v,)."""
        special = special_context(unit, self.order, polymer_class)
        known = self._kept.get(special)
        if known is not None:
            return known
        contexts = contexts_of(unit, self.order, polymer_class)
        size = len(self.grammar.vocabulary)
        weights = np.full(size, 1.0 / size)
        for place, context in enumerate(reversed(contexts)):
            if context not in self.counts:
                continue
            word = self._words.get(context)
            if word is None:
                word = self._words[context] = self._word(context, most_general=place == 0)
            tokens, said, share = word
            weights = weights * share
            weights[tokens] += said
        if len(self._kept) >= _MOST_KEPT:
            self._kept.clear()
        self._kept[special] = weights
        return weights

    def _word(self, context: Context, *, most_general: bool) -> tuple[Array, Array, float]:
        """Return the tokens that followed a context, what it says of them, and the share of more general contexts."""
        tokens, often = self.counts[context]
        total = float(often.sum())
        if most_general:
            return tokens, (1.0 - _UNIFORM) * often / total, _UNIFORM
        taken = self.discount * np.minimum(often, 1.0)
        return tokens, (often - taken) / total, float(taken.sum()) / total


class _NgramReader:
    """Reads units by their contexts alone, so that there is nothing to take note of."""

    def __init__(self, model: NgramGenerator, classes: Array) -> None:
        self.model, self.classes = model, classes

    def weights(self, units: Sequence[UnfinishedUnit]) -> Array:
        return np.array(
            [self.model.weights(unit, int(one)) for unit, one in zip(units, self.classes, strict=True)]
        )  # fmt: skip

    def advance(self, numbers: Sequence[int]) -> None:
        """Do nothing."""

    def keep(self, rows: Array) -> None:
        self.classes = self.classes[rows]


def _count(
    grammar: Grammar, spelling: Sequence[Token], polymer_class: int, order: int, weight: float, counts: Counts
) -> None:
    unit = grammar.start()
    for token in spelling:
        number = grammar.vocabulary.number[token]
        for context in contexts_of(unit, order, polymer_class):
            followed = counts[context]
            followed[number] = followed.get(number, 0.0) + weight
        unit.push(number)


def ring_sizes(vocabulary: Vocabulary, text: TrainingText) -> frozenset[int]:
    """Return the lengths of rings as the walks close them."""
    grammar = Grammar(vocabulary, frozenset())
    sizes: set[int] = set()
    for spelling in chain.from_iterable(text.spellings):
        unit = grammar.start()
        for token in spelling:
            if token.kind is TokenKind.CLOSURE:
                sizes.add(len(unit.ring_path(token.place)))
            unit.push(vocabulary.number[token])
    return frozenset(sizes)


def most_tokens(text: TrainingText) -> int:
    """Return the length of the longest spelling."""
    return max(len(spelling) for spelling in chain.from_iterable(text.spellings))
