"""A picture of a cell: lit spheres and bonds in the box's edges, each chain in its own colour, as PNG."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.formats.rows import whole_in_box
from polyloop.chem.topology import Cell, Topology

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["cell_picture"]

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Indices = NDArray[np.int64]

# Paul Tol's qualitative scheme `muted`, which the colour-blind tell apart, in an order that keeps likes apart.
_CHAINS = ("88CCEE", "CC6677", "DDCC77", "44AA99", "332288", "AA4499", "117733", "999933", "882255", "9AA0A6")
# Of what is one atom, such as an ion: by element.
_SINGLE_ATOMS = ("4A4A4A", "E07B39", "2C6FA6", "B7B7B7")
_EDGE, _INK = "7C8794", "#3d4651"
# Radii in angstrom: of hydrogen, of the others, and of bonds.
_HYDROGEN, _HEAVY, _BOND = 0.42, 0.66, 0.24
_TURN, _TILT = np.radians(-28.0), np.radians(18.0)
_LIGHT = np.array([-0.42, 0.56, 0.72]) / np.linalg.norm([-0.42, 0.56, 0.72])
# Each pixel of the picture is the mean of so many by so many.
_FINER = 2
_AT_ONCE = 4_000_000  # pixels of spheres that are looked at together
_BARS = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0)


def cell_picture(cell: Cell, pixels: int = 900) -> bytes:
    """Draw a cell as a PNG of `pixels` by `pixels`, in parallel projection, with a scale bar and a caption.

    Molecules are drawn whole, each moved so that its centre is inside the box. What is farther away is paler, and what
    lies behind its surroundings darker (depth darkening, doi:10.1145/1141911.1142016).
    """
    centres, radii, colours = _spheres(cell)
    # Screen axes: right, up, towards the eye.
    centres = centres @ _view().T
    low, high = (centres - radii[:, None]).min(axis=0), (centres + radii[:, None]).max(axis=0)
    size = pixels * _FINER
    scale = 0.88 * size / max(float((high - low)[:2].max()), 1e-6)
    centres = (centres - (low + high) / 2.0) * scale
    # Half a pixel is the least that is seen; the middle is above that of the picture, for the caption's sake.
    radii = np.maximum(radii * scale, 0.5 * _FINER)
    centres = centres * [1.0, -1.0, 1.0] + [0.5 * size, 0.475 * size, 0.0]
    shown = _lit(centres, radii, colours, size)
    shown = shown.reshape(pixels, _FINER, pixels, _FINER, 3).mean(axis=(1, 3))
    figure = _framed(shown, scale / _FINER, _caption(cell))
    stream = io.BytesIO()
    figure.savefig(stream, format="png", dpi=figure.dpi)
    return stream.getvalue()


def _spheres(cell: Cell) -> tuple[Floats, Floats, Floats]:
    """Return centres (s, 3) and radii (s,) in angstrom and colours (s, 3) of atoms, bonds and the box's edges.

    Bonds and edges are rows of spheres that overlap.
    """
    topology, positions = cell.topology, whole_in_box(cell)
    heavy = topology.numbers > 1
    radii = np.where(heavy, _HEAVY, _HYDROGEN)
    colours = _atom_colours(topology)
    first, second = topology.bonds.T
    middle = (positions[first] + positions[second]) / 2.0
    halves = [_row(positions[ends], middle, _BOND, colours[ends]) for ends in (first, second)]
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1], indexing="ij")).reshape(3, -1).T
    starts, ends = np.nonzero(np.triu(np.abs(corners[:, None] - corners).sum(axis=-1) == 1))
    thin = 0.0016 * float(np.linalg.norm(cell.box))
    edges = _row(corners[starts] * cell.box, corners[ends] * cell.box, thin, np.tile(_rgb(_EDGE), (len(starts), 1)))
    parts = [(positions, radii, colours), *halves, edges]
    centres, sizes, shades = (np.concatenate(column) for column in zip(*parts, strict=True))
    return centres, sizes, shades


def _row(starts: Floats, ends: Floats, radius: float, colours: Floats) -> tuple[Floats, Floats, Floats]:
    """Return spheres in rows from `starts` to `ends`, half a radius apart."""
    lengths = np.linalg.norm(ends - starts, axis=1)
    counts = np.ceil(lengths / (0.5 * radius)).astype(np.int64) + 1
    of = np.repeat(np.arange(len(starts)), counts)
    within = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    share = within / np.maximum(counts[of] - 1, 1)
    centres = starts[of] + share[:, None] * (ends - starts)[of]
    return centres, np.full(len(of), radius), colours[of]


def _atom_colours(topology: Topology) -> Floats:
    """Colours of the atoms, (n, 3): of the chain, hydrogens paler and heteroatoms darker; single atoms by element."""
    sizes = np.bincount(topology.molecule, minlength=topology.n_molecules)
    chain_number = np.cumsum(sizes > 1) - 1
    palette = np.array([_rgb(code) for code in _CHAINS])
    colours: Floats = palette[chain_number[topology.molecule] % len(palette)]
    hydrogen = topology.numbers == 1
    colours[hydrogen] += 0.5 * (1.0 - colours[hydrogen])
    colours[(topology.numbers > 1) & (topology.numbers != 6)] *= 0.72
    single = sizes[topology.molecule] == 1
    _, element = np.unique(topology.numbers[single], return_inverse=True)
    colours[single] = np.array([_rgb(code) for code in _SINGLE_ATOMS])[element % len(_SINGLE_ATOMS)]
    return colours


def _rgb(code: str) -> Floats:
    return np.array([int(code[place : place + 2], 16) for place in (0, 2, 4)]) / 255.0


def _view() -> Floats:
    """Rotation (3, 3) from the box's axes to the screen's: z upwards, turned about it, and seen from above."""
    turn = [
        [np.cos(_TURN), -np.sin(_TURN), 0.0],
        [0.0, 0.0, 1.0],
        [-np.sin(_TURN), -np.cos(_TURN), 0.0],
    ]
    tilt = [[1.0, 0.0, 0.0], [0.0, np.cos(_TILT), -np.sin(_TILT)], [0.0, np.sin(_TILT), np.cos(_TILT)]]
    return np.array(tilt) @ np.array(turn)


def _lit(centres: Floats, radii: Floats, colours: Floats, size: int) -> Singles:
    """Return the picture of spheres on white, (size, size, 3); all lengths in pixels, y downwards, z to the eye."""
    from scipy.ndimage import gaussian_filter

    height, front = _front(centres, radii, size)
    seen = np.flatnonzero(front >= 0)
    sphere = front[seen]
    across = (seen % size + 0.5 - centres[sphere, 0]) / radii[sphere]
    upward = (centres[sphere, 1] - seen // size - 0.5) / radii[sphere]
    facing = np.sqrt(np.maximum(1.0 - across**2 - upward**2, 0.0))
    falling = np.clip(across * _LIGHT[0] + upward * _LIGHT[1] + facing * _LIGHT[2], 0.0, 1.0)
    far, near = height[seen].min(), height[seen].max()
    height[front < 0] = far
    surface = height.reshape(size, size)
    hidden = np.zeros(len(seen), np.float32)
    for width, strength in ((0.004, 0.42), (0.016, 0.28)):
        behind = gaussian_filter(surface, width * size, truncate=2.5) - surface
        hidden += strength * np.clip(behind.ravel()[seen] / (2.0 * width * size), 0.0, 1.0)
    light = ((0.50 + 0.56 * falling) * (1.0 - hidden))[:, None]
    # A dull shine, then fog that leaves the nearest as it is.
    lit = colours[sphere] * light + 0.16 * (falling**24)[:, None]
    fog = 0.45 * ((near - height[seen]) / max(float(near - far), 1e-6))[:, None]
    shown = np.ones((size * size, 3), np.float32)
    shown[seen] = np.clip(lit + fog * (1.0 - lit), 0.0, 1.0)
    return shown.reshape(size, size, 3)


def _front(centres: Floats, radii: Floats, size: int) -> tuple[Singles, Indices]:
    """Return the height of the front-most surface at each pixel and the sphere it belongs to, or -1; (size * size,)."""
    height = np.full(size * size, -np.inf, np.float32)
    front = np.full(size * size, -1, np.int64)
    reach = np.ceil(radii).astype(np.int64)
    for wide in np.unique(reach):
        alike = np.flatnonzero(reach == wide)
        offsets = np.arange(-wide, wide + 1)
        right, down = (axis.ravel() for axis in np.meshgrid(offsets, offsets))
        near = right**2 + down**2 <= (wide + 1) ** 2
        right, down = right[near], down[near]
        for some in np.array_split(alike, 1 + len(alike) * len(right) // _AT_ONCE):
            x, y = (np.floor(centres[some, axis]).astype(np.int64)[:, None] for axis in (0, 1))
            column, row = x + right, y + down
            away = (column + 0.5 - centres[some, :1]) ** 2 + (row + 0.5 - centres[some, 1:2]) ** 2
            above = radii[some, None] ** 2 - away
            hit = (above >= 0.0) & (column >= 0) & (column < size) & (row >= 0) & (row < size)
            place = (row * size + column)[hit]
            top = (centres[some, 2:] + np.sqrt(np.maximum(above, 0.0)))[hit].astype(np.float32)
            np.maximum.at(height, place, top)
            wins = top == height[place]
            front[place[wins]] = np.broadcast_to(some[:, None], hit.shape)[hit][wins]
    return height, front


def _framed(shown: Singles, scale: float, caption: str) -> Figure:
    """Return a figure of the picture, the caption below it and a scale bar; `scale` in pixels per angstrom."""
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

    pixels, dpi = len(shown), 100.0
    figure = Figure(figsize=(pixels / dpi, pixels / dpi), dpi=dpi, facecolor="white")
    figure.figimage(shown, origin="upper")
    longest = 0.2 * pixels / scale
    bar = max((length for length in _BARS if length <= longest), default=_BARS[0])
    left, right, base = 0.055, 0.055 + bar * scale / pixels, 0.037
    figure.add_artist(Line2D([left, right], [base, base], color=_INK, linewidth=pixels / 360, solid_capstyle="butt"))
    words = f"{bar:g} Å" if bar < 10.0 else f"{bar / 10.0:g} nm"
    size = pixels / 75.0
    figure.text((left + right) / 2, base + 0.009, words, ha="center", va="bottom", fontsize=size, color=_INK)
    figure.text(0.945, base - 0.006, caption, ha="right", va="bottom", fontsize=size, color=_INK)
    return figure


def _caption(cell: Cell) -> str:
    topology = cell.topology
    units = np.unique(np.column_stack([topology.molecule, topology.residue]), axis=0)[:, 0]
    chains = int((np.bincount(units, minlength=topology.n_molecules) > 1).sum())
    counts = {"atom": topology.n_atoms, "chain": chains, "small molecule": topology.n_molecules - chains}
    parts = [f"{count:,} {word}{'s' * (count != 1)}" for word, count in counts.items() if count]
    return "   ".join([*parts, f"{cell.density:.3g} g/cm³"])
