"""The contract of molecular-dynamics engines as checks that any engine can be put through.

A package that brings an engine runs them in its own tests:

    import pytest
    from polyloop.engines.dynamics.contract_tests import CHECKS

    @pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
    def test_the_engine_keeps_the_contract(check, tmp_path):
        check(MyEngine(), tmp_path)

Each check takes an engine and an empty folder, computes some 100 atoms for seconds, and raises `ContractError` with
what is wrong. What an engine declares in its `Capabilities` decides what is asked of it.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from polyloop.chem.topology import Cell
from polyloop.core import EvaluationError, FailureCode, InvalidInputError, PolyloopError
from polyloop.engines.dynamics.contract_cells import liquid
from polyloop.engines.dynamics.stages import ENERGY_TERMS, SAMPLED, Engine, Stage, StageResult

__all__ = ["CHECKS", "ContractError", "check_engine"]

Check = Callable[[Engine, Path], None]

MINIMIZE = Stage("minimize", "minimize")
# Flexible bonds and no mesh, so that what a run samples is what `energies` gives. Of half the box (6.3 angstrom)
# engines take different shares for the longest cut-off of a run, since some need room for the buffer of their lists.
FLEXIBLE = Stage("flexible", "nvt", constrain_hydrogens=False, nonbonded="short", cutoff=4.5, new_velocities=True)
# kcal/mol per atom: of the potential energy that a run samples, without a mesh.
_RUNNING = 1e-5
_BONDED = ("bond", "angle", "dihedral", "improper")


class ContractError(AssertionError):
    """An engine that does not keep the contract; the message says where."""


def check_engine(engine: Engine, folder: Path) -> tuple[str, ...]:
    """Put an engine through all checks, each in a folder of its own below `folder`; return their names.

    Raises
    ------
    ContractError
        With the first that fails.
    """
    for name, check in CHECKS.items():
        place = folder / name
        place.mkdir(parents=True)
        check(engine, place)
    return tuple(CHECKS)


def _demand(holds: bool | np.bool_, words: str) -> None:
    if not holds:
        raise ContractError(words)


@contextmanager
def _refusal(kind: type[PolyloopError], words: str, code: FailureCode | None = None) -> Iterator[None]:
    try:
        yield
    except kind as error:
        if code is not None and (not isinstance(error, EvaluationError) or error.failure.code is not code):
            raise ContractError(f"{words} is refused with {error!r}, not with the code {code}.") from error
    else:
        raise ContractError(f"{words} is not refused.")


@cache
def _ethane() -> Cell:
    return liquid("CC", 12, 0.3)


def _relaxed(engine: Engine, folder: Path) -> Cell:
    return engine.run(_ethane(), MINIMIZE, folder / "relaxed").cell


def declares_itself(engine: Engine, folder: Path) -> None:
    """Name, version and capabilities are there, and what works here can be made for this machine."""
    capabilities = engine.capabilities
    _demand(bool(engine.name) and engine.name == engine.name.strip(), "The engine has no name.")
    _demand(bool(engine.version()), "The version is empty.")
    _demand(bool(capabilities.install and capabilities.title), "Title or install line are empty.")
    _demand(set(capabilities.preference) <= set(capabilities.devices), "It prefers a device that it does not have.")
    for device in capabilities.devices:
        if type(engine).works_on(device):
            made = type(engine).for_machine(1, 0)
            _demand(made.name == engine.name, "`for_machine` makes another engine.")
            return
    raise ContractError("It works on none of its devices, though it has a version.")


def forces_are_minus_the_gradient(engine: Engine, folder: Path) -> None:
    """Forces and energy belong together, and energy terms have their names."""
    cell, stage = _relaxed(engine, folder), replace(FLEXIBLE, ensemble="minimize")
    rng, step = np.random.default_rng(0), {"double": 1e-4, "mixed": 3e-3, "single": 1e-2}[engine.capabilities.precision]
    cell = replace(cell, positions=cell.positions + rng.normal(scale=0.05, size=cell.positions.shape))
    energies = engine.energies(cell, stage)
    _demand(energies.forces.shape == cell.positions.shape, f"Forces have the shape {energies.forces.shape}.")
    if engine.capabilities.energy_terms:
        _demand(tuple(energies.terms) == ENERGY_TERMS, f"The energy terms are {tuple(energies.terms)}.")
    # Along the force itself, where the change of the energy is largest.
    way = energies.forces / np.linalg.norm(energies.forces)
    ends = [engine.energies(replace(cell, positions=cell.positions + s * step * way), stage).total for s in (1, -1)]
    slope, expected = (ends[0] - ends[1]) / (2 * step), -float(np.sum(energies.forces * way))
    _demand(abs(slope - expected) < 5e-3 * abs(expected), f"The energy falls by {slope:g}, by forces {expected:g}.")


def minimizing_goes_down(engine: Engine, folder: Path) -> None:
    """A minimization ends at small forces, draws no velocities, and keeps the last state's energy alone."""
    cell = _ethane()
    result = engine.run(cell, MINIMIZE, folder / "run")
    before, after = engine.energies(cell, MINIMIZE), engine.energies(result.cell, MINIMIZE)
    _demand(after.total < before.total, f"The energy went from {before.total:g} to {after.total:g} kcal/mol.")
    # 10 kJ/(mol nm) is 0.24 kcal/(mol angstrom), by component; the mesh of runs adds its error.
    rms = float(np.sqrt(np.mean(after.forces**2)))
    _demand(rms < 0.3, f"Forces of {rms:g} kcal/(mol angstrom) are left.")
    _demand(result.cell.velocities is None, "It draws velocities.")
    _demand(len(result.frames) == 0 and len(result.samples["potential_energy"]) == 1, "It keeps more than one state.")


def samples_and_frames_are_those_asked_for(engine: Engine, folder: Path) -> None:
    """Every column, time and frame is there once, and the samples' energy is that of `energies`."""
    cell = _relaxed(engine, folder)
    stage = replace(FLEXIBLE, duration=0.6, sample_interval=0.2, frame_interval=0.3, velocities=True)
    told: list[tuple[str, float, float]] = []
    result = engine.run(cell, stage, folder / "run", progress=lambda *words: told.append(words))
    _complete(result, stage)
    _demand(set(SAMPLED) <= set(result.samples), f"Columns are missing: {set(SAMPLED) - set(result.samples)}.")
    if engine.capabilities.energy_terms:
        _demand(set(_BONDED) <= set(result.samples), "Energy terms are declared, and missing in the samples.")
    density = result.samples["density"]
    _demand(np.allclose(density, cell.density, rtol=1e-6), f"The density is {density}, not {cell.density:g} g/cm3.")
    potential, expected = result.samples["potential_energy"][-1], engine.energies(result.cell, stage).total
    error = abs(potential - expected) / cell.topology.n_atoms
    _demand(error < _RUNNING, f"The energy sampled differs by {error:g} kcal/mol per atom from that of `energies`.")
    _demand(np.allclose(result.frame_boxes, cell.box), "The boxes of frames are not the cell's.")
    _demand(bool(told) and abs(told[-1][1] - stage.duration) < 1e-6, "Progress did not tell of the end.")
    _demand(result.wall_time > 0, "It took no time.")


def a_thermostat_holds_the_temperature(engine: Engine, folder: Path) -> None:
    """Kinetic energy is that of the temperature, within what so few degrees of freedom scatter."""
    stage = replace(FLEXIBLE, duration=4.0, timestep=0.5, sample_interval=0.1)
    kelvin = engine.run(_relaxed(engine, folder), stage, folder / "run").samples["temperature"][10:]
    # One state scatters by 300 (2 / 3N)^1/2 = 25 K; thirty of them, half of them independent, by 6 K.
    _demand(abs(kelvin.mean() - 300.0) < 30.0, f"The temperature is {kelvin.mean():.0f} K where 300 K was asked for.")


def seeds_decide(engine: Engine, folder: Path) -> None:
    """Two seeds draw other velocities, and one seed draws the same twice."""
    cell, stage = _relaxed(engine, folder), replace(FLEXIBLE, duration=0.02, sample_interval=0.01)
    ends = [engine.run(cell, stage, folder / str(n), seed=s).cell.velocities for n, s in enumerate((1, 1, 2))]
    one, again, other = (end if end is not None else np.zeros((0, 3)) for end in ends)
    # Sums of forces in single precision, in an order that threads decide, move velocities by some 1e-4 angstrom/ps.
    _demand(len(one) > 0 and np.allclose(one, again, rtol=0, atol=1e-3), "One seed gives two runs.")
    _demand(not np.allclose(one, other, atol=0.1), "Two seeds give one run.")


def a_finished_stage_is_read_back(engine: Engine, folder: Path) -> None:
    """The same call again gives the same numbers, the wall time among them, and the caller's topology."""
    cell, stage = _relaxed(engine, folder), replace(FLEXIBLE, duration=0.2, sample_interval=0.1, frame_interval=0.1)
    first = engine.run(cell, stage, folder / "run")
    again = engine.run(cell, stage, folder / "run")
    _demand(again.cell.topology is cell.topology, "The topology is not the caller's own.")
    for name in ("frames", "frame_boxes", "frame_times", "wall_time"):
        _demand(np.array_equal(getattr(first, name), getattr(again, name)), f"{name} is another the second time.")
    _demand(np.array_equal(first.cell.positions, again.cell.positions), "Positions are others the second time.")
    for name, column in first.samples.items():
        same = name in again.samples and np.array_equal(column, again.samples[name], equal_nan=True)
        _demand(same, f"The column {name} is another the second time.")


def a_directory_belongs_to_one_run(engine: Engine, folder: Path) -> None:
    """Another cell, stage or seed is refused where a run is finished."""
    cell, stage = _relaxed(engine, folder), replace(FLEXIBLE, duration=0.1, sample_interval=0.1)
    engine.run(cell, stage, folder / "run")
    moved = replace(cell, positions=cell.positions + 1e-6)
    others: tuple[tuple[str, Cell, Stage, int], ...] = (
        ("cell", moved, stage, 0),
        ("stage", cell, replace(stage, temperature=(300.0, 310.0)), 0),
        ("seed", cell, stage, 1),
    )
    for what, other_cell, other_stage, seed in others:
        with _refusal(EvaluationError, f"A directory of another {what}", FailureCode.CHECKPOINT):
            engine.run(other_cell, other_stage, folder / "run", seed=seed)


def an_interrupted_stage_goes_on(engine: Engine, folder: Path) -> None:
    """Ctrl-C is passed on after a checkpoint, the handler comes back, and the same call ends with nothing missing."""
    cell = _relaxed(engine, folder)
    stage = replace(FLEXIBLE, sample_interval=0.05, frame_interval=0.1, velocities=True)
    stage = replace(stage, duration=_seconds_long(engine, cell, stage, folder, 3.0))

    def interrupt(name: str, done: float, total: float) -> None:
        if done > 0.2 * total:
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        engine.run(cell, stage, folder / "run", progress=interrupt)
    except KeyboardInterrupt:
        handler = signal.getsignal(signal.SIGINT)
    else:
        raise ContractError("Ctrl-C did not end the run.")
    finally:
        signal.signal(signal.SIGINT, before)
    _demand(handler is signal.default_int_handler, "The handler of SIGINT did not come back.")
    _complete(engine.run(cell, stage, folder / "run"), stage)


def what_it_cannot_do_is_refused(engine: Engine, folder: Path) -> None:
    """Stages beyond its capabilities are UNSUPPORTED; malformed cells and numbers that are none are said at once."""
    cell, able = _relaxed(engine, folder), engine.capabilities
    beyond = {
        "strain": (able.strain, replace(FLEXIBLE, duration=0.1, strain_rate=0.04)),
        "pressure_ramp": (able.pressure_ramp, replace(FLEXIBLE, ensemble="npt", duration=0.1, pressure=(1.0, 100.0))),
        "density_ramp": (able.density_ramp, replace(FLEXIBLE, duration=0.1, density=0.35)),
    }
    for name, (is_able, stage) in beyond.items():
        if not is_able:
            with _refusal(EvaluationError, f"A stage with {name}", FailureCode.UNSUPPORTED):
                engine.run(cell, stage, folder / name)
            _demand(not (folder / name).exists(), f"A stage with {name} leaves files behind.")
    for words, malformed in (
        ("A box without volume", replace(cell, box=np.array([20.0, 0.0, 20.0]))),
        ("A cell that lacks the position of an atom", replace(cell, positions=cell.positions[1:])),
    ):
        with _refusal(InvalidInputError, words):
            engine.energies(malformed, MINIMIZE)
    positions = cell.positions.copy()
    positions[5, 1] = np.nan
    with _refusal(EvaluationError, "A position that is no number", FailureCode.BLOWN_UP):
        engine.run(replace(cell, positions=positions), replace(FLEXIBLE, duration=100.0), folder / "none")
    _demand(not (folder / "none").exists(), "A position that is no number leaves files behind.")


def _complete(result: StageResult, stage: Stage) -> None:
    """Demand that nothing is missing from samples and frames, and nothing there twice."""
    for what, times, interval in (
        ("samples", result.samples["time"], stage.sample_interval),
        ("frames", result.frame_times, stage.frame_interval),
    ):
        expected = np.arange(1, round(stage.duration / interval + 1e-9) + 1) * interval
        whole = len(times) == len(expected) and np.allclose(times, expected, atol=1e-6)
        _demand(whole, f"Times of the {what} are {times}, not every {interval:g} ps until {stage.duration:g} ps.")
    n_atoms = result.cell.topology.n_atoms
    _demand(result.frames.shape == (len(result.frame_times), n_atoms, 3), f"Frames have shape {result.frames.shape}.")
    _demand(np.allclose(result.frames[-1], result.cell.positions, atol=1e-3), "The last frame is not the last state.")
    velocities = result.cell.velocities
    last = result.frame_velocities[-1:]
    _demand(
        velocities is not None and len(last) == 1 and np.allclose(last[0], velocities, atol=1e-2),
        "The last frame's velocities are not those of the last state.",
    )


def _seconds_long(engine: Engine, cell: Cell, stage: Stage, folder: Path, seconds: float) -> float:
    """Return how many ps, a multiple of both intervals, the engine computes in so many seconds."""
    spent = []
    for duration in (0.2, 1.0):
        began = time.monotonic()
        engine.run(cell, replace(stage, duration=duration), folder / f"speed-{duration:g}")
        spent.append(time.monotonic() - began)
    rate = 0.8 / max(spent[1] - spent[0], 0.02)
    return max(2.0, round(min(rate * seconds, 400.0) / 0.1) * 0.1)


CHECKS: dict[str, Check] = {
    check.__name__: check
    for check in (
        declares_itself,
        forces_are_minus_the_gradient,
        minimizing_goes_down,
        samples_and_frames_are_those_asked_for,
        a_thermostat_holds_the_temperature,
        seeds_decide,
        a_finished_stage_is_read_back,
        a_directory_belongs_to_one_run,
        an_interrupted_stage_goes_on,
        what_it_cannot_do_is_refused,
    )
}
