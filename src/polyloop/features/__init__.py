"""Descriptors of polymers in named blocks, as a cached table or as scikit-learn transformers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from polyloop.features.block import BLOCKS
from polyloop.features.featurization import featurize
from polyloop.features.table import FeatureTable

if TYPE_CHECKING:
    from polyloop.features.fingerprints import AtomPairBlock, PathBlock, TopologicalTorsionBlock, on_ring
    from polyloop.features.transformers import (
        AtomPairCounts,
        BackboneNumbers,
        EcfpBits,
        EcfpCounts,
        ForceFieldKernelMean,
        InvariantFactors,
        MaccsKeys,
        PathCounts,
        PolymerDescriptor,
        Rdkit2d,
        RingGraph,
        TopologicalTorsionCounts,
        transformer_of,
    )

__all__ = [
    "BLOCKS",
    "AtomPairBlock",
    "AtomPairCounts",
    "BackboneNumbers",
    "EcfpBits",
    "EcfpCounts",
    "FeatureTable",
    "ForceFieldKernelMean",
    "InvariantFactors",
    "MaccsKeys",
    "PathBlock",
    "PathCounts",
    "PolymerDescriptor",
    "Rdkit2d",
    "RingGraph",
    "TopologicalTorsionBlock",
    "TopologicalTorsionCounts",
    "featurize",
    "on_ring",
    "transformer_of",
]
_OF_FINGERPRINTS = ("AtomPairBlock", "PathBlock", "TopologicalTorsionBlock", "on_ring")


def __getattr__(name: str) -> Any:
    """Load on first use: scikit-learn takes a second to import, and the workers do without it."""
    if name in __all__:
        from importlib import import_module

        module = "fingerprints" if name in _OF_FINGERPRINTS else "transformers"
        return getattr(import_module(f"polyloop.features.{module}"), name)
    raise AttributeError(f"module 'polyloop.features' has no attribute {name!r}")
