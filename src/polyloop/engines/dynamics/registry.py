"""The engines of molecular dynamics by name, in what order a machine takes them, and which can run a stage."""

from __future__ import annotations

from polyloop.core import EvaluationError, FailureCode, Registry
from polyloop.engines.dynamics.capabilities import Capabilities, Device
from polyloop.engines.dynamics.stages import Engine, Stage

__all__ = ["DYNAMICS_ENGINES", "check_capabilities", "engines_by_preference", "lacking"]

DYNAMICS_ENGINES: Registry[type[Engine]] = Registry(
    "dynamics_engines",
    "molecular-dynamics engine",
    ("capabilities", "version", "energies", "run", "works_on", "for_machine"),
)


def engines_by_preference(device: Device) -> list[str]:
    """Return the names of the engines that a machine takes by itself on a device, the best first."""
    ranked = []
    for name, engine in DYNAMICS_ENGINES.items():
        if device in engine.capabilities.preference:
            ranked.append((engine.capabilities.preference[device], name))
    return [name for _, name in sorted(ranked)]


def lacking(capabilities: Capabilities, stage: Stage) -> str:
    """Return in words what of `stage` an engine cannot do; empty where it can do all."""
    if stage.ensemble not in capabilities.ensembles:
        return f"runs no stage of the ensemble {stage.ensemble!r}"
    wanted = {
        "deforms no cell along one axis": stage.strain_rate != 0 and not capabilities.strain,
        "ramps no pressure": stage.ensemble == "npt"
        and stage.pressure[0] != stage.pressure[1]
        and not capabilities.pressure_ramp,
        "brings no cell to a density": stage.density is not None and not capabilities.density_ramp,
    }
    return ", and ".join(words for words, is_lacking in wanted.items() if is_lacking)


def check_capabilities(capabilities: Capabilities, stage: Stage) -> None:
    """Refuse a stage that an engine of such capabilities cannot run.

    Raises
    ------
    EvaluationError
        UNSUPPORTED; the hint names the engines that can.
    """
    words = lacking(capabilities, stage)
    if not words:
        return
    able = [name for name, engine in DYNAMICS_ENGINES.items() if not lacking(engine.capabilities, stage)]
    raise EvaluationError(
        FailureCode.UNSUPPORTED,
        stage.name,
        f"{capabilities.title} {words}.",
        hint=f"Take another engine: POLYLOOP_MD_ENGINE={' or '.join(able)}." if able else "No engine here does.",
    )
