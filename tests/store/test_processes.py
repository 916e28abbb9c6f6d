"""Several real processes on one store: each key computed once, the dead replaced, forks kept apart."""

import os
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections import Counter
from pathlib import Path

import pytest

from polyloop.core import Status
from polyloop.store import ClaimOutcome, Store, new_owner
from polyloop.store.owner import is_dead
from tests.store.conftest import answer, ask


def start(*words: object) -> subprocess.Popen[bytes]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "tests.store.workers", *map(str, words)]
    return subprocess.Popen(command, env=environment)


def wait_for(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


def test_two_processes_that_claim_the_same_keys_compute_each_exactly_once(place, tmp_path):
    journal, go = tmp_path / "journal", tmp_path / "go"
    processes = [start("compute_all", place, 50, journal, go) for _ in range(2)]
    time.sleep(1.0)  # both are at the line, so that they race for every key
    go.touch()
    assert [process.wait(timeout=60) for process in processes] == [0, 0]
    lines = [line.split() for line in journal.read_text().splitlines()]
    assert Counter(int(seed) for seed, _ in lines) == Counter(range(50))
    with Store(place) as store:
        assert store.counts() == {"optics/quick@1": {Status.DONE: 50}}
        assert store.check() == []


def test_processes_that_open_a_new_store_at_once_all_succeed(place, tmp_path):
    go = tmp_path / "go"
    go.touch()
    processes = [start("compute_all", place, 1, tmp_path / "journal", go) for _ in range(3)]
    assert [process.wait(timeout=60) for process in processes] == [0, 0, 0]


def test_a_killed_holder_is_replaced_at_once_although_its_lease_runs(place, tmp_path):
    holder = start("claim_and_wait", place, tmp_path / "ready")
    wait_for((tmp_path / "ready").exists)
    with Store(place) as store:
        assert store.claim(ask(), new_owner()).outcome is ClaimOutcome.BUSY
        holder.send_signal(signal.SIGKILL)
        # Not waited for yet: a corpse counts as dead.
        wait_for(lambda: store.claim(ask(), new_owner()).outcome is ClaimOutcome.GRANTED)
        holder.wait()
        assert [item.outcome for item in store.attempts(ask().key)] == [Status.LOST, Status.RUNNING]
        assert store.evaluations()[0].attempts == 0


def test_a_kill_in_the_middle_of_work_loses_nothing_that_was_finished(place, tmp_path):
    journal = tmp_path / "journal"
    process = start("finish_until_killed", place, journal)
    wait_for(lambda: journal.exists() and len(journal.read_text().splitlines()) > 20)
    process.send_signal(signal.SIGKILL)
    process.wait()
    finished = {int(line) for line in journal.read_text().splitlines()}
    with Store(place) as store:
        kept = {record.request.seed for record in store.records()}
        # One more may have been committed before it could be written down.
        assert finished <= kept <= finished | {max(finished) + 1}
        assert store.check() == []


@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_a_forked_child_uses_connections_of_its_own(place):
    with Store(place) as store:
        store.claim(ask(), "parent")
        assert in_fork(lambda: (store.finish(ask(), answer(ask()), "parent"), store.add(answer(ask(seed=1))))) == 0
        assert store.claim(ask(), "parent").outcome is ClaimOutcome.DONE
        assert store.finish(ask(seed=1), answer(ask(seed=1)), "parent") is False
        assert store.check() == []


def test_a_forked_child_does_not_touch_its_parents_connections(place):
    with Store(place) as store:
        parents = store._database.engine
        assert in_fork(lambda: None if store._database.engine is not parents else os._exit(2)) == 0
        assert store._database.engine is parents


def in_fork(call) -> int:
    """Make the call in a forked child; return its exit code."""
    with warnings.catch_warnings():
        # Python 3.12 warns where earlier tests have left threads; the child does not go near them.
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = os.fork()
    if pid == 0:
        code = 1
        try:
            call()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def test_a_pickled_store_opens_the_same_place(place):
    import pickle

    with Store(place) as store, pickle.loads(pickle.dumps(store)) as copy:
        store.add(answer(ask()))
        assert copy.records() == store.records()


def test_threads_share_a_store(place):
    granted = []
    with Store(place) as store:

        def work() -> None:
            owner = new_owner()
            for seed in range(10):
                if store.claim(ask(seed=seed), owner).outcome is ClaimOutcome.GRANTED:
                    granted.append(seed)
                    store.finish(ask(seed=seed), answer(ask(seed=seed)), owner)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(granted) == list(range(10))


def test_owners_have_different_names():
    assert new_owner() != new_owner()


def test_this_process_lives():
    assert not is_dead(new_owner(), one_machine=True)


def test_an_owner_of_another_boot_is_dead_only_where_there_is_one_machine():
    host, _, *rest = new_owner().split("|")
    other = "|".join([host, "00000000", *rest])
    assert is_dead(other, one_machine=True)
    assert not is_dead(other, one_machine=False)


def test_an_owner_in_another_container_is_not_judged_by_its_number():
    parts = new_owner().split("|")
    parts[2], parts[3] = "1", "999999999"
    assert not is_dead("|".join(parts), one_machine=True)


def test_an_owner_whose_number_now_names_another_process_is_dead():
    parts = new_owner().split("|")
    parts[4] = "1"
    assert is_dead("|".join(parts), one_machine=True)


def test_an_owner_whose_process_is_gone_is_dead():
    process = subprocess.Popen(["true"])
    process.wait()
    parts = new_owner().split("|")
    parts[3] = str(process.pid)
    assert is_dead("|".join(parts), one_machine=False)


@pytest.mark.parametrize("name", ["me", "a|b|c", "a|b|c|d|e|f"])
def test_a_name_of_another_make_counts_as_alive(name):
    assert not is_dead(name, one_machine=False)


def test_journal_files_are_where_sqlite_wants_them(tmp_path: Path):
    with Store(tmp_path / "results.db") as store:
        store.add(answer(ask()))
        assert (tmp_path / "results.db-wal").exists()
