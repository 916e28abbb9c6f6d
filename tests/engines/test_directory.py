"""The directory of a run of a program beside us: it is one run's, and what a killed process left there is ended."""

import json
import os
import subprocess

import pytest

from polyloop.core import EvaluationError, FailureCode
from polyloop.engines.dynamics.processes import born
from polyloop.engines.dynamics.run_directory import RunDirectory


@pytest.fixture
def sleeper():
    """A program that leads a group of its own."""
    process = subprocess.Popen(["sleep", "60"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def opened(path):
    directory = RunDirectory(path, "key", "stage")
    directory.open()
    return directory


@pytest.mark.parametrize(
    ("file", "content", "words"),
    [("diary.txt", "Dear diary", "something else: diary.txt"), ("state.json", '{"key": ', "state.json is damaged")],
)
def test_a_directory_with_something_else_in_it_is_left_alone(tmp_path, file, content, words):
    (tmp_path / file).write_text(content)
    with pytest.raises(EvaluationError, match=words) as caught:
        opened(tmp_path)
    assert caught.value.failure.code is FailureCode.CHECKPOINT
    assert (tmp_path / file).read_text() == content


def test_a_program_that_a_killed_process_left_behind_is_ended(tmp_path, sleeper):
    opened(tmp_path)
    owner = subprocess.Popen(["true"])
    owner.wait()
    note = {"owner": [owner.pid, 0.0], "program": [sleeper.pid, born(sleeper.pid)]}
    (tmp_path / "owner.json").write_text(json.dumps(note))
    opened(tmp_path)
    assert sleeper.wait(timeout=10) < 0


def test_a_later_process_of_the_same_number_is_left_alone(tmp_path, sleeper):
    opened(tmp_path)
    note = {"owner": [os.getpid(), born(os.getpid())], "program": [sleeper.pid, born(sleeper.pid) - 1.0]}
    (tmp_path / "owner.json").write_text(json.dumps(note))
    opened(tmp_path)
    assert sleeper.poll() is None
