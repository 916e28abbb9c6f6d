"""Graph networks on repeat units behind the interface of the surrogates: graph convolution and graph isomorphism."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.core.options import Option
from polyloop.learn.bootstrap import bootstrap_counts, check_members, out_of_bag_noise
from polyloop.learn.members import MemberModel
from polyloop.learn.state import State, part_of, prefixed
from polyloop.learn.surrogate import Array, Blocks, chunks

if TYPE_CHECKING:
    from polyloop.learn.graph_layers import GraphBatch, GraphNetwork

__all__ = ["GraphConvolution", "GraphIsomorphism"]

_LEARNING_RATE, _DECAY = 4e-3, 1e-4
# Rows of a step: few of a small sample, so that an epoch has some steps.
_LEAST_BATCH, _MOST_BATCH, _STEPS = 8, 64, 8
_LEAST_LEFT_OUT = 5


class _GraphModel(MemberModel):
    """Networks trained on bootstrap samples; each keeps the epoch of least error on the rows left out of its sample.

    It reads the block of graphs (`ring_graph`) alone. The spread of the members is the model's uncertainty; the
    observation noise is what out-of-bag errors show beyond it.

    Parameters
    ----------
    n_members
        Number of networks.
    epochs
        How often each network sees its sample.
    width, depth
        Numbers by which an atom is described inside, and how many bonds far it sees.
    seed
        Seed of the bootstrap, of the first weights and of the order of rows.
    """

    reads_graphs: ClassVar[bool] = True
    layer: ClassVar[str]
    options: ClassVar[tuple[Option, ...]] = (
        Option("members", int, 4, "Number of networks.", 2, 100, argument="n_members"),
        Option("epochs", int, 60, "How often each network sees its sample.", 1, 100_000),
        Option("width", int, 48, "Numbers by which an atom is described inside.", 4, 4_096),
        Option("depth", int, 3, "How many bonds far an atom sees.", 1, 50),
    )

    def __init__(self, n_members: int = 4, *, epochs: int = 60, width: int = 48, depth: int = 3, seed: int = 0) -> None:
        self.n_members, self.seed = check_members(n_members), seed
        self.epochs, self.width, self.depth = epochs, width, depth
        self._networks: list[GraphNetwork] = []

    def _readable(self, X: Blocks) -> Mapping[str, BlockValues]:
        graphs = {name: block for name, block in X.items() if block.kind is BlockKind.GRAPH}
        if len(graphs) != 1:
            raise InvalidInputError(
                f"A graph network reads one block of graphs; there are {len(graphs)} here.",
                hint="Describe the polymers by 'ring_graph', beside other blocks or alone.",
            )
        return graphs

    def _learn(self, X: Blocks, y: Array, known: Array) -> float:
        from polyloop.learn.hyperparameters import one_thread

        rows = _rows(X)
        counts = bootstrap_counts(len(y), self.n_members, np.random.default_rng(self.seed))
        with one_thread():
            self._networks = [
                self._trained(rows, y, often / (1.0 + known), self.seed * 1_009 + j) for j, often in enumerate(counts)
            ]
            return out_of_bag_noise(self._answer(X), counts.T > 0, y, known)

    def _network(self) -> GraphNetwork:
        from polyloop.learn.graph_layers import GraphNetwork

        return GraphNetwork(self.layer, self.width, self.depth)

    def _trained(self, rows: NDArray[Any], y: Array, weights: Array, seed: int) -> GraphNetwork:
        import torch

        from polyloop.learn.graph_layers import GraphBatch

        inside, left_out = np.flatnonzero(weights), np.flatnonzero(weights == 0)
        values, weight = torch.from_numpy(y.astype(np.float32)), torch.from_numpy(weights.astype(np.float32))
        rng = np.random.default_rng(seed)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            network = self._network()
        optimizer = torch.optim.AdamW(network.parameters(), lr=_LEARNING_RATE, weight_decay=_DECAY)
        batches = int(np.ceil(len(inside) / np.clip(len(inside) // _STEPS, _LEAST_BATCH, _MOST_BATCH)))
        schedule = torch.optim.lr_scheduler.OneCycleLR(
            optimizer, _LEARNING_RATE, total_steps=self.epochs * batches + 1, pct_start=0.2
        )
        judge = GraphBatch(rows[left_out]) if len(left_out) >= _LEAST_LEFT_OUT else None
        best, kept = np.inf, _copied(network)
        for _ in range(self.epochs):
            for part in np.array_split(rng.permutation(inside), batches):
                error = network(GraphBatch(rows[part])) - values[part]
                loss = (weight[part] * error.square()).sum() / weight[part].sum()
                optimizer.zero_grad()
                loss.backward()
                _shorten_steps(network)
                optimizer.step()
                schedule.step()
            if judge is None:
                kept = _copied(network)
                continue
            with torch.no_grad():
                off = float((network(judge) - values[left_out]).square().mean())
            if off < best:
                best, kept = off, _copied(network)
        network.load_state_dict(kept)
        return network.eval()

    def _answer(self, X: Blocks) -> Array:
        from polyloop.learn.graph_layers import GraphBatch

        rows = _rows(X)
        said = np.empty((len(rows), len(self._networks)))
        for part in chunks(len(rows), 1024):
            batch = GraphBatch(rows[part])
            for j, network in enumerate(self._networks):
                said[part, j] = _numbers(network, batch)
        return said

    def _learnt(self) -> dict[str, NDArray[Any]]:
        arrays: dict[str, NDArray[Any]] = {}
        for j, network in enumerate(self._networks):
            arrays |= prefixed(f"{j}", {name: value.numpy() for name, value in network.state_dict().items()})
        return arrays

    def _take(self, learnt: State) -> None:
        import torch

        self._networks = []
        for j in range(self.n_members):
            network = self._network()
            network.load_state_dict({name: torch.from_numpy(array) for name, array in part_of(learnt, f"{j}").items()})
            self._networks.append(network.eval())


class GraphConvolution(_GraphModel):
    """Graph convolution networks on repeat units, closed on themselves; needs the block `ring_graph`.

    References
    ----------
    Kipf & Welling (2017), arXiv:1609.02907.
    """

    layer = "convolution"


class GraphIsomorphism(_GraphModel):
    """Graph isomorphism networks (GIN) on repeat units, closed on themselves; needs the block `ring_graph`.

    References
    ----------
    Xu et al. (2019), arXiv:1810.00826; with bonds: Hu et al. (2020), arXiv:1905.12265.
    """

    layer = "isomorphism"


def _rows(X: Blocks) -> NDArray[Any]:
    (block,) = (block for block in X.values() if block.kind is BlockKind.GRAPH)
    return block.values


def _numbers(network: GraphNetwork, batch: GraphBatch) -> Array:
    import torch

    with torch.no_grad():
        numbers: Array = network(batch).numpy().astype(float)
    return numbers


def _copied(network: GraphNetwork) -> dict[str, Any]:
    return {name: value.clone() for name, value in network.state_dict().items()}


def _shorten_steps(network: GraphNetwork) -> None:
    """Keep a step short where the error is steep."""
    import torch

    torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
