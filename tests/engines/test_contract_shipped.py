"""Every engine: the checks that are shipped for engines from elsewhere; and that these checks find what is wrong."""

from dataclasses import replace

import numpy as np
import pytest

from polyloop.engines.dynamics.contract_tests import CHECKS, ContractError
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.registry import DYNAMICS_ENGINES
from polyloop.simulate.md.run.engine_choice import choose_engine


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_the_engine_keeps_the_contract(engine, check, tmp_path):
    check(engine, tmp_path)


class Broken(OpenMMEngine):
    """An engine from elsewhere that is made on one thread of the CPU."""

    name = "broken"

    def __init__(self, **settings):
        super().__init__(**({"platform": "CPU"} | settings))


class WrongForces(Broken):
    def energies(self, cell, stage):
        energies = super().energies(cell, stage)
        return replace(energies, forces=1.02 * energies.forces)


class LosesAFrame(Broken):
    def run(self, cell, stage, directory, seed=0, progress=None):
        result = super().run(cell, stage, directory, seed, progress)
        return replace(result, frames=result.frames[1:], frame_times=result.frame_times[1:])


class TakesAnyDirectory(Broken):
    def run(self, cell, stage, directory, seed=0, progress=None):
        return super().run(
            cell, stage, directory / f"{seed}-{stage.temperature}-{cell.positions[0, 0]}", seed, progress
        )


class SwallowsCtrlC(Broken):
    def run(self, cell, stage, directory, seed=0, progress=None):
        try:
            return super().run(cell, stage, directory, seed, progress)
        except KeyboardInterrupt:
            return super().run(cell, stage, directory, seed)


class Boasts(Broken):
    """It declares that it cannot strain a cell, and does it all the same."""

    def run(self, cell, stage, directory, seed=0, progress=None):
        self.capabilities = Broken.capabilities
        try:
            return super().run(cell, stage, directory, seed, progress)
        finally:
            self.capabilities = replace(Broken.capabilities, strain=False)


class TooHot(Broken):
    def run(self, cell, stage, directory, seed=0, progress=None):
        hot = replace(stage, temperature=tuple(1.2 * end for end in stage.temperature))
        return super().run(cell, hot, directory, seed, progress)


@pytest.mark.parametrize(
    ("engine", "check"),
    [
        (WrongForces, "forces_are_minus_the_gradient"),
        (LosesAFrame, "samples_and_frames_are_those_asked_for"),
        (TakesAnyDirectory, "a_directory_belongs_to_one_run"),
        (SwallowsCtrlC, "an_interrupted_stage_goes_on"),
        (Boasts, "what_it_cannot_do_is_refused"),
        (TooHot, "a_thermostat_holds_the_temperature"),
    ],
)
def test_an_engine_that_breaks_the_contract_is_found(engine, check, tmp_path):
    broken = engine()
    if engine is Boasts:
        broken.capabilities = replace(Broken.capabilities, strain=False)
    with pytest.raises(ContractError):
        CHECKS[check](broken, tmp_path)


def test_an_engine_from_elsewhere_is_one_registration(monkeypatch):
    DYNAMICS_ENGINES.add("broken", Broken)
    try:
        monkeypatch.setenv("POLYLOOP_MD_ENGINE", "broken")
        assert isinstance(choose_engine(n_cores=1), Broken)
        assert np.isfinite(choose_engine(n_cores=1).threads)
    finally:
        DYNAMICS_ENGINES.remove("broken")
