"""A picture of a cell: of the size that was asked for, with each chain in its own colour."""

import io
import time

import numpy as np
import pytest
from matplotlib.image import imread
from tests.engines.liquids import molecule

from polyloop.chem import Cell, Topology
from polyloop.chem.forcefield import ion
from polyloop.chem.formats import cell_picture

PIXELS = 200


def cell_of(*smiles, edge=12.0, places=None):
    """Molecules beside one another along the diagonal of a cubic box."""
    kinds = [molecule(one) for one in smiles]
    where = [edge * (k + 0.5) / len(kinds) for k in range(len(kinds))] if places is None else places
    positions = [shape - shape.mean(axis=0) + at for (_, shape), at in zip(kinds, where, strict=True)]
    return Cell(Topology.concatenate([one for one, _ in kinds]), np.concatenate(positions), np.full(3, edge))


def ions(count, edge=20.0):
    names = [("Na+", "Cl-")[k % 2] for k in range(count)]
    positions = np.random.default_rng(3).uniform(0.0, edge, (count, 3))
    return Cell(Topology.concatenate([ion(name) for name in names]), positions, np.full(3, edge))


def drawn(cell, pixels=PIXELS):
    """Red, green and blue of the picture above the caption, (rows, columns, 3)."""
    data = cell_picture(cell, pixels)
    assert data.startswith(b"\x89PNG")
    image = imread(io.BytesIO(data))
    assert image.shape[:2] == (pixels, pixels)
    return image[: int(0.9 * pixels), :, :3]


def share_near(image, colour):
    """Share of the coloured pixels whose hue is that of `colour` (0 to 255), however light or dark."""
    image = image.reshape(-1, 3) - image.reshape(-1, 3).mean(axis=1, keepdims=True)
    wanted = np.array(colour, dtype=float) - np.mean(colour)
    strength = np.linalg.norm(image, axis=1)
    coloured = strength > 0.08
    alike = image[coloured] @ wanted / (strength[coloured] * np.linalg.norm(wanted))
    return (alike > 0.95).mean()


def test_a_picture_has_the_size_that_was_asked_for_and_is_not_blank():
    image = drawn(cell_of("CCCC"))
    assert 0.02 < (image < 0.95).any(axis=-1).mean() < 0.8
    assert np.array_equal(image, drawn(cell_of("CCCC")))


def test_two_chains_have_two_colours():
    # The first two of Paul Tol's `muted` in our order: cyan 88CCEE and rose CC6677.
    cyan, rose = (0x88, 0xCC, 0xEE), (0xCC, 0x66, 0x77)
    both, one = drawn(cell_of("CCCC", "CCCC")), drawn(cell_of("CCCC"))
    assert share_near(both, cyan) > 0.2
    assert share_near(both, rose) > 0.2
    assert share_near(one, cyan) > 0.9
    assert share_near(one, rose) == 0.0


def test_a_molecule_outside_the_box_is_drawn_in_it():
    inside, outside = cell_of("CCCC", places=[6.0]), cell_of("CCCC", places=[6.0 + 10 * 12.0])
    assert np.abs(drawn(inside) - drawn(outside)).mean() < 1e-3


def test_ions_alone_are_drawn_each_element_in_its_colour():
    image = drawn(ions(30))
    assert share_near(image, (0xE0, 0x7B, 0x39)) > 0.05  # chlorine, the second element
    assert (image.max(axis=-1) < 0.6).mean() > 0.001  # sodium, dark


@pytest.mark.parametrize("count", [0, 1])
def test_a_box_of_one_atom_or_none_is_drawn_with_its_edges(count):
    empty = ions(1)
    cell = empty if count else Cell(cell_without_atoms(empty.topology), np.zeros((0, 3)), empty.box)
    assert (drawn(cell) < 0.9).any(axis=-1).mean() > 0.005


def cell_without_atoms(topology):
    from dataclasses import replace

    per_atom = ("numbers", "masses", "charges", "types", "epsilon", "sigma", "molecule", "residue")
    return replace(topology, **{name: getattr(topology, name)[:0] for name in per_atom})


def test_sixteen_hundred_atoms_cost_seconds_and_not_minutes():
    one, shape = molecule("CCCCCCCCCC")
    rng = np.random.default_rng(0)
    copies = 1600 // one.n_atoms
    positions = np.concatenate([shape + rng.uniform(0.0, 25.0, 3) for _ in range(copies)])
    cell = Cell(Topology.concatenate([one] * copies), positions, np.full(3, 25.0))
    cell_picture(cell, 100)  # matplotlib is imported once per process
    start = time.process_time()
    cell_picture(cell)
    # 1.0 on a machine that is idle, 1.6 where others share its caches.
    assert time.process_time() - start < 6.0
