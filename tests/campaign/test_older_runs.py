"""A run that an earlier version wrote (`older_run/`) is opened, migrated and continued to the same picks."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from polyloop.campaign import Campaign, CampaignState
from polyloop.core import ConfigurationError, Record
from polyloop.evaluation import compute_properties
from polyloop.store import Store
from polyloop.store.schema import REVISION, VERSION_TABLE

KEPT = Path(__file__).parent / "older_run"
# What the earlier version itself made of the same run, see the README there.
EXPECTED = json.loads((KEPT / "expected.json").read_text(encoding="utf-8"))
Rows = list[tuple[Any, ...]]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """The folder of the run, beside its campaign file and its table."""
    return (
        Path(shutil.copytree(KEPT, tmp_path / "older", ignore=shutil.ignore_patterns("*.md", "expected.json"))) / "run"
    )


def asked(store: Path, query: str) -> Rows:
    connection = sqlite3.connect(store)
    try:
        return connection.execute(query).fetchall()
    finally:
        connection.close()


def attempts(run: Path) -> Rows:
    """Every attempt at an evaluation, with the times at which it began and ended."""
    return asked(run / "store.sqlite", "SELECT evaluation_key, number, started, ended FROM attempts ORDER BY started")


def told(state: CampaignState) -> list[dict[str, Any]]:
    """The picks of a state in the words of `expected.json`."""
    return [
        {
            "cycle": candidate.cycle,
            "rank": candidate.rank,
            "polymer": candidate.text,
            "status": candidate.status.value,
            "acquisition": candidate.acquisition,
            "values": {name: record.value for name, record in sorted(candidate.records.items())},
            "keys": sorted({record.key for record in candidate.records.values()}),
        }
        for candidate in state.candidates
    ]


def are_the_same(picks: Sequence[dict[str, Any]], expected: Sequence[dict[str, Any]]) -> None:
    """All must be equal, but for the last digits of the acquisition: these are the machine's linear algebra."""
    for pick, other in zip(picks, expected, strict=True):
        assert {**pick, "acquisition": None} == {**other, "acquisition": None}
        known = [one["acquisition"] for one in (pick, other) if one["acquisition"] is not None]
        assert len(known) in (0, 2)
        assert known[:1] == pytest.approx(known[1:], rel=1e-4)


def test_the_run_is_of_the_first_version_of_the_store() -> None:
    versions = asked(KEPT / "run" / "store.sqlite", f"SELECT version_num FROM {VERSION_TABLE}")
    assert [row[0] for row in versions] == ["0001"]


def test_where_it_stands_is_told_before_anything_is_run(run: Path) -> None:
    campaign, expected = Campaign.from_directory(run), EXPECTED["after_2_cycles"]
    status, state = campaign.status(), campaign.state()
    assert (status.state, status.reason, status.cycle, status.cycles) == ("finished", "cycles", 2, 2)
    assert (status.evaluations, status.failures_by_reason) == (9, {"not_in_table": 1, "unphysical": 1})
    assert (status.hypervolume, state.reference_point) == (
        expected["hypervolume"],
        tuple(expected["reference_point"]),
    )
    assert told(state) == expected["picks"]
    assert [(one.text, one.status) for one in status.next] == [(text, "suggested") for text in expected["next"]]
    assert attempts(run) == attempts(KEPT / "run")


def test_it_goes_on_to_the_picks_of_the_version_that_began_it_and_evaluates_nothing_again(run: Path) -> None:
    before = attempts(run)
    outcome = Campaign.from_directory(run).run(cycles=4)
    expected = EXPECTED["after_4_cycles"]
    state = Campaign.from_directory(run).state()
    are_the_same(told(state), expected["picks"])
    assert told(state)[:9] == EXPECTED["after_2_cycles"]["picks"]
    assert (outcome.state, outcome.cycle, outcome.evaluations) == ("finished", 4, 15)
    assert outcome.hypervolume == pytest.approx(expected["hypervolume"], rel=1e-12)
    assert [one.text for one in outcome.next] == expected["next"]
    after = attempts(run)
    assert after[: len(before)] == before
    assert len(after) == len({key for key, *_ in after}) == len(before) + 6
    assert asked(run / "store.sqlite", f"SELECT version_num FROM {VERSION_TABLE}") == [(REVISION,)]
    with Store(run / "store.sqlite") as store:
        assert store.check() == []


def test_a_computed_value_of_it_is_found_and_not_computed_again(run: Path) -> None:
    (result,) = compute_properties(["C(*)C*"], level="instant", store=str(run / "store.sqlite"))
    found = {record.property: record.to_dict() for record in result.records}
    for old in EXPECTED["instant"]:
        renamed = {"polymer": "subject", "protocol": "protocol_id"}
        # The wall time is part of the provenance: the same only if it is the very record.
        assert found.pop(old["property"]) == {"kind": "polymer", **{renamed.get(key, key): old[key] for key in old}}
    assert not found
    assert attempts(run) == attempts(KEPT / "run")


def test_its_campaign_file_goes_on_with_it_too(run: Path) -> None:
    campaign = Campaign.from_file(run.parent / "c.toml", run)
    assert campaign.run(cycles=3, report=False).evaluations == 12
    are_the_same(told(campaign.state()), EXPECTED["after_4_cycles"]["picks"][:12])


def test_its_kept_file_goes_on_with_it_once_it_has_been_written_anew(run: Path) -> None:
    """The first run of the new version rewrites the files of the folder; the second one reads these."""
    assert Campaign.from_directory(run).run(cycles=3, report=False).evaluations == 12
    assert Campaign.from_file(run / "campaign.toml").run(cycles=4, report=False).evaluations == 15
    are_the_same(told(Campaign.from_directory(run).state()), EXPECTED["after_4_cycles"]["picks"])


def test_a_model_other_than_the_default_goes_on_although_its_options_were_spelled_out(run: Path) -> None:
    """Earlier versions wrote `ard`, `kernels` and `beta` of gp and ucb into the file of every run."""
    for name in ("campaign.toml", "identity.json"):
        text = (run / name).read_text(encoding="utf-8")
        assert text.count('"gp"') == 1
        (run / name).write_text(text.replace('"gp"', '"ensemble"'), encoding="utf-8")
    assert Campaign.from_directory(run).run(cycles=3, report=False).evaluations == 12


def test_an_option_that_somebody_gave_is_no_former_default(run: Path) -> None:
    kept = run / "campaign.toml"
    kept.write_text(kept.read_text(encoding="utf-8").replace("beta = 2.0", "beta = 3.0"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"acquisition\.beta was 2\.0, is 3\.0"):
        Campaign.from_directory(run).run(cycles=3, report=False)


def test_a_record_of_an_evaluation_has_the_key_that_it_had(run: Path) -> None:
    with Store(run / "store.sqlite") as store:
        records: list[Record] = list(store.records())
    stored = {key for (key,) in asked(KEPT / "run" / "store.sqlite", "SELECT key FROM evaluations")}
    assert {record.key for record in records} == stored
    assert {record.request.key for record in records} == stored
