"""Opening: new, old, newer and foreign databases; places that are none; the migrations yield the tables of the code."""

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from polyloop.core import MissingDependencyError, StoreError
from polyloop.store import Store
from polyloop.store.database import Database
from polyloop.store.migrate import migrate
from polyloop.store.schema import REVISION, VERSION_TABLE, metadata
from tests.store.conftest import answer, ask


def test_a_new_store_has_all_tables(place):
    with Store(place) as store, store._database.read() as connection:
        assert set(inspect(connection).get_table_names()) == {*metadata.tables, VERSION_TABLE}


def test_migrating_is_done_once(place):
    database = Database(place)
    assert migrate(database)
    assert not migrate(database)
    database.close()


def test_the_migrations_yield_exactly_the_tables_of_the_code(place):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    with Store(place) as store, store._database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE, "compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_newest_migration_is_the_one_that_the_code_names():
    from alembic.script import ScriptDirectory

    import polyloop.store.migrate as module

    assert ScriptDirectory(str(Path(module.__file__).parent / "migrations")).get_heads() == [REVISION]


def test_opening_again_keeps_what_was_there(place):
    with Store(place) as store:
        store.add(answer(ask()))
    with Store(place) as store:
        assert len(store.records()) == 1


def test_opening_an_up_to_date_store_needs_no_alembic(tmp_path):
    Store(tmp_path / "results.db").close()
    code = "import sys; from polyloop.store import Store; Store(sys.argv[1]).records(); print('alembic' in sys.modules)"
    command = [sys.executable, "-c", code, str(tmp_path / "results.db")]
    environment = {"PYTHONPATH": ":".join(sys.path)}
    assert subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout == "False\n"


def test_a_database_of_a_newer_polyloop_is_refused_and_left_alone(place):
    with Store(place) as store, store._database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '9999'"))
    with pytest.raises(StoreError, match=r"schema 9999; this polyloop knows schemas up to.*pip install --upgrade"):
        Store(place)


def test_another_programs_database_is_refused_and_left_alone(tmp_path):
    path = tmp_path / "other.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE molecules (id)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"another program.*molecules.*Name a new file"):
        Store(path)
    assert path.read_bytes() == before


def test_an_empty_file_becomes_a_store(tmp_path):
    (tmp_path / "results.db").touch()
    with Store(tmp_path / "results.db") as store:
        assert store.check() == []


def test_a_failing_migration_leaves_the_database_as_it_was(tmp_path, monkeypatch):
    from alembic import command

    upgrade = command.upgrade

    def fail_after(config, revision):
        upgrade(config, revision)
        raise sqlite3.OperationalError("interrupted")

    monkeypatch.setattr(command, "upgrade", fail_after)
    with pytest.raises(StoreError, match="interrupted"):
        Store(tmp_path / "results.db")
    monkeypatch.undo()
    connection = sqlite3.connect(tmp_path / "results.db")
    assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
    Store(tmp_path / "results.db").close()


@pytest.mark.parametrize("make", [str, Path, lambda path: f"sqlite:///{path}"])
def test_a_file_is_named_by_text_path_or_url(tmp_path, make):
    with Store(make(tmp_path / "results.db")) as store:
        assert store.where == str(tmp_path / "results.db")
        assert repr(store) == f"Store('{tmp_path}/results.db')"


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("", "no place for a store"),
        (":memory:", "no place for a store"),
        ("sqlite://", "no place for a store"),
        ("/no/such/folder/results.db", "mkdir -p /no/such/folder"),
        ("/tmp", "is a folder.*/tmp/results.db"),
        ("mysql://user:secret@host/name", "no store on 'mysql'"),
        ("what is://this", "no database URL"),
    ],
)
def test_a_place_that_is_none_says_what_to_name(place, message):
    with pytest.raises(StoreError, match=message) as caught:
        Store(place)
    assert "secret" not in str(caught.value)


def test_a_server_that_is_not_there_says_so():
    pytest.importorskip("psycopg", reason="the extra postgres is not installed")
    with pytest.raises(StoreError, match=r"PostgreSQL refused.*Check that the server runs") as caught:
        Store("postgres://user:secret@127.0.0.1:9/name?connect_timeout=2")
    assert "secret" not in str(caught.value)


def test_postgresql_without_its_driver_names_the_install_line(monkeypatch):
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'polyloop\[postgres\]'"):
        Store("postgresql://localhost/name")


def test_a_closed_store_opens_again_by_itself(place):
    store = Store(place)
    store.close()
    store.add(answer(ask()))
    assert len(store.records()) == 1
    store.close()
