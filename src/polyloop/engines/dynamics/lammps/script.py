"""Input scripts: a stage in LAMMPS's own words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from polyloop.chem.formats import atom_types
from polyloop.chem.topology import Cell, Topology
from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.lammps.log import THERMO
from polyloop.engines.dynamics.run_directory import FRESH, REQUEST
from polyloop.engines.dynamics.stages import Stage

__all__ = ["DATA", "FINAL", "VELOCITIES", "Steps", "energy_script", "stage_script"]

# Files of the stage's directory that script and supervisor share, besides the request and the checkpoint.
DATA, FINAL = "cell.data", "final.dump"
# Ends the name of a sitting's file of velocities.
VELOCITIES = ".velocities"

# Relative error of constrained bonds, and iterations at most: at 1e-6 the drift of NVE is that of the integrator.
_SHAKE = "1e-6 100"
# Times the target temperature, beyond the fluctuation of so few degrees of freedom: nothing sane gets there.
_HEAT = 4.0
# kcal/(mol angstrom), root mean square of the force components at which a minimization ends: 10 kJ/(mol nm).
_TOLERANCE = 0.239
_ITERATIONS = 5000
# kcal/(mol angstrom): no atom of a sane cell feels more; beyond it atoms overlap and are first parted softly.
_OVERLAP_FORCE = 1e4
# kcal/mol: heights of the soft repulsion, the last enough to hold atoms apart against bonds and angles.
_SOFT_HEIGHTS = (2.0, 10.0, 50.0)
_SOFT_ITERATIONS = 200
# Relative error of the Ewald sum where energies are compared.
_EXACT = 1e-8
# angstrom: the skin of neighbour lists. On polystyrene at 600 K 3 costs 5 % less time than LAMMPS's own 2.
_SKIN = 3.0
# angstrom: atoms of a dihedral must be known to the rank that computes it, also where the cut-off is short.
_GHOSTS = 10.0


@dataclass(frozen=True)
class Steps:
    """A stage counted in steps of timestep / divisor."""

    total: int
    sample: int
    frame: int
    timestep: float
    look: int

    @classmethod
    def of(cls, stage: Stage, divisor: int, n_atoms: int) -> Steps:
        """Count `stage`; the divisor is 2 after it blew up once. `look` is about a fifth of a second of one core."""

        def steps(duration: float) -> int:
            return max(1, round(duration * 1000.0 / stage.timestep)) * divisor

        total = steps(stage.duration)
        return cls(
            total=total,
            sample=min(total, steps(stage.sample_interval)),
            frame=steps(stage.frame_interval) if stage.frame_interval > 0 else 0,
            timestep=stage.timestep / divisor,
            look=int(np.clip(50_000 // n_atoms, 10, 200)),
        )


def stage_script(
    cell: Cell,
    stage: Stage,
    *,
    divisor: int = 1,
    restart: tuple[str, int] | None = None,
    frames: str = "",
    seed: int = 0,
    owner: int = 0,
    kspace_accuracy: float = 1e-4,
) -> str:
    """Return the script of one sitting.

    The run ends early when the file `REQUEST` appears (it holds `checkpoint` or `stop`), or when the process `owner`
    is gone; it then writes the restart file `FRESH`, removes the request, and goes on or stops as asked.

    Parameters
    ----------
    restart
        Name of a restart file to go on from, and how many of our steps one of its steps is.
    frames
        Stem of the trajectory files to write.
    """
    lines, nonbonded = _interactions(cell, stage, kspace_accuracy, start=restart[0] if restart else DATA)
    watch = f'variable wanted equal "is_file({REQUEST})"'
    if owner:
        # Where there is a /proc, a program whose owner was killed stops by itself.
        watch = f'variable wanted equal "is_file({REQUEST}) || !is_file(/proc/{owner}/stat)"'
    thermo = [
        f"thermo_style custom {' '.join(THERMO)}",
        "thermo_modify line yaml format float %.15g flush yes",
        watch,
    ]
    if stage.ensemble == "minimize":
        lines += [*thermo, "thermo 100", *_minimization(cell, nonbonded, restart is None, seed)]
    else:
        lines += _dynamics(cell, stage, Steps.of(stage, divisor, cell.topology.n_atoms), thermo, restart, frames, seed)
    lines.append(f"write_dump all custom {FINAL} id xu yu zu vx vy vz modify sort id format float %.17g")
    return "\n".join(lines) + "\n"


def energy_script(cell: Cell, stage: Stage) -> str:
    """Return the script that computes energy terms and forces once, with a tight Ewald sum and no tables."""
    return "\n".join(
        [
            *_interactions(cell, stage, _EXACT, exact=True)[0],
            f"thermo_style custom {' '.join(THERMO)}",
            "thermo_modify line yaml format float %.17g flush yes",
            "run 0",
            f"write_dump all custom {FINAL} id fx fy fz modify sort id format float %.17g",
            "",
        ]
    )


def _interactions(
    cell: Cell, stage: Stage, accuracy: float, *, start: str = DATA, exact: bool = False
) -> tuple[list[str], list[str]]:
    """Return the lines that read `start` and set up the interactions, and those that set up the nonbonded ones anew."""
    topology = cell.topology
    cutoff = min(stage.cutoff, 0.5 * float(cell.box.min()))
    full = stage.nonbonded == "full"
    # The mesh refuses a system without charges.
    coulomb = full and bool(topology.charges.any())
    styles = {
        "bond_style harmonic": topology.bonds,
        "angle_style harmonic": topology.angles,
        "dihedral_style fourier": topology.dihedrals,
        "improper_style cvff": topology.impropers,
    }
    pair = [
        f"pair_style {'lj/cut/coul/long' if coulomb else 'lj/cut'} {cutoff!r}",
        f"pair_modify mix arithmetic tail {'yes' if full else 'no'}" + (" table 0" if exact and coulomb else ""),
    ]
    mesh = [f"kspace_style pppm {accuracy!r}"] if coulomb else []
    lines = [
        "units real",
        "atom_style full",
        *pair,
        *(style for style, terms in styles.items() if len(terms)),
        f"special_bonds lj 0.0 0.0 {topology.LENNARD_JONES_14} coul 0.0 0.0 {topology.COULOMB_14!r}",
        f"read_data {start}" if start == DATA else f"read_restart {start}",
        *mesh,
        f"neighbor {_SKIN} bin",
        "neigh_modify delay 0 every 1 check yes",
        *([f"comm_modify cutoff {_GHOSTS}"] if cutoff + _SKIN < _GHOSTS else []),
    ]
    kinds, _ = atom_types(topology)
    wells = [
        f"pair_coeff {k} {k} {float(topology.epsilon[atom])!r} {float(topology.sigma[atom])!r}"
        for k, atom in enumerate(kinds.tolist(), start=1)
    ]
    return lines, [*pair, *wells, *mesh]


def _dynamics(
    cell: Cell,
    stage: Stage,
    steps: Steps,
    thermo: list[str],
    restart: tuple[str, int] | None,
    frames: str,
    seed: int,
) -> list[str]:
    topology = cell.topology
    noise, drawn = (int(word) % 900_000_000 + 1 for word in np.random.SeedSequence(seed).generate_state(2))
    limit = _HEAT * max(stage.temperature) * (1 + 5 * (2 / (3 * topology.n_atoms)) ** 0.5)
    lines = [f"timestep {steps.timestep!r}"]
    if restart and restart[1] != 1:
        lines += [f"variable scaled equal step*{restart[1]}", "reset_timestep ${scaled}"]
    lines += _rigid(topology) if stage.constrain_hydrogens else []
    lines += _integration(cell, stage, noise)
    lines += thermo
    if restart is None and (stage.new_velocities or cell.velocities is None):
        hot = f"{stage.temperature[0]!r}"
        # Scaled once more after constraints have taken their share.
        lines += [
            f"velocity all create {hot} {drawn} mom yes rot no dist gaussian",
            "run 0",
            f"velocity all scale {hot}",
        ]
    if stage.ensemble != "nve":
        # 1 - (x < y) also holds where x is not a number.
        lines += [
            f'variable hot equal "1 - (temp < {limit!r})"',
            f"fix hot all halt {steps.look} v_hot != 0 error hard",
        ]
    lines += [f"fix wanted all halt {steps.look} v_wanted != 0 error continue message no", f"thermo {steps.sample}"]
    if frames and steps.frame:
        lines += [f"dump frames all dcd {steps.frame} {frames}.dcd", "dump_modify frames unwrap yes"]
        if stage.velocities:
            lines += [
                f"dump velocities all custom {steps.frame} {frames}{VELOCITIES} vx vy vz",
                "dump_modify velocities sort id format float %.9g",
            ]
    run = f"run {steps.total} upto start 0 stop {steps.total}"
    return [*lines, *_until_done(run, f'"$(step) >= {steps.total}"')]


def _until_done(command: str, done: str) -> list[str]:
    """Repeat `command` until `done`, with a restart file after each request."""
    return [
        "label go",
        command,
        f"if {done} then 'jump SELF done'",
        f"if \"$(is_file({REQUEST})) == 0\" then 'quit 3'",
        f"variable order file {REQUEST}",
        f"write_restart {FRESH}",
        f"shell rm {REQUEST}",
        "if '${order} == stop' then 'quit 0'",
        "variable order delete",
        "jump SELF go",
        "label done",
    ]


def _rigid(topology: Topology) -> list[str]:
    is_hydrogen = topology.numbers[topology.bonds] == 1
    if not is_hydrogen.any():
        return []
    carriers = topology.bonds[:, ::-1][is_hydrogen & ~is_hydrogen[:, ::-1]]
    most = np.bincount(carriers, minlength=1)
    if most.max() > 3:
        raise EvaluationError(
            FailureCode.UNSUPPORTED,
            "lammps",
            f"LAMMPS holds at most three bonds to hydrogen of one atom rigid; atom {most.argmax()} has {most.max()}.",
            hint="Take OpenMM, or constrain_hydrogens = False with a timestep of 0.5 fs.",
        )
    kinds, _ = atom_types(topology)
    types = [str(number) for number, atom in enumerate(kinds.tolist(), start=1) if topology.numbers[atom] == 1]
    return [f"fix rigid all shake {_SHAKE} 0 t {' '.join(types)}"]


def _integration(cell: Cell, stage: Stage, seed: int) -> list[str]:
    if stage.ensemble == "nve":
        return ["fix integrate all nve"]
    low, high = stage.temperature
    lines = []
    if stage.density is not None:
        edges = cell.box * (cell.density / stage.density) ** (1 / 3)
        final = " ".join(f"{axis} final 0.0 {edge!r}" for axis, edge in zip("xyz", edges.tolist(), strict=True))
        lines.append(f"fix deform all deform 1 {final}")
    elif stage.strain_rate:
        lines.append(f"fix deform all deform 1 x erate {stage.strain_rate / 1000.0!r}")
    if stage.ensemble == "npt":
        ends = f"{stage.pressure[0]!r} {stage.pressure[1]!r} {stage.barostat_time * 1000.0!r}"
        held = f"y {ends} z {ends} couple none" if stage.strain_rate else f"iso {ends}"
        # The barostat's own mass and thermostat need a temperature that does not depend on how the stage began.
        lines.append(f"fix integrate all nph {held} ptemp {(low + high) / 2!r}")
    else:
        lines.append("fix integrate all nve")
    lines.append(f"fix thermostat all temp/csvr {low!r} {high!r} {stage.thermostat_time * 1000.0!r} {seed}")
    # The mesh's forces do not sum to zero exactly, and a drift of the whole would count as heat.
    lines.append("fix momentum all momentum 1000 linear 1 1 1")
    return lines


def _minimization(cell: Cell, nonbonded: list[str], fresh: bool, seed: int) -> list[str]:
    """Minimize; atoms that overlap are parted by a soft repulsion first."""
    force = _TOLERANCE * (3 * cell.topology.n_atoms) ** 0.5
    minimize = f"minimize 0.0 {force!r} {_ITERATIONS} {10 * _ITERATIONS}"
    lines = ["min_style cg"]
    if fresh:
        lines += ["run 0 post no", f'variable sound equal "fmax < {_OVERLAP_FORCE!r}"']
        lines += [
            "if '$(v_sound) == 1' then 'jump SELF sound'",
            *_soften(cell.topology, seed),
            *nonbonded,
            "label sound",
        ]
    lines.append("fix wanted all halt 10 v_wanted != 0 error continue message no")
    return [*lines, *_until_done(minimize, '"$(v_wanted) == 0"')]


def _soften(topology: Topology, seed: int) -> list[str]:
    """Minimize with A [1 + cos(pi r / r_c)] in place of Lennard-Jones and Coulomb, A rising."""
    kinds, _ = atom_types(topology)
    sigma = topology.sigma[kinds].tolist()
    reach = [
        f"pair_coeff {i} {j} %g {max(1.0, 0.5 * (sigma[i - 1] + sigma[j - 1])):.6f}"
        for i in range(1, len(sigma) + 1)
        for j in range(i, len(sigma) + 1)
    ]
    # Atoms that coincide have no direction to part in until they are moved.
    lines = [f"displace_atoms all random 0.02 0.02 0.02 {seed % 900_000_000 + 1}", "kspace_style none"]
    lines.append(f"pair_style soft {max(1.0, *sigma)!r}")
    for height in _SOFT_HEIGHTS:
        lines += [line % height for line in reach]
        lines.append(f"minimize 0.0 1.0 {_SOFT_ITERATIONS} {10 * _SOFT_ITERATIONS}")
    return lines
