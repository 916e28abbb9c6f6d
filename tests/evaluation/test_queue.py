"""Requests are claimed, run, kept and waited for; pools are made and screened; leases and signals are minded."""

from __future__ import annotations

import json
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from polyloop.campaign import Campaign, CampaignConfig
from polyloop.campaign.directory import RunDirectory
from polyloop.campaign.pool import load_pool, make_pool
from polyloop.campaign.screening import screen
from polyloop.chem import Polymer
from polyloop.core import ConfigurationError, Record, Request, Status, Subject
from polyloop.design.pool import Pool
from polyloop.evaluation import leases
from polyloop.evaluation.evaluators import Call, protocol_evaluator
from polyloop.evaluation.leases import Leases
from polyloop.evaluation.queue import EvaluationQueue
from polyloop.run import Runner
from polyloop.run.interrupts import Interrupted, Interrupts
from polyloop.store import ClaimOutcome, Store, new_owner

Write = Callable[..., Path]


class Counter:
    """An evaluator that counts its calls in this process."""

    protocol_id, properties, needs_process = "python/counter@1", ("density",), False

    def __init__(self) -> None:
        self.asked: list[str] = []

    def call(self, request: Request) -> Call:
        return self._answer, (request,)

    def _answer(self, request: Request) -> list[Record]:
        self.asked.append(request.subject.text)
        if request.subject.text == "broken":
            raise ArithmeticError("it broke")
        return [Record.of_value(request, "density", 1.0)]


def requests(*polymers: str) -> list[Request]:
    return [Request(Subject("polymer", polymer), Counter.protocol_id) for polymer in polymers]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "s.sqlite") as opened:
        yield opened


@pytest.fixture
def runner() -> Iterator[Runner]:
    with ThreadPoolExecutor(1) as executor, Runner(executor=executor) as opened:
        yield opened


def test_what_is_known_is_not_asked_again(store: Store, runner: Runner) -> None:
    counter, told = Counter(), list[str]()
    queue = EvaluationQueue(store, runner, lambda request: counter, Interrupts())
    assert queue.run(requests("a", "b", "a"))
    assert queue.run(requests("b", "c"), on_done=lambda request: told.append(request.subject.text))
    assert counter.asked == ["a", "b", "c"]
    assert told == ["b", "c"]


def test_a_failure_is_kept_with_a_record_per_property(store: Store, runner: Runner) -> None:
    counter = Counter()
    assert EvaluationQueue(store, runner, lambda request: counter, Interrupts()).run(requests("broken", "a"))
    (failed,) = store.failures()
    assert failed.failure is not None
    assert "ArithmeticError: it broke" in failed.failure.reason
    assert "Traceback" in store.attempts(failed.request.key)[0].log
    (record,) = store.records(keys=[failed.request.key])
    assert (record.property, record.status) == ("density", Status.FAILED)


def test_it_waits_for_what_somebody_else_computes(store: Store, runner: Runner) -> None:
    (request,), counter = requests("a"), Counter()
    other = new_owner()
    assert store.claim(request, other).outcome is ClaimOutcome.GRANTED
    finish = threading.Timer(0.3, store.finish, (request, [Record.of_value(request, "density", 2.0)], other))
    finish.start()
    assert EvaluationQueue(store, runner, lambda request: counter, Interrupts()).run([request])
    finish.join()
    assert counter.asked == []
    assert store.records()[0].value == 2.0


def test_it_takes_over_what_somebody_else_gave_up(store: Store, runner: Runner) -> None:
    (request,), counter = requests("a"), Counter()
    other = new_owner()
    store.claim(request, other)
    give_up = threading.Timer(0.2, store.release, (request, other))
    give_up.start()
    assert EvaluationQueue(store, runner, lambda request: counter, Interrupts()).run([request])
    give_up.join()
    assert counter.asked == ["a"]


def test_a_deadline_begins_nothing_more(store: Store, runner: Runner) -> None:
    counter = Counter()
    queue = EvaluationQueue(store, runner, lambda request: counter, Interrupts())
    assert not queue.run(requests("a", "b"), deadline=time.monotonic() - 1.0)
    assert counter.asked == []
    store.claim(requests("c")[0], new_owner())  # and it does not wait for others either
    assert not queue.run(requests("a", "c"), deadline=time.monotonic() + 0.3)
    assert counter.asked == ["a"]


def test_leases_are_renewed_while_they_are_held(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leases, "_RENEW_EVERY_S", 0.02)
    (request,), owner = requests("a"), new_owner()
    store.claim(request, owner, lease=1.0)
    before = store.evaluations()[0].lease_until or 0.0
    with Leases(store, owner) as held:
        held.hold(request.key)
        end = time.monotonic() + 10
        while (store.evaluations()[0].lease_until or 0.0) < before + 100 and time.monotonic() < end:
            time.sleep(0.02)
        held.drop(request.key)
    assert (store.evaluations()[0].lease_until or 0.0) > before + 100


def test_a_lease_that_cannot_be_renewed_now_is_tried_again(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "_RENEW_EVERY_S", 0.02)
    (request,), owner = requests("a"), new_owner()
    store.claim(request, owner, lease=1.0)
    before = store.evaluations()[0].lease_until or 0.0
    with Store(tmp_path / "s.sqlite", timeout=0.05) as impatient, Leases(impatient, owner) as held:
        with store._database.write():  # the database is locked for longer than the other is willing to wait
            held.hold(request.key)
            time.sleep(0.3)
        end = time.monotonic() + 10
        while (store.evaluations()[0].lease_until or 0.0) < before + 100 and time.monotonic() < end:
            time.sleep(0.02)
    assert (store.evaluations()[0].lease_until or 0.0) > before + 100


# Signals


def test_a_second_ctrl_c_insists() -> None:
    interrupts, cancelled = Interrupts(), list[int]()
    with interrupts.caught(), interrupts.cancelling(lambda: cancelled.append(1)):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGTERM)
        assert interrupts.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert cancelled == [1, 1]
    with pytest.raises(Interrupted):
        interrupts.sleep(5.0)


def test_sleep_ends_soon_after_a_signal() -> None:
    interrupts = Interrupts()
    with interrupts.caught():
        threading.Timer(0.1, signal.raise_signal, (signal.SIGINT,)).start()
        begun = time.monotonic()
        with pytest.raises(Interrupted):
            interrupts.sleep(20.0)
    assert time.monotonic() - begun < 10.0


def test_a_campaign_runs_in_a_thread_where_no_signal_comes(campaign_file: Write, place: Path) -> None:
    campaign = Campaign.from_file(campaign_file(cycles=1), place / "run")
    with ThreadPoolExecutor(1) as executor:
        outcome = executor.submit(campaign.run, report=False).result()
    assert outcome.state == "finished"


# Pools


def config(pool: dict[str, object], size: int = 2) -> CampaignConfig:
    return CampaignConfig.model_validate_json(
        json.dumps(
            {
                "campaign": {"name": "p"},
                "objectives": [{"property": "density", "direction": "minimize", "level": "instant"}],
                "pool": pool,
                "initial": {"size": size},
            }
        )
    )


def test_the_shipped_homopolymers_are_a_pool(tmp_path: Path) -> None:
    files = RunDirectory(tmp_path)
    pool = make_pool(
        config({"source": "homopolymers", "elements": ["C", "F"], "heavy_atoms": [2, 6]}), files, lambda pool: pool
    )
    assert len(pool) >= 5
    assert all(set(smiles) <= set("*CFc()=/\\1[]Hl") for smiles in pool.texts)
    assert load_pool(files) == pool


def test_a_virtual_library_is_a_pool_and_is_made_once(tmp_path: Path) -> None:
    files, table = RunDirectory(tmp_path), {"source": "virtual", "size": 30, "seed": 3, "heavy_atoms": [2, 9]}
    pool = make_pool(config(table), files, lambda pool: pool)
    assert len(pool) == len(set(pool.texts)) == 30
    assert make_pool(config({"source": "homopolymers"}), files, lambda pool: pool) == pool


def test_a_pool_must_be_larger_than_the_initial_design(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="fewer than the initial design of 30000"):
        make_pool(config({"source": "homopolymers"}, size=30_000), RunDirectory(tmp_path), lambda pool: pool)


def test_screening_keeps_the_best_in_the_order_of_the_pool(store: Store) -> None:
    table = {"source": "homopolymers", "screening": {"keep": 2, "property": "refractive_index"}}
    units = ("*CC*", "*CC(*)c1ccccc1", "*C(F)(F)C(*)(F)F", "*CCS*")
    pool = Pool.from_polymers((Polymer(unit), unit, "") for unit in units)
    seen: list[tuple[int, int]] = []
    settings = config(table)
    assert settings.pool.screening is not None
    kept = screen(
        pool, settings.pool.screening, settings, store, 1, Interrupts(), lambda done, total: seen.append((done, total))
    )
    # Polystyrene (n_D 1.59) and poly(ethylene sulfide) bend light more than polyethylene (1.49) and PTFE (1.35).
    assert kept.names == ("*CC(*)c1ccccc1", "*CCS*")
    assert seen[-1] == (4, 4)
    assert len(store.evaluations(protocols=["optics/instant@2"], statuses=[Status.DONE])) == 4


@pytest.mark.slow
def test_a_screened_campaign_begins_with_what_is_left(campaign_file: Write, place: Path) -> None:
    file = campaign_file("[pool.screening]\nkeep = 8\n", cycles=1)
    outcome = Campaign.from_file(file, place / "run").run(workers=2, report=False)
    assert (outcome.evaluations, outcome.state) == (8, "finished")
    assert len(Campaign.from_file(file, place / "run").state().pool) == 8
    assert protocol_evaluator("optics/instant@2").needs_process
