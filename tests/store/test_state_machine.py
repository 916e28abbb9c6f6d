"""Whatever is done in whatever order, the store answers as a small model in memory does."""

import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from polyloop.core import Record, Status
from polyloop.store import ClaimOutcome, Store
from tests.store.conftest import SCF, Clock, answer, ask

# Few and small, so that owners meet at one key and leases run out within a short story.
KEYS = st.integers(0, 1)
OWNERS = st.sampled_from(["a", "b"])
LEASES = st.integers(1, 4)


@dataclass
class Model:
    """What the store should think of one evaluation."""

    status: Status | None = None
    owner: str = ""
    until: float = 0.0
    attempts: int = 0
    losses: int = 0
    value: float | None = None

    def held_by(self, owner: str) -> bool:
        return self.status is Status.RUNNING and self.owner == owner


class StoreMachine(RuleBasedStateMachine):
    @initialize()
    def open_store(self) -> None:
        self.folder = tempfile.mkdtemp()
        shutil.copy(empty_store(), Path(self.folder) / "results.db")
        self.clock = Clock()
        self.store = Store(Path(self.folder) / "results.db", clock=self.clock)
        self.models = [Model() for _ in range(2)]
        self.finished = 0

    def teardown(self) -> None:
        if hasattr(self, "store"):
            problems = self.store.check()
            self.store.close()
            shutil.rmtree(self.folder)
            assert problems == []

    @rule(seconds=st.integers(1, 6))
    def wait(self, seconds: int) -> None:
        self.clock.time += seconds

    @rule(key=KEYS, owner=OWNERS, lease=LEASES, retry=st.booleans())
    def claim(self, key: int, owner: str, lease: int, retry: bool) -> None:
        model = self.models[key]
        claim = self.store.claim(ask(seed=key), owner, lease, retry_failed=retry)
        if model.status is Status.RUNNING and model.owner != owner and model.until <= self.clock.time:
            model.status, model.losses = Status.LOST, model.losses + 1
        if model.status is Status.RUNNING and model.owner != owner:
            expected = ClaimOutcome.BUSY
        elif model.status is Status.DONE:
            expected = ClaimOutcome.DONE
        elif model.status is Status.FAILED and not retry:
            expected = ClaimOutcome.FAILED
        else:
            expected = ClaimOutcome.GRANTED
            model.status, model.owner, model.until = Status.RUNNING, owner, self.clock.time + lease
        assert claim.outcome is expected
        assert (claim.attempts, claim.losses) == (model.attempts, model.losses)

    @rule(key=KEYS, owner=OWNERS, lease=LEASES)
    def renew(self, key: int, owner: str, lease: int) -> None:
        model = self.models[key]
        held = model.held_by(owner)
        assert self.store.renew([ask(seed=key).key], owner, lease) == ({ask(seed=key).key} if held else set())
        if held:
            model.until = self.clock.time + lease

    @rule(key=KEYS, owner=OWNERS)
    def finish(self, key: int, owner: str) -> None:
        model = self.models[key]
        if model.status is None:
            return
        self.finished += 1
        value = 1.0 + self.finished / 1000
        kept = self.store.finish(ask(seed=key), answer(ask(seed=key), value), owner)
        assert kept == (model.status not in (Status.DONE, Status.FAILED))
        if kept:
            model.status, model.value, model.attempts = Status.DONE, value, model.attempts + 1

    @rule(key=KEYS, owner=OWNERS, by_records=st.booleans())
    def fail(self, key: int, owner: str, by_records: bool) -> None:
        model, request = self.models[key], ask(seed=key)
        if model.status is None:
            return
        if by_records:
            kept = self.store.finish(request, [Record.failed(request, "density", SCF)], owner)
        else:
            kept = self.store.fail(request, SCF, owner, properties=["density"])
        assert kept == model.held_by(owner)
        if kept:
            model.status, model.attempts = Status.FAILED, model.attempts + 1

    @rule(key=KEYS, owner=OWNERS, status=st.sampled_from([Status.LOST, Status.CANCELLED, Status.WAITING]))
    def release(self, key: int, owner: str, status: Status) -> None:
        model = self.models[key]
        held = model.held_by(owner)
        assert bool(self.store.release(ask(seed=key), owner, status)) == held
        if held:
            model.status, model.losses = status, model.losses + (status is Status.LOST)

    @rule()
    def reopen(self) -> None:
        self.store.close()
        self.store = Store(Path(self.folder) / "results.db", clock=self.clock)

    @invariant()
    def agrees_with_the_model(self) -> None:
        if not hasattr(self, "store"):
            return
        found = {item.request.seed: item for item in self.store.evaluations()}
        records = {record.request.seed: record for record in self.store.records()}
        for key, model in enumerate(self.models):
            assert (found[key].status if key in found else None) == model.status
            if model.status is Status.DONE:
                assert records[key].value == model.value
            if model.status is Status.FAILED:
                assert records[key].failure == SCF


_empty: list[Path] = []


def empty_store() -> Path:
    if not _empty:
        _empty.append(Path(tempfile.mkdtemp()) / "empty.db")
        Store(_empty[0]).close()
    return _empty[0]


TestStoreMachine = StoreMachine.TestCase
TestStoreMachine.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
