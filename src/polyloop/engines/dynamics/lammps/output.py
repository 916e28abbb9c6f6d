"""What LAMMPS leaves behind, as arrays: the last state, the trajectory, and samples put together over sittings."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.engines.dynamics.lammps.log import THERMO, LogReader
from polyloop.engines.dynamics.lammps.script import VELOCITIES

__all__ = ["SAMPLE_COLUMNS", "Frames", "read_dump", "read_frames", "read_samples", "sample_columns"]

Floats = NDArray[np.float64]

# Our columns in LAMMPS's words, where they are the same figure in the same unit.
_SAME = {
    "temperature": "temp", "potential_energy": "pe", "kinetic_energy": "ke", "pressure": "press", "volume": "vol",
    "density": "density", "box_x": "lx", "box_y": "ly", "box_z": "lz", "bond": "ebond", "angle": "eangle",
    "dihedral": "edihed", "improper": "eimp", "lennard_jones": "evdwl",
    "pressure_x": "pxx", "pressure_y": "pyy", "pressure_z": "pzz",
}  # fmt: skip
SAMPLE_COLUMNS = ("time", *_SAME, "coulomb", "nonbonded")
_DCD_HEADER = 276


@dataclass(frozen=True, eq=False)
class Frames:
    """A trajectory: positions (f, n, 3), boxes (f, 3), times in ps (f,), and velocities (f, n, 3) or (0, n, 3)."""

    positions: NDArray[np.float32]
    boxes: Floats
    times: Floats
    velocities: NDArray[np.float32]

    @classmethod
    def none(cls, n_atoms: int) -> Frames:
        """No frames."""
        empty = np.zeros((0, n_atoms, 3), dtype=np.float32)
        return cls(empty, np.zeros((0, 3)), np.zeros(0), empty)

    def chosen(self, which: NDArray[np.bool_] | NDArray[np.int64]) -> Frames:
        """Return some of them, by mask or index."""
        velocities = self.velocities[which] if len(self.velocities) else self.velocities
        return Frames(self.positions[which], self.boxes[which], self.times[which], velocities)

    def followed_by(self, later: Frames) -> Frames:
        """Return both, one after the other."""
        return Frames(
            np.concatenate([self.positions, later.positions]),
            np.concatenate([self.boxes, later.boxes]),
            np.concatenate([self.times, later.times]),
            np.concatenate([self.velocities, later.velocities]),
        )


def sample_columns(rows: Floats) -> dict[str, Floats]:
    """Return rows of `THERMO`, shape (n, len(THERMO)), as columns of samples."""
    thermo = dict(zip(THERMO, rows.T.copy(), strict=True))
    coulomb = thermo["ecoul"] + thermo["elong"]
    return {
        "time": thermo["step"] * thermo["dt"] / 1000.0,
        **{name: thermo[word] for name, word in _SAME.items()},
        "coulomb": coulomb,
        "nonbonded": thermo["evdwl"] + coulomb,
    }


def read_dump(path: Path, n_atoms: int) -> tuple[Floats, Floats]:
    """Return columns behind the atoms' numbers, shape (n, columns), and the box in angstrom, of a dump of one state.

    Raises
    ------
    ValueError, OSError
        If the file is damaged.
    """
    with path.open() as stream:
        head = [next(stream, "") for _ in range(9)]
        table = np.loadtxt(stream, ndmin=2)
    bounds = np.array([line.split()[:2] for line in head[5:8]], dtype=np.float64)
    if table.shape[0] != n_atoms:
        raise ValueError(f"{path.name} holds {table.shape[0]} atoms, not {n_atoms}")
    return table[:, 1:], bounds[:, 1] - bounds[:, 0]


def read_frames(path: Path, n_atoms: int, *, velocities: bool) -> Frames:
    """Return the whole frames of a DCD file that LAMMPS wrote, with `velocities` those of the file beside it."""
    kind = np.dtype(
        [("b0", "<i4"), ("cell", "<f8", 6), ("b1", "<i4")]
        + [(name, kind, count) for axis in "xyz" for name, kind, count in
           ((f"{axis}0", "<i4", 1), (axis, "<f4", n_atoms), (f"{axis}1", "<i4", 1))]
    )  # fmt: skip
    size = path.stat().st_size if path.exists() else 0
    if size < _DCD_HEADER:
        return Frames.none(n_atoms)
    with path.open("rb") as stream:
        header = stream.read(_DCD_HEADER)
        frames = np.fromfile(stream, dtype=kind, count=(size - _DCD_HEADER) // kind.itemsize)
    start, every = np.frombuffer(header, dtype="<i4", count=2, offset=12).tolist()
    timestep = float(np.frombuffer(header, dtype="<f4", count=1, offset=44)[0])
    times = (start + every * np.arange(len(frames))) * timestep / 1000.0
    positions = np.stack([frames[axis] for axis in "xyz"], axis=-1)
    found = Frames(positions, frames["cell"][:, [0, 2, 5]].copy(), times, Frames.none(n_atoms).velocities)
    if not velocities:
        return found
    moving = _read_velocities(path.with_suffix(VELOCITIES), n_atoms)
    # A kill may fall between the two files, or before there is a second.
    whole = min(len(moving), len(times))
    return replace(found.chosen(np.arange(whole)), velocities=moving[:whole])


def _read_velocities(path: Path, n_atoms: int) -> NDArray[np.float32]:
    """Return velocities of the whole frames of a text dump, in angstrom/ps, shape (f, n, 3)."""
    found = []
    for frame in path.read_text().split("ITEM: TIMESTEP\n")[1:] if path.exists() else ():
        # Its last number ends with the line's end, unless it was cut short.
        words = frame.partition("vz \n")[2] or frame.partition("vz\n")[2]
        numbers = np.array(words.split(), dtype=np.float32) if words.endswith("\n") else np.zeros(0)
        if len(numbers) == 3 * n_atoms:
            found.append(1000.0 * numbers.reshape(n_atoms, 3))
    return np.array(found, dtype=np.float32).reshape(-1, n_atoms, 3)


def read_samples(
    directory: Path, names: list[str], interval: float, n_atoms: int, *, velocities: bool
) -> tuple[Floats, Frames]:
    """Put the samples and frames of all sittings together: what a later sitting did anew replaces what was lost.

    Parameters
    ----------
    names
        Stems of the sittings' files, in order.
    interval
        In ps: rows at its multiples are samples.
    velocities
        Whether frames have velocities.
    """
    rows = np.zeros((0, len(THERMO)))
    frames = Frames.none(n_atoms)
    for name in names:
        reader = LogReader(directory / f"{name}.log")
        found = reader.read()
        if not len(found):
            continue
        begin = _times(found)[0]
        rows = np.concatenate([rows[_times(rows) <= begin + 1e-9], found])
        later = read_frames(directory / f"{name}.dcd", n_atoms, velocities=velocities)
        frames = frames.chosen(frames.times <= begin + 1e-9).followed_by(later)
    times = _times(rows)
    count = times / interval
    due = (times > 0) & (np.abs(count - np.round(count)) * interval < 1e-6)
    rows, times = rows[due], times[due]
    _, last = np.unique(np.round(times[::-1], 6), return_index=True)
    moment, first = np.unique(np.round(frames.times, 6), return_index=True)
    return rows[len(rows) - 1 - last], frames.chosen(first[moment > 0])


def _times(rows: Floats) -> Floats:
    times: Floats = rows[:, 0] * rows[:, 1] / 1000.0
    return times
