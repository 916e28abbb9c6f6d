"""Campaign: the one stateful thing, a campaign file plus a store. Kill it anywhere, start it again, it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from polyloop.campaign.ask_and_tell import AskAndTell
from polyloop.campaign.change_record import Change, load_changes
from polyloop.campaign.config.file import read_campaign_file
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.cycles import CycleRunner
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.generated import shown_pool
from polyloop.campaign.inputs import Inputs
from polyloop.campaign.loading import load_asked, load_cycles
from polyloop.campaign.objects import build_campaign
from polyloop.campaign.pace import REPORT_EVERY_S
from polyloop.campaign.plan import make_plan, objectives_of
from polyloop.campaign.points import points_of
from polyloop.campaign.preparation import Preparation
from polyloop.campaign.progress import Listener, Progress
from polyloop.campaign.repeats import merge_repeats
from polyloop.campaign.run_store import open_to_look, open_to_work
from polyloop.campaign.state import CampaignState, CampaignStatus
from polyloop.campaign.status import put_back, status_of, with_bad_rows_skipped
from polyloop.campaign.suggestions import keep_suggestions, kept_suggestions
from polyloop.core import Conditions, FailureCode, InvalidInputError
from polyloop.core.registry import Registry
from polyloop.evaluation.queue import EvaluationQueue, open_runner
from polyloop.run.interrupts import Interrupted, Interrupts
from polyloop.store import Store

__all__ = ["REPORTS", "Campaign"]

# The report stands above the campaign, which knows it by name only.
REPORTS: Registry[Callable[..., Path]] = Registry("reports", "report")


class Campaign(AskAndTell):
    """A campaign in its folder. All that it knows is in the store; this object may be dropped at any time.

    The same objects make the same campaign as the same words in a campaign file do, pick by pick, and it is kept as
    such a file in its folder. Tables in memory are kept there too.

    Parameters
    ----------
    objectives
        Names of properties (maximized), pairs (name, "minimize") or (name, (low, high)), `Objective`s, or tables as in
        a campaign file.
    candidates
        A data frame, a list of texts or of objects such as `Polymer`, a CSV or Parquet file, "homopolymers", a `Pool`,
        a source that writes them anew for each cycle (`LibrarySource`, `LanguageSource`, `InverseSource`), or the table
        `[pool]` as a dictionary.
    evaluators
        Who answers: by property, or one for all. A level ("instant", ..., "experiment"), a protocol ("NAME@1"), a
        function of (smiles, seed) that returns {property: value or (value, std)}, a data frame or file of values, or a
        table `[evaluators.NAME]`. Left out where the objectives say it.
    features, surrogate, acquisition
        Names, or tables with options as in a campaign file; what a script registers (`SURROGATES.add(name, class)`)
        has a name too.
    initial
        Size of the initial design, candidates to begin with, or the table `[initial]`.
    properties
        Properties of one's own, by name: unit, low, high, ...
    tables
        Further tables of the campaign file: requirements, variables, constraints, stop, limits, store, report.

    Raises
    ------
    ConfigurationError, InvalidInputError
        If something of it cannot work, as for a campaign file.

    Examples
    --------
    >>> from polyloop import Campaign
    >>> campaign = Campaign(["refractive_index"], "homopolymers", evaluators="instant")  # doctest: +SKIP
    >>> campaign.run(cycles=2).best  # doctest: +SKIP
    """

    def __init__(
        self,
        objectives: Sequence[Any],
        candidates: Any,
        *,
        evaluators: Any = None,
        features: Any = None,
        surrogate: Any = None,
        acquisition: Any = None,
        initial: Any = None,
        kind: str = "polymer",
        properties: Mapping[str, Mapping[str, Any]] | None = None,
        conditions: Conditions | None = None,
        name: str = "campaign",
        seed: int = 0,
        cycles: int = 10,
        batch: int = 10,
        batch_cost: float | None = None,
        workers: int = 1,
        directory: str | Path | None = None,
        **tables: Any,
    ) -> None:
        folder = Path("runs") / name if directory is None else Path(directory)
        built = build_campaign(
            folder, objectives, candidates, kind=kind, evaluators=evaluators, features=features, surrogate=surrogate,
            acquisition=acquisition, initial=initial, properties=properties, conditions=conditions,
            campaign={"name": name, "seed": seed, "cycles": cycles, "batch": batch, "workers": workers}
            | ({} if batch_cost is None else {"batch_cost": batch_cost}),
            tables=tables,
        )  # fmt: skip
        self._open(built.config, folder, built.functions)

    def _open(
        self, config: CampaignConfig, directory: str | Path, functions: Mapping[str, Callable[..., Any]] | None = None
    ) -> None:
        self.config, self._functions = config, dict(functions or {})
        self._files = RunDirectory(directory)
        # Whether reports are wanted, when the last was written, and whether one was given up half way.
        self._reports, self._reported, self._writing = True, time.monotonic(), False

    @classmethod
    def _of(cls, config: CampaignConfig, directory: str | Path) -> Campaign:
        campaign = cls.__new__(cls)
        campaign._open(config, directory)
        return campaign

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
        return cls._of(config, directory)

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
        return cls._of(read_campaign_file(files.config, check=False, formerly=files.formerly()), files.path)

    def _repr_html_(self) -> str:
        from polyloop.campaign.display import campaign_html

        return campaign_html(self.state(), self.status())

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
        plan, listen = make_plan(self.config, self._functions), progress or (lambda event: None)
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
        objectives, known = objectives_of(self.config), self._files.read_identity()
        pool = shown_pool(self.config, self._files)
        name = self.name
        asked: tuple[Any, ...] = ()
        finished: tuple[Any, ...] = ()
        if known is not None and name is not None:
            with self.open_store() as store:
                asked = load_asked(
                    store,
                    name,
                    objectives,
                    asked=known["identity"].get("evaluators", {}),
                    below=known["identity"].get("levels", {}),
                    points=points_of(self.config),
                )
                finished = load_cycles(store, name)
        candidates = merge_repeats(asked)
        return CampaignState(
            campaign=name or self.config.campaign.name,
            config=self.config,
            objectives=objectives,
            candidates=candidates,
            cycles=finished,
            pool=pool.texts if pool and not self.config.pool.is_generated else (),
            directory=self.directory,
            source=pool,
            inputs=Inputs.load(self._files),
            suggested=kept_suggestions(self._files.suggestions, candidates),
            changes=load_changes(known),
            asked=asked,
        )

    def report(self, word: str = "", folder: str | Path | None = None, form: str = "html") -> Path:
        """Write the report and return its path; `word` says where the campaign stands.

        It is a state, and a reason after a colon, in the words of `CampaignStatus`; those of now when left out.
        `folder` is that of the run's report when left out; `form` names a registered report.
        """
        if not word:
            outcome = self.status()
            word = f"{outcome.state}:{outcome.reason}"
        status, _, reason = word.partition(":")
        target = self._files.report if folder is None else Path(folder)
        write = REPORTS.find(form)
        return write(self.state(), target, status=status, reason=reason)

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

    def change(self, progress: Listener | None = None) -> Change | None:
        """Make the campaign in the folder what this object says: other objectives, candidates, models, acquisition.

        What was picked and evaluated stays, and teaches the changed models; the metrics of earlier cycles are counted
        anew for the objectives of now. The change is recorded (`status().changes`, the report), and the folder
        `changes/NUMBER` keeps the files of before, which replay the cycles before it.

        Returns
        -------
        Change
            What differs; None where nothing does.

        Raises
        ------
        ConfigurationError
            If there is no campaign in the folder, or it would be another one: of another kind, at other conditions, or
            by evaluators that were never asked of what is known.
        """
        with self._held(progress) as prepared:
            return prepared.change()

    # Steps of `run`

    def _run(self, prepared: Preparation) -> None:
        campaign, plan, store, interrupts = prepared.enter(), prepared.plan, prepared.store, prepared.interrupts
        store.set_state(campaign, "running")
        evaluators = plan.everybody
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
                word = f"{'waiting' if reason == 'laboratory' else 'finished'}:{reason}"
                store.set_state(campaign, word)
                reached = max((entry.cycle for entry in store.cycles(campaign)), default=0)
                self._keep_next(cycles, reason)
        except Interrupted:
            store.set_state(campaign, "interrupted")
            if self._reports and not self._writing:
                self.report("interrupted")
            raise
        self._report_after(0.0, word, interrupts, lambda: prepared.listen(Progress("report", reached, prepared.cycles)))

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
