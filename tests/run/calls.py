"""Calls for worker processes to make: importable by name, and each does one thing that calls do."""

import ctypes
import importlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from polyloop.core import EvaluationError, FailureCode, Record


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


def raise_base(name: str) -> None:
    raise {"interrupt": KeyboardInterrupt, "own": OwnEnd, "generator": GeneratorExit}[name]("on purpose")


class OwnEnd(BaseException):
    pass


def leak_descriptors(share: float) -> int:
    """Open files until so much of the limit is used (above 1: until there is none left), and leave them open."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    while share > 1 or len(list(Path("/dev/fd").iterdir())) < share * 256:
        os.open(os.devnull, os.O_RDONLY)
    return os.getpid()


def leak_first(marker: str) -> int:
    """Run out of descriptors in the first call."""
    if _count(marker) == 1:
        leak_descriptors(2.0)
    return os.getpid()


def raise_wrapped(number: int, how: str) -> None:
    """Raise a fault of the machine, as libraries wrap it."""
    try:
        raise OSError(number, os.strerror(number))
    except OSError as error:
        if how == "from":
            raise RuntimeError("the program failed") from error
        if how == "while":
            raise ValueError("no output")  # noqa: B904 - on purpose
        if how == "hidden":
            raise KeyError("energy") from None
        if how == "group":
            raise ExceptionGroup("several", [ValueError("one"), error]) from None
        raise


def raise_words(words: str) -> None:
    raise RuntimeError(words)


def fail_in_polyloop() -> None:
    """Make a line of polyloop's own raise a KeyError."""
    Record.from_dict({})


def print_much(megabytes: int, text: str) -> None:
    print(f"begin {text}", flush=True)
    command = f"import sys\nfor _ in range({megabytes}): sys.stdout.write('x' * 999_999 + chr(10))"
    subprocess.run([sys.executable, "-c", command], check=True)
    print(f"end {text}", flush=True)


DAEMON = """
import os, subprocess, sys, time
if os.fork(): os._exit(0)
os.setsid()
if os.fork(): os._exit(0)
with open(sys.argv[1] + ".new", "w") as stream: stream.write(f"{os.getpid()} {os.getppid()}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(300)
"""


def start_daemons(file: str, clean: bool, seconds: float) -> str:
    """Start a program in a session of its own, and one that parts from all that started it; wait."""
    environment = {"PATH": os.environ["PATH"]} if clean else None
    command = [sys.executable, "-c", DAEMON, f"{file}.daemon"]
    subprocess.run(command, check=True, env=environment)
    program = subprocess.Popen(["sleep", "300"], start_new_session=True, env=environment)
    while not Path(f"{file}.daemon").exists():
        time.sleep(0.01)
    daemon = Path(f"{file}.daemon").read_text().split()[0]
    Path(f"{file}.new").write_text(f"{program.pid} {daemon}")
    Path(f"{file}.new").rename(file)
    time.sleep(seconds)
    return "slept"


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


def import_slowly(name):
    """Import a module, and take longer than a call's limit for it."""
    importlib.import_module(name)
    time.sleep(1.2)
