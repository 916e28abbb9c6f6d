"""Claims: one process computes a key, nothing finished is lost, every attempt is kept."""

import pytest

from polyloop.core import FailureCode, InvalidInputError, Provenance, Record, Status, StoreError
from polyloop.store import Attempt, ClaimOutcome
from tests.store.conftest import ETHYLENE, PROPYLENE, SCF, STYRENE, answer, ask

A, B = "a", "b"


def test_the_first_claim_is_granted_and_the_next_one_finds_it_busy(store, clock):
    assert store.claim(ask(), A, lease=60).outcome is ClaimOutcome.GRANTED
    busy = store.claim(ask(), B, lease=60)
    assert (busy.outcome, busy.owner, busy.lease_until) == (ClaimOutcome.BUSY, A, clock.time + 60)


def test_claiming_what_one_holds_is_granted_and_renews_the_lease(store, clock):
    store.claim(ask(), A, lease=60)
    clock.time += 30
    again = store.claim(ask(), A, lease=60)
    assert (again.outcome, again.lease_until) == (ClaimOutcome.GRANTED, clock.time + 60)
    assert len(store.attempts(ask().key)) == 1


def test_a_finished_evaluation_gives_its_records_to_whoever_claims_it(store):
    store.claim(ask(), A)
    provenance = Provenance({"pyscf": "2.6"}, {"basis": "def2-svp"}, 12.5, "x86_64", ("parent",))
    records = answer(ask(), 0.9, std=0.02, n=3, std_of="conformers", provenance=provenance)
    assert store.finish(ask(), records, A)
    claim = store.claim(ask(), B)
    assert (claim.outcome, list(claim.records), claim.attempts) == (ClaimOutcome.DONE, records, 1)


def test_a_failed_evaluation_says_why_and_is_not_granted_again(store):
    store.claim(ask(), A)
    assert store.fail(ask(), SCF, A, properties=["density", "homo"])
    claim = store.claim(ask(), B)
    assert (claim.outcome, claim.failure) == (ClaimOutcome.FAILED, SCF)
    assert [(record.property, record.status) for record in claim.records] == [("density", "failed"), ("homo", "failed")]


def test_a_failed_evaluation_is_granted_again_on_demand_and_success_replaces_the_failure(store):
    store.claim(ask(), A)
    store.fail(ask(), SCF, A, properties=["density", "homo"])
    assert store.claim(ask(), B, retry_failed=True).outcome is ClaimOutcome.GRANTED
    store.finish(ask(), answer(ask()), B)
    claim = store.claim(ask(), A)
    assert (claim.outcome, len(claim.records), claim.failure, claim.attempts) == (ClaimOutcome.DONE, 1, None, 2)
    assert [attempt.outcome for attempt in store.attempts(ask().key)] == [Status.FAILED, Status.DONE]


def test_an_evaluation_whose_every_record_failed_is_failed(store):
    store.claim(ask(), A)
    store.finish(ask(), [Record.failed(ask(), name, SCF) for name in ("density", "homo")], A)
    assert store.claim(ask(), B).failure == SCF


def test_an_evaluation_that_failed_in_part_is_done(store):
    store.claim(ask(), A)
    store.finish(ask(), [*answer(ask()), Record.failed(ask(), "homo", SCF)], A)
    assert store.claim(ask(), B).outcome is ClaimOutcome.DONE


def test_an_evaluation_without_a_plausible_value_is_unphysical_and_done(store):
    store.claim(ask(), A)
    store.finish(ask(), answer(ask(), 44.0), A)  # the table's densest plausible polymer has 4.5 g/cm3
    assert store.claim(ask(), B).outcome is ClaimOutcome.DONE
    assert store.evaluations()[0].status is Status.UNPHYSICAL


def test_an_expired_lease_is_taken_over_as_a_loss_that_is_no_attempt(store, clock):
    store.claim(ask(), A, lease=60)
    clock.time += 60
    claim = store.claim(ask(), B, lease=60)
    assert (claim.outcome, claim.attempts, claim.losses) == (ClaimOutcome.GRANTED, 0, 1)
    assert [(item.owner, item.outcome) for item in store.attempts(ask().key)] == [(A, "lost"), (B, "running")]


def test_a_renewed_lease_is_not_taken_over(store, clock):
    store.claim(ask(), A, lease=60)
    clock.time += 50
    assert store.renew([ask().key], A, lease=60) == {ask().key}
    clock.time += 50
    assert store.claim(ask(), B).outcome is ClaimOutcome.BUSY


def test_renewing_tells_what_is_still_held(store, clock):
    for seed in range(3):
        store.claim(ask(seed=seed), A, lease=60)
    store.finish(ask(seed=0), answer(ask(seed=0)), A)
    clock.time += 60
    store.claim(ask(seed=1), B)
    assert store.renew([ask(seed=seed).key for seed in range(3)], A) == {ask(seed=2).key}


def test_a_released_claim_is_anybodys(store):
    store.claim(ask(), A)
    assert store.release(ask(), A, Status.LOST, log="killed") == {ask().key}
    claim = store.claim(ask(), B)
    assert (claim.outcome, claim.losses) == (ClaimOutcome.GRANTED, 1)
    assert store.attempts(ask().key)[0].log == "killed"


def test_a_cancelled_claim_is_anybodys_and_no_loss(store):
    requests = [ask(seed=seed) for seed in range(3)]
    store.claim_many(requests, A)
    assert len(store.release(requests, A, Status.CANCELLED)) == 3
    assert store.counts() == {"optics/quick@1": {Status.CANCELLED: 3}}
    claim = store.claim(ask(), B)
    assert (claim.outcome, claim.losses) == (ClaimOutcome.GRANTED, 0)


def test_only_the_holder_releases_or_fails(store):
    store.claim(ask(), A)
    assert store.release(ask(), B) == set()
    assert not store.fail(ask(), SCF, B)
    assert store.claim(ask(), B).outcome is ClaimOutcome.BUSY


def test_a_claim_cannot_be_released_as_done(store):
    store.claim(ask(), A)
    with pytest.raises(StoreError, match="released as 'done'"):
        store.release(ask(), A, Status.DONE)


def test_a_late_success_is_kept_and_the_new_holder_comes_second(store, clock):
    store.claim(ask(), A, lease=60)
    clock.time += 60
    store.claim(ask(), B, lease=60)
    assert store.finish(ask(), answer(ask(), 0.91), A)
    assert store.renew([ask().key], B) == set()
    assert not store.finish(ask(), answer(ask(), 0.92), B)
    assert [record.value for record in store.records()] == [0.91]
    assert store.check() == []


def test_a_late_failure_does_not_disturb_the_new_holder(store, clock):
    store.claim(ask(), A, lease=60)
    clock.time += 60
    store.claim(ask(), B, lease=60)
    assert not store.finish(ask(), [Record.failed(ask(), "density", SCF)], A)
    assert not store.fail(ask(), SCF, A)
    assert store.finish(ask(), answer(ask()), B)


def test_all_tries_of_a_run_are_kept_with_their_logs(store):
    store.claim(ask(), A, host="x86_64, 16 cores")
    tries = [
        Attempt(1.0, 2.0, Status.LOST, log="killed"),
        Attempt(2.0, 5.0, Status.FAILED, SCF, "cycle 50\0", "x86_64", 3.0),
        Attempt(5.0, 9.0, Status.DONE, None, "x" * 9000 + "converged\ud800", "x86_64", 4.0),
    ]
    store.finish(ask(), answer(ask()), A, attempts=tries)
    kept = store.attempts(ask().key)
    assert [(item.number, item.outcome, item.wall_time) for item in kept] == [
        (1, "lost", 0.0),
        (2, "failed", 3.0),
        (3, "done", 4.0),
    ]
    assert kept[1].failure == SCF
    assert kept[1].log == "cycle 50\N{REPLACEMENT CHARACTER}"
    assert kept[2].log.endswith("converged?")
    assert len(kept[2].log) == 8000
    assert store.claim(ask(), B).attempts == 2


def test_many_claims_are_answered_in_their_order(store):
    store.claim(ask(STYRENE), B)
    answers = store.claim_many([ask(STYRENE), ask(ETHYLENE), ask(PROPYLENE), ask(ETHYLENE)], A)
    assert [item.request.subject.text for item in answers] == [STYRENE, ETHYLENE, PROPYLENE, ETHYLENE]
    assert [item.outcome for item in answers] == ["busy", "granted", "granted", "granted"]


def test_a_claim_needs_an_owner(store):
    with pytest.raises(StoreError, match="needs an owner"):
        store.claim(ask(), "")


def test_only_what_was_claimed_can_be_finished(store):
    with pytest.raises(StoreError, match="never claimed"):
        store.finish(ask(), answer(ask()), A)


@pytest.mark.parametrize(
    ("records", "message"),
    [
        ([], "at least one record"),
        (answer(ask()) * 2, "two records of one property"),
        (answer(ask(seed=1)), "another request"),
        ([Record(ask(), "density", float("inf"))], "value of density is inf"),
        ([Record(ask(), "density", 1.0, std=float("nan"))], "std of density is nan"),
        ([Record(ask(), "density", 1.0, std=-0.1)], "negative"),
    ],
)
def test_records_that_do_not_answer_the_request_are_refused_and_the_claim_stays(store, records, message):
    store.claim(ask(), A)
    with pytest.raises(InvalidInputError, match=message):
        store.finish(ask(), records, A)
    assert store.claim(ask(), B).outcome is ClaimOutcome.BUSY


def test_provenance_that_is_no_json_is_refused_whole(store):
    store.claim(ask(), A)
    records = answer(ask(), provenance=Provenance(settings={"threshold": float("nan")}))
    with pytest.raises(StoreError, match="cannot be stored"):
        store.finish(ask(), records, A)
    assert store.records() == []
    assert store.claim(ask(), B).outcome is ClaimOutcome.BUSY


def test_adding_records_from_elsewhere_is_idempotent(store):
    records = [*answer(ask()), *answer(ask(STYRENE), 1.05)]
    assert store.add(records) == (2, 0)
    assert store.add(records) == (0, 2)
    assert store.claim(ask(), A).outcome is ClaimOutcome.DONE


def test_adding_other_values_for_the_same_key_is_refused_whole(store):
    store.add(answer(ask()))
    with pytest.raises(StoreError, match=r"other values.*optics/quick@2"):
        store.add([*answer(ask(STYRENE), 1.05), *answer(ask(), 0.95)])
    assert len(store.records()) == 1


def test_a_failure_from_elsewhere_is_kept_as_one(store):
    store.add([Record.failed(ask(), "density", SCF), *answer(ask(STYRENE), 44.0)])
    assert store.claim(ask(), A).failure == SCF
    assert {item.status for item in store.evaluations()} == {Status.FAILED, Status.UNPHYSICAL}


def test_adding_what_somebody_computes_ends_their_claim(store):
    store.claim(ask(), A)
    store.add(answer(ask(), 0.91))
    assert store.renew([ask().key], A) == set()
    assert not store.finish(ask(), answer(ask(), 0.92), A)
    assert [item.outcome for item in store.attempts(ask().key)] == [Status.LOST]
    assert store.check() == []


def test_failures_are_found_with_their_reasons(store):
    store.claim_many([ask(), ask(STYRENE)], A)
    store.fail(ask(), SCF, A)
    store.finish(ask(STYRENE), answer(ask(STYRENE), 1.05), A)
    (failed,) = store.failures()
    assert (failed.request, failed.failure.code, failed.attempts) == (ask(), FailureCode.SCF, 1)
