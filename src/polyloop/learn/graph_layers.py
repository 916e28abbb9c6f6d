"""Graph networks in plain PyTorch: atoms and bonds embedded, messages along bonds, the mean over atoms as answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from polyloop.core.graph_rows import read_graphs

__all__ = ["GraphBatch", "GraphNetwork"]

# Number of values of each feature that have an embedding; what is above or below shares the last or the first.
_ATOM_SIZES = (119, 8, 6, 7, 2, 10, 12)
_BOND_SIZES = (8, 2, 2)
# Charges begin at -3.
_ATOM_SHIFTS = (0, 0, 0, 3, 0, 0, 0)


class GraphBatch:
    """Graphs of n rows of the block, as tensors; every bond in both directions.

    Parameters
    ----------
    rows
        Shape (n, width of the block).
    """

    def __init__(self, rows: NDArray[Any]) -> None:
        atoms, bonds, graph = read_graphs(rows)
        self.n = len(rows)
        self.atoms = torch.from_numpy(np.clip(atoms + _ATOM_SHIFTS, 0, np.array(_ATOM_SIZES) - 1))
        features = np.clip(bonds[:, 2:5], 0, np.array(_BOND_SIZES) - 1)
        self.bonds = torch.from_numpy(np.concatenate([features, features]))
        self.source = torch.from_numpy(np.concatenate([bonds[:, 0], bonds[:, 1]]))
        self.target = torch.from_numpy(np.concatenate([bonds[:, 1], bonds[:, 0]]))
        self.graph = torch.from_numpy(graph)
        sizes = torch.bincount(self.graph, minlength=self.n)
        self.sizes = sizes.clamp_min(1).to(torch.float32)
        degree = torch.bincount(self.target, minlength=len(atoms)).to(torch.float32) + 1.0
        self.normal = (degree[self.source] * degree[self.target]).rsqrt()
        self.own = 1.0 / degree


class _Convolution(nn.Module):
    """Graph convolution: the mean of neighbours by the roots of their degrees, with the bonds' embeddings added.

    Reference: Kipf & Welling (2017), arXiv:1609.02907.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.weights = nn.Linear(width, width)

    def forward(self, x: torch.Tensor, bonds: torch.Tensor, batch: GraphBatch) -> torch.Tensor:
        messages = (x[batch.source] + bonds) * batch.normal[:, None]
        gathered = torch.zeros_like(x).index_add(0, batch.target, messages) + x * batch.own[:, None]
        answer: torch.Tensor = self.weights(gathered)
        return answer


class _Isomorphism(nn.Module):
    """Graph isomorphism layer with bonds: a sum over neighbours, then two layers.

    References: Xu et al. (2019), arXiv:1810.00826; bonds: Hu et al. (2020), arXiv:1905.12265.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.own = nn.Parameter(torch.zeros(1))
        self.layers = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))

    def forward(self, x: torch.Tensor, bonds: torch.Tensor, batch: GraphBatch) -> torch.Tensor:
        messages = torch.relu(x[batch.source] + bonds)
        answer: torch.Tensor = self.layers(
            (1.0 + self.own) * x + torch.zeros_like(x).index_add(0, batch.target, messages)
        )
        return answer


class GraphNetwork(nn.Module):
    """Embeddings, some layers with shortcuts, the mean over atoms, and two layers to one number.

    The mean makes the answer that of a chain: it is the same for one unit, for two, and for a ring of five.

    Parameters
    ----------
    layer
        "convolution" or "isomorphism".
    width
        Numbers by which an atom is described inside.
    depth
        Number of layers: how many bonds far an atom sees.
    """

    def __init__(self, layer: str, width: int, depth: int) -> None:
        super().__init__()
        self.atoms = nn.ModuleList(nn.Embedding(size, width) for size in _ATOM_SIZES)
        self.bonds = nn.ModuleList(nn.Embedding(size, width) for size in _BOND_SIZES)
        made = {"convolution": _Convolution, "isomorphism": _Isomorphism}[layer]
        self.layers = nn.ModuleList(made(width) for _ in range(depth))
        # Of each atom alone, so that no answer depends on what else is asked.
        self.norms = nn.ModuleList(nn.LayerNorm(width) for _ in range(depth))
        self.head = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))

    def forward(self, batch: GraphBatch) -> torch.Tensor:
        """Return one number for each graph, shape (n,)."""
        x = torch.stack([embed(batch.atoms[:, k]) for k, embed in enumerate(self.atoms)]).sum(dim=0)
        bonds = torch.stack([embed(batch.bonds[:, k]) for k, embed in enumerate(self.bonds)]).sum(dim=0)
        for layer, norm in zip(self.layers, self.norms, strict=True):
            x = x + torch.relu(norm(layer(x, bonds, batch)))
        pooled = torch.zeros((batch.n, x.shape[1])).index_add(0, batch.graph, x) / batch.sizes[:, None]
        answer: torch.Tensor = self.head(pooled)[:, 0]
        return answer
