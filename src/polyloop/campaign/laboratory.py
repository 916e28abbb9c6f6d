"""Ask and tell: suggest candidates to a laboratory, and take what it measured, late, in part, repeated or corrected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.loading import fixed_reference_point, load_asked, load_candidates
from polyloop.campaign.plan import EvaluationPlan
from polyloop.campaign.preparation import Preparation
from polyloop.campaign.repeats import merge_repeats
from polyloop.campaign.results_table import REPEAT, read_results
from polyloop.campaign.space import point_columns, points_as_subjects, space_of
from polyloop.campaign.state import Candidate, observed_values, stated_reference_point
from polyloop.campaign.suggestions import Proposed
from polyloop.core import InvalidInputError, Record, Request, Status, Subject, get_property, write_atomically
from polyloop.core.csv_text import csv_text
from polyloop.design import default_reference_point
from polyloop.design.pool import Pool
from polyloop.design.space import Space
from polyloop.evaluation.laboratory import experiment_id
from polyloop.store import Pick, Store
from polyloop.tables import split_header

__all__ = [
    "Entered",
    "Suggestion",
    "enter_results",
    "pending_suggestions",
    "suggest",
    "suggestions_csv",
    "write_suggestions",
]


@dataclass(frozen=True)
class Suggestion:
    """A candidate that a laboratory should make and measure.

    Parameters
    ----------
    cycle
        When it was suggested; 0 for the initial design.
    columns
        What the pool's file says of it.
    predicted
        Per objective, `mean`, `std` and `noise_std` in the property's unit; empty in the initial design.
    repeat
        Which measurement of the candidate it is to be: 1 is the first.
    """

    subject: Subject
    cycle: int
    columns: Mapping[str, str]
    predicted: Mapping[str, Mapping[str, float]]
    repeat: int = 1


@dataclass(frozen=True)
class Entered:
    """What became of a table of results.

    Parameters
    ----------
    new, corrected, known
        Values and failures that are new, that take the place of another, and that were known.
    unasked
        Candidates that the campaign never suggested.
    corrections
        A sentence for each corrected value: what it was, and is.
    """

    new: int
    corrected: int
    known: int
    unasked: tuple[str, ...] = ()
    corrections: tuple[str, ...] = ()


def suggest(prepared: Preparation, count: int) -> list[Suggestion]:
    """Choose `count` further candidates, keep them in the store, and return them; fewer where the pool is exhausted.

    Those of the initial design come first. Candidates whose values are awaited are not suggested again: the models
    believe their own predictions of them meanwhile. In a campaign of levels `count` measurements are the budget: part
    of it, or all, may go to what is computed, which is kept for the next run and not returned.

    Raises
    ------
    InvalidInputError
        If `count` is not positive.
    """
    if count < 1:
        raise InvalidInputError(f"{count} suggestions are none.", where="count", hint="Give at least 1.")
    campaign, plan, store = prepared.campaign, prepared.plan, prepared.store
    asked = load_asked(
        store, campaign, plan.objectives, asked=plan.asked(), below=plan.asked_below(), points=plan.points
    )
    known = merge_repeats(asked)
    cycle = 1 + max((one.cycle for one in asked), default=-1)
    with prepared.interrupts.at_once():
        proposer = prepared.make_proposer()
        seed = prepared.config.campaign.seed
        taken = {one.text for one in known}
        design = [one for one in proposer.initial(np.random.default_rng([seed, 0])) if one.text not in taken]
        # Of a candidate that is to be asked at several levels, all of them.
        first = list(dict.fromkeys(one.text for one in design))
        first = first[: max(min(count, prepared.config.initial.size - len(taken)), 0)]
        chosen = [one for one in design if one.text in first]
        calibration: Mapping[str, Any] = {}
        point = _reference_point(prepared, known)
        if len(first) < count:
            more, calibration = proposer.next_batch(
                [*asked, *(_waiting(prepared, one, cycle) for one in chosen)],
                point,
                np.random.default_rng([seed, 1 + max(cycle, 0)]),
                batch=count - len(first),
            )
            chosen += more
    if not chosen:
        return []
    picks = [
        Pick(request, one.acquisition, one.predicted)
        for one in chosen
        for request in plan.requests(plan.subject(one.text), one.level, plan.seed_of(one.repeat))
    ]
    entry = {"calibration": dict(calibration), "reference_point": None if point is None else list(point)}
    store.save_cycle(campaign, cycle, entry)
    store.save_picks(campaign, cycle, picks)
    columns = _columns_of(prepared.pool)
    return [
        Suggestion(plan.subject(one.text), cycle, columns.get(one.text, {}), one.predicted, one.repeat)
        for one in chosen
        if not one.level
    ]


def enter_results(
    prepared: Preparation, path: Path, *, column: str | None = None, repeats: bool = False, reason: str = ""
) -> Entered:
    """Keep what a table says in the store: all of it, or nothing where something of it is wrong.

    Parameters
    ----------
    column
        Header of the subjects; that of the campaign's kind when left out.
    repeats
        Whether values of what was measured before are further measurements, instead of corrections.
    reason
        Why values are corrected; kept with the old ones.

    Raises
    ------
    InvalidInputError
        Naming file, line and column of all that is wrong.
    """
    plan, store, config = prepared.plan, prepared.store, prepared.config
    known = load_candidates(
        store, prepared.campaign, plan.objectives, asked=plan.asked(), below=plan.asked_below(), points=plan.points
    )
    with points_as_subjects(path, space_of(config)) as readable:
        records = read_results(
            readable,
            kind=config.pool.kind,
            column=column or config.pool.column,
            wanted=plan.measured or tuple(objective.property for objective in plan.objectives),
            passed=[*(one for one in prepared.pool.extras if not _is_result(one, plan.measured)), "name"],
            conditions=config.campaign.state,
            next_seed=_Seeds(plan, store, repeats),
            first_seed=config.campaign.evaluation_seed,
        )
    texts = tuple(dict.fromkeys(record.request.subject.text for record in records))
    records = [_of_subject(plan, record) for record in records]
    corrections = _corrections(store, records)
    told = store.tell(records, reason)
    asked = {one.text for one in known if not one.level}
    unasked = tuple(text for text in texts if text not in asked)
    if unasked:
        _add_unasked(prepared, unasked, known)
    return Entered(told.new, told.corrected, told.known, unasked, corrections)


class _Seeds:
    """The seed of the first value of a subject and property: the campaign's, or behind those that are known."""

    def __init__(self, plan: EvaluationPlan, store: Store, repeats: bool) -> None:
        self._plan, self._store, self._repeats = plan, store, repeats
        self._first = plan.config.campaign.evaluation_seed

    def __call__(self, subject: Subject, name: str) -> int:
        if not self._repeats:
            return self._first
        protocol_id = experiment_id(name)
        if self._plan.points is not None:
            subject = self._plan.points.of_subject(Request(subject, protocol_id)).subject
        known = self._store.records(subjects=[subject], protocols=[protocol_id])
        return 1 + max((record.request.seed for record in known), default=self._first - 1)


def _of_subject(plan: EvaluationPlan, record: Record) -> Record:
    """Return a value of a point as one of the subject at the state that it stands for, where it does."""
    return record if plan.points is None else replace(record, request=plan.points.of_subject(record.request))


def _corrections(store: Store, records: Sequence[Record]) -> tuple[str, ...]:
    before = {(one.key, one.property): one for one in store.records(keys=[record.key for record in records])}
    found = []
    for record in records:
        old = before.get((record.key, record.property))
        if old is not None and (old.value, old.std, old.status) != (record.value, record.std, record.status):
            found.append(f"{record.request.subject}: {record.property} was {_words(old)}, is {_words(record)}")
    return tuple(found)


def _words(record: Record) -> str:
    if record.failure is not None or record.value is None:
        return "no value"
    unit = get_property(record.property).unit
    error = "" if record.std is None else f" ± {record.std:g}"
    return f"{record.value:g}{error}{'' if unit == '1' else f' {unit}'}"


def _add_unasked(prepared: Preparation, texts: Sequence[str], known: Sequence[Candidate]) -> None:
    """Enter candidates that were told without being asked as picks of a cycle of their own, below 0."""
    plan = prepared.plan
    cycle = min([one.cycle for one in known if one.cycle < 0], default=0) - 1
    picks = [Pick(request) for text in texts for request in plan.requests(plan.subject(text))]
    prepared.store.save_picks(prepared.campaign, cycle, picks)


def _reference_point(prepared: Preparation, known: Sequence[Candidate]) -> tuple[float, ...] | None:
    """Return the reference point: stated, fixed before, or made from what is known; it stays once there is one."""
    point = stated_reference_point(prepared.config) or fixed_reference_point(prepared.store, prepared.campaign)
    Y = observed_values(known, prepared.plan.objectives)
    if point is None and np.isfinite(Y).all(axis=1).sum() >= 2:
        point = default_reference_point(Y, prepared.plan.objectives)
    return point


def _waiting(prepared: Preparation, proposed: Proposed, cycle: int) -> Candidate:
    subject = prepared.plan.subject(proposed.text)
    return Candidate(cycle, 0, subject, None, {}, {}, Status.WAITING, level=proposed.level)


def _subject_columns(config: CampaignConfig, space: Space | None) -> list[str]:
    return [config.pool.column] if space is None else list(space.names)


def _subject_cells(suggestion: Suggestion, space: Space | None) -> list[str]:
    text = suggestion.subject.text
    return [text] if space is None else list(point_columns(space, text).values())


def _columns_of(pool: Pool) -> dict[str, dict[str, str]]:
    """Return what a pool says of each candidate (canonical text): its cells by header."""
    named = {"name": pool.names} if any(pool.names) and "name" not in pool.extras else {}
    columns = {**named, **pool.extras}
    return {
        text: {header: cells[row] for header, cells in columns.items() if cells} for row, text in enumerate(pool.texts)
    }


def _is_result(header: str, measured: Sequence[str]) -> bool:
    """Tell whether a column holds values, or their deviations, of a property that is measured."""
    return split_header(header)[0].removesuffix("_std") in measured


def suggestions_csv(suggestions: Sequence[Suggestion], config: CampaignConfig, measured: Sequence[str]) -> str:
    """Return suggestions as a table to fill in: subject, the pool's columns, predictions, empty cells for results."""
    names, space = [objective.property for objective in config.objectives], space_of(config)
    # What the pool's file says of a property that is measured must not stand where the result is to be filled in.
    pool_columns = [
        header
        for header in dict.fromkeys(header for one in suggestions for header in one.columns)
        if not _is_result(header, measured)
    ]
    numbers = [REPEAT] if config.acquisition.repeats else []
    predicted = [f"{name}_predicted{end} [{get_property(name).unit}]" for name in names for end in ("", "_std")]
    empty = [
        f"{name}{end} [{get_property(name).unit}]" for name in measured for end in ("", "_std")
    ] if measured else []  # fmt: skip
    results = [header for header in [*empty, "status", "note"] if header not in pool_columns]
    rows = [
        [
            *_subject_cells(one, space),
            *(one.repeat for _ in numbers),
            *(one.columns.get(header, "") for header in pool_columns),
            *(cell for name in names for cell in _prediction(one.predicted.get(name))),
            *("" for _ in results),
        ]
        for one in suggestions
    ]
    return csv_text([*_subject_columns(config, space), *numbers, *pool_columns, *predicted, *results], rows)


def write_suggestions(
    suggestions: Sequence[Suggestion], config: CampaignConfig, measured: Sequence[str], path: Path
) -> None:
    """Write `suggestions_csv` atomically."""
    write_atomically(path, suggestions_csv(suggestions, config, measured))


def _prediction(said: Mapping[str, float] | None) -> list[Any]:
    return ["", ""] if not said else [said["mean"], float(np.hypot(said["std"], said.get("noise_std", 0.0)))]


def pending_suggestions(asked: Sequence[Candidate], pool: Pool, config: CampaignConfig) -> list[Suggestion]:
    """Return what a laboratory was asked and whose values are awaited, in the order in which it was suggested."""
    columns, first = _columns_of(pool), config.campaign.evaluation_seed
    return [
        Suggestion(one.subject, one.cycle, columns.get(one.text, {}), one.predicted, 1 + one.seed - first)
        for one in asked
        if not one.status.is_final and not one.level
    ]
