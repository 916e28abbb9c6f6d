"""How good what a generator wrote is: valid, unique, novel, and how far from real polymers, with confidence.

References
----------
The Frechet distance between Gaussians: Dowson & Landau (1982), doi:10.1016/0047-259X(82)90077-X. For molecules, on
the activations of a network: Preuer et al. (2018), doi:10.1021/acs.jcim.8b00234; here on descriptors that are no
network's, so that the numbers compare with each other and not with published ones.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.design.language.generator import Array
from polyloop.features import featurize

__all__ = ["DescriptorSpace", "Quality", "frechet_distance", "judge_samples"]

_COMPONENTS = 24
_LEAST = 2


@dataclass(frozen=True)
class Quality:
    """Shares of what was drawn.

    Parameters
    ----------
    n
        Number of units drawn.
    valid
        Share that are linear repeat units.
    unique
        Number of different polymers over that of valid units.
    novel
        Share of the different polymers that did not teach.
    """

    n: int
    valid: float
    unique: float
    novel: float


def judge_samples(drawn: Sequence[str], taught: Iterable[str]) -> tuple[Quality, list[str]]:
    """Return shares of valid, unique and novel units, and the different polymers in their order (canonical SMILES).

    Parameters
    ----------
    taught
        Canonical SMILES of the units that taught.
    """
    canonical = []
    for smiles in drawn:
        try:
            canonical.append(Polymer(smiles).canonical)
        except InvalidInputError:
            continue
    different, known = list(dict.fromkeys(canonical)), set(taught)
    novel = sum(text not in known for text in different)
    quality = Quality(
        len(drawn), len(canonical) / len(drawn), len(different) / max(len(canonical), 1),
        novel / max(len(different), 1),
    )  # fmt: skip
    return quality, different


@dataclass(frozen=True, eq=False)
class DescriptorSpace:
    """Principal components of the square roots of fragment counts of some real units.

    Fragments are those of the block `ecfp`, which knows the chain beyond a unit's ends; square roots keep long units
    from being all that counts.
    """

    mean: Array
    components: Array

    @classmethod
    def of(cls, units: Sequence[str], *, components: int = _COMPONENTS) -> DescriptorSpace:
        """Find the components of these units.

        Raises
        ------
        InvalidInputError
            If there are too few.
        """
        if len(units) <= components:
            raise InvalidInputError(f"{len(units)} units do not tell {components} components.")
        counts = np.sqrt(_counts(units))
        mean = counts.mean(axis=0)
        _, _, directions = np.linalg.svd(counts - mean, full_matrices=False)
        return cls(mean, directions[:components])

    def place(self, units: Sequence[str]) -> Array:
        """Return the places of units, shape (n, components)."""
        return np.asarray((np.sqrt(_counts(units)) - self.mean) @ self.components.T)


def _counts(units: Sequence[str]) -> Array:
    table = featurize(list(units), ("ecfp",), time_limit=None, memory_limit=None)
    return np.asarray(table.blocks["ecfp"], dtype=float)[table.valid]


def frechet_distance(
    first: Array, second: Array, *, rng: np.random.Generator, resamples: int = 200
) -> tuple[float, float, float]:
    """Return the squared Frechet distance of two samples, and the ends of its 95 % interval from bootstrap.

    Parameters
    ----------
    first, second
        Samples, shapes (n, d) and (m, d). The distance of finite samples is too large, the more so the smaller they
        are: compare samples of one size only.
    """
    if min(len(first), len(second)) < _LEAST:
        raise InvalidInputError("A distance needs two samples of at least two units.")
    found = [
        _distance(first[rng.integers(len(first), size=len(first))], second[rng.integers(len(second), size=len(second))])
        for _ in range(resamples)
    ]
    value = _distance(first, second)
    # Drawing with repetition makes samples look smaller, and so further apart: the shift is taken off (basic bootstrap
    # of the centre, the spread as it is).
    shift = float(np.mean(found)) - value
    low, high = np.quantile(found, [0.025, 0.975]) - shift
    return value, float(low), float(high)


def _distance(first: Array, second: Array) -> float:
    one, other = np.cov(first, rowvar=False), np.cov(second, rowvar=False)
    # The trace of the root of a product is that of the roots of its eigenvalues, which are real and not negative.
    roots = np.sqrt(np.clip(np.linalg.eigvals(one @ other).real, 0.0, None)).sum()
    apart = first.mean(axis=0) - second.mean(axis=0)
    return float(apart @ apart + np.trace(one) + np.trace(other) - 2.0 * roots)
