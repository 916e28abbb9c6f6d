"""How monomers follow one another along a chain of the terminal model: triads, run lengths, blockiness."""

from __future__ import annotations

from dataclasses import dataclass

from polyloop.process.kinetics.composition import check_ratios, copolymer_composition

__all__ = ["SequenceStatistics", "sequence_statistics"]


@dataclass(frozen=True)
class SequenceStatistics:
    """Of the copolymer that forms at one composition of the monomers.

    Parameters
    ----------
    composition
        F1, the mole fraction of monomer 1 in the copolymer.
    stay
        P11 and P22, the probabilities that a monomer follows one of its own kind.
    run_lengths
        Mean number of monomers 1, and of monomers 2, in a row.
    triads
        Of all triads around a monomer 1: 111, 112 or 211, 212; and around a monomer 2: 222, 221 or 122, 121.
    blockiness
        P11 + P22 - 1: -1 alternating, 0 random, 1 two blocks.
    """

    composition: float
    stay: tuple[float, float]
    run_lengths: tuple[float, float]
    triads: tuple[tuple[float, float, float], tuple[float, float, float]]
    blockiness: float


def sequence_statistics(f1: float, r1: float, r2: float) -> SequenceStatistics:
    """Return how monomers follow one another in the copolymer that forms at f1, strictly between 0 and 1.

    Reference: Odian, Principles of Polymerization, 4th ed. (2004), section 6-2d, doi:10.1002/047147875X.
    """
    check_ratios(r1, r2)
    f2 = 1.0 - f1
    p11, p22 = r1 * f1 / (r1 * f1 + f2), r2 * f2 / (r2 * f2 + f1)
    return SequenceStatistics(
        float(copolymer_composition(f1, r1, r2)),
        (p11, p22),
        (1.0 / (1.0 - p11), 1.0 / (1.0 - p22)),
        (_triads(p11), _triads(p22)),
        p11 + p22 - 1.0,
    )


def _triads(stay: float) -> tuple[float, float, float]:
    return stay**2, 2 * stay * (1 - stay), (1 - stay) ** 2
