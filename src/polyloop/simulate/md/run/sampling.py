"""Run a recipe's stages one after the other, each under its key, and production until it is good enough."""

from __future__ import annotations

import re
import resource
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import GAS_CONSTANT_KCAL
from polyloop.engines.dynamics.stages import Engine, Stage, StageResult
from polyloop.simulate.md.analysis.chains import gyration_series
from polyloop.simulate.md.protocols.recipes import Recipe
from polyloop.simulate.md.run.convergence import Verdict, judge
from polyloop.simulate.md.run.progress import ProgressWriter
from polyloop.simulate.md.run.workspace import Workspace

__all__ = ["Cost", "Sample", "StageRunner", "concatenate", "cpu_time", "sample"]

_KIND = "stages"
# Bytes: with less room, no program can write its checkpoint.
_LEAST_FREE = 10_000_000
# How programs say that they could not write; 25 is SIGXFSZ, which ends those that would pass the limit of a file.
_NO_ROOM = re.compile(
    r"no space left|out of disk space|file too large|quota exceeded|disk full|exit code -25\b", re.IGNORECASE
)


@dataclass(frozen=True)
class Cost:
    """What a stage cost over all its sittings that ended by themselves: s, s and ns."""

    cpu_s: float
    wall_s: float
    nanoseconds: float

    @property
    def ns_per_day(self) -> float:
        """Simulated time per day of wall time."""
        return 86400.0 * self.nanoseconds / self.wall_s if self.wall_s > 0.0 else 0.0


@dataclass(frozen=True, eq=False)
class Sample:
    """What production yields.

    Parameters
    ----------
    cell
        The state at the end of production.
    samples, frames, frame_boxes, frame_times
        As in `StageResult`, of all production stages together, without what came before equilibrium.
    vibrations
        The short stage with frames close to each other.
    verdict
        What the criteria say.
    extensions
        How many times production was extended.
    costs
        By stage.
    """

    cell: Cell
    samples: Mapping[str, NDArray[np.float64]]
    frames: NDArray[np.float32]
    frame_boxes: NDArray[np.float64]
    frame_times: NDArray[np.float64]
    vibrations: StageResult
    verdict: Verdict
    extensions: int
    costs: Mapping[str, Cost]


def cpu_time() -> float:
    """CPU time in s of this process and of the programs that it has run to their end."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


class StageRunner:
    """Runs one stage after the other; the key of each holds the keys of all before it.

    Parameters
    ----------
    key
        Key of the step that made the first cell.
    """

    def __init__(
        self, engine: Engine, workspace: Workspace, progress: ProgressWriter, seed: int, cell: Cell, key: str
    ) -> None:
        self._engine, self._workspace, self._progress, self._seed = engine, workspace, progress, seed
        self.cell, self.key = cell, key
        self.costs: dict[str, Cost] = {}

    def run(self, stage: Stage) -> StageResult:
        """Run `stage` from the present cell, or read back what was run before.

        A folder that the engine finds damaged is set aside, and the stage is run anew, once.

        Raises
        ------
        EvaluationError
            BLOWN_UP, EVALUATOR, CHECKPOINT, or DISK, with the stage and the reason.
        """
        key = Workspace.key(
            "stage", {"before": self.key, "stage": asdict(stage), "engine": self._engine.name, "seed": self._seed}
        )
        self._progress.enter(stage.name)
        with self._workspace.locked(_KIND, key) as folder:
            started = cpu_time()
            try:
                result = self._engine.run(self.cell, stage, folder, self._stage_seed(key), self._progress)
            except EvaluationError as error:
                if error.failure.code is FailureCode.EVALUATOR and _is_full(folder, error.failure.reason):
                    raise _disk_is_full(stage, folder, error.failure.reason) from error
                if error.failure.code is not FailureCode.CHECKPOINT:
                    raise
                self._workspace.set_aside(folder)
                folder.mkdir()
                result = self._engine.run(self.cell, stage, folder, self._stage_seed(key), self._progress)
            self._account(stage, key, result, cpu_time() - started)
        self._progress.finished(stage)
        self.cell, self.key = result.cell, key
        return result

    def moved_to(self, cell: Cell, **how: Any) -> StageRunner:
        """Return a runner that stands at `cell`, which was made from the present one as `how` says, JSON-ready.

        Costs are noted in common, so that names of stages must not be repeated.
        """
        key = Workspace.key("moved", {"before": self.key, **how})
        other = StageRunner(self._engine, self._workspace, self._progress, self._seed, cell, key)
        other.costs = self.costs
        return other

    def _stage_seed(self, key: str) -> int:
        # The key holds the user's seed; engines take 31 bits and some no zero.
        return int(key[:8], 16) % (2**31 - 2) + 1

    def _account(self, stage: Stage, key: str, result: StageResult, cpu_s: float) -> None:
        """Note the cost where the stage was run, read it where the stage was read back."""
        noted = self._workspace.read_json(_KIND, key, "cost.json")
        cost = Cost(**noted) if noted else Cost(cpu_s, result.wall_time, stage.duration / 1000.0)
        if not noted:
            self._workspace.write_json(_KIND, key, "cost.json", asdict(cost))
        self.costs[stage.name] = cost


def _is_full(folder: Path, words: str) -> bool:
    """Whether a program that failed with `words` had no room to write; some say nothing of it."""
    return _NO_ROOM.search(words) is not None or shutil.disk_usage(folder).free < _LEAST_FREE


def _disk_is_full(stage: Stage, folder: Path, words: str) -> EvaluationError:
    return EvaluationError(
        FailureCode.DISK, stage.name, f"There is no room to write in {folder} ({words}).",
        hint="Free the disk, and run again: it goes on from the last checkpoint.",
    )  # fmt: skip


def sample(recipe: Recipe, runner: StageRunner, progress: ProgressWriter, temperature: float) -> Sample:
    """Run `recipe` (as at its conditions) from the runner's cell.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED with the figures where the criteria are not met after all extensions; what `StageRunner.run`
        raises.
    """
    progress.plan([*recipe.equilibration, recipe.extension(1), recipe.vibrations])
    for stage in recipe.equilibration:
        runner.run(stage)
    results: list[StageResult] = []
    while True:
        stage = recipe.extension(len(results) + 1)
        progress.plan([stage])
        results.append(runner.run(stage))
        verdict = _judge(recipe, results, temperature)
        if (verdict.is_equilibrated and verdict.is_precise) or len(results) > recipe.extensions:
            break
    if not verdict.is_equilibrated:
        total = recipe.production.duration * len(results) / 1000.0
        raise EvaluationError(
            FailureCode.NOT_EQUILIBRATED,
            recipe.production.name,
            f"After {total:g} ns of production in {len(results)} parts, {verdict.reason()}.",
            hint="Try another seed, a higher temperature, or the level full.",
        )
    cell = runner.cell
    return _kept(cell, results, runner.run(recipe.vibrations), verdict, runner.costs)


def _judge(recipe: Recipe, results: Sequence[StageResult], temperature: float) -> Verdict:
    topology = results[0].cell.topology
    samples = concatenate([result.samples for result in results])
    series = {name: samples[name] for name in ("density", "potential_energy")}
    if any(criterion.quantity == "radius_of_gyration" for criterion in recipe.criteria):
        frames = np.concatenate([result.frames for result in results])
        series["radius_of_gyration"] = np.sqrt(gyration_series(frames, topology.masses, topology.molecule).mean(axis=1))
    return judge(recipe.criteria, series, {"potential_energy": GAS_CONSTANT_KCAL * temperature * topology.n_atoms})


def concatenate(parts: Sequence[Mapping[str, NDArray[np.float64]]]) -> dict[str, NDArray[np.float64]]:
    """Put the samples of consecutive stages together; the time runs on."""
    joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    offsets, start = [], 0.0
    for part in parts:
        offsets.append(part["time"] + start)
        start += float(part["time"][-1])
    return joined | {"time": np.concatenate(offsets)}


def _kept(
    cell: Cell, results: Sequence[StageResult], vibrations: StageResult, verdict: Verdict, costs: Mapping[str, Cost]
) -> Sample:
    def after(columns: NDArray[Any]) -> NDArray[Any]:
        return columns[int(verdict.start * len(columns)) :]

    starts = np.cumsum([0.0, *(float(result.samples["time"][-1]) for result in results)])
    return Sample(
        cell=cell,
        samples={name: after(column) for name, column in concatenate([r.samples for r in results]).items()},
        frames=after(np.concatenate([result.frames for result in results])),
        frame_boxes=after(np.concatenate([result.frame_boxes for result in results])),
        frame_times=after(
            np.concatenate([r.frame_times + start for r, start in zip(results, starts, strict=False)])
        ),
        vibrations=vibrations,
        verdict=verdict,
        extensions=len(results) - 1,
        costs=dict(costs),
    )  # fmt: skip
