"""What a worker process computes: one block of one polymer, to values or a reason."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import rdBase

from polyloop.core.errors import InvalidInputError, PolyloopError
from polyloop.core.subject import KINDS, Subject, parse_subject
from polyloop.features.block import get_block

__all__ = ["Evaluation", "evaluate", "evaluate_text", "evaluate_texts", "limit_memory", "parse_texts", "prepare"]


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


def prepare(blocks: tuple[str, ...], memory_limit: int | None, kind: str = "polymer") -> None:
    """Make a worker process ready: load what the blocks need, so that the first subject is not charged for it."""
    rdBase.DisableLog("rdApp.*")
    np.seterr(all="ignore")
    row = KINDS.find(kind)
    example = row.parse(row.example)
    for block in blocks:
        evaluate(example, block)
    if memory_limit is not None:
        limit_memory(memory_limit)


def evaluate_text(text: str, block: str, kind: str = "polymer") -> Evaluation:
    """Compute one block of one subject, written as its canonical text."""
    return evaluate(_parsed(kind, text), block)


def evaluate_texts(tasks: Sequence[tuple[str, str]], kind: str = "polymer") -> list[Evaluation]:
    """Compute several (canonical text, block), one after the other."""
    return [evaluate_text(text, block, kind) for text, block in tasks]


def parse_texts(kind: str, texts: Sequence[str]) -> list[Subject | InvalidInputError]:
    """Parse subjects as people wrote them; what is none becomes its error."""
    with rdBase.BlockLogs():
        return [_subject_or_error(kind, text) for text in texts]


def _subject_or_error(kind: str, text: str) -> Subject | InvalidInputError:
    try:
        return parse_subject(kind, text)
    except InvalidInputError as error:
        return error


@lru_cache(maxsize=1)
def _parsed(kind: str, text: str) -> Any:
    # The blocks of one subject come one after the other.
    row = KINDS.find(kind)
    return getattr(row, "parse_canonical", row.parse)(text)
