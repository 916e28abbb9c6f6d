"""Make the table of the Wyckoff positions of the 230 space groups that polyloop ships.

Usage: python benchmarks/wyckoff_table.py

Points are drawn from the fractions, lines and planes on which positions lie, and parted into positions by the
operations alone. A structure that occupies all of them is given to moyopy, which names them as International Tables A
do; its letters must be as many, up to that of the general position. What is written are letters and representative
coordinates in moyopy's default setting; multiplicities and orbits follow from the operations, and tests check all of
them by group theory.
"""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path
from string import ascii_letters
from typing import Any

import moyopy
import numpy as np
from numpy.typing import NDArray

import machine

OUTPUT = Path(__file__).parents[1] / "src/polyloop/crystal/symmetry_generation/wyckoff_positions.json"
FRACTIONS = tuple(np.arange(8) / 8)
HEXAGONAL = tuple(np.arange(12) / 12)
LINES = (1.0, 1.0, 1.0, -1.0, 2.0)
DRAWN = 1500
GRID = 24
AXES_OF_SYMMETRY = np.array([
    (1, 0, 0), (0, 1, 0), (0, 0, 1), (1, 1, 0), (1, 0, 1), (0, 1, 1), (1, -1, 0), (1, 0, -1), (0, 1, -1), (1, 1, 1),
    (1, 1, -1), (1, -1, 1), (-1, 1, 1), (1, 2, 0), (2, 1, 0),
])  # fmt: skip
CELLS = np.array(list(product(range(-2, 3), repeat=3)))
# No relation between these, so that what stands there has the symmetry of the group alone.
AXES, ANGLES = (1.0, 1.1732, 1.3871), (0.0871, 0.1312, 0.0513)


def main() -> None:
    machine.parser(__doc__).parse_args()
    table = {str(number): positions(number) for number in range(230, 0, -1)}
    table = dict(reversed(table.items()))
    OUTPUT.write_text("{\n" + ",\n".join(f'"{key}": {json.dumps(value)}' for key, value in table.items()) + "\n}\n")
    print(sum(len(one) for one in table.values()), "positions")


def positions(number: int) -> list[list[str]]:
    """Return letter and representative coordinates of each position, in the order of the letters."""
    rng = np.random.default_rng(number)
    operations = moyopy.operations_from_number(number)
    rotations, translations = np.array(operations.rotations), np.array(operations.translations)
    grid = HEXAGONAL if 143 <= number <= 194 else FRACTIONS
    corners = [np.array(one) for one in product(grid, repeat=3)]
    # Every special line and plane goes through a point of the grid, along the axes of symmetry.
    free = rng.random(2)
    candidates = list(corners)
    for _ in range(DRAWN):
        one, two = rng.permutation(len(AXES_OF_SYMMETRY))[:2]
        line = corners[rng.integers(len(corners))] + free[0] * AXES_OF_SYMMETRY[one]
        candidates += [line, line + free[1] * AXES_OF_SYMMETRY[two]]
    points = different(candidates, rotations, translations)
    found: dict[str, str] = {}
    for general in (0, 1, 3):
        told = occupied(points + [rng.random(3) for _ in range(general)], rotations, translations, number)
        if told is not None:
            found = {one.letter: one.coordinates for one in told}
            break
    letters = sorted(found, key=order)
    if not found or letters != list(ascii_letters[: len(letters)]) or len(letters) != len(points):
        raise RuntimeError(f"Not all positions of group {number} were found: {len(points)}, {found}")
    return [[letter, found[letter]] for letter in letters]


def different(points: list[NDArray[np.float64]], rotations: Any, translations: Any) -> list[NDArray[np.float64]]:
    """Return a point of each position, the general one among them; positions are the classes of site symmetries."""
    kept: list[tuple[NDArray[np.float64], int, Any, Any]] = []
    seen: set[tuple[object, ...]] = set()
    for point in [np.array([0.1234, 0.3412, 0.7123]), *points]:
        point = point % 1.0
        on_grid = np.abs(point * GRID - np.round(point * GRID)).max() < 1e-6
        if on_grid and tuple(np.round(point * GRID).astype(int)) in seen:
            continue
        images = rotations @ point + translations
        if on_grid:
            seen |= set(map(tuple, np.round(images * GRID).astype(int) % GRID))
        shift = np.round(point - images)
        fixed = np.abs(images + shift - point).max(axis=1) < 1e-6
        key = (fixed.tobytes(), shift[fixed].tobytes())
        if key in seen:
            continue
        seen.add(key)
        # The mean over the site symmetry projects on the points that it leaves alone.
        linear, offset = rotations[fixed].mean(axis=0), (translations + shift)[fixed].mean(axis=0)
        if not any(size == fixed.sum() and on(images, *place) for _, size, *place in kept):
            kept.append((point, int(fixed.sum()), linear, offset))
    return [point for point, *_ in kept]


def on(images: NDArray[np.float64], linear: NDArray[np.float64], offset: NDArray[np.float64]) -> bool:
    """Tell whether an image lies on a point, line or plane, or on one of its repeats."""
    away = np.eye(3) - linear
    moved = (images @ away.T - offset)[:, None] + (CELLS @ away.T)[None]
    return bool((np.abs(moved).max(axis=2) < 1e-6).any())


def occupied(points: list[NDArray[np.float64]], rotations: Any, translations: Any, number: int) -> list[Any] | None:
    """Return the positions that the orbits of points occupy; None where the structure has another group."""
    sites, numbers = [], []
    for kind, point in enumerate(points):
        orbit = (rotations @ point + translations) % 1.0
        away = orbit[:, None] - orbit[None]
        same = np.abs(away - np.round(away)).max(axis=2) < 1e-6
        orbit = orbit[~np.any(np.tril(same, -1), axis=1)]
        sites += orbit.tolist()
        numbers += [kind + 1] * len(orbit)
    if np.unique(np.round(np.array(sites), 4) % 1.0, axis=0).shape[0] < len(sites):
        return None
    cell = moyopy.Cell((lattice(number) * 30.0).tolist(), sites, numbers)
    try:
        found = moyopy.MoyoDataset(cell, symprec=1e-4)
        if found.number != number:
            return None
        return list(found.normalizer_wyckoff_positions().wyckoffs)
    except ValueError:
        return None


def lattice(number: int) -> NDArray[np.float64]:
    """Return a lattice of the group's system, without symmetry beyond it."""
    metric = np.diag(np.square(AXES))
    metric[np.triu_indices(3, 1)] = metric[np.tril_indices(3, -1)] = ANGLES
    rotations = np.array(moyopy.operations_from_number(number).rotations)
    # The mean over the group is what the group leaves alone.
    metric = np.mean([one.T @ metric @ one for one in rotations], axis=0)
    vectors: NDArray[np.float64] = np.linalg.cholesky(metric)
    return vectors


def order(letter: str) -> int:
    return ascii_letters.index(letter)


if __name__ == "__main__":
    main()
