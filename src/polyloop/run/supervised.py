"""One worker process as its supervisor sees it: started, fed, watched and, if need be, killed."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from multiprocessing import get_context, resource_tracker
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

import psutil

from polyloop.run import guard, worker
from polyloop.run.main_script import left_out
from polyloop.run.printed import PrintedFile

__all__ = ["Guard", "Job", "SupervisedFuture", "SupervisedWorker"]

# Seconds that a call has to save its work after it was asked to end.
GRACE_S = 10.0


class SupervisedFuture(Future[Any]):
    """A future that also knows the two ends of what its call printed, and the seconds since it was started."""

    log: str = ""
    wall_time: float = 0.0
    killed: bool = False


@dataclass(eq=False)
class Job:
    """A call on its way: pickled, with the future that waits for it."""

    call: bytes
    future: SupervisedFuture


class SupervisedWorker:
    """A worker process with its pipe, log file, scratch folder and the job it has.

    Parameters
    ----------
    number
        No other worker of the pool ever had it.
    place
        From 0 to the size of the pool less one; no other worker that lives has it.
    """

    def __init__(
        self, number: int, folder: Path, prepare: worker.Preparation = (None, ()), place: int = 0, cores: int = 1
    ) -> None:
        self.place = place
        self._printed = PrintedFile(folder / f"{number}.log")
        self.scratch = folder / f"{number}"
        self.scratch.mkdir()
        self.job: Job | None = None
        self._started_programs: list[psutil.Process] = []
        self._own: psutil.Process | None = None
        self.ready = False
        self.started = 0.0
        # Spawned, not forked: a fork of a process with threads (BLAS, torch) may hang in a lock that nobody holds.
        context = get_context("spawn")
        self.pipe: Connection
        self.pipe, theirs = context.Pipe()
        # Started by the first process that is spawned, and shared by all: it must not carry the mark of one worker.
        resource_tracker.ensure_running()
        # In place before the child starts: a user's main script is imported there before any code of ours.
        share = {
            "POLYLOOP_CORES": os.environ.get("POLYLOOP_CORES") or str(cores),
            "POLYLOOP_WORKER": str(place),
            guard.TAG: str(self.scratch),
        }
        with _environment(worker.ENVIRONMENT | share), left_out() as main:
            arguments = (theirs, str(self._printed.path), str(self.scratch), prepare, os.getpid(), main())
            self.process = context.Process(target=worker.work, args=arguments, name=f"polyloop worker {number}")
            self.process.start()
        theirs.close()

    @property
    def pid(self) -> int:
        """The process id, which is its group's too."""
        return self.process.pid or 0

    @property
    def idle(self) -> bool:
        """True when it can take a job."""
        return self.ready and self.job is None

    def give(self, job: Job) -> None:
        """Start a job. A worker that died meanwhile is noticed by its supervisor."""
        self.job, self.started = job, time.monotonic()
        self._printed.begin()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.pipe.send_bytes(job.call)

    def take_job(self) -> Job | None:
        """Part from the job, whose future then knows the log and the time."""
        job, self.job = self.job, None
        if job is not None:
            job.future.log, job.future.wall_time = self.log(), time.monotonic() - self.started
        return job

    def log(self) -> str:
        """Return the two ends of what was printed."""
        return self._printed.text()

    def shorten_log(self) -> None:
        """Keep what the call prints from filling the disk."""
        self._printed.shorten()

    def memory(self) -> int:
        """Return the resident memory of the worker and of the programs it has started, in bytes."""
        total = 0
        with contextlib.suppress(psutil.NoSuchProcess):
            for member in (psutil.Process(self.pid), *self._below()):
                with contextlib.suppress(psutil.NoSuchProcess):
                    total += member.memory_info().rss
        return total

    def own_memory(self) -> int:
        """Return the resident memory of the worker alone, in bytes; some microseconds, where `memory` takes longer."""
        with contextlib.suppress(psutil.NoSuchProcess):
            # Kept, since making one reads when the process was born.
            self._own = self._own or psutil.Process(self.pid)
            return int(self._own.memory_info().rss)
        return 0

    def _below(self) -> list[psutil.Process]:
        try:
            return list(psutil.Process(self.pid).children(recursive=True))
        except psutil.NoSuchProcess:
            return []

    def stop(self) -> None:
        """Ask an idle worker to end by itself, and see that it did."""
        self.pipe.close()
        wait([self.process.sentinel], timeout=5.0)
        self.kill()

    def ask_to_end(self) -> None:
        """Send SIGTERM to the call, which may then save what it has."""
        self._started_programs = self._below()  # which nobody finds below it once it has ended
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGTERM)

    def wait_for_end(self) -> None:
        """Wait until it or its call has ended, at most `GRACE_S`."""
        wait([self.process.sentinel, self.pipe], timeout=GRACE_S)

    def kill(self) -> int:
        """End the worker and all that it has started; return its exit code (negative: the signal)."""
        # While it lives, all that it has started are below it, those in sessions of their own too (see worker.py).
        below = [*self._started_programs, *self._below()]
        # Before it is joined: until then nobody else can be given its number.
        for end in (os.killpg, os.kill):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(self.pid, signal.SIGKILL)
        for member in below:
            with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                member.kill()
        self.process.join()
        # And those that were started since, or of a worker that has died by itself.
        guard.end_tagged(str(self.scratch))
        self.pipe.close()
        code = self.process.exitcode or 0
        self.process.close()
        shutil.rmtree(self.scratch, ignore_errors=True)
        self._printed.remove()
        return code


class Guard:
    """The pool's end of `guard.py`: names the workers that must not outlive this process."""

    def __init__(self, folder: Path) -> None:
        command = [sys.executable, "-I", "-S", str(guard.__file__), str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, text=True)

    def add(self, pid: int) -> None:
        """Watch over a worker."""
        self._tell(f"+{pid}\n")

    def remove(self, pid: int) -> None:
        """Forget a worker that has ended."""
        self._tell(f"-{pid}\n")

    def close(self) -> None:
        """End the guard, which removes the folder."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        if self._process.stdin is None:
            return
        # Somebody killed the guard: on Linux the workers still die with us, by their own request to the kernel.
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(line)
            self._process.stdin.flush()


@contextlib.contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
