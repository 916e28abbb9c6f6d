"""Generators of repeat units: one interface, and what all that write token by token share."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.design.language.grammar import Grammar, UnfinishedUnit
from polyloop.design.language.reading import other_cut, tokens_of, unit_graph
from polyloop.design.language.training_text import unit_digest

__all__ = ["LanguageCard", "Reader", "RepeatUnitGenerator", "TokenGenerator"]

Array = NDArray[Any]
_BATCH = 256
# Tail tokens that a proposal drops: Binomial(5, 1/2) and cut again with probability 0.2 in the paper; a repeat unit
# has a backbone that could be changed anywhere, so here the cut is another one each time.
_DROPPED = (10, 0.5)


@dataclass(frozen=True)
class LanguageCard:
    """What a model was made of.

    Parameters
    ----------
    method
        Registered name of the generator.
    n
        Number of repeat units that taught it.
    sha256
        Digest of their canonical texts, sorted.
    left_out
        Texts that could not be read as tokens, with the reason.
    classes
        Numbers of units by polymer class.
    settings
        Options of training.
    held_out
        Logarithm of the probability per token of units that did not teach, where some were held out.
    """

    method: str
    n: int
    sha256: str
    left_out: tuple[tuple[str, str], ...]
    classes: dict[str, int]
    settings: dict[str, Any]
    held_out: float | None = None


@runtime_checkable
class RepeatUnitGenerator(Protocol):
    """Who writes new repeat units."""

    @property
    def card(self) -> LanguageCard:
        """What it was made of."""
        ...

    def sample(self, n: int, *, rng: np.random.Generator, polymer_class: str | None = None) -> list[str]:
        """Return n repeat units as SMILES, drawn independently; some may be the same."""
        ...

    def log_probability(self, smiles: str) -> float:
        """Return the natural logarithm of the probability of writing a unit as it is written, head to tail."""
        ...

    def knows(self, canonical: str) -> bool:
        """Tell whether a unit (canonical SMILES) taught the model."""
        ...

    def propose(self, smiles: str, *, rng: np.random.Generator) -> str:
        """Return a neighbour of a unit: cut elsewhere, its last tokens dropped and written anew."""
        ...


class Reader(Protocol):
    """What a model knows of units that it is writing."""

    def weights(self, units: Sequence[UnfinishedUnit]) -> Array:
        """Return weights of the next token, shape (b, v), positive."""
        ...

    def advance(self, numbers: Sequence[int]) -> None:
        """Take note of the tokens that were added, one to each unit."""
        ...

    def keep(self, rows: Array) -> None:
        """Forget all units but these."""
        ...


@dataclass(frozen=True, eq=False)
class TokenGenerator(ABC):
    """A generator that writes token by token, under a grammar.

    Parameters
    ----------
    classes
        Names of polymer classes, whose numbers contexts hold.
    acceptance
        Probability of keeping a unit by its number of tokens (the last one for all longer): the prior on length.
    temperature
        Above 1 rare tokens are drawn more often, and units repeat less; below 1 the usual ones.
    taught
        Digests of the units that taught.
    """

    grammar: Grammar
    card: LanguageCard
    classes: tuple[str, ...]
    acceptance: tuple[float, ...] = field(default=(1.0,), repr=False)
    temperature: float = 1.0
    taught: frozenset[str] = field(default=frozenset(), repr=False)

    @abstractmethod
    def reader(self, classes: Array) -> Reader:
        """Return what reads new units of these classes, shape (b,)."""

    def sample(self, n: int, *, rng: np.random.Generator, polymer_class: str | None = None) -> list[str]:
        """Return n repeat units as SMILES, drawn independently; some may be the same.

        Parameters
        ----------
        polymer_class
            Class to write in the way of; None draws it for each unit as often as it taught. What comes out need not
            be of the class.

        Raises
        ------
        InvalidInputError
            If no unit of the class taught the model.
        """
        found: list[str] = []
        while len(found) < n:
            units = [self.grammar.start() for _ in range(min(_BATCH, n - len(found)))]
            self._complete(units, self._drawn_classes(len(units), polymer_class, rng), rng)
            for unit in units:
                if rng.random() < self.acceptance[min(len(unit.tokens), len(self.acceptance) - 1)]:
                    found.append(self.grammar.smiles(unit.tokens))
        return found

    def log_probability(self, smiles: str) -> float:
        """Return the natural logarithm of the probability of writing a unit as it is written, head to tail.

        Of the class, the mean over all; without the prior on length.

        Raises
        ------
        InvalidInputError
            If this is no repeat unit, or holds what the tokens do not say.
        """
        numbers = self._numbers(smiles)
        shares = np.array([self.card.classes[name] for name in self.classes], dtype=float)
        return float(np.logaddexp.reduce(self.log_probabilities(numbers) + np.log(shares / shares.sum())))

    def log_probabilities(self, numbers: Sequence[int]) -> Array:
        """Return the logarithm of the probability of tokens in each class, shape (k,)."""
        classes = np.arange(len(self.classes))
        reader = self.reader(classes)
        unit = self.grammar.start()
        total = np.zeros(len(classes))
        for number in numbers:
            allowed = self.grammar.allowed(unit)
            if not allowed[number]:
                return np.full(len(classes), -np.inf)
            weights = reader.weights([unit] * len(classes)) * allowed
            total += np.log(weights[:, number] / weights.sum(axis=1))
            unit.push(number)
            reader.advance([number] * len(classes))
        return total

    def knows(self, canonical: str) -> bool:
        """Tell whether a unit (canonical SMILES) taught the model."""
        return unit_digest(canonical) in self.taught

    def propose(self, smiles: str, *, rng: np.random.Generator) -> str:
        """Return a neighbour of a unit: cut elsewhere, its last tokens dropped and written anew.

        Raises
        ------
        InvalidInputError
            If this is no repeat unit, or holds what the tokens do not say.
        """
        graph = other_cut(unit_graph(smiles), rng)
        tokens = tokens_of(graph, backward=bool(rng.integers(2)), rng=rng)
        number = self.grammar.vocabulary.number
        dropped = 1 + int(rng.binomial(*_DROPPED))
        unit = self.grammar.start()
        for token in tokens[: max(0, len(tokens) - dropped)]:
            if token not in number or not self.grammar.allowed(unit)[number[token]]:
                break
            unit.push(number[token])
        self._complete([unit], self._drawn_classes(1, None, rng), rng)
        return self.grammar.smiles(unit.tokens)

    def complete(self, units: list[UnfinishedUnit], rng: np.random.Generator) -> None:
        """Write units to their ends, of classes drawn as often as they taught."""
        for first in range(0, len(units), _BATCH):
            part = units[first : first + _BATCH]
            self._complete(part, self._drawn_classes(len(part), None, rng), rng)

    def _numbers(self, smiles: str) -> list[int]:
        number = self.grammar.vocabulary.number
        tokens = tokens_of(unit_graph(smiles))
        if any(token not in number for token in tokens):
            raise InvalidInputError("The unit holds atoms that taught the model nothing.", where=repr(smiles))
        return [number[token] for token in tokens]

    def _drawn_classes(self, n: int, name: str | None, rng: np.random.Generator) -> Array:
        if name is not None:
            if name not in self.classes:
                raise InvalidInputError(
                    f"No unit of the class {name!r} taught the model.", hint=f"There are: {', '.join(self.classes)}."
                )
            return np.full(n, self.classes.index(name))
        shares = np.array([self.card.classes[one] for one in self.classes], dtype=float)
        return rng.choice(len(self.classes), size=n, p=shares / shares.sum())

    def _complete(self, units: list[UnfinishedUnit], classes: Array, rng: np.random.Generator) -> None:
        """Write units to their ends."""
        reader = self.reader(classes)
        for place in range(max(len(unit.tokens) for unit in units)):
            reader.advance([unit.tokens[place] for unit in units])
        while units:
            weights = reader.weights(units) ** (1.0 / self.temperature)
            weights = weights * np.array([self.grammar.allowed(unit) for unit in units])
            ends = np.cumsum(weights, axis=1)
            drawn = rng.random(len(units)) * ends[:, -1]
            numbers = np.minimum((ends <= drawn[:, None]).sum(axis=1), ends.shape[1] - 1)
            for unit, number in zip(units, numbers, strict=True):
                unit.push(int(number))
            going = np.array([not unit.finished for unit in units])
            reader.advance([int(number) for number in numbers])
            if not going.all():
                reader.keep(np.flatnonzero(going))
                units = [unit for unit in units if not unit.finished]
