"""Sizes and order of chains against freely jointed chains, rods and random directions."""

import numpy as np
import pytest

from polyloop.core import InvalidInputError
from polyloop.simulate.md.analysis.chains import (
    centre_series,
    end_to_end_distance,
    gyration_series,
    nematic_order,
    nematic_series,
    radius_of_gyration,
)
from tests.simulate.md.synthetic import coverage, freely_jointed


def melt(seed, frames=12, chains=40, segments=100, length=3.0, frozen=False):
    """Frames of freely jointed chains: (frames, atoms, 3), the molecule of each atom, the chains' end atoms."""
    rng = np.random.default_rng(seed)
    shape = (1 if frozen else frames) * chains
    positions = freely_jointed(rng, shape, segments, length).reshape(-1, chains * (segments + 1), 3)
    positions = np.repeat(positions, frames, axis=0) if frozen else positions
    molecule = np.repeat(np.arange(chains), segments + 1)
    first = np.arange(chains) * (segments + 1)
    return positions.astype(np.float32), molecule, np.column_stack([first, first + segments])


def test_freely_jointed_chains_have_their_exact_size():
    frames, molecule, ends = melt(1, frames=50)
    size, span = radius_of_gyration(frames, np.ones(len(molecule)), molecule), end_to_end_distance(frames, ends)
    assert span.value**2 == pytest.approx(100 * 9.0, rel=0.05)
    # <Rg2> = N b2 (N + 2) / (6 (N + 1)), doi:10.1093/oso/9780198520597.001.0001
    assert size.value**2 == pytest.approx(100 * 9.0 * 102 / (6 * 101), rel=0.05)
    assert (size.property, span.property) == ("radius_of_gyration", "end_to_end_distance")
    assert size.n == 40


def test_the_error_of_frozen_chains_is_that_over_chains_not_over_frames():
    truth = np.sqrt(100 * 9.0 * 102 / (6 * 101))
    found = []
    for seed in range(200):
        frames, molecule, _ = melt(seed, frozen=True)
        found.append(radius_of_gyration(frames, np.ones(len(molecule)), molecule))
    # The root of a mean of 40 is biased by half its variance, far below its error.
    assert 0.60 < coverage([f.value for f in found], [f.std for f in found], truth) < 0.76


def test_masses_weight_the_radius_of_gyration():
    frame = np.array([[[0.0, 0, 0], [4.0, 0, 0]]])
    # m1 m2 / (m1 + m2)^2 d^2
    assert gyration_series(frame, np.array([3.0, 1.0]), np.array([0, 0]))[0, 0] == pytest.approx(3 / 16 * 16)


def test_chains_far_from_the_origin_keep_their_digits():
    frames, molecule, _ = melt(2, frames=2, chains=2)
    frames = frames.astype(np.float64)
    near = gyration_series(frames, np.ones(len(molecule)), molecule)
    assert gyration_series(frames + 1e6, np.ones(len(molecule)), molecule) == pytest.approx(near, rel=1e-6)


def test_atoms_of_no_molecule_are_left_out():
    frame = np.array([[[0.0, 0, 0], [2.0, 0, 0], [99.0, 0, 0]]])
    assert centre_series(frame, np.ones(3), np.array([0, 0, -1])).tolist() == [[[1.0, 0.0, 0.0]]]
    with pytest.raises(InvalidInputError, match="needs atoms"):
        centre_series(frame, np.ones(3), np.array([0, 2, -1]))


def test_many_atoms_come_in_pieces_with_the_same_answer(monkeypatch):
    frames, molecule, _ = melt(3, frames=11, chains=3)
    whole = gyration_series(frames, np.ones(len(molecule)), molecule)
    monkeypatch.setattr("polyloop.simulate.md.analysis.chains._CHUNK", frames[0].size * 4)
    assert gyration_series(frames, np.ones(len(molecule)), molecule) == pytest.approx(whole)


def directors(vectors):
    """Frames and pairs whose directors are the vectors (f, b, 3)."""
    frames = np.stack([np.zeros_like(vectors), vectors], axis=2).reshape(len(vectors), -1, 3)
    pairs = np.arange(2 * vectors.shape[1]).reshape(-1, 2)
    return frames, pairs


def test_parallel_rods_are_in_full_order_whatever_their_sense():
    signs = np.random.default_rng(4).choice([-1.0, 1.0], size=(10, 50, 1))
    assert nematic_order(*directors(signs * [1.0, 2.0, 2.0])).value == pytest.approx(1.0)


def test_directions_in_a_plane_have_order_a_quarter():
    angle = np.random.default_rng(5).uniform(0, 2 * np.pi, (10, 20_000))
    flat = np.stack([np.cos(angle), np.sin(angle), np.zeros_like(angle)], axis=-1)
    # Q = diag(1/4, 1/4, -1/2)
    assert nematic_series(*directors(flat)).mean() == pytest.approx(0.25, abs=0.01)


def test_disorder_shows_as_little_as_the_number_of_directors_allows():
    vectors = np.random.default_rng(6).standard_normal((200, 400, 3))
    order = nematic_order(*directors(vectors))
    # A traceless symmetric Gaussian matrix with var(Q_xx) = (9/4)(4/45)/b has the mean largest eigenvalue 0.80/sqrt(b).
    gaussian = np.random.default_rng(7).standard_normal((20_000, 3, 3)) * np.sqrt(0.3)
    gaussian = (gaussian + np.swapaxes(gaussian, 1, 2)) / 2
    gaussian -= np.trace(gaussian, axis1=1, axis2=2)[:, None, None] * np.eye(3) / 3
    expected = np.linalg.eigvalsh(gaussian)[:, -1].mean() / np.sqrt(400)
    assert order.value == pytest.approx(expected, rel=0.04)


@pytest.mark.parametrize("pairs", [np.zeros((0, 2), dtype=int), np.zeros(4, dtype=int)])
def test_pairs_of_atoms_are_asked_for(pairs):
    with pytest.raises(InvalidInputError, match="shape"):
        end_to_end_distance(np.zeros((10, 4, 3)), pairs)
    with pytest.raises(InvalidInputError, match="shape"):
        nematic_series(np.zeros((10, 4, 3)), pairs)
