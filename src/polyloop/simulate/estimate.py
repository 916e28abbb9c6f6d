"""Estimate: what a protocol yields for one property, before it becomes a Record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Estimate", "Estimates"]


@dataclass(frozen=True)
class Estimate:
    """A value with its standard deviation, both in the property's unit, what `std` covers, and how many it averages."""

    property: str
    value: float
    std: float | None
    std_of: str
    n: int = 1


@dataclass(frozen=True)
class Estimates:
    """All estimates of one evaluation, with the engines' versions and the settings that made them."""

    estimates: tuple[Estimate, ...]
    engines: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
