"""Many units in rounds: the same rows whatever the workers, and after a kill."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from polyloop.chem import Polymer
from polyloop.chem.library import homopolymers
from polyloop.core import InvalidInputError
from polyloop.design.language import NgramGenerator, write_units, written_units
from polyloop.design.language import writing as module


@pytest.fixture(scope="module")
def ngram() -> NgramGenerator:
    return NgramGenerator.train([row.smiles for row in homopolymers()][:60], lengths=False)


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


def test_rows_are_different_new_and_in_their_class(ngram, tmp_path: Path) -> None:
    found = write_units(ngram, tmp_path / "new.csv", 150, seed=3)
    rows = rows_of(tmp_path / "new.csv")
    assert len({row["smiles"] for row in rows}) == len(rows) == found.rows == 150
    assert not any(ngram.knows(row["smiles"]) for row in rows)
    assert all(Polymer(row["smiles"]).polymer_class == row["polymer_class"] for row in rows[:20])
    assert found.drawn >= found.rows + found.repeated + found.taught + found.invalid and found.taught > 0
    assert not (tmp_path / "new.csv.parts").exists()
    vinyls = [row for _, _, new in written_units(ngram, 5, polymer_class="polyvinyls") for row in new]
    assert {name for _, name in vinyls} == {"polyvinyls"}


@pytest.mark.slow
def test_the_number_of_processes_changes_no_row(ngram, tmp_path: Path) -> None:
    alone, together = tmp_path / "alone.csv", tmp_path / "together.csv"
    assert write_units(ngram, alone, 120) == write_units(ngram, together, 120, workers=2)
    assert alone.read_bytes() == together.read_bytes()


def test_a_run_that_was_killed_goes_on_to_the_same_bytes(ngram, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "_PART", 30)
    whole, broken = tmp_path / "whole.csv", tmp_path / "broken.csv"
    counted = write_units(ngram, whole, 200)

    def kill(done: int, total: int) -> None:
        if done > 90:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_units(ngram, broken, 200, progress=kill)
    assert list((tmp_path / "broken.csv.parts").glob("part-*.json")) and not broken.exists()
    with pytest.raises(InvalidInputError, match="parts of another run"):
        write_units(ngram, broken, 200, seed=1)
    assert write_units(ngram, broken, 200) == counted
    assert broken.read_bytes() == whole.read_bytes()


def test_a_model_that_has_said_all_says_so(monkeypatch) -> None:
    monkeypatch.setattr(module, "_MOST_IN_VAIN", 500)
    tiny = NgramGenerator.train(["*CC*", "*CO*"], lengths=False, temperature=0.05)
    with pytest.raises(InvalidInputError, match="nothing new"):
        list(written_units(tiny, 10_000))
