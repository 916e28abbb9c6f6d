"""The report of a campaign: one page, its pictures and its tables."""

from polyloop.loop.report.enrichment import Enrichment, enrichment
from polyloop.loop.report.write import write_report

__all__ = ["Enrichment", "enrichment", "write_report"]
