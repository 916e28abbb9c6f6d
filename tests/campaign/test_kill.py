"""Kill a campaign anywhere and run the same command again: the same picks, nothing finished repeated, nothing lost."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from polyloop.campaign import Campaign, Progress
from polyloop.core import Status
from polyloop.evaluation import store_wait
from polyloop.store import database
from tests.conftest import fill_place, write_campaign
from tests.databases import held

Write = Callable[..., Path]

# The evaluator keeps its own log, one line per call, each in one write: what really ran, whatever the store says.
EVALUATOR = """
import os, time, zlib
from pathlib import Path

LOG = Path(__file__).with_name("calls.log")


def note(word, smiles):
    handle = os.open(LOG, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{word} {smiles}\\n".encode())
    os.close(handle)


def evaluate(smiles, seed):
    note("begin", smiles)
    draw = zlib.crc32(smiles.encode())
    time.sleep(0.02 + draw % 50 / 1000)
    if draw % 11 == 0:
        raise ValueError("this one never works")
    note("end", smiles)
    return {"refractive_index": 1.3 + draw % 97 / 200, "abbe_number": (20 + draw % 89 / 2, 0.5)}
"""


def prepare(place: Path, more: str = "") -> Path:
    (place / "slow_optics.py").write_text(EVALUATOR)
    return write_campaign(place, more, evaluator="function", workers=2, batch=6)


@pytest.fixture
def file(place: Path) -> Path:
    """A campaign on the SQLite file of its run."""
    return prepare(place)


@pytest.fixture
def on_any(place: Path, store_table: str) -> Path:
    """A campaign on each kind of store."""
    return prepare(place, store_table)


@pytest.fixture(scope="module")
def uninterrupted(
    units: tuple[str, ...], tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[int, str, float | None]]:
    """What the campaign yields when nothing happens to it."""
    place = fill_place(tmp_path_factory.mktemp("uninterrupted"), units)
    Campaign.from_file(prepare(place), place / "run").run(report=False)
    return result(place / "run")


def result(directory: Path) -> list[tuple[int, str, float | None]]:
    candidates = Campaign.from_directory(directory).state().candidates
    return [(each.cycle, each.text, each.value("refractive_index")) for each in candidates]


def start(file: Path, directory: str = "run", *, group: bool = False) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "polyloop.app.cli", "discover", file.name, "-d", directory, "-q", "--no-report"]
    return subprocess.Popen(
        command,
        cwd=file.parent,
        env=dict(os.environ),
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=group,
    )


def calls(place: Path, word: str = "begin") -> list[str]:
    log = place / "calls.log"
    lines = log.read_text().splitlines() if log.exists() else []
    return [line.split()[1] for line in lines if line.startswith(word)]


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str], seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "it took too long"
        time.sleep(0.005)


def finished(place: Path, directory: str = "run") -> set[str]:
    """Polymers whose evaluation the store holds."""
    with Campaign.from_directory(place / directory).open_store() as store:
        found = store.evaluations(statuses=[Status.DONE, Status.FAILED, Status.UNPHYSICAL])
        assert store.check() == []
    return {evaluation.request.subject.text for evaluation in found}


@pytest.mark.slow
def test_sigkill_in_the_middle_of_batches(on_any: Path, uninterrupted: list[tuple[int, str, float | None]]) -> None:
    place, moments = on_any.parent, random.Random(20)
    lost: Counter[str] = Counter()
    for more in (1, 5, 8):
        before = len(calls(place))
        known = finished(place) if before else set()
        process = start(on_any)
        wait_for(lambda target=before + more: len(calls(place)) >= target, process)  # type: ignore[misc]
        assert Campaign.from_directory(place / "run").status().state == "running"
        time.sleep(moments.uniform(0.0, 0.1))
        process.kill()
        process.communicate()
        begun = calls(place)[before:]
        assert not known & set(begun), "a finished evaluation was repeated"
        under_way = set(begun) - finished(place)
        assert len(under_way) <= 2, "more was lost than two workers can hold"
        lost.update(under_way)
    assert Campaign.from_directory(place / "run").status().state == "interrupted"
    process = start(on_any)
    told = process.communicate(timeout=120)
    assert process.returncode == 0, told
    assert result(place / "run") == uninterrupted
    assert Counter(calls(place)) == Counter(polymer for _, polymer, _ in uninterrupted) + lost
    assert finished(place) == {polymer for _, polymer, _ in uninterrupted}


@pytest.mark.slow
def test_a_torn_write_of_the_log_loses_no_more_than_that_write(
    file: Path, uninterrupted: list[tuple[int, str, float | None]]
) -> None:
    place = file.parent
    process = start(file)
    wait_for(lambda: len(calls(place)) >= 8, process)
    process.kill()
    process.communicate()
    log = place / "run" / "store.sqlite-wal"
    os.truncate(log, log.stat().st_size - 700)  # inside the last page that was written
    assert len(finished(place)) >= 4
    Campaign.from_file(file, place / "run").run(report=False)
    assert result(place / "run") == uninterrupted
    assert max(Counter(calls(place)).values()) <= 2


@pytest.mark.slow
def test_a_full_disk_stops_with_a_message_and_goes_on_when_there_is_space(
    file: Path, uninterrupted: list[tuple[int, str, float | None]]
) -> None:
    place = file.parent
    process = start(file)
    wait_for(lambda: len(calls(place, "end")) >= 3, process)
    # No file of the process may grow any more: to it, the disk is full.
    size = (place / "run" / "store.sqlite-wal").stat().st_size
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, size))
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "run the same command again" in err
    assert "Traceback" not in err
    assert not out
    known, before = finished(place), len(calls(place))
    Campaign.from_file(file, place / "run").run(report=False)
    assert result(place / "run") == uninterrupted
    assert not known & set(calls(place)[before:])


@pytest.mark.slow
def test_two_campaigns_at_once_share_a_store_and_compute_no_key_twice(
    file: Path, campaign_file: Write, place: Path, store_table: str
) -> None:
    store = store_table or "[store]\nurl = 'sqlite:///shared.sqlite'\n"
    kind = {"evaluator": "function", "batch": 8, "cycles": 2}
    first = campaign_file(store, name="a.toml", seed=1, **kind)
    second = campaign_file(store, name="b.toml", seed=2, **kind)
    processes = [start(first, "a"), start(second, "b")]
    for process in processes:
        told = process.communicate(timeout=240)
        assert process.returncode == 0, told
    wanted = {polymer for name in "ab" for _, polymer, _ in result(place / name)}
    assert len(result(place / "a")) == len(result(place / "b")) == 22
    assert len(wanted) < 44, "nothing was shared, so nothing was tested"
    assert Counter(calls(place)) == Counter(wanted)


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_a_signal_stops_cleanly(
    on_any: Path, uninterrupted: list[tuple[int, str, float | None]], number: signal.Signals
) -> None:
    place = on_any.parent
    campaign = Campaign.from_file(on_any, place / "run")

    def stop(event: Progress) -> None:
        if event.stage == "evaluate" and event.cycle == 1 and event.done == 2:
            os.kill(os.getpid(), number)

    outcome = campaign.run(progress=stop, report=False)
    assert outcome.state == campaign.status().state == "interrupted"
    assert outcome.evaluations in (8, 9)  # six of the initial design, and two or three of the first batch
    with campaign.open_store() as store:
        assert store.evaluations(statuses=[Status.RUNNING]) == []
    known, before = finished(place), len(calls(place))
    assert campaign.run(report=False).state == "finished"
    assert result(place / "run") == uninterrupted
    assert not known & set(calls(place)[before:])


@pytest.mark.slow
def test_a_signal_before_the_first_evaluation_stops_cleanly_too(on_any: Path) -> None:
    campaign = Campaign.from_file(on_any, on_any.parent / "run")

    def stop(event: Progress) -> None:
        if event.stage == "features":
            os.kill(os.getpid(), signal.SIGINT)

    assert campaign.run(progress=stop, report=False).state == "interrupted"
    assert campaign.run(report=False).evaluations == 24


@pytest.mark.slow
def test_a_folder_runs_in_one_process_at_a_time(file: Path) -> None:
    first = start(file)
    wait_for(lambda: len(calls(file.parent)) >= 1, first)
    first.send_signal(signal.SIGSTOP)  # or it may end before the second has started
    try:
        second = start(file)
        _, err = second.communicate(timeout=120)
    finally:
        first.send_signal(signal.SIGCONT)
    assert second.returncode == 1
    assert "Another process is running this campaign" in err
    told = first.communicate(timeout=120)
    assert first.returncode == 0, told


@pytest.mark.slow
def test_ctrl_c_of_a_terminal_reaches_all_processes_and_harms_none(
    file: Path, uninterrupted: list[tuple[int, str, float | None]]
) -> None:
    place = file.parent
    for moment in (place / "run" / "features.sqlite", place / "calls.log"):
        process = start(file, group=True)
        wait_for(moment.exists, process)
        time.sleep(0.3)  # by now workers are at it: they start, or compute
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 130, err
    Campaign.from_file(file, place / "run").run(report=False)
    assert result(place / "run") == uninterrupted


@pytest.mark.slow
def test_ctrl_c_on_the_command_line_exits_130_and_says_how_to_go_on(file: Path) -> None:
    process = start(file)
    wait_for(lambda: len(calls(file.parent)) >= 3, process)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "same command" in err


@pytest.mark.slow
def test_a_lock_that_somebody_holds_for_long_is_waited_for_with_a_word(
    on_any: Path, uninterrupted: list[tuple[int, str, float | None]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seconds stand for minutes: a try lasts 0.1 s instead of 2, and the first word comes after 0.5 s instead of 5."""
    monkeypatch.setattr(database, "_SLICE_S", 0.1)
    monkeypatch.setattr(store_wait, "_TELL_AFTER_S", 0.5)
    place, told, locks = on_any.parent, list[str](), ExitStack()
    campaign = Campaign.from_file(on_any, place / "run")
    store = campaign.config.store.url or str(place / "run" / "store.sqlite")

    def hold(event: Progress) -> None:
        told.extend([event.note] * bool(event.note))
        if event.stage == "evaluate" and event.cycle == 1 and event.done == 2:
            locks.enter_context(held(store, 4.0))

    with locks:
        assert campaign.run(progress=hold, report=False).state == "finished"
    assert len([words for words in told if "keeps the store locked" in words and "is held" in words]) == 1
    assert result(place / "run") == uninterrupted
    assert Counter(calls(place)) == Counter(polymer for _, polymer, _ in uninterrupted)


@pytest.mark.slow
def test_ctrl_c_ends_the_waiting_for_a_lock(file: Path) -> None:
    process = start(file)
    wait_for(lambda: len(calls(file.parent)) >= 3, process)
    with held(str(file.parent / "run" / "store.sqlite"), 40.0):
        time.sleep(1.0)  # by now every worker's outcome waits for the lock
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130, err
    Campaign.from_file(file, file.parent / "run").run(report=False)
    assert Campaign.from_directory(file.parent / "run").status().state == "finished"
