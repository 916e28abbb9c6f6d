"""Campaign: the one stateful thing, a campaign file plus a store. Kill it anywhere, start it again, it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from polyloop.campaign.config.file import read_campaign_file
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.cycles import CycleRunner
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.inputs import Inputs
from polyloop.campaign.laboratory import (
    Entered,
    Suggestion,
    enter_results,
    pending_suggestions,
    suggest,
    write_suggestions,
)
from polyloop.campaign.loading import load_candidates, load_cycles
from polyloop.campaign.pace import REPORT_EVERY_S
from polyloop.campaign.plan import make_plan, objectives_of
from polyloop.campaign.pool import load_pool
from polyloop.campaign.preparation import Preparation
from polyloop.campaign.progress import Listener, Progress
from polyloop.campaign.run_store import open_to_look, open_to_work
from polyloop.campaign.state import CampaignState, CampaignStatus
from polyloop.campaign.status import put_back, status_of, with_bad_rows_skipped
from polyloop.campaign.suggestions import keep_suggestions, kept_suggestions
from polyloop.core import FailureCode, InvalidInputError
from polyloop.core.registry import Registry
from polyloop.evaluation.laboratory import EXPERIMENT
from polyloop.evaluation.queue import EvaluationQueue, open_runner
from polyloop.run.interrupts import Interrupted, Interrupts
from polyloop.store import Store
from polyloop.tables.frames import as_file

__all__ = ["REPORTS", "Campaign"]

# The report stands above the campaign, which knows it by name only.
REPORTS: Registry[Callable[..., Path]] = Registry("reports", "report")


class Campaign:
    """A campaign in its folder. All that it knows is in the store; this object may be dropped at any time.

    Examples
    --------
    >>> from polyloop import Campaign
    >>> campaign = Campaign.from_file("examples/demo.toml")  # doctest: +SKIP
    >>> campaign.run(cycles=2).best  # doctest: +SKIP
    """

    def __init__(self, config: CampaignConfig, directory: str | Path) -> None:
        self.config = config
        self._files = RunDirectory(directory)
        # Whether reports are wanted, when the last was written, and whether one was given up half way.
        self._reports, self._reported, self._writing = True, time.monotonic(), False

    @classmethod
    def from_file(cls, path: str | Path, directory: str | Path | None = None, *, skip_bad: bool = False) -> Campaign:
        """Read a campaign file. The run lives in `directory`, by default `runs/NAME` in the current folder.

        `skip_bad` leaves out rows of the pool and of tables that cannot be read, whatever the file says of it.

        Raises
        ------
        ConfigurationError
            If the file is wrong, naming the line, the key and the remedy.
        """
        path = Path(path)
        # The resolved file of a run continues that run.
        is_run = path.name == "campaign.toml" and RunDirectory(path.parent).identity.is_file()
        config = read_campaign_file(path, formerly=RunDirectory(path.parent).formerly() if is_run else None)
        if skip_bad:
            config = with_bad_rows_skipped(config)
        if directory is None:
            directory = path.parent if is_run else Path("runs") / config.campaign.name
        return cls(config, directory)

    @classmethod
    def from_directory(cls, directory: str | Path) -> Campaign:
        """Open the campaign of a folder that `run` has made.

        Raises
        ------
        ConfigurationError
            If there is none.
        """
        files = RunDirectory(directory)
        files.must_exist()
        return cls(read_campaign_file(files.config, check=False, formerly=files.formerly()), files.path)

    @property
    def directory(self) -> Path:
        """Folder of the run."""
        return self._files.path

    @property
    def name(self) -> str | None:
        """Name of the campaign in its store; None before its first run."""
        known = self._files.read_identity()
        return None if known is None or known["entering"] else str(known["campaign"])

    def open_store(self) -> Store:
        """Open the results database to look at it; nothing can be changed.

        Raises
        ------
        StoreError
            If there is none, or it does not know the campaign that this folder has begun.
        """
        return open_to_look(self.config, self._files)

    def run(
        self,
        cycles: int | None = None,
        workers: int | None = None,
        progress: Listener | None = None,
        *,
        report: bool = True,
    ) -> CampaignStatus:
        """Run the campaign, or go on with it, until a stop rule applies or the user stops it.

        Parameters
        ----------
        cycles
            Cycles in all after the initial design, instead of the file's.
        workers
            Evaluations at once, instead of the file's.
        progress
            Called with each `Progress` event.
        report
            False leaves the report out (`report` writes it at any time).

        Raises
        ------
        ConfigurationError
            If the folder holds another campaign, or another process runs this one.
        StoreError
            If the store cannot be written, for instance for want of space. Nothing finished is lost.
        """
        if cycles is not None and cycles < 0:
            raise InvalidInputError(f"cycles is {cycles}.", hint="Give 0 for the initial design alone, or more.")
        if workers is not None and workers < 1:
            raise InvalidInputError(f"workers is {workers}.", hint="Give at least 1.")
        plan, listen = make_plan(self.config), progress or (lambda event: None)
        cycles = self.config.campaign.cycles if cycles is None else cycles
        workers = workers or self.config.campaign.workers
        interrupts, finished = Interrupts(), True
        self._reports, self._writing = report, False

        def tell(words: str) -> None:
            listen(Progress("evaluate", 0, cycles, note=words))

        with (
            self._files.locked(),
            interrupts.caught(),
            open_to_work(self.config, self._files, interrupts, tell) as store,
        ):
            try:
                self._run(Preparation(self.config, self._files, plan, store, interrupts, listen, cycles, workers))
            except Interrupted:
                finished = False
        outcome = self.status()
        return outcome if finished else replace(outcome, state="interrupted", reason="")

    def status(self) -> CampaignStatus:
        """Say where the campaign stands, from its store alone."""
        state = self.state()
        name = self.name
        word, reason, cycles = "new", "", self.config.campaign.cycles
        if name is not None:
            with self.open_store() as store:
                entry = store.campaign(name)
            word, _, reason = (entry.state if entry else "new").partition(":")
            cycles = int(entry.config["cycles"]) if entry else cycles
        if self._files.is_locked():
            word, reason = "running", ""
        elif word == "running":  # its process ended without saying so
            word = "interrupted"
        return status_of(state, self.config.campaign.name, word, reason, cycles)

    def state(self) -> CampaignState:
        """Return a read-only view of everything that the campaign knows."""
        objectives, known, pool = objectives_of(self.config), self._files.read_identity(), load_pool(self._files)
        name = self.name
        candidates: tuple[Any, ...] = ()
        finished: tuple[Any, ...] = ()
        if known is not None and name is not None:
            with self.open_store() as store:
                candidates = load_candidates(store, name, objectives, asked=known["identity"].get("evaluators", {}))
                finished = load_cycles(store, name)
        return CampaignState(
            campaign=name or self.config.campaign.name,
            config=self.config,
            objectives=objectives,
            candidates=candidates,
            cycles=finished,
            pool=pool.texts if pool else (),
            directory=self.directory,
            source=pool,
            inputs=Inputs.load(self._files),
            suggested=kept_suggestions(self._files.suggestions, candidates),
        )

    def report(self, word: str = "", folder: str | Path | None = None) -> Path:
        """Write the report and return its path; `word` says where the campaign stands.

        It is a state, and a reason after a colon, in the words of `CampaignStatus`; those of now when left out.
        `folder` is that of the run's report when left out.
        """
        if not word:
            outcome = self.status()
            word = f"{outcome.state}:{outcome.reason}"
        status, _, reason = word.partition(":")
        target = self._files.report if folder is None else Path(folder)
        write = REPORTS.find("html")
        return write(self.state(), target, status=status, reason=reason)

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
            waits = any(not one.status.is_final for one in self.state().candidates)
            prepared.store.set_state(prepared.campaign, "waiting:laboratory" if waits else "waiting:suggest")
        return entered

    def pending(self, path: str | Path | None = None) -> list[Suggestion]:
        """Return the suggestions whose values are awaited; `path` is a CSV to write them to, as `suggest` does."""
        state = self.state()
        found = [] if state.source is None else pending_suggestions(state.candidates, state.source)
        if path is not None:
            measured = [one.property for one in self.config.objectives if one.level == EXPERIMENT]
            write_suggestions(found, self.config, measured, Path(path))
        return found

    @contextmanager
    def _prepared(self, progress: Listener | None) -> Iterator[Preparation]:
        """Hold the folder and the store, with the campaign entered."""
        listen, interrupts = progress or (lambda event: None), Interrupts()
        plan, cycles = make_plan(self.config), self.config.campaign.cycles

        def tell(words: str) -> None:
            listen(Progress("evaluate", 0, cycles, note=words))

        with (
            self._files.locked(),
            interrupts.caught(),
            open_to_work(self.config, self._files, interrupts, tell) as store,
        ):
            prepared = Preparation(self.config, self._files, plan, store, interrupts, listen, cycles)
            prepared.enter()
            try:
                yield prepared
            except Interrupted as error:
                raise KeyboardInterrupt from error

    def retry(self, codes: Sequence[str] | None = None) -> int:
        """Put failed evaluations (with one of `codes`, or all) back; return how many. The next run computes them.

        Raises
        ------
        InvalidInputError
            If there is no such code.
        ConfigurationError
            If the campaign is running.
        """
        known = [code.value for code in FailureCode]
        for code in codes or ():
            if code not in known:
                raise InvalidInputError(f"There is no failure code {code!r}.", hint=f"Known: {', '.join(known)}.")
        name = self.name
        if name is None:
            return 0
        with self._files.locked(), open_to_work(self.config, self._files, Interrupts(), lambda words: None) as store:
            return put_back(store, name, codes)

    # Steps of `run`

    def _run(self, prepared: Preparation) -> None:
        campaign, plan, store, interrupts = prepared.enter(), prepared.plan, prepared.store, prepared.interrupts
        store.set_state(campaign, "running")
        evaluators = list(plan.evaluators.values())
        try:
            with (
                open_runner(evaluators, prepared.workers, self.config.limits.limits) as runner,
                interrupts.cancelling(runner.cancel),
            ):
                queue = EvaluationQueue(store, runner, plan.evaluator, interrupts)
                cycles = CycleRunner(
                    campaign, plan, store, queue, prepared.make_proposer, interrupts,
                    cycles=prepared.cycles, listen=prepared.listen, reports=self._reports,
                )  # fmt: skip
                reason = cycles.run(partial(self._report_after, REPORT_EVERY_S, "running", interrupts))
                store.set_state(campaign, f"finished:{reason}" if reason != "laboratory" else "waiting:laboratory")
                self._keep_next(cycles, reason)
        except Interrupted:
            store.set_state(campaign, "interrupted")
            if self._reports and not self._writing:
                self.report("interrupted")
            raise
        self._report_after(
            0.0, f"finished:{reason}", interrupts, lambda: prepared.listen(Progress("report", 0, prepared.cycles))
        )

    def _keep_next(self, runner: CycleRunner, reason: str) -> None:
        """Keep what the next cycle would begin with, for the report, unless that is known or there is no time left."""
        state = self.state()
        if self._reports and reason not in ("time", "laboratory") and state.suggested is None:
            keep_suggestions(self._files.suggestions, state.candidates, runner.suggest())

    def _report_after(self, seconds: float, word: str, interrupts: Interrupts, tell: Callable[[], None]) -> float:
        """Write the report if it is wanted and the last one is so many seconds old; return how long it took in s."""
        if not self._reports or time.monotonic() - self._reported < seconds:
            return 0.0
        tell()
        started = time.monotonic()
        self._writing = True
        with interrupts.at_once():
            self.report(word)
        self._writing, self._reported = False, time.monotonic()
        return self._reported - started
