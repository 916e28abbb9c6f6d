"""What earlier versions wrote into the files of their runs, and what it means now, so that these runs go on."""

from __future__ import annotations

from typing import Any

from polyloop.campaign.config.tables import CampaignConfig

__all__ = ["FORMER_DEFAULTS", "without_former_defaults"]

# Until options stood on the parts themselves, a kept file spelled out these with their defaults whatever the part was,
# though one part alone took them: table, option, default, that part.
_SPELLED_OUT: tuple[tuple[str, str, Any, str], ...] = (
    ("acquisition", "beta", 2.0, "ucb"),
    ("surrogate", "ard", False, "gp"),
    ("surrogate", "kernels", {}, "gp"),
)
# The column of polymers, which is now that of the kind unless somebody names one.
FORMER_DEFAULTS = {option: default for _, option, default, _ in _SPELLED_OUT} | {"smiles_column": "smiles"}
"""Options that earlier versions wrote down although nobody had said them, with the values they had then."""


def without_former_defaults(config: CampaignConfig) -> CampaignConfig:
    """Leave out the options of a kept file that nobody gave and that are of another part than the one it names."""
    for name, option, default, owner in _SPELLED_OUT:
        table = getattr(config, name)
        if table.name != owner and table.options.get(option) == default:
            left = {key: value for key, value in table.model_dump(exclude_unset=True).items() if key != option}
            config = config.model_copy(update={name: type(table)(**left)})
    return config
