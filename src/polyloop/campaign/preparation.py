"""What a campaign needs before it can propose: its pool, its entry in the store, and descriptors."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

from polyloop.campaign.change import archive, batch_change, check_change, check_points, recount
from polyloop.campaign.change_record import Change, load_changes, next_change
from polyloop.campaign.config.file import kept_config, write_campaign_file
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.campaign.costs import point_costs_of
from polyloop.campaign.descriptors import describe_choices, describe_pool, polymer_describer
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.generated import generated_source, keep_origins, shown_pool
from polyloop.campaign.identity import differences, identity_of, pool_key
from polyloop.campaign.inputs import Inputs, check_tables, left_out_sentences
from polyloop.campaign.level_proposal import LevelProposer
from polyloop.campaign.loading import load_candidates
from polyloop.campaign.open_choices import settled
from polyloop.campaign.plan import EvaluationPlan
from polyloop.campaign.pool import TOLD, build_pool, check_pool, costs_of, load_pool, make_pool
from polyloop.campaign.progress import Listener, Progress
from polyloop.campaign.proposal import Proposer
from polyloop.campaign.repeat_proposal import RepeatProposer
from polyloop.campaign.screening import screen
from polyloop.campaign.space import source_of
from polyloop.campaign.space_proposal import SourceProposer
from polyloop.core import ConfigurationError, content_key
from polyloop.design.generated import GeneratedSource
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

    def change(self) -> Change | None:
        """Make the campaign of the folder what the file says now, and record it; None where they say the same.

        Picks and values stay. Files of before are kept beside the run, and replay the cycles before the change. A kill
        at any moment leaves the campaign as it was, or changed; the same call, or the next run, then completes it.

        Raises
        ------
        ConfigurationError
            If there is no campaign in the folder, or with the change it would be another one.
        """
        known, files = self.files.read_identity(), self.files
        if known is None or known["entering"]:
            raise ConfigurationError("There is no campaign to change.", where=str(files.path), hint="Run it first.")
        if sources := self.plan.source_changes(known["sources"]):
            raise ConfigurationError(f"A change cannot reach what gave the values: {'; '.join(sources)}.")
        if known["changing"]:
            self.enter()  # a change that was interrupted comes first
            known = files.read_identity() or known
        picks = self.store.picks(known["campaign"])
        pool, words = self._changed_pool(load_pool(files))
        self._settle(known, pool)
        identity = identity_of(self.plan, pool)
        found = [
            *differences({**known["identity"], "pool": ""}, {**identity, "pool": ""}, said=self._said()),
            *words,
        ]
        change = None
        if found:
            check_change(known["identity"], self.plan)
            check_points(self.plan, [saved.pick.request for saved in picks])
            change = next_change(load_changes(known), max((saved.cycle for saved in picks), default=-1), found)
            archive(files, change.number)
            changes = [*known["changes"], change.to_dict()]
            files.write_identity(
                {**known, "identity": identity, "changes": changes, "changing": True}, self.store.where
            )
        self.enter()
        return change

    def _changed_pool(self, kept: Pool | None) -> tuple[Pool, list[str]]:
        """Return the candidates by the file of now, and in words how they differ from those that were kept."""
        if self.source is not None and kept is not None and not len(kept):
            same = Inputs.load(self.files).pool_digest == self.source.identity
            return kept, [] if same else ["pool: it draws from other files"]
        fresh, _, _ = build_pool(self.config, self._screened)
        before, now = set(kept.texts if kept else ()), set(fresh.texts)
        if kept is not None and before == now:
            return kept, []
        return fresh, [f"pool: {len(now - before)} candidates added, {len(before - now)} removed, {len(now)} in all"]

    def _said(self) -> dict[str, Any]:
        return self.plan.identity(without_defaults=True)

    def enter(self) -> str:
        """Make or check the pool, enter the campaign in the store, say what is left out; return the campaign's name.

        Raises
        ------
        ConfigurationError
            If the folder holds another campaign, or the pool has other candidates than when it began.
        """
        self._step("pool")(0, 0)
        self._check_source()
        known, kept = self.files.read_identity(), load_pool(self.files)
        if known is not None and known["changing"] and kept is not None and pool_key(kept) != known["identity"]["pool"]:
            self.files.pool.unlink()  # it is kept with what was before the change
        pool = make_pool(self.config, self.files, self._screened)
        if self.source is not None:
            Inputs.load(self.files).update(self.files, pool_digest=self.source.identity)
        self._settle(None if known is None or known["entering"] else known, pool)
        campaign = self._enter(pool)
        pool = self._pool = check_pool(self.config, self.files, pool)
        check_tables(self.plan, self.store, campaign)
        notes = tuple(sentence for table in self.plan.tables for sentence in table.table.notes)
        Inputs.load(self.files).update(self.files, notes=notes)
        self._note([*left_out_sentences(pool, Inputs()), *notes])
        self.campaign = campaign
        return campaign

    def _settle(self, known: Mapping[str, Any] | None, pool: Pool) -> None:
        self.config = settled(self.config, known, pool, self.files, self.workers, self._step("features"))
        self.plan = replace(self.plan, config=self.config)

    @cached_property
    def pool(self) -> Pool:
        """The candidates, and those that people told values of without being asked."""
        pool = self._pool
        if self.config.pool.is_generated:
            pool = shown_pool(self.config, self.files) or pool
        known = set(pool.texts)
        candidates = load_candidates(
            self.store, self.campaign, self.plan.objectives, asked=self.plan.asked(), below=self.plan.asked_below(),
            points=self.plan.points,
        )  # fmt: skip
        told = [one.text for one in candidates if one.text not in known]
        return pool.with_texts(told, TOLD) if told else pool

    @cached_property
    def source(self) -> GeneratedSource | None:
        """Who writes the candidates of each cycle; None where they are a list or a space."""
        if not self.config.pool.is_generated:
            return None
        # What the campaign file leaves open is settled by the time that candidates are described.
        return generated_source(
            self.config, self.files,
            lambda texts, freely: polymer_describer(self.config, self.files, self.workers, self.store)(texts, freely),
        )  # fmt: skip

    def _check_source(self) -> None:
        """Raise where a source draws from something else than when the campaign began."""
        known, before = self.files.read_identity(), Inputs.load(self.files).pool_digest
        if self.source is None or known is None or known["entering"] or known["changing"]:
            return
        if known["identity"]["config"]["pool"]["source"] != self.config.pool.source or not before:
            return  # what differs is told with the rest
        if before != self.source.identity:
            raise ConfigurationError(
                "The candidates are drawn from something else than when this campaign began: its library, language "
                "model, monomers or rules have changed.",
                where="[pool]",
                hint="Undo the change to continue the campaign, take it over with `polyloop campaign change DIR FILE`, "
                "or name another folder with --directory.",
            )

    def make_proposer(self) -> Proposer | SourceProposer:
        """Describe the candidates, and return who proposes from them."""
        if self.source is not None:
            return SourceProposer(
                self.config, self.plan.objectives, self.source, constraints=self.plan.constraints,
                keep=partial(keep_origins, self.files, self.config.pool.kind, self.source.origins),
            )  # fmt: skip
        source = source_of(self.config)
        if source is not None:
            if self.plan.points is not None and self.plan.points.choice is not None:
                source, undescribed, blocks = describe_choices(
                    source, self.config, self.files, self.workers, self._step("features"), self.store
                )
                self._note_undescribed(undescribed, blocks)
            return SourceProposer(
                self.config,
                self.plan.objectives,
                source,
                constraints=self.plan.constraints,
                costs=point_costs_of(self.config),
            )
        table, undescribed, blocks = describe_pool(
            self.pool, self.config, self.files, self.workers, self._step("features"), self.store
        )
        self._note_undescribed(undescribed, blocks)
        if self.plan.lower:
            return LevelProposer(self.config, self.plan.objectives, table, constraints=self.plan.constraints)
        costs = costs_of(self.pool, self.config.pool.cost) if self.config.pool.cost is not None else None
        constraints = self.plan.constraints
        if self.config.acquisition.repeats:
            scattered = self.plan.scattered
            return RepeatProposer(
                self.config, self.plan.objectives, table, constraints=constraints, costs=costs, scattered=scattered
            )
        return Proposer(self.config, self.plan.objectives, table, constraints=constraints, costs=costs)

    def _note_undescribed(self, undescribed: Mapping[str, str], blocks: Sequence[str]) -> None:
        """Keep and say which candidates have no descriptors, and which blocks would describe them."""
        inputs = Inputs.load(self.files).update(self.files, undescribed=undescribed, blocks=tuple(blocks))
        self._note(left_out_sentences(replace(self.pool, left_out=()), inputs))

    def _enter(self, pool: Pool) -> str:
        """Write down what the picks depend on, or check that it is what it was; enter the campaign, return its name."""
        plan, files = self.plan, self.files
        identity = identity_of(plan, pool)
        # Tables name the campaign, so that two of them never meet in one store; `check_tables` judges their changes.
        tables = {table.protocol_id: table.content for table in plan.tables}
        campaign = f"{self.config.campaign.name}-{content_key({**identity, 'tables': tables})[:12]}"
        before = files.read_identity()
        if before is not None:
            changes = [
                *plan.source_changes(before["sources"]),
                *differences(before["identity"], identity, said=self._said()),
            ]
            if changes:
                raise ConfigurationError(
                    f"This folder holds another campaign: {'; '.join(changes)}.",
                    where=str(files.path),
                    hint="Undo the change to continue it, take it over with `polyloop campaign change DIR FILE`, or "
                    "name another folder with --directory.",
                )
            campaign = before["campaign"]
        sources = {name: dict(source.files) for name, source in plan.sources().items()}
        content: dict[str, Any] = {"campaign": campaign, "identity": identity, "sources": sources, "entering": False}
        content |= {"changes": [one.to_dict() for one in self._changes(campaign, before)], "changing": False}
        if before is None or before["entering"]:
            # A kill between here and the store's entry leaves a folder whose campaign no store knows.
            files.write_identity({**content, "entering": True}, self.store.where)
        elif len(content["changes"]) > len(before["changes"]):
            files.write_identity({**before, "changes": content["changes"]}, self.store.where)
        write_campaign_file(self.config, files.config)
        kept = kept_config(self.config, files.path).model_dump(mode="json", exclude_none=True)
        entry = {"file": kept, "cycles": self.cycles, "changes": content["changes"]}
        self.store.start_campaign(campaign, entry, replace_config=True)
        if before is not None and before["changing"]:
            recount(self.store, campaign, plan)
            files.suggestions.unlink(missing_ok=True)
        files.write_identity(content, self.store.where)
        return campaign

    def _changes(self, campaign: str, before: Mapping[str, Any] | None) -> list[Change]:
        """Return the changes on record, and that of the batch, which may change without being asked for."""
        changes = list(load_changes(before))
        words = batch_change(self.store, campaign, self.config.campaign.batch)
        if words and changes and words in changes[-1].differences:
            return changes
        if words:
            last = max((saved.cycle for saved in self.store.picks(campaign)), default=-1)
            changes.append(next_change(changes, last, [words]))
        return changes

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
