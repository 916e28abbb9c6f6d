"""What a block of descriptors is: a name, a version, a kind, the columns' names, and the values of one polymer."""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import version as installed_version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind
from polyloop.core.registry import Registry

__all__ = ["BLOCKS", "Block", "block_tag", "blocks_of", "get_block"]


class Block(Protocol):
    """A named, versioned set of descriptors.

    `kind` says what the columns are, by which models choose kernel and scale. `packages` names the distributions whose
    version changes the values; `subjects` the kinds of subjects that it describes, whose objects `evaluate` is given
    (a copolymer is described by its units, each a polymer); `storage` is the dtype in the cache,
    `dtype` that of the columns handed out. `version` goes up whenever the values change.
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
    """Return the names of the blocks of columns that describe subjects of a kind; graphs are asked for by name."""
    return tuple(
        name for name in BLOCKS if kind in get_block(name).subjects and get_block(name).kind is not BlockKind.GRAPH
    )


def block_tag(block: Block) -> str:
    """Return name, version and the versions of the packages that the values depend on; keys of the cache."""
    packages = "".join(f"+{package}{installed_version(package)}" for package in block.packages)
    return f"{block.name}@{block.version}{packages}"
