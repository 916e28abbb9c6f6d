"""Protocols of compositions and of the stability of crystals.

`crystal/composition@1` asks the model of formation energies, `crystal/composition_relax@1` predicts structures, relaxes
them and takes the lowest, `crystal/stability@1` relaxes a given structure; the last two compare it with known phases.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyloop.core import Conditions, EvaluationError, FailureCode
from polyloop.crystal.composition import Composition
from polyloop.crystal.named_files import named_phases, named_predictor, phases_digest, templates_and_phases_digest
from polyloop.crystal.relaxation.formation import DEFAULT_POTENTIALS
from polyloop.crystal.relaxation.protocol import check_scope, relaxed_crystal
from polyloop.crystal.relaxation.references import shipped_references
from polyloop.crystal.relaxed_guesses import lowest, relaxed_guesses
from polyloop.engines.potentials.registry import POTENTIALS
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.protocol import Protocol

if TYPE_CHECKING:
    from polyloop.crystal.structures.structure import CrystalStructure

__all__ = ["COMPOSITION_ENERGY", "COMPOSITION_RELAX", "CRYSTAL_STABILITY"]

_PREDICTED = ("formation_energy",)
_RELAXED = ("formation_energy", "hull_distance", "volume_per_atom")
# Structures that are relaxed for a composition: from templates of its ratio; by symmetry, where there is none.
_GUESSES, _SYMMETRY_GUESSES = 3, 10
_MOST_ATOMS = 40
# As for the relaxation of a given structure: docs/validation/crystal_structures.md.
_VOLUME_ERROR = 0.012
_NO_BETTER = "; that no lower structure was missed is not in it"


def predicted_composition(composition: Composition, seed: int, conditions: Conditions) -> Estimates:
    """Return the formation energy by the model that polyloop ships, of the Materials Project's scheme of 2018.

    Raises
    ------
    InvalidInputError
        If the model has never seen one of the elements.
    """
    from polyloop.crystal.formation_energy import FormationEnergyModel

    model = FormationEnergyModel.shipped()
    (energy,), (std,) = model.predict([composition])
    return Estimates(
        (Estimate("formation_energy", float(energy), float(std), "calibrated deviation of an ensemble of networks"),),
        settings={"source": model.source},
    )


def check_prediction(composition: Composition) -> None:
    """Raise what `predicted_composition` would."""
    from polyloop.crystal.formation_energy import FormationEnergyModel

    model = FormationEnergyModel.shipped()
    if not model.knows(composition):
        model.predict([composition])


def relaxed_composition(composition: Composition, seed: int, conditions: Conditions) -> Estimates:
    """Predict structures, relax them, and return what holds of the one with the lowest formation energy.

    Structures come from the templates that the setting POLYLOOP_TEMPLATES names: three from those of its ratio of
    elements; where there is none, ten by symmetry. The hull is that of the phases that POLYLOOP_PHASES names.

    Raises
    ------
    EvaluationError
        ELEMENT for an element without reference, UNSUPPORTED if no guess came out of the relaxation.
    ConfigurationError
        If a setting is missing.
    """
    check_elements(composition)
    predictor, phases = named_predictor(), named_phases()
    known = predictor.has_template(composition)
    method, most = ("substitution", _GUESSES) if known else ("symmetry", _SYMMETRY_GUESSES)
    guesses = predictor.predict(composition, most=most, method=method)
    best, failure = lowest(relaxed_guesses(guesses, _MOST_ATOMS))
    if best is None or best.relaxed is None or best.energy is None:
        raise EvaluationError(
            FailureCode.UNSUPPORTED, "structure prediction", f"None of {len(guesses)} guesses was relaxed: {failure}.",
            hint="Give more known structures.",
        )  # fmt: skip
    energy = best.energy
    volume = best.relaxed.structure.volume_per_atom
    found = phases.decompose(composition)
    return Estimates(
        (
            Estimate("formation_energy", energy.value, energy.std, energy.std_of + _NO_BETTER),
            Estimate("hull_distance", energy.value - found.energy, energy.std, energy.std_of + _NO_BETTER),
            Estimate("volume_per_atom", volume, _VOLUME_ERROR * volume, "spread of relaxed volumes" + _NO_BETTER),
        ),
        engines={key: value for name in DEFAULT_POTENTIALS for key, value in POTENTIALS[name].versions().items()},
        settings={
            "method": best.guess.method,
            "template": best.guess.template_formula,
            "guesses": len(guesses),
            "relaxed": best.relaxed.structure.canonical,
            "hull": dict(found.phases),
        },
    )


def check_elements(composition: Composition) -> None:
    """Raise the `EvaluationError` ELEMENT for an element that a potential has no reference for."""
    for name in DEFAULT_POTENTIALS:
        shipped_references(name).formation_energy(composition.elements, 0.0)


def stability_of_crystal(structure: CrystalStructure, seed: int, conditions: Conditions) -> Estimates:
    """Relax a structure as `crystal/relax@1` does, and compare its formation energy with that of known phases.

    Raises
    ------
    EvaluationError
        As `relaxed_crystal`.
    ConfigurationError
        If the setting POLYLOOP_PHASES is missing.
    """
    phases = named_phases()
    relaxed = relaxed_crystal(structure, seed, conditions)
    energy = next(one for one in relaxed.estimates if one.property == "formation_energy")
    found = phases.decompose(structure.composition)
    distance = Estimate("hull_distance", float(energy.value) - found.energy, energy.std, energy.std_of)
    return Estimates(
        (*relaxed.estimates, distance), engines=relaxed.engines,
        settings={**relaxed.settings, "hull": dict(found.phases)},
    )  # fmt: skip


COMPOSITION_ENERGY = Protocol(
    "crystal/composition", 1, "instant", _PREDICTED, "milliseconds, after a second of loading",
    "Formation energy from the composition alone, by an ensemble of attention networks with a calibrated error bar; "
    "that of the lowest structure, in the Materials Project's scheme of 2018.",
    predicted_composition, check_prediction, shared_errors=_PREDICTED, kinds=("composition",), time_limit=600.0,
)  # fmt: skip
COMPOSITION_RELAX = Protocol(
    "crystal/composition_relax", 1, "quick", _RELAXED, "10 s on one core with a template, a minute without",
    "Structures predicted from known ones, or by symmetry where none has the ratio, relaxed by CHGNet; of the lowest "
    "the formation energy (mean of CHGNet and SevenNet-0) and the distance from the hull of known phases.",
    relaxed_composition, check_elements, shared_errors=_RELAXED, kinds=("composition",),
    inputs=templates_and_phases_digest,
)  # fmt: skip
CRYSTAL_STABILITY = Protocol(
    "crystal/stability", 1, "quick", _RELAXED, "as crystal/relax",
    "As crystal/relax@1, and the distance of the formation energy from the hull of known phases.",
    stability_of_crystal, check_scope, on_request=True, shared_errors=_RELAXED, kinds=("crystal",),
    inputs=phases_digest,
)  # fmt: skip
