"""From what is known to the next batch: descriptors, surrogates, their held-out calibration, and the picks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.campaign.config.tables import CampaignConfig, SurrogateTable
from polyloop.campaign.repeats import merge_repeats
from polyloop.campaign.state import Candidate, observed_values
from polyloop.campaign.suggestions import Proposed
from polyloop.core import ConfigurationError, get_property, parse_subject
from polyloop.core.invariant import Invariant
from polyloop.core.options import read_options
from polyloop.design import Objective, initial_design, propose
from polyloop.design.acquisition import Constraint, Feasibility
from polyloop.features import FeatureTable
from polyloop.learn import SURROGATES, Blocks, Surrogate, TrainingDomain, calibrate, make_surrogate
from polyloop.learn.beyond_range import MixedTarget
from polyloop.learn.calibration import leaves_one_out
from polyloop.learn.invariant_target import without_factors
from polyloop.learn.surrogate import row_count, take

__all__ = [
    "LEAST_DATA",
    "Proposer",
    "Step",
    "acquisition_of",
    "feasibility_of",
    "fit_models",
    "json_numbers",
    "predictions_of",
]

# The least number of complete evaluations from which a model is worth its name.
LEAST_DATA = 3
_VALUE = Invariant("the value itself", "identity", {})

Step = Callable[[str, int, int], None]
"""Told what begins: the step's name, how many of its parts are done, and their number."""


class Proposer:
    """Proposes batches from a pool with descriptors.

    Parameters
    ----------
    table
        Descriptors of the whole pool; rows without are never proposed.
    constraints
        What candidates must meet with a stated probability.
    costs
        What each candidate costs, by its canonical text.
    """

    def __init__(
        self,
        config: CampaignConfig,
        objectives: Sequence[Objective],
        table: FeatureTable,
        *,
        constraints: Sequence[Constraint] = (),
        costs: Mapping[str, float] | None = None,
    ) -> None:
        self._config, self._objectives = config, tuple(objectives)
        self._constraints, costs = tuple(constraints), costs or {}
        self._table = table.take(table.valid)
        self._row = {polymer: row for row, polymer in enumerate(self._table.polymers)}
        self._X: Blocks = self._table.described()
        self._costs = np.array([costs.get(text, np.nan) for text in self._table.polymers]) if costs else None

    def initial(self, rng: np.random.Generator) -> list[Proposed]:
        """Return the initial design.

        Raises
        ------
        ConfigurationError
            If the campaign names polymers that the pool, or the descriptors, lack.
        """
        design = self._config.initial
        if design.polymers:
            return [self._named(smiles) for smiles in design.polymers]
        if not len(self._table):
            return []
        compared = without_factors(self._X) if self._config.surrogate.invariants else self._X
        rows = initial_design(compared, design.size, design.method, rng=rng)
        return [Proposed(self._table.polymers[row]) for row in rows]

    def _named(self, smiles: str) -> Proposed:
        text = parse_subject(self._config.pool.kind, smiles).text
        if text not in self._row:
            raise ConfigurationError(
                f"{smiles} is no candidate of the pool that has descriptors.",
                where="[initial] polymers",
                hint="Widen the filters of [pool], or leave it out.",
            )
        return Proposed(text)

    def next_batch(
        self,
        candidates: Sequence[Candidate],
        reference_point: Sequence[float] | None,
        rng: np.random.Generator,
        tell: Step = lambda step, done, total: None,
        batch: int | None = None,
    ) -> tuple[list[Proposed], dict[str, dict[str, Any]]]:
        """Return the next batch and the held-out calibration of each objective's surrogate.

        Parameters
        ----------
        candidates
            Everything picked so far, in the order of picking; none of it is proposed again, whatever became of it.
        batch
            How many; that of the campaign file when left out.
        tell
            Called as each step begins: "fit" with the number of models done, "acquire" with that of picks made.
        """
        candidates = merge_repeats(candidates)
        size = self._config.campaign.batch if batch is None else batch
        exclude = np.zeros(len(self._table), dtype=bool)
        exclude[[self._row[candidate.text] for candidate in candidates if candidate.text in self._row]] = True
        if exclude.all():
            return [], {}
        rows, Y, noise = self._observations(candidates)
        if min(np.isfinite(Y).sum(axis=0), default=0) < LEAST_DATA or reference_point is None:
            chosen = rng.permutation(np.flatnonzero(~exclude))[:size]
            return [Proposed(self._table.polymers[row]) for row in chosen], {}
        table = self._config.surrogate
        models, calibration, domains = fit_models(table, self._objectives, self._take(rows), Y, noise, rng, tell)
        proposal = propose(
            models,
            self._X,
            Y,
            self._objectives,
            batch=size,
            rng=rng,
            acquisition=acquisition_of(self._config),
            reference_point=reference_point,
            exclude=exclude,
            X_observed=self._take(rows),
            X_pending=self._pending(candidates),
            options=self._config.acquisition.options,
            feasibility=self._feasibility(candidates, rows, models, rng, tell),
            costs=self._costs,
            budget=self._config.campaign.batch_cost,
            progress=partial(tell, "acquire"),
        )
        picks = [int(row) for row in proposal.indices]
        predicted = predictions_of(self._take(picks), self._objectives, models, domains)
        proposed = [
            Proposed(self._table.polymers[row], float(score), predicted[place])
            for place, (row, score) in enumerate(zip(picks, proposal.scores, strict=True))
        ]
        return proposed, calibration

    def _observations(
        self, candidates: Sequence[Candidate]
    ) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
        """Return rows of the table (n,), plausible values (n, m) and noise variances (n, m), by order of picking."""
        usable = [candidate for candidate in candidates if candidate.text in self._row]
        rows = np.array([self._row[candidate.text] for candidate in usable], dtype=np.intp)
        Y = observed_values(usable, self._objectives)
        stds = [[candidate.std(objective.property) for objective in self._objectives] for candidate in usable]
        noise = np.array(stds, dtype=np.float64).reshape(Y.shape) ** 2
        some = np.isfinite(Y).any(axis=1)
        return rows[some], Y[some], noise[some]

    def _feasibility(
        self,
        candidates: Sequence[Candidate],
        rows: NDArray[np.intp],
        models: Sequence[Surrogate],
        rng: np.random.Generator,
        tell: Step,
    ) -> Feasibility | None:
        """Return what is known of the constraints; None where there are none, or too little is known of one."""
        by_row = {self._row[one.text]: one for one in candidates if one.text in self._row}
        known = dict(zip((objective.property for objective in self._objectives), models, strict=True))
        observed = [by_row[int(row)] for row in rows]
        return feasibility_of(self._constraints, self._config.surrogate, known, self._take(rows), observed, rng, tell)

    def _pending(self, candidates: Sequence[Candidate]) -> Blocks | None:
        """Return the descriptors of those whose values are awaited, which the models believe meanwhile."""
        rows = [self._row[one.text] for one in candidates if not one.status.is_final and one.text in self._row]
        return self._take(rows) if rows else None

    def _take(self, rows: Sequence[int] | NDArray[np.intp]) -> Blocks:
        return take(self._X, np.asarray(rows, dtype=np.intp))


def feasibility_of(
    constraints: Sequence[Constraint],
    table: SurrogateTable,
    known: Mapping[str, Surrogate],
    X: Blocks,
    observed: Sequence[Candidate],
    rng: np.random.Generator,
    tell: Step,
) -> Feasibility | None:
    """Return what is known of constraints; None where there are none, or too little is known of one.

    Parameters
    ----------
    known
        Models of objectives by property, which serve where one has a constraint too.
    X, observed
        Descriptors of candidates, and these, in one order.
    """
    if not constraints:
        return None
    columns = [Objective(rule.property) for rule in constraints]
    Z = observed_values(observed, columns)
    if np.isfinite(Z).sum(axis=0).min() < LEAST_DATA:
        return None
    fitted, _, _ = fit_models(table, columns, X, Z, np.full(Z.shape, np.nan), rng, tell)
    chosen = [known.get(rule.property, model) for rule, model in zip(constraints, fitted, strict=True)]
    return Feasibility(constraints, chosen, Z)


def fit_models(
    table: SurrogateTable,
    objectives: Sequence[Objective],
    X: Blocks,
    Y: NDArray[np.float64],
    noise: NDArray[np.float64],
    rng: np.random.Generator,
    tell: Step,
    *,
    groups: NDArray[np.intp] | None = None,
    is_known: bool | None = None,
) -> tuple[list[Surrogate], dict[str, dict[str, Any]], list[TrainingDomain]]:
    """Return a fitted surrogate, its held-out calibration and its training domain for each objective.

    Parameters
    ----------
    Y, noise
        Values and their known variances, shape (n, m), NaN where missing.
    groups
        Which candidate each row is of, shape (n,), where rows are repeats: a candidate is held out as a whole.
    is_known
        Whether `noise` is taken; what the table says when left out.
    """
    is_known = table.record_noise if is_known is None else is_known
    models, calibration, domains = [], {}, []
    for column, objective in enumerate(objectives):
        tell("fit", column, len(objectives))
        known = np.isfinite(Y[:, column])
        rows, y = take(X, np.flatnonzero(known)), Y[known, column]
        variance = noise[known, column] if is_known else None
        seed = int(rng.integers(2**31))
        make = partial(_surrogate, table, seed, objective.property, y)
        model = make().fit(rows, y, variance)
        models.append(model)
        of = np.arange(len(y)) if groups is None else groups[known]
        first = np.sort(np.unique(of, return_index=True)[1])
        compared = without_factors(rows) if table.invariants else rows
        domains.append(TrainingDomain().fit(take(compared, first), _means(y, of)))
        refit = None if leaves_one_out(model) else make
        held_out = calibrate(model, rows, y, variance, make=refit, rng=rng, groups=None if groups is None else of)
        calibration[objective.property] = json_numbers(held_out.to_dict())
    return models, calibration, domains


def _means(y: NDArray[np.float64], groups: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the mean of each group of y (n,), in the order in which the groups begin."""
    _, first, place, counts = np.unique(groups, return_index=True, return_inverse=True, return_counts=True)
    means: NDArray[np.float64] = (np.bincount(place, y) / counts)[np.argsort(first)]
    return means


def predictions_of(
    X: Blocks, objectives: Sequence[Objective], models: Sequence[Surrogate], domains: Sequence[TrainingDomain]
) -> list[dict[str, dict[str, float]]]:
    """Return what is predicted of each row, by property: mean, std, noise_std, and whether it is outside the domain."""
    predicted: list[dict[str, dict[str, float]]] = [{} for _ in range(row_count(X))]
    for objective, model, domain in zip(objectives, models, domains, strict=True):
        prediction = model.predict(X)
        outside = domain.assess(X, prediction).outside
        for place, said in enumerate(predicted):
            said[objective.property] = {
                "mean": float(prediction.mean[place]),
                "std": float(prediction.std[place]),
                "noise_std": float(prediction.noise_std[place]),
                "outside": float(outside[place]),
            }
    return predicted


def acquisition_of(config: CampaignConfig) -> str:
    """Return the acquisition of the campaign file, or the one that suits its objectives."""
    if config.acquisition.name is not None:
        return config.acquisition.name
    ranges = [objective.range is not None for objective in config.objectives]
    if all(ranges):
        return "pi"
    return "ei" if len(ranges) == 1 else "ehvi"


def json_numbers(content: Mapping[str, Any]) -> dict[str, Any]:
    """Replace numbers that are not finite by None, since JSON has no word for them."""
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value for name, value in content.items()
    }


def _surrogate(table: SurrogateTable, seed: int, name: str, y: NDArray[np.float64]) -> Surrogate:
    """Return an unfitted surrogate of a property, or of its invariant where that is wanted and y has an image.

    A logarithm alone is not taken: it knows nothing of the structure.
    """
    options = read_options(SURROGATES.find(table.name), table.options, noun="surrogate", name=table.name)
    make = partial(make_surrogate, table.name, seed=seed, **options)
    if not table.invariants:
        return make()
    invariant = get_property(name).invariant
    known = invariant is not None and bool(invariant.powers) and invariant.applies(y)
    return MixedTarget(make, invariant if invariant is not None and known else _VALUE)
