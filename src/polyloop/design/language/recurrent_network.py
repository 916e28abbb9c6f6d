"""The network of the recurrent model in plain torch: embedding, two layers of gated recurrent units, next token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy

__all__ = ["RecurrentNetwork", "restored", "trained"]

Spelled = list[tuple[list[int], int]]
_EMBEDDED, _LAYERS, _DROPOUT = 64, 2, 0.2
_RATE, _BATCH, _HELD_OUT, _IGNORED = 2e-3, 32, 0.1, -100


class RecurrentNetwork(nn.Module):
    """Reads tokens and says the next; before the first it reads the polymer class.

    Parameters
    ----------
    tokens, classes
        Sizes of the vocabulary and of the list of classes.
    width
        Size of the memory.
    """

    def __init__(self, tokens: int, classes: int, width: int) -> None:
        super().__init__()
        self.n_tokens = tokens
        self.embedding = nn.Embedding(tokens + classes, _EMBEDDED)
        self.memory = nn.GRU(_EMBEDDED, width, _LAYERS, batch_first=True, dropout=_DROPOUT)
        self.next = nn.Linear(width, tokens)

    def forward(self, read: torch.Tensor, memory: torch.Tensor | None = None) -> tuple[torch.Tensor, torch.Tensor]:
        """Return logits of shape (b, t, tokens) and the memory of shape (layers, b, width)."""
        out, memory = self.memory(self.embedding(read), memory)
        return self.next(out), memory

    def begin(self, classes: Any) -> tuple[Any, torch.Tensor]:
        """Return weights of the first token, shape (b, tokens), and the memory."""
        return self._said(np.asarray(classes) + self.n_tokens, None)

    def step(self, numbers: Any, memory: torch.Tensor) -> tuple[Any, torch.Tensor]:
        """Return weights of the token after these, shape (b, tokens), and the memory."""
        return self._said(np.asarray(numbers), memory)

    def _said(self, read: Any, memory: torch.Tensor | None) -> tuple[Any, torch.Tensor]:
        with torch.no_grad():
            logits, memory = self(torch.from_numpy(read.astype(np.int64))[:, None], memory)
        return torch.softmax(logits[:, 0].double(), dim=1).numpy(), memory


def trained(
    units: list[Spelled], tokens: int, classes: int, *, width: int, epochs: int, seed: int
) -> tuple[RecurrentNetwork, float]:
    """Return the network after its best epoch, and the logarithm of the probability per token of what was held out."""
    rng = np.random.default_rng(seed)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = RecurrentNetwork(tokens, classes, width)
        order = rng.permutation(len(units))
        n_held = max(1, int(_HELD_OUT * len(units)))
        held = [spelling for place in order[:n_held] for spelling in units[place]]
        taught = [spelling for place in order[n_held:] for spelling in units[place]]
        optimizer = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-2)
        steps = epochs * -(-len(taught) // _BATCH)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, _RATE, total_steps=steps + 1, pct_start=0.15)
        best, kept = np.inf, {name: one.clone() for name, one in network.state_dict().items()}
        for _ in range(epochs):
            network.train()
            shuffled = rng.permutation(len(taught))
            for first in range(0, len(taught), _BATCH):
                loss, n = _loss(network, [taught[place] for place in shuffled[first : first + _BATCH]])
                optimizer.zero_grad()
                torch.autograd.backward(loss / n)
                nn.utils.clip_grad_norm_(network.parameters(), 1.0)
                optimizer.step()
                schedule.step()
            network.eval()
            with torch.no_grad():
                parts = [_loss(network, held[first : first + 256]) for first in range(0, len(held), 256)]
            off = float(sum(loss for loss, _ in parts)) / sum(n for _, n in parts)
            if off < best:
                best, kept = off, {name: one.clone() for name, one in network.state_dict().items()}
    network.load_state_dict(kept)
    return network.eval(), -best


def _loss(network: RecurrentNetwork, rows: Spelled) -> tuple[torch.Tensor, int]:
    """Return the summed loss of some spellings, and the number of their tokens."""
    longest = max(len(numbers) for numbers, _ in rows)
    read = torch.zeros((len(rows), longest), dtype=torch.long)
    wanted = torch.full((len(rows), longest), _IGNORED)
    for row, (numbers, one) in enumerate(rows):
        read[row, : len(numbers)] = torch.tensor([one + network.n_tokens, *numbers[:-1]])
        wanted[row, : len(numbers)] = torch.tensor(numbers)
    logits, _ = network(read)
    loss = cross_entropy(logits.flatten(0, 1), wanted.flatten(), ignore_index=_IGNORED, reduction="sum")
    return loss, sum(len(numbers) for numbers, _ in rows)


def restored(arrays: Mapping[str, Any], tokens: int, classes: int, width: int) -> RecurrentNetwork:
    """Return a network of kept weights."""
    network = RecurrentNetwork(tokens, classes, width)
    network.load_state_dict({name: torch.from_numpy(np.array(array)) for name, array in arrays.items()})
    return network.eval()
