"""Nested cross-validation: the error of a model with how it was chosen, and ensembles over the inner splits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from polyloop.learn.domain import DomainReport
from polyloop.learn.intervals import Interval
from polyloop.learn.target_model import TargetModel
from polyloop.learn.validation.candidate import Candidate
from polyloop.learn.validation.extrapolation import Summary, summaries_of
from polyloop.learn.validation.runs import Keep, Run, StudyData, carry_out, distinct, judge
from polyloop.learn.validation.scores import score
from polyloop.learn.validation.splitter import Rows, Splitter

__all__ = ["NestedStudy", "ensemble_of", "nested_cross_validation"]

REFITTED, ENSEMBLE = "chosen", "ensemble"


@dataclass(frozen=True)
class NestedStudy:
    """Runs of the model `chosen`, fitted anew to all rows that teach, and of the `ensemble` of its inner models."""

    runs: tuple[Run, ...]

    def summaries(self) -> list[Summary]:
        """Return a summary of each of the two."""
        return summaries_of(self.runs)

    def chosen(self) -> dict[str, int]:
        """Return how often each candidate was chosen."""
        return dict(Counter(run.learnt for run in self.runs if run.model == REFITTED))

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        summaries = [one.to_dict() for one in self.summaries()]
        return {"chosen": self.chosen(), "summaries": summaries, "runs": [run.to_dict() for run in self.runs]}


def nested_cross_validation(
    data: StudyData,
    candidates: Sequence[Candidate],
    outer: Splitter,
    inner: Splitter,
    *,
    outer_name: str = "random",
    inner_name: str = "random",
    seed: int = 0,
    known: Sequence[Run] = (),
    keep: Keep | None = None,
) -> NestedStudy:
    """Choose among candidates inside the rows that teach, by inner splits of them, and ask the rest.

    What is told of the outer rows is then the error of the whole way of learning, its choices included. Two predictions
    are made of each outer row: by the chosen candidate fitted to all rows that teach, and by the mean of the models
    that the inner splits left of it, whose disagreement widens the error bars.

    Parameters
    ----------
    outer, inner
        Splits of all rows, and of those that teach.
    outer_name, inner_name
        Names under which the data hold groups for them.
    seed, known, keep
        As in `study_extrapolation`.

    Raises
    ------
    InvalidInputError
        If there are too few rows, names stand twice, or a splitter lacks what it reads.

    References
    ----------
    Varma & Simon (2006), doi:10.1186/1471-2105-7-91.
    """
    distinct(data, [one.name for one in candidates])
    done = {run.key: run for run in known}
    runs: list[Run] = []
    for k, (teach, ask) in enumerate(list(data.splits(outer_name, outer))):
        keys = [(name, outer_name, k, 0) for name in (REFITTED, ENSEMBLE)]
        if all(key in done for key in keys):
            runs += [done[key] for key in keys]
            continue
        candidate, members = _choose(data.part(teach), candidates, inner, inner_name, seed + k)
        works = ((key, partial(_run, key, candidate, members, data, teach, ask, seed + k)) for key in keys)
        runs += carry_out(works, known, keep)
    return NestedStudy(tuple(runs))


def ensemble_of(said: Sequence[tuple[Interval, DomainReport]]) -> tuple[Interval, DomainReport]:
    """Return the prediction of several models as one.

    The mean of the means; the variance is the mean of theirs plus that between their means; half widths of intervals
    grow as the standard deviation does. What most of them flag is flagged.
    """
    means, variances = (np.array([getattr(one, name) for one, _ in said]) for name in ("mean", "std"))
    mean, own = means.mean(axis=0), np.sqrt(np.mean(variances**2, axis=0))
    std = np.hypot(own, means.std(axis=0))
    wider = std / np.maximum(own, np.finfo(float).tiny)
    below, above = (
        np.mean([np.abs(getattr(one, end) - one.mean) for one, _ in said], axis=0) for end in ("low", "high")
    )
    flags = {
        name: np.mean([report.flags.get(name, np.zeros(len(mean), dtype=bool)) for _, report in said], axis=0) > 0.5
        for name in dict.fromkeys(name for _, report in said for name in report.flags)
    }
    return Interval(mean, std, mean - wider * below, mean + wider * above), DomainReport(flags)


def _choose(
    part: StudyData, candidates: Sequence[Candidate], inner: Splitter, name: str, seed: int
) -> tuple[Candidate, list[TargetModel]]:
    """Return the candidate of least mean inner error, and its models of the inner splits."""
    splits = list(part.splits(name, inner))
    found: dict[str, tuple[float, list[TargetModel]]] = {}
    for candidate in candidates:
        models, errors = [], []
        for teach, ask in splits:
            models.append(candidate.fit(*part.taught(teach), seed=seed))
            mean = models[-1].assess(candidate.readable(part.taught(ask)[0]))[0].mean
            errors.append(score(part.y[ask], mean).rmse)
        found[candidate.name] = float(np.mean(errors)), models
    best = min(candidates, key=lambda one: found[one.name][0])
    return best, found[best.name][1]


def _run(
    key: tuple[str, str, int, int],
    candidate: Candidate,
    members: Sequence[TargetModel],
    data: StudyData,
    teach: Rows,
    ask: Rows,
    seed: int,
) -> Run:
    asked = candidate.readable(data.taught(ask)[0])
    if key[0] == ENSEMBLE:
        said = ensemble_of([model.assess(asked) for model in members])
    else:
        said = candidate.fit(*data.taught(teach), seed=seed).assess(asked)
    return judge(key, said, data, ask, len(teach), candidate.name)
