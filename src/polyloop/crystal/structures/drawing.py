"""A crystal as a picture: its conventional cell in parallel projection, atoms as shaded balls with bonds, as SVG."""

from __future__ import annotations

from collections import Counter
from itertools import product

import numpy as np
from numpy.typing import NDArray

from polyloop.crystal.elements import ELECTRONEGATIVITIES, ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.structures.symmetry import conventional

__all__ = ["crystal_svg"]

Floats = NDArray[np.float64]

_WIDTH = 300
_MARGIN, _LEGEND = 14.0, 26.0
# The view: turned about the vertical axis, then tilted towards the eye.
_TURN, _TILT = np.radians(-22.0), np.radians(14.0)
# Balls have this part of the covalent radius; bonds reach up to the sum of the radii and a tenth.
_BALL, _REACH = 0.45, 1.12
# Of elements whose electronegativities differ by less, bonds are drawn only where there are no others.
_POLAR = 0.8
_EDGE = 1e-3
# Beyond so many atoms with their images the smaller cell is drawn.
_MOST = 160
# Paul Tol's qualitative schemes `bright` and `muted`, which the colour-blind tell apart.
_COLOURS = ("#4477AA", "#EE6677", "#CCBB44", "#228833", "#AA3377", "#66CCEE", "#882255", "#999933", "#BBBBBB")
# Covalent radii in angstrom, hydrogen to curium: Cordero et al. 2008, doi:10.1039/b801115j.
_RADII = (
    0.31, 0.28, 1.28, 0.96, 0.84, 0.76, 0.71, 0.66, 0.57, 0.58, 1.66, 1.41, 1.21, 1.11, 1.07, 1.05, 1.02, 1.06, 2.03,
    1.76, 1.70, 1.60, 1.53, 1.39, 1.39, 1.32, 1.26, 1.24, 1.32, 1.22, 1.22, 1.20, 1.19, 1.20, 1.20, 1.16, 2.20, 1.95,
    1.90, 1.75, 1.64, 1.54, 1.47, 1.46, 1.42, 1.39, 1.45, 1.44, 1.42, 1.39, 1.39, 1.38, 1.39, 1.40, 2.44, 2.15, 2.07,
    2.04, 2.03, 2.01, 1.99, 1.98, 1.98, 1.96, 1.94, 1.92, 1.92, 1.89, 1.90, 1.87, 1.87, 1.75, 1.70, 1.62, 1.51, 1.44,
    1.41, 1.36, 1.36, 1.32, 1.45, 1.46, 1.48, 1.40, 1.50, 1.50, 2.60, 2.21, 2.15, 2.06, 2.00, 1.96, 1.90, 1.87, 1.80,
    1.69,
)  # fmt: skip


def crystal_svg(structure: CrystalStructure) -> str:
    """Return an SVG of a structure, 300 pixels wide: the conventional cell, atoms on its faces, edges and corners too.

    What is nearer covers what is farther. Bonds join atoms of different elements, or of an element alone, that are no
    farther apart than 1.12 times their covalent radii; metals among themselves only where there is nothing else. Under
    it stand the elements in their colours.
    """
    cell = conventional(structure)
    fractional, numbers = _with_faces(cell)
    if len(numbers) > _MOST:
        cell = structure
        fractional, numbers = _with_faces(cell)
    positions = fractional @ cell.lattice @ _view()
    corners = np.array(list(product((0, 1), repeat=3))) @ cell.lattice @ _view()
    radii = np.array([_radius(number) for number in numbers])
    every = np.vstack([positions[:, :2], corners[:, :2]])
    low = (positions[:, :2] - _BALL * radii[:, None]).min(axis=0)
    high = (positions[:, :2] + _BALL * radii[:, None]).max(axis=0)
    low, high = np.minimum(low, every.min(axis=0)), np.maximum(high, every.max(axis=0))
    scale = (_WIDTH - 2 * _MARGIN) / max(high - low)
    height = scale * (high - low)[1] + 2 * _MARGIN + _LEGEND
    middle = (low + high) / 2

    def screen(point: Floats) -> tuple[float, float]:
        across, up = scale * (point[:2] - middle)
        return round(_WIDTH / 2 + across, 1), round((height - _LEGEND) / 2 - up, 1)

    counts = Counter(cell.symbols)
    colours = {ELEMENTS.index(symbol) + 1: _COLOURS[row % len(_COLOURS)] for row, symbol in enumerate(sorted(counts))}
    pieces = [(end, _line(screen(one), screen(two), "#7C8794", 1.0)) for end, one, two in _edges(corners)]
    for first, second in _bonds(positions, radii, numbers):
        half = (positions[first] + positions[second]) / 2
        for atom in (first, second):
            along = half - positions[atom]
            # From the ball's surface on: what is nearer to the eye than its middle would be drawn across it.
            start = positions[atom] + along * min(0.9 * _BALL * radii[atom] / np.linalg.norm(along), 1.0)
            line = _line(screen(start), screen(half), colours[int(numbers[atom])], max(0.16 * scale, 1.5))
            pieces.append((float((positions[atom] + half)[2] / 2) - 1e-3, line))
    for place, radius, number in zip(positions, radii, numbers, strict=True):
        x, y = screen(place)
        ball = f'<circle cx="{x}" cy="{y}" r="{_BALL * radius * scale:.1f}" fill="url(#{_name(number, colours)})"/>'
        pieces.append((float(place[2]), ball))
    body = "".join(piece for _, piece in sorted(pieces, key=lambda piece: piece[0]))
    shades = "".join(_shade(_name(number, colours), colour) for number, colour in colours.items())
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{height:.0f}" '
        f'viewBox="0 0 {_WIDTH} {height:.0f}" role="img" aria-label="unit cell of {structure.composition}">'
        f"<defs>{shades}</defs>{body}{_legend(colours, height)}</svg>"
    )


def _view() -> Floats:
    """Return the matrix that takes positions to right, up, and towards the eye."""
    turn = np.array([[np.cos(_TURN), 0, np.sin(_TURN)], [0, 1, 0], [-np.sin(_TURN), 0, np.cos(_TURN)]])
    tilt = np.array([[1, 0, 0], [0, np.cos(_TILT), -np.sin(_TILT)], [0, np.sin(_TILT), np.cos(_TILT)]])
    # The third vector of the cell stands upright, the first goes to the right.
    upright = np.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]])
    turned: Floats = (tilt @ turn @ upright.T).T
    return turned


def _with_faces(cell: CrystalStructure) -> tuple[Floats, NDArray[np.int64]]:
    """Return the atoms of a cell with those that repeat on its far faces, edges and corners."""
    sites, numbers = [], []
    for site, number in zip(cell.fractional, cell.numbers, strict=True):
        site = np.where(site > 1.0 - _EDGE, site - 1.0, site)
        for shift in product(*[(0, 1) if abs(value) < _EDGE else (0,) for value in site]):
            sites.append(site + shift)
            numbers.append(number)
    return np.array(sites), np.array(numbers)


def _radius(number: int) -> float:
    return _RADII[min(number, len(_RADII)) - 1]


def _edges(corners: Floats) -> list[tuple[float, Floats, Floats]]:
    """Return the twelve edges of the cell, with the depth at which each is drawn."""
    rows = list(product((0, 1), repeat=3))
    pairs = [
        (one, two)
        for one in range(8)
        for two in range(one + 1, 8)
        if sum(a != b for a, b in zip(rows[one], rows[two], strict=True)) == 1
    ]
    return [(float((corners[one] + corners[two])[2] / 2), corners[one], corners[two]) for one, two in pairs]


def _bonds(positions: Floats, radii: Floats, numbers: NDArray[np.int64]) -> list[tuple[int, int]]:
    apart = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    near = apart < _REACH * (radii[:, None] + radii[None])
    if len(set(numbers.tolist())) > 1:
        near &= numbers[:, None] != numbers[None]
    scale = np.array([ELECTRONEGATIVITIES.get(ELEMENTS[number - 1], 2.0) for number in numbers])
    polar = np.abs(scale[:, None] - scale[None]) > _POLAR
    if (near & polar).any():
        near &= polar
    return [(int(one), int(two)) for one, two in np.argwhere(np.triu(near, 1))]


def _line(start: tuple[float, float], end: tuple[float, float], colour: str, width: float) -> str:
    return (
        f'<line x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" y2="{end[1]}" stroke="{colour}" '
        f'stroke-width="{width:.1f}" stroke-linecap="round"/>'
    )


def _name(number: int, colours: dict[int, str]) -> str:
    """Return the name of a shade; equal names on one page mean equal colours."""
    return f"ball{colours[int(number)][1:]}"


def _shade(name: str, colour: str) -> str:
    return (
        f'<radialGradient id="{name}" cx="0.36" cy="0.32" r="0.75"><stop offset="0" stop-color="#ffffff"/>'
        f'<stop offset="0.28" stop-color="{colour}"/><stop offset="1" stop-color="{_darker(colour)}"/>'
        "</radialGradient>"
    )


def _darker(colour: str) -> str:
    return "#" + "".join(f"{int(0.62 * int(colour[place : place + 2], 16)):02x}" for place in (1, 3, 5))


def _legend(colours: dict[int, str], height: float) -> str:
    words = []
    for row, (number, colour) in enumerate(colours.items()):
        x, y = _MARGIN + 44 * row, height - 9
        words.append(
            f'<circle cx="{x + 5:.0f}" cy="{y - 4:.0f}" r="5" fill="{colour}"/><text x="{x + 13:.0f}" y="{y:.0f}" '
            f'font-family="sans-serif" font-size="12" fill="#3d4651">{ELEMENTS[number - 1]}</text>'
        )
    return "".join(words)
