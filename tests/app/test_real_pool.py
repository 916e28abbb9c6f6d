"""The pool of a real laboratory runs with one command, which names what it leaves out and loses no column."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from benchmarks.real_pool import CAMPAIGN, HEADER, write_real_pool

from polyloop.chem import Polymer


@pytest.mark.slow
def test_a_real_pool_runs_with_one_command(polyloop: Callable[..., object], tmp_path: Path) -> None:
    made = write_real_pool(tmp_path / "pool.csv", 150)
    (tmp_path / "c.toml").write_text(CAMPAIGN)
    refused = polyloop("discover", "c.toml", "--quiet")
    assert refused.code == 1  # type: ignore[attr-defined]
    assert f"20 of {made.rows} rows cannot be used" in refused.err  # type: ignore[attr-defined]
    for line in made.bad_lines:
        assert f"line {line}, column Polymer SMILES" in refused.err  # type: ignore[attr-defined]

    ran = polyloop("discover", "c.toml", "--skip-bad", "--no-report")
    assert ran.code == 0, ran  # type: ignore[attr-defined]
    assert "20 left out of the pool, unreadable: line" in ran.err  # type: ignore[attr-defined]
    assert "12 of 120 candidates have no descriptors" in ran.err  # type: ignore[attr-defined]
    assert "These blocks can describe them: ecfp" in ran.err  # type: ignore[attr-defined]

    told = json.loads(polyloop("status", "runs/real", "--json").out)  # type: ignore[attr-defined]
    assert told["left_out_counts"] == {"unreadable": 20, "duplicate": 10, "no descriptors": 12}
    by_why: dict[str, list[dict[str, object]]] = {}
    for row in told["left_out"]:
        by_why.setdefault(row["why"], []).append(row)
    assert [row["line"] for row in by_why["unreadable"]] == list(made.bad_lines)
    assert [row["line"] for row in by_why["duplicate"]] == list(made.duplicate_lines)
    assert {row["smiles"] for row in by_why["no descriptors"]} == {Polymer(unit).canonical for unit in made.untyped}
    assert all(row["reason"] for row in told["left_out"])
    assert told["evaluations"] == 11

    assert polyloop("campaign", "export", "runs/real", "-o", "out.csv", "--wide").code == 0  # type: ignore[attr-defined]
    with (tmp_path / "pool.csv").open(encoding="utf-8-sig", newline="") as stream:
        given = {row["Polymer SMILES"]: row for row in csv.DictReader(stream, delimiter=";")}
    with (tmp_path / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == 11
    for row in rows:
        source = given[row["pool_as_given"]]
        for header in HEADER:
            if header != "Polymer SMILES":
                assert row[f"pool_{header}"] == source[header]
