"""Arithmetic on variables as text, such as "temperature * time < 4000": read as arithmetic and never as code."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from polyloop.core import InvalidInputError

__all__ = ["FUNCTIONS", "Arithmetic", "Expression", "read_arithmetic", "read_expression"]

_LONGEST, _DEEPEST = 500, 40
FUNCTIONS = {"exp": "exp", "log": "log", "log10": "log10", "sqrt": "sqrt", "abs": "abs", "min": "minimum",
             "max": "maximum"}  # fmt: skip
"""What may be called, and what NumPy and PyTorch both name it."""

_OPERATORS: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
    ast.Pow: lambda a, b: a**b,
}
_ARITHMETIC = f"variables, numbers, + - * / **, parentheses, {', '.join(FUNCTIONS)}"
_HINT = f"Use {_ARITHMETIC}, and one or two of < <= > >=."


@dataclass(frozen=True)
class Expression:
    """A condition: terms of which each is to be at most the next.

    Parameters
    ----------
    text
        As it was written.
    names
        Variables that it reads, sorted.
    """

    text: str
    names: tuple[str, ...]
    terms: tuple[ast.expr, ...]

    def margins(self, columns: Mapping[str, Any]) -> list[tuple[Any, Any]]:
        """Return (right less left, size of the larger) of each comparison; arrays or tensors of the columns' shape.

        A condition holds where no difference is negative. NaN, as of the logarithm of a negative number, is no number.
        """
        library = _library(columns)
        with np.errstate(all="ignore"):
            values = [_evaluate(term, columns, library) for term in self.terms]
            return [(b - a, library.maximum(library.abs(a), library.abs(b))) for a, b in pairwise(values)]


@dataclass(frozen=True)
class Arithmetic:
    """A number that follows from variables.

    Parameters
    ----------
    text
        As it was written.
    names
        Variables that it reads, sorted; none for a constant.
    """

    text: str
    names: tuple[str, ...]
    term: ast.expr

    def values(self, columns: Mapping[str, Any]) -> Any:
        """Return its value for each row of columns (n,), arrays or tensors; of a constant one number."""
        with np.errstate(all="ignore"):
            return _evaluate(self.term, columns, _library(columns))


def read_arithmetic(text: str) -> Arithmetic:
    """Read arithmetic that compares nothing.

    Raises
    ------
    InvalidInputError
        If it holds anything but arithmetic on names.

    Examples
    --------
    >>> read_arithmetic("0.5 + 0.01 * time").names
    ('time',)
    """
    where = _where("formula", text)
    tree = _parsed(text, where)
    if isinstance(tree, ast.Compare):
        raise InvalidInputError("It compares, and is no number.", where=where, hint=f"Use {_ARITHMETIC}.")
    names: set[str] = set()
    _check(tree, names, where, 0)
    return Arithmetic(text.strip(), tuple(sorted(names)), tree)


def read_expression(text: str) -> Expression:
    """Read a condition.

    Raises
    ------
    InvalidInputError
        If it holds anything but arithmetic on names and one comparison (or two, as in `1 < a / b < 3`).
    """
    where = _where("constraint", text)
    tree = _parsed(text, where)
    if not isinstance(tree, ast.Compare):
        raise InvalidInputError("It compares nothing.", where=where, hint=_HINT)
    rising = [type(operator) in (ast.Lt, ast.LtE) for operator in tree.ops]
    if not all(isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for operator in tree.ops):
        raise InvalidInputError(
            "It can compare by < <= > >= only.", where=where, hint="An equality of sums is a Linear constraint."
        )
    if any(rising) and not all(rising):
        raise InvalidInputError("Its comparisons point in two directions.", where=where, hint="Write two constraints.")
    terms = [tree.left, *tree.comparators]
    names: set[str] = set()
    for term in terms:
        _check(term, names, where, 0)
    if not names:
        raise InvalidInputError("It names no variable.", where=where)
    return Expression(text.strip(), tuple(sorted(names)), tuple(terms if rising[0] else terms[::-1]))


def _where(noun: str, text: str) -> str:
    return f"{noun} {text!r}" if len(text) <= 80 else f"{noun} {text[:80]!r}..."


def _parsed(text: str, where: str) -> ast.expr:
    if len(text) > _LONGEST:
        raise InvalidInputError(f"It has {len(text)} characters; {_LONGEST} may do.", where=where)
    try:
        return ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise InvalidInputError("It cannot be read.", where=where, hint=_HINT) from error


def _check(node: ast.expr, names: set[str], where: str, depth: int) -> None:
    if depth > _DEEPEST:
        raise InvalidInputError("It is nested too deeply.", where=where)
    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float) or not _is_finite(node.value):
            raise InvalidInputError(f"{node.value!r} is no number for arithmetic.", where=where, hint=_HINT)
    elif isinstance(node, ast.Name):
        names.add(node.id)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.UAdd | ast.USub):
        _check(node.operand, names, where, depth + 1)
    elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        _check(node.left, names, where, depth + 1)
        _check(node.right, names, where, depth + 1)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in FUNCTIONS:
        wanted = 2 if node.func.id in ("min", "max") else 1
        if len(node.args) != wanted or node.keywords:
            raise InvalidInputError(f"{node.func.id} takes {wanted} arguments.", where=where)
        for argument in node.args:
            _check(argument, names, where, depth + 1)
    else:
        raise InvalidInputError(f"It may not hold {ast.unparse(node)[:60]!r}.", where=where, hint=_HINT)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(float(number))
    except OverflowError:
        return False


def _library(columns: Mapping[str, Any]) -> Any:
    if all(isinstance(value, np.ndarray | float | int) for value in columns.values()):
        return np
    import torch  # only where tensors were passed, and so is loaded already

    return torch


def _evaluate(node: ast.expr, columns: Mapping[str, Any], library: Any) -> Any:
    if isinstance(node, ast.Constant):
        return library.asarray(float(node.value), dtype=library.float64)  # type: ignore[arg-type]
    if isinstance(node, ast.Name):
        column = columns[node.id]
        return column if library is not np else np.asarray(column, dtype=float)
    if isinstance(node, ast.UnaryOp):
        operand = _evaluate(node.operand, columns, library)
        return -operand if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.BinOp):
        left, right = (_evaluate(side, columns, library) for side in (node.left, node.right))
        return _OPERATORS[type(node.op)](left, right)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        arguments = [_evaluate(argument, columns, library) for argument in node.args]
        return getattr(library, FUNCTIONS[node.func.id])(*arguments)
    raise InvalidInputError(f"{ast.unparse(node)!r} was never checked.")
