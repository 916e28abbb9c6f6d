"""The candidates of a campaign: made once, screened if asked, and kept in the folder of the run."""

from __future__ import annotations

import csv
import io
from pathlib import Path

from polyloop.core import InvalidInputError, write_atomically
from polyloop.design import Pool
from polyloop.loop.config import CampaignConfig, PoolTable
from polyloop.loop.directory import RunDirectory
from polyloop.loop.measured import read_csv_rows

__all__ = ["load_pool", "make_pool"]
