"""A covariance whose blocks act together: one length scale a block, one joint term, and one term of main effects.

The sum over blocks of `learn.covariance` says that what one block does never depends on another. That suits views of
one thing, such as two fingerprints of a polymer, and not the variables of an experiment, where the best temperature
depends on the catalyst. Here the squared distances of the blocks are added before the kernel is taken.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.learn.covariance import CONSTANT_VARIANCE
from polyloop.learn.kernels import PhysicalGeometry, minmax
from polyloop.learn.state import State, text_of
from polyloop.learn.surrogate import Blocks

__all__ = ["BlockMetric", "ProductParameters", "Tensors", "covariance", "squared_distance_stack", "tensors"]

Tensors = Mapping[str, torch.Tensor]
"""The values of blocks as tensors, by name, each of shape `batch_shape x n x d`."""


@dataclass(frozen=True)
class BlockMetric:
    """Squared distance of two rows of one block, in a unit in which rows far apart differ by about 1.

    Occurrences: 1 - MinMax, so 1 for two different categories. Densities: the plain squared distance, since their
    columns share one scale. Physical columns: standardised by the training rows, in units of their median distance.
    Each is a squared Euclidean distance of some embedding, which makes the covariance below positive definite.
    """

    kind: BlockKind
    geometry: PhysicalGeometry | None

    @classmethod
    def fit(cls, block: BlockValues) -> Self:
        """Take what the kind needs from the training rows."""
        return cls(block.kind, PhysicalGeometry.fit(block) if block.kind is BlockKind.PHYSICAL else None)

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the metric as arrays."""
        scales = {} if self.geometry is None else self.geometry.state()
        return {"kind": np.array(str(self.kind)), **scales}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Take what `state` returned."""
        kind = BlockKind(text_of(state["kind"]))
        return cls(kind, PhysicalGeometry.of_state(state) if kind is BlockKind.PHYSICAL else None)

    def __call__(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        """Return squared distances, `batch_shape x n_a x n_b`; differentiable but for occurrences."""
        if self.kind.is_occurrence:
            # Occurrences have no derivative; rows repeat, above all of categories, and each is compared once.
            rows_a, back_a = _distinct(a)
            rows_b, back_b = _distinct(b)
            table = torch.from_numpy(1.0 - minmax(rows_a, rows_b))
            looked_up: torch.Tensor = table[back_a.unsqueeze(-1), back_b.unsqueeze(-2)]
            return looked_up
        if self.geometry is not None:
            unit = float(np.sqrt(self.geometry.median_square))
            center, scale = torch.from_numpy(self.geometry.center), torch.from_numpy(self.geometry.scale / unit)
            a, b = (a - center) * scale, (b - center) * scale
        squares = a.square().sum(-1).unsqueeze(-1) + b.square().sum(-1).unsqueeze(-2)
        return (squares - 2.0 * a @ b.transpose(-1, -2)).clamp_min(0.0)


def _distinct(values: torch.Tensor) -> tuple[NDArray[Any], torch.Tensor]:
    rows, inverse = np.unique(values.detach().reshape(-1, values.shape[-1]).numpy(), axis=0, return_inverse=True)
    return rows, torch.from_numpy(inverse.reshape(-1)).reshape(values.shape[:-1])


@dataclass(frozen=True)
class ProductParameters:
    """Hyper-parameters in standardised units.

    Parameters
    ----------
    length_scales
        One a block, in units of its metric, shape (b,).
    joint_variance, main_variance
        Of the term in which all blocks act together, and of the sum of terms of one block each.
    noise
        Variance of the observation noise beyond what is known.
    log_likelihood
        Log marginal likelihood plus log prior; NaN where nothing was fitted.
    """

    length_scales: tuple[float, ...]
    joint_variance: float
    main_variance: float
    noise: float
    log_likelihood: float = float("nan")

    def state(self) -> dict[str, NDArray[Any]]:
        """Return the hyper-parameters as arrays."""
        others = [self.joint_variance, self.main_variance, self.noise, self.log_likelihood]
        return {"length_scales": np.array(self.length_scales), "others": np.array(others)}

    @classmethod
    def of_state(cls, state: State) -> Self:
        """Take what `state` returned."""
        return cls(tuple(map(float, state["length_scales"])), *map(float, state["others"]))


def squared_distance_stack(metrics: Mapping[str, BlockMetric], a: Tensors, b: Tensors) -> list[torch.Tensor]:
    """Return the squared distances of each block in the order of `metrics`, each `batch_shape x n_a x n_b`."""
    return [metric(a[name], b[name]) for name, metric in metrics.items()]


def covariance(
    squared: Sequence[torch.Tensor], lengths: torch.Tensor, joint_variance: Any, main_variance: Any
) -> torch.Tensor:
    """Return the covariance of the noise-free values from squared distances by block.

    With m_b the length scales and B blocks: joint_variance M(mean_b d_b^2 / m_b^2) + main_variance mean_b
    M(d_b^2 / m_b^2) + the prior variance of the mean, M the Matern-5/2 correlation of a squared distance. A mean, and
    not a sum, so that one prior of length scales serves any number of blocks.

    References
    ----------
    Main effects and interactions as terms of a covariance: Duvenaud, Nickisch & Rasmussen (2011), arXiv:1112.4394.
    """
    scaled = [part / length.square() for part, length in zip(squared, lengths, strict=True)]
    total = joint_variance * _matern52(torch.stack(scaled).mean(dim=0))
    # One block alone has no interactions, and the two terms are then the same one.
    if len(scaled) > 1:
        total = total + main_variance * torch.stack([_matern52(part) for part in scaled]).mean(dim=0)
    result: torch.Tensor = total + CONSTANT_VARIANCE
    return result


def _matern52(squared: torch.Tensor) -> torch.Tensor:
    # The square root has no derivative at 0; Matern-5/2 has, and 1e-20 is far below its rounding.
    r = (5.0 * squared + 1e-20).sqrt()
    return (1.0 + r + r.square() / 3.0) * torch.exp(-r)


def tensors(X: Blocks, names: Sequence[str]) -> dict[str, torch.Tensor]:
    """Return the blocks called `names` in double precision."""
    return {name: torch.from_numpy(np.ascontiguousarray(X[name].values, dtype=float)) for name in names}
