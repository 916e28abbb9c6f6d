"""OpenMM itself: import it late, and find the fastest of its platforms that works here."""

from __future__ import annotations

from functools import cache
from typing import Any

from polyloop.core import ConfigurationError, MissingDependencyError

__all__ = [
    "GPU_PLATFORMS",
    "INSTALL",
    "PLATFORMS",
    "choose_platform",
    "device_indices",
    "load_openmm",
    "platform_properties",
]

INSTALL = "Install it with: pip install openmm (or 'openmm[cuda12]' for GPUs)"
GPU_PLATFORMS = ("CUDA", "HIP", "OpenCL")
# Fastest first. `Reference` is double precision throughout, for checks.
PLATFORMS = (*GPU_PLATFORMS, "CPU", "Reference")


def load_openmm() -> Any:
    """Import OpenMM.

    Raises
    ------
    MissingDependencyError
        If it is not installed.
    """
    try:
        import openmm
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] != "openmm":
            raise
        raise MissingDependencyError("OpenMM is not installed.", hint=INSTALL) from error
    return openmm


@cache
def choose_platform(wanted: str = "auto", device: str | None = None) -> str:
    """Return the name of the platform to use: `wanted`, or for `auto` the first of `PLATFORMS` that works.

    Raises
    ------
    ConfigurationError
        If `wanted` is unknown or does not work on this machine; the message has OpenMM's own words.
    """
    names = {name.lower(): name for name in PLATFORMS}
    if wanted.lower() != "auto" and wanted.lower() not in names:
        raise ConfigurationError(
            f"There is no OpenMM platform {wanted!r}.", hint=f"Choose auto, {', '.join(PLATFORMS)}."
        )
    candidates = PLATFORMS if wanted.lower() == "auto" else (names[wanted.lower()],)
    faults = {name: _fault(name, device) for name in candidates}
    working = [name for name, fault in faults.items() if fault is None]
    if not working:
        words = "; ".join(f"{name}: {fault}" for name, fault in faults.items())
        raise ConfigurationError(f"OpenMM cannot run here ({words}).", hint="Use platform='CPU', or mend the driver.")
    return working[0]


def device_indices(name: str) -> tuple[str, ...]:
    """Return the indices of the GPUs that the platform `name` sees, none for a platform of CPUs.

    `CUDA_VISIBLE_DEVICES` and its like decide which there are.
    """
    devices = load_openmm().Platform.getPlatformByName(name).getDevices()
    return tuple(dict.fromkeys(str(device["DeviceIndex"]) for device in devices if "DeviceIndex" in device))


def platform_properties(name: str, threads: int, device: str | None) -> dict[str, str]:
    """Return the properties with which contexts are made: threads of CPUs, precision and device of GPUs."""
    if name == "CPU":
        return {"Threads": str(threads)}
    if name == "Reference":
        return {}
    # Mixed precision: double for positions, velocities and sums, which constraints and energy conservation need.
    return {"Precision": "mixed"} | ({"DeviceIndex": device} if device is not None else {})


def _fault(name: str, device: str | None) -> str | None:
    """Return why a platform does not work, by making a context of one particle on it; None where it does."""
    openmm: Any = load_openmm()
    system = openmm.System()
    system.addParticle(1.0)
    try:
        platform = openmm.Platform.getPlatformByName(name)
        openmm.Context(system, openmm.VerletIntegrator(0.001), platform, platform_properties(name, 1, device))
    except openmm.OpenMMException as error:
        return str(error)
    return None
