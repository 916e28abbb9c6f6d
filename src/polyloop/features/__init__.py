"""Descriptors of polymers in named blocks, as a cached table or as scikit-learn transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyloop.features.block import BLOCKS
from polyloop.features.featurization import featurize
from polyloop.features.table import FeatureTable

if TYPE_CHECKING:
    from polyloop.features.transformers import EcfpCounts, ForceFieldKernelMean, PolymerDescriptor, Rdkit2d

__all__ = ["BLOCKS", "EcfpCounts", "FeatureTable", "ForceFieldKernelMean", "PolymerDescriptor", "Rdkit2d", "featurize"]


def __getattr__(name: str) -> Any:
    """Load a transformer on first use: scikit-learn takes a second to import, and the workers do without it."""
    if name in __all__:
        from importlib import import_module

        return getattr(import_module("polyloop.features.transformers"), name)
    raise AttributeError(f"module 'polyloop.features' has no attribute {name!r}")
