"""What GROMACS reads and leaves behind, as arrays: states, trajectories, energies."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.formats import rows
from polyloop.chem.topology import Cell
from polyloop.core import EvaluationError, FailureCode
from polyloop.core.constants import ATMOSPHERE_IN_BAR, CALORIE
from polyloop.engines.dynamics.gromacs.program import Program, last_words
from polyloop.engines.dynamics.stages import ENERGY_TERMS

__all__ = ["LogReader", "Trajectory", "g96", "read_energies", "read_g96", "read_trr", "sample_columns"]

Floats = NDArray[np.float64]

_NM, _KCAL, _BAR = 0.1, CALORIE, ATMOSPHERE_IN_BAR
_TRR_MAGIC = 1993
# Our columns as sums of GROMACS's terms, kJ/mol. The sum that GROMACS itself gives has the dispersion correction in it
# twice after a minimization.
_TERMS = {
    "kinetic_energy": ("Kinetic-En.",),
    "bond": ("Bond",),
    "angle": ("Angle",),
    "dihedral": ("Proper-Dih.",),
    "improper": ("Per.-Imp.-Dih.",),
    "lennard_jones": ("LJ-(SR)", "LJ-14", "Disper.-corr."),
    "coulomb": ("Coulomb-(SR)", "Coulomb-14", "Coul.-recip."),
}
_PRESSURES = {"pressure": "Pressure", "pressure_x": "Pres-XX", "pressure_y": "Pres-YY", "pressure_z": "Pres-ZZ"}
_BOX = ("Box-X", "Box-Y", "Box-Z")


def g96(cell: Cell) -> str:
    """Return a state with nine decimals of a nm, positions and, where there are some, velocities."""
    text = "TITLE\nWritten by polyloop\nEND\nPOSITIONRED\n" + rows("%15.9f%15.9f%15.9f", cell.positions * _NM) + "END\n"
    if cell.velocities is not None:
        text += "VELOCITYRED\n" + rows("%15.9f%15.9f%15.9f", cell.velocities * _NM) + "END\n"
    return text + "BOX\n" + rows("%15.9f%15.9f%15.9f", cell.box[None] * _NM) + "END\n"


def read_g96(path: Path, n_atoms: int) -> tuple[Floats, Floats, Floats]:
    """Return positions in angstrom, velocities in angstrom/ps (0 where none are kept), and box, of a .g96 file.

    Raises
    ------
    ValueError, OSError
        If the file is damaged.
    """
    blocks = dict(re.findall(r"^([A-Z0-9]+)\n(.*?)^END$", path.read_text(), re.MULTILINE | re.DOTALL))
    if not {"POSITION", "BOX"} <= blocks.keys():
        raise ValueError(f"{path.name} lacks positions or the box")
    tables = [
        np.array([[float(line[start : start + 15]) for start in (24, 39, 54)] for line in blocks[name].splitlines()])
        for name in ("POSITION", "VELOCITY")
        if name in blocks
    ]
    if any(table.shape != (n_atoms, 3) for table in tables):
        raise ValueError(f"{path.name} holds {len(tables[0])} atoms, not {n_atoms}")
    positions, velocities = tables if len(tables) == 2 else (tables[0], np.zeros_like(tables[0]))
    return positions / _NM, velocities / _NM, np.array(blocks["BOX"].split()[:3], dtype=np.float64) / _NM


@dataclass(frozen=True, eq=False)
class Trajectory:
    """Frames: times in ps, (f,); boxes in angstrom, (f, 3); positions, velocities and forces, (f or 0, n, 3).

    Angstrom, angstrom/ps and kcal/(mol angstrom); atoms wrapped into the box.
    """

    times: Floats
    boxes: Floats
    positions: NDArray[np.float32]
    velocities: NDArray[np.float32]
    forces: NDArray[np.float32]


def read_trr(path: Path, n_atoms: int) -> Trajectory:
    """Return the whole frames of a TRR file: each a header in XDR, then box, positions, velocities, forces."""
    times, boxes = [], []
    parts: dict[str, list[NDArray[np.float32]]] = {"x": [], "v": [], "f": []}
    for time, box, arrays in _trr_frames(path, n_atoms):
        times.append(time)
        boxes.append(box)
        for name, array in arrays.items():
            parts[name].append(array)
    scale = {"x": 1 / _NM, "v": 1 / _NM, "f": _NM / _KCAL}
    x, v, f = (
        np.array(frames, dtype=np.float32).reshape(-1, n_atoms, 3) * np.float32(scale[name])
        for name, frames in parts.items()
    )
    return Trajectory(np.array(times, dtype=np.float64), np.array(boxes, dtype=np.float64).reshape(-1, 3), x, v, f)


def _trr_frames(path: Path, n_atoms: int) -> Iterator[tuple[float, Floats, dict[str, NDArray[np.float32]]]]:
    content = path.read_bytes() if path.exists() else b""
    offset = 0
    while len(content) - offset >= 84:
        if int.from_bytes(content[offset : offset + 4], "big") != _TRR_MAGIC:
            raise ValueError(f"{path.name} is damaged at byte {offset}")
        length = int.from_bytes(content[offset + 8 : offset + 12], "big")
        offset += 12 + (length + 3) // 4 * 4
        header = np.frombuffer(content, ">i4", 13, offset).tolist()
        sizes, found = dict(zip(("box", "x", "v", "f"), (header[2], *header[7:10]), strict=True)), header[10]
        if found != n_atoms:
            raise ValueError(f"{path.name} holds {found} atoms, not {n_atoms}")
        real = np.dtype(">f4") if sizes["box"] == 36 else np.dtype(">f8")
        offset += 52
        end = offset + 2 * real.itemsize + sum(header[2:5]) + sum(header[7:10])
        if end > len(content):
            return
        time = float(np.frombuffer(content, real, 1, offset)[0])
        offset += 2 * real.itemsize
        box = np.frombuffer(content, real, 9, offset)[[0, 4, 8]].astype(np.float64) / _NM
        offset += sum(header[2:5])
        arrays = {}
        for name in ("x", "v", "f"):
            if sizes[name]:
                arrays[name] = np.frombuffer(content, real, 3 * n_atoms, offset).astype(np.float32).reshape(-1, 3)
                offset += sizes[name]
        yield time, box, arrays


def read_energies(program: Program, directory: Path, stem: str) -> dict[str, Floats]:
    """Return the columns of an energy file, in GROMACS's names and units, and `time` in ps.

    Raises
    ------
    EvaluationError
        EVALUATOR where `gmx energy` cannot read it.
    """
    listing = program.call(["energy", "-f", f"{stem}.edr", "-o", f"{stem}.xvg"], directory)[1]
    wanted = {*(name for terms in _TERMS.values() for name in terms), *_PRESSURES.values(), *_BOX, "Temperature"}
    numbers = {int(number): name for number, name in re.findall(r"(\d+)  (\S+)", listing) if name in wanted}
    chosen = sorted(numbers)
    answers = "\n".join(str(number) for number in chosen) + "\n\n"
    command = ["energy", "-f", f"{stem}.edr", "-o", f"{stem}.xvg", "-xvg", "none", "-dp"]
    code, said = program.call(command, directory, answers)
    if code != 0 or not chosen:
        raise EvaluationError(FailureCode.EVALUATOR, stem, f"GROMACS cannot read its energies: {last_words(said)}")
    written = directory / f"{stem}.xvg"
    try:
        table = np.array([line.split() for line in written.read_text().splitlines()], dtype=np.float64)
    except (OSError, ValueError) as error:
        raise EvaluationError(FailureCode.EVALUATOR, stem, f"GROMACS left its energies unfinished: {error}") from error
    if table.ndim != 2 or table.shape[1] != 1 + len(chosen):
        raise EvaluationError(FailureCode.EVALUATOR, stem, f"GROMACS left its energies unfinished in {written}.")
    written.unlink()
    return {"time": table[:, 0], **{numbers[n]: table[:, 1 + i] for i, n in enumerate(chosen)}}


def sample_columns(energies: dict[str, Floats], cell: Cell) -> dict[str, Floats]:
    """Return GROMACS's columns as samples; the box is that of `cell` where it does not change."""
    zero = np.zeros_like(energies["time"])
    columns = {"time": energies["time"], "temperature": energies.get("Temperature", zero)}
    columns |= {name: sum((energies.get(t, zero) for t in terms), zero) / _KCAL for name, terms in _TERMS.items()}
    columns["potential_energy"] = sum((columns[term] for term in ENERGY_TERMS), zero)
    columns |= {name: energies[term] / _BAR for name, term in _PRESSURES.items()}
    edges = [energies[t] / _NM if t in energies else zero + cell.box[axis] for axis, t in enumerate(_BOX)]
    volume = edges[0] * edges[1] * edges[2]
    return columns | {
        "volume": volume,
        "density": cell.density * cell.volume / volume,
        **dict(zip(("box_x", "box_y", "box_z"), edges, strict=True)),
        "nonbonded": columns["lennard_jones"] + columns["coulomb"],
    }


@dataclass
class LogReader:
    """Reads step, time, and energies of a log that is still being written; what it holds so far is left out."""

    path: Path

    def __post_init__(self) -> None:
        self._offset = self.path.stat().st_size if self.path.exists() else 0

    def read(self) -> list[dict[str, float]]:
        """Return the rows that have come since the last call: `step`, `time` in ps, and energies in kJ/mol."""
        if not self.path.exists():
            return []
        with self.path.open("rb") as stream:
            # A run that goes on cuts its log back to where its checkpoint was, and one begun anew begins it anew.
            if stream.seek(0, os.SEEK_END) < self._offset:
                self._offset = 0
            stream.seek(self._offset)
            content = stream.read().decode("latin-1")
        # A row that is not whole yet is read again.
        found = list(_LOG_ROW.finditer(content))
        self._offset += found[-1].end() if found else 0
        return [_row(*block.groups()) for block in found]


# Between the two headings it may say that it writes a checkpoint, or to which temperature it anneals.
_LOG_ROW = re.compile(
    r"^ {11}Step {11}Time\n +(\d+) +([\d.]+)\n(?:(?! {3}Energies| {11}Step)[^\n]*\n)*"
    r" {3}Energies \(kJ/mol\)\n(.*?)\n\n",
    re.MULTILINE | re.DOTALL,
)


def _row(step: str, time: str, table: str) -> dict[str, float]:
    row = {"step": float(step), "time": float(time)}
    lines = table.splitlines()
    for names, values in zip(lines[::2], lines[1::2], strict=False):
        for start in range(0, len(values), 15):
            name, value = names[start : start + 15].strip(), values[start : start + 15].strip()
            row[name] = float(value) if value else float("nan")
    return row
