"""Fractional free volume of a periodic cell: the share of a grid that no atom's sphere covers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.chains import Frames
from polyloop.simulate.md.analysis.statistics import MINIMUM_SAMPLES, mean_with_error, spread_over_members

__all__ = ["fractional_free_volume", "free_fraction", "van_der_waals_radii"]

Floats = NDArray[np.float64]

# Distances of one piece.
_CHUNK = 2_000_000


def van_der_waals_radii(numbers: NDArray[np.int64]) -> Floats:
    """Return Bondi's radii in angstrom of atomic numbers, (n,).

    Raises
    ------
    EvaluationError
        ELEMENT for an element without a radius.
    """
    from rdkit import Chem

    from polyloop.simulate.volume import RADII

    kinds, place = np.unique(numbers, return_inverse=True)
    symbols = [Chem.GetPeriodicTable().GetElementSymbol(int(number)) for number in kinds]
    unknown = [symbol for symbol in symbols if symbol not in RADII]
    if unknown:
        raise EvaluationError(
            FailureCode.ELEMENT, "free volume", f"No van der Waals radius is known for {', '.join(unknown)}."
        )
    return np.array([RADII[symbol] for symbol in symbols])[place]


def free_fraction(positions: Floats, box: Floats, radii: Floats, probe: float = 0.0, spacing: float = 0.5) -> float:
    """Return the share of the box whose points lie outside all spheres, periodic in all directions.

    Parameters
    ----------
    positions, box, radii
        (n, 3), (3,) and (n,), angstrom.
    probe
        Radius that is added to each sphere: where the centre of a spherical probe can be.
    spacing
        Of the grid, angstrom, at most.

    Raises
    ------
    InvalidInputError
        For a box narrower than a sphere.
    """
    reach = np.asarray(radii, dtype=np.float64) + probe
    if 2.0 * reach.max() >= box.min():
        raise InvalidInputError(f"A box of {box.min():.1f} angstrom is narrower than a sphere of {reach.max():.1f}.")
    shape = np.ceil(box / spacing).astype(np.int64)
    step = box / shape
    around = [np.arange(-width, width + 2) for width in np.ceil(reach.max() / step).astype(int)]
    stencil = np.stack(np.meshgrid(*around, indexing="ij"), axis=-1).reshape(-1, 3)
    covered = np.zeros(int(np.prod(shape)), dtype=bool)
    size = max(1, _CHUNK // len(stencil))
    for first in range(0, len(reach), size):
        atoms = positions[first : first + size]
        corner = np.floor(atoms / step).astype(np.int64)
        points = corner[:, None, :] + stencil
        distance = np.sum((points * step - atoms[:, None, :]) ** 2, axis=-1)
        hit = points[distance < reach[first : first + size, None] ** 2] % shape
        covered[np.ravel_multi_index(tuple(hit.T), tuple(shape))] = True
    return 1.0 - float(covered.mean())


def fractional_free_volume(
    frames: Frames, boxes: Floats, radii: Floats, probe: float = 0.0, spacing: float = 0.5
) -> Estimate:
    """Return the mean fractional free volume of frames (f, n, 3) with boxes (f, 3); see `free_fraction`.

    Frames far apart tell as much as many: some ten are enough.

    References
    ----------
    Radii: doi:10.1021/j100785a001 (Bondi 1964)
    """
    if len(frames) < 2 or len(frames) != len(boxes):
        raise InvalidInputError(f"An error needs two or more frames with a box each, not {len(frames)}, {len(boxes)}.")
    shares = np.array(
        [free_fraction(x.astype(np.float64), box, radii, probe, spacing) for x, box in zip(frames, boxes, strict=True)]
    )
    std_of = f"frames, probe of {probe:g} angstrom"
    if len(shares) >= MINIMUM_SAMPLES:
        return mean_with_error(shares).estimate("fractional_free_volume", std_of)
    return Estimate("fractional_free_volume", *spread_over_members(shares), std_of, len(shares))
