"""Options with which each registered surrogate is quick enough to be tested in a loop over the registry."""

from __future__ import annotations

from typing import Any

from polyloop.core.options import read_options
from polyloop.learn import SURROGATES, Surrogate, make_surrogate

__all__ = ["COLUMN_SURROGATES", "quick_options", "quick_surrogate"]

_QUICK: dict[str, dict[str, Any]] = {
    "random_forest": {"trees": 20},
    "ensemble": {"members": 16},
    "pls": {"members": 8},
    "interactive": {"members": 8},
    "kernel_ridge": {"members": 8},
    "nusvr": {"members": 6},
    "lightgbm": {"members": 4, "trees": 200},
    "stack": {"models": {"kernel_ridge": {"members": 4}, "pls": {"members": 4, "components": 3}}, "folds": 3},
}

# Those that learn from any block of columns.
COLUMN_SURROGATES = tuple(SURROGATES)


def quick_options(name: str) -> dict[str, Any]:
    """Return the options, as campaign files spell them."""
    return dict(_QUICK.get(name, {}))


def quick_surrogate(name: str, **arguments: Any) -> Surrogate:
    """Make a small surrogate by its registered name."""
    options = read_options(SURROGATES.find(name), quick_options(name), noun="surrogate", name=name)
    return make_surrogate(name, **{**options, **arguments})
