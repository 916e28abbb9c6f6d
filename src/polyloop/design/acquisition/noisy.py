"""Batches by noisy expected hypervolume improvement (BoTorch's qLogNEHVI), for any surrogate and any objectives."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import botorch
import gpytorch
import numpy as np
import torch
from botorch.acquisition.logei import qLogNoisyExpectedImprovement
from botorch.acquisition.multi_objective import logei
from botorch.acquisition.multi_objective.logei import qLogNoisyExpectedHypervolumeImprovement
from botorch.acquisition.multi_objective.objective import MCMultiOutputObjective
from botorch.acquisition.objective import GenericMCObjective
from botorch.optim.optimize import optimize_acqf_discrete
from botorch.posteriors.gpytorch import GPyTorchPosterior
from botorch.sampling.normal import SobolQMCNormalSampler
from botorch.utils.sampling import manual_seed
from numpy.typing import NDArray

from polyloop.design.objectives import Array, Objective
from polyloop.learn import Blocks, Surrogate
from polyloop.learn.surrogate import stack

__all__ = ["TabulatedModel", "UtilityObjective", "noisy_hypervolume_batch", "nothing_compiled"]


class TabulatedModel(botorch.models.model.Model):  # type: ignore[misc]
    """A BoTorch model over a finite list of points whose joint normal posterior is known; inputs are row numbers.

    Parameters
    ----------
    mean
        Shape (n, m), standardised.
    covariance
        Shape (m, n, n), standardised; outputs are independent of one another.
    """

    def __init__(self, mean: Array, covariance: Array) -> None:
        super().__init__()
        self.register_buffer("mean", torch.from_numpy(mean))
        self.register_buffer("covariance", torch.from_numpy(covariance))

    @property
    def num_outputs(self) -> int:
        """Number of objectives."""
        return int(self.mean.shape[1])

    @property
    def batch_shape(self) -> torch.Size:
        """No batch of models."""
        return torch.Size([])

    def posterior(self, X: torch.Tensor, *_: Any, posterior_transform: Any = None, **__: Any) -> GPyTorchPosterior:
        """Return the joint posterior at row numbers X of shape `batch_shape x q x 1`."""
        rows = X[..., 0].round().long()
        normals = []
        for j in range(self.num_outputs):
            block = self.covariance[j][rows.unsqueeze(-1), rows.unsqueeze(-2)]
            normals.append(gpytorch.distributions.MultivariateNormal(self.mean[:, j][rows], block))
        if len(normals) == 1:
            posterior = GPyTorchPosterior(normals[0])
        else:
            joint = gpytorch.distributions.MultitaskMultivariateNormal.from_independent_mvns(normals)
            posterior = GPyTorchPosterior(joint)
        return posterior if posterior_transform is None else posterior_transform(posterior)


class UtilityObjective(MCMultiOutputObjective):  # type: ignore[misc]
    """Turn standardised samples into utilities above the reference point, in units of the observed spread."""

    def __init__(self, objectives: Sequence[Objective], center: Array, unit: Array, reference: Array) -> None:
        super().__init__()
        self.objectives, self.center, self.unit, self.reference = list(objectives), center, unit, reference

    def forward(self, samples: torch.Tensor, X: torch.Tensor | None = None) -> torch.Tensor:
        """Return the utilities of samples, both of shape `sample_shape x batch_shape x q x m`."""
        columns = []
        for j, objective in enumerate(self.objectives):
            value = samples[..., j] * self.unit[j] + self.center[j]
            if objective.direction == "range":
                low, high = objective.ends
                value = -torch.clamp(torch.maximum(low - value, value - high), min=0.0)
            elif objective.direction == "minimize":
                value = -value
            columns.append((value - self.reference[j]) / self.unit[j])
        return torch.stack(columns, dim=-1)


def noisy_hypervolume_batch(
    models: Sequence[Surrogate],
    X_observed: Blocks,
    X_shortlist: Blocks,
    objectives: Sequence[Objective],
    reference: Array,
    unit: Array,
    *,
    batch: int,
    seed: int,
) -> tuple[NDArray[np.intp], Array]:
    """Pick `batch` rows of the shortlist by sequential qLogNEHVI.

    The observed points' true values are integrated over too, so a lucky noisy observation does not hide its
    neighbours. With one objective this is the noisy expected improvement (qLogNEI).

    Parameters
    ----------
    X_observed
        Rows whose values are known up to noise (and pending ones, if the models are conditioned on them).
    reference
        Reference point as utilities, shape (m,).
    unit
        Spread of each objective, shape (m,).

    Returns
    -------
    picks, scores
        Positions in the shortlist in the order of picking, and the logarithm of the improvement at each picking.

    References
    ----------
    Daulton, Balandat & Bakshy (2021), arXiv:2105.08195; Ament et al. (2023), arXiv:2310.20708.
    """
    n_observed = len(next(iter(X_observed.values())))
    n_shortlist = len(next(iter(X_shortlist.values())))
    together = stack(X_observed, X_shortlist)
    joints = [model.joint(together) for model in models]
    center = np.array([mean.mean() for mean, _ in joints])
    mean = np.column_stack([(m - c) / u for (m, _), c, u in zip(joints, center, unit, strict=True)])
    covariance = np.stack([c / u**2 for (_, c), u in zip(joints, unit, strict=True)])
    # Double precision leaves eigenvalues of about -1e-12; this lifts them without being seen in any sample.
    covariance += 1e-8 * np.eye(covariance.shape[1])
    utilities = UtilityObjective(objectives, center, unit, reference)
    choices = torch.arange(n_observed, n_observed + n_shortlist, dtype=torch.double)[:, None]
    # BoTorch prunes the observed points by samples of its own, drawn from PyTorch's global generator.
    with manual_seed(seed), nothing_compiled():
        acquisition = _acquisition(TabulatedModel(mean, covariance), n_observed, utilities, seed)
        chosen, values = optimize_acqf_discrete(acquisition, q=batch, choices=choices, max_batch_size=64, unique=True)
    picks = chosen[:, 0].round().long().numpy() - n_observed
    return picks, np.atleast_1d(values.detach().numpy()).astype(float)


@contextmanager
def nothing_compiled() -> Iterator[None]:
    """Keep BoTorch to its Python: version 0.18 compiles C++ for this very machine when the acquisition is first used.

    That takes minutes without a word, fails where there is no compiler, and what it builds rounds otherwise, so that
    picks would depend on the machine. The state of the module is the caller's again afterwards.
    """
    before = {name: getattr(logei, name) for name in ("_C", "_load_attempted") if hasattr(logei, name)}
    # As if the attempt had been made and had failed.
    for name in before:
        setattr(logei, name, name == "_load_attempted" or None)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(logei, name, value)


def _acquisition(model: TabulatedModel, n_observed: int, utilities: UtilityObjective, seed: int) -> Any:
    observed = torch.arange(n_observed, dtype=torch.double)[:, None]
    # Each sample has its own box decomposition, which is slow from three objectives on.
    n_samples = 128 if model.num_outputs <= 2 else 32
    sampler = SobolQMCNormalSampler(torch.Size([n_samples]), seed=seed)
    if model.num_outputs == 1:
        single = GenericMCObjective(lambda samples, X=None: utilities(samples)[..., 0])
        return qLogNoisyExpectedImprovement(
            model=model, X_baseline=observed, sampler=sampler, objective=single, prune_baseline=True, cache_root=False
        )
    return qLogNoisyExpectedHypervolumeImprovement(
        model=model,
        ref_point=torch.zeros(model.num_outputs, dtype=torch.double),
        X_baseline=observed,
        sampler=sampler,
        objective=utilities,
        prune_baseline=True,
        cache_root=False,
    )
