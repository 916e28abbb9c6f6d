"""The science: from a repeat unit to property values with error bars."""

from polyloop.simulate.evaluate import evaluate, evaluate_request
from polyloop.simulate.protocols import LEVELS, PROTOCOLS, Protocol, available_levels, get_protocol, protocol_for

__all__ = [
    "LEVELS",
    "PROTOCOLS",
    "Protocol",
    "available_levels",
    "evaluate",
    "evaluate_request",
    "get_protocol",
    "protocol_for",
]
