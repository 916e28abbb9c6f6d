"""Simulation: one OpenMM context that integrates a stage, spoken to in angstrom, ps, K, atm and kcal/mol."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Topology
from polyloop.core.constants import ATMOSPHERE_IN_BAR, DALTON, GAS_CONSTANT_KCAL_OF_OPENMM
from polyloop.engines.dynamics.openmm.platforms import load_openmm, platform_properties
from polyloop.engines.dynamics.openmm.snapshot import COLUMNS
from polyloop.engines.dynamics.openmm.system import ANGSTROM, BONDED, GROUPS, KCAL, build_system, rigid_bonds
from polyloop.engines.dynamics.stages import Stage

__all__ = ["CUTOFF_SHARE", "Simulation", "energy_row", "state_of"]

Floats = NDArray[np.float64]

# A barostat may shrink the cell by 6 % along each edge before the cut-off must be shortened further.
CUTOFF_SHARE = 0.47
# Ewald's mesh is laid out for the first box; at 10 % more its error has about doubled.
_GROWN = 0.1
# Steps between trial changes of the volume.
_BAROSTAT_STEPS = 25
# The pressure costs three evaluations of the energy, seven by axis; of nearer samples most or all are without it.
_PRESSURE_STEPS = 100
# OpenMM's 1e-5 costs energy at constant energy.
_CONSTRAINT_TOLERANCE = 1e-6


class Simulation:
    """A context made for `stage` at `positions` and `box`, with velocities in angstrom/ps or drawn anew (None).

    Parameters
    ----------
    substeps
        Into how many the stage's timestep is cut.
    sample_steps
        Steps between rows of the samples.
    seed
        Of the noise, the barostat and new velocities.
    """

    def __init__(
        self,
        topology: Topology,
        stage: Stage,
        positions: Floats,
        velocities: Floats | None,
        box: Floats,
        *,
        platform: tuple[str, int, str | None],
        substeps: int = 1,
        sample_steps: int = _PRESSURE_STEPS,
        seed: int = 0,
    ) -> None:
        self.topology, self.stage, self.substeps = topology, stage, substeps
        self._openmm = load_openmm()
        self._first_box = box.copy()
        self.cutoff = min(stage.cutoff, CUTOFF_SHARE * float(box.min()))
        system = build_system(topology, box, stage, self.cutoff, constrained=stage.constrain_hydrogens)
        n_rigid = int(rigid_bonds(topology).sum()) if stage.constrain_hydrogens else 0
        self.degrees = max(1, 3 * topology.n_atoms - n_rigid - 3)
        self._row_time = sample_steps * stage.timestep * 1e-3
        self._rows_per_pressure = 1 if stage.ensemble == "npt" else -(-_PRESSURE_STEPS // sample_steps)
        # An isotropic barostat, which `npt` moves the box by, knows the mean of the three pressures only.
        self._by_axis = stage.ensemble == "nvt" or stage.strain_rate != 0
        noise, volume, draw = (int(n) % (2**31 - 2) + 1 for n in np.random.SeedSequence(seed).generate_state(3))
        self._barostat = self._add_barostat(system, volume, sample_steps * substeps)
        if stage.ensemble != "nve":
            # Noise would let the whole cell wander, which diffusion must not see.
            system.addForce(self._openmm.CMMotionRemover(1))
        name, threads, device = platform
        self.integrator = self._make_integrator(noise)
        self.context = self._openmm.Context(
            system,
            self.integrator,
            self._openmm.Platform.getPlatformByName(name),
            platform_properties(name, threads, device),
        )
        self._masses = np.array([system.getParticleMass(i)._value for i in range(topology.n_atoms)])
        self._place(positions, velocities, draw)

    def step(self, steps: int) -> None:
        """Integrate `steps` steps of the stage's timestep."""
        self.integrator.step(steps * self.substeps)

    def set_conditions(self, temperature: float, pressure: float) -> None:
        """Set what thermostat and barostat aim at, in K and atm."""
        stage, context = self.stage, self.context
        if stage.ensemble in ("nvt", "npt"):
            self.integrator.setTemperature(temperature)
        if stage.ensemble == "npt":
            context.setParameter(self._barostat.Temperature(), temperature)
            if stage.strain_rate:
                for name in (self._barostat.PressureX(), self._barostat.PressureY(), self._barostat.PressureZ()):
                    context.setParameter(name, pressure * ATMOSPHERE_IN_BAR)
            else:
                context.setParameter(self._barostat.Pressure(), pressure * ATMOSPHERE_IN_BAR)

    def state(self) -> tuple[Floats, Floats, Floats]:
        """Return positions, velocities and box in angstrom and ps."""
        return state_of(self.context)

    def temperature(self, velocities: Floats) -> float:
        """Return the temperature in K of `velocities` in angstrom/ps."""
        # 1 g/mol angstrom2/ps2 is 0.01 kJ/mol.
        kinetic = 0.5 * 0.01 / KCAL * float(self._masses @ (velocities**2).sum(axis=1))
        return 2 * kinetic / (self.degrees * GAS_CONSTANT_KCAL_OF_OPENMM)

    def deform(self, box: Floats) -> None:
        """Give the cell another box in angstrom; every atom moves along in proportion."""
        positions, velocities, before = self.state()
        self.context.setPeriodicBoxVectors(*np.diag(box * ANGSTROM))
        self.context.setPositions(positions * (box / before) * ANGSTROM)
        self.context.applyConstraints(_CONSTRAINT_TOLERANCE)
        # Only for the velocities: with new positions, the constrained directions have turned.
        self.context.setVelocities(velocities * ANGSTROM)
        self.context.applyVelocityConstraints(_CONSTRAINT_TOLERANCE)

    def sample(self, time: float) -> Floats:
        """Return a row of the samples, shape (len(COLUMNS),), at `time` in ps."""
        # Leapfrog's velocities between steps have the ensemble's temperature; those on the steps, which the kinetic
        # energy must have to be conserved with the potential energy, are too cold by (frequency timestep)^2 / 4.
        temperature = self.temperature(self.state()[1])
        due = round(time / self._row_time) % self._rows_per_pressure == 0
        pressures = self._pressures() if due else {}
        return energy_row(self.context, self.topology, time=time, temperature=temperature, **pressures)

    def box(self) -> Floats:
        """Return the box in angstrom, shape (3,)."""
        edges: Floats = np.diag(self.context.getState().getPeriodicBoxVectors(asNumpy=True)._value) / ANGSTROM
        return edges

    def has_outgrown(self) -> bool:
        """Whether the box is so far from the first one that the context must be made anew."""
        box = self.box()
        wider = np.abs(box / self._first_box - 1).max() > _GROWN
        return bool(wider or 2 * self.cutoff > 0.98 * box.min())

    def _pressures(self) -> dict[str, float]:
        if self._barostat is None:
            return {}
        pressure = self._barostat.computeCurrentPressure(self.context).value_in_unit(self._openmm.unit.bar)
        if not self._by_axis:
            return {"pressure": pressure / ATMOSPHERE_IN_BAR}
        axes = [pressure[k] / ATMOSPHERE_IN_BAR for k in range(3)]
        return {"pressure": sum(axes) / 3} | dict(zip(("pressure_x", "pressure_y", "pressure_z"), axes, strict=True))

    def _place(self, positions: Floats, velocities: Floats | None, seed: int) -> None:
        self.context.setPositions(positions * ANGSTROM)
        self.context.applyConstraints(_CONSTRAINT_TOLERANCE)
        if velocities is None:
            self.context.setVelocitiesToTemperature(self.stage.temperature[0], seed)
            velocities = self.state()[1]
        velocities = velocities - self._masses @ velocities / self._masses.sum()
        self.context.setVelocities(velocities * ANGSTROM)
        self.context.applyVelocityConstraints(_CONSTRAINT_TOLERANCE)

    def _make_integrator(self, seed: int) -> Any:
        step = self.stage.timestep * 1e-3 / self.substeps
        if self.stage.ensemble == "nve":
            integrator = self._openmm.VerletIntegrator(step)
        else:
            # Langevin dynamics relaxes the kinetic energy twice as fast as momenta.
            friction = 0.5 / self.stage.thermostat_time
            integrator = self._openmm.LangevinMiddleIntegrator(self.stage.temperature[0], friction, step)
            integrator.setRandomNumberSeed(seed)
        integrator.setConstraintTolerance(_CONSTRAINT_TOLERANCE)
        return integrator

    def _add_barostat(self, system: Any, seed: int, sample_steps: int) -> Any:
        """Add a barostat; one that never moves measures the pressure of other ensembles where that is cheap."""
        stage = self.stage
        moves = stage.ensemble == "npt"
        if stage.ensemble == "nve" and sample_steps < _PRESSURE_STEPS:
            return None
        pressure, temperature = stage.pressure[0] * ATMOSPHERE_IN_BAR, stage.temperature[0]
        frequency = _BAROSTAT_STEPS if moves else 0
        if self._by_axis:
            axes = self._openmm.Vec3(pressure, pressure, pressure)
            barostat = self._openmm.MonteCarloAnisotropicBarostat(axes, temperature, False, True, True, frequency)
        else:
            barostat = self._openmm.MonteCarloBarostat(pressure, temperature, frequency)
        barostat.setRandomNumberSeed(seed)
        system.addForce(barostat)
        return barostat


def state_of(context: Any) -> tuple[Floats, Floats, Floats]:
    """Return positions, velocities and box of an `openmm.Context` in angstrom and ps; molecules as they were given."""
    state = context.getState(getPositions=True, getVelocities=True, enforcePeriodicBox=False)
    return (
        np.asarray(state.getPositions(asNumpy=True)._value) / ANGSTROM,
        np.asarray(state.getVelocities(asNumpy=True)._value) / ANGSTROM,
        np.diag(state.getPeriodicBoxVectors(asNumpy=True)._value) / ANGSTROM,
    )


def energy_row(context: Any, topology: Topology, **more: float) -> Floats:
    """Return a row of the samples, shape (len(COLUMNS),), with the energies and box of `context` and `more` columns."""
    state = context.getState(getEnergy=True)
    potential = state.getPotentialEnergy()._value / KCAL
    box = np.diag(state.getPeriodicBoxVectors(asNumpy=True)._value) / ANGSTROM
    volume = float(np.prod(box))
    terms = {
        name: context.getState(getEnergy=True, groups={GROUPS[name]}).getPotentialEnergy()._value / KCAL
        for name in BONDED
    }
    row = {
        "potential_energy": potential,
        "kinetic_energy": state.getKineticEnergy()._value / KCAL,
        "volume": volume,
        "density": float(topology.masses.sum()) / volume * DALTON,
        **dict(zip(("box_x", "box_y", "box_z"), box.tolist(), strict=True)),
        **terms,
        "nonbonded": potential - sum(terms.values()),
        **more,
    }
    return np.array([row.get(name, np.nan) for name in COLUMNS])
