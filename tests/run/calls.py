"""Calls for worker processes to make: importable by name, and each does one thing that calls do."""

import ctypes
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from polyloop.core import EvaluationError, FailureCode


def double(number: float) -> float:
    return 2 * number


def pid() -> int:
    return os.getpid()


def sleep(seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def save_on_sigterm(started: str, saved: str) -> None:
    """Wait to be told to end, and then write a file."""

    def save(number: int, frame: object) -> None:
        Path(saved).write_text("saved")
        sys.exit(0)

    signal.signal(signal.SIGTERM, save)
    Path(started).touch()
    time.sleep(60)


def cores() -> str:
    return os.environ["POLYLOOP_CORES"]


def place(meeting: str, together: int) -> str:
    """Return the worker's place, once so many are in the folder `meeting`."""
    (Path(meeting) / str(os.getpid())).touch()
    while len(list(Path(meeting).iterdir())) < together:
        time.sleep(0.01)
    return os.environ["POLYLOOP_WORKER"]


def raise_value_error() -> None:
    print("working on it", flush=True)
    raise ValueError("no such bond")


def raise_scf(retryable: bool) -> None:
    raise EvaluationError(FailureCode.SCF, "ground state", "no convergence", hint="level shift", retryable=retryable)


def fail_first(marker: str, times: int) -> str:
    """Raise a retryable failure in the first `times` calls."""
    count = _count(marker)
    if count <= times:
        raise EvaluationError(FailureCode.SCF, "ground state", f"no convergence {count}", retryable=True)
    return f"try {count}"


def die_first(marker: str, times: int, number: int = signal.SIGKILL) -> str:
    """Be killed in the first `times` calls."""
    count = _count(marker)
    if count <= times:
        print("about to die", flush=True)
        os.kill(os.getpid(), number)
        time.sleep(60)
    return f"try {count}"


def segfault() -> None:
    ctypes.string_at(0)


def leave(code: int) -> None:
    os._exit(code)


def call_sys_exit() -> None:
    sys.exit("enough")


def fill_memory(megabytes: int, seconds: float) -> int:
    block = bytearray(megabytes * 1_000_000)
    for index in range(0, len(block), 4096):
        block[index] = 1
    time.sleep(seconds)
    return len(block)


def child_fills_memory(megabytes: int) -> None:
    code = f"b = bytearray({megabytes} * 10**6)\nfor i in range(0, len(b), 4096): b[i] = 1\nimport time; time.sleep(60)"
    subprocess.run([sys.executable, "-c", code], check=True)


def refuse_memory() -> None:
    raise MemoryError


def print_from_c(text: str) -> None:
    subprocess.run([sys.executable, "-c", f"print({text!r})"], check=True)


def start_program_and_sleep(file: str) -> None:
    """Start a program, as an engine does, write both process ids to `file`, and wait."""
    program = subprocess.Popen(["sleep", "300"])
    Path(f"{file}.new").write_text(f"{os.getpid()} {program.pid}")
    Path(f"{file}.new").rename(file)
    time.sleep(300)


def threads() -> dict[str, str | None]:
    return {name: os.environ.get(name) for name in ("OMP_NUM_THREADS", "OMP_WAIT_POLICY", "OPENBLAS_NUM_THREADS")}


def scratch() -> str:
    return tempfile.gettempdir()


def unpicklable() -> object:
    return lambda: None


class StubbornError(Exception):
    """An exception that pickles, but whose pickle cannot be read."""

    def __init__(self, first: int, second: int) -> None:
        super().__init__(f"{first} and {second}")


def raise_stubborn() -> None:
    raise StubbornError(1, 2)


class Poison:
    """A result that is sent, but cannot be read where it arrives."""

    def __reduce__(self) -> tuple[object, ...]:
        return _refuse, (os.getpid(),)


def _refuse(origin: int) -> None:
    if os.getpid() != origin:
        raise ArithmeticError("not here")


def poison() -> Poison:
    return Poison()


def modules(name: str) -> bool:
    return name in sys.modules


def _count(marker: str) -> int:
    with Path(marker).open("a+") as stream:
        stream.write("x")
        stream.flush()
        stream.seek(0)
        return len(stream.read())
