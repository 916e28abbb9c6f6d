"""What all tables of a campaign file share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

__all__ = ["FileTable"]


class FileTable(BaseModel):
    """A table of the file: unknown keys and wrong types are errors, and nothing changes after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
