"""The store of a run: missing, moved, read-only, with a password; a run that was copied or moved elsewhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from polyloop.app.cli.main import main
from polyloop.campaign import Campaign, export_records
from polyloop.core import StoreError
from polyloop.store import Store

Write = Callable[..., Path]


def picks(directory: Path) -> list[str]:
    return [candidate.text for candidate in Campaign.from_directory(directory).state().candidates]


def named_store(name: str) -> str:
    return f"[store]\nurl = 'sqlite:///{name}'\n"


# A store that is not the one that the run began in


@pytest.mark.parametrize("other", ["misspelt.sqlite", "empty.sqlite", "somebody's.sqlite"])
def test_a_store_that_does_not_know_the_campaign_is_refused_and_not_begun(
    campaign_file: Write, place: Path, other: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Campaign.from_file(campaign_file(named_store("right.sqlite"), cycles=1), place / "run").run(report=False)
    before = picks(place / "run")
    if other == "empty.sqlite":
        Store(place / other).close()
    if other == "somebody's.sqlite":
        with Store(place / other) as store:
            store.start_campaign("theirs", {})
    wrong = campaign_file('[store]\nurl = "sqlite:///' + other + '"\n', cycles=2)
    assert main(["discover", str(wrong), "-d", str(place / "run"), "--quiet"]) == 1
    said = capsys.readouterr().err
    assert "right.sqlite" in said
    assert other in said
    assert "[store]" in said
    assert (place / other).exists() == (other != "misspelt.sqlite")
    right = campaign_file(named_store("right.sqlite"), cycles=2)
    Campaign.from_file(right, place / "run").run(report=False)
    assert picks(place / "run")[: len(before)] == before


@pytest.mark.parametrize("command", ["status", "campaign report", "campaign retry", "campaign export"])
def test_looking_at_a_run_whose_store_is_gone_says_so_and_makes_none(
    campaign_file: Write, place: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Campaign.from_file(campaign_file(cycles=1), place / "run").run(report=False)
    for path in (place / "run").glob("store.sqlite*"):
        path.unlink()
    more = ["-o", str(place / "out.csv")] if command.endswith("export") else []
    assert main([*command.split(), str(place / "run"), *more]) == 1
    said = capsys.readouterr().err
    assert "There is no store here" in said
    assert "trial-" in said
    assert "bring the store back" in said
    assert not (place / "run" / "store.sqlite").exists()


def test_a_kill_before_the_store_knows_of_the_campaign_does_not_count_as_a_lost_store(
    campaign_file: Write, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*words: object, **more: object) -> bool:
        raise KeyboardInterrupt

    file = campaign_file(cycles=1)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(Store, "start_campaign", killed)
        Campaign.from_file(file, place / "run").run(report=False)
    assert Campaign.from_directory(place / "run").status().state == "new"
    (place / "run" / "store.sqlite").unlink()
    assert Campaign.from_file(file, place / "run").run(report=False).state == "finished"


def test_exporting_a_store_that_is_not_there_makes_none(place: Path) -> None:
    with pytest.raises(StoreError, match="There is no store here"):
        export_records(f"sqlite:///{place}/misspelt.sqlite", place / "out.csv")
    assert not (place / "misspelt.sqlite").exists()


# Moved and copied runs


def test_a_moved_project_goes_on_without_its_old_folder(campaign_file: Write, place: Path, tmp_path: Path) -> None:
    file = campaign_file(named_store("all.sqlite"), cycles=1)
    Campaign.from_file(file, place / "run").run(report=False)
    moved = place.rename(place.with_name(f"{place.name}-moved"))
    text = (moved / "run" / "campaign.toml").read_text()
    assert str(place) not in text
    again = Campaign.from_directory(moved / "run")
    assert again.config.pool.file == moved / "pool.csv"
    outcome = Campaign.from_file(moved / "run" / "campaign.toml").run(cycles=2, report=False)
    assert (outcome.state, outcome.cycle) == ("finished", 2)
    assert not place.exists()


def test_a_run_moved_alone_finds_its_inputs_where_they_were(campaign_file: Write, place: Path, tmp_path: Path) -> None:
    Campaign.from_file(campaign_file(cycles=1), place / "run").run(report=False)
    before = picks(place / "run")
    target = tmp_path.parent / f"{tmp_path.name}-elsewhere" / "deeper" / "run"
    target.parent.mkdir(parents=True)
    shutil.move(place / "run", target)
    outcome = Campaign.from_file(target / "campaign.toml").run(cycles=2, report=False)
    assert (outcome.state, outcome.cycle) == ("finished", 2)
    assert picks(target)[: len(before)] == before
    # And from there on again, since what is kept was written anew.
    assert Campaign.from_file(target / "campaign.toml").run(cycles=3, report=False).cycle == 3


def test_a_copied_run_does_not_write_into_the_store_of_the_original(campaign_file: Write, place: Path) -> None:
    Campaign.from_file(campaign_file(cycles=1), place / "run").run(report=False)
    shutil.copytree(place / "run", place / "copy")
    before = (place / "run" / "store.sqlite").read_bytes()
    assert Campaign.from_file(place / "copy" / "campaign.toml").run(cycles=2, report=False).cycle == 2
    assert (place / "run" / "store.sqlite").read_bytes() == before


# Passwords

SECRET = "s3cr:t/word"


def test_the_password_of_a_store_is_kept_nowhere(
    campaign_file: Write, place: Path, store_table: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The test server trusts everybody: a password in the URL is sent, and must still be found nowhere."""
    if not store_table:
        pytest.skip("a file has no password")
    url = store_table.split("'")[1].replace("postgres@", f"postgres:{'s3cr%3At%2Fword'}@")
    file = campaign_file(f"[store]\nurl = '{url}'\n", cycles=1)
    campaign = Campaign.from_file(file, place / "run")
    campaign.run()
    kept = [path for path in (place / "run").rglob("*") if path.is_file()]
    assert len(kept) > 10
    for path in kept:
        content = path.read_bytes()
        assert b"s3cr" not in content, path
    with campaign.open_store() as store:
        assert "s3cr" not in json.dumps([entry.config for entry in store.campaigns()])
        assert "s3cr" not in store.where
        assert "s3cr" not in repr(store)
    assert "s3cr" not in repr(campaign.config)
    # The kept file goes on with a password from the environment.
    monkeypatch.setenv("POLYLOOP_STORE_PASSWORD", SECRET)
    with Campaign.from_directory(place / "run").open_store() as store:
        assert "s3cr%3At%2Fword" in store.url
    assert Campaign.from_file(place / "run" / "campaign.toml").run(cycles=2, report=False).cycle == 2


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://me:s3cret@host:notaport/db",
        "mysql://me:s3cret@host/db",
        "postgresql://me:s3@cret@127.0.0.1:9/db?connect_timeout=2",
        "postgresql://127.0.0.1:9/db?user=me&password=s3cret&connect_timeout=2",
    ],
)
def test_no_message_shows_a_password(
    campaign_file: Write, place: Path, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    file = campaign_file(f"[store]\nurl = '{url}'\n")
    assert main(["discover", str(file), "-d", str(place / "run"), "--quiet"]) == 1
    assert main(["store", "import", str(place / "table.csv"), "--store", url]) == 1
    assert main(["campaign", "export", url, "-o", str(place / "out.csv")]) == 1
    told = capsys.readouterr()
    assert "Error" in told.err
    for word in ("s3cret", "s3@cret", "cret@"):
        assert word not in told.err + told.out


# Archives

LOOK = """
import os, sys
from polyloop.app.cli.main import main
original, run, out = sys.argv[1:]
def look(run, out):
    return [main(["campaign", "export", run, "-o", out + "/all.csv"]),
            main(["campaign", "report", run, "-o", out + "/report"]),
            main(["status", run, "--json"])]
look(original, out + "/warm")  # once with permission, so that all modules are loaded
os.setgid(65534); os.setuid(65534)
assert not os.access(run, os.W_OK)
print("AS NOBODY")
sys.exit(any(look(run, out)))
"""


@pytest.mark.slow
@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without permission")
@pytest.mark.parametrize("was_killed", [False, True])
def test_an_archive_that_nobody_may_write_can_be_looked_at(
    campaign_file: Write, place: Path, was_killed: bool, tmp_path_factory: pytest.TempPathFactory
) -> None:
    Campaign.from_file(campaign_file(cycles=1), place / "run").run(report=False)
    folder = Path("/tmp") / f"polyloop-archive-{os.getpid()}"  # pytest's own folders are closed to other users
    folder.mkdir()
    try:
        run, out = folder / "run", folder / "out"
        if was_killed:  # its log is still there
            with Store(place / "run" / "store.sqlite") as store:
                store.start_campaign("another", {})
                shutil.copytree(place / "run", run)
            assert (run / "store.sqlite-wal").stat().st_size
        else:
            shutil.copytree(place / "run", run)
        out.mkdir(mode=0o777)
        out.chmod(0o777)
        for path in [run, *run.rglob("*")]:
            path.chmod(0o555 if path.is_dir() else 0o444)
        before = sorted((path.name, path.stat().st_mtime_ns) for path in run.rglob("*"))
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "MPLCONFIGDIR": str(out), "HOME": str(out)}
        ended = subprocess.run(
            [sys.executable, "-c", LOOK, str(place / "run"), str(run), str(out)],
            env=environment, cwd=folder, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        told = ended.stdout.partition("AS NOBODY")[2]
        assert json.loads(told[told.index("{") :])["evaluations"] == 10
        assert len((out / "all.csv").read_text().splitlines()) > 10
        assert (out / "report" / "index.html").exists()
        assert sorted((path.name, path.stat().st_mtime_ns) for path in run.rglob("*")) == before
    finally:
        shutil.rmtree(folder)


def test_looking_changes_nothing(campaign_file: Write, place: Path) -> None:
    Campaign.from_file(campaign_file(cycles=1), place / "run").run(report=False)
    with Campaign.from_directory(place / "run").open_store() as store, pytest.raises(StoreError):
        store.start_campaign("another", {})
