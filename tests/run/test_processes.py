"""SupervisedProcessPool: what a call may do to itself, and what it may not do to others."""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import BrokenExecutor, CancelledError, wait
from pathlib import Path

import psutil
import pytest

from polyloop.core import ConfigurationError, EvaluationError, FailureCode, InvalidInputError
from polyloop.run import SupervisedProcessPool
from tests.run import calls


def code_of(error: BaseException | None) -> FailureCode:
    assert isinstance(error, EvaluationError)
    return error.failure.code


def test_a_call_returns_its_value(pool):
    assert pool.submit(calls.double, 21).result(timeout=30) == 42


def test_one_worker_serves_many_calls(pool):
    assert len({pool.submit(calls.pid).result(timeout=30) for _ in range(3)}) == 1


def test_a_worker_is_another_process(pool):
    assert pool.submit(calls.pid).result(timeout=30) != os.getpid()


def test_a_worker_uses_one_thread(pool):
    expected = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE", "OPENBLAS_NUM_THREADS": "1"}
    assert pool.submit(calls.threads).result(timeout=30) == expected


def test_an_exception_comes_back_with_the_workers_traceback(pool):
    error = pool.submit(calls.raise_value_error).exception(timeout=30)
    assert isinstance(error, ValueError)
    assert "raise_value_error" in str(error.__cause__)


def test_an_exception_that_cannot_be_sent_comes_back_as_text(pool):
    error = pool.submit(calls.raise_stubborn).exception(timeout=30)
    assert str(error) == "StubbornError: 1 and 2"


def test_a_result_that_cannot_be_sent_is_that_calls_error(pool):
    assert "pickle" in str(pool.submit(calls.unpicklable).exception(timeout=30)).lower()
    assert pool.submit(calls.double, 1).result(timeout=30) == 2


def test_a_result_that_cannot_be_read_is_that_calls_error(pool):
    assert isinstance(pool.submit(calls.poison).exception(timeout=30), ArithmeticError)
    assert pool.submit(calls.double, 1).result(timeout=30) == 2


def test_a_function_that_cannot_be_sent_is_refused_at_once(pool):
    with pytest.raises(InvalidInputError, match="top level of a module"):
        pool.submit(lambda: None)


def test_what_a_call_prints_is_kept_with_its_future_and_not_with_the_next(pool):
    talkative, silent = pool.submit(calls.print_from_c, "SCF cycle 7"), pool.submit(calls.double, 1)
    wait([talkative, silent], timeout=30)
    assert (talkative.log, silent.log) == ("SCF cycle 7\n", "")


def test_a_killed_worker_ends_only_its_own_call(tmp_path):
    with SupervisedProcessPool(2) as pool:
        victim = pool.submit(calls.die_first, str(tmp_path / "marker"), 1)
        others = [pool.submit(calls.double, number) for number in range(6)]
        assert [other.result(timeout=30) for other in others] == [0, 2, 4, 6, 8, 10]
        error = victim.exception(timeout=30)
    assert code_of(error) is FailureCode.WORKER_DIED
    assert "SIGKILL" in str(error)
    assert victim.log == "about to die\n"


def test_a_crash_in_c_code_names_its_signal_and_leaves_its_stack_in_the_log():
    with SupervisedProcessPool(1) as pool:
        future = pool.submit(calls.segfault)
        assert "SIGSEGV" in str(future.exception(timeout=30))
    assert "string_at" in future.log


def test_a_worker_that_leaves_by_itself_is_noticed():
    with SupervisedProcessPool(1) as pool:
        assert "exit code 3" in str(pool.submit(calls.leave, 3).exception(timeout=30))


def test_a_worker_killed_while_idle_is_replaced():
    with SupervisedProcessPool(1) as pool:
        first = pool.submit(calls.pid).result(timeout=30)
        os.kill(first, signal.SIGKILL)
        # The very next call may still have been given to the dead worker; it must end either way.
        with pytest.raises((EvaluationError, ZeroDivisionError)):
            pool.submit(calls.pid).result(timeout=30)
            raise ZeroDivisionError
        assert pool.submit(calls.pid).result(timeout=30) != first


def test_a_call_over_its_time_is_killed_with_the_programs_that_it_started(tmp_path):
    file = tmp_path / "pids"
    with SupervisedProcessPool(1, time_limit=0.7) as pool:
        future = pool.submit(calls.start_program_and_sleep, str(file))
        assert code_of(future.exception(timeout=30)) is FailureCode.TIME_LIMIT
        assert 0.7 <= future.wall_time < 5
        assert_gone(file)
        assert pool.submit(calls.double, 2).result(timeout=30) == 4


def test_a_call_over_its_memory_is_killed():
    with SupervisedProcessPool(1, memory_limit=300_000_000) as pool:
        error = pool.submit(calls.fill_memory, 600, 60.0).exception(timeout=60)
        assert code_of(error) is FailureCode.MEMORY_LIMIT
        assert "0.3 GB" in str(error)


def test_the_memory_of_programs_that_it_started_counts_too():
    with SupervisedProcessPool(1, memory_limit=300_000_000) as pool:
        assert code_of(pool.submit(calls.child_fills_memory, 600).exception(timeout=60)) is FailureCode.MEMORY_LIMIT


def test_a_worker_under_its_memory_limit_is_left_alone_but_not_reused_when_bloated():
    with SupervisedProcessPool(1, memory_limit=10_000_000_000) as pool:
        assert pool.submit(calls.fill_memory, 50, 0.5).result(timeout=60) == 50_000_000
    with SupervisedProcessPool(1, memory_limit=1) as pool:  # every worker is above half of one byte
        first, second = pool.submit(calls.pid), pool.submit(calls.pid)
        assert first.result(timeout=30) != second.result(timeout=30)


def test_scratch_files_are_the_workers_own_and_go_with_it():
    with SupervisedProcessPool(1) as pool:
        folder = Path(pool.submit(calls.scratch).result(timeout=30))
        assert folder.is_dir()
    assert not folder.exists()


def test_what_prepares_a_worker_comes_before_the_first_call_and_costs_none_of_its_time():
    with SupervisedProcessPool(1, initializer=calls.import_slowly, initargs=("sqlite3",), time_limit=1.0) as pool:
        assert pool.submit(calls.modules, "sqlite3").result(timeout=30)


def test_workers_that_cannot_start_break_the_pool_with_what_they_printed():
    pool = SupervisedProcessPool(1, initializer=calls.import_slowly, initargs=("no_such_module_anywhere",))
    future = pool.submit(calls.double, 1)
    with pytest.raises(BrokenExecutor, match="no_such_module_anywhere"):
        future.result(timeout=60)
    with pytest.raises(BrokenExecutor):
        pool.submit(calls.double, 1)
    pool.shutdown()


def test_a_running_call_can_be_killed(tmp_path):
    file = tmp_path / "pids"
    with SupervisedProcessPool(1) as pool:
        future = pool.submit(calls.start_program_and_sleep, str(file))
        wait_for(file)
        pool.kill(future)
        with pytest.raises(CancelledError):
            future.result(timeout=30)
        assert_gone(file)


def test_a_killed_call_may_save_what_it_has(tmp_path):
    started, saved = tmp_path / "started", tmp_path / "saved"
    with SupervisedProcessPool(1) as pool:
        future = pool.submit(calls.save_on_sigterm, str(started), str(saved))
        while not started.exists():
            time.sleep(0.01)
        pool.kill(future)
        with pytest.raises(CancelledError):
            future.result(timeout=30)
    assert saved.read_text() == "saved"


def test_workers_share_the_cores(monkeypatch):
    monkeypatch.delenv("POLYLOOP_CORES", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: set(range(6)), raising=False)
    with SupervisedProcessPool(2) as pool:
        assert pool.submit(calls.cores).result(timeout=30) == "3"


def test_workers_have_places_of_their_own_and_a_new_one_takes_the_place_of_the_dead(tmp_path):
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    after.mkdir()
    with SupervisedProcessPool(2) as pool:
        first = [pool.submit(calls.place, str(before), 2) for _ in range(2)]
        assert sorted(future.result(timeout=60) for future in first) == ["0", "1"]
        with pytest.raises(EvaluationError):
            pool.submit(calls.die_first, str(tmp_path / "marker"), 1).result(timeout=60)
        later = [pool.submit(calls.place, str(after), 2) for _ in range(2)]
        assert sorted(future.result(timeout=60) for future in later) == ["0", "1"]


def test_a_waiting_call_can_be_cancelled(tmp_path):
    file = tmp_path / "pids"
    with SupervisedProcessPool(1) as pool:
        running, waiting = pool.submit(calls.start_program_and_sleep, str(file)), pool.submit(calls.double, 1)
        wait_for(file)
        assert waiting.cancel()
        pool.kill(running)
        assert pool.submit(calls.double, 4).result(timeout=30) == 8


def test_terminate_ends_running_and_waiting_calls(tmp_path):
    file = tmp_path / "pids"
    pool = SupervisedProcessPool(1)
    running, waiting = pool.submit(calls.start_program_and_sleep, str(file)), pool.submit(calls.double, 1)
    wait_for(file)
    pool.terminate()
    assert isinstance(running.exception(timeout=0), CancelledError)
    assert waiting.cancelled()
    assert_gone(file)
    with pytest.raises(BrokenExecutor):
        pool.submit(calls.double, 1)


def test_shutdown_finishes_what_waits():
    pool = SupervisedProcessPool(1)
    futures = [pool.submit(calls.double, number) for number in range(3)]
    pool.shutdown()
    assert [future.result(timeout=0) for future in futures] == [0, 2, 4]


def test_a_pool_that_never_worked_shuts_down():
    SupervisedProcessPool(1).shutdown()


@pytest.mark.parametrize(
    "wrong", [{"workers": 0}, {"time_limit": 0.0}, {"memory_limit": -1}, {"time_limit": float("nan")}]
)
def test_limits_must_be_above_zero(wrong):
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        SupervisedProcessPool(**wrong)


PARENT = """
import sys
from polyloop.run import SupervisedProcessPool
from tests.run import calls
if __name__ == "__main__":
    pool = SupervisedProcessPool(1)
    future = pool.submit(calls.start_program_and_sleep, sys.argv[1])
    {then}
"""


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_process_and_no_scratch_outlives_a_killed_parent(tmp_path, number):
    (tmp_path / "parent.py").write_text(PARENT.format(then="future.result()"))
    (tmp_path / "scratch").mkdir()
    file = tmp_path / "pids"
    environment = {**os.environ, "TMPDIR": str(tmp_path / "scratch"), "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py"), str(file)], env=environment)
    wait_for(file)
    parent.send_signal(number)
    parent.wait(timeout=30)
    assert_gone(file)
    deadline = time.monotonic() + 10
    while list((tmp_path / "scratch").glob("polyloop-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not list((tmp_path / "scratch").glob("polyloop-*"))


def test_a_program_that_forgets_to_shut_down_still_ends(tmp_path):
    file = tmp_path / "pids"
    then = "import time, pathlib\n    while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.02)"
    (tmp_path / "parent.py").write_text(PARENT.format(then=then))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(tmp_path / "parent.py"), str(file)]
    assert subprocess.run(command, env=environment, timeout=60, check=False).returncode == 0
    assert_gone(file)


SCRIPTS = {
    "no guard is needed": ("SupervisedProcessPool(1).submit(calls.double, 21).result()", 0, ""),
    "nor where other functions are asked": (
        "from polyloop.evaluation import compute_properties\n"
        "print(compute_properties(['*CC*'], level='instant', store='s.sqlite')[0].records[0].status)",
        0,
        "",
    ),
    "one is for functions of the script": (
        "def f(): return 1\nSupervisedProcessPool(1).submit(f).result()",
        1,
        "script.py: A worker process imports this script for what it defines, and meets its work on the way. "
        "Put the script's work under `if __name__ == '__main__':`.",
    ),
    "one that guards something else": (
        "if __name__ == 'elsewhere': pass\nSupervisedProcessPool(1).submit(calls.double, 1).result()",
        1,
        "Put the script's work under `if __name__ == '__main__':`.",
    ),
    "one that guards all": (
        "def f(): return 1\nif __name__ == '__main__':\n    assert SupervisedProcessPool(1).submit(f).result() == 1",
        0,
        "",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize(("work", "code", "said"), SCRIPTS.values(), ids=SCRIPTS)
def test_a_script_without_a_main_guard_works_or_is_told_so_at_once(tmp_path, work, code, said):
    script = f"from polyloop.run import SupervisedProcessPool\nfrom tests.run import calls\n{work}\n"
    (tmp_path / "script.py").write_text(script)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(tmp_path / "script.py")]
    ended = subprocess.run(
        command, env=environment, timeout=60, check=False, capture_output=True, text=True, cwd=tmp_path
    )
    assert ended.returncode == code, ended.stderr
    assert said in ended.stderr


@pytest.mark.parametrize("name", ["interrupt", "own", "generator"])
def test_an_exception_that_is_no_error_comes_back_as_what_it_is(pool, name):
    error = pool.submit(calls.raise_base, name).exception(timeout=30)
    assert str(error) == "on purpose"
    assert pool.submit(calls.double, 2).result(timeout=30) == 4


def test_a_worker_whose_calls_leave_files_open_is_replaced_before_there_is_none_left():
    with SupervisedProcessPool(1) as pool:
        first = pool.submit(calls.leak_descriptors, 0.6).result(timeout=60)
        assert pool.submit(calls.pid).result(timeout=60) != first


def test_a_worker_without_descriptors_is_replaced():
    with SupervisedProcessPool(1) as pool:
        error = pool.submit(calls.leak_descriptors, 2.0).exception(timeout=60)
        assert isinstance(error, OSError)
        assert pool.submit(calls.print_from_c, "a program starts").exception(timeout=60) is None


def test_what_a_call_prints_is_bounded_on_the_disk_and_both_ends_are_kept():
    with SupervisedProcessPool(1) as pool:
        folder = Path(pool.submit(calls.scratch).result(timeout=30)).parent
        future = pool.submit(calls.print_much, 600, "of it")
        largest = 0
        while not future.done():
            largest = max(largest, sum(path.stat().st_size for path in folder.glob("*.log")))
            time.sleep(0.01)
        assert future.exception() is None
        after = pool.submit(calls.print_from_c, "short")
        wait([after], timeout=30)
    assert largest < 300_000_000
    assert future.log.startswith("begin of it\nxxx")
    assert future.log.endswith("xxx\nend of it\n")
    assert len(future.log) < 20_000
    left_out = int(re.search(r"\[\.\.\. (\d+) bytes left out \.\.\.\]", future.log)[1])
    assert 0.5 < (left_out + len(future.log)) / 600e6 < 1.01
    assert after.log == "short\n"


@pytest.mark.parametrize("clean", [False, True], ids=["", "with an environment of their own"])
def test_programs_in_sessions_of_their_own_do_not_outlive_the_time_limit(tmp_path, clean):
    file = tmp_path / "pids"
    with SupervisedProcessPool(1, time_limit=3.0) as pool:
        future = pool.submit(calls.start_daemons, str(file), clean, 300.0)
        assert code_of(future.exception(timeout=60)) is FailureCode.TIME_LIMIT
        assert_gone(file)


@pytest.mark.parametrize("how", ["shut down", "killed worker", "terminated"])
def test_programs_in_sessions_of_their_own_do_not_outlive_their_worker(tmp_path, how):
    file = tmp_path / "pids"
    pool = SupervisedProcessPool(1)
    worker = pool.submit(calls.pid).result(timeout=30)
    future = pool.submit(calls.start_daemons, str(file), False, 0.0 if how == "shut down" else 300.0)
    wait_for(file)
    if how == "killed worker":
        os.kill(worker, signal.SIGKILL)
        assert code_of(future.exception(timeout=30)) is FailureCode.WORKER_DIED
    elif how == "terminated":
        pool.terminate()
    pool.shutdown()
    assert_gone(file)


def test_programs_in_sessions_of_their_own_do_not_outlive_a_killed_parent(tmp_path):
    text = PARENT.format(then="future.result()").replace("start_program_and_sleep, sys.argv[1]", "start_daemons, *ARGS")
    (tmp_path / "parent.py").write_text(text.replace("if __name__", "ARGS = sys.argv[1], False, 300.0\nif __name__"))
    file = tmp_path / "pids"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    parent = subprocess.Popen([sys.executable, str(tmp_path / "parent.py"), str(file)], env=environment)
    wait_for(file)
    parent.kill()
    parent.wait(timeout=30)
    assert_gone(file)


def test_scratch_of_killed_runs_is_swept_at_the_next_start_and_that_of_running_ones_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    stale, young, old, others = (tmp_path / f"polyloop-pool-{name}" for name in ("stale", "young", "old", "others"))
    for folder in (stale, young, old):
        (folder / "0").mkdir(parents=True)
    others.symlink_to(tmp_path.parent)
    (stale / ".held").touch()
    os.utime(old, (0, 0))
    with SupervisedProcessPool(1) as first:
        mine = Path(first.submit(calls.scratch).result(timeout=30)).parent
        with SupervisedProcessPool(1) as second:
            second.submit(calls.pid).result(timeout=30)
            assert {path.name for path in tmp_path.iterdir()} >= {mine.name, young.name, others.name}
    assert {path.name for path in tmp_path.iterdir()} == {young.name, others.name}


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + 30
    while not file.exists():
        assert time.monotonic() < deadline, "the call did not start"
        time.sleep(0.02)


def assert_gone(file: Path) -> None:
    """Both processes named in `file` end within seconds (a corpse that nobody has collected yet is gone too)."""
    pids = [int(number) for number in re.findall(r"\d+", file.read_text())]
    assert len(pids) == 2
    deadline = time.monotonic() + 10
    while any(lives(pid) for pid in pids):
        assert time.monotonic() < deadline, f"of {pids} some are still there"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
