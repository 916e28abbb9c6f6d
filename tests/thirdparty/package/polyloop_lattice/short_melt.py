"""A protocol of molecular dynamics that runs a recipe of polyloop's under a name of its own."""

from __future__ import annotations

from functools import partial

from polyloop.simulate.md.run.estimates import PROPERTIES
from polyloop.simulate.md.run.workflow import check_scope, simulate_polymer
from polyloop.simulate.protocol import Protocol

__all__ = ["PROTOCOL"]

PROTOCOL = Protocol(
    "lattice/short_melt", 1, "standard", PROPERTIES, "a minute",
    "Two short chains for some picoseconds, which shows that an engine works; its numbers mean nothing.",
    partial(simulate_polymer, "md/smoke@1"), partial(check_scope, "md/smoke@1"),
    conditions=("temperature", "pressure"), on_request=True,
)  # fmt: skip
