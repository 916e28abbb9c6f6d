"""Protocol `crystal/relax@1`: a structure relaxed by CHGNet, its formation energy by CHGNet and SevenNet."""

from __future__ import annotations

from polyloop.core import Conditions, EvaluationError, FailureCode
from polyloop.crystal.relaxation.formation import DEFAULT_POTENTIALS, formation_energy
from polyloop.crystal.relaxation.references import shipped_references
from polyloop.crystal.relaxation.relax import relax
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.engines.potentials.registry import POTENTIALS
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.protocol import Protocol

__all__ = ["CRYSTAL_RELAX", "PROPERTIES", "check_scope", "relaxed_crystal"]

PROPERTIES = ("formation_energy", "volume_per_atom")
_RELAXED_BY = "chgnet"
# What volumes relaxed by CHGNet differ by from calculated ones, as a part of the volume; 90 % lie within 2 %:
# docs/validation/crystal_structures.md.
_VOLUME_ERROR = 0.012


def relaxed_crystal(structure: CrystalStructure, seed: int, conditions: Conditions) -> Estimates:
    """Relax a structure, and return its formation energy and its volume per atom.

    Raises
    ------
    EvaluationError
        ELEMENT or BLOWN_UP, with the reason; NOT_EQUILIBRATED if the forces have not fallen below the limit.
    """
    check_scope(structure)
    relaxed = relax(structure, _RELAXED_BY)
    if not relaxed.converged:
        raise EvaluationError(
            FailureCode.NOT_EQUILIBRATED, "relaxation",
            f"The forces are still above the limit after {relaxed.steps} steps.",
            hint="Begin from another structure; this one is far from a minimum.",
        )  # fmt: skip
    energy = formation_energy(relaxed.structure)
    volume = relaxed.structure.volume_per_atom
    return Estimates(
        estimates=(
            Estimate("formation_energy", energy.value, energy.std, energy.std_of),
            Estimate(
                "volume_per_atom",
                volume,
                _VOLUME_ERROR * volume,
                f"spread of volumes by {_RELAXED_BY} about calculated ones",
            ),
        ),
        engines={key: value for name in DEFAULT_POTENTIALS for key, value in POTENTIALS[name].versions().items()},
        settings={
            "steps": relaxed.steps,
            "relaxed": relaxed.structure.canonical,
            "gained": (relaxed.start_energy - relaxed.energy) / len(structure),
            **{f"formation energy by {name}": value for name, value in energy.by_potential.items()},
        },
    )


def check_scope(structure: CrystalStructure) -> None:
    """Raise the `EvaluationError` ELEMENT for an element that a potential has no reference for."""
    for name in DEFAULT_POTENTIALS:
        shipped_references(name).formation_energy(structure.symbols, 0.0)


CRYSTAL_RELAX = Protocol(
    "crystal/relax", 1, "quick", PROPERTIES, "a second or a few on one core for cells of up to 20 atoms",
    "Cell and atoms relaxed by CHGNet; formation energy as the mean of CHGNet and SevenNet-0 at the relaxed structure, "
    "with fitted elemental references, in the Materials Project's scheme of 2020.",
    relaxed_crystal, check_scope, shared_errors=PROPERTIES, kinds=("crystal",),
)  # fmt: skip
