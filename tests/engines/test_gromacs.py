"""GROMACS: what it alone has, besides the contract of all engines."""

import os
from dataclasses import replace

import pytest

from polyloop.core import EvaluationError, FailureCode, MissingDependencyError
from polyloop.engines.dynamics.gromacs import GromacsEngine
from polyloop.engines.dynamics.gromacs.output import LogReader, read_energies
from polyloop.engines.dynamics.gromacs.parameters import Steps
from polyloop.engines.dynamics.gromacs.program import Program
from polyloop.engines.dynamics.gromacs.run import is_foreign
from polyloop.engines.dynamics.stages import Stage
from tests.engines.liquids import ideal_gas


def program_of(folder, script):
    """A `gmx` that is a shell script."""
    path = folder / "gmx"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return Program(path)


def test_a_ctrl_c_does_not_reach_the_tools_that_prepare_and_read(tmp_path):
    """A terminal sends it to a whole group of processes; a tool that it ended would look like one that failed."""
    code, said = program_of(tmp_path, "ps -o pgid= -p $$").call(["grompp"], tmp_path)
    assert code == 0
    assert int(said) != os.getpgrp()


@pytest.mark.parametrize("content", ["", "0.0 1.0 -12\n0.1 1.0\n", "0.0 1.0\n", "0.0 1.0 -1e\n"])
def test_energies_that_were_cut_short_are_told(tmp_path, content):
    (tmp_path / "cut").write_text(content)
    program = program_of(tmp_path, "echo '  1  Bond             2  Angle'; cp cut run-1.xvg")
    with pytest.raises(EvaluationError, match="left its energies unfinished") as caught:
        read_energies(program, tmp_path, "run-1")
    assert caught.value.failure.code is FailureCode.EVALUATOR


@pytest.mark.parametrize(
    ("words", "foreign"),
    [
        ("Checksum wrong for 'run-1.trr'. The file has been replaced or its contents modified.", True),
        ("Can not append: run-1.edr", True),
        ("Cannot read/write checkpoint; corrupt file, or maybe you are out of disk space?", False),
        ("Cannot rename checkpoint file; maybe you are out of disk space?", False),
        ("Too many LINCS warnings (1001)", False),
    ],
)
def test_a_run_that_has_no_room_is_not_taken_for_one_whose_files_are_damaged(words, foreign):
    """The latter is set aside and begun anew; checkpoints are known to be whole before it reads them."""
    assert is_foreign(words) == foreign


def row(step):
    """A row of the log, as GROMACS writes it."""
    return (
        f"           Step           Time\n{step:>15}{step / 500:>15.5f}\n\n   Energies (kJ/mol)\n"
        "      Potential    Temperature\n   -1.23000e+02    3.01000e+02\n\n"
    )


def test_rows_are_read_once_and_whole(tmp_path):
    log = tmp_path / "run-1.log"
    reader = LogReader(log)
    assert reader.read() == []
    log.write_text(row(0) + row(500)[:-20])
    assert reader.read() == [{"step": 0.0, "time": 0.0, "Potential": -123.0, "Temperature": 301.0}]
    log.write_text(row(0) + row(500))
    assert [found["step"] for found in reader.read()] == [500.0]
    assert reader.read() == []


def test_rows_are_seen_where_a_run_that_goes_on_cuts_its_log_back(tmp_path):
    log = tmp_path / "run-1.log"
    log.write_text("".join(row(step) for step in range(0, 1000, 10)))
    reader = LogReader(log)
    assert reader.read() == []
    log.write_text(row(0) + row(10) + row(20))
    assert [found["step"] for found in reader.read()][-1] == 20.0
    with log.open("a") as stream:
        stream.write(row(30))
    assert [found["step"] for found in reader.read()] == [30.0]


def test_an_atom_a_hair_outside_the_box_is_no_trouble(tmp_path):
    engine = GromacsEngine()
    try:
        engine.version()
    except MissingDependencyError as error:
        pytest.skip(str(error))
    gas = ideal_gas(20, 30.0)
    positions = gas.positions.copy()
    positions[0, 0] = -1e-17  # modulo 30.0 this is 30.0
    engine.run(replace(gas, positions=positions), Stage("minimize", "minimize"), tmp_path)


def test_the_log_of_a_large_cell_on_many_cores_grows_no_faster_than_that_of_one_core():
    """10,000 atoms; a core computes some 100 steps a second of them, and a row of the log takes 1.1 kB."""
    stage = Stage("long", "npt", duration=5000.0, timestep=2.0)
    one, many = (Steps.of(stage, 1, 10_000, threads) for threads in (1, 16))
    assert many.look == 16 * one.look
    assert many.look % many.couple == 0
    assert one.look / 100 < 0.3
