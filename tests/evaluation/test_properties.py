"""Which protocol each property comes from, where several yield it."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError
from polyloop.evaluation import compute_properties, preview_properties
from polyloop.evaluation.properties import _sources, default_store
from polyloop.simulate import PROTOCOLS


def test_a_level_runs_one_version_of_each_protocol() -> None:
    rows = preview_properties([Polymer("*CC*")], level="quick")
    assert [row["protocol_id"] for row in rows] == ["optics/quick@3"]


@pytest.mark.parametrize(("level", "protocol"), [("standard", "md/standard@2"), ("full", "md/full@2")])
def test_a_level_runs_nothing_that_is_run_on_request(level: str, protocol: str) -> None:
    assert _sources(level, None, None) == dict.fromkeys(PROTOCOLS[protocol].properties, protocol)


@pytest.mark.parametrize("wanted", [("abbe_number", "refractive_index"), ("refractive_index", "abbe_number")])
def test_each_property_comes_from_what_its_level_names_whatever_else_is_asked_for(wanted: tuple[str, ...]) -> None:
    expected = {"refractive_index": "md/standard@2", "abbe_number": "md/optics@2"}
    assert _sources("standard", None, wanted) == expected
    assert tuple(_sources("standard", None, wanted)) == wanted


def test_a_protocol_that_is_named_yields_all_or_what_is_asked_of_it() -> None:
    assert _sources(None, "md/optics@2", None) == dict.fromkeys(PROTOCOLS["md/optics@2"].properties, "md/optics@2")
    assert _sources(None, "md/optics@2", ["refractive_index"]) == {"refractive_index": "md/optics@2"}
    with pytest.raises(InvalidInputError, match="does not yield density"):
        _sources(None, "md/optics@2", ["refractive_index", "density"])


def test_records_come_in_the_order_in_which_they_were_asked_for(tmp_path: Path) -> None:
    wanted = ["density", "refractive_index"]
    (result,) = compute_properties(
        [Polymer("*CC*")], level="instant", properties=wanted, store=str(tmp_path / "store.sqlite")
    )
    assert [record.property for record in result.records] == wanted


def test_repeat_units_are_given_as_text_or_as_polymers(tmp_path: Path) -> None:
    store = str(tmp_path / "s.sqlite")
    results = compute_properties((each for each in ("*CC*", Polymer("*CCO*"))), level="instant", store=store)
    assert [result.polymer.smiles for result in results] == ["*CC*", "*CCO*"]
    assert all(result.records[0].value for result in results)
    (row,) = preview_properties(["C(*)C*"], level="quick")
    assert (row["as_given"], row["subject"], row["protocol_id"]) == ("C(*)C*", "*C*", "optics/quick@3")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("*CC*", r"'\*CC\*' is no list of polymers"),
        (Polymer("*CC*"), "is no list of polymers"),
        (3, "3 is no list of polymers"),
        (None, "None is no list of polymers"),
        (["*CC*", 3], r"polymers\[1\]: int 3 is no polymer. Give a Polymer, or a repeat unit as SMILES"),
        (["*CC*", "CC"], r"polymers\[1\], 'CC'"),
        ([b"*CC*"], r"polymers\[0\]: bytes"),
    ],
)
def test_what_is_no_polymer_is_named(given: object, said: str) -> None:
    with pytest.raises(InvalidInputError, match=said):
        compute_properties(given, level="instant")  # type: ignore[arg-type]


@pytest.mark.parametrize("wrong", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_time_limit_is_a_number_above_zero(wrong: float, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="time_limit"):
        compute_properties(["*CC*"], level="instant", store=str(tmp_path / "s.sqlite"), time_limit=wrong)


def test_who_has_no_home_is_told_to_name_a_store(monkeypatch):
    def homeless():
        raise RuntimeError("Could not determine home directory.")

    for name in ("POLYLOOP_STORE", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(Path, "home", homeless)
    with pytest.raises(InvalidInputError, match="no home folder"):
        default_store()
