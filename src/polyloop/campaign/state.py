"""CampaignState: everything that a campaign knows, read from its store, for the report and for scripts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.campaign.change_record import Change
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.costs import candidate_costs
from polyloop.campaign.inputs import Inputs
from polyloop.campaign.points import PointReader, points_of
from polyloop.campaign.requirements import admitted, met_requirements, requirements_of
from polyloop.campaign.space import point_in_words
from polyloop.campaign.suggestions import Proposed
from polyloop.core import Failure, Record, Status, Subject
from polyloop.design import Objective, non_dominated
from polyloop.design.objectives import utilities
from polyloop.design.pool import Pool

__all__ = ["STOP_REASONS", "CampaignState", "CampaignStatus", "Candidate", "CycleMetrics", "standing"]

STOP_REASONS = {
    "cycles": "all its cycles are done",
    "time": "the hours of [stop] are up",
    "stall": "the hypervolume stood still for the stall_cycles of [stop]",
    "failures": "as many of the last evaluations failed as [stop] failures says: mend the cause, then "
    "`polyloop campaign retry`",
    "pool exhausted": "no candidate is left",
    "laboratory": "measured values are awaited; `polyloop campaign pending DIR` lists them, `... tell` enters them",
}
"""What the words mean that say why a campaign finished."""

# These end a campaign before it has done what it was asked for.
_STOPPED = ("time", "stall", "failures")


def standing(state: str, reason: str = "") -> str:
    """Return the word of people for a state of `CampaignStatus`: finished is only what did all that was asked for."""
    return "stopped" if state == "finished" and reason in _STOPPED else state


@dataclass(frozen=True)
class Candidate:
    """One candidate that a campaign picked.

    Parameters
    ----------
    cycle, rank
        When it was picked: cycle 0 is the initial design, `rank` counts within the cycle.
    subject
        What it is.
    predicted
        Per objective, what the model said when it was picked: `mean`, `std`, `noise_std` in the property's unit, and
        `outside`, 1 where the prediction was outside the training domain. Empty in the initial design.
    records
        Every record of its evaluations, by property.
    status
        `done` when every objective has a plausible value, else the status of what is missing: waiting, running,
        unphysical, failed or cancelled.
    failure
        Why it failed.
    level
        The cheaper level at which it was asked; empty for the level of the objectives, whose values alone are results.
    seed
        That of its evaluations; of a repeat, one of its own.
    repeats
        By property that was evaluated more than once: the single records, by seed. That of `records` is their mean.
    """

    cycle: int
    rank: int
    subject: Subject
    acquisition: float | None
    predicted: Mapping[str, Mapping[str, float]]
    records: Mapping[str, Record]
    status: Status
    failure: Failure | None = None
    level: str = ""
    seed: int = 0
    repeats: Mapping[str, tuple[Record, ...]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """Canonical text of its subject, of a polymer the SMILES of its repeat unit."""
        return self.subject.text

    def value(self, name: str) -> float | None:
        """Return the plausible value of a property in its unit, or None; of a cheaper level there is none."""
        return None if self.level else self.level_value(name)

    def level_value(self, name: str) -> float | None:
        """Return the plausible value of a property at the level that was asked, or None."""
        record = self.records.get(name)
        return record.value if record is not None and record.status is Status.DONE else None

    def std(self, name: str) -> float | None:
        """Return the standard deviation of a plausible value in its unit, or None; of repeats the standard error."""
        record = self.records.get(name)
        return record.std if record is not None and record.status is Status.DONE else None

    def singles(self, name: str) -> tuple[Record, ...]:
        """Return the records behind the plausible value of a property: one, those of its repeats, or none."""
        if self.level or self.value(name) is None:
            return ()
        return self.repeats.get(name) or (self.records[name],)


@dataclass(frozen=True)
class CycleMetrics:
    """What one finished cycle yielded.

    Parameters
    ----------
    hypervolume
        Of all values up to this cycle, above the reference point; None while there is no reference point.
    reference_point
        One value per objective in its unit (for a range: a distance to it).
    failures
        Number of failed evaluations of this cycle by code; unphysical ones count as "unphysical".
    calibration
        Per objective, held-out calibration of the surrogate that proposed this cycle (empty in the initial design).
    prospective
        Per objective, the same figures for its predictions of this very batch.
    seconds
        Wall time of the cycle in s, by part: propose, evaluate.
    """

    cycle: int
    evaluations: int
    failures: Mapping[str, int]
    hypervolume: float | None
    reference_point: tuple[float, ...] | None
    calibration: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prospective: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    outside_domain: int = 0
    seconds: Mapping[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        point = None if self.reference_point is None else list(self.reference_point)
        return {**self.__dict__, "reference_point": point}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> CycleMetrics:
        """Rebuild from `to_dict`."""
        point = data["reference_point"]
        return cls(**{**data, "reference_point": None if point is None else tuple(point)})


@dataclass(frozen=True)
class Best:
    """A candidate that no other one beats; None of `in_ranges`, `meets` and `cost` says that none is asked or known."""

    text: str
    cycle: int
    values: Mapping[str, float]
    name: str = ""
    in_ranges: bool | None = None
    meets: bool | None = None
    cost: float | None = None


@dataclass(frozen=True)
class Next:
    """What comes next: a candidate that is waiting or running, or one that the next cycle would begin with (suggested).

    `predicted` is that of `Candidate`; empty where no model chose it.
    """

    text: str
    status: str
    predicted: Mapping[str, Mapping[str, float]]
    name: str = ""


@dataclass(frozen=True)
class CampaignStatus:
    """Where a campaign stands, in the words of `polyloop status`.

    `state` is new, running, interrupted or finished; `reason` says why it finished. `cycle` is the last cycle that
    has picks. `evaluations` counts the candidates whose evaluation ended, `failures` those among them without a
    plausible value of every objective. `best` is the Pareto front (of one objective: the best candidate). `pool`
    counts the candidates, `next` is what comes next, `changes` is what was changed in its middle, `left_out` lists
    what is never proposed (`line`, `smiles`, `why`, `reason`), `left_out_counts` counts it by why, what the filters
    refused included, and `notes` says what is to be known of the tables.
    """

    name: str
    state: str
    reason: str
    cycle: int
    cycles: int
    evaluations: int
    waiting: int
    failures: int
    failures_by_reason: Mapping[str, int]
    hypervolume: float | None
    reference_point: Mapping[str, float] | None
    best: tuple[Best, ...]
    directory: str
    pool: int = 0
    left_out: tuple[Mapping[str, Any], ...] = ()
    left_out_counts: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    next: tuple[Next, ...] = ()
    changes: tuple[Change, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary (the contract for scripts; see `docs/reference/json.md`)."""
        lists = {"left_out": list(self.left_out), "notes": list(self.notes)}
        items = {name: [dict(item.__dict__) for item in getattr(self, name)] for name in ("best", "next")}
        return {**self.__dict__, **lists, **items, "changes": [change.to_dict() for change in self.changes]}


@dataclass(frozen=True)
class CampaignState:
    """A read-only view of a campaign.

    Parameters
    ----------
    candidates
        By cycle and rank, each once; values of those that were evaluated more than once are means.
    cycles
        Finished cycles, in order.
    pool
        Canonical SMILES of all candidates. Empty before the pool was made.
    directory
        Folder of the run.
    source
        The pool with names, the user's spellings and the other columns of its file.
    inputs
        What the campaign was given beside it, and which candidates have no descriptors.
    suggested
        The batch that the next cycle would begin with; None where none was proposed from what is known now.
    changes
        What was changed in its middle.
    asked
        Every evaluation as it was asked, repeats by themselves; that of candidates where there are none.
    """

    campaign: str
    config: CampaignConfig
    objectives: tuple[Objective, ...]
    candidates: tuple[Candidate, ...]
    cycles: tuple[CycleMetrics, ...]
    pool: tuple[str, ...]
    directory: Path
    source: Pool | None = None
    inputs: Inputs = field(default_factory=Inputs)
    suggested: tuple[Proposed, ...] | None = None
    changes: tuple[Change, ...] = ()
    asked: tuple[Candidate, ...] = ()

    def __post_init__(self) -> None:
        if not self.asked:
            object.__setattr__(self, "asked", self.candidates)

    @property
    def repeats(self) -> int:
        """Number of evaluations that asked a candidate again."""
        return len(self.asked) - len(self.candidates)

    @cached_property
    def reference_point(self) -> tuple[float, ...] | None:
        """The reference point of the hypervolume, one value per objective; None before it is fixed."""
        points = [metrics.reference_point for metrics in self.cycles if metrics.reference_point is not None]
        return points[0] if points else stated_reference_point(self.config)

    @property
    def hypervolume(self) -> float | None:
        """Hypervolume after the last finished cycle; None while there is no reference point."""
        return self.cycles[-1].hypervolume if self.cycles else None

    @cached_property
    def values(self) -> NDArray[np.float64]:
        """Values of the objectives, shape (candidates, objectives), NaN where there is no plausible one."""
        return observed_values(self.candidates, self.objectives)

    @cached_property
    def results(self) -> NDArray[np.float64]:
        """The `values` of what meets the requirements, NaN elsewhere."""
        return admitted(self.values, self.candidates, requirements_of(self.config))

    @cached_property
    def front(self) -> NDArray[np.bool_]:
        """Mask of the `results` that no other dominates (of one objective: the best), shape (candidates,)."""
        return non_dominated(utilities(self.results, self.objectives)) if self.candidates else np.zeros(0, dtype=bool)

    @cached_property
    def in_ranges(self) -> NDArray[np.bool_] | None:
        """Mask of the candidates with a value inside every wanted range, shape (candidates,); None without ranges."""
        columns = [column for column, objective in enumerate(self.objectives) if objective.direction == "range"]
        if not columns:
            return None
        low, high = np.array([self.objectives[column].ends for column in columns]).T
        values = self.values[:, columns]
        return np.asarray(((values >= low) & (values <= high)).all(axis=1))

    @cached_property
    def meets(self) -> tuple[bool | None, ...]:
        """Whether each candidate meets all requirements; None where there are none, or values are missing."""
        return met_requirements(self.candidates, requirements_of(self.config))

    @cached_property
    def costs(self) -> tuple[float | None, ...]:
        """What one evaluation of each candidate costs; None where nothing is said of it."""
        return candidate_costs(self.config, self.source, [one.text for one in self.candidates])

    @cached_property
    def names(self) -> Mapping[str, str]:
        """What the pool calls its polymers, by canonical SMILES, where they have a name."""
        if self.source is None:
            return {}
        return {smiles: name for smiles, name in zip(self.source.texts, self.source.names, strict=True) if name}

    def name_of(self, text: str) -> str:
        """Return what people call a candidate: its name in the pool, or a point's values; empty where it has none."""
        if self.config.variables:
            return point_in_words(self.config, text)
        return self.names.get(text, "")

    def subject(self, text: str) -> Subject:
        """Return a candidate of the campaign's kind by its canonical text."""
        return Subject(self.config.pool.kind, text)

    @cached_property
    def points(self) -> PointReader | None:
        """What the points of a space stand for; None where none of its variables is a subject or a condition."""
        return points_of(self.config)

    def structure(self, text: str) -> Subject:
        """Return what of a candidate is drawn and counted: the subject that a point chooses, else the candidate."""
        chosen = None if self.points is None else self.points.subject(text)
        return self.subject(text) if chosen is None else chosen

    def next(self) -> tuple[Next, ...]:
        """Return what waits or runs; if nothing does, what the next cycle would begin with."""
        pending = [one for one in self.asked if not one.status.is_final or one.status is Status.CANCELLED]
        if pending:
            rows = [(one.text, one.status.value, one.predicted) for one in pending]
        else:
            rows = [(one.text, "suggested", one.predicted) for one in self.suggested or ()]
        return tuple(Next(*row, self.name_of(row[0])) for row in rows)

    @cached_property
    def failures(self) -> dict[str, int]:
        """Number of failed evaluations by code, the most frequent first."""
        return count_failures(self.asked)

    def best(self) -> tuple[Best, ...]:
        """Return the candidates of the front, the best of the first objective first."""
        names = [objective.property for objective in self.objectives]
        rows = np.flatnonzero(self.front)
        if not len(rows):
            return ()
        order = rows[np.argsort(-utilities(self.values[rows], self.objectives)[:, 0], kind="stable")]
        return tuple(
            Best(
                self.candidates[row].text,
                self.candidates[row].cycle,
                {name: float(value) for name, value in zip(names, self.values[row], strict=True)},
                self.name_of(self.candidates[row].text),
                None if self.in_ranges is None else bool(self.in_ranges[row]),
                self.meets[row],
                self.costs[row],
            )
            for row in order
        )


def observed_values(candidates: Sequence[Candidate], objectives: Sequence[Objective]) -> NDArray[np.float64]:
    """Return plausible values, shape (candidates, objectives), NaN elsewhere."""
    rows = [[candidate.value(objective.property) for objective in objectives] for candidate in candidates]
    return np.array(rows, dtype=np.float64).reshape(len(candidates), len(objectives))


def count_failures(candidates: Sequence[Candidate]) -> dict[str, int]:
    """Count failed candidates by code (`unphysical` for values outside the plausible range), most frequent first."""
    codes = [
        candidate.failure.code.value if candidate.failure else candidate.status.value
        for candidate in candidates
        if candidate.status.is_final and candidate.status is not Status.DONE
    ]
    return dict(Counter(sorted(codes)).most_common())


def stated_reference_point(config: CampaignConfig) -> tuple[float, ...] | None:
    """Return the reference point of the campaign file in the order of the objectives, or None."""
    point = config.acquisition.reference_point
    return None if point is None else tuple(point[objective.property] for objective in config.objectives)
