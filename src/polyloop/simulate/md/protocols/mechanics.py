"""Mechanics: stresses of the sample's cell strained a little along each axis, to elastic constants."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell
from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.stages import Stage, StageResult
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.protocols.follow_up import Context, FollowUp
from polyloop.simulate.md.protocols.recipes import SAMPLE_STAGE

__all__ = ["MECHANICS", "SMOKE_MECHANICS", "STRAIN", "affinely_strained", "measure_mechanics"]

# To either side: below the yield of glasses, at some 5 %. At 1 % a cell of 388 atoms of glassy polypropylene did not
# tell its stiffness against shear from the scatter over the axes.
STRAIN = 0.02
_AXES, _SIGNS = "xyz", {"wider": 1.0, "narrower": -1.0}


def _plan(relaxed: float, sampled: float) -> tuple[Stage, ...]:
    """Two stages for each axis and sign, of so many ps: the cell settles, then its stress is sampled."""
    # The atomic pressure swings with bonds and angles: sampled every 0.2 ps, its mean has four times the error.
    held = replace(SAMPLE_STAGE, duration=sampled, timestep=2.0, sample_interval=0.02)
    return tuple(
        stage
        for axis in _AXES
        for sign in _SIGNS
        for stage in (
            replace(held, name=f"relax_{axis}_{sign}", duration=relaxed, new_velocities=True),
            replace(held, name=f"stress_{axis}_{sign}"),
        )
    )


def measure_mechanics(context: Context) -> tuple[Estimate, ...]:
    """Strain the cell at its mean volume along each axis, to both sides, and return what its stresses tell.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED where no stiffness against shear is resolved; what the stages raise.
    """
    from polyloop.simulate.md.analysis import elastic_constants

    runner, volume = context.runner, float(context.sample.samples["volume"].mean())
    relaxed = runner.cell.box * (volume / runner.cell.volume) ** (1 / 3)
    pressures = []
    for number, axis in enumerate(_AXES):
        for name, sign in _SIGNS.items():
            box = relaxed * (1.0 + sign * STRAIN * (np.arange(3) == number))
            strained = runner.moved_to(affinely_strained(runner.cell, box), strained_to=box.tolist())
            strained.run(context.stages[f"relax_{axis}_{name}"])
            pressures.append(_pressures(strained.run(context.stages[f"stress_{axis}_{name}"])))
    found = elastic_constants(np.array(pressures).reshape(3, 2, 3, -1), STRAIN)
    context.notes.update(
        {
            "strain": STRAIN,
            "relaxation_ps": context.stages["relax_x_wider"].duration,
            "sampled_ps": context.stages["stress_x_wider"].duration,
            "c11_GPa": found.c11,
            "c12_GPa": found.c12,
            "c11_c12_by_axis_GPa": found.by_axis.tolist(),
            "bulk_modulus_GPa": found.bulk_modulus,
        }
    )
    return found.estimates()


def affinely_strained(cell: Cell, box: NDArray[np.float64]) -> Cell:
    """Return the cell with edges `box` in angstrom, all atoms moved in proportion.

    Hydrogens move with the atoms that carry them, so that rigid bonds keep their length.
    """
    topology = cell.topology
    positions = cell.positions * (box / cell.box)
    is_hydrogen = topology.numbers[topology.bonds] == 1
    mixed = is_hydrogen[:, 0] != is_hydrogen[:, 1]
    hydrogens, carriers = np.where(is_hydrogen[:, :1], topology.bonds, topology.bonds[:, ::-1])[mixed].T
    positions[hydrogens] = positions[carriers] + cell.positions[hydrogens] - cell.positions[carriers]
    return Cell(topology, positions, box.copy(), cell.velocities)


def _pressures(result: StageResult) -> NDArray[np.float64]:
    """Diagonal of the pressure tensor in atm in the rows that have it, (3, n)."""
    columns = [result.samples.get(f"pressure_{axis}") for axis in _AXES]
    found = np.array([column for column in columns if column is not None])
    told = np.isfinite(found).all(axis=0)
    if len(found) < len(columns) or not told.any():
        raise EvaluationError(
            FailureCode.UNSUPPORTED, "mechanics", "The engine gave no pressure along each axis.",
            hint="Use another engine.",
        )  # fmt: skip
    tensor: NDArray[np.float64] = found[:, told]
    return tensor


MECHANICS = FollowUp(
    name="md/mechanics",
    version=2,
    description="Young's modulus and Poisson's ratio from the stresses of cells strained by 2 % to both sides.",
    recipe="md/standard@2",
    properties=("young_modulus", "poisson_ratio"),
    stages=_plan(relaxed=20.0, sampled=100.0),
    function=measure_mechanics,
    time_limit=24 * 3600.0,
)

SMOKE_MECHANICS = replace(
    MECHANICS,
    name="md/mechanics-smoke",
    description="Some picoseconds of each strained cell; its numbers mean nothing.",
    recipe="md/smoke@1",
    stages=_plan(relaxed=0.1, sampled=2.4),
    time_limit=600.0,
)
