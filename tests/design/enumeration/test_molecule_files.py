"""A file of molecules is the same after its run was killed."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.design.enumeration import MoleculeRules, count_molecules, write_molecules, writing

RULES = MoleculeRules(elements=("C", "N", "O"), heavy_atoms=(1, 6))


class Killed(BaseException):
    """Stands for the end of the process at any place."""


def test_a_run_that_was_stopped_goes_on_to_the_same_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = write_molecules(RULES, tmp_path / "whole.smi", skeletons="built-in")
    monkeypatch.setattr(writing, "_BETWEEN", 50_000)
    seen: list[int] = []

    def stop(n: int) -> None:
        seen.append(n)
        raise Killed

    for _ in range(2):
        with pytest.raises(Killed):
            write_molecules(RULES, tmp_path / "parts.smi", skeletons="built-in", progress=stop)
    parts = write_molecules(RULES, tmp_path / "parts.smi")
    assert 0 < seen[0] < seen[1] < whole.n == parts.n == count_molecules(RULES)
    assert parts.resumed and not whole.resumed
    assert parts.sha256 == whole.sha256 == hashlib.sha256((tmp_path / "parts.smi").read_bytes()).hexdigest()
    assert not (tmp_path / "parts.smi.progress").exists()


@pytest.mark.slow
def test_a_process_that_was_killed_leaves_what_another_goes_on_with(tmp_path: Path) -> None:
    file = tmp_path / "molecules.smi"
    words = ["design", "enumerate", "--elements", "C,N,O,S", "--heavy-atoms", "1:7", "-o", str(file)]
    process = subprocess.Popen([sys.executable, "-m", "polyloop.app.cli", *words], stderr=subprocess.DEVNULL)
    note = tmp_path / "molecules.smi.progress"
    while process.poll() is None and not (note.exists() and '"done": 0' not in note.read_text()):
        time.sleep(0.01)
    process.kill()
    process.wait()
    assert note.exists(), "it was done before it could be killed"
    assert main(words) == 0
    rules = MoleculeRules(elements=("C", "N", "O", "S"), heavy_atoms=(1, 7))
    assert write_molecules(rules, tmp_path / "whole.smi").sha256 == hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_file_of_other_rules_is_not_gone_on_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writing, "_BETWEEN", 10_000)

    def stop(n: int) -> None:
        raise Killed

    path = tmp_path / "molecules.smi"
    with pytest.raises(Killed):
        write_molecules(RULES, path, progress=stop)
    with pytest.raises(InvalidInputError, match="other rules"):
        write_molecules(MoleculeRules(heavy_atoms=(1, 6)), path)
    (tmp_path / "molecules.smi.progress").write_text("{}")
    with pytest.raises(InvalidInputError, match="says nothing"):
        write_molecules(RULES, path)


def test_a_finished_file_is_not_written_over(tmp_path: Path) -> None:
    path = tmp_path / "molecules.smi"
    path.write_text("C\n")
    with pytest.raises(InvalidInputError, match="there already"):
        write_molecules(RULES, path)
    assert path.read_text() == "C\n"


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    words = "design enumerate --elements C --heavy-atoms 13 --saturated --acyclic --count"
    assert main(words.split()) == 0
    assert capsys.readouterr().out.splitlines()[-1] == "802"


def test_the_command_writes_smiles(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["design", "enumerate", "--formula", "C2H6O"]) == 0
    assert sorted(capsys.readouterr().out.split()) == ["C(O)C", "O(C)C"]


@pytest.mark.parametrize("words", ["--heavy-atoms 2 --formula CH4", "", "--heavy-atoms x", "--formula C2H5"])
def test_the_command_refuses_what_it_cannot_use(words: str) -> None:
    assert main(["design", "enumerate", *words.split()]) == 1
