"""The guesses of a composition's structure, relaxed, and the lowest of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from polyloop.core.errors import EvaluationError
from polyloop.crystal.relaxation.formation import FormationEnergy, formation_energy
from polyloop.crystal.relaxation.relax import RelaxedStructure, relax
from polyloop.crystal.substitution.predict import StructurePrediction

__all__ = ["RelaxedGuess", "lowest", "relaxed_guesses"]

_TOO_LARGE = "no guess has few enough atoms"


@dataclass(frozen=True)
class RelaxedGuess:
    """A guess and what became of it.

    Parameters
    ----------
    relaxed, energy
        None where the relaxation failed.
    failure
        Why it did.
    """

    guess: StructurePrediction
    relaxed: RelaxedStructure | None = None
    energy: FormationEnergy | None = None
    failure: str = ""


def relaxed_guesses(guesses: Iterable[StructurePrediction], most_atoms: int) -> Iterator[RelaxedGuess]:
    """Relax guesses one after the other by CHGNet; energies are the mean of CHGNet and SevenNet.

    Parameters
    ----------
    most_atoms
        Larger cells are passed over.
    """
    for guess in guesses:
        if len(guess.structure) > most_atoms:
            yield RelaxedGuess(guess, failure=_TOO_LARGE)
            continue
        try:
            relaxed = relax(guess.structure)
            yield RelaxedGuess(guess, relaxed, formation_energy(relaxed.structure))
        except EvaluationError as error:
            yield RelaxedGuess(guess, failure=str(error))


def lowest(found: Iterable[RelaxedGuess]) -> tuple[RelaxedGuess | None, str]:
    """Return the guess of lowest formation energy; where there is none, the last reason."""
    best: RelaxedGuess | None = None
    failure = _TOO_LARGE
    for one in found:
        if one.energy is None:
            failure = failure if one.failure == _TOO_LARGE else one.failure
        elif best is None or best.energy is None or one.energy.value < best.energy.value:
            best = one
    return best, "" if best is not None else failure
