"""polyloop's own protocols, a row for each. Changing what one yields changes its version."""

from __future__ import annotations

from functools import partial

from polyloop.features.quantum_descriptors import QMEX_PROPERTIES
from polyloop.simulate.md.protocols import recipes
from polyloop.simulate.md.protocols.diffusion import DIFFUSION
from polyloop.simulate.md.protocols.follow_up import FollowUp
from polyloop.simulate.md.protocols.glass import GLASS
from polyloop.simulate.md.protocols.ions import IONS
from polyloop.simulate.md.protocols.mechanics import MECHANICS
from polyloop.simulate.md.protocols.optics import OPTICS
from polyloop.simulate.md.protocols.table import FIRST_VERSIONS
from polyloop.simulate.md.protocols.thermal import THERMAL
from polyloop.simulate.md.run import workflow
from polyloop.simulate.md.run.estimates import PROPERTIES as MD_PROPERTIES
from polyloop.simulate.md.run.estimates import SHARED_ERRORS as MD_SHARED_ERRORS
from polyloop.simulate.optics import instant, mixing
from polyloop.simulate.optics import quick as optics
from polyloop.simulate.optics.kept import kept_quick_optics
from polyloop.simulate.optics.polarizability_scale import SCALE_1, SCALE_2
from polyloop.simulate.protocol import Protocol
from polyloop.simulate.qmex import quick as qmex
from polyloop.simulate.qmex import standard as qmex_standard

__all__ = ["TABLE"]


def _molecular_dynamics(recipe: recipes.Recipe, level: str, cost: str) -> Protocol:
    return Protocol(
        recipe.name, recipe.version, level, MD_PROPERTIES, cost, recipe.description,
        partial(workflow.simulate_polymer, recipe.protocol_id), partial(workflow.check_scope, recipe.protocol_id),
        conditions=_STATE, time_limit=recipe.time_limit,
        shared_errors=MD_SHARED_ERRORS, kinds=_CHAINS,
    )  # fmt: skip


def _follow_up(one: FollowUp, level: str, cost: str, shared_errors: tuple[str, ...] = ()) -> Protocol:
    return Protocol(
        one.name, one.version, level, one.properties, cost, one.description,
        partial(workflow.follow_up_polymer, one.protocol_id), partial(workflow.check_scope, one.protocol_id),
        conditions=_STATE,
        time_limit=recipes.get_recipe(one.recipe).time_limit + one.time_limit, on_request=True,
        shared_errors=shared_errors, kinds=("polymer",) if one.prerequisite else _CHAINS,
        goes_on_from=(one.recipe, *([one.prerequisite.protocol] if one.prerequisite else [])),
    )  # fmt: skip


# What molecular dynamics is run at.
_STATE = ("temperature", "pressure")
_CHAINS = ("polymer", "copolymer")
# What stands first of a level's protocols for a property is what the level names: the newest of several versions.
TABLE = (
    Protocol(
        "optics/instant", 2, "instant", instant.PROPERTIES, "tens of milliseconds on one core",
        "Refractive index from the DFT-D4 static polarizability and the packing model of the density.",
        instant.instant_optics, instant.check_scope, shared_errors=instant.PROPERTIES,
    ),
    Protocol(
        "optics/quick", 3, "quick", optics.PROPERTIES, "a minute or a few on one core",
        "Refractive indices and Abbe number from linear-response quantum chemistry on capped oligomers.",
        optics.quick_optics, optics.check_scope, shared_errors=optics.PROPERTIES,
    ),
    Protocol(
        "optics/quick", 2, "quick", optics.PROPERTIES, "a minute or a few on one core",
        "As version 3, with methyl caps on all chains and the scale of that time; to repeat what it computed.",
        partial(optics.quick_optics, scale=SCALE_2, caps="methyl"), partial(optics.check_scope, caps="methyl"),
        shared_errors=optics.PROPERTIES,
    ),
    Protocol(
        "optics/quick", 1, "quick", optics.PROPERTIES, "a minute or a few on one core",
        "As version 2, with the first scale of the polarizabilities; to repeat what it computed.",
        partial(optics.quick_optics, scale=SCALE_1, caps="methyl"), partial(optics.check_scope, caps="methyl"),
        shared_errors=optics.PROPERTIES,
    ),
    Protocol(
        "qmex/quick", 1, "quick", QMEX_PROPERTIES, "a quarter of a minute on one core",
        "The 22 QMex descriptors (doi:10.1038/s41524-023-01194-2) of a methyl-capped oligomer, or of a molecule, in "
        "its conformer of lowest energy by GFN2-xTB: ions by IPEA1-xTB, polarizability by DFT-D4, charges corrected "
        "towards the electrostatic potential, solvents by ALPB.",
        qmex.quick_descriptors, qmex.check_scope, on_request=True, kinds=("polymer", "molecule"),
    ),
    Protocol(
        "qmex/standard", 1, "standard", QMEX_PROPERTIES, "some minutes on one core",
        "The 22 QMex descriptors with orbitals, ions, dipole, polarizability, charges, bond orders, extent, volume and "
        "gas-phase energies by B3LYP/6-31+G(d) at the geometry of qmex/quick@1, vibrations and solvents as there.",
        qmex_standard.standard_descriptors, qmex_standard.check_scope, on_request=True, time_limit=4 * 3600.0,
        kinds=("polymer", "molecule"),
    ),
    Protocol(
        "optics/mixing_instant", 1, "instant", mixing.INSTANT_PROPERTIES, "tens of milliseconds for each unit",
        "Refractive index and density of a copolymer or blend from optics/instant@2 of its units, by additive molar "
        "refraction and volume.",
        partial(mixing.copolymer_optics, of_unit=instant.instant_optics),
        partial(mixing.check_scope, check_unit=instant.check_scope),
        shared_errors=mixing.INSTANT_PROPERTIES, kinds=("copolymer",),
    ),
    Protocol(
        "optics/mixing", 1, "quick", mixing.QUICK_PROPERTIES, "a minute or a few on one core for each unit",
        "Refractive indices, Abbe number and density of a copolymer or blend from optics/quick@3 of its units, by "
        "additive molar refraction and volume. What a unit yields is kept for other copolymers of it.",
        partial(mixing.copolymer_optics, of_unit=kept_quick_optics),
        partial(mixing.check_scope, check_unit=optics.check_scope),
        shared_errors=mixing.QUICK_PROPERTIES, kinds=("copolymer",),
    ),
    _molecular_dynamics(recipes.STANDARD, "standard", "an hour on two cores, minutes on a GPU"),
    _molecular_dynamics(recipes.STANDARD_1, "standard", "an hour on two cores, minutes on a GPU"),
    _follow_up(THERMAL, "standard", "a quarter of an hour on two cores after md/standard, which it starts from"),
    _follow_up(MECHANICS, "standard", "a quarter of an hour on two cores after md/standard, which it starts from"),
    _follow_up(GLASS, "standard", "half an hour on two cores after md/standard, which it starts from"),
    _follow_up(IONS, "standard", "three quarters of an hour on two cores after md/standard, which it starts from"),
    _follow_up(
        OPTICS, "standard", "a minute or a few on one core beside md/standard, whose density it takes",
        shared_errors=OPTICS.properties,
    ),
    _follow_up(DIFFUSION, "standard", "half an hour on two cores after md/standard, which it starts from"),
    *(
        _follow_up(
            one, "standard", f"as {one.name}@2, from md/standard@1", one.properties if one.prerequisite else ()
        )
        for one in FIRST_VERSIONS
    ),
    _molecular_dynamics(recipes.FULL, "full", "a day on a GPU, days on a cluster's node"),
    _molecular_dynamics(recipes.FULL_1, "full", "a day on a GPU, days on a cluster's node"),
)  # fmt: skip
