"""The van der Waals volume by counting bonds is near Bondi's group increments, and does not see how a unit is cut."""

from __future__ import annotations

import pytest

from polyloop.chem import Polymer
from polyloop.chem.bond_volume import bond_counting_volume
from polyloop.core import EvaluationError

# Sums of Bondi's increments in cm3/mol (doi:10.1021/j100785a001): CH2 10.23, CH 6.78, C 3.33, CH3 13.67, phenyl 45.84,
# phenylene 43.32, COO 15.2, CF2 15.33; and how far above them the count of bonds is. It overrates polar and fluorinated
# units: a few per cent of hydrocarbons, 9 % of the ester, 16 % of the perfluorinated chain.
BONDI = {
    "*CC*": (20.46, 0.02),
    "*CC(*)C": (30.68, 0.02),
    "*CC(*)c1ccccc1": (62.85, 0.03),
    "*c1ccc(*)cc1": (43.32, 0.02),
    "*CC(C)(C(=O)OC)*": (10.23 + 3.33 + 13.67 + 15.2 + 13.67, 0.09),
    "*C(F)(F)C(F)(F)*": (30.66, 0.16),
}


@pytest.mark.parametrize("unit", BONDI)
def test_it_is_as_near_to_bondis_increments_as_is_stated(unit: str) -> None:
    volume, above = BONDI[unit]
    ratio = bond_counting_volume(Polymer(unit)) * 0.602214 / volume
    assert ratio - 1 == pytest.approx(above, abs=0.015)


@pytest.mark.parametrize(
    ("first", "second"),
    [("*CC(*)C", "*C(C)C*"), ("*c1ccc(*)cc1", "*c1ccc(cc1)*"), ("*CCO*", "*OCC*"), ("*NCC(=O)*", "*C(=O)NC*")],
)
def test_the_cut_of_the_unit_does_not_matter(first: str, second: str) -> None:
    assert bond_counting_volume(Polymer(first)) == pytest.approx(bond_counting_volume(Polymer(second)), abs=1e-9)


def test_a_unit_written_twice_has_twice_the_volume() -> None:
    one, two = bond_counting_volume(Polymer("*CCO*")), bond_counting_volume(Polymer("*CCOCCO*"))
    assert two == pytest.approx(2 * one, abs=1e-9)


def test_an_element_without_a_volume_is_named() -> None:
    with pytest.raises(EvaluationError, match="Ge"):
        bond_counting_volume(Polymer("*[GeH2]*"))
