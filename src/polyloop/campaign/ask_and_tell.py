"""A campaign whose values a laboratory measures: suggest, tell, pending."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.laboratory import (
    Entered,
    Suggestion,
    enter_results,
    pending_suggestions,
    suggest,
    write_suggestions,
)
from polyloop.campaign.plan import make_plan
from polyloop.campaign.preparation import Preparation
from polyloop.campaign.progress import Listener, Progress
from polyloop.campaign.run_store import open_to_work
from polyloop.campaign.state import CampaignState
from polyloop.evaluation.laboratory import EXPERIMENT
from polyloop.run.interrupts import Interrupted, Interrupts
from polyloop.tables.frames import as_file

__all__ = ["AskAndTell"]


class AskAndTell:
    """The part of `Campaign` that people who measure use."""

    config: CampaignConfig
    _files: RunDirectory
    _functions: Mapping[str, Callable[..., Any]]

    def state(self) -> CampaignState:
        """Return a read-only view of everything that the campaign knows."""
        raise NotImplementedError

    def suggest(
        self, count: int | None = None, *, path: str | Path | None = None, progress: Listener | None = None
    ) -> list[Suggestion]:
        """Suggest candidates to a laboratory, and keep that they were; `tell` enters what it measured.

        Parameters
        ----------
        count
            How many; the batch of the campaign file when left out.
        path
            CSV to write them to, with empty columns for the results.

        Raises
        ------
        ConfigurationError
            If the folder holds another campaign, or another process runs this one.
        """
        with self._prepared(progress) as prepared:
            found = suggest(prepared, self.config.campaign.batch if count is None else count)
            prepared.store.set_state(prepared.campaign, "waiting:laboratory")
            if path is not None:
                write_suggestions(found, self.config, prepared.plan.measured, Path(path))
        return found

    def tell(
        self,
        table: Any,
        *,
        repeats: bool = False,
        column: str | None = None,
        reason: str = "",
        progress: Listener | None = None,
    ) -> Entered:
        """Enter measured values: all of a table, or nothing of it where something is wrong.

        Parameters
        ----------
        table
            A CSV or Parquet file, a data frame, or rows as dictionaries: the subject, properties with an optional
            `NAME_std`, and optionally `status` (done, failed, "could not be made"), `note`, `seed` and conditions.
        repeats
            Whether values of what was measured before are further measurements; else they are corrections, and what
            they replace is kept as history.
        column
            Header of the subjects; that of the campaign's kind when left out.
        reason
            Why values are corrected.

        Raises
        ------
        InvalidInputError
            Naming line and column of all that is wrong.
        """
        with self._prepared(progress) as prepared, as_file(table) as path:
            entered = enter_results(prepared, path, column=column, repeats=repeats, reason=reason)
            waits = any(not one.status.is_final for one in self.state().asked)
            prepared.store.set_state(prepared.campaign, "waiting:laboratory" if waits else "waiting:suggest")
        return entered

    def pending(self, path: str | Path | None = None) -> list[Suggestion]:
        """Return the suggestions whose values are awaited; `path` is a CSV to write them to, as `suggest` does."""
        state = self.state()
        found = [] if state.source is None else pending_suggestions(state.asked, state.source, self.config)
        if path is not None:
            measured = [one.property for one in self.config.objectives if one.level == EXPERIMENT]
            write_suggestions(found, self.config, measured, Path(path))
        return found

    @contextmanager
    def _prepared(self, progress: Listener | None) -> Iterator[Preparation]:
        """Hold the folder and the store, with the campaign entered."""
        with self._held(progress) as prepared:
            prepared.enter()
            yield prepared

    @contextmanager
    def _held(self, progress: Listener | None) -> Iterator[Preparation]:
        """Hold the folder and the store."""
        listen, interrupts = progress or (lambda event: None), Interrupts()
        plan, cycles = make_plan(self.config, self._functions), self.config.campaign.cycles

        def tell(words: str) -> None:
            listen(Progress("evaluate", 0, cycles, note=words))

        with (
            self._files.locked(),
            interrupts.caught(),
            open_to_work(self.config, self._files, interrupts, tell) as store,
        ):
            try:
                yield Preparation(self.config, self._files, plan, store, interrupts, listen, cycles)
            except Interrupted as error:
                raise KeyboardInterrupt from error
