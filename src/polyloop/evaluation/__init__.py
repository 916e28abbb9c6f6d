"""Who answers a request: a protocol, a table, a function, the laboratory; the queue and its leases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyloop.core.lazy import lazy_names

if TYPE_CHECKING:
    from polyloop.evaluation.properties import PolymerResult, compute_properties, preview_properties, write_properties
    from polyloop.evaluation.replicas import ReplicaMean

__all__ = [
    "PolymerResult",
    "ReplicaMean",
    "compute_properties",
    "preview_properties",
    "write_properties",
]

__getattr__ = lazy_names(
    __name__,
    {
        "PolymerResult": "polyloop.evaluation.properties",
        "ReplicaMean": "polyloop.evaluation.replicas",
        "compute_properties": "polyloop.evaluation.properties",
        "preview_properties": "polyloop.evaluation.properties",
        "write_properties": "polyloop.evaluation.properties",
    },
)
