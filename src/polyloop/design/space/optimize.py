"""The next points by the derivatives of an acquisition function: BoTorch's mixed optimiser over coordinates."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from botorch.acquisition.logei import qLogExpectedImprovement
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.objective import GenericMCObjective
from botorch.exceptions.errors import CandidateGenerationError
from botorch.exceptions.warnings import BotorchWarning
from botorch.optim.optimize import optimize_acqf
from botorch.optim.optimize_mixed import optimize_acqf_mixed_alternating
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.sampling import manual_seed
from linear_operator.utils.warnings import NumericalWarning

from polyloop.design.acquisition.noisy import UtilityObjective, nothing_compiled
from polyloop.design.objectives import Objective
from polyloop.design.space.climb import climb, score_points
from polyloop.design.space.model import DifferentiableSurrogate, SpaceModel
from polyloop.design.space.neighbours import perturbed, swept
from polyloop.design.space.sampling import linear_in_coordinates, sample, snap
from polyloop.design.space.scales import OnScale
from polyloop.design.space.space import Space
from polyloop.learn.surrogate import Array

__all__ = ["Question", "gradient_batch"]

_SAMPLES, _SAMPLES_MANY = 128, 32  # from three objectives on each sample's box decomposition is slow
_RAW, _RESTARTS = 256, 6
_SWEPT = 2  # starts at which every choice of a long list is looked at
_RAW_INSIDE, _RESTARTS_INSIDE = 32, 2  # under constraints a start costs ten times as much, and climbing follows anyway


@dataclass(frozen=True)
class Question:
    """What is asked of an optimiser, all of it checked.

    Parameters
    ----------
    observed
        Coordinates of the points with values of all objectives, shape (n, d).
    utilities
        Their utilities, all maximized, shape (n, m).
    pending
        Coordinates of points under evaluation, shape (p, d).
    reference
        Reference point as utilities, shape (m,).
    center, spread
        Mean and spread of each property's values, shape (m,); pure numbers are made with them.
    is_free
        Tells which coordinates (n, d) may be proposed: allowed, and not picked before.
    """

    space: Space
    models: Sequence[DifferentiableSurrogate]
    objectives: Sequence[Objective]
    observed: Array
    utilities: Array
    pending: Array
    reference: Array
    center: Array
    spread: Array
    is_free: Callable[[Array], Any]


def gradient_batch(question: Question, batch: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Return coordinates of at most `batch` free points, and the logarithm of the improvement expected of each.

    Points are picked one after another, those before taken for pending. One objective is improved in expectation
    (qLogEI over the best utility seen), several by their noisy hypervolume (qLogNEHVI). Linear constraints go to the
    optimiser; conditions in text are followed by their derivatives from points that keep them, choices one at a time.
    What an optimiser returns is rounded to a point and only then compared.

    References
    ----------
    Ament et al. (2023), arXiv:2310.20708; Daulton, Balandat & Bakshy (2021), arXiv:2105.08195; alternating search of
    mixed spaces: Daulton et al. (2022), arXiv:2210.10199.
    """
    seed = int(rng.integers(2**31))
    picks: list[Array] = []
    scores: list[float] = []
    with _reproducible(seed), nothing_compiled():
        acquisition = _acquisition(question, seed)
        for _ in range(batch):
            pending = np.vstack([question.pending, *(pick[None] for pick in picks)])
            acquisition.set_X_pending(torch.from_numpy(pending) if len(pending) else None)
            best = _best(question, acquisition, picks, rng)
            if best is None:
                break
            picks.append(best[0])
            scores.append(best[1])
    return np.array(picks).reshape(-1, len(question.space.variables)), np.array(scores)


def _acquisition(question: Question, seed: int) -> Any:
    model = SpaceModel(question.space, question.models, question.center, question.spread)
    many = len(question.objectives) > 2
    sampler = SobolQMCNormalSampler(torch.Size([_SAMPLES_MANY if many else _SAMPLES]), seed=seed)
    utility = UtilityObjective(question.objectives, question.center, question.spread, question.reference)
    if model.num_outputs == 1:
        best = (float(question.utilities.max()) - question.reference[0]) / question.spread[0]
        single = GenericMCObjective(lambda samples, X=None: utility(samples)[..., 0])
        return qLogExpectedImprovement(model=model, best_f=best, sampler=sampler, objective=single)
    return qLogNoisyExpectedHypervolumeImprovement(
        model=model,
        ref_point=torch.zeros(model.num_outputs, dtype=torch.double),
        X_baseline=torch.from_numpy(question.observed),
        sampler=sampler,
        objective=utility,
        prune_baseline=True,
        cache_root=False,
    )


def _best(
    question: Question, acquisition: Any, picks: Sequence[Array], rng: np.random.Generator
) -> tuple[Array, float] | None:
    """Return the best free point and its score, or None where no free one is found."""
    space = question.space
    raw = sample(space, _RAW, rng)
    near = perturbed(space, question.observed[np.argsort(-question.utilities.sum(axis=1))[:4]], rng)
    starts = _free(question, np.vstack([raw, near]), picks)
    if not len(starts):
        return None
    starts, values = _with_sweeps(question, acquisition, starts, picks)
    order = np.argsort(-values, kind="stable")
    if space.curved:
        tops = starts[order[:_RESTARTS]]
    else:
        found = snap(space, _by_botorch(space, acquisition, starts[order[:_RESTARTS_INSIDE]]))
        # BoTorch draws its starts by their values; from the best start of all the way up is worth its little time.
        tops = np.vstack([found[space.allowed(found)], starts[order[:1]]])
    optimised = climb(space, acquisition, tops, score_points(acquisition, tops))
    # Rounding and copies of earlier picks may cost the optimum; points around it are then the next best.
    around = perturbed(space, optimised[:1] if len(optimised) else starts[order[:1]], rng)
    candidates = _free(question, np.vstack([starts[order[:1]], optimised, around]), picks)
    values = score_points(acquisition, candidates)
    winner = int(np.argmax(values))
    return candidates[winner], float(values[winner])


def _with_sweeps(question: Question, acquisition: Any, starts: Array, picks: Sequence[Array]) -> tuple[Array, Array]:
    """Return starts and their scores, and those of all choices of long lists at the best of them."""
    values = score_points(acquisition, starts)
    best = starts[np.argsort(-values, kind="stable")[:_SWEPT]]
    more = np.vstack([swept(question.space, point) for point in best])
    more = _free(question, more, picks) if len(more) else more
    if not len(more):
        return starts, values
    return np.vstack([starts, more]), np.concatenate([values, score_points(acquisition, more)])


def _free(question: Question, coordinates: Array, picks: Sequence[Array]) -> Array:
    distinct = np.array(list(dict.fromkeys(map(tuple, coordinates.tolist()))))
    free = np.asarray(question.is_free(distinct))
    for pick in picks:
        free &= ~(distinct == pick).all(axis=1)
    return np.asarray(distinct[free])


def _bounds(space: Space) -> torch.Tensor:
    upper = [1.0 if isinstance(v, OnScale) else float(len(v.levels or ()) - 1) for v in space.variables]
    return torch.tensor([[0.0] * len(upper), upper], dtype=torch.double)


def _by_botorch(space: Space, acquisition: Any, starts: Array) -> Array:
    inequalities, equalities = linear_in_coordinates(space)
    discrete: dict[int, list[float]] = {}
    choices: dict[int, list[float]] = {}
    for i, variable in enumerate(space.variables):
        if variable.levels is not None:
            places = [variable.coordinate(level) for level in variable.levels]
            (discrete if isinstance(variable, OnScale) else choices)[i] = places
    shared = {
        "bounds": _bounds(space),
        "q": 1,
        "num_restarts": _RESTARTS_INSIDE if inequalities or equalities else _RESTARTS,
        "raw_samples": _RAW_INSIDE if inequalities or equalities else _RAW,
        "inequality_constraints": inequalities or None,
        "equality_constraints": equalities or None,
    }
    try:
        if not discrete and not choices and (inequalities or equalities):
            # Starts of its own would come from a walk inside the constraints that costs more than all the rest.
            shared["num_restarts"] = len(starts)
            found, _ = optimize_acqf(
                acquisition,
                **shared,
                batch_initial_conditions=torch.from_numpy(starts)[:, None],
                options={"maxiter": 50},
            )
        elif not discrete and not choices:
            found, _ = optimize_acqf(acquisition, **shared, options={"maxiter": 100})
        else:
            options: dict[str, Any] = {"maxiter_alternating": 16}
            # A relaxed choice would be an index between two molecules, which means nothing.
            if choices:
                options["initialization_strategy"] = "random"
            found, _ = optimize_acqf_mixed_alternating(
                acquisition, discrete_dims=discrete, cat_dims=choices, options=options, **shared
            )
    except CandidateGenerationError:
        # Its solver left the constraints by a rounding; the samples and their neighbourhood remain.
        return np.zeros((0, len(space.variables)))
    return np.asarray(found.detach().reshape(-1, len(space.variables)).numpy())


@contextmanager
def _reproducible(seed: int) -> Iterator[None]:
    """Seed what BoTorch draws from, PyTorch's and Python's own generators, and give both their state back."""
    state = random.getstate()
    random.seed(seed)
    try:
        with manual_seed(seed), warnings.catch_warnings():
            # An optimiser that stops early, or jitter that is added, costs a little of the optimum and no more: what
            # comes back is compared with the samples that it started from.
            for category in (BotorchWarning, NumericalWarning):
                warnings.simplefilter("ignore", category)
            warnings.filterwarnings("ignore", "Optimization failed", RuntimeWarning)
            yield
    finally:
        random.setstate(state)
