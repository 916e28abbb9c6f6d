"""How a report writes properties, units and numbers: for axes (mathtext), for the page (HTML) and for plain text."""

from __future__ import annotations

import re
from math import floor, isfinite, isinf, log10

from markupsafe import Markup

from polyloop.core import get_property

__all__ = ["axis_label", "distance", "html_exponent", "html_symbol", "number", "ratio", "sentence", "unit", "words"]

_LETTERS = dict(
    zip(("alpha", "beta", "delta", "epsilon", "eta", "lambda", "mu", "nu", "rho"), "αβδεηλμνρ", strict=True)
)
_GREEK = {name: (f"\\{name}", letter) for name, letter in _LETTERS.items()}
_SUPERSCRIPT = str.maketrans("23", "²³")


def words(name: str) -> str:
    """Return a property's name as words: `glass transition temperature`."""
    return get_property(name).words


def sentence(text: str) -> str:
    """Return `text` with a capital first letter and the rest as it is."""
    return text[:1].upper() + text[1:]


def unit(name: str) -> str:
    """Return a property's unit as it is printed, such as `g/cm³`; empty for a pure number."""
    text = get_property(name).unit.replace("angstrom", "Å")
    return "" if text == "1" else re.sub(r"(?<=[^\W\d])[23]", lambda found: found[0].translate(_SUPERSCRIPT), text)


def axis_label(name: str) -> str:
    """Return name, symbol and unit for an axis, in matplotlib's mathtext."""
    base, _, index = get_property(name).symbol.partition("_")
    symbol = _GREEK.get(base, (base.replace("dG", "\\Delta G"), ""))[0]
    index = f"_{{\\mathrm{{{index}}}}}" if index else ""
    return f"{words(name)} ${symbol}{index}$" + (f" ({unit(name)})" if unit(name) else "")


def html_symbol(name: str) -> Markup:
    """Return a property's symbol for the page."""
    base, _, index = get_property(name).symbol.partition("_")
    base = _GREEK.get(base, ("", base.replace("dG", "ΔG")))[1]
    return Markup("<i>{}</i><sub>{}</sub>").format(base, index) if index else Markup("<i>{}</i>").format(base)


def number(value: float, std: float | None = None) -> str:
    """Return a value with four digits, or, where its standard deviation is known, to two digits of that."""
    if std is None or not isfinite(std) or std <= 0:
        return f"{value:#.4g}".rstrip(".")
    digits = max(1 - floor(log10(std)), 0)
    return f"{value:.{digits}f} ± {std:.{digits}f}" if digits <= 6 else f"{value:.4g} ± {std:.2g}"


def distance(value: float, low: float, high: float, name: str) -> str:
    """Say where a value stands to a range of the property: inside, or how far below or above."""
    if low <= value <= high:
        return "inside the range"
    far, word = (low - value, "below") if value < low else (value - high, "above")
    return f"{far:.2g} {unit(name)}".rstrip() + f" {word} the range"


def ratio(value: float) -> str:
    """Return a ratio with three digits; a denominator of zero gives ∞."""
    return "∞" if isinf(value) else f"{value:.3g}"


def html_exponent(value: float) -> Markup:
    """Return a small number for the page with two digits, such as 0.042 or 1.3 × 10⁻⁵."""
    if value == 0 or abs(value) >= 1e-3:
        return Markup("{}").format(f"{value:.2g}")
    mantissa, _, exponent = f"{value:.1e}".partition("e")
    return Markup("{}&nbsp;×&nbsp;10<sup>−{}</sup>").format(mantissa, abs(int(exponent)))
