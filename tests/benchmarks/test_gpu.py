"""The benchmark of GPUs runs on the CPU at tiny sizes, so that it works on the day a GPU is at hand."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(tmp_path, *arguments):
    output = tmp_path / "gpu.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--smoke", "--directory", str(tmp_path / "work")]
    done = subprocess.run(
        [*command, "--output", str(output), *arguments],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=280,
    )  # fmt: skip
    return done, output


@pytest.mark.slow
def test_every_step_is_done_and_written(tmp_path):
    done, output = run(tmp_path, "--platform", "CPU", "--seconds", "0.2")
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(output.read_text())
    assert found["complete"]
    assert len(found["steps_done"]) == 12
    assert found["agreement with the CPU"]["within_tolerance"]
    assert found["density"]["finished"] and 0.3 < found["density"]["density_g_cm3"] < 1.5
    speeds = [found[name]["ns_per_day"] for name in found["steps_done"] if name.endswith(" fs")]
    assert len(speeds) == 6 and min(speeds) > 0
    assert len(found["2 sharing"]["ns_per_day_each"]) == 2


def test_time_that_is_up_leaves_steps_out_and_says_so(tmp_path):
    done, output = run(tmp_path, "--platform", "CPU", "--minutes", "0.01")
    assert done.returncode == 0, done.stderr[-2000:]
    found = json.loads(output.read_text())
    assert found["steps_done"] == []
    assert "were left" in found["density"]["skipped"]


@pytest.mark.slow
def test_a_machine_without_the_platform_is_told_what_to_install(tmp_path):
    openmm = pytest.importorskip("openmm")
    present = {openmm.Platform.getPlatform(place).getName() for place in range(openmm.Platform.getNumPlatforms())}
    if "HIP" in present:
        pytest.skip("this machine has the platform")
    done, output = run(tmp_path, "--platform", "HIP")
    assert done.returncode == 1
    assert "polyloop[cuda]" in done.stderr and "Traceback" not in done.stderr
    assert not output.exists()
