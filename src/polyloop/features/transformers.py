"""The blocks of descriptors as scikit-learn transformers: from repeat units to columns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.features.block import get_block
from polyloop.features.records import RecordBlock
from polyloop.features.worker import evaluate

__all__ = [
    "AtomPairCounts",
    "BackboneNumbers",
    "EcfpBits",
    "EcfpCounts",
    "ForceFieldKernelMean",
    "InvariantFactors",
    "MaccsKeys",
    "PathCounts",
    "PolymerDescriptor",
    "Rdkit2d",
    "RingGraph",
    "TopologicalTorsionCounts",
    "transformer_of",
]


class PolymerDescriptor(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Base of the descriptors: repeat units as SMILES in, an array of shape (n, d) out.

    Parameters
    ----------
    errors
        `raise`: a polymer that cannot be described is an error; `nan`: its row is NaN.
    n_jobs
        Number of joblib jobs; None for one.
    batch_size
        Polymers per job.

    Notes
    -----
    There are no limits of time and memory here; `featurize` has them, and a cache.
    """

    block: ClassVar[str]

    def __init__(self, *, errors: str = "raise", n_jobs: int | None = None, batch_size: int = 64) -> None:
        self.errors = errors
        self.n_jobs = n_jobs
        self.batch_size = batch_size

    def fit(self, X: Iterable[str], y: Any = None) -> PolymerDescriptor:
        """Do nothing but check the settings: descriptors learn nothing."""
        if self.errors not in ("raise", "nan"):
            raise InvalidInputError(f"errors is {self.errors!r}.", hint="Choose 'raise' or 'nan'.")
        return self

    def transform(self, X: Iterable[str]) -> NDArray[Any]:
        """Return the descriptors, shape (n, d).

        Raises
        ------
        InvalidInputError
            If a polymer cannot be read or described and `errors` is `raise`; the message names its index.
        """
        listed = [str(smiles) for smiles in np.asarray(X, dtype=object).ravel()]
        parts = [listed[start : start + self.batch_size] for start in range(0, len(listed), self.batch_size)]
        rows = [
            row
            for part in Parallel(n_jobs=self.n_jobs)(delayed(_describe)(p, self.block) for p in parts)
            for row in part
        ]
        block = get_block(self.block)
        values = np.full((len(rows), len(block.names())), np.nan, block.dtype)
        for index, (smiles, row) in enumerate(zip(listed, rows, strict=True)):
            if not isinstance(row, str):
                values[index] = row
            elif self.errors == "raise":
                raise InvalidInputError(
                    row, where=f"{smiles!r} at index {index}", hint="Leave it out, or set errors='nan'."
                )
        return values

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Return the columns' names, shape (d,)."""
        return np.array(get_block(self.block).names(), dtype=object)

    def __sklearn_is_fitted__(self) -> bool:
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.string = True
        tags.input_tags.two_d_array = False
        tags.requires_fit = False
        return tags


class ForceFieldKernelMean(PolymerDescriptor):
    """The 170 kernel means of GAFF2_mod parameters (block `forcefield`)."""

    block = "forcefield"


class EcfpCounts(PolymerDescriptor):
    """Counts of circular environments, radius 2, 2,048 columns (block `ecfp`)."""

    block = "ecfp"


class Rdkit2d(PolymerDescriptor):
    """Additive RDKit descriptors per heavy atom (block `rdkit2d`)."""

    block = "rdkit2d"


class BackboneNumbers(PolymerDescriptor):
    """24 numbers of the backbone and the side chains (block `backbone`)."""

    block = "backbone"


class InvariantFactors(PolymerDescriptor):
    """Molar mass, volume, atoms and molar refraction of a unit (block `factors`)."""

    block = "factors"


class AtomPairCounts(PolymerDescriptor):
    """Counts of pairs of atoms up to ten bonds apart, 2,048 columns (block `atom_pairs`)."""

    block = "atom_pairs"


class TopologicalTorsionCounts(PolymerDescriptor):
    """Counts of chains of four atoms, 2,048 columns (block `torsions`)."""

    block = "torsions"


class PathCounts(PolymerDescriptor):
    """Counts of paths and branched fragments of up to six bonds, 4,096 columns (block `paths`)."""

    block = "paths"


class MaccsKeys(PolymerDescriptor):
    """The 166 MACCS keys (block `maccs`)."""

    block = "maccs"


class EcfpBits(PolymerDescriptor):
    """Whether each circular environment occurs, 2,048 columns (block `ecfp_bits`)."""

    block = "ecfp_bits"


class RingGraph(PolymerDescriptor):
    """Atoms and bonds of a unit inside the chain, as whole numbers for graph networks (block `ring_graph`)."""

    block = "ring_graph"


def transformer_of(block: str) -> type[PolymerDescriptor]:
    """Return the transformer of a registered block that computes; for blocks of other packages it is made here.

    Raises
    ------
    ConfigurationError
        If there is no such block.
    InvalidInputError
        If the block describes no polymers, or reads records and computes nothing.
    """
    known = get_block(block)
    if "polymer" not in known.subjects or isinstance(known, RecordBlock):
        raise InvalidInputError(
            f"The block {block!r} computes no descriptors of polymers.",
            hint="Use polyloop.features.featurize, which can be handed a store.",
        )
    classes: list[type[PolymerDescriptor]] = PolymerDescriptor.__subclasses__()
    for one in classes:
        if one.block == block:
            return one
    made: type[PolymerDescriptor] = type(
        f"{block.title().replace('_', '')}Descriptor", (PolymerDescriptor,), {"block": block}
    )
    return made


def _describe(polymers: list[str], block: str) -> list[NDArray[Any] | str]:
    rows: list[NDArray[Any] | str] = []
    for smiles in polymers:
        try:
            polymer = Polymer(Polymer(smiles).canonical)
        except InvalidInputError as error:
            rows.append(str(error))
            continue
        outcome = evaluate(polymer, block)
        rows.append(outcome.values if outcome.values is not None else outcome.reason)
    return rows
