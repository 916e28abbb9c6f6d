"""Campaigns: propose, evaluate, learn, report, resume; and what the command line does without a campaign."""

from polyloop.loop.campaign import Campaign
from polyloop.loop.campaign_file import read_campaign_file, write_campaign_file
from polyloop.loop.config import CampaignConfig
from polyloop.loop.exports import export_records
from polyloop.loop.progress import Progress
from polyloop.loop.properties import (
    PolymerResult,
    compute_properties,
    parse_polymers,
    read_polymers,
    write_properties,
)
from polyloop.loop.state import CampaignState, CampaignStatus, Candidate, CycleMetrics

__all__ = [
    "Campaign",
    "CampaignConfig",
    "CampaignState",
    "CampaignStatus",
    "Candidate",
    "CycleMetrics",
    "PolymerResult",
    "Progress",
    "compute_properties",
    "export_records",
    "parse_polymers",
    "read_campaign_file",
    "read_polymers",
    "write_campaign_file",
    "write_properties",
]
