"""Protocols that a test registers, and that are forgotten after it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from polyloop.simulate.protocols import PROTOCOLS, Protocol


@contextmanager
def registered(*protocols: Protocol) -> Iterator[None]:
    """Let protocols be known, under their ids, as long as this lasts."""
    try:
        for protocol in protocols:
            PROTOCOLS.add(protocol.protocol_id, protocol)
        yield
    finally:
        for protocol in protocols:
            PROTOCOLS.remove(protocol.protocol_id)
