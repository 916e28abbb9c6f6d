"""The shipped table of liquids, as each fit takes it: one whose version stays takes the rows that it was made from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

__all__ = ["LIQUIDS", "first_liquids", "read_liquids"]

LIQUIDS = Path(__file__).resolve().parents[1] / "src/polyloop/chem/tables/liquids.csv"
# Joined for `hf_liquids@3`, after `packing@1` and `d4_linear@1` were fitted to the 155 others.
_JOINED_LATER = (
    "1,2-difluorobenzene", "1,3-difluorobenzene", "1,4-difluorobenzene", "3-fluorotoluene", "4-fluorotoluene",
    "1-fluoronaphthalene", "perfluoro-n-heptane", "1-fluoropentane", "1-fluorohexane", "2-fluoroethanol",
    "2,2,2-trifluoroethanol", "1,1,2,2-tetrachloro-1,2-difluoroethane",
)  # fmt: skip


def read_liquids() -> pd.DataFrame:
    """Return the whole table."""
    return pd.read_csv(LIQUIDS)


def first_liquids() -> pd.DataFrame:
    """Return the 155 liquids that `packing@1` and `d4_linear@1` were fitted to."""
    table = read_liquids()
    return table[~table.name.isin(_JOINED_LATER)].reset_index(drop=True)
