"""What a simulation would take on this machine: its size, and its time from a short run of its own cell."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from polyloop.chem import Copolymer, Polymer
from polyloop.chem.topology import Cell
from polyloop.core import Conditions
from polyloop.engines.dynamics.stages import Engine, Stage
from polyloop.simulate.charges.registry import CHARGES
from polyloop.simulate.md.protocols import FOLLOW_UPS, FollowUp
from polyloop.simulate.md.protocols.recipes import RECIPES, Recipe, get_recipe
from polyloop.simulate.md.run.copolymer_cells import pairs_of_ions
from polyloop.simulate.md.run.engine_choice import choose_engine
from polyloop.simulate.md.run.workflow import build_packed_cell, chains_of, check_follow_up

__all__ = ["Preview", "has_preview", "preview"]

# Seconds for timing steps with all interactions, and for those without Coulomb.
_FULL_S, _SHORT_S = 15.0, 5.0
_FIRST_STEPS = 50


@dataclass(frozen=True)
class Preview:
    """What a recipe takes for one polymer.

    Parameters
    ----------
    steps, steps_at_most
        Integration steps without extensions, and with all that the recipe allows.
    steps_per_s
        With all interactions, as timed here.
    hours, hours_at_most
        Wall time of the simulation.
    memory_gb
        Largest resident memory of this process and of the engine's.
    on_top
        What comes on top of the hours, in words.
    """

    engine: str
    atoms: int
    chains: int
    degree_of_polymerization: int
    nanoseconds: float
    steps: int
    steps_at_most: int
    steps_per_s: float
    hours: float
    hours_at_most: float
    memory_gb: float
    on_top: str = ""

    def times(self, replicas: int) -> Preview:
        """Return what as many replicas would take, one after the other."""
        names = ("nanoseconds", "steps", "steps_at_most", "hours", "hours_at_most")
        return replace(self, **{name: replicas * getattr(self, name) for name in names})

    def to_dict(self) -> dict[str, Any]:
        """Return it JSON-ready, to the digits that mean something."""
        rounded = {name: float(f"{value:.3g}") for name, value in asdict(self).items() if isinstance(value, float)}
        return asdict(self) | rounded


def has_preview(label: str) -> bool:
    """Tell whether the protocol called `label` is a simulation."""
    return label in RECIPES or label in FOLLOW_UPS


def preview(label: str, polymer: Polymer | Copolymer, seed: int, conditions: Conditions) -> Preview:
    """Build the cell with quick charges, time its steps for some 20 s, and say what the whole protocol would take.

    A follow_up is counted with its recipe, as if nothing of that had been run before.

    Raises
    ------
    EvaluationError, MissingDependencyError
        As the simulation itself would.
    """
    follow_up = FOLLOW_UPS.get(label)
    if follow_up:
        check_follow_up(follow_up, polymer)
    recipe = get_recipe(follow_up.recipe if follow_up else label).at(conditions)
    engine = choose_engine()
    chains = chains_of(recipe, polymer, seed)
    pairs = pairs_of_ions(recipe, polymer, chains) if isinstance(polymer, Copolymer) else 0
    cell = build_packed_cell(replace(recipe, charges="gasteiger"), chains, seed, pairs)
    with tempfile.TemporaryDirectory(prefix="polyloop-preview-") as folder:
        rates = _rates(engine, cell, recipe, Path(folder))
    # The cost of a step grows with the number of atoms, nearly.
    after = [(stage, follow_up.copies) for stage in follow_up.stages_at(conditions)] if follow_up else []
    stages = [(stage, 1) for stage in (*recipe.equilibration, recipe.production, recipe.vibrations)] + after
    more = [(recipe.production, 1)] * recipe.extensions
    seconds, extra = (sum(_steps(s) * copies / rates[s.nonbonded] for s, copies in some) for some in (stages, more))
    return Preview(
        engine=engine.name,
        atoms=cell.topology.n_atoms,
        chains=recipe.n_chains,
        degree_of_polymerization=len(chains[0].sequence),
        nanoseconds=sum(stage.duration for stage, _ in stages) / 1000.0,
        steps=sum(_steps(stage) for stage, _ in stages),
        steps_at_most=sum(_steps(stage) for stage, _ in [*stages, *more]),
        steps_per_s=rates["full"],
        hours=seconds / 3600.0,
        hours_at_most=(seconds + extra) / 3600.0,
        memory_gb=_memory_gb(max(1, engine.processes)),
        on_top=_on_top(recipe, follow_up),
    )


def _on_top(recipe: Recipe, follow_up: FollowUp | None) -> str:
    words = [f"{recipe.charges} charges, minutes"] if CHARGES.find(recipe.charges).takes_minutes else []
    if follow_up and follow_up.prerequisite:
        words.append(follow_up.prerequisite.cost)
    return "; ".join(words)


def _steps(stage: Stage) -> int:
    return round(1000.0 * stage.duration / stage.timestep)


def _rates(engine: Engine, cell: Cell, recipe: Recipe, folder: Path) -> dict[str, float]:
    """Steps per second by kind of non-bonded interactions, at the density of a glass."""
    soft = Stage("minimize", "minimize", nonbonded="short", cutoff=3.0)
    squeeze = Stage(
        "squeeze", "nvt", 5.0, 1.0, (600.0, 600.0), density=0.8, nonbonded="short", cutoff=3.0, new_velocities=True
    )
    for stage in (soft, squeeze, Stage("relax", "minimize")):
        cell = engine.run(cell, stage, folder / stage.name).cell
    # A short step is safe in a cell that has not relaxed; one of 4 fs costs up to a fifth more where lists last less.
    full = replace(recipe.production, name="full", ensemble="nvt", timestep=0.5, frame_interval=0.0)
    return {
        "short": _rate(engine, cell, replace(squeeze, density=None, timestep=0.5), folder, _SHORT_S),
        "full": _rate(engine, cell, replace(full, new_velocities=True), folder, _FULL_S),
    }


def _rate(engine: Engine, cell: Cell, stage: Stage, folder: Path, seconds: float) -> float:
    """Steps per second, from two runs of different length, so that the time to start cancels."""
    first = _timed(engine, cell, stage, folder, _FIRST_STEPS)
    trial = _timed(engine, cell, stage, folder, 3 * _FIRST_STEPS)
    rough = 2 * _FIRST_STEPS / max(trial - first, 0.02)
    steps = max(4 * _FIRST_STEPS, round(rough * (seconds - first)))
    last = _timed(engine, cell, stage, folder, steps)
    # On a busy machine the first may have waited for as long as the last has run; steps then have half of its time.
    return (steps - _FIRST_STEPS) / max(last - first, 0.5 * last)


def _timed(engine: Engine, cell: Cell, stage: Stage, folder: Path, steps: int) -> float:
    name = f"{stage.name}_{steps}"
    started = time.perf_counter()
    engine.run(cell, replace(stage, name=name, duration=steps * stage.timestep / 1000.0), folder / name)
    return time.perf_counter() - started


def _memory_gb(processes: int) -> float:
    """Of this process, and of the engine's, the largest of which is known."""
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    unit = 1 if sys.platform == "darwin" else 1024  # bytes there, kilobytes elsewhere
    return (own + processes * children) * unit / 1e9
