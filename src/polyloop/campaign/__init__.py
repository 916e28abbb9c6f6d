"""Campaigns: propose, evaluate, learn, resume."""

from __future__ import annotations

from typing import TYPE_CHECKING

from polyloop.core.lazy import lazy_names

if TYPE_CHECKING:
    from polyloop.campaign.campaign import Campaign
    from polyloop.campaign.config.file import read_campaign_file, write_campaign_file
    from polyloop.campaign.config.tables import CampaignConfig
    from polyloop.campaign.export import export_records
    from polyloop.campaign.progress import Progress
    from polyloop.campaign.state import CampaignState, CampaignStatus, Candidate, CycleMetrics

__all__ = [
    "Campaign",
    "CampaignConfig",
    "CampaignState",
    "CampaignStatus",
    "Candidate",
    "CycleMetrics",
    "Progress",
    "export_records",
    "read_campaign_file",
    "write_campaign_file",
]

__getattr__ = lazy_names(
    __name__,
    {
        "Campaign": "polyloop.campaign.campaign",
        "CampaignConfig": "polyloop.campaign.config.tables",
        "CampaignState": "polyloop.campaign.state",
        "CampaignStatus": "polyloop.campaign.state",
        "Candidate": "polyloop.campaign.state",
        "CycleMetrics": "polyloop.campaign.state",
        "Progress": "polyloop.campaign.progress",
        "export_records": "polyloop.campaign.export",
        "read_campaign_file": "polyloop.campaign.config.file",
        "write_campaign_file": "polyloop.campaign.config.file",
    },
)
