"""What holds for all engines, and the engines of molecular dynamics in turn."""

import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from polyloop.core import MissingDependencyError
from polyloop.engines.dynamics.openmm import OpenMMEngine
from polyloop.engines.dynamics.stages import Stage
from tests.engines.liquids import liquid
from tests.engines.programs import ENGINES


@pytest.fixture(autouse=True, scope="module")
def python_s_own_ctrl_c() -> Iterator[None]:
    """Whoever starts the tests in the background has SIGINT ignored, and then a Ctrl-C would do nothing."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="module", params=ENGINES)
def name(request):
    """The engines in turn; those that are not installed are skipped."""
    try:
        ENGINES[request.param].make().version()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    return request.param


@pytest.fixture(scope="module")
def facts(name):
    return ENGINES[name]


@pytest.fixture(scope="module")
def engine(facts):
    return facts.make()


@pytest.fixture(scope="session")
def ethane(tmp_path_factory):
    """27 molecules that OpenMM has minimized and brought to 300 K with flexible bonds."""
    folder = tmp_path_factory.mktemp("ethane")
    cell = OpenMMEngine("CPU").run(liquid("CC", 27, 0.45), Stage("minimize", "minimize"), folder / "minimize").cell
    warm = Stage("warm", "nvt", duration=1.0, constrain_hydrogens=False, nonbonded="short")
    return OpenMMEngine("CPU").run(cell, warm, folder / "warm").cell


@pytest.fixture(scope="session")
def cold_ethane(tmp_path_factory):
    """12 molecules that OpenMM has minimized, in a wide box."""
    folder = tmp_path_factory.mktemp("cold")
    return OpenMMEngine("CPU").run(liquid("CC", 12, 0.3), Stage("minimize", "minimize"), folder).cell


@pytest.fixture(scope="session")
def propane(tmp_path_factory):
    """18 molecules that OpenMM has minimized."""
    folder = tmp_path_factory.mktemp("propane")
    return OpenMMEngine("CPU").run(liquid("CCC", 18, 0.45), Stage("minimize", "minimize"), folder).cell


@pytest.fixture
def flexible():
    """A stage with flexible bonds and without Coulomb interaction, to be given a duration."""
    stage = Stage("flexible", "nvt", constrain_hydrogens=False, nonbonded="short", sample_interval=0.1)
    return lambda **changes: replace(stage, **changes)
