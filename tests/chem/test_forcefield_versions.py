"""Versions of the force field: the later of two definitions of a torsion holds, RadonPy's sum has a name of its own."""

from collections import Counter

import numpy as np
import pytest
from rdkit import Chem

from polyloop.chem.forcefield import FORCE_FIELD, FORCE_FIELDS, RADONPY_FORCE_FIELD, type_molecule
from polyloop.chem.forcefield.tables import gaff2_mod_tables
from polyloop.core import InvalidInputError

# (k in kcal/mol, multiplicity, phase in degrees), from gaff-2.11.dat of AmberTools 24.8: the later of its two
# definitions, and the earlier one, which it replaces.
TWICE = {
    ("c3", "os", "c3", "c3"): ([(0.91, 3, 0.0), (1.0, 2, 0.0), (0.0, 1, 0.0)], [(0.24, 3, 0.0), (0.16, 2, 0.0)]),
    ("hc", "c3", "c3", "c3"): ([(0.08, 3, 0.0)], [(0.08, 3, 0.0)]),
    ("o", "c", "c3", "c3"): ([(0.03, 2, 180.0), (0.55, 3, 180.0), (0.74, 1, 0.0)], [(0.27, 2, 180.0)]),
    ("c", "n", "c3", "c3"): (
        [(0.65, 4, 180.0), (0.03, 3, 180.0), (2.26, 1, 0.0)], [(0.1, 4, 180.0), (0.17, 3, 0.0), (1.02, 1, 180.0)],
    ),
    ("c2", "ce", "ca", "ca"): ([(0.618, 2, 180.0)], [(0.505, 2, 180.0)]),
}  # fmt: skip


def terms(types, force_field):
    return [(term.k, term.n, term.phase) for term in gaff2_mod_tables(force_field).dihedrals[types]]


@pytest.mark.parametrize("types", TWICE, ids="-".join)
def test_the_later_definition_of_a_torsion_holds_in_both_directions(types):
    later, _ = TWICE[types]
    assert terms(types, FORCE_FIELD) == later
    assert terms(types[::-1], FORCE_FIELD) == later


@pytest.mark.parametrize("types", TWICE, ids="-".join)
def test_the_peer_s_force_field_has_both_definitions(types):
    later, earlier = TWICE[types]
    assert sorted(terms(types, RADONPY_FORCE_FIELD)) == sorted(later + earlier)


def test_the_sum_shifts_a_torsion_by_the_range_that_the_reference_states():
    """The replaced definition's own span over a turn: what adding it moves relative energies by (kcal/mol)."""
    turn = np.linspace(0.0, 2.0 * np.pi, 3601)
    spans = [
        np.ptp(sum(k * (1.0 + np.cos(n * turn - np.radians(phase))) for k, n, phase in earlier))
        for _, earlier in TWICE.values()
    ]
    assert (round(min(spans), 2), round(max(spans), 1)) == (0.16, 1.9)


def test_no_torsion_has_a_multiplicity_twice():
    for types, series in gaff2_mod_tables().dihedrals.items():
        assert max(Counter(term.n for term in series).values()) == 1, types


def test_the_versions_differ_in_these_torsions_and_in_nothing_else():
    first, second = (gaff2_mod_tables(name) for name in FORCE_FIELDS)
    differing = {types for types in first.dihedrals if first.dihedrals[types] != second.dihedrals[types]}
    assert differing == {*TWICE, *(types[::-1] for types in TWICE)}
    assert (first.atoms, first.bonds, first.angles, first.impropers) == (
        second.atoms, second.bonds, second.angles, second.impropers,
    )  # fmt: skip


def test_propane_turns_against_the_barrier_of_its_one_definition():
    """Propane has 12 torsions of X-c3-c3-X (k 0.15 over 9 in GAFF 2) or hc-c3-c3-hc, and 6 of hc-c3-c3-c3 (0.08)."""
    propane = Chem.AddHs(Chem.MolFromSmiles("CCC"))
    sums = {name: type_molecule(propane, name).term_k.sum() for name in FORCE_FIELDS}
    assert sums[RADONPY_FORCE_FIELD] - sums[FORCE_FIELD] == pytest.approx(6 * 0.08)
    assert np.isclose(type_molecule(propane).term_k, 0.08).sum() == 6


def test_an_unknown_force_field_is_refused_with_those_that_are_known():
    with pytest.raises(InvalidInputError, match="gaff2_mod@2"):
        type_molecule(Chem.AddHs(Chem.MolFromSmiles("CC")), "gaff")
