"""No acquisition calls a compiler: fakes first on the path would leave a mark, and none may even be looked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from polyloop.design import ACQUISITIONS

_TOOLS = ("c++", "g++", "gcc", "cc", "clang", "clang++", "ninja", "cmake", "make", "ld", "nvcc")
_PROGRAM = """
import sys, warnings
warnings.simplefilter("error")
warnings.filterwarnings("ignore", "`torch.jit.script` is deprecated", DeprecationWarning)
import numpy as np
from polyloop.core.descriptors import BlockValues
from polyloop.design import Objective, default_reference_point, propose
from polyloop.learn import make_surrogate
from polyloop.learn.surrogate import take

rng = np.random.default_rng(0)
z = rng.normal(size=(40, 3))
X = {"physical": BlockValues(z, "physical")}
Y = np.column_stack([1.5 + 0.1 * np.sin(z[:, 0]), 40 + z[:, 1], 1 + 0.1 * z[:, 2]])
for acquisition, m in [(name, m) for name in sys.argv[1:] for m in ((1,) if name == "ei" else (1, 2, 3))]:
    objectives = [Objective(name) for name in ("refractive_index", "abbe_number", "density")[:m]]
    seen = take(X, slice(0, 12))
    models = [make_surrogate().fit(seen, Y[:12, j]) for j in range(m)]
    picks = propose(
        models, X, Y[:12, :m], objectives, batch=2, acquisition=acquisition, X_observed=seen,
        reference_point=default_reference_point(Y[:12, :m], objectives), rng=np.random.default_rng(1),
    ).indices
    print(acquisition, m, picks.tolist())
"""


def run(acquisitions, path, extensions):
    environment = {**os.environ, "PATH": str(path), "TORCH_EXTENSIONS_DIR": str(extensions)}
    for name in ("CXX", "CC"):
        environment.pop(name, None)
    command = [sys.executable, "-c", _PROGRAM, *acquisitions]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250)


@pytest.mark.slow
def test_no_acquisition_calls_a_compiler_or_builds_anything(tmp_path):
    tools, mark, extensions = tmp_path / "bin", tmp_path / "called", tmp_path / "extensions"
    tools.mkdir()
    extensions.mkdir()
    for name in _TOOLS:
        (tools / name).write_text(f'#!/bin/sh\necho "$0 $*" >> {mark}\nexit 1\n')
        (tools / name).chmod(0o755)
    done = run(ACQUISITIONS, f"{tools}{os.pathsep}{os.environ['PATH']}", extensions)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) == 3 * len(ACQUISITIONS) - 2
    assert not mark.exists(), mark.read_text()
    assert not list(extensions.iterdir())


@pytest.mark.slow
def test_the_acquisition_that_could_compile_picks_alike_without_any_compiler(tmp_path):
    nothing = tmp_path / "empty"
    nothing.mkdir()
    without = run(["qlognehvi"], nothing, tmp_path / "one")
    assert without.returncode == 0, without.stderr
    assert without.stdout == run(["qlognehvi"], os.environ["PATH"], tmp_path / "two").stdout
    assert len(without.stdout.splitlines()) == 3


def test_botorchs_own_state_is_left_as_it_was():
    from botorch.acquisition.multi_objective import logei

    from polyloop.design.acquisition.noisy import nothing_compiled

    names = [name for name in ("_C", "_load_attempted") if hasattr(logei, name)]
    before = {name: getattr(logei, name) for name in names}
    with nothing_compiled():
        assert {name: getattr(logei, name) for name in names} == {"_C": None, "_load_attempted": True}
    assert {name: getattr(logei, name) for name in names} == before


def test_nothing_else_in_the_package_asks_for_compiled_code():
    source = Path(__file__).parents[2] / "src" / "polyloop"
    words = ("torch.compile", "cpp_extension", "load_inline", "numba", "distutils", "cffi.FFI", "weave.")
    found = [(path, word) for path in source.rglob("*.py") for word in words if word in path.read_text()]
    assert not found
