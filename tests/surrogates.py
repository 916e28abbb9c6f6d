"""Options with which each registered surrogate is quick enough to be tested in a loop over the registry."""

from __future__ import annotations

from typing import Any

from polyloop.core.descriptors import BlockKind
from polyloop.core.options import read_options
from polyloop.learn import SURROGATES, Surrogate, make_surrogate

__all__ = ["COLUMN_KINDS", "COLUMN_SURROGATES", "GRAPH_SURROGATES", "quick_options", "quick_surrogate"]

_QUICK: dict[str, dict[str, Any]] = {
    "random_forest": {"trees": 20},
    "ensemble": {"members": 16},
    "pls": {"members": 8},
    "interactive": {"members": 8},
    "kernel_ridge": {"members": 8},
    "nusvr": {"members": 6},
    "lightgbm": {"members": 4, "trees": 200},
    "episodic": {"members": 2, "lessons": 20},
    "gcn": {"members": 2, "epochs": 8, "width": 16},
    "gin": {"members": 2, "epochs": 8, "width": 16},
    "stack": {"models": {"kernel_ridge": {"members": 4}, "pls": {"members": 4, "components": 3}}, "folds": 3},
}

GRAPH_SURROGATES = tuple(name for name in SURROGATES if getattr(SURROGATES.find(name), "reads_graphs", False))
# Those that learn from any block of columns, and need nothing but rows; not those that read one block by its name.
COLUMN_SURROGATES = tuple(
    name
    for name in SURROGATES
    if name not in GRAPH_SURROGATES
    and not getattr(SURROGATES.find(name), "needs_sources", False)
    and getattr(SURROGATES.find(name), "reads_block", None) is None
)
COLUMN_KINDS = tuple(kind for kind in BlockKind if kind is not BlockKind.GRAPH)


def quick_options(name: str) -> dict[str, Any]:
    """Return the options, as campaign files spell them."""
    return dict(_QUICK.get(name, {}))


def quick_surrogate(name: str, **arguments: Any) -> Surrogate:
    """Make a small surrogate by its registered name."""
    options = read_options(SURROGATES.find(name), quick_options(name), noun="surrogate", name=name)
    return make_surrogate(name, **{**options, **arguments})
