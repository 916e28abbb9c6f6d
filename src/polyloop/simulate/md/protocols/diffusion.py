"""Self-diffusion: the chains of the sample are watched as long as a small cell can afford, and how far they get."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from polyloop.chem.topology import Topology
from polyloop.engines.dynamics.stages import Stage, StageResult
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.protocols.follow_up import Context, FollowUp
from polyloop.simulate.md.protocols.recipes import SAMPLE_STAGE

__all__ = ["DIFFUSION", "SMOKE_DIFFUSION", "chain_diffusion", "measure_diffusion"]

_SETTLE, _FIT, _MOVE = "diffuse_settle", "diffuse_fit", "diffuse_move"


def _plan(settle: float, fit: float, move: float, every: float) -> tuple[Stage, ...]:
    """Stages with lengths in ps: under the pressure, to the sample's mean density, and at constant volume."""
    common = replace(SAMPLE_STAGE, ensemble="npt", timestep=4.0, hydrogen_mass=3.0)
    return (
        replace(common, name=_SETTLE, duration=settle, new_velocities=True),
        # Chains move the faster the looser they are packed, and the volume at one moment is off its mean by a percent.
        replace(common, name=_FIT, ensemble="nvt", duration=fit),
        # A weak thermostat: the friction of a strong one would slow the chains.
        replace(
            common, name=_MOVE, ensemble="nvt", duration=move, thermostat_time=2.0, frame_interval=every
        ),
    )  # fmt: skip


def measure_diffusion(context: Context) -> tuple[Estimate, ...]:
    """Watch the chains at the mean density of the sample, and return the diffusion of their centres of mass.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED where they do not diffuse, with the exponent of their displacement; what the stages raise.
    """
    runner, stages = context.runner, context.stages
    runner.run(stages[_SETTLE])
    runner.run(replace(stages[_FIT], density=float(context.sample.samples["density"].mean())))
    result = runner.run(stages[_MOVE])
    return (chain_diffusion(result, runner.cell.topology, context.notes),)


def chain_diffusion(result: StageResult, topology: Topology, notes: dict[str, Any]) -> Estimate:
    """Return the self-diffusion coefficient from the frames of a stage, and note what it stands on.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED where the chains do not diffuse, with the exponent.
    """
    from polyloop.simulate.md.analysis import centre_diffusion, radius_of_gyration, self_diffusion

    found = centre_diffusion(result.frames, topology.masses, topology.molecule, result.frame_times)
    size = radius_of_gyration(result.frames, topology.masses, topology.molecule).value
    notes.update(
        {
            "chains": topology.n_molecules,
            "molar_mass_g_mol": float(topology.masses.sum()) / topology.n_molecules,
            "followed_ps": float(np.ptp(result.frame_times)),
            "exponent": found.exponent.value,
            "exponent_std": found.exponent.std,
            "longest_lag_ps": found.longest_lag,
            "displacement_in_it_angstrom": found.reach,
            "radius_of_gyration_angstrom": size,
        }
    )
    return self_diffusion(found)


DIFFUSION = FollowUp(
    name="md/diffusion",
    version=2,
    description="Self-diffusion of the chains' centres of mass over 4 ns; wants temperatures far above the glass "
    "transition.",
    recipe="md/standard@2",
    properties=("self_diffusion",),
    # The slope is taken over lags up to a quarter of the run, 1 ns: of each chain that leaves four stretches of it that
    # do not overlap. Such a run costs twice what the sample did, and a longer one would cost more in proportion.
    stages=_plan(settle=200.0, fit=20.0, move=4000.0, every=4.0),
    function=measure_diffusion,
    time_limit=36 * 3600.0,
)

SMOKE_DIFFUSION = replace(
    DIFFUSION,
    name="md/diffusion-smoke",
    description="Some picoseconds of each stage; its numbers mean nothing.",
    recipe="md/smoke@1",
    stages=_plan(settle=1.0, fit=0.4, move=8.0, every=0.08),
    time_limit=600.0,
)
