"""Campaign: the one stateful thing, a campaign file plus a store. Kill it anywhere, start it again, it goes on."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from polyloop.campaign.config.file import kept_config, read_campaign_file, write_campaign_file
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.cycles import Sitting
from polyloop.campaign.descriptors import describe_pool
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.inputs import Inputs, check_tables, left_out_sentences
from polyloop.campaign.loading import is_over, load_candidates, load_cycles
from polyloop.campaign.pace import REPORT_EVERY_S
from polyloop.campaign.plan import Plan, make_plan, objectives_of
from polyloop.campaign.pool import check_pool, load_pool, make_pool
from polyloop.campaign.progress import Listener, Progress
from polyloop.campaign.proposal import Proposer
from polyloop.campaign.run_store import open_to_look, open_to_work
from polyloop.campaign.screening import screen
from polyloop.campaign.state import CampaignState, CampaignStatus
from polyloop.campaign.suggestions import keep_suggestions, kept_suggestions
from polyloop.core import ConfigurationError, FailureCode, InvalidInputError, Status, content_key
from polyloop.core.registry import Registry
from polyloop.design.pool import Pool
from polyloop.evaluation.queue import EvaluationQueue, open_runner
from polyloop.run.interrupts import Interrupted, Interrupts
from polyloop.store import Store

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
                self._run(store, plan, cycles, workers, interrupts, listen)
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
        left_out = state.inputs.left_out(state.source)
        counts = Counter(row.why for row in state.source.left_out) if state.source is not None else Counter()
        over = [candidate for candidate in state.candidates if is_over(candidate.status)]
        point = state.reference_point
        return CampaignStatus(
            name=self.config.campaign.name,
            state=word,
            reason=reason,
            cycle=max((candidate.cycle for candidate in state.candidates), default=0),
            cycles=cycles,
            evaluations=len(over),
            waiting=len(state.candidates) - len(over),
            failures=sum(state.failures.values()),
            failures_by_reason=state.failures,
            hypervolume=state.hypervolume,
            reference_point=None
            if point is None
            else {o.property: value for o, value in zip(state.objectives, point, strict=True)},
            best=state.best(),
            directory=str(self.directory),
            pool=len(state.pool),
            left_out=tuple(left_out),
            left_out_counts={**counts, "no descriptors": len(state.inputs.undescribed)},
            notes=state.inputs.notes,
            next=state.next(),
        )

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

    def _enter(self, store: Store, plan: Plan, pool: Pool, cycles: int) -> str:
        """Write down what the picks depend on, or check that it is what it was; enter the campaign, return its name."""
        identity = {**plan.identity(), "pool": content_key({"pool": list(pool.texts)})}
        # Tables name the campaign, so that two of them never meet in one store; `check_tables` judges their changes.
        tables = {table.protocol_id: table.content for table in plan.tables}
        campaign = f"{self.config.campaign.name}-{content_key({**identity, 'tables': tables})[:12]}"
        before = self._files.read_identity()
        if before is not None:
            changes = [
                *plan.source_changes(before["sources"]),
                *_differences(before["identity"], identity, said=plan.identity(without_defaults=True)),
            ]
            if changes:
                raise ConfigurationError(
                    f"This folder holds another campaign: {'; '.join(changes)}.",
                    where=str(self.directory),
                    hint="Undo the change to continue it, or name another folder with --directory.",
                )
            campaign = before["campaign"]
        sources = {name: dict(source.files) for name, source in plan.sources().items()}
        content = {"campaign": campaign, "identity": identity, "sources": sources, "entering": False}
        if before is None or before["entering"]:
            # A kill between here and the store's entry leaves a folder whose campaign no store knows.
            self._files.write_identity({**content, "entering": True}, store.where)
        write_campaign_file(self.config, self._files.config)
        kept = kept_config(self.config, self._files.path).model_dump(mode="json", exclude_none=True)
        store.start_campaign(campaign, {"file": kept, "cycles": cycles}, replace_config=True)
        self._files.write_identity(content, store.where)
        return campaign

    def _run(
        self, store: Store, plan: Plan, cycles: int, workers: int, interrupts: Interrupts, listen: Listener
    ) -> None:
        def tell(stage: str) -> Callable[[int, int], None]:
            def step(done: int, total: int) -> None:
                interrupts.check()
                listen(Progress(stage, 0, cycles, done, total))

            return step

        def screened(pool: Pool) -> Pool:
            table = self.config.pool.screening
            return screen(pool, table, self.config, store, workers, interrupts, tell("screening")) if table else pool

        def note(sentences: Sequence[str]) -> None:
            for sentence in sentences:
                listen(Progress("pool", 0, cycles, note=sentence))

        def make_proposer() -> Proposer:
            table, undescribed, blocks = describe_pool(pool, self.config, self._files, workers, tell("features"))
            inputs = Inputs.load(self._files).update(self._files, undescribed=undescribed, blocks=blocks)
            note(left_out_sentences(replace(pool, left_out=()), inputs))
            return Proposer(self.config, plan.objectives, table)

        tell("pool")(0, 0)
        pool = make_pool(self.config, self._files, screened)
        campaign = self._enter(store, plan, pool, cycles)
        pool = check_pool(self.config, self._files, pool)
        check_tables(plan, store, campaign)
        notes = tuple(sentence for table in plan.tables for sentence in table.table.notes)
        Inputs.load(self._files).update(self._files, notes=notes)
        note([*left_out_sentences(pool, Inputs()), *notes])
        store.set_state(campaign, "running")
        evaluators = list(plan.evaluators.values())
        try:
            with (
                open_runner(evaluators, workers, self.config.limits.limits) as runner,
                interrupts.cancelling(runner.cancel),
            ):
                queue = EvaluationQueue(store, runner, plan.evaluator, interrupts)
                sitting = Sitting(
                    campaign, plan, store, queue, make_proposer, interrupts,
                    cycles=cycles, listen=listen, reports=self._reports,
                )  # fmt: skip
                reason = sitting.run(partial(self._report_after, REPORT_EVERY_S, "running", interrupts))
                store.set_state(campaign, f"finished:{reason}")
                self._suggest(sitting, reason)
        except Interrupted:
            store.set_state(campaign, "interrupted")
            if self._reports and not self._writing:
                self.report("interrupted")
            raise
        self._report_after(0.0, f"finished:{reason}", interrupts, lambda: tell("report")(0, 0))

    def _suggest(self, sitting: Sitting, reason: str) -> None:
        """Keep what the next cycle would begin with, for the report, unless that is known or there is no time left."""
        state = self.state()
        if self._reports and reason != "time" and state.suggested is None:
            keep_suggestions(self._files.suggestions, state.candidates, sitting.suggest())

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


def with_bad_rows_skipped(config: CampaignConfig) -> CampaignConfig:
    """Return a campaign that leaves out rows of its pool and tables that cannot be read."""
    tables = {
        name: table.model_copy(update={"skip_bad": table.table is not None})
        for name, table in config.evaluators.items()
    }
    pool = config.pool.model_copy(update={"skip_bad": config.pool.file is not None})
    return config.model_copy(update={"pool": pool, "evaluators": tables})


def put_back(store: Store, campaign: str, codes: Sequence[str] | None) -> int:
    """Let the failed evaluations of a campaign be claimed again; return how many."""
    from polyloop.store import new_owner

    owner = new_owner()
    failed = [
        evaluation.request
        for evaluation in store.failures(campaign=campaign)
        if not codes or (evaluation.failure is not None and evaluation.failure.code.value in codes)
    ]
    store.claim_many(failed, owner, retry_failed=True)
    return len(store.release(failed, owner, Status.WAITING))


def _differences(before: Any, now: Any, path: str = "", *, said: Any = None) -> list[str]:
    """Name the keys whose values differ; a key that was unknown before and that nobody has `said` is none."""
    if isinstance(before, dict) and isinstance(now, dict):
        found = []
        for key in sorted(set(before) | set(now)):
            own = said.get(key) if isinstance(said, dict) else None
            unsaid = (key not in before and own is None) or (key not in now and not before[key])
            if unsaid and path:
                continue
            found += _differences(before.get(key), now.get(key), f"{path}{'.' if path else ''}{key}", said=own)
        return found
    if before == now:
        return []
    short = path.removeprefix("config.")
    return [f"{short} was {before!r}, is {now!r}" if len(f"{before}{now}") < 200 else short]
