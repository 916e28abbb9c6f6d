"""Locks that others hold for long, servers that go away: a write waits with a word, and nothing is half kept."""

import ast
import sqlite3
import threading
import time
from pathlib import Path

import pytest
import sqlalchemy

import polyloop.store
from polyloop.chem import Polymer
from polyloop.core import Record, Request, StoreError, Subject
from polyloop.store import BusyError, ClaimOutcome, Store, additions, database
from polyloop.store import mapping as rows
from tests.databases import held
from tests.store.conftest import answer, ask


@pytest.fixture(autouse=True)
def short_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """One try waits a tenth of a second instead of two."""
    monkeypatch.setattr(database, "_SLICE_S", 0.1)


def test_a_finished_evaluation_is_kept_when_a_long_lock_ends(place):
    waited: list[float] = []
    with Store(place, timeout=30, on_wait=waited.append) as store:
        store.claim(ask(), "me")
        with held(place, 1.5):
            assert store.finish(ask(), answer(ask()), "me")
        assert len(store.records()) == 1
    assert len(waited) > 3
    assert waited == sorted(waited)


def test_a_lock_that_outlasts_the_timeout_is_an_error_and_nothing_is_half_written(place):
    with Store(place) as store:
        store.claim(ask(), "me")
    with Store(place, timeout=0.5) as store:
        with held(place, 3.0):
            started = time.monotonic()
            with pytest.raises(BusyError, match="locked for too long"):
                store.finish(ask(), answer(ask()), "me")
            assert 0.4 < time.monotonic() - started < 2.0
        assert store.records() == []
        assert store.finish(ask(), answer(ask()), "me")
        assert store.check() == []


def test_every_kind_of_write_waits(place):
    with Store(place, timeout=30) as store:
        store.start_campaign("c", {})
        store.claim(ask(seed=1), "me")
        writes = {
            "claim": lambda: store.claim(ask(), "me"),
            "renew": lambda: store.renew([ask(seed=1).key], "me"),
            "release": lambda: store.release(ask(seed=1), "me"),
            "add": lambda: store.add(answer(ask(seed=2))),
            "state": lambda: store.set_state("c", "running"),
            "cycle": lambda: store.save_cycle("c", 0, {}),
            "start": lambda: store.start_campaign("d", {}),
        }
        errors: dict[str, Exception] = {}

        def run(name: str) -> None:
            try:
                writes[name]()
            except StoreError as error:
                errors[name] = error

        threads = [threading.Thread(target=run, args=(name,)) for name in writes]
        with held(place, 1.0):
            for thread in threads:
                thread.start()
        for thread in threads:
            thread.join(timeout=30)
        assert errors == {}
        assert store.check() == []


def test_no_write_of_the_store_is_without_patience():
    folder = Path(polyloop.store.__file__).parent
    found = 0
    for path in folder.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and "database.write()" in ast.unparse(function):
                found += 1
                assert "keeps_trying" in [ast.unparse(each) for each in function.decorator_list], function.name
    assert found >= 10


def test_what_the_waiting_is_told_may_end_it(place):
    class Stop(BaseException):
        pass

    def stop(waited: float) -> None:
        raise Stop

    with Store(place, on_wait=stop) as store, held(place, 1.0), pytest.raises(Stop):
        store.claim(ask(), "me")


def test_a_lost_connection_is_taken_up_again(place):
    if "://" not in place:
        pytest.skip("SQLite has no server that could go away")
    with Store(place) as store:
        store.claim(ask(), "me")
        kick = sqlalchemy.create_engine(sqlalchemy.make_url(place).set(drivername="postgresql+psycopg"))

        def cut() -> None:
            for _ in range(20):
                with kick.connect() as connection:
                    connection.exec_driver_sql(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
                    )
                time.sleep(0.02)

        cutter = threading.Thread(target=cut)
        cutter.start()
        for seed in range(1, 60):
            assert store.claim(ask(seed=seed), "me").outcome is ClaimOutcome.GRANTED
            store.finish(ask(seed=seed), answer(ask(seed=seed)), "me")
        cutter.join()
        kick.dispose()
        assert len(store.records()) == 59
        assert store.check() == []


def many(count: int, value: float = 0.9) -> list[Record]:
    return [record for seed in range(count) for record in answer(ask(seed=seed, protocol="measured/table@1"), value)]


@pytest.mark.slow
def test_others_get_through_while_thousands_are_imported(place, monkeypatch):
    monkeypatch.setattr(additions, "_PART", 100)
    longest, ended, began = 0.0, threading.Event(), time.monotonic()
    with Store(place) as store, Store(place) as other:
        importer = threading.Thread(target=lambda: (store.add(many(3000)), ended.set()))
        importer.start()
        calls = 0
        while not ended.is_set():
            started = time.monotonic()
            other.claim(ask(seed=calls), "me")
            longest, calls = max(longest, time.monotonic() - started), calls + 1
        importer.join()
        assert len(other.records(protocols=["measured/table@1"])) == 3000
    assert calls > 5
    # Who held the database for all of its parts would let others wait as long as the import takes.
    assert longest < (time.monotonic() - began) / 2


def test_an_import_that_was_killed_is_completed_by_the_same_import(place, monkeypatch):
    monkeypatch.setattr(additions, "_PART", 10)
    keep, parts = additions._add_part, []

    def killed_in_the_third(*words):
        parts.append(1)
        if len(parts) == 3:
            raise KeyboardInterrupt
        return keep(*words)

    monkeypatch.setattr(additions, "_add_part", killed_in_the_third)
    with Store(place) as store:
        with pytest.raises(KeyboardInterrupt):
            store.add(many(45))
        assert len(store.records()) == 20
        monkeypatch.setattr(additions, "_add_part", keep)
        assert store.add(many(45)) == (25, 20)
        assert store.check() == []


def test_other_values_at_the_end_of_an_import_are_found_before_anything_is_kept(place, monkeypatch):
    monkeypatch.setattr(additions, "_PART", 10)
    with Store(place) as store:
        store.add(many(50)[-1:])
        with pytest.raises(StoreError, match="other values"):
            store.add(many(50, value=0.8))
        assert len(store.records()) == 1


def test_polymers_are_classified_outside_the_lock(tmp_path, monkeypatch):
    """Whoever asks for the class may write meanwhile: nobody waits for chemistry."""
    path = tmp_path / "results.db"
    Store(path).close()
    classify, free = rows._class, []

    def look(smiles: str) -> str | None:
        blocker = sqlite3.connect(path, isolation_level=None, timeout=0)
        blocker.execute("BEGIN IMMEDIATE")
        blocker.close()
        free.append(smiles.text)
        return classify(smiles)

    monkeypatch.setattr(rows, "_class", look)
    units = [Polymer(f"*{'C' * n}O*").canonical for n in range(2, 5)]
    requests = [Request(Subject("polymer", unit), "measured/table@1") for unit in units]
    with Store(path) as store:
        store.claim(requests[0], "me")
        store.add(answer(requests[1]))
        store.start_campaign("c", {})
        store.save_picks("c", 0, [polyloop.store.Pick(requests[2])])
    assert sorted(free) == sorted(units)
