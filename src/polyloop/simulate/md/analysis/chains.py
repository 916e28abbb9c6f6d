"""Size and order of chains in a trajectory: radius of gyration, end-to-end distance, nematic order."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from polyloop.core import InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import Mean, as_series, mean_with_error, spread_over_members

__all__ = [
    "centre_series",
    "chain_mean",
    "end_to_end_distance",
    "end_to_end_series",
    "gyration_series",
    "nematic_order",
    "nematic_series",
    "radius_of_gyration",
]

Floats = NDArray[np.float64]
Frames = NDArray[np.float32] | NDArray[np.float64]
Indices = NDArray[np.int64]

# Numbers of one chunk of frames in double precision: 64 MB.
_CHUNK = 8_000_000


def chunks(frames: Frames) -> Iterator[Floats]:
    """Yield the frames, (f, n, 3), in double precision, in pieces that fit into memory."""
    if frames.ndim != 3 or frames.shape[-1] != 3:
        raise InvalidInputError(f"Frames have the shape (f, n, 3), not {frames.shape}.")
    step = max(1, _CHUNK // max(frames[0].size if len(frames) else 1, 1))
    for start in range(0, len(frames), step):
        yield frames[start : start + step].astype(np.float64)


def mass_fractions(masses: Floats, molecule: Indices) -> sparse.csr_array:
    """Return the (m, n) matrix that averages atoms to molecules; atoms of molecule -1 are left out.

    Raises
    ------
    InvalidInputError
        If lengths differ, or a molecule between 0 and the largest has no atom.
    """
    if masses.shape != molecule.shape or masses.ndim != 1:
        raise InvalidInputError(f"{masses.shape} masses and {molecule.shape} molecule numbers are not of one system.")
    counted = np.flatnonzero(molecule >= 0)
    totals = np.bincount(molecule[counted], weights=masses[counted])
    if not len(totals) or not (totals > 0.0).all():
        raise InvalidInputError("Each molecule from 0 to the largest number needs atoms.")
    owner = molecule[counted]
    shape = (len(totals), len(masses))
    return sparse.csr_array((masses[counted] / totals[owner], (owner, counted)), shape=shape)


def average(matrix: sparse.csr_array, piece: Floats) -> Floats:
    """Apply an (m, n) matrix to the atoms of frames, (c, n, ...) -> (c, m, ...)."""
    atoms_first = np.moveaxis(piece, 1, 0)
    flat = matrix @ atoms_first.reshape(len(atoms_first), -1)
    return np.moveaxis(flat.reshape(-1, *atoms_first.shape[1:]), 0, 1)


def centre_series(frames: Frames, masses: Floats, molecule: Indices) -> Floats:
    """Return centres of mass of the molecules in angstrom, (f, n, 3) -> (f, m, 3)."""
    matrix = mass_fractions(masses, molecule)
    return np.concatenate([average(matrix, piece) for piece in chunks(frames)])


def gyration_series(frames: Frames, masses: Floats, molecule: Indices) -> Floats:
    """Return squared radii of gyration in angstrom2, (f, n, 3) -> (f, m), of whole molecules.

    Rg^2 = sum m (r - r_cm)^2 / sum m.
    """
    matrix = mass_fractions(masses, molecule)
    first = average(matrix, frames[:1].astype(np.float64))[0] if len(frames) else np.zeros((matrix.shape[0], 3))
    owner = np.maximum(molecule, 0)
    squares = []
    for piece in chunks(frames):
        # Differences from the first frame's centres keep the digits when molecules are far from the origin.
        local = piece - first[owner]
        centre = average(matrix, local)
        squares.append(average(matrix, np.sum(local**2, axis=-1)) - np.sum(centre**2, axis=-1))
    return np.concatenate(squares)


def chain_mean(series: Floats) -> Mean:
    """Return the mean over chains and time of (f, m) samples, with the standard error over chains.

    Chains are independent of each other, their times hardly ever: conformations in a glass do not relax. The error is
    the larger of the scatter of the chains' means and their errors over time.
    """
    samples = as_series(series.T, "The series of the chains")
    single = [mean_with_error(chain) for chain in samples]
    value, std = spread_over_members(np.array([m.value for m in single]), np.array([m.std for m in single]))
    return Mean(value, std, float(len(single)) if len(single) > 1 else single[0].n_effective)


def radius_of_gyration(frames: Frames, masses: Floats, molecule: Indices) -> Estimate:
    """Return the root of the mean squared radius of gyration, over chains and time, in angstrom.

    Parameters
    ----------
    frames
        Whole unwrapped molecules, (f, n, 3), angstrom.
    masses, molecule
        (n,); molecule -1 marks atoms that belong to no chain, such as ions.
    """
    return _root(chain_mean(gyration_series(frames, masses, molecule)), "radius_of_gyration")


def end_to_end_series(frames: Frames, ends: Indices) -> Floats:
    """Return squared distances in angstrom2 of the two end atoms of each chain, (f, n, 3) and (m, 2) -> (f, m)."""
    pairs = np.asarray(ends)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not len(pairs):
        raise InvalidInputError(f"Ends are two atoms for each chain, shape (m, 2), not {pairs.shape}.")
    vectors = frames[:, pairs[:, 1]].astype(np.float64) - frames[:, pairs[:, 0]]
    squares: Floats = np.sum(vectors**2, axis=-1)
    return squares


def end_to_end_distance(frames: Frames, ends: Indices) -> Estimate:
    """Return the root mean squared distance of the chains' ends in angstrom.

    `ends` are the first and last backbone atom of each chain, shape (m, 2).
    """
    return _root(chain_mean(end_to_end_series(frames, ends)), "end_to_end_distance")


def _root(square: Mean, name: str) -> Estimate:
    value = float(np.sqrt(square.value))
    std_of = "chains" if square.n_effective >= 2 else "time"
    return Mean(value, square.std / (2.0 * value), square.n_effective).estimate(name, std_of)


def nematic_series(frames: Frames, bonds: Indices) -> Floats:
    """Return the nematic order parameter of each frame, (f, n, 3) and (b, 2) -> (f,).

    The largest eigenvalue of Q = <3 u u - 1>/2 over unit vectors u along `bonds`. It is 1 for parallel vectors, and of
    b independent disordered ones about 0.8/sqrt(b), not 0.

    References
    ----------
    doi:10.1080/00268978400101951 (Eppenga and Frenkel 1984)
    """
    pairs = np.asarray(bonds)
    if pairs.ndim != 2 or pairs.shape[1] != 2 or not len(pairs):
        raise InvalidInputError(f"Directors are pairs of atoms, shape (b, 2), not {pairs.shape}.")
    order = []
    for piece in chunks(frames):
        vectors = piece[:, pairs[:, 1]] - piece[:, pairs[:, 0]]
        unit = vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)
        tensor = 1.5 * np.einsum("fbi,fbj->fij", unit, unit) / len(pairs) - 0.5 * np.eye(3)
        order.append(np.linalg.eigvalsh(tensor)[:, -1])
    return np.concatenate(order)


def nematic_order(frames: Frames, bonds: Indices) -> Estimate:
    """Return the mean nematic order parameter of backbone directors, pairs of atoms (b, 2).

    A director spans one repeat unit or one backbone bond; neighbouring bonds of a chain are correlated, so fewer than b
    vectors are independent and disorder shows as more than 0.8/sqrt(b).
    """
    return mean_with_error(nematic_series(frames, bonds)).estimate("nematic_order", "time")
