"""Which model to trust where: models by splits, errors over seeds, and whether their differences are any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from polyloop.learn.validation.candidate import Candidate
from polyloop.learn.validation.paired_test import PairedTest, paired_test
from polyloop.learn.validation.runs import Keep, Run, StudyData, carry_out, distinct, judge
from polyloop.learn.validation.scores import SCORES
from polyloop.learn.validation.splitter import Rows, Splitter

__all__ = ["ExtrapolationStudy", "Summary", "study_extrapolation", "summaries_of"]


@dataclass(frozen=True)
class Summary:
    """Means of a model on the splits of one kind, and the standard deviation of its error over them.

    Parameters
    ----------
    scores
        Means of each score over the splits that have it; None where none has.
    error_std
        Standard deviation over the splits of `relative_rmse`; None for one split.
    against_best
        The test against the model of least error on these splits; None for that model itself, and for one split.
    """

    model: str
    split: str
    n_splits: int
    n_teach: float
    n_ask: float
    scores: Mapping[str, float | None]
    error_std: float | None
    flagged: float
    seconds: float
    against_best: PairedTest | None

    def to_dict(self) -> dict[str, Any]:
        """Return a flat, JSON-ready dictionary."""
        test = self.against_best
        return {
            "split": self.split, "model": self.model, "n_splits": self.n_splits, "n_teach": self.n_teach,
            "n_ask": self.n_ask, **self.scores, "relative_rmse_std": self.error_std, "flagged": self.flagged,
            "seconds": self.seconds, "worse_than_best_by": None if test is None else test.difference,
            "p_value": None if test is None else test.p_value,
        }  # fmt: skip


@dataclass(frozen=True)
class ExtrapolationStudy:
    """All runs, and what they come to."""

    runs: tuple[Run, ...]

    def summaries(self) -> list[Summary]:
        """Return a summary for each split and model, the best model of a split first."""
        return summaries_of(self.runs)

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready dictionary."""
        return {"summaries": [one.to_dict() for one in self.summaries()], "runs": [one.to_dict() for one in self.runs]}


def study_extrapolation(
    data: StudyData,
    candidates: Sequence[Candidate],
    splitters: Mapping[str, Splitter],
    *,
    seed: int = 0,
    known: Sequence[Run] = (),
    keep: Keep | None = None,
) -> ExtrapolationStudy:
    """Teach and ask every candidate on every split.

    Parameters
    ----------
    splitters
        By name. All candidates get the same rows.
    seed
        Of what models draw, plus the number of the split.
    known, keep
        Runs that are done already, and what takes each new one, so that a study that was stopped goes on.

    Raises
    ------
    InvalidInputError
        If there are too few rows, names stand twice, or a splitter lacks what it reads.
    """
    distinct(data, [one.name for one in candidates])
    return ExtrapolationStudy(carry_out(_wanted(data, candidates, splitters, seed), known, keep))


def _wanted(
    data: StudyData, candidates: Sequence[Candidate], splitters: Mapping[str, Splitter], seed: int
) -> Iterator[tuple[tuple[str, str, int, int], Any]]:
    # All splits first: what cannot be split is refused before an hour of fits.
    drawn = [(name, k, *rows) for name, one in splitters.items() for k, rows in enumerate(data.splits(name, one))]
    for name, k, teach, ask in drawn:
        for candidate in candidates:
            key = (candidate.name, name, k, 0)
            yield key, partial(taught_and_asked, key, candidate, data, teach, ask, seed + k)


def taught_and_asked(
    key: tuple[str, str, int, int], candidate: Candidate, data: StudyData, teach: Rows, ask: Rows, seed: int
) -> Run:
    """Return the run of one candidate, taught and asked these rows."""
    model = candidate.fit(*data.taught(teach), seed=seed)
    said = model.assess(candidate.readable(data.taught(ask)[0]))
    return judge(key, said, data, ask, len(teach), model.meaning)


def summaries_of(runs: Sequence[Run]) -> list[Summary]:
    """Return a summary for each kind of split and model, in the order of the splits, the best model first."""
    found = []
    for split in dict.fromkeys(run.split for run in runs):
        by_model: dict[str, list[Run]] = {}
        for run in runs:
            if run.split == split:
                by_model.setdefault(run.model, []).append(run)
        order = sorted(by_model, key=lambda name: _error(by_model[name]).mean())
        best = by_model[order[0]]
        found += [_summary(by_model[name], None if name == order[0] else best) for name in order]
    return found


def _error(runs: Sequence[Run]) -> np.ndarray[Any, np.dtype[np.float64]]:
    return np.array([run.scores.relative_rmse for run in runs], dtype=float)


def _summary(runs: Sequence[Run], best: Sequence[Run] | None) -> Summary:
    means: dict[str, float | None] = {}
    for name in SCORES:
        values = [value for run in runs if (value := getattr(run.scores, name)) is not None]
        means[name] = float(np.mean(values)) if values else None
    errors, several = _error(runs), len(runs) > 1
    test = None
    if best is not None and several and len(best) == len(runs):
        n_teach, n_ask = ([getattr(run, name) for run in runs] for name in ("n_teach", "n_ask"))
        test = paired_test(errors, _error(best), n_teach, n_ask)
    return Summary(
        runs[0].model, runs[0].split, len(runs), float(np.mean([run.n_teach for run in runs])),
        float(np.mean([run.n_ask for run in runs])), means, float(errors.std(ddof=1)) if several else None,
        float(np.mean([run.flagged for run in runs])), float(np.mean([run.seconds for run in runs])), test,
    )  # fmt: skip
