"""Compositions: what the chains of a cell are made of, homopolymers, copolymers or a blend, and salt beside them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.chain import Chain, ChainUnit
from polyloop.chem.forcefield import ion
from polyloop.chem.topology import Topology
from polyloop.core.errors import InvalidInputError
from polyloop.simulate.cells.sequences import Arrangement, degree_for, mean_degree_for, sequence, share_out

__all__ = ["Composition", "describe_chains", "ion_pairs"]

# Thirds to three decimals add up to 0.999.
_SUM_TOLERANCE = 0.002


@dataclass(frozen=True)
class Composition:
    """What chains are made of: one unit; several in every chain (a copolymer); or one in each chain (a blend).

    Parameters
    ----------
    units
        The kinds of repeat units.
    arrangement
        Of several units along each chain; None for a homopolymer and for a blend.
    blend
        Whether each chain has units of one kind.
    fractions
        Share of each kind, with the sum 1, of a copolymer's units or of a blend's chains; equal ones when left out.

    Raises
    ------
    InvalidInputError
        If one unit is to be arranged or blended, several are neither or both, or the fractions are no shares.
    """

    units: tuple[ChainUnit, ...]
    arrangement: Arrangement | None = None
    blend: bool = False
    fractions: Sequence[float] | None = None

    def __post_init__(self) -> None:
        given = {"arrangement": self.arrangement, "blend": self.blend, "fractions": self.fractions}
        named = [name for name, value in given.items() if value is not None and value is not False]
        if len(self.units) == 1 and named:
            raise InvalidInputError(
                f"One repeat unit has no {named[0]}.", where=self.units[0].polymer.smiles,
                hint="Give two or more repeat units, or leave it out.",
            )  # fmt: skip
        if len(self.units) != 1 and (self.arrangement is not None) == self.blend:
            raise InvalidInputError(
                f"{len(self.units)} repeat units make either a copolymer or a blend.", where="arrangement",
                hint="Give an arrangement (alternating, random or block), or say that it is a blend, not both.",
            )  # fmt: skip
        if self.fractions is not None:
            _check_fractions(self.fractions, len(self.units))

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of each kind."""
        return (1.0,) * len(self.units) if self.fractions is None else tuple(self.fractions)

    def chains(
        self, n_chains: int, *, degree: int | None = None, n_atoms: int = 1000, seed: int = 0
    ) -> tuple[Chain, ...]:
        """Return the chains, those of one kind after the other.

        Each chain of a random copolymer has a sequence of its own, which depends on the seed and on the chain's place.

        Parameters
        ----------
        degree
            Units per chain.
        n_atoms
            Where there is no `degree`: atoms per chain, about.

        Raises
        ------
        InvalidInputError
            If the arrangement is unknown, or a kind would not occur at all.
        """
        if self.arrangement is None:
            counts = share_out(n_chains, self.shares)
            self._check_counts(counts, f"{n_chains} chains")
            kinds = [
                Chain(
                    (unit,), np.zeros(degree_for(unit, n_atoms) if degree is None else max(degree, 0), dtype=np.int64)
                )
                for unit in self.units
            ]
            return tuple(chain for chain, count in zip(kinds, counts, strict=True) for _ in range(count))
        n_units = mean_degree_for(self.units, self.shares, n_atoms) if degree is None else degree
        first = self._copolymer(self.arrangement, n_units, seed, 0)
        self._check_counts(np.bincount(first.sequence, minlength=len(self.units)), f"{n_units} units")
        if self.arrangement == "random":
            others = [self._copolymer(self.arrangement, n_units, seed, place) for place in range(1, n_chains)]
            return (first, *others)
        return (first,) * n_chains

    def _copolymer(self, arrangement: Arrangement, n_units: int, seed: int, place: int) -> Chain:
        # A child of the source that the chain's conformation is drawn from, and so independent of it.
        source = np.random.SeedSequence(seed, spawn_key=(place, 0))
        return Chain(self.units, sequence(arrangement, n_units, self.shares, np.random.default_rng(source)))

    def _check_counts(self, counts: NDArray[np.int64], of: str) -> None:
        for unit, count in zip(self.units, counts, strict=True):
            if not count:
                raise InvalidInputError(
                    f"Of {of} none would be {unit.polymer.smiles}.", where="fractions",
                    hint="Take more of them, or a larger fraction.",
                )  # fmt: skip


def ion_pairs(count: int) -> list[tuple[Topology, NDArray[np.float64]]]:
    """Return topology and positions, (1, 3), of `count` Na+ and as many Cl-, for the `others` of `build_cell`.

    Raises
    ------
    InvalidInputError
        If `count` is negative.
    """
    if count < 0:
        raise InvalidInputError(f"There are no {count} pairs of ions.", where="ions", hint="Give 0 or more.")
    return [(ion(name), np.zeros((1, 3))) for name in ("Na+", "Cl-") for _ in range(count)]


def describe_chains(chains: Sequence[Chain]) -> str:
    """Return in words how many chains there are of how many units, and of which where they are of several kinds."""
    groups = Counter(_units_of(chain) for chain in chains)
    plain = len({smiles for units in groups for smiles, _ in units}) == 1
    words = []
    for units, count in groups.items():
        text = f"{count} chains of {sum(number for _, number in units)} units"
        if len(units) > 1:
            text += f" ({', '.join(f'{number} {smiles}' for smiles, number in units)})"
        words.append(text if plain or len(units) > 1 else f"{text} {units[0][0]}")
    return ", ".join(words)


def _units_of(chain: Chain) -> tuple[tuple[str, int], ...]:
    counts = np.bincount(chain.sequence, minlength=len(chain.units)).tolist()
    return tuple((unit.polymer.smiles, count) for unit, count in zip(chain.units, counts, strict=True) if count)


def _check_fractions(fractions: Sequence[float], n_units: int) -> None:
    written = ", ".join(f"{fraction:g}" for fraction in fractions)
    if len(fractions) != n_units:
        raise InvalidInputError(
            f"{n_units} repeat units have as many fractions, not {len(fractions)} ({written}).", where="fractions"
        )
    if not all(fraction > 0 for fraction in fractions) or abs(sum(fractions) - 1.0) > _SUM_TOLERANCE:
        raise InvalidInputError(
            f"Fractions are larger than 0 and add up to 1; {written} add up to {sum(fractions):g}.", where="fractions",
            hint="Write e.g. 0.7,0.3.",
        )  # fmt: skip
