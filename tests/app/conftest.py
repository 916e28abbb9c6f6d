"""Shared by the tests of the command line: run it in this process, and files to run it on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from polyloop.app.cli.main import main


@dataclass(frozen=True)
class Ran:
    """What a command did."""

    code: int
    out: str
    err: str


@pytest.fixture
def polyloop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Run `polyloop ARGUMENTS` in a fresh folder, with a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("POLYLOOP_STORE", str(tmp_path / "default-store.sqlite"))

    def command(*arguments: str) -> Ran:
        code = main(arguments)
        captured = capsys.readouterr()
        return Ran(code, captured.out, captured.err)

    return command
