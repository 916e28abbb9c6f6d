"""FollowUp: what a protocol does from the end of a recipe's sample on, and what that yields."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from polyloop.chem import Chain, Copolymer, Polymer
from polyloop.core import Conditions
from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.md.protocols.prerequisite import Prerequisite
from polyloop.simulate.md.protocols.recipes import Recipe, stage_at
from polyloop.simulate.md.run.progress import ProgressWriter
from polyloop.simulate.md.run.sampling import Sample, StageRunner

__all__ = ["Context", "FollowUp"]


@dataclass(frozen=True, eq=False)
class Context:
    """What a follow_up has at hand.

    Parameters
    ----------
    runner
        Stands at the end of the recipe's sample. `StageRunner.moved_to` gives one that stands elsewhere.
    sample
        What the recipe's production yielded.
    stages
        The follow_up's stages by name, at the conditions.
    recipe
        At the conditions.
    prerequisite
        What the follow_up's `Prerequisite` yielded; empty where it has none.
    notes
        What the follow_up wants to be kept beside its estimates, JSON-ready: how well a line fits, what was left out.
    """

    runner: StageRunner
    sample: Sample
    stages: dict[str, Stage]
    recipe: Recipe
    polymer: Polymer | Copolymer
    chains: tuple[Chain, ...]
    conditions: Conditions
    seed: int
    progress: ProgressWriter
    prerequisite: Estimates = field(default_factory=lambda: Estimates(()))
    notes: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class FollowUp:
    """A protocol that goes on where a recipe ends. Changing what it yields changes its version.

    Its recipe's steps are read back where another evaluation of the same polymer, seed and conditions ran them.

    Parameters
    ----------
    recipe
        Label of the recipe whose sample it starts from.
    properties
        Those that it promises, all of them for each polymer.
    stages
        All that it runs if nothing must be extended, in order, with `SAMPLE` for its conditions; none where it tells
        enough.
    copies
        How many cells of the recipe make up its own.
    time_limit
        Wall time in s of its own stages and prerequisite, on top of the recipe's.
    function
        Runs the stages and returns an estimate for each property, or raises `EvaluationError`.
    prerequisite
        What is done on the repeat unit before the recipe's stages; None: nothing.
    """

    name: str
    version: int
    description: str
    recipe: str
    properties: tuple[str, ...]
    stages: tuple[Stage, ...]
    function: Callable[[Context], tuple[Estimate, ...]]
    time_limit: float
    copies: int = 1
    prerequisite: Prerequisite | None = None

    @property
    def protocol_id(self) -> str:
        """`NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    def stages_at(self, conditions: Conditions) -> tuple[Stage, ...]:
        """Return the stages for the sample's temperature and pressure."""
        return tuple(stage_at(stage, conditions) for stage in self.stages)

    def measure(self, context: Context) -> tuple[Estimate, ...]:
        """Return an estimate for each of `properties`; raises `EvaluationError` where there is none."""
        return self.function(context)
