"""Protocols and levels, and the way from a request to records."""

import pickle
from dataclasses import replace
from itertools import product

import pytest

from polyloop.chem import Polymer
from polyloop.core import Conditions, FailureCode, InvalidInputError, Request, Status, Subject
from polyloop.simulate import PROTOCOLS, available_levels, evaluate, evaluate_request, get_protocol, protocol_for
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.protocols import protocol_of_level
from tests.registered import registered


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=PROTOCOLS)
def test_a_level_names_the_newest_version_of_each_protocol(protocol):
    newest = max((other for other in PROTOCOLS.values() if other.name == protocol.name), key=lambda one: one.version)
    for name, kind in product(protocol.properties, protocol.kinds):
        named = protocol_for(name, protocol.level, kind)
        assert named is newest or (protocol.on_request and not named.on_request)


def test_a_protocol_of_the_whole_level_goes_before_one_on_request():
    assert protocol_for("refractive_index", "standard").protocol_id == "md/standard@2"
    assert "refractive_index" in PROTOCOLS["md/optics@2"].properties
    assert protocol_for("abbe_number", "standard").protocol_id == "md/optics@2"
    assert protocol_for("self_diffusion", "standard").protocol_id == "md/diffusion@2"


def test_levels_that_exist():
    assert available_levels() == ("instant", "quick", "standard", "full")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: get_protocol("optics/quik@1"), "Did you mean 'optics/quick@1' or 'optics/quick@3'"),
        (lambda: get_protocol("optics/quick@7"), "has optics/quick@3, not optics/quick@7"),
        (lambda: get_protocol("optics/instant@3"), "Write optics/instant@2"),
        (lambda: protocol_for("refractive_index", "instnat"), "Did you mean 'instant'"),
        (lambda: protocol_for("refractive_index", "precise"), "Known: instant, quick, standard, full"),
        (lambda: protocol_for("abbe_number", "instant"), "Use the level quick"),
        (lambda: protocol_for("abbe_number", "full"), "Use the level quick or standard."),
        (lambda: protocol_for("bulk_modulus", "quick"), "Use the level standard or full"),
        (lambda: protocol_for("viscosity", "full"), "No protocol computes it in this version"),
        (lambda: protocol_for("refraktive_index", "quick"), "refractive_index"),
    ],
)
def test_unknown_names_are_refused_with_the_nearest(call, message):
    with pytest.raises(InvalidInputError) as caught:
        call()
    assert message in str(caught.value)


@pytest.mark.parametrize("smiles", ["", "CC", "*CC", "not a smiles", "*C(*)(*)C"])
def test_a_bad_repeat_unit_is_the_callers_error_and_no_failed_record(smiles):
    with pytest.raises(InvalidInputError):
        evaluate(smiles, "optics/instant@2")


def test_one_record_for_each_promised_property():
    records = evaluate("*CC*", "optics/instant@2")
    assert tuple(record.property for record in records) == PROTOCOLS["optics/instant@2"].properties
    assert all(record.status is Status.DONE for record in records)
    assert all(record.std > 0 and record.std_of for record in records)


def test_records_say_where_they_come_from():
    provenance = evaluate("*CC*", "optics/instant@2")[0].provenance
    assert {"dftd4", "rdkit"} <= set(provenance.engines)
    assert provenance.settings["packing"] == "packing@1"
    assert provenance.settings["correction"] == "d4_linear@1"
    assert provenance.wall_time > 0


def test_the_same_request_gives_the_same_values():
    request = Request(Polymer("*CC(*)OC").subject, "optics/instant@2", seed=3)
    first, second = (evaluate_request(pickle.loads(pickle.dumps(request))) for _ in range(2))
    assert [record.value for record in first] == [record.value for record in second]


@pytest.mark.parametrize(("one", "other"), [("*CC(*)C", "*C(C)C*"), ("*CC*", "*CCCCCC*")])
def test_the_spelling_of_the_unit_does_not_matter(one, other):
    values = [[record.value for record in evaluate(smiles, "optics/instant@2")] for smiles in (one, other)]
    assert values[0] == values[1]


def test_a_failed_evaluation_is_one_failed_record_per_property():
    records = evaluate("*CC(*)C", "optics/instant@2", conditions=Conditions(temperature=350.0))
    assert {record.status for record in records} == {Status.FAILED}
    assert {record.failure.code for record in records} == {FailureCode.UNSUPPORTED}
    assert len(records) == len(PROTOCOLS["optics/instant@2"].properties)
    assert "298.15 K" in records[0].failure.reason


def test_a_unit_too_large_is_a_size_failure_that_says_the_limit():
    records = evaluate("*CC(*)" + "C" * 61, "optics/quick@3")
    assert {record.failure.code for record in records} == {FailureCode.SIZE}
    assert "at most 60" in records[0].failure.reason
    assert "instant" in records[0].failure.hint


def test_a_net_charge_is_refused_with_a_reason():
    records = evaluate("*CC(*)C(=O)[O-]", "optics/quick@3")
    assert {record.failure.code for record in records} == {FailureCode.UNSUPPORTED}
    assert "counter-ion" in records[0].failure.reason


@pytest.mark.parametrize("smiles", ["*CC(*)[Fe]", "*[Pu]*"])
def test_an_element_outside_the_models_is_an_element_failure(smiles):
    failures = {record.failure.code for record in evaluate(smiles, "optics/instant@2")}
    assert failures & {FailureCode.ELEMENT, FailureCode.UNSUPPORTED, FailureCode.CONFORMER}


def test_nothing_is_printed(capfd):
    evaluate("*CC(*)C", "optics/instant@2")
    captured = capfd.readouterr()
    assert captured.out == ""
    assert captured.err == ""


def test_a_level_is_taken_for_the_protocol_that_it_runs_as_a_whole():
    by_level, by_name = (evaluate("*CC*", word) for word in ("instant", "optics/instant@2"))
    assert [(one.value, one.key) for one in by_level] == [(one.value, one.key) for one in by_name]
    assert {level: protocol_of_level(level).protocol_id for level in available_levels()} == {
        "instant": "optics/instant@2",
        "quick": "optics/quick@3",
        "standard": "md/standard@2",
        "full": "md/full@2",
    }
    with pytest.raises(InvalidInputError, match=r"no level 'instnt'. Did you mean 'instant'.*NAME@VERSION"):
        evaluate("*CC*", "instnt")


def test_a_measurement_names_the_evaluations_that_it_goes_on_from():
    """The keys are those of the same polymer and seed, at the same conditions where the other protocol knows any."""
    assert PROTOCOLS["md/optics@1"].goes_on_from == ("md/standard@1", "optics/quick@2")
    assert PROTOCOLS["md/optics@2"].goes_on_from == ("md/standard@2", "optics/quick@3")
    measurements = [one for one in PROTOCOLS.values() if one.on_request and one.name.startswith("md/")]
    assert all(one.goes_on_from[0] == f"md/standard@{one.version}" for one in measurements)
    assert all(one.goes_on_from == () for one in PROTOCOLS.values() if one not in measurements)
    protocol = PROTOCOLS["md/optics@2"]
    estimates = tuple(Estimate(name, 1.5, None, "") for name in protocol.properties)
    done = replace(protocol, name="md/done", function=lambda polymer, seed, conditions: Estimates(estimates))
    hot = Conditions(400.0, 2.0)
    with registered(done):
        record = evaluate("*CC*", done.protocol_id, seed=7, conditions=hot)[0]
    unit = record.request.subject.text
    assert record.provenance.parents == (
        Request(Subject("polymer", unit), "md/standard@2", 7, hot).key,
        Request(Subject("polymer", unit), "optics/quick@3", 7, Conditions()).key,
    )
