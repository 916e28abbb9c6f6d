"""What a Request and a Record promise to every room."""

import json
import math
import pickle
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.core import (
    PROPERTIES,
    Conditions,
    Failure,
    FailureCode,
    InvalidInputError,
    Provenance,
    Record,
    Request,
    Status,
    Subject,
    content_key,
    get_property,
)

finite = st.floats(allow_nan=False, allow_infinity=False)
texts = st.text(max_size=20)
requests = st.builds(
    Request,
    subject=st.builds(Subject, st.sampled_from(["polymer", "copolymer", "molecule"]), texts.filter(bool)),
    protocol_id=st.sampled_from(["optics/quick@1", "table/my-data@12", "user.fn@3"]),
    seed=st.integers(0, 2**63 - 1),
    conditions=st.builds(Conditions, temperature=st.floats(1e-300, 1e300), pressure=finite),
)
provenances = st.builds(
    Provenance,
    engines=st.dictionaries(texts, texts, max_size=2),
    settings=st.dictionaries(texts, st.one_of(finite, texts, st.booleans()), max_size=2),
    wall_time=finite,
    host=texts,
    parents=st.lists(texts, max_size=2).map(tuple),
)
measured = st.builds(
    lambda request, name, value, std, provenance: Record.of_value(request, name, value, std=std, provenance=provenance),
    requests,
    st.sampled_from(sorted(PROPERTIES)),
    finite,
    st.one_of(st.none(), finite),
    provenances,
)
failures = st.builds(Failure, st.sampled_from(FailureCode), texts, texts, texts, st.booleans())
failed = st.builds(Record.failed, requests, st.sampled_from(sorted(PROPERTIES)), failures)


@given(st.one_of(measured, failed))
def test_a_record_survives_json_and_pickle(record):
    assert Record.from_dict(json.loads(json.dumps(record.to_dict(), allow_nan=False))) == record
    assert pickle.loads(pickle.dumps(record)) == record


@given(requests, requests)
def test_two_requests_share_a_key_only_if_they_are_the_same_question(one, other):
    assert (one.key == other.key) == (one == other)


def test_the_key_is_the_sha256_of_the_documented_content():
    # Pinned: a changed key would make every finished evaluation unfindable.
    request = Request(Subject("polymer", "*CC*"), "optics/quick@1")
    assert request.key == "8e4fabdf2b3775df67736268f7b651172fafa30ef8ad0ea143faf94d96c5cfcf"
    content = {
        "polymer": "*CC*",
        "protocol": "optics/quick@1",
        "conditions": {"temperature": 298.15, "pressure": 1.0},
        "seed": 0,
    }
    assert content_key(content) == request.key


@pytest.mark.parametrize("protocol", ["optics/quick", "optics quick@1", "@1", "optics/quick@", "optics//quick@1"])
def test_a_protocol_without_name_and_version_is_refused(protocol):
    with pytest.raises(InvalidInputError, match="NAME@VERSION"):
        Request(Subject("polymer", "*CC*"), protocol)


@pytest.mark.parametrize(("value", "status"), [(1.5, Status.DONE), (5.0, Status.UNPHYSICAL), (1.0, Status.UNPHYSICAL)])
def test_a_value_outside_the_plausible_range_is_kept_as_unphysical(value, status):
    record = Record.of_value(Request(Subject("polymer", "*CC*"), "optics/quick@1"), "refractive_index", value)
    assert (record.status, record.value) == (status, value)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_value_that_is_not_finite_is_unphysical_and_has_no_number(value):
    record = Record.of_value(Request(Subject("polymer", "*CC*"), "optics/quick@1"), "density", value)
    assert record.status is Status.UNPHYSICAL
    assert record.value is None


def test_status_failed_and_a_failure_go_together():
    request = Request(Subject("polymer", "*CC*"), "optics/quick@1")
    with pytest.raises(InvalidInputError, match="go together"):
        Record(request, "density", None, status=Status.FAILED)
    with pytest.raises(InvalidInputError, match="go together"):
        Record(request, "density", 1.0, failure=Failure(FailureCode.SCF, "scf", "no"))
    with pytest.raises(InvalidInputError, match="needs a value"):
        Record(request, "density", None)


def test_an_unknown_property_is_refused_and_the_nearest_is_named():
    with pytest.raises(InvalidInputError, match="refractive_index"):
        get_property("refractiv_index")
    with pytest.raises(InvalidInputError, match="Known: "):
        get_property("zzzz")


def test_every_property_has_unit_range_definition_and_reference():
    for name, row in PROPERTIES.items():
        assert row.name == name
        assert row.low < row.high
        assert row.unit
        assert row.definition.endswith(".")
        assert row.reference


def test_a_status_says_whether_more_work_will_be_done():
    final = {status for status in Status if status.is_final}
    assert final == {Status.DONE, Status.UNPHYSICAL, Status.FAILED, Status.CANCELLED}


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf, 0.0, -5.0])
def test_a_temperature_is_a_number_above_zero(wrong):
    with pytest.raises(InvalidInputError, match="temperature"):
        Conditions(temperature=wrong)


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_a_pressure_is_finite(wrong):
    with pytest.raises(InvalidInputError, match="pressure"):
        Conditions(pressure=wrong)


@pytest.mark.parametrize("wrong", [-1, 2**63, 10**30, 0.5, "1", None])
def test_a_seed_is_a_whole_number_that_every_database_can_keep(wrong):
    with pytest.raises(InvalidInputError, match="seed"):
        Request(Subject("polymer", "*CC*"), "optics/quick@2", seed=wrong)


def test_the_text_of_a_failure_can_be_stored_whatever_an_exception_said():
    failure = Failure(FailureCode.EVALUATOR, "st\x00age", "half a pair \udce9" + "x" * 10**6, "\ud800")
    text = f"{failure.stage} {failure.reason} {failure.hint}"
    text.encode()
    assert "\x00" not in text
    assert failure.reason.startswith("half a pair \\udce9xxx")
    assert len(failure.reason) < 3000
    assert "characters left out" in failure.reason


def test_no_definition_names_a_state_which_belongs_to_the_record():
    for row in PROPERTIES.values():
        assert not re.search(r"\d ?K\b|\batm\b|\bbar\b|room temperature", row.definition), row
