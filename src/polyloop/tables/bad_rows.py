"""Rows of a table that cannot be used: all of them named at once, or left out where that is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from polyloop.core import InvalidInputError

__all__ = ["BadRow", "list_bad_rows", "refuse_bad_rows"]

_LISTED = 20
_CELL_SHOWN = 80


@dataclass(frozen=True)
class BadRow:
    """A row that cannot be used: its line in the file (the header is line 1), the column and cell at fault, and why.

    `column` is empty where the whole row is at fault; `hint` may be empty.
    """

    line: int
    column: str
    cell: str
    reason: str
    hint: str = ""

    @property
    def place(self) -> str:
        """Where it is, for people: `line 3, column smiles`."""
        return f"line {self.line}, column {self.column}" if self.column else f"line {self.line}"

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def list_bad_rows(bad: Sequence[BadRow]) -> str:
    """Return a line for each bad row, up to twenty, and how many more there are."""
    lines = [f"  {row}" for row in bad[:_LISTED]]
    if len(bad) > _LISTED:
        lines.append(f"  and {len(bad) - _LISTED} more")
    return "\n".join(lines)


def refuse_bad_rows(path: Path, bad: Sequence[BadRow], total: int, *, skip: bool = False) -> None:
    """Raise an error that names all bad rows of a table, unless they are to be skipped and others are left.

    Parameters
    ----------
    total
        Rows of the table, the bad ones among them.

    Raises
    ------
    InvalidInputError
        If there is a bad row and `skip` is not set, or no other row is left.
    """
    lines = len({row.line for row in bad})
    if not bad or (skip and lines < total):
        return
    way_out = "Correct it, or leave bad rows out: skip_bad = true in the campaign file, --skip-bad on the command line."
    if len(bad) == 1 and not skip:
        (row,) = bad
        raise InvalidInputError(
            row.reason, where=f"{path}, {row.place}{_shown(row.cell)}", hint=f"{row.hint} {way_out}".strip()
        )
    what = f"None of its {total} rows can be used" if skip else f"{lines} of {total} rows cannot be used"
    raise InvalidInputError(f"{what}:\n{list_bad_rows(bad)}\n", where=str(path), hint=way_out.replace("it,", "them,"))


def _shown(cell: str) -> str:
    if not cell:
        return ""
    return f", {cell!r}" if len(cell) <= _CELL_SHOWN else f", {cell[:_CELL_SHOWN]!r}..."
