"""Where words go: results to stdout, everything else to stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from polyloop.core import get_property
from polyloop.core.text import visible, without_passwords

__all__ = ["message", "tell_left_out", "with_unit", "write_json", "write_table"]

_NAMED = 5  # of what is left out


def message(text: str) -> None:
    """Write a line for people to stderr."""
    sys.stderr.write(f"{visible(without_passwords(text))}\n")
    sys.stderr.flush()


def tell_left_out(reasons: Sequence[str]) -> None:
    """Write to stderr what was left out and why: the first few, and how many more there are."""
    for reason in reasons[:_NAMED]:
        message(f"Left out: {reason}")
    if len(reasons) > _NAMED:
        message(f"{len(reasons) - _NAMED} more are left out.")


def with_unit(name: str, value: float) -> str:
    """Return the value of a property with its unit, such as `1.05 g/cm3`."""
    unit = get_property(name).unit
    return f"{value:.5g}" if unit == "1" else f"{value:.5g} {unit}"


def write_json(content: Any) -> None:
    """Write `content` as JSON to stdout; numbers that are not finite are refused, since JSON has none."""
    sys.stdout.write(json.dumps(content, indent=2, allow_nan=False) + "\n")


def write_table(header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write a table to stdout: aligned for a terminal, tab-separated for a pipe."""
    cells = [list(header), *([_cell(value) for value in row] for row in rows)]
    if not sys.stdout.isatty():
        sys.stdout.write("".join("\t".join(row) + "\n" for row in cells))
        return
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write(line.rstrip() + "\n")


def _cell(value: object) -> str:
    if value is None:
        return "-"
    return f"{value:.5g}" if isinstance(value, float) else visible(str(value))
