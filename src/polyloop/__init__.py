"""polyloop: closed-loop discovery of polymers (propose, compute, learn, propose better ones)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyloop.core.lazy import lazy_names

if TYPE_CHECKING:
    from polyloop.campaign import Campaign
    from polyloop.chem import Polymer
    from polyloop.evaluation import compute_properties
    from polyloop.simulate import evaluate

__all__ = [
    "Campaign",
    "Polymer",
    "__version__",
    "compute_properties",
    "evaluate",
]
__version__ = "0.1.0"

__getattr__ = lazy_names(
    __name__,
    {
        "Campaign": "polyloop.campaign",
        "Polymer": "polyloop.chem",
        "compute_properties": "polyloop.evaluation",
        "evaluate": "polyloop.simulate",
    },
)
