"""The check finds each kind of damage that somebody may do to the tables."""

import pytest
from sqlalchemy import text

from tests.store.conftest import answer, ask


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        ("UPDATE subjects SET text = '*CCC*'", "wrong key"),
        ("UPDATE evaluations SET seed = 99 WHERE status = 'done'", "does not match its subject"),
        ("DELETE FROM records", "is done but has no records"),
        ("UPDATE evaluations SET status = 'waiting' WHERE status = 'done'", "has records but is not finished"),
        ("UPDATE evaluations SET owner = NULL WHERE status = 'running'", "without an owner"),
        ("DELETE FROM attempts", "without an open attempt"),
        ("UPDATE attempts SET outcome = 'running' WHERE outcome = 'done'", "has ended but has an open attempt"),
    ],
)
def test_damage_is_named(store, damage, message):
    store.claim(ask(), "me")
    store.finish(ask(), answer(ask()), "me")
    store.claim(ask(seed=1), "me")
    assert store.check() == []
    with store._database.write() as connection:
        connection.execute(text(damage))
    problems = store.check()
    assert any(message in problem for problem in problems)


def test_a_broken_reference_is_named(tmp_path):
    import sqlite3

    from polyloop.store import Store

    with Store(tmp_path / "results.db") as store:
        store.add(answer(ask()))
        connection = sqlite3.connect(tmp_path / "results.db")
        connection.execute("DELETE FROM subjects")
        connection.commit()
        connection.close()
        assert store.check() == ["Row 1 of evaluations refers to a row of subjects that is not there."]
