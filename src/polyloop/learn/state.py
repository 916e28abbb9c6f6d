"""What a fitted surrogate has learnt, as named arrays: kept without pickle, and read without running anything.

A surrogate that can be kept has two methods. `state()` returns arrays by name; `restore(state)`, called on a surrogate
that was made with the same options, takes them in the place of `fit`. So a kept model is its registered name, its
options and its arrays, and predicts the same to the last digits.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockValues
from polyloop.learn.surrogate import Blocks, Surrogate

__all__ = ["RestorableSurrogate", "State", "blocks_of_state", "part_of", "prefixed", "state_of_blocks", "text_of"]

State = Mapping[str, NDArray[Any]]
"""Arrays by name; of numbers or text, never of objects."""


@runtime_checkable
class RestorableSurrogate(Surrogate, Protocol):
    """A surrogate that can be kept as files."""

    def state(self) -> dict[str, NDArray[Any]]:
        """Return what `fit` has learnt.

        Raises
        ------
        InvalidInputError
            Before `fit`.
        """

    def restore(self, state: State) -> Self:
        """Take what `state` returned, in the place of `fit`; the options must be those of the model that was kept.

        Raises
        ------
        KeyError
            If an array is missing.
        """


def prefixed(prefix: str, state: State) -> dict[str, NDArray[Any]]:
    """Return the arrays under names that begin with `prefix/`."""
    return {f"{prefix}/{name}": array for name, array in state.items()}


def part_of(state: State, prefix: str) -> dict[str, NDArray[Any]]:
    """Return the arrays whose names begin with `prefix/`, without it."""
    start = f"{prefix}/"
    return {name.removeprefix(start): array for name, array in state.items() if name.startswith(start)}


def state_of_blocks(X: Blocks) -> dict[str, NDArray[Any]]:
    """Return blocks with their kinds as arrays."""
    arrays = {}
    for name, block in X.items():
        arrays[f"{name}/values"] = block.values
        arrays[f"{name}/kind"] = np.array(str(block.kind))
    return arrays


def blocks_of_state(state: State) -> dict[str, BlockValues]:
    """Return the blocks that `state_of_blocks` wrote, in their order."""
    names = [name.removesuffix("/values") for name in state if name.endswith("/values")]
    return {name: BlockValues(state[f"{name}/values"], text_of(state[f"{name}/kind"])) for name in names}


def text_of(array: NDArray[Any]) -> str:
    """Return the text of an array without dimensions."""
    return str(array.item())
