"""Studies that are done in one pass: how to spend a budget, whether sources pay, which model of curves."""

from polyloop.learn.studies.allocation import AllocationConfig
from polyloop.learn.studies.curves import CurveConfig
from polyloop.learn.studies.finding import Finding, OnePassStudy, write_finding
from polyloop.learn.studies.transfer import TransferConfig

__all__ = ["ONE_PASS", "AllocationConfig", "CurveConfig", "Finding", "OnePassStudy", "TransferConfig", "write_finding"]

ONE_PASS: dict[str, type[OnePassStudy]] = {
    "allocation": AllocationConfig,
    "transfer": TransferConfig,
    "curve": CurveConfig,
}
"""Configurations of one-pass studies by the word that stands for `study` in their files."""
