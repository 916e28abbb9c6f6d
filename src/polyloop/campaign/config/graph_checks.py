"""What a campaign whose surrogate reads graphs must describe its candidates by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyloop.core.descriptors import BlockKind

if TYPE_CHECKING:
    from polyloop.campaign.config.lines import CampaignSource
    from polyloop.campaign.config.tables import CampaignConfig

__all__ = ["check_graphs"]


def check_graphs(config: CampaignConfig, source: CampaignSource) -> None:
    """Refuse a graph network without graphs, or without columns by which the campaign judges distances."""
    from polyloop.features.block import get_block
    from polyloop.learn import SURROGATES

    if not getattr(SURROGATES.find(config.surrogate.name), "reads_graphs", False):
        return
    kinds = {get_block(block).kind for block in config.features.blocks}
    if BlockKind.GRAPH not in kinds or kinds == {BlockKind.GRAPH}:
        raise source.error(
            ("features", "blocks"),
            f"The surrogate {config.surrogate.name!r} reads graphs, and distances need columns.",
            'Give both, for instance ["ring_graph", "ecfp"].',
        )
