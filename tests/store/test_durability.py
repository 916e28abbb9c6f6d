"""Power cuts, full disks, damage: what was committed is there, nothing is half there, and the error says what to do."""

import os
import random
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from polyloop.core import StoreError
from polyloop.store import Store
from tests.store.conftest import answer, ask


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "results.db"


def test_a_write_cut_short_by_a_power_failure_leaves_all_commits_before_it(path, tmp_path):
    """Cut a copy of the write-ahead log at random places: each state is a prefix of the commits, and sound."""
    sizes = []
    with Store(path) as store:
        for seed in range(30):
            store.add(answer(ask(seed=seed)))
            sizes.append(Path(f"{path}-wal").stat().st_size)
        base, log = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    assert len(log) == sizes[-1]
    generator = random.Random(7)
    cuts = [0, *sizes[:3], *(generator.randrange(len(log)) for _ in range(25)), len(log)]
    for number, cut in enumerate(cuts):
        copy = tmp_path / f"copy{number}.db"
        copy.write_bytes(base)
        Path(f"{copy}-wal").write_bytes(log[:cut])
        committed = sum(size <= cut for size in sizes)
        if cut < sizes[0] and number == 0:
            # Even the tables were in the log alone: an empty database is made anew, not taken for damaged.
            Store(copy).close()
            continue
        with Store(copy) as reopened:
            found = {record.request.seed for record in reopened.records()}
            assert found == set(range(len(found)))
            assert len(found) >= committed
            assert reopened.check() == []
            reopened.add(answer(ask(seed=1000)))


def test_garbage_at_the_end_of_the_log_is_not_taken_for_data(path, tmp_path):
    with Store(path) as store:
        for seed in range(5):
            store.add(answer(ask(seed=seed)))
        shutil.copy(path, tmp_path / "copy.db")
        log = Path(f"{path}-wal").read_bytes()
    (tmp_path / "copy.db-wal").write_bytes(log + random.Random(7).randbytes(5000))
    with Store(tmp_path / "copy.db") as reopened:
        assert len(reopened.records()) == 5
        assert reopened.check() == []


FULL_DISK = """
import resource, sys
from polyloop.core import StoreError
from polyloop.store import Store
from tests.store.conftest import answer, ask
store = Store(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), int(sys.argv[2])))
seed = 0
try:
    while True:
        store.add([record for index in range(50) for record in answer(ask(seed=50 * seed + index), std_of="x" * 500)])
        seed += 1
except StoreError as error:
    print(seed, error)
"""


def test_a_full_disk_is_an_error_and_nothing_is_half_written(path):
    """A limit on the size of files stands for the full disk: writes fail in the middle of a transaction."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", FULL_DISK, str(path), "600000"]
    ended = subprocess.run(command, env=environment, timeout=60, check=True, capture_output=True, text=True)
    batches, message = ended.stdout.split(" ", 1)
    assert str(path) in message
    assert "run the same command again" in message
    with Store(path) as store:  # space is there again
        assert len(store.records()) == 50 * int(batches) > 0
        assert store.check() == []
        store.add(answer(ask(seed=10**6)))


def test_a_database_that_may_not_grow_says_that_the_disk_is_full(path):
    with Store(path) as store:
        with store._database.read() as connection:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
            connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")  # of this pooled connection
        with pytest.raises(StoreError, match=r"disk \(or quota\) is full"):
            store.add([record for seed in range(200) for record in answer(ask(seed=seed))])
        assert store.records() == []


READ_ONLY = """
import os, sys, tempfile
from polyloop.core import StoreError
from polyloop.store import Store
from tests.store.conftest import answer, ask
with tempfile.TemporaryDirectory() as folder:  # once with permission, so that all modules are loaded
    Store(folder + "/results.db").add(answer(ask()))
os.setgid(65534); os.setuid(65534)
try:
    Store(sys.argv[1]).add(answer(ask()))
except StoreError as error:
    print(error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become a user without permission")
@pytest.mark.parametrize("exists", [True, False])
def test_a_place_without_permission_says_so(tmp_path, exists):
    folder = Path("/tmp") / f"polyloop-{os.getpid()}"  # pytest's own folders are closed to other users
    folder.mkdir()
    try:
        if exists:
            Store(folder / "results.db").close()
        folder.chmod(0o555)
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-c", READ_ONLY, str(folder / "results.db")]
        ended = subprocess.run(command, env=environment, timeout=60, check=True, capture_output=True, text=True)
        assert "permission" in ended.stdout
        assert str(folder) in ended.stdout
    finally:
        shutil.rmtree(folder)


def test_a_file_that_is_no_database_is_left_alone(path):
    path.write_text("smiles,density\n*CC*,0.9\n" * 100)
    before = path.read_bytes()
    with pytest.raises(StoreError, match="no SQLite database"):
        Store(path)
    assert path.read_bytes() == before


def test_a_damaged_database_is_found_out(path):
    with Store(path) as store:
        store.add([record for seed in range(200) for record in answer(ask(seed=seed), std_of="x" * 300)])
    content = bytearray(path.read_bytes())
    for start in range(len(content) // 2 // 4096 * 4096, len(content), 4096):  # behind the first pages, the schema's
        content[start : start + 64] = b"\xff" * 64
    path.write_bytes(content)
    with Store(path) as store:
        problems = store.check()
        assert problems
        with pytest.raises(StoreError, match="damaged"):
            store.records()


def test_a_database_locked_for_too_long_says_so(path):
    Store(path).close()
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    with Store(path, timeout=0.2) as store, pytest.raises(StoreError, match="locked for too long"):
        store.add(answer(ask()))
    blocker.close()


def test_readers_do_not_wait_for_a_writer(path):
    with Store(path, timeout=0.2) as store:
        store.add(answer(ask()))
        blocker = sqlite3.connect(path, isolation_level=None)
        blocker.execute("BEGIN IMMEDIATE")
        assert len(store.records()) == 1
        blocker.close()
