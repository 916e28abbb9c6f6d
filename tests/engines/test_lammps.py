"""LAMMPS: what it alone has, besides the contract of all engines."""

import stat

import pytest

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.lammps import LammpsEngine
from polyloop.engines.dynamics.lammps.log import is_unstable
from polyloop.engines.dynamics.stages import Stage
from tests.engines.liquids import liquid

MINIMIZE = Stage("minimize", "minimize")


@pytest.mark.parametrize(
    ("words", "unstable"),
    [
        ("ERROR: Lost atoms: original 96 current 95", True),
        ("ERROR on proc 0: Out of range atoms - cannot compute PPPM", True),
        ("ERROR on proc 0: Bond atoms 154 155 missing on proc 0 at step 2", True),
        ("ERROR: Non-numeric box dimensions - simulation unstable", True),
        ("ERROR on proc 0: Shake determinant = 0.0", True),
        ("ERROR: Fix halt condition for fix-id hot met on step 20 with value 1", True),
        ("the potential energy is nan at step 20", True),
        ("ERROR: Unknown command: foo", False),
        ("ERROR: Cannot open file cell.data: No such file or directory", False),
        ("ERROR: No space left on device", False),
    ],
)
def test_a_blow_up_is_told_from_a_fault_by_what_lammps_says(words, unstable):
    assert is_unstable(words) == unstable


def test_other_faults_end_with_what_lammps_said(tmp_path, cold_ethane):
    program = tmp_path / "lmp"
    program.write_text("#!/bin/sh\necho 'ERROR: license of the cluster has expired'\nexit 1\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    engine = LammpsEngine(program=program)
    for call in (
        lambda: engine.run(cold_ethane, MINIMIZE, tmp_path / "r"),
        lambda: engine.energies(cold_ethane, MINIMIZE),
    ):
        with pytest.raises(EvaluationError, match="LAMMPS: ERROR: license of the cluster has expired") as caught:
            call()
        assert caught.value.failure.code is FailureCode.EVALUATOR


def test_four_rigid_hydrogens_on_one_atom_are_refused(tmp_path):
    with pytest.raises(EvaluationError, match=r"at most three.*atom 0 has 4.*OpenMM") as caught:
        LammpsEngine().run(liquid("C", 8, 0.1), Stage("methane", "nvt", duration=1.0), tmp_path)
    assert caught.value.failure.code is FailureCode.UNSUPPORTED


def test_another_accuracy_is_another_run(tmp_path, cold_ethane):
    LammpsEngine().run(cold_ethane, MINIMIZE, tmp_path)
    with pytest.raises(EvaluationError, match="another cell, stage, seed or engine") as caught:
        LammpsEngine(kspace_accuracy=1e-5).run(cold_ethane, MINIMIZE, tmp_path)
    assert caught.value.failure.code is FailureCode.CHECKPOINT
