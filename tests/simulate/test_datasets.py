"""Public tables are found where they are, and missed with an address."""

import pytest

from polyloop import datasets
from polyloop.core import InvalidInputError


def test_the_environment_names_the_folder(tmp_path, monkeypatch):
    (tmp_path / "smipoly").mkdir()
    (tmp_path / "smipoly" / "a.csv").write_text("x\n")
    monkeypatch.setenv("POLYLOOP_DATA", str(tmp_path))
    assert datasets.path("smipoly", "a.csv").read_text() == "x\n"


def test_a_missing_file_is_named_beside_those_that_are_there(tmp_path, monkeypatch):
    (tmp_path / "smipoly").mkdir()
    (tmp_path / "smipoly" / "a.csv").write_text("x\n")
    monkeypatch.setenv("POLYLOOP_DATA", str(tmp_path))
    with pytest.raises(InvalidInputError, match=r"no file 'b.csv'. It holds: a.csv"):
        datasets.path("smipoly", "b.csv")


def test_a_missing_table_comes_with_its_address(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYLOOP_DATA", str(tmp_path))
    with pytest.raises(InvalidInputError, match=r"Get it from https://github\.com/"):
        datasets.folder("optical_calibration")


def test_an_unknown_table_is_refused_with_the_nearest():
    with pytest.raises(InvalidInputError, match="Did you mean 'optical_calibration'"):
        datasets.folder("optical_calibraton")
