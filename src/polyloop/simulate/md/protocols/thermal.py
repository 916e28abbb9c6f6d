"""Thermal conductivity and diffusivity: a sinusoidal temperature profile is kicked into a long cell and left to decay.

The method and its limits are in docs/concepts/thermal_conductivity.md.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem.topology import Cell
from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.stages import Stage
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.statistics import mean_with_error
from polyloop.simulate.md.analysis.thermal_relaxation import Decay, RigidGroups, fit_decay, kicked, profile_amplitudes
from polyloop.simulate.md.analysis.units import (
    JOULE_PER_KG_PER_KCAL_PER_G,
    M2_PER_S_PER_ANGSTROM2_PER_PS,
    WATT_PER_M_K,
)
from polyloop.simulate.md.protocols.follow_up import Context, FollowUp
from polyloop.simulate.md.protocols.recipes import SAMPLE_STAGE
from polyloop.simulate.md.run.progress import ProgressWriter
from polyloop.simulate.md.run.sampling import StageRunner

__all__ = [
    "SMOKE_THERMAL",
    "THERMAL",
    "RelaxationSettings",
    "conductivity",
    "measure_thermal",
    "relaxation",
    "stages_of",
]

Floats = NDArray[np.float64]

PROPERTIES = ("thermal_conductivity", "thermal_diffusivity")
_SETTLE, _REST, _RELAX = "thermal_settle", "thermal_rest", "thermal_relax"
_SIGNS = {"plus": 1.0, "minus": -1.0}


@dataclass(frozen=True)
class RelaxationSettings:
    """How the decay of a temperature profile is measured.

    Parameters
    ----------
    copies
        Cells side by side along x; their edges together are the wavelength.
    amplitude
        Of the kick, as a share of the temperature.
    pairs
        Kicks of both signs from one state.
    settle, rest, relax
        ps: at the sample's density after replication, before each pair with new velocities, and after a kick.
    start
        ps after the kick at which the fit begins: kinetic and potential energy have shared the heat.
    bin_width
        ps over which profiles are averaged before the fit.
    decay_times
        The relaxation is extended until it is as many decay times long, by `relax` each time, to `parts` times
        `relax` at most.
    least_signal
        Standard errors that the amplitude at `start` and the rate must be worth.
    least_chance
        A decay that fits an exponential with less probability is refused, and a sine of less as well.
    """

    copies: int = 2
    amplitude: float = 0.6
    pairs: int = 3
    settle: float = 10.0
    rest: float = 3.0
    relax: float = 30.0
    start: float = 3.0
    bin_width: float = 1.0
    decay_times: float = 1.5
    parts: int = 3
    frame_interval: float = 0.2
    least_signal: float = 4.0
    least_chance: float = 1e-4


def stages_of(plan: RelaxationSettings) -> tuple[Stage, ...]:
    """Return the stages of a plan without extensions."""
    settle = replace(
        SAMPLE_STAGE, name=_SETTLE, duration=plan.settle, timestep=2.0, sample_interval=0.5, new_velocities=True
    )
    rest = replace(settle, duration=plan.rest)
    relax = replace(
        settle, name=_RELAX, ensemble="nve", duration=plan.relax, frame_interval=plan.frame_interval,
        new_velocities=False, velocities=True,
    )  # fmt: skip
    stages = [settle]
    for number in range(1, plan.pairs + 1):
        stages.append(replace(rest, name=f"{_REST}_{number}"))
        stages += [replace(relax, name=_part(number, sign, 1)) for sign in _SIGNS]
    return tuple(stages)


def _part(pair: int, sign: str, part: int) -> str:
    return f"{_RELAX}_{pair}_{sign}_{part}"


def measure_thermal(plan: RelaxationSettings, context: Context) -> tuple[Estimate, ...]:
    """Return thermal conductivity and diffusivity of the recipe's sample.

    Raises
    ------
    EvaluationError
        NOT_EQUILIBRATED with the figures, where the profile's decay is not exponential or is lost in the noise.
    """
    density = mean_with_error(context.sample.samples["density"])
    long = context.runner.cell.replicated((plan.copies, 1, 1))
    runner = context.runner.moved_to(long, copies=plan.copies)
    runner.run(replace(context.stages[_SETTLE], density=density.value))
    decay = relaxation(plan, runner, context.stages, context.progress, context.conditions.temperature)
    found = conductivity(decay, runner.cell, density.std / density.value)
    context.notes.update(notes(decay, runner.cell))
    _check(plan, decay)
    return found


def relaxation(
    plan: RelaxationSettings,
    runner: StageRunner,
    stages: dict[str, Stage],
    progress: ProgressWriter,
    temperature: float,
) -> Decay:
    """Run the plan's pairs of kicks from the runner's cell, long enough for what the first pair tells.

    Raises
    ------
    EvaluationError
        As `StageRunner.run`.
    """
    pairs: list[_Pair] = []
    parts = 1
    for number in range(1, plan.pairs + 1):
        runner.run(stages[f"{_REST}_{number}"])
        pairs.append(_Pair(plan, number, runner, stages, progress))
        while True:
            pairs[-1].run(parts)
            decay = _fit(plan, pairs, temperature)
            if number > 1 or parts == plan.parts or decay.rate * parts * plan.relax >= plan.decay_times:
                break
            parts += 1
    return decay


def conductivity(decay: Decay, cell: Cell, relative_density: float = 0.0) -> tuple[Estimate, Estimate]:
    """Return conductivity and diffusivity from the decay of a mode as long as the cell's first edge.

    With wave number q = 2 pi / L and the heat capacity C of the cell, D = rate / q^2 and lambda = D C / V; C is taken
    from the same fit, so that its error and that of the rate partly cancel.

    Parameters
    ----------
    relative_density
        Relative standard error of the density.
    """
    diffusivity = decay.rate * (float(cell.box[0]) / (2.0 * np.pi)) ** 2
    value = diffusivity * decay.heat_capacity / cell.volume * WATT_PER_M_K
    std_of = f"{decay.pairs} pairs of kicks, rate and heat capacity from one fit, and the density"
    std = float(np.hypot(decay.relative_std(1.0, 1.0), relative_density)) * value
    diffusivity *= M2_PER_S_PER_ANGSTROM2_PER_PS
    return (
        Estimate("thermal_conductivity", value, std, std_of, decay.pairs),
        Estimate(
            "thermal_diffusivity", diffusivity, decay.relative_std(0.0, 1.0) * diffusivity,
            f"{decay.pairs} pairs of kicks", decay.pairs,
        ),
    )  # fmt: skip


def notes(decay: Decay, cell: Cell) -> dict[str, Any]:
    """Return the figures behind the estimates, JSON-ready."""
    specific = JOULE_PER_KG_PER_KCAL_PER_G / float(cell.topology.masses.sum())
    return {
        "wavelength_angstrom": round(float(cell.box[0]), 3),
        "density_g_cm3": round(cell.density, 5),
        "decay_time_ps": round(1.0 / decay.rate, 3),
        "classical_heat_capacity_J_kg_K": round(decay.heat_capacity * specific, 1),
        "classical_heat_capacity_std": round(decay.heat_capacity * specific * decay.relative_std(1.0, 0.0), 1),
        "probability_of_exponential": round(decay.chance, 5),
        **{name: round(value, 3) for name, value in asdict(decay).items() if name in ("signal", "control", "sound")},
    }


class _Pair:
    """Two runs from one state, kicked up and down; `amplitudes` of shape (2 signs, 2 shapes, f)."""

    def __init__(
        self,
        plan: RelaxationSettings,
        number: int,
        runner: StageRunner,
        stages: dict[str, Stage],
        progress: ProgressWriter,
    ) -> None:
        self._number, self._progress = number, progress
        self._stages = {sign: stages[_part(number, sign, 1)] for sign in _SIGNS}
        some = next(iter(self._stages.values()))
        self._groups = RigidGroups.of(runner.cell.topology, some.constrain_hydrogens)
        self.length = float(runner.cell.box[0])
        self._branches: dict[str, StageRunner] = {}
        heats = {}
        for sign, direction in _SIGNS.items():
            amplitude = direction * plan.amplitude
            cell, heats[sign] = kicked(runner.cell, self._groups, amplitude)
            self._branches[sign] = runner.moved_to(cell, kick=amplitude)
        self.heat = 0.5 * (heats["plus"] - heats["minus"])
        self._found: dict[str, list[tuple[Floats, Floats]]] = {sign: [] for sign in _SIGNS}

    def run(self, parts: int) -> None:
        """Run until there are so many parts."""
        for sign, branch in self._branches.items():
            for part in range(len(self._found[sign]) + 1, parts + 1):
                stage = replace(self._stages[sign], name=_part(self._number, sign, part))
                self._progress.plan([stage])
                result = branch.run(stage)
                length = float(result.cell.box[0])
                profile = profile_amplitudes(result.frames, result.frame_velocities, length, self._groups)
                self._found[sign].append((result.frame_times + (part - 1) * stage.duration, profile.T))

    @property
    def times(self) -> Floats:
        """ps after the kick, (f,)."""
        return np.concatenate([times for times, _ in self._found["plus"]])

    @property
    def amplitudes(self) -> Floats:
        """K, (2 signs, 2 shapes, f)."""
        return np.stack([np.concatenate([a for _, a in parts], axis=1) for parts in self._found.values()])


def _fit(plan: RelaxationSettings, pairs: list[_Pair], temperature: float) -> Decay:
    return fit_decay(
        pairs[0].times,
        np.stack([pair.amplitudes for pair in pairs]),
        [pair.heat for pair in pairs],
        start=plan.start,
        bin_width=plan.bin_width,
        temperature=temperature,
        length=pairs[0].length,
    )


def _check(plan: RelaxationSettings, decay: Decay) -> None:
    resolved = 1.0 / decay.relative_std(0.0, 1.0)
    limit = float(np.sqrt(-2.0 * np.log(plan.least_chance))) if plan.least_chance > 0.0 else np.inf
    reasons = {
        f"the profile is {decay.signal:.2g} standard errors, less than {plan.least_signal:g}":
            decay.signal < plan.least_signal,
        f"its rate is {resolved:.2g} standard errors, less than {plan.least_signal:g}": resolved < plan.least_signal,
        f"its decay is no exponential (chi squared {decay.chi_squared:.0f} for {decay.freedom:.0f} degrees of freedom)":
            decay.chance < plan.least_chance,
        f"the sine that was not kicked is {decay.control:+.2g} standard errors": abs(decay.control) > limit,
    }  # fmt: skip
    said = [reason for reason, holds in reasons.items() if holds]
    if said:
        raise EvaluationError(
            FailureCode.NOT_EQUILIBRATED,
            _RELAX,
            f"After kicks of {decay.pairs} pairs, with a decay time of {1.0 / decay.rate:.3g} ps, {'; '.join(said)}.",
            hint="Try another seed; a larger cell has a stronger signal and a slower decay.",
        )


_STANDARD = RelaxationSettings()
THERMAL = FollowUp(
    name="md/thermal",
    version=2,
    description="Thermal conductivity from the decay of a sinusoidal temperature profile along two cells of "
    "md/standard@1.",
    recipe="md/standard@2",
    properties=PROPERTIES,
    stages=stages_of(_STANDARD),
    function=partial(measure_thermal, _STANDARD),
    time_limit=12 * 3600.0,
    copies=_STANDARD.copies,
)

# For the tests of the machinery alone: so little signal that every limit is open.
_SMOKE = RelaxationSettings(
    pairs=1, settle=0.4, rest=0.2, relax=1.0, start=0.2, bin_width=0.1, decay_times=0.0, frame_interval=0.1,
    least_signal=0.0, least_chance=0.0,
)  # fmt: skip
SMOKE_THERMAL = replace(
    THERMAL,
    name="md/thermal-smoke",
    description="The stages of md/thermal, a few hundred steps each, after md/smoke; its numbers mean nothing.",
    recipe="md/smoke@1",
    stages=stages_of(_SMOKE),
    function=partial(measure_thermal, _SMOKE),
    time_limit=600.0,
    copies=_SMOKE.copies,
)
