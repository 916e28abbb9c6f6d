"""Values keep their meaning: units are converted, wrong units named, and rows of different states never averaged."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from polyloop.chem import Polymer
from polyloop.core import PROPERTIES, Conditions, InvalidInputError, Record, Request, Subject
from polyloop.core.units import convert, related_units
from polyloop.store.exports import write_csv, write_parquet
from polyloop.tables import read_measured, read_values, same_state

UNITS = ("*CC*", "*CC(*)C", "*CC(*)c1ccccc1", "*CC(*)Cl", "*CO*", "*CCO*", "*CC(*)F", "*CC(*)C#N")
CANONICAL = tuple(Polymer(unit).canonical for unit in UNITS)


def write(folder: Path, header: str, cells: list[object], name: str = "t.csv") -> Path:
    path = folder / name
    rows = "".join(f"{unit},{cell}\n" for unit, cell in zip(UNITS, cells, strict=False))
    path.write_text(f"smiles,{header}\n{rows}", encoding="utf-8")
    return path


def first(path: Path, name: str, conditions: Conditions | None = None, **options: object) -> float:
    return read_measured(path, **options).at(CANONICAL[0], conditions)[name].value  # type: ignore[arg-type]


# Units


@pytest.mark.parametrize(
    ("header", "value", "name", "expected"),
    [
        ("density [kg/m3]", 920, "density", 0.92),
        ("density (kg/m³)", 920, "density", 0.92),
        ("glass_transition_temperature [°C]", -78.15, "glass_transition_temperature", 195.0),
        ("T_g [degC]", -78.15, "glass_transition_temperature", 195.0),
        ("bulk_modulus [Pa]", 3.5e9, "bulk_modulus", 3.5),
        ("homo [kJ/mol]", -964.8533212331, "homo", -10.0),
        ("density [g/cm3]", 0.92, "density", 0.92),
    ],
)
def test_a_unit_in_the_header_is_converted(tmp_path, header, value, name, expected):
    assert first(write(tmp_path, header, [value]), name) == pytest.approx(expected, rel=1e-9)


def test_a_deviation_is_converted_without_the_offset_of_its_unit(tmp_path):
    for header in (
        "T_g [degC],T_g_std",
        "T_g [degC],T_g_std [K]",
        "glass_transition_temperature [degC],T_g_std [degC]",
    ):
        found = read_measured(write(tmp_path, header, ["100,5"])).at(CANONICAL[0])["glass_transition_temperature"]
        assert (found.value, found.std) == (373.15, 5.0)
    path = write(tmp_path, "density [kg/m3],density_std", ["920,10"])
    assert read_measured(path).at(CANONICAL[0])["density"].std == pytest.approx(0.01)


def test_a_column_may_be_named_with_or_without_its_unit(tmp_path):
    path = write(tmp_path, "rho of lab [kg/m3],rho of lab_std", ["920,10"])
    for name in ("rho of lab", "rho of lab [kg/m3]"):
        found = read_measured(path, columns={"density": name}).at(CANONICAL[0])["density"]
        assert (found.value, found.std) == (pytest.approx(0.92), pytest.approx(0.01))


def test_a_symbol_without_a_unit_is_no_property(tmp_path):
    with pytest.raises(InvalidInputError, match="No column is named after a property"):
        read_measured(write(tmp_path, "S,K,E", ["1,2,3"]))


@pytest.mark.parametrize("header", ["density [K]", "density []", "density [stones]", "T_g [g/cm3]"])
def test_a_unit_of_something_else_is_refused_with_those_that_there_are(tmp_path, header):
    with pytest.raises(InvalidInputError, match=r"line 1, column .*is no unit.*Known: "):
        read_measured(write(tmp_path, header, [1.0]))


@settings(deadline=None, max_examples=80)
@given(data=st.data(), name=st.sampled_from(sorted(PROPERTIES)))
def test_every_unit_of_every_property_gives_the_same_values(data, name):
    row = PROPERTIES[name]
    value = data.draw(st.floats(row.low, row.high))
    unit = data.draw(st.sampled_from(related_units(row.unit)))
    base = next(item for item in related_units(row.unit) if row.unit in item.names)
    given_number = convert(value, base, unit)
    assume(given_number == 0 or abs(given_number) > 1e-300)
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), f"{name} [{unit.name}]", [repr(given_number)])
        try:
            found = first(path, name)
        except InvalidInputError as error:
            # Rounding carried a value at the very end of the range outside of it.
            assert "outside the plausible range" in str(error)
            assert value == pytest.approx(row.low, rel=1e-9) or value == pytest.approx(row.high, rel=1e-9)
        else:
            assert found == pytest.approx(value, rel=1e-9, abs=1e-9 * max(abs(row.low), abs(row.high)))


# Wrong units


@pytest.mark.parametrize(
    ("header", "cells", "unit"),
    [
        ("bulk_modulus", [3.5e9, 4.1e9, 2.2e9], "Pa"),
        ("bulk_modulus", [3500, 4100, 2200], "MPa"),
        ("density", [920, 850, 1050, 1400], "kg/m3"),
        ("heat_capacity_cp", [1.3, 1.8, 2.2], r"J/\(g K\)"),
        ("glass_transition_temperature", [-78, -10, 100], "degC"),
        ("glass_transition_temperature", [50, 80, 100, 120, 150], "degC"),
        ("glass_transition_temperature", [373, 380, -10, 400, 410], "degC"),
        ("homo", [-0.3, -500, -550], "kJ/mol"),
        ("thermal_conductivity", [120, 180, 210], r"mW/\(m K\)"),
        ("fractional_free_volume", [12, 18, 15.5], "%"),
    ],
)
def test_a_column_in_another_unit_is_refused_and_the_unit_named(tmp_path, header, cells, unit):
    with pytest.raises(InvalidInputError, match=rf"of {len(cells)} values of {header} lies? outside.*\[{unit}\]"):
        read_measured(write(tmp_path, header, cells))


def test_a_column_that_no_unit_explains_is_refused_too(tmp_path):
    with pytest.raises(InvalidInputError, match="3 of 3 values of abbe_number lie outside the plausible range of 2 to"):
        read_measured(write(tmp_path, "abbe_number", [1e5, 2e5, -7]))


def test_a_few_implausible_values_are_a_note_with_their_lines(tmp_path):
    (note,) = read_measured(write(tmp_path, "density", [0.92, 0.9, 1.05, 1.4, 1300, 1.2, 1.3])).notes
    assert "1 of 7 values of density lies outside the plausible range of 0.5 to 4.5 g/cm3" in note
    assert "(line 6)" in note


def test_a_temperature_without_a_unit_says_what_was_assumed(tmp_path):
    (note,) = read_measured(write(tmp_path, "glass_transition_temperature", [105, 150, 240])).notes
    assert "has no unit and is taken as K (105 to 240)" in note
    assert "'glass_transition_temperature [degC]'" in note
    assert read_measured(write(tmp_path, "glass_transition_temperature [K]", [105, 150, 240])).notes == ()


def test_a_stated_kelvin_is_believed_but_for_what_is_below_zero(tmp_path):
    table = read_measured(write(tmp_path, "T_g [K]", [50, 80, 120, 150, 160]))
    assert table.at(CANONICAL[0])["glass_transition_temperature"].value == 50
    with pytest.raises(InvalidInputError, match="1 of 5 values"):
        read_measured(write(tmp_path, "T_g [K]", [-50, 380, 420, 350, 360]))


@settings(deadline=None, max_examples=30, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=st.lists(st.sampled_from(["density", "homo", "glass_transition_temperature"]), min_size=1, unique=True),
    number=st.floats(allow_nan=False, allow_infinity=False),
    std=st.none() | st.floats(0, 1e3),
)
def test_what_the_store_exports_wide_is_read_as_it_was(values, number, std):
    records = [
        Record.of_value(Request(Subject("polymer", unit), "measured/table@1"), name, number + row, std=std)
        for row, unit in enumerate(CANONICAL[:3])
        for name in values
    ]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / "t.csv"]
        write_csv(paths[0], records, {}, "wide", {"pool_name": {CANONICAL[0]: "=one"}})
        try:
            import pyarrow  # noqa: F401
        except ImportError:
            pass
        else:
            paths.append(Path(folder) / "t.parquet")
            write_parquet(paths[1], records, {}, "wide", {"pool_name": {CANONICAL[0]: "=one"}})
        for path in paths:
            table = read_measured(path)
            for record in records:
                found = table.at(record.request.subject.text)[record.property]
                assert (found.value, found.std) == (record.value, record.std)
            assert table.has_states


# States of the sample

STATES = "*CC*,0.92,300\n*CC*,0.88,400\n*CC*,0.90,300\n*CC*,0.84,500\n*CC(*)C,0.85,300\n"


def test_rows_at_other_temperatures_are_not_averaged(tmp_path):
    (tmp_path / "t.csv").write_text("smiles,density,temperature [K]\n" + STATES)
    table = read_measured(tmp_path / "t.csv")
    warm = table.at(CANONICAL[0], Conditions(300.0))["density"]
    assert (warm.value, warm.n) == (pytest.approx(0.91), 2)
    assert table.at(CANONICAL[0], Conditions(500.0))["density"].value == 0.84
    assert table.at(CANONICAL[0], Conditions(350.0)) == {}
    assert table.at(CANONICAL[1], Conditions(500.0)) == {}
    assert table.states("density") == {Conditions(300.0): 2, Conditions(400.0): 1, Conditions(500.0): 1}


def test_rows_at_other_pressures_are_not_averaged(tmp_path):
    (tmp_path / "t.csv").write_text("smiles,density,pressure [MPa]\n*CC*,0.92,0.1\n*CC*,0.95,100\n")
    table = read_measured(tmp_path / "t.csv")
    assert table.at(CANONICAL[0])["density"].value == 0.92
    assert table.at(CANONICAL[0], Conditions(pressure=100 / 0.101325))["density"].value == 0.95


def test_a_temperature_may_be_in_degrees_and_rounded(tmp_path):
    (tmp_path / "t.csv").write_text(
        "smiles,density,temperature [degC],pressure [bar]\n*CC*,0.92,25,1\n*CC*,0.8,150,1\n"
    )
    table = read_measured(tmp_path / "t.csv")
    assert table.at(CANONICAL[0])["density"].value == 0.92
    assert table.at(CANONICAL[0], Conditions(423.0))["density"].value == 0.8


def test_a_state_that_no_row_states_is_that_of_the_table(tmp_path):
    (tmp_path / "t.csv").write_text("smiles,density,temperature\n*CC*,0.92,\n*CC*,0.8,450\n")
    table = read_measured(tmp_path / "t.csv", conditions=Conditions(350.0))
    assert table.states("density") == {Conditions(350.0): 1, Conditions(450.0): 1}


@pytest.mark.parametrize(
    ("header", "cells", "words"),
    [
        ("temperature", [25, 25, 80], r"2 of 3 values of temperature lie.*\[degC\]"),
        ("temperature [K]", [-5, 300, 300], "There is no temperature of -5 K"),
        ("temperature [degC]", [-300, 20, 20], "There is no temperature of -300 degC"),
        ("pressure [atm]", [0, 1, 1], "There is no pressure of 0 atm"),
        ("pressure [K]", [1, 1, 1], "is no unit"),
    ],
)
def test_an_impossible_state_is_refused(tmp_path, header, cells, words):
    with pytest.raises(InvalidInputError, match=words):
        read_measured(write(tmp_path, f"density,{header}", [f"0.9,{cell}" for cell in cells]))


@given(st.floats(1, 1e3), st.floats(1e-3, 1e3))
def test_a_state_is_the_same_as_itself_and_as_its_rounding(temperature, pressure):
    state = Conditions(temperature, pressure)
    assert same_state(state, state)
    assert same_state(state, Conditions(temperature + 0.15, pressure))
    assert not same_state(state, Conditions(temperature + 1.0, pressure))
    assert not same_state(state, Conditions(temperature, 1.1 * pressure))


# All that is wrong, at once


def test_every_bad_cell_is_named_with_line_and_column(tmp_path):
    (tmp_path / "t.csv").write_text(
        "smiles,density,density_std,homo\n*CC*,True,0.1,-9\nCC,1_000,0.1,inf\n*CO*,1.4,-1,1e400\n*CC(*)C,0.9\n"
    )
    with pytest.raises(InvalidInputError) as caught:
        read_values(tmp_path / "t.csv")
    for words in (
        "4 of 4 rows",
        "line 2, column density: 'True' is no number",
        "line 3, column smiles: ",
        "line 3, column density: '1_000' is no number",
        "line 3, column homo: 'inf' is no number",
        "line 4, column density_std: The standard deviation -1 is negative",
        "line 4, column homo: '1e400' is too large",
        "line 5: The row has 2 cells and the header 4",
    ):
        assert words in str(caught.value)


def test_zero_is_a_value(tmp_path):
    assert first(write(tmp_path, "dipole_moment,dipole_moment_std", ["0.0,0"]), "dipole_moment") == 0.0
    assert read_measured(tmp_path / "t.csv").at(CANONICAL[0])["dipole_moment"].std == 0.0


def test_numbers_that_mean_no_value_are_as_they_stand_in_the_file(tmp_path):
    path = write(tmp_path, "density [kg/m3]", [-9999, 900])
    table = read_measured(path, missing=[-9999.0])
    assert CANONICAL[0] not in table.entries or table.at(CANONICAL[0]) == {}
    assert table.at(CANONICAL[1])["density"].value == 0.9


def test_a_column_of_seeds_means_something_only_where_it_is_asked_for(tmp_path):
    path = write(tmp_path, "density,seed", ["0.9,wheat", "0.8,oat"])
    assert read_measured(path).at(CANONICAL[0])["density"].value == 0.9
    with pytest.raises(InvalidInputError, match="2 of 2 rows"):
        read_values(path, with_seeds=True)
