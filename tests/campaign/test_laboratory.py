"""Ask and tell through the command line, as a person in a laboratory would."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from polyloop.app.cli.main import main
from polyloop.campaign import Campaign
from polyloop.core import InvalidInputError

FILE = """
[campaign]
name = "lab"
seed = 3
batch = 3

[[objectives]]
property = "toughness"
direction = "maximize"
level = "experiment"

[properties.toughness]
unit = "MJ/m3"
low = 0
high = 500

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[initial]
size = 3
"""


@pytest.fixture
def bench(tmp_path: Path, units: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a campaign file and a pool that has a column of its own."""
    lines = [f"{unit},shelf {row}" for row, unit in enumerate(units)]
    (tmp_path / "pool.csv").write_text("\n".join(["smiles,place", *lines]) + "\n")
    (tmp_path / "lab.toml").write_text(FILE)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def write(name: str, *rows: dict[str, object]) -> None:
    header = list(dict.fromkeys(key for row in rows for key in row))
    with Path(name).open("w", newline="") as stream:
        writer = csv.DictWriter(stream, header, restval="")
        writer.writeheader()
        writer.writerows(rows)


def run(*arguments: str) -> None:
    assert main(["campaign", *arguments]) == 0


def test_three_rounds_with_late_corrected_repeated_failed_and_unasked_values(
    bench: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("suggest", "lab.toml", "--directory", "run", "-n", "3", "-o", "a.csv")
    first = read("a.csv")
    assert len(first) == 3
    assert {"smiles", "place", "toughness_predicted [MJ/m3]", "toughness [MJ/m3]", "status", "note"} <= set(first[0])
    assert all(row["place"].startswith("shelf") and not row["toughness_predicted [MJ/m3]"] for row in first)

    # In part: one measured, one that could not be made; the third comes late.
    write(
        "t1.csv",
        {"smiles": first[0]["smiles"], "toughness": 12.0, "toughness_std": 0.4},
        {"smiles": first[1]["smiles"], "status": "could not be made", "note": "it gelled"},
    )
    run("tell", "run", "t1.csv")
    run("suggest", "run", "-n", "2", "-o", "b.csv")
    second = read("b.csv")
    asked = {row["smiles"] for row in first}
    assert len(second) == 2
    assert not asked & {row["smiles"] for row in second}, "what is awaited is not asked again"
    run("pending", "run", "-o", "p.csv")
    assert {row["smiles"] for row in read("p.csv")} == {first[2]["smiles"], *(row["smiles"] for row in second)}

    # Late, corrected, and of a candidate that was never suggested nor in the pool.
    write(
        "t2.csv",
        {"smiles": first[2]["smiles"], "toughness": 20.0},
        {"smiles": first[0]["smiles"], "toughness": 10.0, "toughness_std": 0.4},
        {"smiles": "*CC(*)(F)C#N", "toughness": 33.0, "note": "from an old notebook"},
        *({"smiles": row["smiles"], "toughness": 15.0 + place} for place, row in enumerate(second)),
    )
    capsys.readouterr()
    run("tell", "run", "t2.csv", "--reason", "the cell was calibrated")
    said = capsys.readouterr().out
    assert "4 new, 1 corrected" in said
    assert "toughness was 12 ± 0.4 MJ/m3, is 10 ± 0.4 MJ/m3" in said
    assert "1 were not suggested" in said

    # Repeats, and a third round that learns from all of it.
    write(
        "t3.csv", {"smiles": first[2]["smiles"], "toughness": 22.0}, {"smiles": first[2]["smiles"], "toughness": 24.0}
    )
    run("tell", "run", "t3.csv", "--repeats")
    run("suggest", "run", "-n", "2", "-o", "c.csv")
    third = read("c.csv")
    assert all(float(row["toughness_predicted_std [MJ/m3]"]) > 0 for row in third)
    assert "*CC(*)(F)C#N" not in {row["smiles"] for row in third}

    campaign = Campaign.from_directory("run")
    candidates = {one.text: one for one in campaign.state().candidates}
    repeated = candidates[first[2]["smiles"]].records["toughness"]
    assert (repeated.value, repeated.n) == (22.0, 3)  # the mean of 20, 22 and 24
    assert candidates[first[1]["smiles"]].failure is not None
    assert candidates["*CC(F)(C#N)*"].cycle < 0
    with campaign.open_store() as store:
        (old,) = store.history(candidates[first[0]["smiles"]].records["toughness"].key)
    assert (old.record.value, old.record.std, old.reason) == (12.0, 0.4, "the cell was calibrated")
    status = campaign.status()
    assert (status.evaluations, status.waiting, status.failures_by_reason) == (6, 2, {"not_made": 1})
    assert campaign.report().is_file()


def test_what_is_told_twice_changes_nothing(bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run("suggest", "lab.toml", "-d", "run", "-n", "2", "-o", "a.csv")
    write("t.csv", *({"smiles": row["smiles"], "toughness": 5.0} for row in read("a.csv")))
    run("tell", "run", "t.csv")
    capsys.readouterr()
    run("tell", "run", "t.csv", "--json")
    assert json.loads(capsys.readouterr().out) == {
        "new": 0, "corrected": 0, "known": 2, "unasked": [], "corrections": [],
    }  # fmt: skip


def test_a_filled_in_table_of_suggestions_is_taken_as_it_is(bench: Path) -> None:
    run("suggest", "lab.toml", "-d", "run", "-n", "3", "-o", "a.csv")
    rows = read("a.csv")
    rows[0]["toughness [MJ/m3]"] = "7.5"
    write("a.csv", *rows)
    run("tell", "run", "a.csv")
    assert [one.value("toughness") for one in Campaign.from_directory("run").state().candidates] == [7.5, None, None]


def test_a_pool_that_has_a_column_of_the_property_leaves_the_result_to_be_filled_in(
    bench: Path, units: tuple[str, ...]
) -> None:
    lines = [f"{unit},{90 + row}" for row, unit in enumerate(units)]
    (bench / "pool.csv").write_text("\n".join(["smiles,toughness [MJ/m3]", *lines]) + "\n")
    run("suggest", "lab.toml", "-d", "run", "-n", "2", "-o", "a.csv")
    rows = read("a.csv")
    assert [row["toughness [MJ/m3]"] for row in rows] == ["", ""]
    rows[0]["toughness [MJ/m3]"] = "7.5"
    write("a.csv", *rows)
    run("tell", "run", "a.csv")
    assert [one.value("toughness") for one in Campaign.from_directory("run").state().candidates] == [7.5, None]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "said"),
    [
        ({"smiles": "*CC*", "toughnes": 3.0}, "toughnes"),
        ({"smiles": "CC", "toughness": 3.0}, "line 3"),
        ({"smiles": "*CC*", "toughness": "hard"}, "hard"),
        ({"smiles": "*CC*", "toughness": 3.0, "toughness_std": -1}, "negative"),
        ({"smiles": "*CC*", "status": "lost in the post"}, "lost in the post"),
    ],
)
def test_nothing_of_a_table_is_kept_where_something_is_wrong(
    bench: Path, capsys: pytest.CaptureFixture[str], row: dict[str, object], said: str
) -> None:
    run("suggest", "lab.toml", "-d", "run", "-n", "2", "-o", "a.csv")
    write("t.csv", {"smiles": read("a.csv")[0]["smiles"], "toughness": 9.0}, row)
    capsys.readouterr()
    assert main(["campaign", "tell", "run", "t.csv"]) == 1
    error = capsys.readouterr().err
    assert said in error and "Traceback" not in error
    assert all(one.value("toughness") is None for one in Campaign.from_directory("run").state().candidates)


def test_a_campaign_in_the_laboratory_is_not_run_by_a_computer(bench: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["discover", "lab.toml", "-d", "run", "-q"]) == 0
    said = capsys.readouterr().out
    assert "awaited" in said
    assert "State: waiting." in (bench / "run" / "report" / "index.html").read_text()
    assert len(Campaign.from_directory("run").pending()) == 3


def test_values_come_from_frames_and_dictionaries_too(bench: Path) -> None:
    import pandas as pd

    campaign = Campaign.from_file("lab.toml", "run")
    first, second = campaign.suggest(2)
    assert campaign.tell(pd.DataFrame({"smiles": [first.subject.text], "toughness": [1.5]})).new == 1
    assert campaign.tell([{"smiles": second.subject.text, "toughness": 2.5}]).new == 1
    with pytest.raises(InvalidInputError, match="no table"):
        campaign.tell(3)


@pytest.mark.slow
def test_suggestions_depend_on_the_seed_and_on_what_is_known_alone(
    bench: Path, units: tuple[str, ...], value_of: Callable[[str], float]
) -> None:
    picked = []
    for name in ("one", "two"):
        campaign = Campaign.from_file("lab.toml", name)
        texts: list[str] = []
        for _ in range(3):
            batch = [one.subject.text for one in campaign.suggest(3)]
            campaign.tell([{"smiles": text, "toughness": value_of(text)} for text in batch])
            texts += batch
        picked.append(texts)
    assert picked[0] == picked[1]
    assert len(set(picked[0])) == 9


@pytest.fixture
def value_of() -> Callable[[str], float]:
    return lambda text: 10.0 + len(text) % 7
