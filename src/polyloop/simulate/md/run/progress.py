"""How far a simulation is: written by the process that runs it, read by whoever watches."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.md.run.workspace import Workspace

__all__ = ["MDProgress", "ProgressWriter", "read_progress", "run_folder"]

_KIND, _FILE = "runs", "progress.json"
_WRITE_EVERY_S = 2.0
# Times in s after which a speed is believed: the first steps build lists and tune the mesh.
_SETTLED_S = 2.0


@dataclass(frozen=True)
class MDProgress:
    """Where a simulation stands.

    Parameters
    ----------
    step
        What is going on: `charges`, `cell`, a prerequisite's or a stage's name, or `estimates`.
    percent
        Of all steps of integration of the recipe without extensions not yet begun.
    ns_per_day
        Speed of the present stage; None while it is not known.
    eta_s
        Time to the end in s, without extensions not yet begun; None while it is not known.
    updated
        Seconds since 1970.
    """

    step: str
    percent: float
    ns_per_day: float | None
    eta_s: float | None
    updated: float

    def line(self) -> str:
        """Return it as words, e.g. `press_7  62 %  14.2 ns/day  31 min to go`."""
        parts = [self.step, f"{self.percent:.0f} %"]
        if self.ns_per_day is not None:
            parts.append(f"{self.ns_per_day:.3g} ns/day")
        if self.eta_s is not None:
            parts.append(f"{_duration(self.eta_s)} to go")
        return "  ".join(parts)


def run_folder(workspace: Workspace, request_key: str) -> Path:
    """Return the folder of what is kept of the simulation of a request, which may not be there."""
    return workspace.folder(_KIND, request_key)


def read_progress(workspace: Workspace, request_key: str) -> MDProgress | None:
    """Return where the simulation of a request stands, or None where nothing is known of it."""
    content = workspace.read_json(_KIND, request_key, _FILE)
    try:
        return None if content is None else MDProgress(**content)
    except TypeError:  # written by another version
        return None


class ProgressWriter:
    """Writes `MDProgress` for one request at most every two seconds.

    Speeds are learned per kind of non-bonded interactions, since a stage without Coulomb costs a fraction of one with.
    """

    def __init__(self, workspace: Workspace, request_key: str) -> None:
        self._workspace, self._key = workspace, request_key
        self._stages: dict[str, Stage] = {}
        self._done: dict[str, float] = {}
        self._rates: dict[str, float] = {}
        self._stage, self._from_ps, self._from_time, self._written = "", 0.0, 0.0, 0.0

    @property
    def folder(self) -> Path:
        """Where it is written."""
        return run_folder(self._workspace, self._key)

    def plan(self, stages: Sequence[Stage]) -> None:
        """Say which stages lie ahead; those known already stay."""
        self._stages |= {stage.name: stage for stage in stages}

    def enter(self, step: str) -> None:
        """Say what begins now."""
        self._stage, self._from_time = "", 0.0
        self._write(step, None)

    def finished(self, stage: Stage) -> None:
        """Say that a stage is done, or was found done."""
        self._done[stage.name] = stage.duration
        self._write(stage.name, None)

    def __call__(self, stage: str, done: float, total: float) -> None:
        """Take the engine's report: stage, ps done, ps in all."""
        now = time.monotonic()
        if stage != self._stage:
            # What an earlier sitting did is no measure of this machine's speed.
            self._stage, self._from_ps, self._from_time = stage, done, now
        self._done[stage] = done
        elapsed, kind = now - self._from_time, self._stages.get(stage)
        speed = (done - self._from_ps) / elapsed if elapsed > _SETTLED_S else None
        if speed and kind is not None and kind.timestep > 0.0:
            self._rates[kind.nonbonded] = speed / kind.timestep
        if now - self._written >= _WRITE_EVERY_S or done >= total:
            self._written = now
            self._write(stage, speed)

    def _write(self, step: str, speed: float | None) -> None:
        total = sum(_steps(stage) for stage in self._stages.values())
        left = {"full": 0.0, "short": 0.0}
        for name, stage in self._stages.items():
            left[stage.nonbonded] += _steps(stage, stage.duration - self._done.get(name, 0.0))
        known = bool(total) and all(kind in self._rates for kind, steps in left.items() if steps > 0.0)
        eta = sum(steps / self._rates[kind] for kind, steps in left.items() if steps > 0.0) if known else None
        percent = 100.0 * (1.0 - sum(left.values()) / total) if total else 0.0
        content = MDProgress(step, percent, None if speed is None else speed * 86.4, eta, time.time())
        self._workspace.write_json(_KIND, self._key, _FILE, _plain(content))


def _steps(stage: Stage, duration: float | None = None) -> float:
    """Integration steps in thousands."""
    return (stage.duration if duration is None else max(duration, 0.0)) / stage.timestep


def _plain(progress: MDProgress) -> dict[str, Any]:
    return asdict(progress)


def _duration(seconds: float) -> str:
    minutes, hours = int(seconds // 60) % 60, int(seconds // 3600)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min" if minutes else f"{int(seconds)} s"
