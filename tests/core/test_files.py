"""A write either happens whole or not at all."""

import resource
import subprocess
import sys
import textwrap

import pytest

from polyloop.core import write_atomically


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
