"""A campaign may be changed in its middle: that is recorded, nothing is lost, and what was before can be replayed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from polyloop import Campaign
from polyloop.app.cli.main import main
from polyloop.core import ConfigurationError
from tests.conftest import optics

FILE = """
[campaign]
name = "changed"
seed = 3
cycles = {cycles}
batch = 3
{objectives}
[evaluators.lab]
table = "values.csv"
[pool]
source = "csv"
file = "{pool}"
[features]
blocks = ["ecfp"]
[initial]
size = 8
"""
INDEX = '[[objectives]]\nproperty = "refractive_index"\ndirection = "maximize"\nevaluator = "lab"\n'
ABBE = '[[objectives]]\nproperty = "abbe_number"\ndirection = "maximize"\nevaluator = "lab"\n'


@pytest.fixture
def folder(tmp_path: Path, units: tuple[str, ...]) -> Path:
    rows = [(unit, *optics(unit)) for unit in units]
    frame = pd.DataFrame(rows, columns=["smiles", "refractive_index", "abbe_number"])
    frame.to_csv(tmp_path / "values.csv", index=False)
    frame.smiles.iloc[: len(frame) // 2].to_csv(tmp_path / "half.csv", index=False)
    frame.smiles.to_csv(tmp_path / "all.csv", index=False)
    return tmp_path


def write(folder: Path, name: str, objectives: str, pool: str = "half.csv", cycles: int = 2) -> Path:
    path = folder / name
    path.write_text(FILE.format(objectives=objectives, pool=pool, cycles=cycles))
    return path


def picks(campaign: Campaign, last: int) -> list[tuple[int, str]]:
    return [(one.cycle, one.text) for one in campaign.state().candidates if one.cycle <= last]


def begun(folder: Path, objectives: str = INDEX + ABBE) -> Campaign:
    campaign = Campaign.from_file(write(folder, "first.toml", objectives), folder / "run")
    campaign.run(report=False)
    return campaign


def test_another_file_is_refused_and_the_way_to_take_it_over_is_named(folder: Path) -> None:
    begun(folder)
    other = Campaign.from_file(write(folder, "second.toml", INDEX, cycles=3), folder / "run")
    with pytest.raises(ConfigurationError, match="campaign change DIR FILE"):
        other.run()


@pytest.mark.slow
def test_an_objective_less_and_a_wider_pool_go_on_from_what_is_known(folder: Path) -> None:
    before = picks(begun(folder), 2)
    second = Campaign.from_file(write(folder, "second.toml", INDEX, "all.csv", cycles=4), folder / "run")
    change = second.change()
    assert change is not None and (change.number, change.after_cycle) == (1, 2)
    assert any("objectives" in words for words in change.differences)
    assert any(words.startswith("pool: ") and "0 removed" in words for words in change.differences)
    status = second.run()
    assert picks(second, 2) == before, "what was picked stays"
    assert status.cycle == 4 and status.changes == (change,)
    half = set(pd.read_csv(folder / "half.csv").smiles)
    given = dict(zip(second.state().source.texts, second.state().source.spellings, strict=True))  # type: ignore[union-attr]
    later = [given[text] for cycle, text in picks(second, 4) if cycle > 2]
    assert any(text not in half for text in later), "new candidates are among the picks"
    curve = [one.hypervolume for one in second.state().cycles]
    assert len(curve) == 5 and all(one is not None for one in curve) and curve == sorted(curve)  # type: ignore[type-var]
    assert all(len(one.reference_point or ()) == 1 for one in second.state().cycles)
    page = (folder / "run" / "report" / "index.html").read_text()
    assert "Changed after cycle 2:" in page


def test_an_objective_more_that_the_same_evaluator_answers_is_learnt_from_the_first_cycle_on(folder: Path) -> None:
    begun(folder, INDEX + ABBE.replace('"maximize"', '"minimize"'))
    second = Campaign.from_file(write(folder, "second.toml", INDEX + ABBE, cycles=3), folder / "run")
    change = second.change()
    assert change is not None and "minimize" in str(change)
    second.run(report=False)
    assert second.state().values.shape[1] == 2


@pytest.mark.slow
def test_what_was_before_a_change_is_replayed_by_the_kept_files(folder: Path) -> None:
    before = picks(begun(folder), 2)
    second = Campaign.from_file(write(folder, "second.toml", ABBE, "all.csv", cycles=3), folder / "run")
    second.change()
    second.run(report=False)
    kept = folder / "run" / "changes" / "001"
    assert sorted(path.name for path in kept.iterdir()) == ["campaign.toml", "identity.json", "pool.json"]
    (folder / "again").mkdir()
    shutil.copy(kept / "pool.json", folder / "again" / "pool.json")
    again = Campaign.from_file(folder / "first.toml", folder / "again")
    again.run(report=False)
    assert picks(again, 2) == before


@pytest.mark.slow
def test_the_same_change_made_by_a_second_run_gives_the_same_picks(folder: Path) -> None:
    found = []
    for name in ("run", "twin"):
        campaign = Campaign.from_file(write(folder, "first.toml", INDEX + ABBE), folder / name)
        campaign.run(report=False)
        campaign = Campaign.from_file(write(folder, "second.toml", INDEX, "all.csv", cycles=4), folder / name)
        campaign.change()
        campaign.run(report=False)
        found.append(picks(campaign, 4))
    assert found[0] == found[1]


@pytest.mark.slow
def test_an_interrupted_change_is_completed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    begun(folder)
    second = Campaign.from_file(write(folder, "second.toml", INDEX, "all.csv", cycles=3), folder / "run")
    with monkeypatch.context() as patch:
        patch.setattr("polyloop.campaign.preparation.make_pool", stop)
        with pytest.raises(KeyboardInterrupt):
            second.change()
    assert json.loads((folder / "run" / "identity.json").read_text())["changing"]
    assert second.change() is None, "it is on record already, and completed"
    assert not json.loads((folder / "run" / "identity.json").read_text())["changing"]
    second.run(report=False)
    assert len(second.status().changes) == 1
    assert all(len(one.reference_point or ()) == 1 for one in second.state().cycles)


def stop(*arguments: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "word"),
    [
        ('evaluation_seed = 5\nname = "changed"', "evaluation_seed"),
        ('temperature = 350\nname = "changed"', "temperature"),
        ('name = "another"', "campaign.name"),
    ],
)
def test_what_would_be_another_campaign_is_refused(folder: Path, text: str, word: str) -> None:
    begun(folder)
    path = write(folder, "second.toml", INDEX + ABBE)
    path.write_text(path.read_text().replace('name = "changed"', text))
    with pytest.raises(ConfigurationError, match=word):
        Campaign.from_file(path, folder / "run").change()
    assert Campaign.from_directory(folder / "run").run(report=False).changes == ()


@pytest.mark.slow
def test_an_evaluator_that_was_never_asked_is_refused(folder: Path) -> None:
    begun(folder)
    more = '[[objectives]]\nproperty = "density"\ndirection = "minimize"\nlevel = "instant"\n'
    with pytest.raises(ConfigurationError, match="never asked"):
        Campaign.from_file(write(folder, "second.toml", INDEX + more), folder / "run").change()


@pytest.mark.slow
def test_another_batch_is_recorded_by_itself(folder: Path) -> None:
    begun(folder)
    path = write(folder, "first.toml", INDEX + ABBE, cycles=3)
    path.write_text(path.read_text().replace("batch = 3", "batch = 5"))
    status = Campaign.from_file(path, folder / "run").run(report=False)
    assert [change.differences for change in status.changes] == [("campaign.batch was 3, is 5",)]
    assert Campaign.from_file(path, folder / "run").run(report=False).changes == status.changes


def test_the_command_line_changes_a_campaign_and_says_what(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun(folder)
    write(folder, "second.toml", INDEX, "all.csv", cycles=3)
    monkeypatch.chdir(folder)
    assert main(["campaign", "change", "run", "second.toml"]) == 0
    assert "Changed after cycle 2" in capsys.readouterr().out
    assert main(["campaign", "change", "run", "second.toml"]) == 0
    assert "Nothing to change" in capsys.readouterr().out
    assert main(["campaign", "change", "nowhere", "second.toml"]) == 1
    assert "no campaign in this folder" in capsys.readouterr().err
