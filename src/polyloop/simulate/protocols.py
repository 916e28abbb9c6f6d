"""Protocols by name, by level and by what they yield; installed packages may bring further ones."""

from __future__ import annotations

import re

from polyloop.core import InvalidInputError, Registry, get_property
from polyloop.core.names import did_you_mean
from polyloop.simulate.protocol import Protocol
from polyloop.simulate.protocol_table import TABLE

__all__ = [
    "LEVELS",
    "PROTOCOLS",
    "Protocol",
    "available_levels",
    "get_protocol",
    "known_protocol",
    "protocol_for",
    "protocol_of_level",
]

PROTOCOLS: Registry[Protocol] = Registry(
    "protocols", "protocol", ("protocol_id", "level", "properties", "function", "check", "kinds"),
    ours={protocol.protocol_id: protocol for protocol in TABLE},
)  # fmt: skip
# A digest of inputs, as `Protocol.request_id` has it.
_INPUTS = re.compile(r"\.[0-9a-f]{16}@")
LEVELS = {
    "instant": "milliseconds: for looking over a pool",
    "quick": "a minute or a few on one core: quantum chemistry on short oligomers",
    "standard": "molecular dynamics of a small cell",
    "full": "molecular dynamics of a large cell with the full schedule",
}


def available_levels() -> tuple[str, ...]:
    """Return the levels that have a protocol in this version."""
    return tuple(level for level in LEVELS if any(protocol.level == level for protocol in PROTOCOLS.values()))


def known_protocol(label: str) -> Protocol | None:
    """Return the protocol called `label`, with or without a digest of its inputs; None where there is none."""
    return PROTOCOLS.get(_INPUTS.sub("@", label))


def get_protocol(label: str) -> Protocol:
    """Return the protocol called `label`, e.g. `optics/quick@3`, with or without a digest of its inputs.

    Raises
    ------
    InvalidInputError
        If there is none; the message names the nearest, or the version that there is.
    """
    found = known_protocol(label)
    if found is not None:
        return found
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


def protocol_for(
    property: str,  # noqa: A002
    level: str | None = None,
    kind: str = "polymer",
    *,
    protocol: str | None = None,
) -> Protocol:
    """Return the protocol that yields `property` for subjects of `kind`: the one that is named, or that of a level.

    Of a level (`quick` when left out) it is one that is run with the whole level, else one on request.

    Raises
    ------
    InvalidInputError
        For an unknown property, level or protocol, a level that is not available yet, or one that does not yield
        `property` or evaluates no `kind`.
    """
    if protocol is not None:
        return _named(protocol, property, kind)
    level = level or "quick"
    name = get_property(property).name
    if level not in LEVELS:
        raise InvalidInputError(f"There is no level {level!r}.", hint=did_you_mean(level, tuple(LEVELS)))
    if level not in available_levels():
        raise InvalidInputError(
            f"The level {level!r} ({LEVELS[level]}) is not available yet.",
            hint=f"Available: {', '.join(available_levels())}.",
        )
    rows = [row for row in PROTOCOLS.values() if kind in row.kinds]
    for row in sorted(rows, key=lambda one: one.on_request):
        if row.level == level and name in row.properties:
            return row
    others = dict.fromkeys(row.level for row in rows if name in row.properties)
    hint = f"Use the level {' or '.join(others)}." if others else "No protocol computes it in this version."
    of = "" if kind == "polymer" else f" of a {kind}"
    raise InvalidInputError(f"The level {level!r} does not yield {name}{of}.", hint=hint)


def _named(protocol: str, property_name: str, kind: str) -> Protocol:
    row = get_protocol(protocol)
    if kind not in row.kinds:
        raise InvalidInputError(
            f"The protocol {protocol} evaluates no {kind}.", hint=f"It is for: {', '.join(row.kinds)}."
        )
    if property_name not in row.properties:
        raise InvalidInputError(
            f"The protocol {protocol} does not yield {property_name}.", hint=f"It yields {', '.join(row.properties)}."
        )
    return row
