"""Variables: what they refuse, and the ways between values, coordinates, cells and columns."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind
from polyloop.design.space import Categorical, Continuous, Integer, Molecular, Ordinal
from polyloop.design.space.variables import DIGITS, Variable, significant

TEMPERATURE = Continuous("temperature", 20, 120, unit="degC")
LOADING = Continuous("loading", 0.01, 10, unit="%", log=True)
STEPPED = Continuous("time", 0.5, 3, unit="h", step=0.25)
EQUIVALENTS = Integer("equivalents", 1, 12)
LEVELS = Ordinal("concentration", (0.057, 0.1, 0.153), unit="M")
WORDS = Ordinal("stirring", ("slow", "medium", "fast"))
BASE = Categorical("base", ("KOAc", "CsOPiv", "none"))
SOLVENT = Molecular("solvent", {"DMF": "CN(C)C=O", "DMAc": "CC(=O)N(C)C", "toluene": "Cc1ccccc1", "DMSO": "CS(C)=O"})
ALL = (TEMPERATURE, LOADING, STEPPED, EQUIVALENTS, LEVELS, WORDS, BASE, SOLVENT)


@pytest.mark.parametrize("variable", ALL, ids=lambda v: v.name)
@given(place=st.floats(0, 1))
def test_a_value_survives_its_coordinate_its_cell_and_its_canonical_form(variable, place):
    top = 1.0 if variable.levels is None or isinstance(variable, (Continuous, Integer, Ordinal)) else variable.width
    value = variable.value(place * top)
    assert variable.value(variable.coordinate(value)) == value
    assert variable.parse(variable.format(value)) == value
    assert variable.snapped(variable.identity(value)) == value
    assert isinstance(variable, Variable)


@pytest.mark.parametrize("variable", [v for v in ALL if v.levels], ids=lambda v: v.name)
def test_columns_tell_every_level_from_every_other(variable):
    places = np.array([variable.coordinate(level) for level in variable.levels])
    block = variable.block(places)
    assert block.values.shape == (len(places), variable.width)
    assert len(np.unique(np.round(block.values, 12), axis=0)) == len(places)


@given(st.floats(1e-8, 1e8), st.sampled_from([1.0, -1.0]))
def test_rounding_keeps_six_digits_and_is_done_once(number, sign):
    rounded = significant(sign * number)
    assert significant(rounded) == rounded
    assert math.isclose(rounded, sign * number, rel_tol=0.5 * 10.0 ** (1 - DIGITS) * 1.001)


def test_a_logarithmic_scale_puts_factors_at_equal_distances():
    places = [LOADING.coordinate(value) for value in (0.01, 0.1, 1, 10)]
    np.testing.assert_allclose(places, [0, 1 / 3, 2 / 3, 1], atol=1e-12)


def test_numbers_of_an_ordinal_keep_their_distances_and_words_are_equally_far_apart():
    assert LEVELS.coordinate(0.1) == pytest.approx((0.1 - 0.057) / (0.153 - 0.057))
    assert [WORDS.coordinate(word) for word in WORDS.values] == [0.0, 0.5, 1.0]
    assert LEVELS.is_numeric
    assert not WORDS.is_numeric


def test_two_random_places_of_a_scale_are_as_far_apart_in_mean_square_as_two_choices():
    # Numbers and choices then start from one prior of length scales: E (u - v)^2 = 1/6 on [0, 1], scaled to 1.
    u, v = np.random.default_rng(0).random((2, 200_000))
    numbers = (TEMPERATURE.block(u).values - TEMPERATURE.block(v).values) ** 2
    assert numbers.mean() == pytest.approx(1.0, abs=0.02)
    assert BASE.block(np.array([0.0])).kind is BlockKind.CATEGORICAL
    pairs = ~np.eye(4, dtype=bool)
    assert SOLVENT.distances()[pairs].mean() == pytest.approx(1.0)


def test_cells_are_read_as_people_write_them():
    assert TEMPERATURE.parse(" 45.0 ") == 45.0
    assert BASE.parse("koac") == "KOAc"
    assert SOLVENT.parse("O=CN(C)C") == "DMF"  # another spelling of the same molecule
    assert EQUIVALENTS.parse("3.0") == 3


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Continuous("t", 5, 5), "not below"),
        (lambda: Continuous("t", 0, math.inf), "finite"),
        (lambda: Continuous("t", 0, 1, log=True), "cannot start at 0"),
        (lambda: Continuous("t", 0, 1, step=0.3), "do not lead"),
        (lambda: Continuous("t", 1, 2, step=0.5, log=True), "does not go"),
        (lambda: Continuous("t", 298.15, 298.16), "too few numbers"),
        (lambda: Continuous("residence time", 0, 1), "cannot name"),
        (lambda: Continuous("lambda", 0, 1), "cannot name"),
        (lambda: Integer("n", 0.5, 3), "whole"),
        (lambda: Integer("n", 0, 10**7), "6 digits"),
        (lambda: Ordinal("o", (1, 3, 2)), "ascend"),
        (lambda: Ordinal("o", (1, "b")), "numbers and words"),
        (lambda: Ordinal("o", (1.2345678, 2)), "6 digits"),
        (lambda: Categorical("c", ("a",)), "1 values"),
        (lambda: Categorical("c", ("a", "a")), "twice"),
        (lambda: Categorical("c", ("a", " b")), "spaces"),
        (lambda: Categorical("c", (1, 2)), "no text"),
        (lambda: Molecular("m", {"a": "CCO", "b": "OCC"}), "same molecule"),
        (lambda: Molecular("m", {"a": "CCO", "b": "C(("}), "no SMILES"),
        (lambda: Molecular("m", {"a": "CCO", "b": "*CC*"}), "open ends"),
        (lambda: Molecular("m", ["CCO", "CCC"], blocks=("ecfq",)), "no block"),
        (lambda: Molecular("m", ["CCO", "CCC"], blocks=()), "no descriptors"),
        (lambda: Molecular("m", ["CCO", "CCC"], descriptors={"CCO": [1]}), "no descriptors of 'CCC'"),
        (lambda: Molecular("m", ["CCO", "CCC"], (), {"CCO": [1], "CCC": [1]}), "tells 'CCO' from 'CCC'"),
    ],
)
def test_a_variable_that_cannot_be_is_refused(make, reason):
    with pytest.raises(InvalidInputError, match=reason):
        make()


@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        (TEMPERATURE, 121, "outside 20 to 120 degC"),
        (TEMPERATURE, "warm", "no number"),
        (TEMPERATURE, math.nan, "outside"),
        (STEPPED, 0.6, "no step"),
        (EQUIVALENTS, 2.5, "no whole number"),
        (LEVELS, 0.2, "no step"),
        (WORDS, "fats", "Did you mean 'fast'"),
        (BASE, "KOAC2", "Did you mean 'KOAc'"),
        (SOLVENT, "CCO", "no choice"),
    ],
)
def test_a_value_that_a_variable_cannot_have_is_refused(variable, value, reason):
    with pytest.raises(InvalidInputError, match=reason):
        variable.snapped(value)


def test_alike_molecules_are_near_and_the_embedding_has_the_distances_of_the_descriptors():
    distances = SOLVENT.distances()
    dmf, dmac, toluene = (SOLVENT.values.index(label) for label in ("DMF", "DMAc", "toluene"))
    assert distances[dmf, dmac] < distances[dmf, toluene]
    own = {"a": [0.0, 0.0], "b": [3.0, 0.0], "c": [0.0, 4.0]}
    variable = Molecular("m", {"a": "C", "b": "CC", "c": "CCC"}, blocks=(), descriptors=own)
    # Columns in units of their spreads: each of b and c is sqrt(9/2) spreads from a, and so 4.5; b to c is 9.
    squared = variable.distances()
    np.testing.assert_allclose(squared / squared[0, 1], [[0, 1, 1], [1, 0, 2], [1, 2, 0]], atol=1e-12)


def test_the_fingerprint_distance_is_that_of_the_definition():
    # CC against CCC: environments of radius 0 to 2 counted by hand with RDKit's generator, 1 - sum min / sum max.
    from rdkit import Chem
    from rdkit.Chem import rdFingerprintGenerator

    from polyloop.design.space.molecule_descriptors import fingerprint_distances

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    a, b = (generator.GetCountFingerprintAsNumPy(Chem.MolFromSmiles(s)).astype(float) for s in ("CC", "CCC"))
    expected = 1 - np.minimum(a, b).sum() / np.maximum(a, b).sum()
    assert fingerprint_distances(["CC", "CCC"])[0, 1] == pytest.approx(expected)
