"""Optics: refractive indices and Abbe number from the sample's density and quantum-chemical polarizabilities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from polyloop.chem import Polymer
from polyloop.core import Conditions
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.md.protocols.follow_up import Context, FollowUp
from polyloop.simulate.md.protocols.prerequisite import Prerequisite
from polyloop.simulate.optics.polarizability_scale import SCALE_2
from polyloop.simulate.optics.quick import check_scope, quick_optics

__all__ = ["FIRST_PREREQUISITE", "OPTICS", "SMOKE_OPTICS", "measure_optics"]

PROPERTIES = ("refractive_index", "refractive_index_F", "refractive_index_C", "abbe_number")


def measure_optics(context: Context) -> tuple[Estimate, ...]:
    """Return the optical constants at the mean density of the sample.

    Raises
    ------
    EvaluationError
        DENSITY where polarizability and density go together with no index.
    """
    from polyloop.simulate.md.analysis import density, optics_at_density

    quick = {estimate.property: estimate for estimate in context.prerequisite.estimates}
    sampled = density(context.sample.samples["density"])
    context.notes.update(_behind(quick, sampled))
    found = optics_at_density(quick, sampled, context.polymer.molar_mass)
    return tuple(found[name] for name in PROPERTIES)


def _behind(quick: Mapping[str, Estimate], sampled: Estimate) -> dict[str, Any]:
    """What the values come from, and what they would be at the density that the quantum-chemical protocol takes."""
    from polyloop.simulate.md.analysis import line_polarizabilities

    lines = ("static", "C", "D", "F")
    model, unit = quick["density"], quick["polarizability_D"]
    return {
        "density_g_cm3": sampled.value,
        "density_std": sampled.std,
        "model_density_g_cm3": model.value,
        "model_density_std": model.std,
        "polarizabilities_angstrom3": dict(zip(lines, line_polarizabilities(quick).tolist(), strict=True)),
        "polarizability_D_std": unit.std,
        "at_model_density": {name: [quick[name].value, quick[name].std] for name in PROPERTIES},
    }


def _polarizabilities(polymer: Polymer, seed: int) -> Estimates:
    # Of what the conditions change, the density, nothing is taken from here.
    return quick_optics(polymer, seed, Conditions())


def _first_polarizabilities(polymer: Polymer, seed: int) -> Estimates:
    return quick_optics(polymer, seed, Conditions(), scale=SCALE_2, caps="methyl")


OLIGOMERS = Prerequisite(
    name="oligomers",
    protocol="optics/quick@3",
    cost="polarizabilities of oligomers, a minute or a few on one core",
    check=check_scope,
    compute=_polarizabilities,
)
# Of md/optics@1; to repeat what it computed.
FIRST_PREREQUISITE = replace(
    OLIGOMERS,
    protocol="optics/quick@2",
    check=partial(check_scope, caps="methyl"),
    compute=_first_polarizabilities,
)

OPTICS = FollowUp(
    name="md/optics",
    version=2,
    description="Refractive indices and Abbe number from the density of the sample and polarizabilities by "
    "quantum chemistry.",
    recipe="md/standard@2",
    properties=PROPERTIES,
    stages=(),
    prerequisite=OLIGOMERS,
    function=measure_optics,
    time_limit=3600.0,
)

SMOKE_OPTICS = replace(
    OPTICS,
    name="md/optics-smoke",
    description="Sound polarizabilities, and the density of md/smoke, which means nothing.",
    recipe="md/smoke@1",
)
