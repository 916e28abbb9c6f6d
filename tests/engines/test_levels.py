"""Levels and basis sets validate themselves, and fall back by stated rules."""

import pytest

from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.engines.quantum.pyscf import Level, versions
from polyloop.engines.quantum.pyscf.basis import BASIS_RECIPES, auxiliary_basis_by_element, basis_by_element
from polyloop.simulate.optics.polarizability_scale import LEVEL

ELEMENTS = ("H", "B", "C", "N", "O", "F", "Si", "P", "S", "Cl", "Ge", "Se", "Br", "Sn", "I")


@pytest.mark.parametrize(
    ("field", "value"), [("basis", "sto-nothing"), ("grid", "huge"), ("method", ""), ("method", "PBE0"), ("grid", 3)]
)
def test_a_wrong_field_is_named(field, value):
    with pytest.raises(InvalidInputError, match=f"Level.{field}"):
        Level(**{field: value})


def test_an_unknown_functional_is_refused_before_anything_is_computed():
    from polyloop.engines.quantum.pyscf import ground_state
    from tests.engines.molecules import WATER

    with pytest.raises(InvalidInputError, match="nosuchfunctional"):
        ground_state(WATER, Level("nosuchfunctional", "def2-svp"))


def test_a_level_becomes_a_dictionary_for_provenance():
    assert Level(**LEVEL.to_dict()) == LEVEL
    assert LEVEL.label == "hf/def2-svpd-lean"


@pytest.mark.parametrize("name", BASIS_RECIPES)
def test_every_recipe_covers_the_elements_of_polymers(name):
    basis, potentials = basis_by_element(ELEMENTS, name)
    assert set(basis) == set(ELEMENTS)
    assert set(potentials) == {"Sn", "I"}  # beyond krypton the core is an effective potential


def test_the_lean_set_leaves_only_the_diffuse_p_shell_on_hydrogen():
    full, _ = basis_by_element(["H", "C"], "def2-svpd")
    lean, _ = basis_by_element(["H", "C"], "def2-svpd-lean")
    bare, _ = basis_by_element(["H", "C"], "def2-svpd-bare")
    assert lean["C"] == full["C"] == bare["C"]
    assert [shell[1][0] for shell in full["H"] if shell[0] == 1] == [0.8, 0.1170409905]  # def2-SVPD
    assert [shell[1][0] for shell in lean["H"] if shell[0] == 1] == [0.1170409905]
    assert not [shell for shell in bare["H"] if shell[0] == 1]


def test_the_mixed_fitting_set_is_small_only_for_light_elements():
    mixed = auxiliary_basis_by_element(["C", "S"], "def2-mixed-fit")
    assert mixed["C"] == auxiliary_basis_by_element(["C"], "def2-universal-jfit")["C"]
    assert mixed["S"] == auxiliary_basis_by_element(["S"], "def2-universal-jkfit")["S"]


def test_a_fitting_set_without_the_element_is_a_failure():
    with pytest.raises(EvaluationError, match="I") as error:
        auxiliary_basis_by_element(["I"], "cc-pvdz-jkfit")
    assert error.value.failure.code is FailureCode.ELEMENT


def test_versions_name_the_engine():
    assert set(versions()) == {"pyscf", "numpy", "scipy"}
