"""Studies of one pass keep what replays them, and refuse to replay on other data."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.learn.studies import ONE_PASS, AllocationConfig, CurveConfig
from polyloop.tables.training import read_training

KNOWN = Path(__file__).parents[2] / "examples" / "known_polymers.csv"
FILES = ["figure.png", "study.json", "study.toml", "table.csv"]


def curves(folder: Path) -> list[str]:
    texts = ["C" * n for n in range(1, 13)] + ["O" + "C" * n for n in range(1, 13)]
    table = folder / "curves.csv"
    table.write_text(
        "smiles,A1,A2,A3\n" + "\n".join(f"{text},{len(text)},{text.count('O')},{0.5 * len(text)}" for text in texts)
    )
    return ["curve", "--csv", str(table), "--prefix", "A", "--kind", "molecule", "--smiles-column", "smiles"]


def runs(folder: Path) -> list[str]:
    known, rng = read_training(KNOWN, "refractive_index"), np.random.default_rng(0)
    rows = list(zip(known.texts, known.values, strict=True))[:30]
    lines = [f"{text},{value + 0.02 * rng.standard_normal():.4f}" for text, value in rows for _ in range(2)]
    table = folder / "runs.csv"
    table.write_text("smiles,refractive_index\n" + "\n".join(lines) + "\n")
    return ["allocation", "--csv", str(table), "--target", "refractive_index", "--budget", "90", "--block", "backbone"]


def labels(folder: Path) -> list[str]:
    table, library = folder / "labels.csv", str(folder / "sources")
    table.write_text("\n".join(KNOWN.read_text().splitlines()[:25]) + "\n")
    sources = ["--csv", str(KNOWN), "--source", "refractive_index", "--block", "backbone", "-o", library]
    assert main(["model", "study", "sources", *sources]) == 0
    target = ["--target", "glass_transition_temperature", "--sources", library, "--folds", "2"]
    return ["transfer", "--csv", str(table), *target]


@pytest.mark.parametrize("study", [curves, runs, labels])
def test_a_study_leaves_a_folder_that_replays_it_and_other_data_are_refused(
    study, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command, first, again = study(tmp_path), tmp_path / "first", tmp_path / "deep" / "again"
    assert main(["model", "study", *command, "-o", str(first)]) == 0
    assert sorted(path.name for path in first.iterdir()) == FILES
    assert (first / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert main(["model", "study", "replay", str(first / "study.toml"), "-o", str(again)]) == 0
    for name in ("study.json", "table.csv"):
        assert (again / name).read_bytes() == (first / name).read_bytes()
    table = Path(command[2])
    table.write_text("\n".join(table.read_text().splitlines()[:-2]) + "\n")
    capsys.readouterr()
    assert main(["model", "study", "replay", str(first / "study.toml"), "-o", str(again)]) == 1
    assert "are not those that the study was done on" in capsys.readouterr().err


def test_a_folder_of_another_study_is_not_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    command, folder = curves(tmp_path), str(tmp_path / "kept")
    assert main(["model", "study", *command, "-o", folder]) == 0
    assert main(["model", "study", *command, "-o", folder]) == 0
    assert main(["model", "study", *command, "--folds", "3", "-o", folder]) == 1
    assert "holds another study" in capsys.readouterr().err


def test_each_study_is_found_by_the_word_in_its_file() -> None:
    assert all(config.model_fields["study"].default == word for word, config in ONE_PASS.items())


@pytest.mark.parametrize(
    ("config", "values", "where"),
    [
        (AllocationConfig, {"table": "t.csv", "target": "density", "budget": 0.0}, "budget"),
        (CurveConfig, {"table": "t.csv", "prefix": "A", "folds": 1}, "folds"),
        (CurveConfig, {"table": "t.csv", "prefix": "A", "bands": 3}, "bands"),
    ],
)
def test_what_does_not_fit_is_named(config, values, where) -> None:
    with pytest.raises(ValueError, match=where):
        config.of(**values)
