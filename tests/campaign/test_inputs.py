"""A campaign names what it leaves out, notices when its pool or tables change in what matters, and loses no column."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from polyloop.campaign import Campaign, Progress, export_records
from polyloop.chem import Polymer
from polyloop.core import ConfigurationError, InvalidInputError, Status

Write = Callable[..., Path]
TIN = ("*CC(*)[Sn](C)(C)C", "*[Sn](C)(C)CC*", "*CC(*)[Sn](CC)(CC)CC")


def picked(place: Path) -> list[str]:
    return [each.text for each in Campaign.from_directory(place / "run").state().candidates]


def run(file: Path, place: Path, **options: object) -> object:
    return Campaign.from_file(file, place / "run", **options).run(report=False)  # type: ignore[arg-type]


# A table that changes


def change_cell(table: Path, polymer: str, column: int, text: str) -> None:
    lines = [line.split(",") for line in table.read_text().splitlines()]
    for cells in lines[1:]:
        if Polymer(cells[0]).canonical == polymer:
            cells[column] = text
    table.write_text("".join(",".join(cells) + "\n" for cells in lines))


def test_another_value_of_a_picked_polymer_is_refused_and_named(campaign_file: Write, place: Path) -> None:
    file = campaign_file(cycles=1)
    run(file, place)
    polymer = next(
        each.text for each in Campaign.from_directory(place / "run").state().candidates if each.status is Status.DONE
    )
    change_cell(place / "table.csv", polymer, 2, "12.5")
    with pytest.raises(
        ConfigurationError, match=r"1 candidate that.*abbe_number was [0-9.]+ ± 0.5, is 12.5 ± 0.5"
    ) as caught:
        run(file, place)
    assert polymer in str(caught.value)
    assert "--directory" in caught.value.hint


def test_edits_of_a_table_that_no_pick_depends_on_are_accepted(campaign_file: Write, place: Path) -> None:
    run(campaign_file(cycles=1), place)
    before, table = picked(place), place / "table.csv"
    other = next(unit for unit in (Polymer(line).canonical for line in units_of(place)) if unit not in before)
    change_cell(table, other, 1, "1.6")
    lines = table.read_text().splitlines()
    edited = [f"{line},{'comment' if row == 0 else 'seen'}" for row, line in enumerate(lines)]
    table.write_bytes("\r\n".join(["\ufeff" + edited[0], *reversed(edited[1:])]).encode())
    outcome = run(campaign_file(cycles=2), place)
    assert outcome.evaluations == len(before) + 4  # type: ignore[attr-defined]
    assert picked(place)[: len(before)] == before


def units_of(place: Path) -> list[str]:
    return (place / "pool.csv").read_text().split()[1:]


@pytest.mark.slow
def test_two_tables_that_share_a_store_keep_their_own_values_and_campaigns(
    campaign_file: Write, place: Path, units: tuple[str, ...]
) -> None:
    file = campaign_file(f"[store]\nurl = 'sqlite:///{place}/shared.sqlite'\n", cycles=1)
    Campaign.from_file(file, place / "a").run(report=False)
    table = place / "table.csv"
    table.write_text(table.read_text().replace("1.5", "1.6"))
    Campaign.from_file(file, place / "b").run(report=False)
    first, second = (Campaign.from_directory(place / name) for name in "ab")
    assert first.name != second.name
    values = [{each.text: each.value("refractive_index") for each in c.state().candidates} for c in (first, second)]
    shared = values[0].keys() & values[1].keys()
    assert any(values[0][unit] != values[1][unit] for unit in shared)


# A pool that changes


def test_a_changed_pool_is_refused_naming_what_was_added_and_removed(campaign_file: Write, place: Path) -> None:
    file, pool = campaign_file(cycles=1), place / "pool.csv"
    run(file, place)
    lines = pool.read_text().split()
    pool.write_text("\n".join([*lines[:-1], "*CC(*)CCCCCCCC"]) + "\n")
    with pytest.raises(ConfigurationError, match=r"1 added: .*CCCCCCCC.*line 41.*1 removed: ") as caught:
        run(file, place)
    assert Polymer(lines[-1]).canonical in str(caught.value)
    assert str(pool) in str(caught.value)
    pool.write_text("\n".join(lines) + "\n")
    assert run(file, place).state == "finished"  # type: ignore[attr-defined]


def test_another_order_spelling_or_column_of_a_pool_is_accepted_and_kept(campaign_file: Write, place: Path) -> None:
    run(campaign_file(cycles=1), place)
    before = picked(place)
    spelled = [unit.replace("*", "[*]") for unit in reversed(units_of(place))]
    text = "smiles\tprice\n" + "".join(f"{unit}\t{row}\n" for row, unit in enumerate(spelled))
    (place / "pool.csv").write_text(text)
    run(campaign_file(cycles=2), place)
    assert picked(place)[: len(before)] == before
    source = Campaign.from_directory(place / "run").state().source
    assert source is not None
    assert source.texts == tuple(Polymer(unit).canonical for unit in reversed(spelled))
    assert source.spellings == tuple(reversed(spelled))
    assert source.extras["price"][0] == str(len(spelled) - 1)


def test_a_run_goes_on_where_the_file_of_its_pool_is_gone(campaign_file: Write, place: Path) -> None:
    run(campaign_file(cycles=1), place)
    (place / "pool.csv").unlink()
    assert Campaign.from_directory(place / "run").run(cycles=2, report=False).cycle == 2


# What is left out


@pytest.mark.slow
def test_candidates_without_descriptors_are_named_with_reasons_and_a_way_out(campaign_file: Write, place: Path) -> None:
    with (place / "pool.csv").open("a") as stream:
        stream.writelines(f"{unit}\n" for unit in TIN)
    file, notes = campaign_file(cycles=1), list[str]()
    file.write_text(file.read_text().replace('["ecfp"]', '["forcefield"]'))
    Campaign.from_file(file, place / "run").run(progress=lambda event: notes.append(event.note), report=False)
    (said,) = [note for note in notes if "descriptors" in note]
    assert "3 of 43 candidates" in said
    assert "Sn" in said
    assert "These blocks can describe them: ecfp" in said
    outcome = Campaign.from_directory(place / "run").status()
    told = json.loads(json.dumps(outcome.to_dict()))
    assert {row["smiles"] for row in told["left_out"]} == {Polymer(unit).canonical for unit in TIN}
    assert all(row["why"] == "no descriptors" and "no atom type" in row["reason"] for row in told["left_out"])
    assert told["left_out_counts"]["no descriptors"] == 3
    assert not set(picked(place)) & {Polymer(unit).canonical for unit in TIN}


@pytest.mark.slow
def test_a_pool_of_which_nothing_has_descriptors_is_refused_with_the_block_to_take(
    campaign_file: Write, place: Path
) -> None:
    (place / "pool.csv").write_text("smiles\n" + "".join(f"*CC(*)[Sn]({'C' * n})(C)C\n" for n in range(1, 9)))
    file = campaign_file(cycles=1)
    file.write_text(file.read_text().replace('["ecfp"]', '["forcefield"]'))
    with pytest.raises(ConfigurationError, match=r"None of the 8 candidates has descriptors.*Use ecfp"):
        run(file, place)


def test_bad_rows_are_all_named_and_can_be_left_out(campaign_file: Write, place: Path) -> None:
    pool = place / "pool.csv"
    lines = pool.read_text().split()
    pool.write_text("\n".join([*lines[:3], "CC", *lines[3:], "*C(", lines[1].replace("*", "[*]")]) + "\n")
    file = campaign_file(cycles=1)
    with pytest.raises(InvalidInputError, match=r"2 of 43 rows.*\n  line 4, column smiles.*\n  line 43, column smiles"):
        run(file, place)
    file.write_text(file.read_text().replace('"pool.csv"', '"pool.csv"\nskip_bad = true'))
    notes: list[str] = []
    outcome = Campaign.from_file(file, place / "run").run(progress=lambda e: notes.append(e.note), report=False)
    assert [(row["line"], row["why"]) for row in outcome.left_out] == [
        (4, "unreadable"), (43, "unreadable"), (44, "duplicate"),
    ]  # fmt: skip
    assert any("line 4 CC" in note and "line 43 *C(" in note for note in notes)


def test_bad_rows_of_a_table_are_named_or_left_out_too(campaign_file: Write, place: Path) -> None:
    with (place / "table.csv").open("a") as stream:
        stream.write("CC,1.5,40,1\n*CCS*,high,40,1\n*CCS*,1.5,1e400,1\n")
    with pytest.raises(InvalidInputError, match=r"(?s)3 of 43 rows.*line 42.*line 43.*line 44, column abbe_number"):
        run(campaign_file(cycles=1), place)
    outcome = run(campaign_file(cycles=1), place, skip_bad=True)
    assert any("table.csv: 3 of 43 rows left out" in note for note in outcome.notes)  # type: ignore[attr-defined]


def test_a_damaged_file_of_a_run_is_named(campaign_file: Write, place: Path) -> None:
    run(campaign_file(cycles=1), place)
    for content in ("{", "[]", "{}"):
        (place / "run" / "inputs.json").write_text(content)
        with pytest.raises(ConfigurationError, match=r"inputs\.json.*damaged.*Delete it"):
            run(campaign_file(cycles=1), place)
    (place / "run" / "inputs.json").unlink()
    assert run(campaign_file(cycles=1), place).state == "finished"  # type: ignore[attr-defined]


# What stands beside


@pytest.mark.slow
@pytest.mark.parametrize("wide", [True, False])
def test_no_column_of_a_pool_is_lost_in_an_export(campaign_file: Write, place: Path, wide: bool) -> None:
    lines = ["name,smiles,price [EUR/kg],status"]
    lines += [f"unit {row},{unit.replace('*', '[*]')},{row}.5,ordered" for row, unit in enumerate(units_of(place))]
    (place / "pool.csv").write_text("\n".join(lines))
    run(campaign_file(cycles=1), place)
    export_records(str(place / "run"), place / "out.csv", wide=wide)
    with (place / "out.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert rows
    for row in rows:
        number = int(row["pool_name"].split()[1])
        assert Polymer(row["pool_as_given"]).canonical == row["smiles"]
        assert (row["pool_price [EUR/kg]"], row["pool_status"]) == (f"{number}.5", "ordered")
        assert row["status"] in ("done", "failed", "unphysical")


@pytest.mark.slow
def test_a_note_on_a_table_reaches_status(campaign_file: Write, place: Path) -> None:
    outcome = run(campaign_file(cycles=1), place)
    assert outcome.notes == (  # type: ignore[attr-defined]
        "table.csv: 1 of 34 values of refractive_index lies outside the plausible range of 1.2 to 2.6 (line 7): kept "
        "as unphysical, never learnt from.",
    )
    events: list[Progress] = []
    Campaign.from_file(campaign_file(cycles=1), place / "again").run(progress=events.append, report=False)
    assert [event.note for event in events if event.note] == list(outcome.notes)  # type: ignore[attr-defined]
