"""Ion mobility: sodium and chloride put into the voids of the sample's cell, annealed hot, and watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell, Topology
from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.protocols.follow_up import Context, FollowUp
from polyloop.simulate.md.protocols.recipes import SAMPLE, SAMPLE_STAGE

__all__ = ["IONS", "SMOKE_IONS", "in_voids", "ion_mobilities", "measure_ions"]

Floats = NDArray[np.float64]

_TRIALS = 20_000
# angstrom: of two ions that are put in, twice what a contact pair has.
_APART = 6.0
# angstrom: between the first two peaks of Na-Cl in molten salt (2.7 and 6); nearer than this is a contact pair.
_CONTACT = 4.0
_MOSTLY = 0.5


def _plan(heat: float, anneal: float, cool: float, settle: float, produce: float, every: float) -> tuple[Stage, ...]:
    """Stages with lengths in ps: a hot anneal lets ions leave the voids for the sites that hold them."""
    hot = 600.0
    common = replace(SAMPLE_STAGE, ensemble="npt", timestep=4.0, hydrogen_mass=3.0)
    return (
        replace(SAMPLE_STAGE, name="ions_minimize", ensemble="minimize"),
        replace(
            common, name="ions_heat", duration=heat, timestep=1.0, temperature=(SAMPLE, hot), new_velocities=True
        ),
        replace(common, name="ions_anneal", duration=anneal, temperature=(hot, hot)),
        replace(common, name="ions_cool", duration=cool, temperature=(hot, SAMPLE)),
        replace(common, name="ions_settle", duration=settle),
        # A weak thermostat: the friction of a strong one would slow the ions.
        replace(
            common, name="ions_move", ensemble="nvt", duration=produce, thermostat_time=2.0, frame_interval=every
        ),
    )  # fmt: skip


def measure_ions(context: Context, pairs: int) -> tuple[Estimate, ...]:
    """Put `pairs` of ions into the cell, let them move, and return the mobility of each kind.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED where the ions do not diffuse, with the exponent of their displacement; UNSUPPORTED where
        they are paired; PACKING where there is no room; what the stages raise.
    """
    cell = in_voids(context.runner.cell, pairs, np.random.default_rng(context.seed))
    runner = context.runner.moved_to(cell, pairs_of_ions=pairs)
    *before, last = context.stages.values()
    for stage in before:
        runner.run(stage)
    result = runner.run(last)
    paired = paired_share(result.frames[:, -2 * pairs :], result.frame_boxes)
    context.notes.update({"pairs_of_ions": pairs, "share_in_contact_pairs": paired})
    return ion_mobilities(result.frames, result.frame_times, cell.topology, paired, context.conditions.temperature)


def in_voids(cell: Cell, pairs: int, rng: np.random.Generator) -> Cell:
    """Return the cell with `pairs` Na+ and as many Cl- in its largest voids, in turn, after its own atoms.

    Raises
    ------
    EvaluationError
        PACKING where the voids that are 6 angstrom apart run out.
    """
    from polyloop.chem.forcefield import ion
    from polyloop.simulate.cells.contacts import periodic_tree

    trials = rng.random((_TRIALS, 3)) * cell.box
    tree = periodic_tree(cell.positions, cell.box)
    room, _ = tree.query(trials)
    places: list[Floats] = []
    while len(places) < 2 * pairs:
        best = int(np.argmax(room))
        if not np.isfinite(room[best]):
            raise EvaluationError(
                FailureCode.PACKING, "ions", f"{len(places)} ions of {2 * pairs} found a void in a box of "
                f"{' x '.join(f'{edge:.1f}' for edge in cell.box)} angstrom.", hint="Use the level full.",
            )  # fmt: skip
        places.append(trials[best])
        across = trials - trials[best]
        across -= cell.box * np.round(across / cell.box)
        room = np.where(np.linalg.norm(across, axis=1) < _APART, -np.inf, room)
    # Sodium first, then chloride; voids by size are dealt out in turn, so that neither kind has the larger ones.
    ordered = [*places[0::2], *places[1::2]]
    kinds = [ion("Na+")] * pairs + [ion("Cl-")] * pairs
    topology = Topology.concatenate([cell.topology, *kinds])
    return Cell(topology, np.concatenate([cell.positions, ordered]), cell.box)


def paired_share(ions: NDArray[np.floating], boxes: Floats) -> float:
    """Return the share of cations, over frames, with an anion nearer than 4 angstrom.

    Parameters
    ----------
    ions
        Cations, then as many anions, (f, 2 p, 3), angstrom.
    boxes
        (f, 3), angstrom.
    """
    half = ions.shape[1] // 2
    across = ions[:, :half, None].astype(np.float64) - ions[:, None, half:]
    edges = boxes[:, None, None]
    across -= edges * np.round(across / edges)
    return float((np.linalg.norm(across, axis=-1).min(axis=2) < _CONTACT).mean())


def ion_mobilities(
    frames: NDArray[np.floating], times: Floats, topology: Topology, paired: float, temperature: float
) -> tuple[Estimate, ...]:
    """Return the mobilities of Na+ and Cl- relative to the polymer, by Nernst and Einstein.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED where the ions do not diffuse; UNSUPPORTED where more than half are `paired`: a pair diffuses
        without carrying a current.
    """
    from polyloop.simulate.md.analysis import centre_series, mobility

    kinds: Sequence[tuple[str, int, float]] = (("sodium_mobility", 11, 1.0), ("chloride_mobility", 17, -1.0))
    alone = np.bincount(topology.molecule)[topology.molecule] == 1
    polymer = centre_series(frames, topology.masses, np.where(alone, -1, 0))
    found = tuple(
        mobility(name, frames[:, alone & (topology.numbers == number)] - polymer, times, charge=charge,
                 temperature=temperature)
        for name, number, charge in kinds
    )  # fmt: skip
    if paired > _MOSTLY:
        raise EvaluationError(
            FailureCode.UNSUPPORTED,
            "ions",
            f"Na+ touches Cl- in {paired:.0%} of the frames; pairs diffuse without carrying a current, so that "
            "diffusion tells no mobility.",
            hint="The polymer does not dissolve the salt.",
        )
    return found


IONS = FollowUp(
    name="md/ions",
    version=2,
    description="Mobilities of Na+ and Cl- from the diffusion of four pairs of ions over 4 ns.",
    recipe="md/standard@2",
    properties=("sodium_mobility", "chloride_mobility"),
    stages=_plan(heat=20.0, anneal=300.0, cool=200.0, settle=200.0, produce=4000.0, every=4.0),
    # Four of each: twelve displacements along axes, of which a jackknife tells an error.
    function=partial(measure_ions, pairs=4),
    time_limit=36 * 3600.0,
)

SMOKE_IONS = replace(
    IONS,
    name="md/ions-smoke",
    description="Some picoseconds of each stage; its numbers mean nothing.",
    recipe="md/smoke@1",
    stages=_plan(heat=1.0, anneal=2.0, cool=1.0, settle=1.0, produce=4.0, every=0.08),
    function=partial(measure_ions, pairs=1),
    time_limit=600.0,
)
