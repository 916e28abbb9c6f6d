"""Rows of the property table for molecular dynamics: what the page promises is there; what is not computed says so."""

import re
from pathlib import Path

import pytest

from polyloop.core import PROPERTIES, InvalidInputError
from polyloop.simulate import protocol_for
from polyloop.simulate.md import analysis
from polyloop.simulate.md.analysis.thermodynamics import FLUCTUATION_PROPERTIES

PAGE = (Path(__file__).parents[3] / "docs/reference/md_properties.md").read_text()
TABLE = PAGE[PAGE.index("| property | estimator") : PAGE.index("Not available in this version")]
NOT_COMPUTED = ("viscosity", "solvation_free_energy", "gel_conversion", "cure_shrinkage", "crosslink_density")


def cells(column):
    return [line.split("|")[column + 1] for line in TABLE.splitlines()[2:] if line.startswith("|")]


def test_every_property_of_the_page_has_its_row():
    named = {name for cell in cells(0) for name in re.findall(r"`(\w+)`", cell)}
    assert named <= PROPERTIES.keys()
    assert set(FLUCTUATION_PROPERTIES) <= named
    assert not named & set(NOT_COMPUTED)


def test_every_function_of_the_page_is_public():
    functions = {name for cell in cells(2) for name in re.findall(r"`(\w+)", cell)}
    assert functions <= set(analysis.__all__)


@pytest.mark.parametrize("name", NOT_COMPUTED)
def test_what_is_not_computed_has_a_row_and_says_so(name):
    assert f"`{name}`" in PAGE
    with pytest.raises(InvalidInputError, match="No protocol computes it in this version"):
        protocol_for(name, "quick")
