"""One run of a stage by an engine: what is run, where, and who is told how far it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from polyloop.chem.topology import Cell
from polyloop.engines.dynamics.run_directory import RunDirectory
from polyloop.engines.dynamics.stages import Progress, Stage
from polyloop.engines.dynamics.validation import effective_masses
from polyloop.run.interrupts import Interruption

__all__ = ["StageRun"]


@dataclass(frozen=True, eq=False)
class StageRun:
    """What is run, where, and who is told how far it is."""

    cell: Cell
    stage: Stage
    seed: int
    directory: RunDirectory
    interruption: Interruption
    progress: Progress | None = None

    @cached_property
    def weighted(self) -> Cell:
        """The cell with hydrogens as heavy as the stage wants them."""
        masses = effective_masses(self.cell.topology, self.stage.hydrogen_mass)
        return replace(self.cell, topology=replace(self.cell.topology, masses=masses))

    def tell(self, done: float) -> None:
        """Tell how many ps of the stage are done; of a minimization nobody knows."""
        if self.progress is not None and self.stage.ensemble != "minimize":
            self.progress(self.stage.name, min(self.stage.duration, done), self.stage.duration)
