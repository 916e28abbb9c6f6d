"""What a block of descriptors is: a name, a version, the columns' names, and the values of one polymer."""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Polymer
from polyloop.core.errors import InvalidInputError

__all__ = ["BLOCKS", "Block", "block_tag", "get_block"]


class Block(Protocol):
    """A named, versioned set of descriptors.

    `packages` names the distributions whose version changes the values; `storage` is the dtype in the cache,
    `dtype` that of the columns handed out. `version` goes up whenever the values change.
    """

    name: str
    version: int
    packages: tuple[str, ...]
    dtype: np.dtype[Any]
    storage: np.dtype[Any]

    def names(self) -> tuple[str, ...]:
        """Return the columns' names, length d."""
        ...

    def evaluate(self, polymer: Polymer) -> NDArray[Any]:
        """Return the descriptors of one polymer, shape (d,).

        Raises
        ------
        EvaluationError
            If the block does not apply to this polymer.
        """
        ...


def _blocks() -> dict[str, Block]:
    from polyloop.features.ecfp import EcfpBlock
    from polyloop.features.forcefield import ForceFieldBlock
    from polyloop.features.rdkit2d import Rdkit2dBlock

    blocks: tuple[Block, ...] = (ForceFieldBlock(), EcfpBlock(), Rdkit2dBlock())
    return {block.name: block for block in blocks}


BLOCKS: tuple[str, ...] = ("forcefield", "ecfp", "rdkit2d")
_LOADED: dict[str, Block] = {}


def get_block(name: str) -> Block:
    """Return the block called `name`.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    if not _LOADED:
        _LOADED.update(_blocks())
    if name not in _LOADED:
        raise InvalidInputError(f"There is no block of descriptors {name!r}.", mend=f"Known: {', '.join(BLOCKS)}.")
    return _LOADED[name]


def block_tag(block: Block) -> str:
    """Return name, version and the versions of the packages that the values depend on; keys of the cache."""
    packages = "".join(f"+{package}{installed_version(package)}" for package in block.packages)
    return f"{block.name}@{block.version}{packages}"
