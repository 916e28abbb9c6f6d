"""Protocols by name, by level and by what they yield; installed packages may bring further ones."""

from __future__ import annotations

from polyloop.core import InvalidInputError, Registry, get_property
from polyloop.core.names import did_you_mean
from polyloop.simulate.protocol import Protocol
from polyloop.simulate.protocol_table import TABLE

__all__ = ["LEVELS", "PROTOCOLS", "Protocol", "available_levels", "get_protocol", "protocol_for", "protocol_of_level"]

PROTOCOLS: Registry[Protocol] = Registry(
    "protocols", "protocol", ("protocol_id", "level", "properties", "function", "check", "kinds"),
    ours={protocol.protocol_id: protocol for protocol in TABLE},
)  # fmt: skip
LEVELS = {
    "instant": "milliseconds: for looking over a pool",
    "quick": "a minute or a few on one core: quantum chemistry on short oligomers",
    "standard": "molecular dynamics of a small cell",
    "full": "molecular dynamics of a large cell with the full schedule",
}


def available_levels() -> tuple[str, ...]:
    """Return the levels that have a protocol in this version."""
    return tuple(level for level in LEVELS if any(protocol.level == level for protocol in PROTOCOLS.values()))


def get_protocol(label: str) -> Protocol:
    """Return the protocol called `label`, e.g. `optics/quick@3`.

    Raises
    ------
    InvalidInputError
        If there is none; the message names the nearest, or the version that there is.
    """
    if label in PROTOCOLS:
        return PROTOCOLS[label]
    for other in PROTOCOLS.values():
        if other.name == label.partition("@")[0]:
            raise InvalidInputError(
                f"This version of polyloop has {other.protocol_id}, not {label}.",
                hint=f"Write {other.protocol_id}. Its values are others, so a campaign with it needs a new folder.",
            )
    raise InvalidInputError(f"There is no protocol {label!r}.", hint=did_you_mean(label, PROTOCOLS))


def protocol_of_level(level: str, kind: str = "polymer") -> Protocol:
    """Return the protocol that a level runs as a whole for subjects of a kind.

    Raises
    ------
    InvalidInputError
        If there is no such level; the message names the nearest, and that a protocol can be named too.
    """
    for protocol in PROTOCOLS.values():
        if protocol.level == level and not protocol.on_request and kind in protocol.kinds:
            return protocol
    hint = f"{did_you_mean(level, available_levels())} Or name a protocol, NAME@VERSION."
    raise InvalidInputError(f"There is no level {level!r}.", hint=hint)


def protocol_for(property: str, level: str = "quick", kind: str = "polymer") -> Protocol:  # noqa: A002
    """Return the protocol that yields `property` at `level`: one that is run with the whole level, else on request.

    Of the protocols for subjects of `kind` alone.

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
    rows = [row for row in PROTOCOLS.values() if kind in row.kinds]
    for protocol in sorted(rows, key=lambda one: one.on_request):
        if protocol.level == level and name in protocol.properties:
            return protocol
    others = dict.fromkeys(protocol.level for protocol in rows if name in protocol.properties)
    hint = f"Use the level {' or '.join(others)}." if others else "No protocol computes it in this version."
    of = "" if kind == "polymer" else f" of a {kind}"
    raise InvalidInputError(f"The level {level!r} does not yield {name}{of}.", hint=hint)
