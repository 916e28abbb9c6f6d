"""Inverse design as a source of candidates: a campaign's own surrogates say which chains are worth proposing."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError, content_key, write_atomically
from polyloop.core.csv_text import csv_text
from polyloop.core.errors import UnsupportedChemistryError
from polyloop.core.options import Option
from polyloop.design.generated.source import GeneratedSource, SourceInputs
from polyloop.design.inverse.annealing import TemperedDensity, anneal
from polyloop.design.inverse.chain_space import ChainSpace, States
from polyloop.design.inverse.improvement import log_improvement
from polyloop.design.inverse.prior import DesignPrior
from polyloop.design.library import LibraryPolymer, PolymerLibrary, read_stock, shipped_stock
from polyloop.design.objectives import Objective
from polyloop.design.sources import Observations
from polyloop.learn import Surrogate
from polyloop.learn.surrogate import take

__all__ = ["InverseSource"]

# Draws for each chain that is wanted, before the prior counts as ruling out all the rest.
_TRIES = 50


@dataclass(frozen=True, eq=False)
class InverseSource(GeneratedSource):
    """Chains of a library, carried from a prior to where the campaign's surrogates expect improvement.

    For each batch sequential Monte Carlo runs over (rule, monomer, monomer). The likelihood of a chain is the
    probability that it beats a member of the front of all that was observed (in ranges: that it lies in them), by the
    surrogates that the campaign has fitted. Of the chains that the particles visited, half of the pool are the most
    probable ones, the rest is drawn with the posterior's weights; the acquisition chooses from it. Each chain that a
    particle visits is described, so that quick blocks (`ecfp`) suit it.

    Parameters
    ----------
    space
        The library to search, as states.
    prior
        What is worth proposing.
    particles
        Size of the population.
    moves
        Metropolis steps after each resampling.

    Raises
    ------
    InvalidInputError
        If a number is out of range.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("particles", int, 100, "Size of the population of sequential Monte Carlo.", 10, 100_000),
        Option("moves", int, 1, "Metropolis steps after each resampling.", 1, 1_000),
        Option("makeability", float, 1.0, "Power to which the makeability of a chain enters the prior.", 0.0, 100.0),
        Option("most_price", float, None, "US$ of monomers for a kg of repeat unit; dearer chains are left out.", 1e-9),
    )
    takes: ClassVar[tuple[str, ...]] = ("monomers",)

    space: ChainSpace
    prior: DesignPrior = field(default_factory=DesignPrior)
    particles: int = 100
    moves: int = 1
    # How what was made in this process is made; no pick depends on it.
    _routes: dict[str, LibraryPolymer] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.particles < 10 or self.moves < 1:
            raise InvalidInputError("Inverse design needs ten particles, and a move.")

    @classmethod
    def read(cls, inputs: SourceInputs, **arguments: Any) -> Self:
        """Return the source over a table of monomers, or the shipped ones."""
        stock = shipped_stock() if inputs.monomers is None else read_stock(inputs.monomers)
        library = PolymerLibrary.from_monomers(stock, cache=inputs.cache)
        wishes = {name: arguments.pop(name) for name in ("makeability", "most_price") if name in arguments}
        return cls(ChainSpace(library), DesignPrior(**wishes), **arguments)

    @property
    def identity(self) -> str:
        """A digest of the monomers with their prices, and of the rules."""
        stock = [[one.smiles, one.price] for one in self.space.library.stock.stock]
        return content_key({"monomers": stock, "rules": [[one.rule.name, len(one)] for one in self.space.recipes]})

    def drawn(self, n: int, exclude: Collection[str], rng: np.random.Generator) -> list[str]:
        """Return draws of the prior."""
        taken, found = set(exclude), dict[str, None]()
        for _ in range(_TRIES):
            for state in self._prior_draws(n, rng):
                text = self._text(state)
                if text and text not in taken and self.admits(text):
                    found[text] = None
                    if len(found) == n:
                        return list(found)
        return list(found)

    def refreshed(
        self,
        models: Sequence[Surrogate],
        observations: Observations,
        objectives: Sequence[Objective],
        exclude: Collection[str],
        rng: np.random.Generator,
    ) -> list[str]:
        """Return chains that the particles visited, the most probable and drawn ones in turn."""
        visited = _Visited(self, models, observations, objectives)
        start = self._prior_draws(self.particles, rng)
        if not np.isfinite(visited.log_likelihood(start)).any():
            return self.drawn(self.size, exclude, rng)  # none of them can be described: there is nothing to go by
        anneal(start, TemperedDensity(self._log_prior, visited.log_likelihood), self.space.propose, rng,
               moves=self.moves)  # fmt: skip
        states, texts, likelihood = visited.chains(set(exclude))
        if not texts:
            return self.drawn(self.size, exclude, rng)
        posterior = likelihood + self._log_prior(states)
        best = np.argsort(-posterior, kind="stable")
        # The largest of log weight plus a Gumbel variable, in turn, are a sample without replacement.
        drawn = np.argsort(-(posterior + rng.gumbel(size=len(posterior))), kind="stable")
        turns = (texts[int(row)] for pair in zip(best, drawn, strict=True) for row in pair)
        return list(dict.fromkeys(turns))[: self.size]

    def origins(self, texts: Sequence[str]) -> dict[str, dict[str, str]]:
        """Return class, rule, monomers, price (US$/kg) and makeability of chains that were made here."""
        routes = {text: self._routes[text] for text in texts if text in self._routes}
        return {
            text: {
                "polymer_class": route.polymer_class.value, "rule": route.rule, "monomers": " + ".join(route.monomers),
                "price": "" if route.price is None else f"{route.price:g}", "makeability": f"{route.makeability:g}",
            }
            for text, route in routes.items()
        }  # fmt: skip

    def as_table(self, folder: Path) -> dict[str, Any]:
        """Return the table `[pool]`; the monomers are kept in a folder.

        Raises
        ------
        InvalidInputError
            If the prior says more than a campaign file can.
        """
        if self.prior != DesignPrior(self.prior.makeability, most_price=self.prior.most_price):
            raise InvalidInputError(
                "A campaign keeps of a prior makeability and most_price alone.", where="candidates",
                hint="Use the filters of [pool] for elements and sizes.",
            )  # fmt: skip
        stock = self.space.library.stock.stock
        rows = [[one.smiles, one.name, "" if one.price is None else repr(one.price)] for one in stock]
        path = folder / "monomers.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, csv_text(["smiles", "name", "price"], rows))
        table: dict[str, Any] = {"source": "inverse", "monomers": str(path), "size": self.size,
                                 "particles": self.particles, "moves": self.moves,
                                 "makeability": self.prior.makeability}  # fmt: skip
        return table | ({} if self.prior.most_price is None else {"most_price": self.prior.most_price})

    def describe(self) -> dict[str, Any]:
        """Return the monomers, rules and chains, and how a batch's pool is made."""
        return {"monomers": len(self.space.library.stock.stock), "rules": len(self.space.recipes),
                "chains": len(self.space), "size": self.size, "particles": self.particles, "moves": self.moves,
                "blocks": list(self.blocks)}  # fmt: skip

    def _log_prior(self, states: States) -> NDArray[np.float64]:
        return self.space.log_base(states) + self.prior.log_weight(self.space, states)

    def _prior_draws(self, n: int, rng: np.random.Generator) -> States:
        """Return n draws of the base measure that the prior does not rule out; fewer if it rules out nearly all."""
        found: list[States] = []
        for _ in range(_TRIES):
            states = self.space.draw(2 * n, rng)
            found.append(states[np.isfinite(self.prior.log_weight(self.space, states))])
            if sum(map(len, found)) >= n:
                break
        return np.concatenate(found)[:n]

    def _text(self, state: States) -> str:
        """Return the canonical text of a chain; empty where no SMILES can say it."""
        try:
            polymer = self.space.polymer(state)
        except UnsupportedChemistryError:
            return ""
        self._routes[polymer.smiles] = polymer
        return polymer.smiles


class _Visited:
    """The likelihood of each chain that the particles visited, by the campaign's surrogates."""

    def __init__(
        self,
        source: InverseSource,
        models: Sequence[Surrogate],
        observations: Observations,
        objectives: Sequence[Objective],
    ) -> None:
        self._source, self._models = source, models
        self._observed, self._objectives = observations.values[observations.complete], objectives
        self._texts: dict[bytes, str] = {}
        self._known: dict[str, float] = {"": -np.inf}

    def log_likelihood(self, states: States) -> NDArray[np.float64]:
        for state in states:
            if state.tobytes() not in self._texts:
                self._texts[state.tobytes()] = self._source._text(state)
        texts = [self._texts[state.tobytes()] for state in states]
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known.update(dict.fromkeys(new, -np.inf))
            admitted = [text for text in new if self._source.admits(text)]
            if admitted:
                self._known.update(self._assessed(admitted))
        return np.array([self._known[text] for text in texts])

    def chains(self, exclude: set[str]) -> tuple[States, list[str], NDArray[np.float64]]:
        """Return the visited chains that may be proposed, each text once: states, texts, log likelihoods."""
        first: dict[str, bytes] = {}
        for key, text in self._texts.items():
            if text not in exclude and np.isfinite(self._known.get(text, -np.inf)):
                first.setdefault(text, key)
        states = np.frombuffer(b"".join(first.values()), dtype=np.int64).reshape(-1, 4)
        return states, list(first), np.array([self._known[text] for text in first])

    def _assessed(self, texts: list[str]) -> dict[str, float]:
        table = self._source.described(texts, freely=True)
        rows = np.flatnonzero(table.valid)
        if not len(rows):
            return {}
        X = take(dict(table.described()), rows)
        predictions = [model.predict(X) for model in self._models]
        mean, std = (np.column_stack([getattr(one, name) for one in predictions]) for name in ("mean", "std"))
        found = log_improvement(mean, std, self._observed, self._objectives)
        return {texts[row]: float(value) for row, value in zip(rows, found, strict=True)}
