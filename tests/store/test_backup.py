"""A copy of a store in use is one consistent state of it; the command says what it cannot copy."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from polyloop.app.cli.main import main
from polyloop.core import StoreError
from polyloop.store import Store
from tests.store.conftest import answer, ask


def test_a_backup_of_a_store_in_use_holds_what_was_committed(tmp_path):
    with Store(tmp_path / "results.db") as store:
        for seed in range(20):
            store.add(answer(ask(seed=seed)))
        shutil.copy(tmp_path / "results.db", tmp_path / "copied.db")
        store.backup(tmp_path / "backup.db")
        with Store(tmp_path / "backup.db") as copy:
            assert copy.records() == store.records()
            assert copy.check() == []
            copy.add(answer(ask(seed=99)))  # and it is a store like any other
    # The copy of the file alone is what this is for: it lacks what lies in the log.
    with Store(tmp_path / "copied.db") as copied:
        assert len(copied.records()) < 20


def test_a_backup_beside_writers_is_one_state_and_lets_them_write(tmp_path):
    ended = threading.Event()
    with Store(tmp_path / "results.db") as store, Store(tmp_path / "results.db") as other:

        def write() -> None:
            seed = 0
            while not ended.is_set():
                other.add([*answer(ask(seed=seed)), *answer(ask(seed=10**6 + seed))])
                seed += 1

        writer = threading.Thread(target=write)
        writer.start()
        for number in range(5):
            store.backup(tmp_path / f"{number}.db")
        ended.set()
        writer.join()
    sizes = []
    for number in range(5):
        with Store(tmp_path / f"{number}.db") as copy:
            assert copy.check() == []
            seeds = sorted(record.request.seed for record in copy.records())
            assert len(seeds) % 2 == 0
            sizes.append(len(seeds))
    assert sizes == sorted(sizes)
    assert sorted(path.name for path in tmp_path.iterdir() if "unfinished" in path.name) == []


def test_an_earlier_backup_is_replaced(tmp_path):
    with Store(tmp_path / "results.db") as store:
        store.backup(tmp_path / "backup.db")
        store.add(answer(ask()))
        store.backup(tmp_path / "backup.db")
    with Store(tmp_path / "backup.db") as copy:
        assert len(copy.records()) == 1


def test_the_command_copies_and_says_where(tmp_path, capsys):
    with Store(tmp_path / "results.db") as store:
        store.add(answer(ask()))
    assert main(["store", "backup", str(tmp_path / "results.db"), str(tmp_path / "backup.db")]) == 0
    assert "is copied to" in capsys.readouterr().err
    with Store(tmp_path / "backup.db") as copy:
        assert len(copy.records()) == 1


def test_the_command_makes_no_store_where_none_is(tmp_path, capsys):
    assert main(["store", "backup", str(tmp_path / "none.db"), str(tmp_path / "backup.db")]) == 1
    assert "There is no store here" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("target", ["itself", "another store in use", "folder", "no folder"])
def test_what_is_no_place_for_a_copy_is_refused_and_left_alone(tmp_path, target):
    (tmp_path / "folder").mkdir()
    places = {
        "itself": tmp_path / "results.db",
        "another store in use": tmp_path / "other.db",
        "folder": tmp_path / "folder",
        "no folder": tmp_path / "none" / "backup.db",
    }
    with Store(tmp_path / "results.db") as store, Store(tmp_path / "other.db") as other:
        other.add(answer(ask()))
        store.add(answer(ask(seed=1)))
        with pytest.raises(StoreError):
            store.backup(places[target])
        assert len(other.records()) == len(store.records()) == 1
    assert not [path for path in tmp_path.rglob("*") if "unfinished" in path.name]


def test_a_server_is_copied_by_its_own_programs(place, tmp_path):
    if "://" not in place:
        pytest.skip("a file is copied")
    with Store(place) as store, pytest.raises(StoreError, match="pg_dump"):
        store.backup(tmp_path / "backup.db")


LOOK = """
import os, sys, sqlite3
from polyloop.core import StoreError
from polyloop.store import Store
folder = sys.argv[1]
with Store(folder + "/warm.db") as store:
    store.records(), store.check(), store.evaluations()
    try:
        store.claim(None, "")
    except StoreError:
        pass
os.setgid(65534); os.setuid(65534)
with Store(folder + "/closed/results.db", read_only=True) as store:
    print(len(store.records()), store.check())
    store.backup(folder + "/open/backup.db")
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without permission")
def test_a_store_on_a_medium_that_cannot_be_written_is_read_and_copied():
    folder = Path("/tmp") / f"polyloop-medium-{os.getpid()}"  # pytest's own folders are closed to other users
    try:
        for name in ("closed", "open"):
            (folder / name).mkdir(parents=True)
        with Store(folder / "closed" / "results.db") as store:
            store.add(answer(ask()))
        (folder / "closed").chmod(0o555)
        (folder / "closed" / "results.db").chmod(0o444)
        (folder / "open").chmod(0o777)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", LOOK, str(folder)]
        ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout == "1 []\n"
        with Store(folder / "open" / "backup.db", read_only=True) as copy:
            assert len(copy.records()) == 1
    finally:
        shutil.rmtree(folder)
