"""Campaigns in the store: their configuration, state, picks and the metrics of each cycle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, insert, select, update

from polyloop.core import Status, StoreError, content_key
from polyloop.store.database import Database
from polyloop.store.mapping import REQUEST_COLUMNS, classify_new, ensure_evaluations, request_from_row
from polyloop.store.models import CampaignEntry, CycleEntry, Pick, SavedPick
from polyloop.store.patience import keeps_trying
from polyloop.store.schema import campaign_cycles, campaigns, evaluations, picks, subjects

__all__ = ["get_campaigns", "get_cycles", "get_picks", "save_cycle", "save_picks", "set_state", "start_campaign"]


@keeps_trying
def start_campaign(database: Database, campaign: str, config: Mapping[str, Any], *, replace_config: bool) -> bool:
    """Enter the campaign, or find it again; return True when it is new."""
    with database.write() as connection:
        now = database.now(connection)
        values = {"id": campaign, "config": dict(config), "state": "new", "created": now, "updated": now}
        statement = database.insert(campaigns).values(values).on_conflict_do_nothing().returning(campaigns.c.id)
        if connection.execute(statement).first() is not None:
            return True
        stored = connection.execute(select(campaigns).where(campaigns.c.id == campaign).with_for_update()).one()
        if content_key(stored.config) == content_key(config):
            return False
        if not replace_config:
            raise StoreError(
                f"Campaign {campaign!r} was started with another configuration: {_differences(stored.config, config)}.",
                where=database.where,
                hint="Undo the change to continue it, or start a campaign of another name.",
            )
        change = update(campaigns).where(campaigns.c.id == campaign)
        connection.execute(change.values(config=dict(config), updated=now))
    return False


@keeps_trying
def set_state(database: Database, campaign: str, state: str) -> None:
    """Set the campaign's state, a word of the caller's own."""
    with database.write() as connection:
        now = database.now(connection)
        change = update(campaigns).where(campaigns.c.id == campaign).values(state=state, updated=now)
        if connection.execute(change).rowcount == 0:
            raise _unknown(campaign, database)


def get_campaigns(database: Database) -> list[CampaignEntry]:
    """Return all campaigns, the oldest first."""
    with database.read() as connection:
        rows = connection.execute(select(campaigns).order_by(campaigns.c.created, campaigns.c.id))
        return [CampaignEntry(row.id, row.config, row.state, row.created, row.updated) for row in rows]


@keeps_trying
def save_picks(database: Database, campaign: str, cycle: int, chosen: Sequence[Pick]) -> bool:
    """Keep a cycle's picks, all or none; False when the same picks are there already."""
    if not chosen:
        raise StoreError(f"Cycle {cycle} of campaign {campaign!r} has no picks to save.", where=database.where)
    classes = classify_new(database, [pick.request for pick in chosen])
    with database.write() as connection:
        now = database.now(connection)
        _lock(connection, campaign, database)
        statement = select(picks.c.evaluation_key).where(picks.c.campaign == campaign, picks.c.cycle == cycle)
        present = list(connection.scalars(statement.order_by(picks.c.rank)))
        if present:
            if present != [pick.request.key for pick in chosen]:
                raise StoreError(
                    f"Cycle {cycle} of campaign {campaign!r} has other picks already.",
                    where=database.where,
                    hint="Read them with picks() and evaluate those; a cycle's picks never change.",
                )
            return False
        ensure_evaluations(database, connection, [pick.request for pick in chosen], classes, Status.WAITING, now)
        rows = [
            {
                "campaign": campaign,
                "cycle": cycle,
                "rank": rank,
                "evaluation_key": pick.request.key,
                "acquisition": pick.acquisition,
                "predicted": {name: dict(values) for name, values in pick.predicted.items()},
                "created": now,
            }
            for rank, pick in enumerate(chosen)
        ]
        connection.execute(insert(picks), rows)
    return True


def get_picks(database: Database, campaign: str, cycle: int | None) -> list[SavedPick]:
    """Return a campaign's picks in the order of cycle and rank."""
    columns = (picks, *REQUEST_COLUMNS)
    statement = select(*columns).select_from(picks.join(evaluations).join(subjects))
    statement = statement.where(picks.c.campaign == campaign).order_by(picks.c.cycle, picks.c.rank)
    if cycle is not None:
        statement = statement.where(picks.c.cycle == cycle)
    with database.read() as connection:
        return [
            SavedPick(
                campaign=row.campaign,
                cycle=row.cycle,
                rank=row.rank,
                pick=Pick(request_from_row(row), row.acquisition, row.predicted),
                created=row.created,
            )
            for row in connection.execute(statement)
        ]


@keeps_trying
def save_cycle(database: Database, campaign: str, cycle: int, metrics: Mapping[str, Any]) -> None:
    """Keep a cycle's metrics, in place of those that were there."""
    with database.write() as connection:
        _lock(connection, campaign, database)
        values = {"metrics": dict(metrics), "updated": database.now(connection)}
        statement = database.insert(campaign_cycles).values(campaign=campaign, cycle=cycle, **values)
        connection.execute(
            statement.on_conflict_do_update(index_elements=list(campaign_cycles.primary_key.columns), set_=values)
        )


def get_cycles(database: Database, campaign: str) -> list[CycleEntry]:
    """Return the metrics of a campaign's cycles, in order."""
    statement = select(campaign_cycles).where(campaign_cycles.c.campaign == campaign).order_by(campaign_cycles.c.cycle)
    with database.read() as connection:
        return [CycleEntry(row.campaign, row.cycle, row.metrics, row.updated) for row in connection.execute(statement)]


def _lock(connection: Connection, campaign: str, database: Database) -> None:
    statement = select(campaigns.c.id).where(campaigns.c.id == campaign).with_for_update()
    if connection.execute(statement).first() is None:
        raise _unknown(campaign, database)


def _unknown(campaign: str, database: Database) -> StoreError:
    return StoreError(
        f"There is no campaign {campaign!r}.", where=database.where, hint="Start it with start_campaign() first."
    )


def _differences(stored: Mapping[str, Any], given: Mapping[str, Any], path: str = "") -> str:
    """Name the keys that differ, as dotted paths with both values."""
    found: list[str] = []
    for key in sorted(set(stored) | set(given)):
        old, new = stored.get(key), given.get(key)
        if isinstance(old, Mapping) and isinstance(new, Mapping):
            found += [text for text in [_differences(old, new, f"{path}{key}.")] if text]
        elif old != new:
            found.append(f"{path}{key} was {old!r}, is {new!r}")
    return "; ".join(found)
