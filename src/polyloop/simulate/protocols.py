"""Protocols: the named, versioned recipes that yield properties, and the levels that pick one per property."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from polyloop.chem import Polymer
from polyloop.core import Conditions, InvalidInputError, get_property
from polyloop.core.names import did_you_mean
from polyloop.simulate.estimate import Estimates
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
from polyloop.simulate.optics import instant
from polyloop.simulate.optics import quick as optics
from polyloop.simulate.optics.polarizability_scale import SCALE_1, SCALE_2

__all__ = ["LEVELS", "PROTOCOLS", "Protocol", "available_levels", "get_protocol", "protocol_for", "protocol_of_level"]


@dataclass(frozen=True)
class Protocol:
    """A recipe. Changing what it yields changes its version.

    Parameters
    ----------
    name, version
        Together the protocol's label, e.g. `optics/quick@3`.
    level
        The level that it serves.
    properties
        The properties that it promises, all of them for each polymer.
    cost
        Typical cost, in words.
    function
        Maps (polymer, seed, conditions) to an `Estimates`, or raises `EvaluationError`.
    conditions
        Names of the conditions that it honours; of all others it knows the defaults only.
    time_limit
        Wall time in s that an evaluation may take unless the user says otherwise.
    on_request
        Whether it is run only where it or one of its properties is named, and not with the whole level.
    check
        Raises `EvaluationError` at once for a polymer that the protocol refuses before it computes anything.
    shared_errors
        Properties whose `std` holds what is the same for every seed, the error of a model or a spread over conformers:
        the mean over replicas keeps it.
    goes_on_from
        Labels of the protocols whose results of the same polymer and seed it starts from.
    """

    name: str
    version: int
    level: str
    properties: tuple[str, ...]
    cost: str
    description: str
    function: Callable[[Polymer, int, Conditions], Estimates]
    check: Callable[[Polymer], None]
    conditions: tuple[str, ...] = ()
    time_limit: float = 3600.0
    on_request: bool = False
    shared_errors: tuple[str, ...] = ()
    goes_on_from: tuple[str, ...] = ()

    def unknown_conditions(self, conditions: Conditions) -> tuple[str, ...]:
        """Return the names of unusual conditions that it does not honour."""
        return tuple(name for name in conditions.unusual if name not in self.conditions)

    @property
    def protocol_id(self) -> str:
        """`NAME@VERSION`, as requests and records spell it."""
        return f"{self.name}@{self.version}"


def _molecular_dynamics(recipe: recipes.Recipe, level: str, cost: str) -> Protocol:
    return Protocol(
        recipe.name, recipe.version, level, MD_PROPERTIES, cost, recipe.description,
        partial(workflow.simulate_polymer, recipe.protocol_id), partial(workflow.check_scope, recipe.protocol_id),
        conditions=_STATE, time_limit=recipe.time_limit,
        shared_errors=MD_SHARED_ERRORS,
    )  # fmt: skip


def _follow_up(one: FollowUp, level: str, cost: str, shared_errors: tuple[str, ...] = ()) -> Protocol:
    return Protocol(
        one.name, one.version, level, one.properties, cost, one.description,
        partial(workflow.follow_up_polymer, one.protocol_id), partial(workflow.check_scope, one.protocol_id),
        conditions=_STATE,
        time_limit=recipes.get_recipe(one.recipe).time_limit + one.time_limit, on_request=True,
        shared_errors=shared_errors,
        goes_on_from=(one.recipe, *([one.prerequisite.protocol] if one.prerequisite else [])),
    )  # fmt: skip


# What molecular dynamics is run at.
_STATE = ("temperature", "pressure")
# What stands first of a level's protocols for a property is what the level names: the newest of several versions.
_TABLE = (
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

PROTOCOLS: dict[str, Protocol] = {protocol.protocol_id: protocol for protocol in _TABLE}
LEVELS = {
    "instant": "milliseconds: for looking over a pool",
    "quick": "a minute or a few on one core: quantum chemistry on short oligomers",
    "standard": "molecular dynamics of a small cell",
    "full": "molecular dynamics of a large cell with the full schedule",
}


def available_levels() -> tuple[str, ...]:
    """Return the levels that have a protocol in this version."""
    return tuple(level for level in LEVELS if any(protocol.level == level for protocol in _TABLE))


def get_protocol(label: str) -> Protocol:
    """Return the protocol called `label`, e.g. `optics/quick@3`.

    Raises
    ------
    InvalidInputError
        If there is none; the message names the nearest, or the version that there is.
    """
    if label in PROTOCOLS:
        return PROTOCOLS[label]
    for other in _TABLE:
        if other.name == label.partition("@")[0]:
            raise InvalidInputError(
                f"This version of polyloop has {other.protocol_id}, not {label}.",
                hint=f"Write {other.protocol_id}. Its values are others, so a campaign with it needs a new folder.",
            )
    raise InvalidInputError(f"There is no protocol {label!r}.", hint=did_you_mean(label, tuple(PROTOCOLS)))


def protocol_of_level(level: str) -> Protocol:
    """Return the protocol that a level runs as a whole.

    Raises
    ------
    InvalidInputError
        If there is no such level; the message names the nearest, and that a protocol can be named too.
    """
    for protocol in _TABLE:
        if protocol.level == level and not protocol.on_request:
            return protocol
    hint = f"{did_you_mean(level, available_levels())} Or name a protocol, NAME@VERSION."
    raise InvalidInputError(f"There is no level {level!r}.", hint=hint)


def protocol_for(property: str, level: str = "quick") -> Protocol:  # noqa: A002
    """Return the protocol that yields `property` at `level`: one that is run with the whole level, else on request.

    Raises
    ------
    InvalidInputError
        For an unknown property or level, a level that is not available yet, or one that does not yield `property`.
    """
    name = get_property(property).name
    if level not in LEVELS:
        raise InvalidInputError(f"There is no level {level!r}.", hint=did_you_mean(level, tuple(LEVELS)))
    if level not in available_levels():
        raise InvalidInputError(
            f"The level {level!r} ({LEVELS[level]}) is not available yet.",
            hint=f"Available: {', '.join(available_levels())}.",
        )
    for protocol in sorted(_TABLE, key=lambda one: one.on_request):
        if protocol.level == level and name in protocol.properties:
            return protocol
    others = dict.fromkeys(protocol.level for protocol in _TABLE if name in protocol.properties)
    hint = f"Use the level {' or '.join(others)}." if others else "No protocol computes it in this version."
    raise InvalidInputError(f"The level {level!r} does not yield {name}.", hint=hint)
