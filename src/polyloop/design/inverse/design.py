"""InverseDesigner: the call that Python users and the command line make, and the designers by name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.design.inverse.chain_space import ChainSpace
from polyloop.design.inverse.designer import Designer, InverseCandidate, ranked, with_route
from polyloop.design.inverse.graph_genetic import GraphGeneticDesigner
from polyloop.design.inverse.oracle import Oracle
from polyloop.design.inverse.pair_genetic import PairGeneticDesigner
from polyloop.design.inverse.posterior import PosteriorDesigner
from polyloop.design.inverse.prior import DesignPrior
from polyloop.design.inverse.screening import RandomDesigner, ScreeningDesigner
from polyloop.design.inverse.string_sampler import StringDesigner
from polyloop.design.library import PolymerLibrary, StockMonomer, shipped_stock

__all__ = ["DESIGNERS", "DesignResult", "InverseDesigner", "make_designer"]

DESIGNERS = {
    "posterior": "sequential Monte Carlo over (rule, monomer, monomer) with a surrogate",
    "screening": "a surrogate screens a pool that is drawn from the library",
    "pair-ga": "genetic algorithm on (rule, monomer, monomer)",
    "graph-ga": "genetic algorithm on the graphs of repeat units; routes are looked for afterwards",
    "string-smc": "sequential Monte Carlo over strings with the n-gram model, as published for iQSPR",
    "random": "draws of the library",
}
"""What each method does, by its name."""


@dataclass(frozen=True)
class DesignResult:
    """What a design came to.

    Parameters
    ----------
    candidates
        The best, from the highest score to the lowest, each polymer once.
    calls
        Polymers that were predicted.
    in_range
        How many of these are predicted, with their error bars, to lie in all ranges rather than not.
    """

    candidates: tuple[InverseCandidate, ...]
    calls: int
    in_range: int


@dataclass(frozen=True, eq=False)
class InverseDesigner:
    """Finds polymers of wanted properties among those that can be made.

    Parameters
    ----------
    space
        The library to search, as states; `InverseDesigner.over` makes it of monomers.
    prior
        What is worth proposing.
    method
        A name of `DESIGNERS`.

    Raises
    ------
    InvalidInputError
        If there is no such method.

    Examples
    --------
    >>> from polyloop.design.inverse import InverseDesigner, Oracle, ProtocolPredictor, read_target
    >>> import numpy as np
    >>> oracle = Oracle([read_target("refractive_index=1.65:1.75")], [ProtocolPredictor()], calls=200)
    >>> result = InverseDesigner.over().design(oracle, np.random.default_rng(0), n=5)  # doctest: +SKIP
    """

    space: ChainSpace
    prior: DesignPrior = field(default_factory=DesignPrior)
    method: str = "posterior"

    def __post_init__(self) -> None:
        if self.method not in DESIGNERS:
            raise InvalidInputError(f"There is no method {self.method!r}.", hint=did_you_mean(self.method, DESIGNERS))

    @classmethod
    def over(
        cls,
        monomers: Sequence[StockMonomer] | None = None,
        *,
        prior: DesignPrior | None = None,
        method: str = "posterior",
        cache: Path | None = None,
    ) -> InverseDesigner:
        """Return a designer over all that monomers make (by default the shipped ones); `cache` as in `classify_stock`.

        Raises
        ------
        InvalidInputError
            If they make nothing, or there is no such method.
        """
        library = PolymerLibrary.from_monomers(shipped_stock() if monomers is None else monomers, cache=cache)
        return cls(ChainSpace(library), prior or DesignPrior(), method)

    def design(self, oracle: Oracle, rng: np.random.Generator, *, n: int = 20) -> DesignResult:
        """Spend the oracle's calls, and return the n best polymers."""
        proposals = make_designer(self.method, self.space, self.prior).search(oracle, rng)
        prices = {one.smiles: one.price for one in self.space.library.stock.stock if one.price is not None}
        best = with_route(ranked(oracle, proposals)[:n], prices)
        probable = sum(one.log_likelihood > np.log(0.5) for one in oracle.history)
        return DesignResult(tuple(best), len(oracle.history), probable)


def make_designer(name: str, space: ChainSpace, prior: DesignPrior) -> Designer:
    """Return the designer of a name of `DESIGNERS`, with its default options.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    if name == "string-smc":
        from polyloop.chem.library import homopolymers
        from polyloop.design.language import NgramGenerator

        return StringDesigner(NgramGenerator.train([row.smiles for row in homopolymers()]))
    makers = {
        "posterior": PosteriorDesigner, "screening": ScreeningDesigner, "pair-ga": PairGeneticDesigner,
        "graph-ga": GraphGeneticDesigner, "random": RandomDesigner,
    }  # fmt: skip
    if name not in makers:
        raise InvalidInputError(f"There is no method {name!r}.", hint=did_you_mean(name, DESIGNERS))
    made: Designer = makers[name](space, prior)
    return made
