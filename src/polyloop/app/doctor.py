"""Examine the installation: engines, packages and extras with their versions, and what the machine offers."""

from __future__ import annotations

import os
import platform
import re
import shutil
import subprocess
from importlib.metadata import PackageNotFoundError, requires, version
from typing import Any

__all__ = ["examine"]

_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*([^;]*)(?:;.*extra\s*==\s*['\"]([^'\"]+)['\"])?")


def examine() -> dict[str, Any]:
    """Return `polyloop`, `python`, `engines`, `packages`, `extras` and `machine`, ready for JSON.

    Each package has `name`, `version` (None where it is missing), `extra` and `install` (the exact line that installs
    it; None where it is there). `machine` says, besides cores, memory and GPU, which engine molecular dynamics takes.
    """
    core: list[dict[str, Any]] = []
    extras: list[dict[str, Any]] = []
    programs, packages = _engines()
    for name, needed, extra in _requirements(packages):
        entry = _package(name, needed, extra)
        if name not in programs:
            (extras if extra else core).append(entry)
    return {
        "polyloop": _version("polyloop"),
        "python": platform.python_version(),
        "engines": [*(entry for entry in core if entry["name"] in packages), *map(_program, programs)],
        "packages": [entry for entry in core if entry["name"] not in packages],
        "extras": extras,
        "machine": _machine(),
    }


def _engines() -> tuple[list[str], list[str]]:
    """Names of the engines that are programs and are asked for their version, and the packages that others are."""
    from polyloop.engines.dynamics.registry import DYNAMICS_ENGINES
    from polyloop.engines.quantum.registry import QUANTUM_ENGINES

    dynamics = {name: engine.capabilities.package for name, engine in DYNAMICS_ENGINES.items()}
    packages = [*(engine.package for engine in QUANTUM_ENGINES.values()), *filter(None, dynamics.values()), "rdkit"]
    return [name for name, package in dynamics.items() if not package], packages


def _requirements(undeclared: list[str]) -> list[tuple[str, str, str | None]]:
    try:
        lines = requires("polyloop") or []
    except PackageNotFoundError:  # run from the source tree without installation: nothing is declared
        lines = undeclared
    found = []
    for line in lines:
        match = _REQUIREMENT.match(line)
        if match:
            name, needed, extra = match.groups()
            found.append((name, needed.strip(), extra))
    return found


def _package(name: str, needed: str, extra: str | None) -> dict[str, Any]:
    found = _version(name)
    target = f"polyloop[{extra}]" if extra else f"{name}{needed}"
    install = None if found else f"pip install '{target}'"
    return {"name": name, "version": found, "extra": extra, "install": install}


def _program(name: str) -> dict[str, Any]:
    from polyloop.core import EvaluationError, MissingDependencyError
    from polyloop.simulate.md.run.engine_choice import choose_engine

    found, install = None, None
    try:
        found = choose_engine(name, n_cores=1).version()
    except MissingDependencyError as error:
        install = error.hint
    except EvaluationError as error:  # it is there and does not start
        install = f"{error.failure.reason} {error.failure.hint}"
    return {"name": name, "version": found, "extra": None, "install": install}


def _dynamics() -> str:
    """Which engine molecular dynamics takes here, or why none."""
    from polyloop.core import ConfigurationError
    from polyloop.simulate.md.run.engine_choice import engine_name

    try:
        return engine_name()
    except ConfigurationError as error:
        return str(error)


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _machine() -> dict[str, Any]:
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "system": f"{platform.system()} {platform.machine()}",
        "cores": cores,
        "memory_gb": round(psutil.virtual_memory().total / 1e9, 1),
        "gpu": _gpu(),
        "molecular_dynamics": _dynamics(),
    }


def _gpu() -> str | None:
    """Name of the first GPU by its driver's own tool, so that no deep-learning library need be loaded."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return None
    try:
        answer = subprocess.run(
            [program, "--query-gpu=name,memory.total", "--format=csv,noheader"],
            capture_output=True, text=True, timeout=20, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    lines = answer.stdout.strip().splitlines()
    return lines[0] if lines else None
