"""Fitted surrogates as one BoTorch model over the coordinates of a space, with derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import botorch
import gpytorch
import numpy as np
import torch
from botorch.posteriors.gpytorch import GPyTorchPosterior

from polyloop.design.space.scales import PLACE_SCALE, OnScale
from polyloop.design.space.space import Space
from polyloop.design.space.variables import blocks_of
from polyloop.learn.surrogate import Array

__all__ = ["DifferentiableSurrogate", "SpaceModel", "coordinate_columns"]


@runtime_checkable
class DifferentiableSurrogate(Protocol):
    """A surrogate whose posterior has derivatives with respect to its blocks."""

    def joint_tensors(self, X: Mapping[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return mean `batch_shape x q` and covariance `batch_shape x q x q` at blocks `batch_shape x q x d`."""
        ...


class SpaceModel(botorch.models.model.Model):  # type: ignore[misc]
    """The joint posterior of m surrogates over coordinates of shape `batch_shape x q x d`, standardised.

    Parameters
    ----------
    center, unit
        A value is center + unit * what this model says, each of shape (m,).
    """

    def __init__(self, space: Space, surrogates: Sequence[DifferentiableSurrogate], center: Array, unit: Array) -> None:
        super().__init__()
        self._space, self._surrogates, self._center, self._unit = space, list(surrogates), center, unit
        # Of a variable with levels, the columns of each level; its coordinate is then an index into them.
        self._levels = {
            variable.name: {
                block: torch.from_numpy(np.asarray(values.values, dtype=float))
                for block, values in blocks_of(variable, np.arange(len(variable.levels), dtype=float)).items()
            }
            for variable in space.variables
            if variable.levels is not None and not isinstance(variable, OnScale)
        }

    @property
    def num_outputs(self) -> int:
        """Number of objectives."""
        return len(self._surrogates)

    @property
    def batch_shape(self) -> torch.Size:
        """No batch of models."""
        return torch.Size([])

    def blocks(self, X: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the blocks at coordinates `batch_shape x q x d`, as `Space.blocks` does, with derivatives."""
        result: dict[str, torch.Tensor] = {}
        for i, variable in enumerate(self._space.variables):
            if variable.name in self._levels:
                places = X[..., i].round().long()
                result |= {block: levels[places] for block, levels in self._levels[variable.name].items()}
            else:
                result[variable.name] = PLACE_SCALE * X[..., i : i + 1]
        return result

    def posterior(self, X: torch.Tensor, *_: Any, posterior_transform: Any = None, **__: Any) -> GPyTorchPosterior:
        """Return the joint posterior of the noise-free values at X."""
        blocks, normals = self.blocks(X), []
        for j, surrogate in enumerate(self._surrogates):
            mean, covariance = surrogate.joint_tensors(blocks)
            # Rounding leaves eigenvalues of about -1e-12; this lifts them without being seen in any sample.
            lifted = covariance / self._unit[j] ** 2 + 1e-8 * torch.eye(X.shape[-2], dtype=torch.double)
            normals.append(gpytorch.distributions.MultivariateNormal((mean - self._center[j]) / self._unit[j], lifted))
        if len(normals) == 1:
            posterior = GPyTorchPosterior(normals[0])
        else:
            joint = gpytorch.distributions.MultitaskMultivariateNormal.from_independent_mvns(normals)
            posterior = GPyTorchPosterior(joint)
        return posterior if posterior_transform is None else posterior_transform(posterior)


def coordinate_columns(space: Space, x: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return the numbers at coordinates of shape (d,) by numeric variable, with derivatives."""
    return {
        variable.name: variable.numbers(x[i])  # type: ignore[arg-type, misc]
        for i, variable in enumerate(space.variables)
        if variable.is_numeric
    }
