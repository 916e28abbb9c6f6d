"""Graphs from nauty's `geng`, where it is installed: the same graphs as `grown_graphs`, faster, in its own order.

References
----------
McKay & Piperno (2014), doi:10.1016/j.jsc.2013.09.003.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from functools import cache

import numpy as np

from polyloop.core.errors import InvalidInputError
from polyloop.design.enumeration.automorphisms import Groups, automorphisms
from polyloop.design.enumeration.graphs import GraphBatch, searchable

__all__ = ["geng_graphs", "geng_program"]

_BATCH = 4096
# Offset of graph6's printable characters, each of which holds six bits.
_FIRST, _BITS = 63, 6


@cache
def geng_program() -> str | None:
    """Return the path of `geng` (Debian calls it `nauty-geng`), or None where it is not installed."""
    return shutil.which("geng") or shutil.which("nauty-geng")


def geng_graphs(
    n: int, *, max_degree: int, rings: tuple[int, int], smallest_ring: int = 3
) -> Iterator[tuple[GraphBatch, Groups]]:
    """Yield connected graphs as `grown_graphs` does; rings of three and four are left out by geng itself.

    Raises
    ------
    InvalidInputError
        If geng is not installed, or ends with an error.
    """
    program = geng_program()
    if program is None:
        raise InvalidInputError(
            "nauty's geng is not on the path.",
            hint="Install it (Debian: apt-get install nauty), or leave the choice to polyloop.",
        )
    most = min(n * max_degree // 2, n * (n - 1) // 2, n - 1 + rings[1])
    if n - 1 + rings[0] > most:
        return
    shapes = ["-t"] * (smallest_ring > 3) + ["-f"] * (smallest_ring > 4)
    edges = f"{n - 1 + rings[0]}:{most}"
    command = [program, "-c", "-q", f"-D{max_degree}", *shapes, str(n), edges]
    width = 1 + -(-n * (n - 1) // 2 // _BITS) + 1
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        stream = process.stdout
        if stream is None:
            raise InvalidInputError("geng has no output.", where=program)
        try:
            while text := stream.read(width * _BATCH):
                graphs = searchable(_decoded(text, n, width))
                yield graphs, automorphisms(graphs)
        finally:
            if process.poll() is None:
                process.kill()
        if process.wait() > 0 and process.stderr is not None:
            said = process.stderr.read().decode(errors="replace").strip()
            raise InvalidInputError(f"geng ended with an error: {said}", where=" ".join(command))


def _decoded(text: bytes, n: int, width: int) -> GraphBatch:
    """Read lines of graph6: the size, and the upper triangle column by column."""
    rows = np.frombuffer(text, dtype=np.uint8).reshape(-1, width)[:, 1:-1] - _FIRST
    bits = np.unpackbits(rows[:, :, None], axis=2)[:, :, 8 - _BITS :].reshape(len(rows), -1)
    adjacency = np.zeros((len(rows), n, n), dtype=bool)
    v, u = np.tril_indices(n, -1)
    adjacency[:, u, v] = adjacency[:, v, u] = bits[:, : len(u)]
    return GraphBatch(adjacency)
