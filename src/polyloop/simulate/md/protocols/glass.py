"""Glass transition: the sample is melted and cooled in steps, and its specific volume tells where it freezes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.protocols.follow_up import Context, FollowUp
from polyloop.simulate.md.protocols.recipes import SAMPLE, SAMPLE_STAGE

__all__ = ["GLASS", "SMOKE_GLASS", "cooling", "measure_glass"]

# Share of a step in which the volume may follow the temperature before it is sampled.
_FOLLOWING = 0.5
_STEP = "cool_"


def cooling(
    highest: float, lowest: float, step: float, *, heat: float, melt: float, hold: float, every: float
) -> tuple[Stage, ...]:
    """Return the stages: heat to `highest` and melt there, then hold at each temperature down to `lowest`.

    Temperatures and `step` in K; `heat`, `melt`, `hold` and the time between samples in ps.
    """
    # Volumes do not depend on masses, so that hydrogen may be heavy and the timestep long.
    common = replace(SAMPLE_STAGE, ensemble="npt", timestep=4.0, hydrogen_mass=3.0, sample_interval=every)
    kelvins = np.arange(highest, lowest - step / 2.0, -step).tolist()
    return (
        replace(common, name="heat_to_melt", duration=heat, temperature=(SAMPLE, highest)),
        replace(common, name="melt", duration=melt, temperature=(highest, highest)),
        *(replace(common, name=f"{_STEP}{t:g}", duration=hold, temperature=(t, t)) for t in kelvins),
    )


def measure_glass(context: Context) -> tuple[Estimate, ...]:
    """Cool, and return the place where volume against temperature turns from the melt's slope to the glass's.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED where no break is resolved within the range; what the stages raise.
    """
    from polyloop.simulate.md.analysis import glass_transition, mean_with_error

    sampled = []
    for stage in context.stages.values():
        result = context.runner.run(stage)
        if stage.name.startswith(_STEP):
            density = result.samples["density"]
            volume = mean_with_error(1.0 / density[int(_FOLLOWING * len(density)) :])
            sampled.append((stage.temperature[1], volume.value, volume.std, stage.duration))
    temperatures, volumes, stds, held = (np.array(column) for column in zip(*sampled, strict=True))
    found = glass_transition(temperatures, volumes, stds)
    context.notes.update(
        {
            "cooling_K_per_s": float(np.ptp(temperatures) / held[1:].sum()) * 1e12,
            "temperatures_K": temperatures.tolist(),
            "specific_volumes_cm3_per_g": volumes.tolist(),
            "standard_errors_cm3_per_g": stds.tolist(),
            "interval_95_K": list(found.interval),
            "width_K": found.width,
            "glass_volume_expansion_per_K": found.glass_expansion,
            "melt_volume_expansion_per_K": found.melt_expansion,
        }
    )
    return (found.estimate(),)


GLASS = FollowUp(
    name="md/glass",
    version=2,
    description="Glass transition temperature from volumes on cooling from 630 to 170 K, 20 K in 150 ps.",
    recipe="md/standard@2",
    properties=("glass_transition_temperature",),
    stages=cooling(630.0, 170.0, 20.0, heat=50.0, melt=300.0, hold=150.0, every=0.4),
    function=measure_glass,
    time_limit=36 * 3600.0,
)

SMOKE_GLASS = replace(
    GLASS,
    name="md/glass-smoke",
    description="A picosecond or two at each of nine temperatures; its numbers mean nothing.",
    recipe="md/smoke@1",
    stages=cooling(590.0, 230.0, 45.0, heat=1.0, melt=1.0, hold=1.6, every=0.04),
    time_limit=600.0,
)
