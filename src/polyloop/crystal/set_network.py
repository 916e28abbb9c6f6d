"""A network on the set of a composition's elements: attention among them, weighted by their fractions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["CompositionBatch", "SetNetwork", "batches"]

_FREQUENCIES, _HEADS = 12, 4
_LEAST_FRACTION = 1e-4


@dataclass(frozen=True)
class CompositionBatch:
    """Compositions of one number of elements k, so that none is padded.

    Parameters
    ----------
    elements
        Shape (n, k), places in the table of elements.
    fractions
        Shape (n, k), atomic fractions.
    rows
        Shape (n,), where they came from.
    """

    elements: Tensor
    fractions: Tensor
    rows: NDArray[np.int64]


def batches(
    fractions: NDArray[np.float64], size: int, rng: np.random.Generator | None = None
) -> Iterator[CompositionBatch]:
    """Yield compositions in batches, each of one number of elements; shuffled where `rng` is given.

    Parameters
    ----------
    fractions
        Shape (n, d), a column for each element.
    size
        Rows of a batch, at most.
    """
    counts = (fractions > 0).sum(axis=1)
    parts: list[NDArray[np.int64]] = []
    for count in np.unique(counts):
        rows = np.flatnonzero(counts == count)
        if rng is not None:
            rows = rng.permutation(rows)
        parts += np.array_split(rows, int(np.ceil(len(rows) / size)))
    order = range(len(parts)) if rng is None else rng.permutation(len(parts))
    for place in order:
        rows = parts[place]
        count = int(counts[rows[0]])
        elements = np.nonzero(fractions[rows])[1].reshape(len(rows), count)
        shares = np.take_along_axis(fractions[rows], elements, axis=1).astype(np.float32)
        yield CompositionBatch(torch.from_numpy(elements), torch.from_numpy(shares), rows)


class SetNetwork(nn.Module):
    """Embeds each element with its fraction, lets the elements attend to one another, and answers from their mean.

    The answer is the mean and the logarithm of the scale of a Laplace distribution.

    Parameters
    ----------
    features
        Shape (elements, d), what is known of each element, standardised.
    width, depth
        Numbers by which an element is described inside, how often the elements attend.

    References
    ----------
    Wang et al. (2021), CrabNet, doi:10.1038/s41524-021-00545-1; Goodall & Lee (2020), Roost,
    doi:10.1038/s41467-020-19964-7.
    """

    def __init__(self, features: NDArray[np.float64], width: int, depth: int) -> None:
        super().__init__()
        table = torch.from_numpy(features.astype(np.float32))
        self.register_buffer("features", table)
        self.known = nn.Linear(table.shape[1], width)
        self.learnt = nn.Embedding(len(table), width)
        nn.init.normal_(self.learnt.weight, std=0.1)
        self.share = nn.Linear(4 * _FREQUENCIES, width)
        self.layers = nn.ModuleList(_Attention(width) for _ in range(depth))
        self.norm = nn.LayerNorm(width)
        self.answer = nn.Sequential(
            nn.Linear(2 * width, width), nn.SiLU(), nn.Linear(width, width), nn.SiLU(), nn.Linear(width, 2)
        )

    def forward(self, batch: CompositionBatch) -> Tensor:
        """Return mean and logarithm of the scale, shape (n, 2)."""
        inputs = self.known(self.features[batch.elements]) + self.learnt(batch.elements)  # type: ignore[index]
        log_share = batch.fractions.clamp_min(_LEAST_FRACTION).log()
        state = inputs + self.share(_waves(batch.fractions, log_share))
        for layer in self.layers:
            state = layer(state, log_share)
        state = self.norm(state)
        mean = (batch.fractions[..., None] * state).sum(dim=1)
        found: Tensor = self.answer(torch.cat([mean, state.amax(dim=1)], dim=1))
        return found


class _Attention(nn.Module):
    """One step of attention, in which what there is more of counts for more, and a step of each element alone."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.pull = nn.Parameter(torch.linspace(0.0, 1.0, _HEADS))
        self.alone = nn.Sequential(nn.Linear(width, 2 * width), nn.SiLU(), nn.Linear(2 * width, width))

    def forward(self, state: Tensor, log_share: Tensor) -> Tensor:
        rows, count, width = state.shape
        parts = self.queries(self.before(state)).view(rows, count, 3, _HEADS, width // _HEADS)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        logits = query @ key.transpose(-1, -2) / (width // _HEADS) ** 0.5
        logits = logits + self.pull[:, None, None] * log_share[:, None, None, :]
        mixed = (logits.softmax(dim=-1) @ value).transpose(1, 2).reshape(rows, count, width)
        state = state + self.out(mixed)
        changed: Tensor = state + self.alone(self.between(state))
        return changed


def _waves(fractions: Tensor, log_share: Tensor) -> Tensor:
    """Return fractions as sines and cosines of many wavelengths, linear and logarithmic, shape (n, k, 48)."""
    steps = 2.0 ** torch.arange(_FREQUENCIES) * 0.5
    linear = fractions[..., None] * steps
    logarithmic = log_share[..., None] * steps * 0.05
    return torch.cat([linear.sin(), linear.cos(), logarithmic.sin(), logarithmic.cos()], dim=-1)
