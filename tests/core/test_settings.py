"""Settings have one home, and a mistyped one is refused."""

import os
import re
from pathlib import Path

import pytest

from polyloop.app.cli.main import main
from polyloop.core import ConfigurationError
from polyloop.core.settings import SETTINGS, check_settings, setting

ROOT = Path(__file__).parents[2]


def test_a_mistyped_setting_is_refused_with_the_nearest(monkeypatch, capsys):
    monkeypatch.setenv("POLYLOOP_SCRACH", "/somewhere")
    with pytest.raises(ConfigurationError, match="POLYLOOP_SCRATCH"):
        check_settings()
    assert main(["canonical", "*CC*"]) == 1
    assert "There is no setting POLYLOOP_SCRACH" in capsys.readouterr().err


def test_what_is_empty_is_not_set(monkeypatch):
    monkeypatch.setenv("POLYLOOP_STORE", "")
    assert setting("POLYLOOP_STORE") is None


def test_no_other_place_reads_the_environment_for_settings():
    """But those that hand the environment on to processes."""
    reads = re.compile(r"environ(\.get\(|\[)\"POLYLOOP_(?!CORES|WORKER)")
    for path in (ROOT / "src").rglob("*.py"):
        assert not reads.search(path.read_text()), path


def test_every_setting_that_the_library_names_is_in_the_table():
    named = {
        name for path in (ROOT / "src").rglob("*.py") for name in re.findall(r"POLYLOOP_[A-Z_]+[A-Z]", path.read_text())
    }
    ours = {"POLYLOOP_WORKER", "POLYLOOP_SCRATCH_OF_WORKER", "POLYLOOP_TEST", "POLYLOOP_BENCHMARK"}
    assert named - ours == set(SETTINGS)
    assert os.environ.get("POLYLOOP_NOTHING") is None
