"""OpenMM: what it alone has, besides the contract of all engines: platforms, a guard, snapshots."""

import signal
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloop.core import ConfigurationError, EvaluationError, FailureCode, MissingDependencyError
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.openmm.guard import Guard, Unstable
from polyloop.engines.dynamics.openmm.platforms import choose_platform, device_indices
from polyloop.engines.dynamics.openmm.run import words_of_openmm
from polyloop.engines.dynamics.openmm.simulation import Simulation
from polyloop.engines.dynamics.openmm.snapshot import Snapshot
from polyloop.engines.dynamics.run_directory import RunDirectory
from polyloop.engines.dynamics.stages import Stage
from tests.engines.liquids import liquid

GAS_CONSTANT = 1.987204259e-3  # kcal/(mol K)


def test_every_kind_of_atom_and_the_molecules_have_the_same_temperature_in_the_mean(ethane, flexible):
    """Sharper than the contract's look at one state: the mean over 80, between whole samples' steps."""
    simulation = Simulation(
        ethane.topology, flexible(), ethane.positions, ethane.velocities, ethane.box, platform=("CPU", 1, None)
    )
    masses, hydrogen = ethane.topology.masses, ethane.topology.numbers == 1
    temperatures = []
    for _ in range(80):
        simulation.step(60)  # the friction of 5 per ps forgets half of the velocities meanwhile
        velocities = simulation.state()[1]
        momenta = (masses[:, None] * velocities).reshape(27, 8, 3).sum(axis=1)
        of_atoms = masses * (velocities**2).sum(axis=1)
        of_molecules = (momenta**2).sum(axis=1) / masses[:8].sum()
        temperatures.append([of_atoms[hydrogen].mean(), of_atoms[~hydrogen].mean(), of_molecules.sum() / 26])
    # m v^2 = 3 k T, and 1 g/mol angstrom2/ps2 is 0.01 kJ/mol; one of 27 momenta is fixed by the others.
    kelvin = np.array(temperatures) * 0.01 / 4.184 / (3 * GAS_CONSTANT)
    error = kelvin.std(axis=0) / np.sqrt(len(kelvin) / 2)
    assert (error < [4, 7, 12]).all()
    assert (np.abs(kelvin.mean(axis=0) - 300) < 4 * error).all()


def test_a_platform_of_cpus_has_no_gpus():
    assert device_indices("CPU") == ()


@pytest.mark.gpu
@pytest.mark.parametrize("platform", ["CUDA", "HIP", "OpenCL"])
def test_a_gpu_runs_with_the_same_energy(tmp_path, platform):
    try:
        choose_platform(platform)
    except ConfigurationError as error:
        pytest.skip(str(error))
    assert "0" in device_indices(platform)
    engine, stage = OpenMMEngine(platform), Stage("npt", "npt", duration=2.0, timestep=2.0, cutoff=6.0)
    cell = engine.run(liquid("CCO", 64, 0.7), Stage("minimize", "minimize"), tmp_path / "minimize").cell
    ended = engine.run(cell, stage, tmp_path / "npt")
    terms = engine.energies(ended.cell, stage).terms
    assert ended.samples["angle"][-1] == pytest.approx(terms["angle"], rel=1e-4)
    assert ended.samples["nonbonded"][-1] == pytest.approx(terms["lennard_jones"] + terms["coulomb"], abs=0.2)


def test_the_guard_names_what_went_wrong(cold_ethane):
    guard = Guard(cold_ethane.topology, 200)
    guard.check_state(cold_ethane.positions, 330.0, 300.0)
    with pytest.raises(Unstable, match="3000 K where 300 K"):
        guard.check_state(cold_ethane.positions, 3000.0, 300.0)
    with pytest.raises(Unstable, match="temperature is nan"):
        guard.check_state(cold_ethane.positions, float("nan"), 300.0)
    torn = cold_ethane.positions.copy()
    torn[1] += 5
    with pytest.raises(Unstable, match=r"bond of atoms \d+ and \d+ is \d.\d times its length"):
        guard.check_state(torn, 300.0, 300.0)
    guard.check_energy(100.0, 300.0)
    guard.check_energy(300.0, 300.0)
    with pytest.raises(Unstable, match=r"rose by 1e.05"):
        guard.check_energy(100300.0, 300.0)
    with pytest.raises(Unstable, match="not a number"):
        guard.check_energy(float("inf"), 300.0)


def test_what_else_openmm_refuses_comes_with_its_words():
    from openmm import OpenMMException

    with pytest.raises(EvaluationError, match=r"OpenMM: Out of luck\.$") as caught, words_of_openmm("stage"):
        raise OpenMMException("Out of luck")
    assert caught.value.failure.code is FailureCode.EVALUATOR


def test_unknown_platforms_are_refused(tmp_path, cold_ethane):
    with pytest.raises(ConfigurationError, match="no OpenMM platform 'abacus'"):
        OpenMMEngine("abacus").run(cold_ethane, Stage("minimize", "minimize"), tmp_path)


def test_without_openmm_the_install_line_is_named(monkeypatch):
    # None in sys.modules is how Python itself marks a module that cannot be imported.
    monkeypatch.setitem(sys.modules, "openmm", None)
    with pytest.raises(MissingDependencyError, match=r"not installed.*pip install openmm"):
        OpenMMEngine().version()


def test_openmm_is_imported_when_an_engine_works_and_not_before():
    code = "import sys, polyloop.engines.dynamics.openmm; raise SystemExit('openmm' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_signal_at_the_very_end_comes_after_the_result(cold_ethane, flexible, tmp_path):
    def progress(name, done, total):
        if done == total:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        OpenMMEngine("CPU").run(cold_ethane, flexible(duration=0.1), tmp_path, progress=progress)
    assert {path.name for path in tmp_path.iterdir()} == {"result.npz", "state.json"}


@settings(max_examples=40, deadline=None)
@given(place=st.integers(0, 10**6), bit=st.integers(0, 7), cut=st.booleans())
def test_any_changed_bit_and_any_cut_is_noticed(tmp_path_factory, place, bit, cut):
    folder = tmp_path_factory.mktemp("bits")
    directory = RunDirectory(folder, "key", "stage")
    directory.open()
    for step in (1, 2):
        state = Snapshot(step=step, positions=np.full((3, 3), step), velocities=np.zeros((0, 3)), box=np.ones(3))
        directory.save(state.to_bytes(), 1.0)
    path = folder / directory.newest().file
    content = bytearray(path.read_bytes())
    place %= len(content)
    content[place] ^= 1 << bit
    path.write_bytes(content[:place] if cut else content)
    again = RunDirectory(folder, "key", "stage")
    again.open()
    assert Snapshot.from_bytes((folder / again.newest().file).read_bytes()).step == 1
