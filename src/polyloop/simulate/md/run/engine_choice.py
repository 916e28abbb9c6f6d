"""Which program runs a simulation on this machine: a GPU if there is one, else what is fastest on CPUs."""

from __future__ import annotations

import os

from polyloop.core import ConfigurationError
from polyloop.core.settings import setting
from polyloop.engines.dynamics.capabilities import Device
from polyloop.engines.dynamics.registry import DYNAMICS_ENGINES, engines_by_preference
from polyloop.engines.dynamics.stages import Engine

__all__ = ["choose_engine", "cores", "engine_name"]

_AUTO = "auto"
# A GPU is worth more than all cores of its machine.
_DEVICES: tuple[Device, ...] = ("gpu", "cpu")


def choose_engine(name: str | None = None, n_cores: int | None = None) -> Engine:
    """Return the engine called `name`; $POLYLOOP_MD_ENGINE, or `auto`, when left out.

    `auto` is the first that works in the order that the engines themselves declare (`Capabilities.preference`): OpenMM
    where it finds a GPU, else GROMACS, LAMMPS and OpenMM on the CPU, which is the order of their speed
    (`benchmarks/engine_speed.py`).

    Raises
    ------
    ConfigurationError
        If there is no such engine.
    MissingDependencyError
        If the engine is not installed; it names the install line.
    """
    kind = DYNAMICS_ENGINES.find(engine_name(name))
    engine = kind.for_machine(
        cores() if n_cores is None else n_cores, _number("POLYLOOP_WORKER", "place of a worker", 0) or 0
    )
    engine.version()  # raises where the program is missing, before any work is done
    return engine


def engine_name(name: str | None = None) -> str:
    """Return which engine `choose_engine` takes; one that is named may not be installed.

    Raises
    ------
    ConfigurationError
        If there is no such engine.
    """
    wanted = name or setting("POLYLOOP_MD_ENGINE") or "auto"
    if wanted == _AUTO:
        return _first_that_works()
    if wanted not in DYNAMICS_ENGINES:
        raise ConfigurationError(
            f"There is no molecular-dynamics engine {wanted!r}.",
            where="POLYLOOP_MD_ENGINE",
            hint=f"Known: {', '.join((_AUTO, *DYNAMICS_ENGINES))}.",
        )
    return wanted


def cores() -> int:
    """Return how many cores one simulation may use: $POLYLOOP_CORES, or all that this process may run on.

    Raises
    ------
    ConfigurationError
        If the variable holds no positive number.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return _number("POLYLOOP_CORES", "number of cores", 1) or available


def _number(variable: str, meaning: str, least: int) -> int | None:
    given = os.environ.get(variable)
    if not given:
        return None
    if not given.isdecimal() or int(given) < least:
        raise ConfigurationError(f"{given!r} is no {meaning}.", where=variable, hint="Write for example 2.")
    return int(given)


def _first_that_works() -> str:
    """Return the best engine that works here; where none does, the last, which then says how it is installed."""
    name = ""
    for device in _DEVICES:
        for name in engines_by_preference(device):
            if DYNAMICS_ENGINES.find(name).works_on(device):
                return name
    return name
