"""Numbers in people's tables: what is one, what means "no value", and whether a comma is the decimal sign."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isfinite

from polyloop.core import InvalidInputError
from polyloop.tables.table import Table

__all__ = ["decimal_sign", "is_no_value", "parse_number", "parse_whole_number"]

_NUMBER = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_WITH_POINT = re.compile(r"[+-]?[0-9]*\.[0-9]*([eE][+-]?[0-9]+)?")
_WITH_COMMA = re.compile(r"[+-]?[0-9]*,[0-9]*([eE][+-]?[0-9]+)?")
# 1,050 may be a little more than one, or one thousand and fifty; 0,912 and 1,05 can only be the former.
_THOUSANDS = re.compile(r"[+-]?[1-9][0-9]{0,2},[0-9]{3}")
_NO_VALUE = frozenset({"", "nan", "na", "n/a", "#n/a", "null", "none"})


def is_no_value(cell: str) -> bool:
    """Tell whether a cell says that there is no value: empty, or one of the words that data frames write."""
    return cell.strip().lower() in _NO_VALUE


def parse_number(cell: str, decimal: str = ".") -> float:
    """Return the number in a cell.

    Raises
    ------
    InvalidInputError
        If it is none: text, True, 1_000, infinite, too large or too small for a 64-bit number.
    """
    text = cell.strip().replace("\N{MINUS SIGN}", "-")
    plain = text.replace(",", ".") if decimal == "," and "." not in text else text
    if not _NUMBER.fullmatch(plain):
        hint = "Leave the cell empty for no value."
        if _WITH_COMMA.fullmatch(text):
            hint = "Write a decimal point; in a column with decimal points a comma is no decimal sign."
        elif re.fullmatch(r"[+-]?[0-9][0-9 _,.']*", text):
            hint = "Write the digits without anything between them, as in 1234.5."
        elif re.fullmatch(r"[+-]?inf(inity)?", text, re.IGNORECASE):
            hint = "A value must be finite. Leave the cell empty for no value."
        raise InvalidInputError(f"{cell.strip()!r} is no number.", hint=hint)
    value = float(plain)
    if not isfinite(value) or (value == 0.0 and re.search("[1-9]", re.split("[eE]", plain)[0])):
        size = "large" if value else "small"
        raise InvalidInputError(
            f"{cell.strip()!r} is too {size} for a number of 64 bits.", hint="Check its exponent and its unit."
        )
    return value


def parse_whole_number(cell: str) -> int:
    """Return the whole number in a cell (18 digits at most: databases hold no more).

    Raises
    ------
    InvalidInputError
        If it is none.
    """
    text = cell.strip()
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise InvalidInputError(f"{text!r} is no whole number.", hint="Write up to 18 digits and nothing else.")
    return int(text)


def decimal_sign(table: Table, positions: Sequence[int]) -> str:
    """Return the decimal sign of the numbers in some columns of a table.

    It is a comma where more numbers have one than have a point. Between commas as separators, and tabs, one of them at
    least must be such that the comma cannot part thousands. Where points prevail, a number with a comma is none.

    Raises
    ------
    InvalidInputError
        If that leaves it open.
    """
    if not table.separator:
        return "."
    cells = [(row, place, row.cells[place]) for row in table.rows for place in positions]
    commas = [found for found in cells if _WITH_COMMA.fullmatch(found[2]) and found[2] != ","]
    points = [found for found in cells if _WITH_POINT.fullmatch(found[2]) and found[2] != "."]
    if not commas or len(points) > len(commas):
        return "."
    row, place, text = commas[0]
    if points:
        raise InvalidInputError(
            f"{text!r} has a decimal comma, and {points[0][2]!r} (line {points[0][0].line}, column "
            f"{table.header[points[0][1]]}) a decimal point.",
            where=table.place(row, place),
            hint="Write all numbers of the table in the same way.",
        )
    if table.separator != ";" and all(_THOUSANDS.fullmatch(found[2]) for found in commas):
        raise InvalidInputError(
            f"{text!r} may be {text.replace(',', '.')} or {text.replace(',', '')}.",
            where=table.place(row, place),
            hint="Write decimal points, and nothing between thousands.",
        )
    return ","
