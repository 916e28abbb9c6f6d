"""A small recurrent network that writes repeat units, behind the interface of the n-gram model.

References
----------
Segler et al. (2018), doi:10.1021/acscentsci.7b00512; gated recurrent units: Cho et al. (2014), arXiv:1406.1078.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from polyloop.design.language.generator import Array, LanguageCard, TokenGenerator
from polyloop.design.language.grammar import Grammar, UnfinishedUnit
from polyloop.design.language.length_prior import length_prior
from polyloop.design.language.ngram import most_tokens, ring_sizes
from polyloop.design.language.training_text import TrainingText, read_training_text
from polyloop.design.language.vocabulary import Vocabulary

if TYPE_CHECKING:
    from polyloop.design.language.recurrent_network import RecurrentNetwork

__all__ = ["RecurrentGenerator"]


@dataclass(frozen=True, eq=False)
class RecurrentGenerator(TokenGenerator):
    """Repeat units by gated recurrent units, under the same grammar.

    Parameters
    ----------
    network
        1.4 million parameters at the width of 384.
    """

    network: RecurrentNetwork | None = None

    @classmethod
    def train(
        cls,
        smiles: Iterable[str],
        *,
        epochs: int = 30,
        width: int = 384,
        lengths: bool = True,
        temperature: float = 1.0,
        seed: int = 0,
    ) -> RecurrentGenerator:
        """Learn from repeat units; a tenth is held out, and the epoch that says it best is kept.

        Parameters
        ----------
        lengths, temperature
            As for the n-gram model.
        width
            Numbers by which the network remembers what is written.

        Raises
        ------
        InvalidInputError
            If fewer than two different units can be read.
        """
        from polyloop.design.language.recurrent_network import trained

        text = read_training_text(smiles)
        vocabulary = Vocabulary.of(chain.from_iterable(text.spellings))
        grammar = Grammar(vocabulary, ring_sizes(vocabulary, text), most_tokens(text))
        classes = tuple(text.class_counts)
        rows = [
            [([vocabulary.number[token] for token in spelling], classes.index(name)) for spelling in spellings]
            for spellings, name in zip(text.spellings, text.classes, strict=True)
        ]
        network, held_out = trained(rows, len(vocabulary), len(classes), width=width, epochs=epochs, seed=seed)
        settings = {"epochs": epochs, "width": width, "lengths": lengths, "temperature": temperature, "seed": seed}
        card = _card(text, settings, held_out)
        model = cls(grammar, card, classes, temperature=temperature, taught=text.digests, network=network)
        return length_prior(model, text, np.random.default_rng(seed)) if lengths else model

    def arrays(self) -> dict[str, Array]:
        """Return the weights as arrays; `of_arrays` is the inverse."""
        return {} if self.network is None else {name: one.numpy() for name, one in self.network.state_dict().items()}

    @classmethod
    def of_arrays(
        cls, grammar: Grammar, card: LanguageCard, classes: tuple[str, ...], arrays: Mapping[str, Array]
    ) -> RecurrentGenerator:
        """Make a model of what `arrays` returned."""
        from polyloop.design.language.recurrent_network import restored

        network = restored(arrays, len(grammar.vocabulary), len(classes), card.settings["width"])
        return replace(cls(grammar, card, classes), network=network)

    def reader(self, classes: Array) -> _RecurrentReader:
        """Return what reads new units of these classes, shape (b,)."""
        return _RecurrentReader(self.network, np.asarray(classes))


class _RecurrentReader:
    """Keeps what the network remembers of units, and what it says of their next tokens."""

    def __init__(self, network: Any, classes: Array) -> None:
        self.network, self.classes = network, classes
        self.said, self.memory = network.begin(classes)

    def weights(self, units: Sequence[UnfinishedUnit]) -> Array:
        return np.asarray(self.said)

    def advance(self, numbers: Sequence[int]) -> None:
        self.said, self.memory = self.network.step(np.asarray(numbers), self.memory)

    def keep(self, rows: Array) -> None:
        self.said, self.memory = self.said[rows], self.memory[:, rows]
        self.classes = self.classes[rows]


def _card(text: TrainingText, settings: dict[str, Any], held_out: float) -> LanguageCard:
    return LanguageCard(
        "recurrent", len(text.units), text.sha256, text.left_out, text.class_counts, settings, held_out
    )  # fmt: skip
