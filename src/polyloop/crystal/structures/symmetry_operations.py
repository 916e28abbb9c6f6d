"""Symmetry operations as CIF writes them: `-x+1/2, y, z`."""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError

__all__ = ["read_affine_map", "read_operation"]

_TERM = re.compile(r"([+-]?)(?:(\d+(?:\.\d+)?(?:/\d+)?)\*?)?([xyz]?)")


@lru_cache(maxsize=4096)
def read_operation(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return rotation, shape (3, 3), and translation, shape (3,), of an operation on fractional coordinates.

    Raises
    ------
    InvalidInputError
        If it is none.

    Examples
    --------
    >>> rotation, translation = read_operation("-x+1/2, y, z")
    >>> rotation[0].tolist(), translation.tolist()
    ([-1.0, 0.0, 0.0], [0.5, 0.0, 0.0])
    """
    rotation, translation = read_affine_map(text)
    if abs(abs(np.linalg.det(rotation)) - 1.0) > 1e-6:
        raise _refusal(text)
    return rotation, translation


def read_affine_map(text: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return matrix, shape (3, 3), and offset, shape (3,), of three terms such as `x, 2x, 1/4`.

    Raises
    ------
    InvalidInputError
        If they are none.
    """
    parts = text.lower().replace(" ", "").split(",")
    if len(parts) != 3:
        raise _refusal(text)
    rotation, translation = np.zeros((3, 3)), np.zeros(3)
    for row, part in enumerate(parts):
        place = 0
        while place < len(part):
            term = _TERM.match(part, place)
            if term is None or term.end() == place or not (term[2] or term[3]):
                raise _refusal(text)
            place = term.end()
            amount = float(Fraction(term[2] or 1)) * (-1.0 if term[1] == "-" else 1.0)
            if term[3]:
                rotation[row, "xyz".index(term[3])] += amount
            else:
                translation[row] += amount
    return rotation, translation


def _refusal(text: str) -> InvalidInputError:
    return InvalidInputError(f"{text!r} is no symmetry operation.", where="CIF", hint="Write for example -x+1/2, y, z.")
