"""What a campaign must describe its candidates by, so that its surrogate can read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyloop.core.descriptors import BlockKind

if TYPE_CHECKING:
    from polyloop.campaign.config.lines import CampaignSource
    from polyloop.campaign.config.tables import CampaignConfig

__all__ = ["check_surrogate_blocks"]


def check_surrogate_blocks(config: CampaignConfig, source: CampaignSource) -> None:
    """Refuse a surrogate without the block that it reads, or a graph network without columns for distances."""
    from polyloop.features.block import get_block
    from polyloop.learn import SURROGATES

    surrogate = SURROGATES.find(config.surrogate.name)
    needed = getattr(surrogate, "reads_block", None)
    if needed is not None and needed not in config.features.blocks:
        raise source.error(
            ("features", "blocks"), f"The surrogate {config.surrogate.name!r} reads the block {needed!r}.",
            f'Give it, beside others or alone: ["{needed}"].',
        )  # fmt: skip
    if not getattr(surrogate, "reads_graphs", False):
        return
    kinds = {get_block(block).kind for block in config.features.blocks}
    if BlockKind.GRAPH not in kinds or kinds == {BlockKind.GRAPH}:
        raise source.error(
            ("features", "blocks"),
            f"The surrogate {config.surrogate.name!r} reads graphs, and distances need columns.",
            'Give both, for instance ["ring_graph", "ecfp"].',
        )
