"""Few columns whose distances are those of a block of descriptors: exact for short lists, by landmarks for others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.design.space.molecule_descriptors import embedding
from polyloop.learn.kernels import minmax
from polyloop.learn.surrogate import Array

__all__ = ["MOST_COLUMNS", "structure_columns"]

MOST_COLUMNS = 256
"""Columns that are kept of one block, the widest spread first."""

_LANDMARKS = 1024
# Eigenvalues below this share of the largest are rounding.
_SMALLEST = 1e-9


def structure_columns(block: BlockValues) -> Array:
    """Return points (k, at most `MOST_COLUMNS`) for the k rows of a block, whose squared distances are 1 in the mean.

    Occurrences (counts, bits, categories) are as far apart as 1 less their MinMax similarity, whose points are found
    by classical scaling; of more than 1,024 rows by Nyström's way, from the similarities to 1,024 rows evenly spaced
    along the list. Quantities are standardised by their spread over the list, densities are taken as they are. Of what
    then has too many columns, the principal components of widest spread are kept. A block whose rows are all alike has
    no column.

    References
    ----------
    Torgerson (1952), doi:10.1007/BF02288916; Williams & Seeger (2001), "Using the Nyström method to speed up kernel
    machines", Advances in Neural Information Processing Systems 13.
    """
    if block.kind is BlockKind.GRAPH:
        raise InvalidInputError("Graphs are no columns of a space.", hint="Describe its structures by other blocks.")
    values = np.asarray(block.values)
    if block.kind.is_occurrence:
        points = _exact(values) if len(values) <= _LANDMARKS else _by_landmarks(values)
    else:
        points = _standardised(values.astype(float), is_raw=block.kind is BlockKind.DENSITIES)
    points = _widest(points)
    k = len(points)
    mean = 2.0 * float(np.square(points).sum()) / max(k - 1, 1)
    return points / np.sqrt(mean) if mean > 0 else np.zeros((k, 0))


def _standardised(values: Array, *, is_raw: bool) -> Array:
    """Return columns in units of their spread, without those that never vary, relative to their size."""
    spread = values.std(axis=0)
    varies = spread > 1e-9 * np.abs(values).max(axis=0, initial=0.0)
    return np.asarray(values[:, varies] if is_raw else values[:, varies] / spread[varies])


def _exact(values: NDArray[np.generic]) -> Array:
    return embedding(1.0 - minmax(values, values))


def _by_landmarks(values: NDArray[np.generic]) -> Array:
    landmarks = values[np.unique(np.linspace(0, len(values) - 1, _LANDMARKS).round().astype(int))]
    similarity = minmax(landmarks, landmarks)
    eigenvalues, vectors = np.linalg.eigh((similarity + similarity.T) / 2)
    keep = eigenvalues > _SMALLEST * eigenvalues.max()
    # Squared distances in feature space are twice 1 - MinMax.
    whitening = vectors[:, keep] / np.sqrt(2.0 * eigenvalues[keep])
    return np.asarray(minmax(values, landmarks) @ whitening)


def _widest(points: Array) -> Array:
    """Return the principal components (k, at most MOST_COLUMNS) of points (k, d), centred; signs are settled."""
    centred = points - points.mean(axis=0)
    squares, directions = np.linalg.eigh(centred.T @ centred)
    order = np.argsort(-squares, kind="stable")[:MOST_COLUMNS]
    order = order[squares[order] > _SMALLEST * max(float(squares.max(initial=0.0)), 1e-300)]
    components = centred @ directions[:, order]
    if not components.shape[1]:
        return np.zeros((len(points), 0))
    # Eigenvectors have no sign of their own; the largest entry of each is made positive.
    largest = components[np.argmax(np.abs(components), axis=0), np.arange(components.shape[1])]
    return np.asarray(components * np.where(largest < 0, -1.0, 1.0))
