"""Campaigns: started once, found again, picks that never change, metrics of each cycle."""

import pytest

from polyloop.core import Status, StoreError
from polyloop.store import Pick
from tests.store.conftest import ETHYLENE, PROPYLENE, STYRENE, ask

CONFIG = {"seed": 1, "budget": {"cycles": 10, "batch": 4}, "objectives": ["refractive_index", "abbe_number"]}
PICKS = [
    Pick(ask(STYRENE), 0.31, {"refractive_index": {"mean": 1.59, "std": 0.02}}),
    Pick(ask(PROPYLENE), None, {}),
    Pick(ask(ETHYLENE), 0.1, {}),
]


def test_a_campaign_is_new_once_and_then_found_again(store):
    assert store.start_campaign("optical", CONFIG)
    assert not store.start_campaign("optical", dict(reversed(CONFIG.items())))
    (entry,) = store.campaigns()
    assert (entry.id, entry.config, entry.state) == ("optical", CONFIG, "new")


def test_another_configuration_is_refused_naming_what_differs(store):
    store.start_campaign("optical", CONFIG)
    other = {**CONFIG, "budget": {"cycles": 10, "batch": 8}, "level": "quick"}
    with pytest.raises(StoreError, match=r"budget\.batch was 4, is 8; level was None, is 'quick'"):
        store.start_campaign("optical", other)
    assert store.campaign("optical").config == CONFIG
    assert not store.start_campaign("optical", other, replace_config=True)
    assert store.campaign("optical").config == other


def test_a_state_is_kept(store):
    store.start_campaign("optical", CONFIG)
    store.set_state("optical", "finished")
    assert store.campaign("optical").state == "finished"
    assert store.campaign("other") is None


def test_picks_come_back_in_their_order_and_wait(store):
    store.start_campaign("optical", CONFIG)
    assert store.save_picks("optical", 0, PICKS)
    assert store.save_picks("optical", 1, [Pick(ask(seed=3))])
    found = store.picks("optical")
    assert [(item.cycle, item.rank) for item in found] == [(0, 0), (0, 1), (0, 2), (1, 0)]
    assert [item.pick for item in found[:3]] == PICKS
    assert [item.pick.request for item in store.picks("optical", cycle=1)] == [ask(seed=3)]
    assert {item.status for item in store.evaluations()} == {Status.WAITING}


def test_saving_the_same_picks_again_changes_nothing(store):
    store.start_campaign("optical", CONFIG)
    store.save_picks("optical", 0, PICKS)
    assert not store.save_picks("optical", 0, [Pick(pick.request, 99.0) for pick in PICKS])
    assert [item.pick for item in store.picks("optical")] == PICKS


@pytest.mark.parametrize("other", [PICKS[:2], list(reversed(PICKS)), [*PICKS, Pick(ask(seed=1))]])
def test_a_cycles_picks_never_change(store, other):
    store.start_campaign("optical", CONFIG)
    store.save_picks("optical", 0, PICKS)
    with pytest.raises(StoreError, match="other picks already"):
        store.save_picks("optical", 0, other)


def test_picks_are_saved_all_or_none(store):
    store.start_campaign("optical", CONFIG)
    with pytest.raises(StoreError, match="cannot be stored"):
        store.save_picks("optical", 0, [PICKS[0], Pick(ask(), 0.1, {"density": {"mean": float("nan")}})])
    assert store.picks("optical") == []
    assert store.evaluations() == []


def test_two_campaigns_may_pick_the_same(store):
    for name in ("one", "two"):
        store.start_campaign(name, CONFIG)
        store.save_picks(name, 0, PICKS)
    assert len(store.evaluations()) == len(PICKS)


def test_a_cycles_metrics_may_be_written_anew(store):
    store.start_campaign("optical", CONFIG)
    store.save_cycle("optical", 1, {"hypervolume": 0.5})
    store.save_cycle("optical", 0, {"hypervolume": 0.4, "calibration": {"n_D": [0.9, None]}})
    store.save_cycle("optical", 1, {"hypervolume": 0.6})
    assert [(item.cycle, item.metrics["hypervolume"]) for item in store.cycles("optical")] == [(0, 0.4), (1, 0.6)]


def test_what_is_not_started_is_not_known(store):
    for call in (
        lambda: store.set_state("optical", "finished"),
        lambda: store.save_picks("optical", 0, PICKS),
        lambda: store.save_cycle("optical", 0, {}),
    ):
        with pytest.raises(StoreError, match="no campaign 'optical'"):
            call()


def test_a_cycle_without_picks_is_refused(store):
    store.start_campaign("optical", CONFIG)
    with pytest.raises(StoreError, match="no picks to save"):
        store.save_picks("optical", 0, [])


def test_numbers_that_are_no_json_are_refused(store):
    store.start_campaign("optical", CONFIG)
    with pytest.raises(StoreError, match="plain finite numbers"):
        store.save_cycle("optical", 0, {"hypervolume": float("nan")})
