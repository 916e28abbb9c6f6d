"""Store: the results database, which several processes and campaigns share."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

from polyloop.core import Failure, Record, Request, Status, Subject
from polyloop.store import campaigns, claims, corrections, queries
from polyloop.store.additions import add
from polyloop.store.backup import backup
from polyloop.store.check import check
from polyloop.store.corrections import Superseded, Told
from polyloop.store.curves import CurveStore
from polyloop.store.database import Database
from polyloop.store.definitions import load_definitions
from polyloop.store.exchange import Exchange
from polyloop.store.migrate import migrate
from polyloop.store.models import (
    Attempt,
    CampaignEntry,
    Claim,
    CycleEntry,
    Evaluation,
    Pick,
    SavedPick,
)
from polyloop.store.tables import wide_rows

__all__ = ["Store"]


class Store(Exchange, CurveStore):
    """Results with their origin, who computes what, and campaigns, in SQLite or PostgreSQL.

    Every method but `add` is one transaction: after a kill, a power cut or a full disk, all of it is there or nothing
    of it.
    A store may be used from several threads and processes, also after a fork; pickled, it opens the same place again.

    Parameters
    ----------
    place
        Path of an SQLite file (made if it is not there; its folder must be), or a `postgresql://` URL.
    timeout
        Seconds for which a call is tried again while another process's lock keeps it out, or a server is restarting.
    on_wait
        Called meanwhile, every second or two, with the seconds waited so far; what it raises ends the waiting.
    read_only
        Only look: nothing is made or changed, and an SQLite file may lie where it cannot be written.
    clock
        Source of the time, in seconds since 1970. By default the database server's clock.

    Raises
    ------
    StoreError
        If the place cannot be opened, holds something else, or was written by a newer polyloop.

    Examples
    --------
    >>> from polyloop.store import Store, new_owner
    >>> with Store("results.db") as store:  # doctest: +SKIP
    ...     claim = store.claim(request, new_owner(), lease=600)
    """

    def __init__(
        self,
        place: str | Path,
        *,
        timeout: float = 30.0,
        on_wait: Callable[[float], None] | None = None,
        read_only: bool = False,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._timeout, self._read_only, self._clock = timeout, read_only, clock
        self._database = Database(
            place, timeout=timeout, on_wait=on_wait or (lambda waited: None), read_only=read_only, clock=clock
        )
        try:
            migrate(self._database)
            load_definitions(self._database)
        except BaseException:
            self._database.close()
            raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return _reopen, (self.url, self._timeout, self._read_only, self._clock)

    def __repr__(self) -> str:
        return f"Store({self.where!r})"

    @property
    def url(self) -> str:
        """The full URL, which opens the same store anywhere; it may hold a password."""
        return self._database.url

    @property
    def where(self) -> str:
        """The place for people to read, without a password."""
        return self._database.where

    def close(self) -> None:
        """Close the connections of this process; the next call opens new ones."""
        self._database.close()

    # Claims

    def claim(
        self, request: Request, owner: str, lease: float = 600.0, *, retry_failed: bool = False, host: str = ""
    ) -> Claim:
        """Ask to compute an evaluation: exactly one process is granted it.

        `granted`: compute it, `renew` before the lease ends, then `finish`, `fail` or `release` it. A claim whose
        lease ran out, or whose process has ended, is taken over, and its attempt is kept as `lost`. Claiming again
        what `owner` holds already is granted too. `done`: the records are in the answer. `failed`: it failed for
        good (`retry_failed` grants it anew). `busy`: somebody else computes it, until `lease_until` at least.

        Parameters
        ----------
        owner
            A name from `new_owner()`.
        lease
            Seconds for which the claim is held.
        host
            Class of the machine, kept with the attempt.
        """
        return self.claim_many([request], owner, lease, retry_failed=retry_failed, host=host)[0]

    def claim_many(
        self,
        requests: Sequence[Request],
        owner: str,
        lease: float = 600.0,
        *,
        retry_failed: bool = False,
        host: str = "",
    ) -> list[Claim]:
        """Claim several requests in one transaction; see `claim`. The answers are in the order of the requests."""
        return claims.claim(self._database, requests, owner, lease, retry_failed=retry_failed, host=host)

    def renew(self, keys: Iterable[str], owner: str, lease: float = 600.0) -> set[str]:
        """Extend the leases to `lease` seconds from now; return the keys that `owner` still holds."""
        return claims.renew(self._database, keys, owner, lease)

    def finish(
        self, request: Request, records: Sequence[Record], owner: str, *, attempts: Sequence[Attempt] = ()
    ) -> bool:
        """Keep an evaluation's records, status and attempts together.

        The evaluation is `failed` when every record is, `unphysical` when no value is plausible, else `done`.
        A holder that lost its claim meanwhile may still finish it with success: the first result is kept.

        Parameters
        ----------
        attempts
            What was tried, when it was more than once or has a log; without it, the attempt that the claim opened
            ends now.

        Returns
        -------
        bool
            False if another result was there first, or a failure came from somebody who no longer holds the claim.

        Raises
        ------
        InvalidInputError
            If there is no record, two of one property, one of another request, or a number that is not finite.
        StoreError
            If it was never claimed.
        """
        return claims.finish(self._database, request, records, owner, attempts)

    def fail(
        self,
        request: Request,
        failure: Failure,
        owner: str,
        *,
        properties: Sequence[str] = (),
        attempts: Sequence[Attempt] = (),
    ) -> bool:
        """Keep a failure that left no records, such as a time limit; `properties` each get a failed record.

        Returns False, and changes nothing, if `owner` does not hold the claim.
        """
        return claims.fail(self._database, request, failure, owner, properties, attempts)

    def release(
        self, requests: Request | Iterable[Request], owner: str, status: Status = Status.LOST, *, log: str = ""
    ) -> set[str]:
        """Give claims back without a result (`lost` or `cancelled`) for anybody to claim; return their keys."""
        several = [requests] if isinstance(requests, Request) else requests
        return claims.release(self._database, [item.key for item in several], owner, status, log)

    def add(self, records: Sequence[Record]) -> tuple[int, int]:
        """Keep records that were made elsewhere (measured, from a table), in short transactions.

        All are compared with what the store has before the first is kept, and each evaluation is kept whole. After a
        kill in between, adding the same records again adds those that are missing.

        Returns
        -------
        tuple of int
            How many evaluations were new, and how many were known with the same values.

        Raises
        ------
        StoreError
            If the store has other values for the same request.
        """
        return add(self._database, records)

    def tell(self, given: Sequence[Record], reason: str = "") -> Told:
        """Keep values of experiments; one that differs from what the store has takes its place, the old one is history.

        Raises
        ------
        InvalidInputError
            If two of the records are of one evaluation, or one is no value of an experiment (`experiment/NAME@1`).
        """
        return corrections.tell(self._database, given, reason)

    def history(self, key: str) -> list[Superseded]:
        """Return what the values of an evaluation were before they were corrected, the oldest first."""
        return corrections.get_history(self._database, key)

    # Looking things up

    def records(
        self,
        *,
        keys: Collection[str] | None = None,
        subjects: Collection[Subject] | None = None,
        properties: Collection[str] | None = None,
        protocols: Collection[str] | None = None,
        statuses: Collection[Status] | None = None,
        minimum: float | None = None,
        maximum: float | None = None,
        campaign: str | None = None,
    ) -> list[Record]:
        """Return the records that match everything given.

        They come in the order of (evaluation key, property), whatever order they were finished in. `minimum` and
        `maximum` bound the value of the one property asked for, in its unit. `campaign` keeps what it picked.
        """
        return queries.get_records(
            self._database,
            keys=keys,
            subjects_in=subjects,
            properties=properties,
            protocols=protocols,
            statuses=statuses,
            minimum=minimum,
            maximum=maximum,
            campaign=campaign,
        )

    def table(self, **which: Any) -> list[dict[str, Any]]:
        """Return one row an evaluation with a column a property; arguments as for `records`."""
        found = self.records(**which)
        return wide_rows(found, self._classes(found))

    def evaluations(
        self,
        *,
        keys: Collection[str] | None = None,
        subjects: Collection[Subject] | None = None,
        protocols: Collection[str] | None = None,
        statuses: Collection[Status] | None = None,
        campaign: str | None = None,
    ) -> list[Evaluation]:
        """Return where the matching evaluations stand, in the order of their keys."""
        return queries.get_evaluations(
            self._database, keys=keys, subjects_in=subjects, protocols=protocols, statuses=statuses, campaign=campaign
        )

    def failures(self, **which: Any) -> list[Evaluation]:
        """Return the failed evaluations, each with its `failure`; arguments as for `evaluations`."""
        return self.evaluations(statuses=[Status.FAILED], **which)

    def attempts(self, key: str) -> list[Attempt]:
        """Return all attempts at one evaluation, oldest first."""
        return queries.get_attempts(self._database, key)

    def counts(self, *, campaign: str | None = None) -> dict[str, dict[Status, int]]:
        """Count evaluations by protocol and status."""
        return queries.counts(self._database, campaign=campaign)

    def check(self) -> list[str]:
        """Return one sentence for each thing that is wrong with the store; an empty list when all is well."""
        return check(self._database)

    def backup(self, path: str | Path) -> None:
        """Write a consistent copy of an SQLite store to a file, also while others write; an earlier copy is replaced.

        Copying the file itself is no backup: what was written last lies in the write-ahead log beside it.

        Raises
        ------
        StoreError
            If the store is PostgreSQL's (use `pg_dump`), or the file is a store in use or cannot be written.
        """
        backup(self._database, Path(path))

    # Campaigns

    def start_campaign(self, campaign: str, config: Mapping[str, Any], *, replace_config: bool = False) -> bool:
        """Enter a campaign with its resolved configuration; return False if it was there with the same one.

        Raises
        ------
        StoreError
            If it was started with another configuration (naming the keys), unless `replace_config`.
        """
        return campaigns.start_campaign(self._database, campaign, config, replace_config=replace_config)

    def set_state(self, campaign: str, state: str) -> None:
        """Set a campaign's state, a word of the caller's own."""
        campaigns.set_state(self._database, campaign, state)

    def campaigns(self) -> list[CampaignEntry]:
        """Return all campaigns, the oldest first."""
        return campaigns.get_campaigns(self._database)

    def campaign(self, campaign: str) -> CampaignEntry | None:
        """Return one campaign, or None."""
        return next((entry for entry in self.campaigns() if entry.id == campaign), None)

    def save_picks(self, campaign: str, cycle: int, picks: Sequence[Pick]) -> bool:
        """Keep a cycle's picks in their order, all or none, and enter their evaluations as `waiting`.

        Returns False if the same requests are there already (their first scores stay).

        Raises
        ------
        StoreError
            If the cycle has other picks, or the campaign was not started.
        """
        return campaigns.save_picks(self._database, campaign, cycle, picks)

    def picks(self, campaign: str, cycle: int | None = None) -> list[SavedPick]:
        """Return a campaign's picks in the order of cycle and rank."""
        return campaigns.get_picks(self._database, campaign, cycle)

    def save_cycle(self, campaign: str, cycle: int, metrics: Mapping[str, Any]) -> None:
        """Keep a cycle's metrics (JSON: no NaN), in place of those that were there."""
        campaigns.save_cycle(self._database, campaign, cycle, metrics)

    def cycles(self, campaign: str) -> list[CycleEntry]:
        """Return the metrics of a campaign's cycles, in order."""
        return campaigns.get_cycles(self._database, campaign)


def _reopen(url: str, timeout: float, read_only: bool, clock: Callable[[], float] | None) -> Store:
    return Store(url, timeout=timeout, read_only=read_only, clock=clock)
