"""SOURCES: the generating sources that a campaign file may name."""

from __future__ import annotations

from polyloop.core.registry import Registry
from polyloop.design.generated.source import GeneratedSource

__all__ = ["SOURCES"]

SOURCES: Registry[type[GeneratedSource]] = Registry(
    "sources", "source of candidates", required=("read", "drawn", "refreshed", "options", "takes", "identity")
)
