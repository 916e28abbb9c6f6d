"""Write CSV that people may open in a spreadsheet: no cell of text is taken for a formula."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from typing import Any

from polyloop.core.text import storable

__all__ = ["csv_text", "plain_cell"]

# What a spreadsheet takes for the beginning of a formula (https://owasp.org/www-community/attacks/CSV_Injection),
# behind any number of apostrophes, so that the escape can be taken back.
_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def csv_text(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a table as CSV: commas, decimal points, lines that end as on Unix; None is an empty cell.

    Text that begins with =, +, -, @, a tab or a carriage return, and is no number, gets an apostrophe before it, which
    spreadsheets do not show; `plain_cell`, and polyloop's reader of tables, take it away again.

    Examples
    --------
    >>> csv_text(["a", "b"], [["=1+1", -1.5], ["-2", None]])
    "a,b\\n'=1+1,-1.5\\n-2,\\n"
    """
    return "".join(_line(cells) for cells in (header, *rows))


def plain_cell(cell: str) -> str:
    """Return the text of a cell as it was before `csv_text` wrote it."""
    return cell[1:] if _ESCAPED.match(cell) else cell


def _line(cells: Sequence[Any]) -> str:
    # The csv module quotes a carriage return only where its own line ends have one.
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([_escaped(cell) for cell in cells])
    return text.getvalue().removesuffix("\r\n") + "\n"


def _escaped(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    text = storable(cell)
    return f"'{text}" if _FORMULA.match(text) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return not text[0].isspace()
