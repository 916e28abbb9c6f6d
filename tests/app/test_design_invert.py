"""`polyloop design invert` as scripts use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from polyloop.app.cli.main import app

MONOMERS = "smiles,price\nC=CC,1\nC=C,1\nC=CF,9\nC=Cc1ccccc1,2\nC=C(C)C,1\nC=CCC,2\nC=CC#N,2\nC=COC(C)=O,2\n"


@pytest.fixture
def monomers(tmp_path: Path) -> Path:
    file = tmp_path / "monomers.csv"
    file.write_text(MONOMERS)
    return file


def invert(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["design", "invert", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_it_returns_polymers_with_score_prediction_and_route_and_goes_on_in_its_folder(
    monomers: Path, tmp_path: Path
) -> None:
    command = [
        "--target", "refractive_index=1.55:1.65", "--target", "density=1.0:1.2", "-n", "3", "--calls", "6",
        "--seed", "0", "--monomers", str(monomers), "--directory", str(tmp_path / "design"),
        "--method", "random", "--json",
    ]  # fmt: skip
    code, out, err = invert(*command)
    assert code == 0, err
    found = json.loads(out)
    assert len(found) == 3
    for one in found:
        assert set(one) >= {"smiles", "score", "predicted", "monomers", "rule", "price"}
        assert one["monomers"]
        assert one["predicted"]["density"]["std"] > 0
    assert invert(*command)[1] == out
    code, _, err = invert(*[*command[:-1], "--makeability", "0"])
    assert code != 0
    assert "another design" in err


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("refractive_index=1.7:1.6", "empty"),
        ("refractive_index", "no target"),
        ("heat_capacity_cp=1000:2000", "Nobody predicts"),
        ("density=50:60", "No plausible"),
        ("densty=1:2", "density"),
    ],
)
def test_a_target_that_cannot_be_met_is_refused_in_words(target: str, words: str) -> None:
    code, out, err = invert("--target", target, "--calls", "5", "--json")
    assert code != 0
    assert out == ""
    assert words in err


def test_a_method_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    code, _, err = invert("--target", "density=1:1.2", "--method", "postrior", "--directory", str(tmp_path / "d"))
    assert code != 0
    assert "posterior" in err
    assert not (tmp_path / "d").exists()


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    code, _, err = invert("--target", "density=1:1.2", "--model", str(tmp_path))
    assert code != 0
    assert str(tmp_path) in err
