"""Runner: outcomes, retries, losses, cancellation and events, on our pool and on others' executors."""

import errno
import os
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor

import pytest

from polyloop.core import ConfigurationError, FailureCode, PolyloopError, Status
from polyloop.run import Runner, SupervisedProcessPool, Task, TaskOutcome
from polyloop.run.attempts import attempt
from polyloop.run.interrupts import Interrupts
from tests.run import calls
from tests.run.test_processes import assert_gone, wait_for


def one(runner: Runner, function, *args) -> TaskOutcome:
    (outcome,) = runner.run([Task("task", function, args)])
    return outcome


def test_every_task_has_one_outcome(pool):
    runner = Runner(2, executor=pool)
    found = {outcome.key: outcome.value for outcome in runner.run(Task(str(i), calls.double, (i,)) for i in range(5))}
    assert found == {"0": 0, "1": 2, "2": 4, "3": 6, "4": 8}


def test_outcomes_come_as_they_finish():
    with Runner(2) as runner:
        list(runner.run([Task("a", calls.sleep, (0.1,)), Task("b", calls.sleep, (0.1,))]))  # both workers are up now
        tasks = [Task("slow", calls.sleep, (1.5,)), Task("fast", calls.sleep, (0.0,))]
        assert [outcome.key for outcome in runner.run(tasks)] == ["fast", "slow"]


def test_tasks_are_read_only_as_workers_become_free():
    read = []

    def tasks():
        for number in range(4):
            read.append(number)
            yield Task(str(number), calls.double, (number,))

    with ThreadPoolExecutor(1) as threads:
        for done, _ in enumerate(Runner(1, executor=threads).run(tasks()), start=1):
            assert len(read) == done


def test_a_failure_of_the_field_keeps_its_code_stage_and_hint(pool):
    outcome = one(Runner(executor=pool), calls.raise_scf, False)
    assert (outcome.status, outcome.attempts) == (Status.FAILED, 1)
    assert (outcome.failure.code, outcome.failure.stage, outcome.failure.hint) == (
        FailureCode.SCF,
        "ground state",
        "level shift",
    )


def test_any_exception_is_a_failure_whose_traceback_is_in_the_log_only(pool):
    outcome = one(Runner(executor=pool), calls.raise_value_error)
    assert outcome.failure.code is FailureCode.EVALUATOR
    assert outcome.failure.reason == "ValueError: no such bond"
    assert not outcome.failure.retryable
    assert outcome.log.startswith("working on it\n")
    assert "Traceback" in outcome.log


def test_sys_exit_in_a_function_is_a_failure_too(pool):
    assert one(Runner(executor=pool), calls.call_sys_exit).failure.reason == "SystemExit: enough"


def test_memory_refused_by_the_system_is_a_memory_failure(pool):
    assert one(Runner(executor=pool), calls.refuse_memory).failure.code is FailureCode.MEMORY_LIMIT


def test_a_result_that_cannot_be_sent_back_is_a_failure(pool):
    outcome = one(Runner(executor=pool), calls.unpicklable)
    assert (outcome.status, outcome.failure.code) == (Status.FAILED, FailureCode.EVALUATOR)


def test_a_retryable_failure_is_tried_again(pool, tmp_path):
    outcome = one(Runner(retries=1, executor=pool), calls.fail_first, str(tmp_path / "marker"), 1)
    assert (outcome.value, outcome.attempts, outcome.losses) == ("try 2", 2, 0)
    assert [item.outcome for item in outcome.tries] == [Status.FAILED, Status.DONE]
    assert outcome.tries[0].failure.reason == "no convergence 1"


def test_retries_end(pool, tmp_path):
    outcome = one(Runner(retries=2, executor=pool), calls.fail_first, str(tmp_path / "marker"), 9)
    assert (outcome.status, outcome.attempts) == (Status.FAILED, 3)


def test_a_lost_task_is_put_back_without_counting_as_a_retry(tmp_path):
    with Runner(retries=0, max_losses=2) as runner:
        outcome = one(runner, calls.die_first, str(tmp_path / "marker"), 2)
    assert (outcome.status, outcome.value, outcome.attempts, outcome.losses) == (Status.DONE, "try 3", 1, 2)


def test_a_task_that_always_kills_its_worker_fails_in_the_end_and_others_go_on(tmp_path):
    with Runner(2, max_losses=1) as runner:
        tasks = [Task("deadly", calls.die_first, (str(tmp_path / "marker"), 99))]
        tasks += [Task(str(i), calls.double, (i,)) for i in range(4)]
        found = {outcome.key: outcome for outcome in runner.run(tasks)}
    assert found["deadly"].failure.code is FailureCode.WORKER_DIED
    assert (found["deadly"].losses, found["deadly"].attempts) == (2, 0)
    assert [found[str(i)].value for i in range(4)] == [0, 2, 4, 6]


def test_limits_end_a_task_and_are_not_retried():
    with Runner(time_limit=0.5) as runner:
        outcome = one(runner, calls.sleep, 60.0)
    assert (outcome.failure.code, outcome.attempts) == (FailureCode.TIME_LIMIT, 1)
    assert 0.5 <= outcome.wall_time < 5
    with Runner(memory_limit=300_000_000) as runner:
        assert one(runner, calls.fill_memory, 600, 60.0).failure.code is FailureCode.MEMORY_LIMIT


def test_cancel_yields_tasks_in_flight_as_cancelled_and_reads_no_more(tmp_path):
    files = [tmp_path / name for name in "ab"]
    tasks = [Task(file.name, calls.start_program_and_sleep, (str(file),)) for file in files]
    with Runner(2) as runner:
        read = iter([*tasks, Task("never", calls.double, (1,))])

        def cancel():
            for file in files:
                wait_for(file)
            runner.cancel()

        thread = threading.Thread(target=cancel)
        thread.start()
        outcomes = list(runner.run(read))
        thread.join()
        assert {outcome.key: outcome.status for outcome in outcomes} == {"a": Status.CANCELLED, "b": Status.CANCELLED}
        assert next(read).key == "never"
        for file in files:
            assert_gone(file)
        assert runner.cancelled
        assert list(runner.run([Task("later", calls.double, (1,))])) == []


def test_leaving_the_iteration_kills_what_is_in_flight(tmp_path):
    file = tmp_path / "pids"
    with Runner(2) as runner:
        outcomes = runner.run(
            [Task("quick", wait_for, (file,)), Task("slow", calls.start_program_and_sleep, (str(file),))]
        )
        assert next(outcomes).key == "quick"
        outcomes.close()
        assert_gone(file)
        assert one(runner, calls.double, 3).value == 6


SCRIPT = """
import sys
from polyloop.run import Runner, Task
from polyloop.run.attempts import attempt
from polyloop.run.interrupts import Interrupts
from tests.run import calls
if __name__ == "__main__":
    interrupts = Interrupts()
    with Runner(1) as runner, interrupts.caught(), interrupts.cancelling(runner.cancel):
        tasks = [Task("one", calls.start_program_and_sleep, (sys.argv[1],)), Task("two", calls.double, (1,))]
        for outcome in runner.run(tasks):
            print(outcome.key, outcome.status, interrupts.requested)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_in_order(tmp_path, number):
    (tmp_path / "script.py").write_text(SCRIPT)
    file = tmp_path / "pids"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, str(tmp_path / "script.py"), str(file)]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    wait_for(file)
    process.send_signal(number)
    printed, _ = process.communicate(timeout=30)
    assert (printed, process.returncode) == ("one cancelled True\n", 0)
    assert_gone(file)


def test_a_second_ctrl_c_interrupts_at_once_and_handlers_come_back():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt), Interrupts().caught():
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGTERM) is before


def test_other_threads_leave_signals_alone():
    before = signal.getsignal(signal.SIGTERM)
    seen = []

    def enter():
        interrupts = Interrupts()
        with interrupts.caught():
            seen.append((signal.getsignal(signal.SIGTERM), interrupts.requested))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert seen == [(before, False)]


@pytest.mark.parametrize("kind", [ThreadPoolExecutor, ProcessPoolExecutor])
def test_any_executor_will_do(kind, tmp_path):
    with kind(1) as executor:
        runner = Runner(retries=1, executor=executor)
        assert one(runner, calls.fail_first, str(tmp_path / "marker"), 1).value == "try 2"
        outcome = one(runner, calls.raise_value_error)
        assert outcome.failure.reason == "ValueError: no such bond"
        assert "Traceback" in outcome.log
        runner.close()
        assert executor.submit(calls.double, 1).result() == 2  # the caller's executor is left alone


def test_cancelling_abandons_tasks_of_a_foreign_executor():
    go_on = threading.Event()
    with ThreadPoolExecutor(1) as executor:
        runner = Runner(2, executor=executor)
        tasks = [Task("running", go_on.wait, ()), Task("waiting", calls.double, (1,))]
        threading.Timer(0.2, runner.cancel).start()
        outcomes = list(runner.run(tasks))
        go_on.set()
    assert [(outcome.key, outcome.status) for outcome in outcomes] == [
        ("running", Status.CANCELLED),
        ("waiting", Status.CANCELLED),
    ]


def test_a_task_that_somebody_else_cancelled_is_cancelled():
    class Refusing(Executor):
        def submit(self, fn, /, *args, **kwargs):
            future = Future()
            future.cancel()
            future.set_running_or_notify_cancel()
            return future

    assert one(Runner(executor=Refusing()), calls.double, 1).status is Status.CANCELLED


def test_an_executor_that_breaks_under_a_task_ends_the_run_with_an_error(tmp_path):
    with (
        ProcessPoolExecutor(1) as executor,
        pytest.raises(PolyloopError, match="cannot run tasks any more"),
    ):
        one(Runner(executor=executor), calls.leave, 1)


def test_an_executor_that_is_broken_ends_the_run_with_an_error():
    class Broken(Executor):
        def submit(self, fn, /, *args, **kwargs):
            raise BrokenExecutor("gone")

    with pytest.raises(PolyloopError, match="gone"):
        one(Runner(executor=Broken()), calls.double, 1)


@pytest.mark.parametrize("wrong", [{"time_limit": 1.0}, {"memory_limit": 10**9}])
def test_limits_on_a_foreign_executor_are_refused(wrong):
    with ThreadPoolExecutor(1) as executor, pytest.raises(ConfigurationError, match="ThreadPoolExecutor"):
        Runner(executor=executor, **wrong)


@pytest.mark.parametrize("wrong", [{"workers": 0}, {"retries": -1}, {"max_losses": -1}, {"time_limit": -1.0}])
def test_numbers_out_of_range_are_refused_by_name(wrong):
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        Runner(**wrong)


def test_workers_stay_from_one_run_to_the_next():
    with Runner() as runner:
        assert one(runner, calls.pid).value == one(runner, calls.pid).value


def test_an_outcome_without_a_try_has_no_time_and_no_log():
    outcome = TaskOutcome("key", Status.CANCELLED)
    assert (outcome.wall_time, outcome.log, outcome.attempts) == (0.0, "", 0)


def test_a_runner_on_our_own_pool_given_as_executor_leaves_it_open(pool: SupervisedProcessPool):
    with Runner(executor=pool) as runner:
        assert one(runner, calls.double, 1).value == 2
    assert pool.submit(calls.double, 1).result(timeout=30) == 2


def only(tasks, **options):
    with Runner(1, **options) as runner:
        (outcome,) = runner.run(tasks)
    return outcome


@pytest.mark.parametrize("how", ["plain", "from", "while", "hidden", "group"])
@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, FailureCode.DISK),
        (errno.EDQUOT, FailureCode.DISK),
        (errno.EROFS, FailureCode.DISK),
        (errno.EIO, FailureCode.DISK),
        (errno.EMFILE, FailureCode.SYSTEM),
        (errno.ENFILE, FailureCode.SYSTEM),
        (errno.ENOMEM, FailureCode.SYSTEM),
    ],
)
def test_a_fault_of_the_machine_is_told_however_it_is_wrapped(number, code, how):
    failure = attempt(calls.raise_wrapped, (number, how)).failure
    assert failure.code is code
    assert os.strerror(number) in failure.reason
    assert not failure.code.is_of_polymer


@pytest.mark.parametrize("number", [errno.ENOENT, errno.EEXIST, errno.ECONNREFUSED, errno.EPIPE])
def test_other_errors_of_the_system_are_left_to_the_call(number):
    assert attempt(calls.raise_wrapped, (number, "plain")).failure.code is FailureCode.EVALUATOR


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("H5Fcreate failed (errno = 28, error message = 'No space left on device')", FailureCode.DISK),
        ("(sqlite3.OperationalError) database or disk is full", FailureCode.DISK),
        ("can't start new thread", FailureCode.SYSTEM),
        ("no space group found", FailureCode.EVALUATOR),
    ],
)
def test_libraries_that_tell_in_words_alone_are_understood(words, code):
    assert attempt(calls.raise_words, (words,)).failure.code is code


def test_a_mistake_in_polyloop_is_named_with_its_place():
    failure = attempt(calls.fail_in_polyloop, ()).failure
    assert failure.code is FailureCode.PROGRAM
    assert re.search(r"KeyError: 'provenance' \(core/record\.py, line \d+\)", failure.reason)


def test_a_call_that_finds_no_descriptor_is_tried_again_by_a_new_worker(tmp_path):
    outcome = only([Task("leaks", calls.leak_first, (str(tmp_path / "marker"),))])
    assert outcome.status is Status.DONE
    assert [item.outcome for item in outcome.tries] == [Status.FAILED, Status.DONE]
    assert outcome.tries[0].failure.code is FailureCode.SYSTEM


@pytest.mark.parametrize(("name", "said"), [("interrupt", "KeyboardInterrupt"), ("own", "OwnEnd")])
def test_what_ends_a_call_without_being_an_error_is_told_as_what_it_is(name, said):
    failure = only([Task(name, calls.raise_base, (name,))]).failure
    assert (failure.code, failure.reason) == (FailureCode.EVALUATOR, f"{said}: on purpose")
