"""Campaigns: propose, evaluate, learn, report, resume; and what the command line does without a campaign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from polyloop.loop.campaign import Campaign
    from polyloop.loop.campaign_file import read_campaign_file, write_campaign_file
    from polyloop.loop.config import CampaignConfig
    from polyloop.loop.exports import export_records
    from polyloop.loop.polymers import parse_polymers
    from polyloop.loop.progress import Progress
    from polyloop.loop.properties import PolymerResult, compute_properties, preview_properties, write_properties
    from polyloop.loop.replicas import ReplicaMean
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
    "ReplicaMean",
    "compute_properties",
    "export_records",
    "parse_polymers",
    "preview_properties",
    "read_campaign_file",
    "write_campaign_file",
    "write_properties",
]

_HOMES = {
    "Campaign": "campaign",
    "CampaignConfig": "config",
    "CampaignState": "state",
    "CampaignStatus": "state",
    "Candidate": "state",
    "CycleMetrics": "state",
    "PolymerResult": "properties",
    "Progress": "progress",
    "ReplicaMean": "replicas",
    "compute_properties": "properties",
    "export_records": "exports",
    "parse_polymers": "polymers",
    "preview_properties": "properties",
    "read_campaign_file": "campaign_file",
    "write_campaign_file": "campaign_file",
    "write_properties": "properties",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that `polyloop canonical` need not wait for SciPy and the store (PEP 562)."""
    if name in _HOMES:
        from importlib import import_module

        return getattr(import_module(f"polyloop.loop.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'polyloop.loop' has no attribute {name!r}")
