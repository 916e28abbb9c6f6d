"""Looking things up: by key, polymer, property, protocol, status, range and campaign, in an order that stays."""

import pytest

from polyloop.core import Conditions, InvalidInputError, Record, Request, Status, Subject
from polyloop.store import Pick
from tests.store.conftest import ETHYLENE, PROPYLENE, SCF, STYRENE, answer, ask

WARM = Request(Subject("polymer", ETHYLENE), "md/standard@2", 7, Conditions(350.0, 2.0))


@pytest.fixture
def filled(store):
    store.add(
        [
            *answer(ask(), 0.9, std=0.02),
            Record.of_value(ask(), "refractive_index", 1.5),
            *answer(ask(STYRENE), 1.05),
            Record.failed(ask(STYRENE), "refractive_index", SCF),
            *answer(ask(PROPYLENE), 44.0),
            *answer(WARM, 0.8),
        ]
    )
    return store


def values(records):
    return sorted(record.value for record in records if record.value is not None)


@pytest.mark.parametrize(
    ("which", "expected"),
    [
        ({}, [0.8, 0.9, 1.05, 1.5, 44.0]),
        ({"keys": [ask().key]}, [0.9, 1.5]),
        ({"keys": []}, []),
        ({"subjects": [Subject("polymer", ETHYLENE)]}, [0.8, 0.9, 1.5]),
        (
            {
                "subjects": [Subject("polymer", ETHYLENE), Subject("polymer", STYRENE)],
                "keys": [ask().key, ask(PROPYLENE).key],
            },
            [0.9, 1.5],
        ),
        ({"properties": ["refractive_index"]}, [1.5]),
        ({"protocols": ["md/standard@2"]}, [0.8]),
        ({"statuses": [Status.UNPHYSICAL]}, [44.0]),
        ({"statuses": ["done"], "properties": ["density"], "minimum": 0.85, "maximum": 1.05}, [0.9, 1.05]),
        ({"properties": ["density"], "minimum": 1.0}, [1.05, 44.0]),
    ],
)
def test_records_match_everything_that_is_asked(filled, which, expected):
    assert values(filled.records(**which)) == expected


def test_records_come_back_as_they_went_in(filled):
    (record,) = filled.records(protocols=["md/standard@2"])
    assert record == answer(WARM, 0.8)[0]


def test_the_order_does_not_depend_on_who_finished_first(filled):
    order = [(record.key, record.property) for record in filled.records()]
    assert order == sorted(order)


def test_a_long_list_of_keys_is_no_problem(filled):
    keys = [ask(seed=seed).key for seed in range(5000)]
    assert values(filled.records(keys=keys)) == [0.9, 1.5]


@pytest.mark.parametrize("properties", [None, ["density", "homo"]])
def test_a_range_needs_one_property(filled, properties):
    with pytest.raises(InvalidInputError, match="exactly one property"):
        filled.records(properties=properties, minimum=1.0)


def test_an_unknown_property_is_named_with_the_nearest(filled):
    with pytest.raises(InvalidInputError, match="Did you mean 'density'"):
        filled.records(properties=["densty"])


def test_counts_are_by_protocol_and_status(filled):
    filled.claim(ask(seed=5), "me")
    assert filled.counts() == {
        "md/standard@2": {Status.DONE: 1},
        "optics/quick@1": {Status.DONE: 2, Status.RUNNING: 1, Status.UNPHYSICAL: 1},
    }


def test_evaluations_are_found_by_what_they_are(filled):
    assert [item.request for item in filled.evaluations(protocols=["md/standard@2"])] == [WARM]
    assert len(filled.evaluations(subjects=[Subject("polymer", ETHYLENE)])) == 2
    assert filled.evaluations(statuses=[Status.RUNNING]) == []


def test_a_campaign_sees_what_it_picked(filled):
    filled.start_campaign("one", {})
    filled.save_picks("one", 0, [Pick(ask(STYRENE)), Pick(ask(seed=9))])
    assert values(filled.records(campaign="one")) == [1.05]
    assert filled.counts(campaign="one") == {"optics/quick@1": {Status.DONE: 1, Status.WAITING: 1}}
    assert len(filled.evaluations(campaign="one", statuses=[Status.WAITING])) == 1
    assert filled.records(campaign="another") == []


def test_the_table_has_a_row_an_evaluation_and_says_what_is_unphysical_or_failed(filled):
    rows = {row["key"]: row for row in filled.table()}
    assert len(rows) == 4
    plain, failed, odd = rows[ask().key], rows[ask(STYRENE).key], rows[ask(PROPYLENE).key]
    assert (plain["density [g/cm3]"], plain["density_std [g/cm3]"], plain["refractive_index [1]"]) == (0.9, 0.02, 1.5)
    assert (failed["status"], failed["refractive_index [1]"], failed["failed"]) == (
        "done",
        None,
        "refractive_index: scf",
    )
    assert (odd["status"], odd["density [g/cm3]"], odd["unphysical"]) == ("unphysical", 44.0, "density")
    assert (rows[WARM.key]["temperature [K]"], rows[WARM.key]["pressure [atm]"]) == (350.0, 2.0)


def test_structures_that_chemistry_does_not_know_are_kept_without_a_class(store):
    store.add(answer(ask("a recipe of my own")))
    assert store.table()[0]["class"] == ""


def test_known_structures_have_their_class(filled):
    from polyloop.chem import Polymer

    (row,) = filled.table(keys=[ask(STYRENE).key])
    assert row["class"] == str(Polymer(STYRENE).polymer_class)
