"""What a block of descriptors is: a name, a version, a kind, the columns' names, and the values of one polymer."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version as installed_version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind
from polyloop.core.registry import Registry

__all__ = ["BLOCKS", "Block", "block_tag", "blocks_of", "column_units", "default_blocks", "get_block"]


class Block(Protocol):
    """A named, versioned set of descriptors.

    `kind` says what the columns are, by which models choose kernel and scale. `packages` names the distributions whose
    version changes the values; `subjects` the kinds of subjects that it describes, whose objects `evaluate` is given
    (a copolymer is described by its units, each a polymer); `storage` is the dtype in the cache,
    `dtype` that of the columns handed out. `version` goes up whenever the values change. A block whose `on_request` is
    True (False where it has none) is computed only where it is named.
    """

    name: str
    version: int
    kind: BlockKind
    packages: tuple[str, ...]
    subjects: tuple[str, ...]
    dtype: np.dtype[Any]
    storage: np.dtype[Any]

    def names(self) -> tuple[str, ...]:
        """Return the columns' names, length d."""
        ...

    def units(self) -> tuple[str, ...]:
        """Return the columns' units, length d; `1` for a pure number."""
        ...

    def evaluate(self, polymer: Any) -> NDArray[Any]:
        """Return the descriptors of one polymer, or of one object of the kinds that it describes; shape (d,).

        Raises
        ------
        EvaluationError
            If the block does not apply to this polymer.
        """
        ...


BLOCKS: Registry[Callable[[], Block]] = Registry(
    "blocks", "block of descriptors", ("name", "version", "kind", "subjects", "evaluate")
)
_MADE: dict[str, Block] = {}


def get_block(name: str) -> Block:
    """Return the block called `name`.

    Raises
    ------
    ConfigurationError
        If there is none.
    """
    make = BLOCKS.find(name)
    if type(_MADE.get(name)) is not make:
        _MADE[name] = make()
    return _MADE[name]


def blocks_of(kind: str) -> tuple[str, ...]:
    """Return the names of all blocks that describe subjects of a kind."""
    return tuple(name for name in BLOCKS if kind in get_block(name).subjects)


def default_blocks(kind: str) -> tuple[str, ...]:
    """Return the names of the blocks that describe subjects of a kind unless others are named."""
    return tuple(name for name in blocks_of(kind) if not getattr(get_block(name), "on_request", False))


def column_units(block: Block) -> tuple[str, ...]:
    """Return the units of a block's columns; where an older block does not tell them, `1` for occurrences, else `?`."""
    if hasattr(block, "units"):
        return block.units()
    return ("1" if block.kind.is_occurrence else "?",) * len(block.names())


def block_tag(block: Block) -> str:
    """Return name, version and the versions of the packages that the values depend on; keys of the cache."""
    packages = "".join(f"+{package}{installed_version(package)}" for package in block.packages)
    return f"{block.name}@{block.version}{packages}"
