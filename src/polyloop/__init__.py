"""polyloop: closed-loop discovery of polymers (propose, compute, learn, propose better ones)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyloop.chem import Polymer
    from polyloop.loop import Campaign
    from polyloop.simulate import evaluate

__all__ = ["Campaign", "Polymer", "__version__", "evaluate"]
__version__ = "0.1.0"

_HOMES = {"Campaign": "polyloop.loop", "Polymer": "polyloop.chem", "evaluate": "polyloop.simulate"}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that `import polyloop` stays instant (PEP 562)."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'polyloop' has no attribute {name!r}")
