"""What a campaign was given: its pool and tables as they were when it began, and what had to be left out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace

from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.plan import EvaluationPlan
from polyloop.core import ConfigurationError, write_atomically
from polyloop.design.left_out import FILTERED
from polyloop.design.pool import Pool
from polyloop.store import Store

__all__ = ["Inputs", "check_tables", "left_out_sentences"]

_NAMED = 5


@dataclass(frozen=True)
class Inputs:
    """What a run keeps of its inputs beside the pool.

    Parameters
    ----------
    pool_digest
        sha256 of the pool's file when it was read last; empty where the pool comes from no file.
    considered
        Canonical SMILES of the candidates before a screening; empty where there was none.
    notes
        What is to be said of tables, one sentence each.
    undescribed
        Why, by canonical SMILES of the candidates that have no descriptors and are never proposed.
    blocks
        Descriptor blocks that could describe those.
    """

    pool_digest: str = ""
    considered: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    undescribed: Mapping[str, str] = field(default_factory=dict)
    blocks: tuple[str, ...] = ()

    @classmethod
    def load(cls, files: RunDirectory) -> Inputs:
        """Return what the folder of a run keeps; nothing before the first run."""
        try:
            content = json.loads(files.inputs.read_text(encoding="utf-8"))
            return cls(
                content["pool_digest"],
                tuple(content["considered"]),
                tuple(content["notes"]),
                dict(content["undescribed"]),
                tuple(content["blocks"]),
            )
        except FileNotFoundError:
            return cls()
        except (ValueError, KeyError, TypeError) as error:
            raise ConfigurationError(
                "This file of a run is damaged.", where=str(files.inputs), hint="Delete it; the next run makes it anew."
            ) from error

    def save(self, files: RunDirectory) -> None:
        """Keep it in the folder of a run."""
        write_atomically(files.inputs, json.dumps(asdict(self), indent=1) + "\n")

    def update(self, files: RunDirectory, **changes: object) -> Inputs:
        """Return a copy with changes, which is kept if it differs."""
        changed: Inputs = replace(self, **changes)  # type: ignore[arg-type]
        if changed != self or not files.inputs.is_file():
            changed.save(files)
        return changed

    def left_out(self, pool: Pool | None) -> list[dict[str, object]]:
        """Return the rows and candidates that are never proposed, JSON-ready; what filters refused is only counted."""
        rows = [] if pool is None else [asdict(row) for row in pool.left_out if row.why != FILTERED]
        return rows + [
            {"line": None, "smiles": smiles, "why": "no descriptors", "reason": reason}
            for smiles, reason in self.undescribed.items()
        ]


def left_out_sentences(pool: Pool, inputs: Inputs) -> list[str]:
    """Say what of a pool is never proposed and why: a sentence for each reason, with the first few by name."""
    sentences = []
    for why in dict.fromkeys(row.why for row in pool.left_out):
        rows = [row for row in pool.left_out if row.why == why]
        named = [
            f"{'' if row.line is None else f'line {row.line} '}{row.smiles} ({row.reason})" for row in rows[:_NAMED]
        ]
        sentences.append(f"{len(rows)} left out of the pool, {why}: {_some(named, len(rows))}.")
    if inputs.undescribed:
        named = [f"{smiles} ({reason})" for smiles, reason in list(inputs.undescribed.items())[:_NAMED]]
        count = len(inputs.undescribed)
        # A space has no list of candidates, only choices.
        of_all = f" of {len(pool)}" if len(pool) else ""
        way_out = f" These blocks can describe them: {', '.join(inputs.blocks)}." if inputs.blocks else ""
        sentences.append(
            f"{count}{of_all} candidates have no descriptors and are never proposed: {_some(named, count)}.{way_out}"
        )
    return sentences


def _some(named: Sequence[str], total: int) -> str:
    more = f"; and {total - len(named)} more" if total > len(named) else ""
    return "; ".join(named) + more


def check_tables(plan: EvaluationPlan, store: Store, campaign: str) -> None:
    """Raise where a table now says something else of a polymer that the campaign has picked.

    Raises
    ------
    ConfigurationError
        Naming the polymers, and what the table said and says.
    """
    if not plan.tables:
        return
    picked = {saved.pick.request.key: saved.pick.request for saved in store.picks(campaign)}
    before: dict[str, dict[str, str]] = {}
    for record in store.records(keys=list(picked)) if picked else []:
        if record.value is not None:
            before.setdefault(record.key, {})[record.property] = _words(record.value, record.std)
    for table in plan.tables:
        name = table.protocol_id.partition("@")[0]
        changed = []
        for key, request in picked.items():
            if request.protocol_id.startswith(f"{name}.") and request.protocol_id != table.protocol_id_of(
                request.subject.text
            ):
                found = table.table.at(request.subject.text, table.conditions)
                now = {prop: _words(item.value, item.std) for prop, item in found.items()}
                changed.append(f"{request.subject.text}: {_difference(before.get(key, {}), now)}")
        if changed:
            raise ConfigurationError(
                f"The table has other values of {len(changed)} candidate{'s' * (len(changed) != 1)} that this campaign "
                f"has picked: {_some(changed[:_NAMED], len(changed))}.",
                where=str(table.table.path),
                hint="Undo the change to continue the campaign, or name another folder with --directory.",
            )


def _difference(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    names = [name for name in sorted({*before, *now}) if before.get(name) != now.get(name)]
    changes = [f"{name} was {before.get(name, 'nothing')}, is {now.get(name, 'nothing')}" for name in names]
    return ", ".join(changes) or "another number of rows"


def _words(value: float, std: float | None) -> str:
    return f"{value:.6g}" + ("" if std is None else f" ± {std:.3g}")
