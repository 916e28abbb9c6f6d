"""A write either happens whole or not at all."""

import os
import resource
import signal
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from polyloop.core import user_cache, write_atomically
from polyloop.core.files import sweep_unfinished


def test_it_replaces_the_file_and_leaves_nothing_beside_it(tmp_path):
    target = tmp_path / "new" / "file.txt"
    write_atomically(target, "one")
    write_atomically(target, b"two")
    assert target.read_text() == "two"
    assert [path.name for path in target.parent.iterdir()] == ["file.txt"]


@pytest.mark.skipif(not hasattr(resource, "RLIMIT_FSIZE"), reason="no file size limit on this system")
def test_a_full_disk_leaves_the_old_content(tmp_path):
    target = tmp_path / "file.txt"
    write_atomically(target, "old")
    script = textwrap.dedent(f"""
        import pathlib, resource, signal
        from polyloop.core import user_cache, write_atomically
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        try:
            write_atomically(pathlib.Path({str(target)!r}), "x" * 100_000)
        except OSError:
            raise SystemExit(7)
    """)
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 7
    assert target.read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]


def test_what_a_killed_write_left_is_swept_when_nobody_can_be_writing_it(tmp_path):
    script = """
        import os, pathlib, signal, sys
        from polyloop.core import user_cache, write_atomically
        os.fsync = lambda number: os.kill(os.getpid(), signal.SIGKILL)
        write_atomically(pathlib.Path(sys.argv[1]), "x")
    """
    for name in ("old.json", "deep/young.json"):
        command = [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / name)]
        assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    (left,) = tmp_path.glob(".old.json.*")
    os.utime(left, (0, 0))
    (tmp_path / ".other").touch()
    sweep_unfinished(tmp_path)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [".other"]
    assert len(list((tmp_path / "deep").iterdir())) == 1


def test_text_that_utf8_has_no_word_for_is_spelled_out(tmp_path):
    write_atomically(tmp_path / "file.txt", "half a pair \udce9")
    assert (tmp_path / "file.txt").read_text() == "half a pair \\udce9"


def test_a_link_stays_a_link_and_its_file_is_replaced(tmp_path):
    real = tmp_path / "there" / "real.csv"
    real.parent.mkdir()
    real.write_text("old")
    (tmp_path / "second").symlink_to(real)
    (tmp_path / "first").symlink_to("second")
    write_atomically(tmp_path / "first", "new")
    assert (tmp_path / "first").is_symlink()
    assert (tmp_path / "second").is_symlink()
    assert real.read_text() == "new"
    assert [path.name for path in real.parent.iterdir()] == ["real.csv"]


def test_a_link_to_nothing_yet_makes_its_file(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "later" / "real.csv")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "later" / "real.csv").read_text() == "new"


def test_a_fifo_is_written_through(tmp_path):
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    reader = subprocess.Popen(["cat", str(fifo)], stdout=subprocess.PIPE)
    write_atomically(fifo, "x" * 100_000)
    out, _ = reader.communicate(timeout=20)
    assert len(out) == 100_000
    assert stat.S_ISFIFO(fifo.stat().st_mode)


def test_a_device_stays_a_device(tmp_path):
    before = Path("/dev/null").stat()
    write_atomically(Path("/dev/null"), "gone")
    (tmp_path / "link").symlink_to("/dev/null")
    write_atomically(tmp_path / "link", "gone")
    after = Path("/dev/null").stat()
    assert stat.S_ISCHR(after.st_mode)
    assert (after.st_ino, after.st_mode) == (before.st_ino, before.st_mode)


@pytest.mark.parametrize("name", ["/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"])
@pytest.mark.parametrize("to_file", [True, False])
def test_standard_output_is_written_through(tmp_path, name, to_file):
    """Into a file that the shell has opened, too: replaced, the file would lose what else is printed."""
    script = "import sys, pathlib; from polyloop.core import write_atomically\n"
    script += "print('before', flush=True); write_atomically(pathlib.Path(sys.argv[1]), 'content'); print('after')"
    command = [sys.executable, "-c", script, name]
    if to_file:
        with (tmp_path / "out").open("ab") as stream:
            subprocess.run(command, stdout=stream, check=True, timeout=60)
        said = (tmp_path / "out").read_text()
    else:
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
    assert "content" in said
    assert said.endswith("after\n")


def test_a_private_file_stays_private(tmp_path):
    (tmp_path / "file").touch(mode=0o600)
    write_atomically(tmp_path / "file", "secret")
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_a_folder_is_no_file_to_write(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_atomically(tmp_path / "folder", "x")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_the_cache_is_where_the_user_says_or_in_the_home_and_without_a_home_among_temporary_files(
    tmp_path, monkeypatch
):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "named"))
    assert user_cache() == tmp_path / "named" / "polyloop"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert user_cache() == tmp_path / ".cache" / "polyloop"

    def homeless():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    assert user_cache().parent == tmp_path / "temporary"
