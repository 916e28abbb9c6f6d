"""The tables of a campaign file that say where results are kept, and with what and within which limits is computed."""

from __future__ import annotations

from pathlib import Path

from pydantic import Field

from polyloop.campaign.config.model import FileTable
from polyloop.run.limits import Limits

__all__ = ["LimitsTable", "ResourcesTable", "StoreTable"]


class StoreTable(FileTable):
    """`[store]`: the results database."""

    # Not shown with the rest of the configuration, since it may hold a password.
    url: str | None = Field(
        None, repr=False, description="SQLAlchemy URL; store.sqlite in the folder of the run when left out."
    )


class LimitsTable(FileTable):
    """`[limits]`: what one evaluation may take."""

    time_s: float | None = Field(
        None, gt=0, le=1e8, description="Wall time per evaluation in s; when left out, what its protocol needs at most."
    )
    memory_gb: float | None = Field(None, gt=0, le=1e6, description="Memory per evaluation in GB.")
    retries: int = Field(1, ge=0, le=1_000, description="Further attempts after a failure that is worth another one.")

    @property
    def limits(self) -> Limits:
        """The same for those who run evaluations."""
        return Limits(self.time_s, None if self.memory_gb is None else int(self.memory_gb * 1e9), self.retries)


class ResourcesTable(FileTable):
    """`[resources]`: with what protocols compute, in place of the settings of the environment.

    They may change at any time: an engine and its cores are part of how a value was computed, which each record says,
    and not of what is asked. Files of templates and phases are part of what is asked: others make another campaign.
    """

    md_engine: str | None = Field(None, description="Engine of molecular dynamics; 'auto' is the best installed.")
    cores: int | None = Field(None, ge=1, le=4096, description="Cores that one simulation may use.")
    templates: Path | None = Field(None, description="Known crystal structures, made by 'polyloop crystal templates'.")
    phases: Path | None = Field(None, description="Known phases and formation energies, for hull distances.")

    @property
    def settings(self) -> dict[str, str]:
        """The same as settings `POLYLOOP_*`."""
        given = {
            "POLYLOOP_MD_ENGINE": self.md_engine, "POLYLOOP_CORES": self.cores,
            "POLYLOOP_TEMPLATES": self.templates, "POLYLOOP_PHASES": self.phases,
        }  # fmt: skip
        return {name: str(value) for name, value in given.items() if value is not None}
