"""What runs inside a worker process: take a call, make it, send the result back, until told to stop."""

from __future__ import annotations

import ctypes
import faulthandler
import os
import pickle
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from polyloop.core.faults import message_of
from polyloop.core.text import storable
from polyloop.run.attempts import LONGEST_LOG
from polyloop.run.main_script import Main, import_main

__all__ = ["DONE", "ENVIRONMENT", "RAISED", "READY", "WORN", "Preparation", "work"]

# One thread a worker: the pool spreads over the cores, and two libraries that each start a thread a core would
# fight. Passive waiting, since spinning OpenMP threads steal the cores of other workers.
ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "OMP_WAIT_POLICY": "PASSIVE",
    "MKL_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "VECLIB_MAXIMUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}

# A call to make before the first one, or none.
Preparation = tuple[Callable[..., object] | None, tuple[Any, ...]]

# The first byte of a message to the pool.
READY, DONE, RAISED = b"r", b"d", b"e"
# The second byte: whether the worker can serve further calls.
FIT, WORN = b"+", b"-"

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36  # <linux/prctl.h>


def work(pipe: Connection, log: str, scratch: str, prepare: Preparation, parent: int, main: Main) -> None:
    """Serve calls that come through `pipe` as pickled `(function, args, kwargs)`, until it closes.

    Parameters
    ----------
    log
        File that takes all that is printed, by C code too; emptied before each call.
    scratch
        Folder for temporary files.
    prepare
        Function and arguments of a call to make before the first one, or None.
    parent
        PID of the pool's process.
    main
        The main script, where it was left out so far; imported for a call that names something in it.
    """
    _die_with(parent)
    _keep_orphans()
    os.setsid()  # a group of its own, so that programs that a call has started can be ended with it
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the pool's business
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _redirect(log)
    faulthandler.enable()  # a crash in C code leaves its stack in the log
    os.environ["TMPDIR"] = scratch
    initializer, initargs = prepare
    if initializer is not None:
        initializer(*initargs)
    pipe.send_bytes(READY)
    while True:
        try:
            call = pipe.recv_bytes()
        except EOFError:
            return
        os.ftruncate(1, 0)
        kind, content = _answer(call, main)
        sys.stdout.flush()
        sys.stderr.flush()
        pipe.send_bytes(kind + (WORN if _lacks_descriptors() else FIT) + content)


def _answer(call: bytes, main: Main) -> tuple[bytes, bytes]:
    try:
        if b"__main__" in call:
            import_main(main)
        function, args, kwargs = pickle.loads(call)
        return DONE, pickle.dumps(function(*args, **kwargs), protocol=pickle.HIGHEST_PROTOCOL)
    except BaseException as error:  # noqa: BLE001 - it is sent to the caller, who asked for it
        return RAISED, _pickled(error)


def _lacks_descriptors() -> bool:
    """Tell whether calls have left so many files open that a later one may find no descriptor."""
    folder = Path("/proc/self/fd" if sys.platform == "linux" else "/dev/fd")
    try:
        return 2 * len(list(folder.iterdir())) > resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    except OSError:  # there is not even one left to look
        return True


def _pickled(error: BaseException) -> bytes:
    text = storable("".join(traceback.format_exception(error)), LONGEST_LOG)
    fallback = RuntimeError(storable(f"{type(error).__name__}: {message_of(error)}", LONGEST_LOG))
    try:
        packed = pickle.dumps((error, text))
        pickle.loads(packed)  # some exceptions pickle, but cannot be made anew
    except Exception:  # noqa: BLE001 - whatever its pickling raises, its text is what can be sent
        return pickle.dumps((fallback, text))
    return packed


def _die_with(parent: int) -> None:
    """Ask Linux to kill this process when the pool's supervisor ends; elsewhere the guard does it alone."""
    if sys.platform != "linux":
        return
    libc: Any = ctypes.CDLL(None)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before we asked
        os._exit(1)


def _keep_orphans() -> None:
    """Become the parent of whatever loses its own below here, so that it is found when all must end (Linux)."""
    if sys.platform == "linux":
        libc: Any = ctypes.CDLL(None)
        libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _redirect(log: str) -> None:
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nothing = os.open(os.devnull, os.O_RDONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    for source, number in ((nothing, 0), (target, 1), (target, 2)):
        os.dup2(source, number)
    os.close(target)
    os.close(nothing)
