"""What a cycle yielded, in figures, and what they say of whether to go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.campaign.loading import is_over
from polyloop.campaign.proposal import json_numbers
from polyloop.campaign.repeats import merge_repeats
from polyloop.campaign.requirements import admitted
from polyloop.campaign.state import Candidate, CycleMetrics, count_failures, observed_values
from polyloop.core import Status
from polyloop.design import Objective, default_reference_point, objective_hypervolume
from polyloop.design.acquisition import Constraint
from polyloop.learn import Prediction
from polyloop.learn.calibration import summarise

__all__ = ["best_values", "cycle_metrics", "failed_in_a_row", "has_stalled", "seconds_of"]


def cycle_metrics(
    cycle: int,
    history: Sequence[Candidate],
    objectives: Sequence[Objective],
    point: tuple[float, ...] | None,
    entry: Mapping[str, Any],
    requirements: Sequence[Constraint] = (),
) -> CycleMetrics:
    """Return the metrics of a cycle whose evaluations have ended.

    Parameters
    ----------
    history
        Everything asked up to and including the cycle, repeats by themselves.
    point
        The reference point of the hypervolume; None while there is none, and two complete candidates then fix it.
    entry
        What the store knows of the cycle: its calibration and its seconds.
    requirements
        What candidates must meet to count in the hypervolume.
    """
    batch = [candidate for candidate in history if candidate.cycle == cycle]
    merged = merge_repeats(history)
    Y = observed_values(merged, objectives)
    if point is None and np.isfinite(Y).all(axis=1).sum() >= 2:
        point = default_reference_point(Y, objectives)
    return CycleMetrics(
        cycle=cycle,
        evaluations=len(batch),
        failures=count_failures(batch),
        hypervolume=None
        if point is None
        else objective_hypervolume(admitted(Y, merged, requirements), objectives, point),
        reference_point=point,
        calibration=entry.get("calibration", {}),
        prospective=_prospective(batch, objectives),
        outside_domain=sum(
            any(prediction["outside"] for prediction in candidate.predicted.values()) for candidate in batch
        ),
        seconds=seconds_of(entry),
    )


def _prospective(batch: Sequence[Candidate], objectives: Sequence[Objective]) -> dict[str, dict[str, Any]]:
    """Compare what the models predicted of a batch with what came out."""
    found = {}
    for objective in objectives:
        name = objective.property
        known = [one for one in batch if name in one.predicted and one.value(name) is not None]
        if known:
            told = [candidate.predicted[name] for candidate in known]
            columns = [np.array([each[word] for each in told]) for word in ("mean", "std", "noise_std")]
            values = observed_values(known, [objective])[:, 0]
            found[name] = json_numbers(summarise(Prediction(*columns), values, "prospective").to_dict())
    return found


def best_values(Y: NDArray[np.float64], objectives: Sequence[Objective]) -> dict[str, float]:
    """Return the best value of each objective, shape of Y (n, m) with NaN where missing."""
    best = {}
    for column, objective in enumerate(objectives):
        known = Y[np.isfinite(Y[:, column]), column]
        if len(known):
            best[objective.property] = float(known[np.argmax(objective.utility(known))])
    return best


def failed_in_a_row(candidates: Sequence[Candidate]) -> int:
    """Return how many of the last candidates, in the order of picking, have ended without all their values.

    What the machine did is not counted: it says nothing about the polymers, the evaluator or the settings.
    """
    count = 0
    for candidate in reversed(candidates):
        if not is_over(candidate.status) or (
            candidate.failure is not None and not candidate.failure.code.is_of_polymer
        ):
            continue
        if candidate.status is Status.DONE:
            break
        count += 1
    return count


def has_stalled(hypervolumes: Sequence[float | None], cycles: int, tolerance: float) -> bool:
    """Tell whether the hypervolume grew by no more than `tolerance` (relative) over the last `cycles` cycles.

    Where there is none yet it is 0: nothing has been found, and that too may go on without progress.
    """
    if len(hypervolumes) <= cycles:
        return False
    before, now = hypervolumes[-1 - cycles] or 0.0, hypervolumes[-1] or 0.0
    return now - before <= tolerance * before


def seconds_of(entry: Mapping[str, Any]) -> dict[str, float]:
    """Return the seconds of a cycle by part."""
    return dict(entry.get("seconds", {}))
