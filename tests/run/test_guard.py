"""The guard's two halves, called in this process; that they work together is tested with a killed parent."""

import subprocess

from polyloop.run.guard import end, read_groups
from polyloop.run.supervised import Guard


def test_the_guard_knows_who_is_still_there():
    assert read_groups(["+12\n", "+13\n", "-12\n", "nonsense\n", "+14\n"]) == {13, 14}


def test_the_guard_ends_groups_and_removes_the_folder(tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "scratch" / "file").write_text("x")
    program = subprocess.Popen(["sleep", "60"], start_new_session=True)
    gone = subprocess.Popen(["true"])
    gone.wait()
    end([program.pid, gone.pid], str(tmp_path / "scratch"))
    assert program.wait(timeout=10) == -9
    assert not (tmp_path / "scratch").exists()


def test_a_pool_lives_on_when_its_guard_was_killed(tmp_path):
    guard = Guard(tmp_path / "scratch")
    guard._process.kill()
    guard._process.wait()
    guard.add(1)
    guard.close()
