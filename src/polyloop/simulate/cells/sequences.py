"""Sequences: how many units a chain has, and which kind stands where in a copolymer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.chain import ChainUnit
from polyloop.core.errors import InvalidInputError

__all__ = ["Arrangement", "degree_for", "mean_degree_for", "sequence", "share_out"]

Arrangement = Literal["alternating", "random", "block"]
# Two methyl ends.
_ENDS = 8


def degree_for(unit: ChainUnit, n_atoms: int) -> int:
    """Return the degree of polymerization whose chain comes nearest to `n_atoms` atoms, ends included, at least 1."""
    return mean_degree_for([unit], [1.0], n_atoms)


def mean_degree_for(units: Sequence[ChainUnit], fractions: Sequence[float], n_atoms: int) -> int:
    """Return the same for a copolymer, by the mean size of its units; `fractions` as in `sequence`."""
    size = float(np.average([unit.n_atoms for unit in units], weights=fractions))
    return max(1, round((n_atoms - _ENDS) / size))


def share_out(total: int, fractions: Sequence[float]) -> NDArray[np.int64]:
    """Return whole numbers with the sum `total` that are nearest to the shares; the largest remainders are rounded up.

    Parameters
    ----------
    fractions
        Shares, of any sum.
    """
    shares = np.asarray(fractions, dtype=np.float64)
    exact = total * shares / shares.sum()
    counts: NDArray[np.int64] = np.floor(exact).astype(np.int64)
    counts[np.argsort(counts - exact, kind="stable")[: total - counts.sum()]] += 1
    return counts


def sequence(
    kind: Arrangement, n_units: int, fractions: Sequence[float], rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return the kind of each unit along a chain, shape (n_units,), for `Chain`.

    Parameters
    ----------
    kind
        `alternating`: 0, 1, ..., 0, 1, ...; `random`: the composition in random order; `block`: one block of each kind.
    fractions
        Share of each kind, of any sum, as `share_out` deals them out; for `alternating` all equal.

    Raises
    ------
    InvalidInputError
        If the arrangement is unknown, there is no unit, or the fractions cannot be shares.
    """
    shares = np.asarray(fractions, dtype=np.float64)
    if kind not in get_args(Arrangement):
        known = ", ".join(get_args(Arrangement))
        raise InvalidInputError(f"There is no arrangement {kind!r}.", where="arrangement", hint=f"Use {known}.")
    if n_units < 1:
        raise InvalidInputError(f"A chain has 1 or more units, not {n_units}.", where="n_units")
    if not shares.size or not np.isfinite(shares).all() or (shares < 0).any() or not shares.sum():
        raise InvalidInputError(f"{list(fractions)} are no shares.", where="fractions", hint="Write e.g. [0.5, 0.5].")
    if kind == "alternating":
        if np.ptp(shares):
            raise InvalidInputError("Units that alternate have equal shares.", where="fractions")
        return np.arange(n_units, dtype=np.int64) % len(shares)
    ordered = np.repeat(np.arange(len(shares), dtype=np.int64), share_out(n_units, fractions))
    return rng.permutation(ordered) if kind == "random" else ordered
