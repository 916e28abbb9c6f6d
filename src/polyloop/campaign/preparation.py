"""What a campaign needs before it can propose: its pool, its entry in the store, and descriptors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from polyloop.campaign.config.file import kept_config, write_campaign_file
from polyloop.campaign.config.former import FORMER_DEFAULTS
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.descriptors import describe_choices, describe_pool
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.inputs import Inputs, check_tables, left_out_sentences
from polyloop.campaign.level_proposal import LevelProposer
from polyloop.campaign.loading import load_candidates
from polyloop.campaign.plan import EvaluationPlan
from polyloop.campaign.pool import TOLD, check_pool, costs_of, make_pool
from polyloop.campaign.progress import Listener, Progress
from polyloop.campaign.proposal import Proposer
from polyloop.campaign.screening import screen
from polyloop.campaign.space import source_of
from polyloop.campaign.space_proposal import SourceProposer
from polyloop.core import ConfigurationError, content_key
from polyloop.design.pool import Pool
from polyloop.run.interrupts import Interrupts
from polyloop.store import Store

__all__ = ["Preparation"]


@dataclass
class Preparation:
    """A campaign whose folder is locked and whose store is open.

    Parameters
    ----------
    cycles
        The last cycle, as the store is told.
    """

    config: CampaignConfig
    files: RunDirectory
    plan: EvaluationPlan
    store: Store
    interrupts: Interrupts
    listen: Listener
    cycles: int
    workers: int = 1

    def enter(self) -> str:
        """Make or check the pool, enter the campaign in the store, say what is left out; return the campaign's name.

        Raises
        ------
        ConfigurationError
            If the folder holds another campaign, or the pool has other candidates than when it began.
        """
        self._step("pool")(0, 0)
        pool = make_pool(self.config, self.files, self._screened)
        campaign = self._enter(pool)
        pool = self._pool = check_pool(self.config, self.files, pool)
        check_tables(self.plan, self.store, campaign)
        notes = tuple(sentence for table in self.plan.tables for sentence in table.table.notes)
        Inputs.load(self.files).update(self.files, notes=notes)
        self._note([*left_out_sentences(pool, Inputs()), *notes])
        self.campaign = campaign
        return campaign

    @cached_property
    def pool(self) -> Pool:
        """The candidates, and those that people told values of without being asked."""
        known = set(self._pool.texts)
        candidates = load_candidates(
            self.store, self.campaign, self.plan.objectives, asked=self.plan.asked(), below=self.plan.asked_below(),
            points=self.plan.points,
        )  # fmt: skip
        told = [one.text for one in candidates if one.text not in known]
        return self._pool.with_texts(told, TOLD) if told else self._pool

    def make_proposer(self) -> Proposer | SourceProposer:
        """Describe the candidates, and return who proposes from them."""
        source = source_of(self.config)
        if source is not None:
            if self.plan.points is not None and self.plan.points.choice is not None:
                source, undescribed, blocks = describe_choices(
                    source, self.config, self.files, self.workers, self._step("features")
                )
                self._note_undescribed(undescribed, blocks)
            return SourceProposer(self.config, self.plan.objectives, source)
        table, undescribed, blocks = describe_pool(
            self.pool, self.config, self.files, self.workers, self._step("features")
        )
        self._note_undescribed(undescribed, blocks)
        if self.plan.lower:
            return LevelProposer(self.config, self.plan.objectives, table)
        costs = costs_of(self.pool, self.config.pool.cost) if self.config.pool.cost is not None else None
        return Proposer(self.config, self.plan.objectives, table, constraints=self.plan.constraints, costs=costs)

    def _note_undescribed(self, undescribed: Mapping[str, str], blocks: Sequence[str]) -> None:
        """Keep and say which candidates have no descriptors, and which blocks would describe them."""
        inputs = Inputs.load(self.files).update(self.files, undescribed=undescribed, blocks=tuple(blocks))
        self._note(left_out_sentences(replace(self.pool, left_out=()), inputs))

    def _enter(self, pool: Pool) -> str:
        """Write down what the picks depend on, or check that it is what it was; enter the campaign, return its name."""
        plan, files = self.plan, self.files
        identity = {**plan.identity(), "pool": content_key({"pool": list(pool.texts)})}
        # Tables name the campaign, so that two of them never meet in one store; `check_tables` judges their changes.
        tables = {table.protocol_id: table.content for table in plan.tables}
        campaign = f"{self.config.campaign.name}-{content_key({**identity, 'tables': tables})[:12]}"
        before = files.read_identity()
        if before is not None:
            changes = [
                *plan.source_changes(before["sources"]),
                *_differences(before["identity"], identity, said=plan.identity(without_defaults=True)),
            ]
            if changes:
                raise ConfigurationError(
                    f"This folder holds another campaign: {'; '.join(changes)}.",
                    where=str(files.path),
                    hint="Undo the change to continue it, or name another folder with --directory.",
                )
            campaign = before["campaign"]
        sources = {name: dict(source.files) for name, source in plan.sources().items()}
        content = {"campaign": campaign, "identity": identity, "sources": sources, "entering": False}
        if before is None or before["entering"]:
            # A kill between here and the store's entry leaves a folder whose campaign no store knows.
            files.write_identity({**content, "entering": True}, self.store.where)
        write_campaign_file(self.config, files.config)
        kept = kept_config(self.config, files.path).model_dump(mode="json", exclude_none=True)
        self.store.start_campaign(campaign, {"file": kept, "cycles": self.cycles}, replace_config=True)
        files.write_identity(content, self.store.where)
        return campaign

    def _step(self, stage: str) -> Callable[[int, int], None]:
        def step(done: int, total: int) -> None:
            self.interrupts.check()
            self.listen(Progress(stage, 0, self.cycles, done, total))

        return step

    def _screened(self, pool: Pool) -> Pool:
        table = self.config.pool.screening
        if table is None:
            return pool
        return screen(pool, table, self.config, self.store, self.workers, self.interrupts, self._step("screening"))

    def _note(self, sentences: Sequence[str]) -> None:
        for sentence in sentences:
            self.listen(Progress("pool", 0, self.cycles, note=sentence))


# What earlier versions held to be part of a campaign, and picks that are kept do not depend on.
_FREED = {("config.campaign", "batch")}


def _differences(before: Any, now: Any, path: str = "", *, said: Any = None) -> list[str]:
    """Name the keys whose values differ; a key that was unknown before and that nobody has `said` is none."""
    if isinstance(before, dict) and isinstance(now, dict):
        found = []
        for key in sorted(set(before) | set(now)):
            own = said.get(key) if isinstance(said, dict) else None
            unsaid = (key not in before and own is None) or (
                key not in now and (not before[key] or FORMER_DEFAULTS.get(key) == before[key])
            )
            if (unsaid and path) or (path, key) in _FREED:
                continue
            found += _differences(before.get(key), now.get(key), f"{path}{'.' if path else ''}{key}", said=own)
        return found
    if before == now:
        return []
    short = path.removeprefix("config.")
    return [f"{short} was {before!r}, is {now!r}" if len(f"{before}{now}") < 200 else short]
