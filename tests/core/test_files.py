"""A write either happens whole or not at all."""

import os
import resource
import signal
import subprocess
import sys
import textwrap

import pytest

from polyloop.core import write_atomically
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
        from polyloop.core import write_atomically
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
        from polyloop.core import write_atomically
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
