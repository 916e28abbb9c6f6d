"""The packing model: invariances, honesty of its error bar, and what it was fitted to."""

import json
from importlib.resources import files

import pytest

from polyloop.chem import Polymer
from polyloop.simulate.optics.density import amorphous_density
from polyloop.simulate.optics.packing_model import DESCRIPTORS, descriptors, packing_model


@pytest.mark.parametrize(
    ("smiles", "measured"),
    [
        # Left out of the fit. 1.05: Mark, Polymer Data Handbook; 0.838: shipped table.
        ("*CC(*)c1ccccc1", 1.05),
        ("*CC(*)CC(C)C", 0.838),
        # Not in the fitted table: poly(vinyl acetal)s excepted, taken from van Krevelen 2009, table 4.10.
        ("*CC(*)(C)C(=O)OC", 1.17),
        ("*C(F)(F)C(*)(F)F", 2.00),
    ],
)
def test_measured_densities_lie_within_two_standard_deviations(smiles, measured):
    density = amorphous_density(Polymer(smiles))
    assert abs(density.value - measured) < 2 * density.std


def test_the_density_does_not_depend_on_how_the_unit_is_written():
    spellings = [Polymer(Polymer(s).canonical) for s in ("*CC(*)C(=O)OC", "*C(C*)C(=O)OC", "COC(=O)C(*)C*")]
    values = {round(amorphous_density(polymer).value, 12) for polymer in spellings}
    assert len(values) == 1


@pytest.mark.parametrize(
    ("one", "other"), [("*OCC(=O)*", "*C(=O)OC*"), ("*CC(*)Cl", "*C(Cl)C*"), ("*CC*", "*CCCC*"), ("*CO*", "*OC*")]
)
def test_descriptors_do_not_depend_on_cut_or_repetition(one, other):
    assert descriptors(Polymer(one)) == pytest.approx(descriptors(Polymer(other)))


def test_unfamiliar_chemistry_has_a_wider_error_bar():
    familiar = amorphous_density(Polymer("*CC(*)C(=O)OCC"))
    unfamiliar = amorphous_density(Polymer("*[Si](C(F)(F)F)(C(F)(F)F)O*"))
    assert unfamiliar.std / unfamiliar.value > 1.1 * familiar.std / familiar.value


def test_the_model_names_its_data_and_what_it_left_out():
    data = json.loads(files("polyloop.simulate.optics").joinpath("packing.json").read_text(encoding="utf-8"))
    assert data["name"] == packing_model().name == "packing@1"
    assert "measured densities" in data["fitted_to"]
    assert any("polystyrene" in line for line in data["left_out"])
    assert tuple(data["terms"]) == DESCRIPTORS
