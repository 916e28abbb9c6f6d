"""Run parameters: a stage in GROMACS's own words (an mdp file)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyloop.chem.topology import Cell
from polyloop.core.constants import ATMOSPHERE_IN_BAR
from polyloop.engines.dynamics.stages import Stage

__all__ = ["Steps", "energy_parameters", "list_steps", "stage_parameters"]

_NM, _BAR = 0.1, ATMOSPHERE_IN_BAR  # per angstrom, per atm
# kJ/(mol nm): the largest force at which a minimization ends.
_TOLERANCE, _ITERATIONS = 50.0, 5000
# 1/bar at 1 bar, and how the bulk modulus grows with pressure (Murnaghan): the barostat needs to know how soft the
# cell is to be neither slow nor violent. The ensemble does not depend on it.
_COMPRESSIBILITY, _STIFFENING = 4.5e-5, 10.0
# nm between points of the mesh at a cut-off of 1 nm; a shorter one leaves more to the mesh.
_SPACING = 0.12
# fs between new neighbour lists, and angstrom: room for their buffer between cut-off and half the box. Longer lives
# of the lists gain no speed at some thousand atoms.
_LIST_LIFE, _BUFFER = 40.0, 1.2
# Where energy is to be conserved: fs between lists, and kJ/(mol ps) of each atom that pairs they miss may cost.
_NVE_LIST_LIFE, _NVE_TOLERATED = 8.0, 2e-5


@dataclass(frozen=True)
class Steps:
    """A stage counted in steps of timestep / divisor; energies and couplings are computed every `couple` steps."""

    total: int
    sample: int
    frame: int
    couple: int
    timestep: float
    look: int

    @classmethod
    def of(cls, stage: Stage, divisor: int, n_atoms: int, threads: int = 1) -> Steps:
        """Count `stage`; the divisor is 2 after it blew up once. `look` is about a fifth of a second.

        GROMACS writes several such rows of its log at once. Each takes 1 kB, which a day of many cores must not fill a
        disk with.
        """

        def steps(duration: float) -> int:
            return max(1, round(duration * 1000.0 / stage.timestep)) * divisor

        timestep = stage.timestep / divisor
        # GROMACS wants five couplings within the thermostat's time.
        most = max(1, min(10, int(stage.thermostat_time * 1000.0 / (5.0 * timestep) + 1e-9)))
        sample = min(steps(stage.duration), steps(stage.sample_interval))
        couple = next(n for n in range(most, 0, -1) if sample % n == 0)
        look = int(np.clip(200_000 * threads // n_atoms, 10, 500))
        return cls(
            total=steps(stage.duration),
            sample=sample,
            frame=steps(stage.frame_interval) if stage.frame_interval > 0 else 0,
            couple=couple,
            timestep=timestep,
            look=max(couple, look // couple * couple),
        )


def stage_parameters(cell: Cell, stage: Stage, divisor: int = 1, seed: int = 0, threads: int = 1) -> str:
    """Return the mdp file of a stage that runs on so many threads."""
    lines = _interactions(cell, stage, _cutoff(cell, stage), divisor)
    if stage.ensemble == "minimize":
        lines |= {"integrator": "steep", "emtol": _TOLERANCE, "nsteps": _ITERATIONS, "constraints": "none"}
        return _text(lines)
    steps = Steps.of(stage, divisor, cell.topology.n_atoms, threads)
    first, drawn = (int(word) % 900_000_000 + 1 for word in np.random.SeedSequence(seed).generate_state(2))
    lines |= {
        "integrator": "md", "dt": steps.timestep / 1000.0, "nsteps": steps.total, "ld-seed": first,
        "constraints": "h-bonds" if stage.constrain_hydrogens else "none",
        "nstenergy": steps.sample, "nstcalcenergy": steps.couple, "nstlog": steps.look,
        "nstxout": steps.frame, "nstvout": steps.frame if stage.velocities else 0,
        "comm-mode": "linear", "nstcomm": 10 * steps.couple,
    }  # fmt: skip
    if stage.new_velocities or cell.velocities is None:
        lines |= {"gen-vel": "yes", "gen-temp": stage.temperature[0], "gen-seed": drawn}
    return _text(lines | _ensemble(cell, stage, steps))


def list_steps(stage: Stage, divisor: int) -> int:
    """Steps between new neighbour lists."""
    life = _NVE_LIST_LIFE if stage.ensemble == "nve" else _LIST_LIFE
    return max(1, round(life / stage.timestep)) * divisor


def energy_parameters(cell: Cell, stage: Stage) -> str:
    """Return the mdp file that computes energies and forces once, with a tight Ewald sum, all bonds included."""
    tight = {"fourierspacing": 0.05, "pme-order": 8, "ewald-rtol": 1e-7}
    once = {"integrator": "md", "nsteps": 0, "dt": 1e-6, "nstfout": 1, "nstenergy": 1, "nstcalcenergy": 1}
    # Half the box itself is a hair too much for it.
    cutoff = float(min(stage.cutoff, 0.499995 * cell.box.min()))
    lines = _interactions(cell, stage, cutoff) | {"verlet-buffer-tolerance": -1, "rlist": cutoff * _NM}
    return _text(lines | once | (tight if lines["coulombtype"] == "PME" else {}))


def _interactions(cell: Cell, stage: Stage, angstrom: float, divisor: int = 1) -> dict[str, object]:
    full, cutoff = stage.nonbonded == "full", angstrom * _NM
    return {
        "cutoff-scheme": "Verlet", "nstlist": list_steps(stage, divisor), "pbc": "xyz",
        "coulombtype": "PME" if full and cell.topology.charges.any() else "Cut-off", "coulomb-modifier": "none",
        "vdwtype": "Cut-off", "vdw-modifier": "none", "rcoulomb": cutoff, "rvdw": cutoff,
        "DispCorr": "AllEnerPres" if full else "no", "fourierspacing": min(_SPACING, _SPACING * cutoff),
    }  # fmt: skip


def _cutoff(cell: Cell, stage: Stage) -> float:
    """The cut-off in angstrom, so short that it and the lists' buffer stay within half the box, also compressed."""
    shrink = 1.0
    if stage.ensemble == "npt":
        shrink = (1.0 + _STIFFENING * _COMPRESSIBILITY * max(stage.pressure) * _BAR) ** (-1.0 / (3.0 * _STIFFENING))
    if stage.density is not None:
        shrink = min(1.0, (cell.density / stage.density) ** (1 / 3))
    return float(min(stage.cutoff, 0.5 * shrink * cell.box.min() - _BUFFER))


def _ensemble(cell: Cell, stage: Stage, steps: Steps) -> dict[str, object]:
    if stage.ensemble == "nve":
        return {"verlet-buffer-tolerance": _NVE_TOLERATED, "lincs-iter": 2, "lincs-order": 6}
    low, high = stage.temperature
    lines: dict[str, object] = {
        "tcoupl": "v-rescale", "tc-grps": "System", "tau-t": stage.thermostat_time, "ref-t": low,
        "nsttcouple": steps.couple,
    }  # fmt: skip
    if low != high:
        lines |= {
            "annealing": "single",
            "annealing-npoints": 2,
            "annealing-time": f"0 {steps.total * steps.timestep / 1000.0}",
            "annealing-temp": f"{low} {high}",
        }
    if stage.density is not None:
        edges = cell.box * (cell.density / stage.density) ** (1 / 3)
        rates = (edges - cell.box) * _NM / (steps.total * steps.timestep / 1000.0)
        lines["deform"] = " ".join(f"{rate!r}" for rate in [*rates.tolist(), 0.0, 0.0, 0.0])
    if stage.ensemble == "npt":
        pressure = stage.pressure[0] * _BAR
        lines |= {
            "pcoupl": "C-rescale", "pcoupltype": "isotropic", "tau-p": stage.barostat_time, "ref-p": pressure,
            "compressibility": _COMPRESSIBILITY / (1.0 + _STIFFENING * _COMPRESSIBILITY * max(pressure, 0.0)),
            "nstpcouple": steps.couple, "refcoord-scaling": "no",
        }  # fmt: skip
    return lines


def _text(lines: dict[str, object]) -> str:
    return "".join(f"{name} = {value}\n" for name, value in lines.items())
