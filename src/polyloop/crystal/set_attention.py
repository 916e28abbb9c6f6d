"""Attention networks on the elements of a composition behind the interface of the surrogates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.core.options import Option
from polyloop.crystal.element_features import ELEMENT_COUNT, element_features
from polyloop.crystal.elements import ELEMENTS
from polyloop.learn.bootstrap import check_members
from polyloop.learn.hyperparameters import one_thread
from polyloop.learn.members import MemberModel
from polyloop.learn.state import State, part_of, prefixed
from polyloop.learn.surrogate import Array, Blocks, Prediction, chunks, row_count

if TYPE_CHECKING:
    from torch import Tensor

    from polyloop.crystal.set_network import SetNetwork

__all__ = ["SetAttention"]

_BLOCK = "element_fractions"
_LEARNING_RATE, _DECAY, _AVERAGING = 2e-3, 1e-2, 3e-3
# Rows of a step: few of a small sample, so that an epoch has some steps.
_LEAST_BATCH, _MOST_BATCH, _STEPS = 8, 256, 8
# The share of errors within one standard deviation of a normal distribution.
_ONE_SIGMA = 0.6827
_PARTS = 10


class SetAttention(MemberModel):
    """Networks of attention among the elements of a composition; needs the block `element_fractions`.

    Each member learns from all rows but a tenth of its own (of few rows or many members, all but one part in as many
    as there are members). The spread of the members is the model's uncertainty. Each network also says how far off it
    may be, row by row: that is the noise, scaled so that 68 % of the errors on the rows that a member has not seen lie
    within it.

    Parameters
    ----------
    n_members
        Number of networks.
    epochs
        How often each network sees its rows.
    width, depth
        Numbers by which an element is described inside, a multiple of 4, and how often the elements attend.
    seed
        Seed of the parts, of the first weights and of the order of rows.

    References
    ----------
    Wang et al. (2021), CrabNet, doi:10.1038/s41524-021-00545-1.
    """

    reads_block: ClassVar[str] = _BLOCK
    options: ClassVar[tuple[Option, ...]] = (
        Option("members", int, 4, "Number of networks.", 2, 100, argument="n_members"),
        Option("epochs", int, 60, "How often each network sees its rows.", 1, 100_000),
        Option("width", int, 128, "Numbers by which an element is described inside, a multiple of 4.", 4, 4_096),
        Option("depth", int, 3, "How often the elements attend to one another.", 1, 50),
    )

    def __init__(
        self, n_members: int = 4, *, epochs: int = 60, width: int = 128, depth: int = 3, seed: int = 0
    ) -> None:
        if width % 4:
            raise InvalidInputError(
                f"The width {width} is no multiple of 4.", hint="There are four heads of attention."
            )
        self.n_members, self.seed = check_members(n_members), seed
        self.epochs, self.width, self.depth = epochs, width, depth
        self._networks: list[SetNetwork] = []
        self._factor = 1.0

    def predict(self, X: Blocks) -> Prediction:
        """Predict in chunks of bounded memory; the noise is each row's own."""
        found = super().predict(X)
        scale = np.empty(row_count(X))
        fractions = _fractions(X)
        for rows in chunks(len(fractions), 8192):
            scale[rows] = np.mean([_said(network, fractions[rows])[:, 1] for network in self._networks], axis=0)
        return Prediction(found.mean, found.std, self._scale.unit * self._factor * scale)

    def _readable(self, X: Blocks) -> Mapping[str, BlockValues]:
        if _BLOCK not in X:
            raise InvalidInputError(
                "An attention network on elements reads the fractions of the elements, which are not among the blocks.",
                hint=f"Describe compositions by '{_BLOCK}', beside other blocks or alone.",
            )
        return {_BLOCK: X[_BLOCK]}

    def _learn(self, X: Blocks, y: Array, known: Array) -> float:
        fractions = _fractions(X)
        places = np.random.default_rng(self.seed).permutation(len(y)) % max(self.n_members, _PARTS)
        if len(y) <= self.n_members:
            places[:] = self.n_members  # too few to leave any out
        with one_thread():
            self._networks = [
                self._trained(fractions, y, np.where(places == j, 0.0, 1.0 / (1.0 + known)), self.seed * 1_009 + j)
                for j in range(self.n_members)
            ]
            unseen = np.full((len(y), 2), np.nan)
            for j, network in enumerate(self._networks):
                if len(left := np.flatnonzero(places == j)):
                    unseen[left] = _said(network, fractions[left])
        said = np.isfinite(unseen[:, 0])
        if not said.any():
            self._factor = 1.0
            return float(known.mean())
        errors, scale = np.abs(unseen[said, 0] - y[said]), unseen[said, 1]
        self._factor = float(np.quantile(errors / scale, _ONE_SIGMA))
        return float(np.mean((self._factor * scale) ** 2))

    def _network(self, features: NDArray[np.float64]) -> SetNetwork:
        from polyloop.crystal.set_network import SetNetwork

        return SetNetwork(features, self.width, self.depth)

    def _trained(self, fractions: Array, y: Array, weights: Array, seed: int) -> SetNetwork:
        """Return a network that has learnt the rows of positive weight: the average of its weights along the way."""
        import torch

        from polyloop.crystal.set_network import batches

        inside = np.flatnonzero(weights)
        values, weight = torch.from_numpy(y.astype(np.float32)), torch.from_numpy(weights.astype(np.float32))
        rng = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self._network(element_features().standardised)
        size = int(np.clip(len(inside) // _STEPS, _LEAST_BATCH, _MOST_BATCH))
        steps = sum(1 for _ in batches(fractions[inside], size)) * self.epochs
        optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_DECAY)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _LEARNING_RATE, total_steps=steps + 1, pct_start=0.15)
        average = {name: value.clone() for name, value in network.state_dict().items()}
        # A tenth of all steps at most, where there are few.
        pace = max(_AVERAGING, min(1.0, 10.0 / steps))
        for _ in range(self.epochs):
            for batch in batches(fractions[inside], size, rng):
                rows = inside[batch.rows]
                loss = (weight[rows] * _surprise(network(batch), values[rows])).mean()
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
                for name, value in network.state_dict().items():
                    average[name].lerp_(value, pace)
        network.load_state_dict(average)
        return network.eval()

    def _answer(self, X: Blocks) -> Array:
        fractions = _fractions(X)
        return np.column_stack([_said(network, fractions)[:, 0] for network in self._networks])

    def _learnt(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {"factor": np.array(self._factor)}
        for j, network in enumerate(self._networks):
            arrays |= prefixed(f"{j}", {name: value.numpy() for name, value in network.state_dict().items()})
        return arrays

    def _take(self, learnt: State) -> None:
        import torch

        self._factor, self._networks = float(learnt["factor"]), []
        for j in range(self.n_members):
            arrays = part_of(learnt, f"{j}")
            network = self._network(np.asarray(arrays["features"], dtype=float))
            network.load_state_dict(
                {name: torch.from_numpy(np.asarray(array, dtype=np.float32)) for name, array in arrays.items()}
            )
            self._networks.append(network.eval())


def _fractions(X: Blocks) -> Array:
    """Return the fractions of the elements that the networks know, shape (n, 103)."""
    fractions = np.asarray(X[_BLOCK].values, dtype=float)
    if beyond := np.flatnonzero(fractions[:, ELEMENT_COUNT:].any(axis=0)).tolist():
        raise InvalidInputError(
            f"Too little is known of {ELEMENTS[ELEMENT_COUNT + beyond[0]]} for a network on elements.",
            hint=f"Leave out compositions of elements beyond {ELEMENTS[ELEMENT_COUNT - 1]}.",
        )
    return fractions[:, :ELEMENT_COUNT]


def _said(network: SetNetwork, fractions: Array) -> Array:
    """Return the mean and the scale of the error in standardised values, shape (n, 2)."""
    import torch

    from polyloop.crystal.set_network import batches

    said = np.empty((len(fractions), 2))
    with torch.no_grad():
        for batch in batches(fractions, 2048):
            said[batch.rows] = network(batch).numpy()
    return np.column_stack([said[:, 0], np.exp(said[:, 1])])


def _surprise(said: Tensor, values: Tensor) -> Any:
    """Return the negative logarithm of a Laplace density, short of a constant, shape (n,)."""
    return (said[:, 0] - values).abs() * (-said[:, 1]).exp() + said[:, 1]
