"""What a block of descriptors is: a name, a version, a kind, the columns' names, and the values of one polymer."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import version as installed_version
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Polymer
from polyloop.core.descriptors import BlockKind
from polyloop.core.errors import InvalidInputError

__all__ = ["BLOCKS", "REGISTRY", "Block", "block_tag", "get_block"]


class Block(Protocol):
    """A named, versioned set of descriptors.

    `kind` says what the columns are, by which models choose kernel and scale. `packages` names the distributions whose
    version changes the values; `storage` is the dtype in the cache, `dtype` that of the columns handed out. `version`
    goes up whenever the values change.
    """

    name: str
    version: int
    kind: BlockKind
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


# To add a block: one file with its class, and one line here.
REGISTRY: dict[str, str] = {
    "forcefield": "polyloop.features.forcefield:ForceFieldBlock",
    "ecfp": "polyloop.features.ecfp:EcfpBlock",
    "rdkit2d": "polyloop.features.rdkit2d:Rdkit2dBlock",
}
BLOCKS: tuple[str, ...] = tuple(REGISTRY)
_LOADED: dict[str, Block] = {}


def get_block(name: str) -> Block:
    """Return the block called `name`.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    if name not in REGISTRY:
        raise InvalidInputError(f"There is no block of descriptors {name!r}.", hint=f"Known: {', '.join(BLOCKS)}.")
    if name not in _LOADED:
        module, _, attribute = REGISTRY[name].partition(":")
        _LOADED[name] = getattr(import_module(module), attribute)()
    return _LOADED[name]


def block_tag(block: Block) -> str:
    """Return name, version and the versions of the packages that the values depend on; keys of the cache."""
    packages = "".join(f"+{package}{installed_version(package)}" for package in block.packages)
    return f"{block.name}@{block.version}{packages}"
