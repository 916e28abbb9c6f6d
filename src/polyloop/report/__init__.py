"""The report of a campaign: one page, its pictures and its tables."""

from polyloop.report.enrichment import Enrichment, enrichment
from polyloop.report.write import write_report

__all__ = ["Enrichment", "enrichment", "write_report"]
