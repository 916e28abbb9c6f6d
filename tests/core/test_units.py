"""Units convert exactly, by their spelling in any hand, and only within their dimension."""

import pytest

from polyloop.core import PROPERTIES, InvalidInputError
from polyloop.core.units import convert, convert_std, find_unit, related_units


@pytest.mark.parametrize("unit", sorted({row.unit for row in PROPERTIES.values()} | {"atm"}))
def test_every_unit_of_the_property_table_is_known(unit):
    assert find_unit(unit, unit).name in {unit, *find_unit(unit, unit).names}
    assert convert(0.1 + 0.2, find_unit(unit, unit), find_unit(unit, unit)) == 0.1 + 0.2


# SI brochure, 9th ed. (degree Celsius, litre, bar); NIST SP 811 (psi, atm, thermochemical calorie); CODATA 2018.
@pytest.mark.parametrize(
    ("value", "spelling", "unit", "expected"),
    [
        (1050.0, "kg/m3", "g/cm3", 1.05),
        (1050.0, "kg/m^3", "g/cm3", 1.05),
        (1050.0, "kg / m³", "g/cm3", 1.05),
        (25.0, "degC", "K", 298.15),
        (25.0, "°C", "K", 298.15),
        (-70.0, "℃", "K", 203.15),
        (212.0, "degF", "K", 373.15),
        (3.2e9, "Pa", "GPa", 3.2),
        (3200.0, "MPa", "GPa", 3.2),
        (1.0, "bar", "atm", 1 / 1.01325),
        (0.101325, "MPa", "atm", 1.0),
        (145037.73773, "psi", "GPa", 1.0),
        (1.2, "kJ/(kg K)", "J/(kg K)", 1200.0),
        (0.25, "cal/(g K)", "J/(kg K)", 1046.0),
        (70.0, "ppm/K", "1/K", 7e-5),
        (1.8, "nm", "angstrom", 18.0),
        (1e-5, "cm2/s", "m2/s", 1e-9),
        (9.1, "(cal/cm3)^0.5", "MPa^0.5", 18.613894),
        (96.48533212331, "kJ/mol", "eV", 1.0),
        (-0.2, "hartree", "eV", -5.4422772),
        (12.0, "%", "1", 0.12),
        (200.0, "mW/(m K)", "W/(m K)", 0.2),
        (5.0, "cP", "Pa s", 0.005),
    ],
)
def test_a_value_is_converted(value, spelling, unit, expected):
    assert convert(value, find_unit(spelling, unit), find_unit(unit, unit)) == pytest.approx(expected, rel=1e-6)


def test_a_deviation_is_a_difference():
    celsius, kelvin, fahrenheit = (find_unit(name, "K") for name in ("degC", "K", "degF"))
    assert convert_std(5.0, celsius, kelvin) == 5.0
    assert convert_std(9.0, fahrenheit, kelvin) == pytest.approx(5.0)


def test_capitals_tell_mega_from_milli():
    assert find_unit("MPa", "GPa").factor == 1e6
    assert find_unit("mPa s", "Pa s").factor == 1e-3
    assert find_unit("KG/M3", "g/cm3").name == "kg/m3", "where capitals tell nothing apart, they do not matter"


@pytest.mark.parametrize(("spelling", "unit"), [("K", "g/cm3"), ("kg", "g/cm3"), ("furlong", "angstrom"), ("", "K")])
def test_what_cannot_be_converted_is_refused_with_what_can(spelling, unit):
    with pytest.raises(InvalidInputError, match=f"converted to {unit}.*Known: .*{related_units(unit)[0].name}"):
        find_unit(spelling, unit)
