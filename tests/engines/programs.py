"""The engines of molecular dynamics under test: how each is made, and what the contract must allow it."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from polyloop.chem import Topology
from polyloop.engines.dynamics.gromacs import GromacsEngine
from polyloop.engines.dynamics.lammps import LammpsEngine
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Engine
from tests.engines import numpy_energies as by_hand


@dataclass(frozen=True)
class Facts:
    """What is known of one engine.

    Parameters
    ----------
    make, nowhere
        The engine, with settings; and one whose program does not exist, so that it can compute nothing.
    is_program
        Whether it is a process of its own, which must stop when its owner is killed.
    oldest
        The largest number in the name of the oldest version that will do.
    bad_settings
        Each out of range.
    parallel
        Settings with which it must compute what it does with one core.
    terms
        Columns of the samples that add up to the potential energy.
    arithmetic, mesh, force
        Relative error of energy terms, of the Coulomb energy on its mesh, and of forces against their mean size.
    running, running_mesh
        Error of the potential energy that a run samples, in kcal/mol per atom: without Coulomb interaction and with.
    mesh_scatter
        Of the same with Coulomb interaction, root mean square over configurations of a box that grows.
    momentum
        Of the cell under a thermostat, over the sum of all atoms' magnitudes.
    tail_counts
        Of a topology, the pairs over which its Lennard-Jones tail is a mean, (n, n).
    slope
        In kT per atom per ns: standard error of the drift of the energy that 4 ps must show.
    rigid
        Relative error of rigid bonds under a barostat.
    hot
        Range of the temperature over that of the kinetic energy sampled with it.
    repeats
        In angstrom/ps: by how much velocities of two runs with one seed may differ.
    gas_time
        In ps: in which an ideal gas goes through its volumes often enough.
    gas_barostat_time
        In ps: the barostat's time for that gas.
    gas
        Settings for a few atoms, where those of `make` are slow.
    long_time
        In ps: what a second or two of one core computes of some 100 atoms.
    blow_up
        How it says, in its own words, that numbers went out of bounds.
    """

    make: Callable[..., Engine]
    nowhere: Callable[[], Engine]
    is_program: bool
    oldest: int
    bad_settings: Sequence[Mapping[str, Any]]
    parallel: Sequence[Mapping[str, Any]]
    terms: Sequence[str]
    gas_time: float
    long_time: float
    blow_up: str
    arithmetic: float = 1e-9
    mesh: float = 1e-5
    force: float = 1e-4
    running: float = 1e-5
    running_mesh: float = 2e-4
    mesh_scatter: float = 2e-4
    momentum: float = 1e-6
    tail_counts: Callable[[Topology], np.ndarray] = by_hand.all_pairs
    slope: float = 0.5
    rigid: float = 1e-4
    hot: tuple[float, float] = (0.999, 1.001)
    repeats: float = 0.0
    gas_barostat_time: float = 1.0
    gas: Mapping[str, Any] = field(default_factory=dict)


def _openmm(**settings: Any) -> OpenMMEngine:
    return OpenMMEngine(**({"platform": "CPU"} | settings))


_BONDED = ("bond", "angle", "dihedral", "improper")
ENGINES = {
    "openmm": Facts(
        make=_openmm,
        nowhere=lambda: OpenMMEngine("nowhere"),
        is_program=False,
        oldest=8,
        bad_settings=({"threads": 0}, {"checkpoint_minutes": 0.0}, {"checkpoint_minutes": 6.0}),
        parallel=({"threads": 2},),
        terms=(*_BONDED, "nonbonded"),
        gas_time=500.0,
        gas={"platform": "Reference"},
        long_time=6.0,
        blow_up=r"(NaN|a number|times its length|asked for|between two samples)\.",
        tail_counts=by_hand.pairs_once,
        # Bending of CH3 near 1400/cm has (frequency timestep)^2 / 4 = 7 % at 2 fs, skeletal motion next to nothing:
        # that is by how much leapfrog's velocities on the steps are colder than those between them.
        hot=(1.01, 1.07),
        # Langevin noise comes after the momentum was removed.
        momentum=0.01,
        # Sums of forces are in single precision, in an order that threads decide.
        repeats=1e-3,
    ),
    "lammps": Facts(
        make=LammpsEngine,
        nowhere=lambda: LammpsEngine(program=Path("/nowhere/lmp")),
        is_program=True,
        oldest=2025,
        bad_settings=({"threads": 0}, {"processes": 0}, {"kspace_accuracy": 1.0}, {"checkpoint_minutes": 6.0}),
        parallel=({"processes": 2}, {"threads": 2}),
        terms=(*_BONDED, "lennard_jones", "coulomb"),
        gas_time=1000.0,
        long_time=60.0,
        blow_up="ERROR.*",
        # Forces on the mesh have an error of 1e-4 where OpenMM's have 5e-4, energies a larger one.
        running_mesh=5e-4,
        # From one configuration of liquid ethane to the next, with the growing box as without.
        mesh_scatter=1.2e-3,
        # The barostat moves atoms after SHAKE, by what the box changes in one step.
        rigid=1e-3,
    ),
    # Usual builds compute in mixed precision, which sets its errors.
    "gromacs": Facts(
        make=GromacsEngine,
        nowhere=lambda: GromacsEngine(program=Path("/nowhere/gmx")),
        is_program=True,
        oldest=2021,
        bad_settings=({"threads": 0}, {"checkpoint_minutes": 6.0}),
        parallel=({"threads": 2},),
        terms=(*_BONDED, "lennard_jones", "coulomb"),
        gas_time=1000.0,
        # Its barostat takes the cell for a liquid; a gas of 50 atm is 400 times softer, and follows as much slower.
        gas_barostat_time=0.02,
        long_time=60.0,
        blow_up=".*",
        arithmetic=1e-4,
        mesh=1e-4,
        force=1e-3,
        # Pairs that leave the lists make more noise than a drift.
        slope=1.0,
        # LINCS as it stands by default.
        rigid=5e-4,
        tail_counts=by_hand.pairs_apart,
    ),
}


def checkpoints(directory: Path) -> list[Path]:
    """The checkpoints in the directory of a run, oldest first."""
    whole = [path for path in directory.glob("checkpoint*") if ".new." not in path.name]
    return sorted(whole, key=lambda path: path.stat().st_mtime_ns)


def timestep_divisor(directory: Path) -> int:
    """Into how many the steps of a finished run were cut."""
    return int(json.loads((directory / "state.json").read_text())["divisor"])
