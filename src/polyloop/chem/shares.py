"""Shares of a mixture, exact: checked, brought to the sum 1, and rounded so that their sum stays 1."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from math import isfinite

from polyloop.core.errors import InvalidInputError

__all__ = ["DIGITS", "SUM_TOLERANCE", "exact", "normalized", "rounded"]

# Thirds to three decimals add up to 0.999.
SUM_TOLERANCE = Fraction(2, 1000)
# A mixture is weighed to four digits at best.
DIGITS = 4
_PARTS = 10**DIGITS


def exact(value: float) -> Fraction:
    """Return the decimal number that `value` is printed as, so that 0.1 is a tenth and sums depend on no order.

    Raises
    ------
    InvalidInputError
        For what is no finite number.
    """
    if not isfinite(value):
        raise InvalidInputError(f"{value} is no number.", where="fractions", hint="Write e.g. 0.75.")
    return Fraction(Decimal(repr(float(value))))


def normalized(shares: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Return positive `shares`, whose sum is 1 within `SUM_TOLERANCE`, divided by their sum.

    Raises
    ------
    InvalidInputError
        For a share that is not larger than 0, naming its unit, or another sum, naming it.
    """
    for number, share in enumerate(shares, start=1):
        if share <= 0:
            raise InvalidInputError(
                f"A fraction is larger than 0, this one is {float(share):g}.", where=f"unit {number}",
                hint="Leave the unit out, or give it a share.",
            )  # fmt: skip
    total = sum(shares, Fraction(0))
    if abs(total - 1) > SUM_TOLERANCE:
        hint = (
            "Write percents with their sign (75 %), or decimals (0.75)."
            if 90 < total < 110
            else "Write e.g. 0.7 and 0.3."
        )
        raise InvalidInputError(
            f"Fractions add up to 1, these to {float(total):.6g} ({', '.join(f'{float(s):g}' for s in shares)}).",
            where="fractions", hint=hint,
        )  # fmt: skip
    return tuple(share / total for share in shares)


def rounded(shares: Sequence[Fraction], names: Sequence[str]) -> tuple[float, ...]:
    """Return `shares` of sum 1 to `DIGITS` decimals with the sum 1: the largest remainders are rounded up.

    Of equal remainders the first one is, so the order of `shares` should be settled before.

    Raises
    ------
    InvalidInputError
        For a share that would be 0, naming it from `names`.
    """
    parts = [share * _PARTS for share in shares]
    whole = [int(part) for part in parts]
    by_remainder = sorted(range(len(parts)), key=lambda i: (whole[i] - parts[i], i))
    for i in by_remainder[: _PARTS - sum(whole)]:
        whole[i] += 1
    for name, share, count in zip(names, shares, whole, strict=True):
        if not count:
            raise InvalidInputError(
                f"A fraction of {float(share):g} is 0 to {DIGITS} decimals, which is what fractions are kept to.",
                where=name, hint="Leave the unit out, or give it a larger share.",
            )  # fmt: skip
    return tuple(count / _PARTS for count in whole)
