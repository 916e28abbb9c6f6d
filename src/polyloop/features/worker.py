"""The worker process: reads (polymer, block) from standard input, answers with values or a reason."""

from __future__ import annotations

import contextlib
import os
import pickle
import sys
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from polyloop.core.errors import PolyloopError
from polyloop.core.subject import KINDS
from polyloop.features.block import get_block

__all__ = ["Evaluation", "evaluate", "main", "serve"]


@dataclass(frozen=True)
class Evaluation:
    """What came of one block of one polymer: values of shape (d,), or a reason.

    `limited` is True if more time or memory might have done it.
    """

    values: NDArray[Any] | None
    reason: str = ""
    limited: bool = False


def evaluate(polymer: Any, block: str) -> Evaluation:
    """Compute one block of one polymer; a failure becomes a reason."""
    try:
        return Evaluation(get_block(block).evaluate(polymer))
    except PolyloopError as error:
        return Evaluation(None, f"{block}: {error}")
    except MemoryError:
        return Evaluation(None, f"{block}: The memory limit was reached.", limited=True)
    except (ValueError, RuntimeError, KeyError, IndexError, ArithmeticError) as error:
        # What RDKit and the force-field package raise on chemistry that they cannot handle.
        return Evaluation(None, f"{block}: {type(error).__name__}: {str(error).strip() or 'no reason given'}")


def limit_memory(extra: int) -> None:
    """Let this process take at most `extra` bytes more than it has now, where the system can enforce it."""
    try:
        import resource

        import psutil
    except ImportError:
        return
    limit = psutil.Process().memory_info().vms + extra
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def main(source: BinaryIO, sink: BinaryIO, blocks: tuple[str, ...], memory_limit: int, kind: str = "polymer") -> None:
    """Serve until `source` ends: lists of (canonical text, block) in, one pickled `Evaluation` each out."""
    rdBase.DisableLog("rdApp.*")
    warm_up(blocks, kind)
    limit_memory(memory_limit)
    answer(sink, "ready")
    last, polymer = "", None
    while True:
        try:
            tasks = pickle.load(source)
        except EOFError:
            return
        for smiles, block in tasks:
            if polymer is None or smiles != last:
                polymer, last = KINDS.find(kind).parse(smiles), smiles
            result = evaluate(polymer, block)
            answer(sink, result)


def warm_up(blocks: tuple[str, ...], kind: str) -> None:
    """Load what the blocks need, so that the first polymer is not charged for it."""
    row = KINDS.find(kind)
    example = row.parse(row.example)
    for block in blocks:
        evaluate(example, block)


def answer(sink: BinaryIO, content: Evaluation | str) -> None:
    """Write one message and push it out."""
    pickle.dump(content, sink, protocol=pickle.HIGHEST_PROTOCOL)
    sink.flush()


def serve() -> None:
    """Run `main` on this process's standard input and output, with memory limit, blocks and kind of its arguments."""
    # Packages print to standard output; it is kept for the answers.
    with os.fdopen(os.dup(1), "wb") as channel:
        os.dup2(2, 1)
        np.seterr(all="ignore")
        main(sys.stdin.buffer, channel, tuple(sys.argv[2].split(",")), int(sys.argv[1]), sys.argv[3])
