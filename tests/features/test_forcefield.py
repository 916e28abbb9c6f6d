"""The force-field descriptor: the published recipe, the same for every cut, and plain reasons where it ends."""

import contextlib
import io
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from rdkit import Chem

from polyloop.chem import Polymer
from polyloop.chem.forcefield import gaff2_mod, unit_terms
from polyloop.core import EvaluationError
from polyloop.features.block import get_block
from polyloop.features.oligomer import backbone_length, interior

POOL = Path(os.environ.get("POLYLOOP_DATA", Path(__file__).parents[3] / "shared" / "data")) / "spacier_pool"


@pytest.fixture(scope="module")
def block():
    return get_block("forcefield")


def test_it_has_170_distinct_columns(block):
    assert len(set(block.names())) == 170
    assert block.evaluate(Polymer("*CC*")).shape == (170,)


@pytest.mark.parametrize(
    ("smiles", "length"), [("*C*", 1), ("*CC*", 2), ("*c1ccc(*)cc1", 4), ("*c1cccc(*)c1", 3), ("*CC(*)c1ccccc1", 2)]
)
def test_the_backbone_is_the_shortest_way_through_the_unit(smiles, length):
    assert backbone_length(Polymer(smiles)) == length


def test_each_term_of_the_chain_belongs_to_one_unit():
    """Polyethylene, C2H4 per unit: 2 C-C and 4 C-H bonds, 6 angles at each C, 9 dihedrals about each C-C."""
    # The canonical unit is CH2; count on the unit as written.
    terms = unit_terms(Polymer("*CC*"))
    counts = terms.atoms, terms.bonds, terms.angles, terms.dihedrals
    assert [sum(count.values()) for count in counts] == [6, 6, 12, 18]
    assert len(terms.mass) == len(terms.charge) == 6


def test_a_unit_is_neutral():
    # Fourteen bonds from the caps, Gasteiger's twelve iterations have nothing left to carry.
    assert unit_terms(Polymer("*CC(*)C(=O)OC")).charge.sum() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(
    "cuts",
    [
        ("*CC(*)C", "*C(C)C*"),
        ("*CCOC(=O)c1ccc(cc1)C(=O)O*", "*OCCOC(=O)c1ccc(cc1)C(*)=O", "*c1ccc(cc1)C(=O)OCCOC(*)=O"),
        ("*Nc1ccc(cc1)C*", "*Cc1ccc(N*)cc1", "*c1ccc(cc1)CN*"),
    ],
)
def test_the_place_of_the_cut_does_not_matter(block, cuts):
    first, *others = (block.evaluate(Polymer(smiles)) for smiles in cuts)
    for other in others:
        np.testing.assert_allclose(other, first, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    "smiles",
    [
        "*CC(*)(C)C(=O)OC",
        "*c1ccc(*)s1",
        "*CC(*)(F)F",
        "*NC(=O)c1ccc(cc1)C(=O)N*",
        "*C=C*",
        "*C[N+](C)(C)C*",
        "*=CC=*",
        "*=C=*",
    ],
)
def test_terms_are_those_that_the_package_assigns_to_the_whole_molecule(smiles):
    """The package's own assignment of an oligomer, restricted to the central unit, has the same parameters."""
    from radonpy.ff.gaff2_mod import GAFF2_mod

    polymer = Polymer(smiles)
    oligomer, centre = interior(polymer, 14)
    terms, force_field = unit_terms(polymer), gaff2_mod()
    whole = Chem.AddHs(oligomer)
    with contextlib.redirect_stdout(io.StringIO()):
        assert GAFF2_mod().ff_assign(whole, charge="gasteiger")

    def unit(index):
        atom = whole.GetAtomWithIdx(index)
        return (atom if atom.HasProp("unit") else atom.GetNeighbors()[0]).GetIntProp("unit")

    angles = [(a.ff.k, a.ff.theta0) for a in whole.angles if unit(a.b) == centre]
    dihedrals = [max(d.ff.k) for d in whole.dihedrals if min(unit(d.b), unit(d.c)) == centre]
    bonds = [b for b in whole.GetBonds() if min(unit(b.GetBeginAtomIdx()), unit(b.GetEndAtomIdx())) == centre]
    atoms = [a for a in whole.GetAtoms() if unit(a.GetIdx()) == centre]
    ours = sorted(force_field.angle(types) for types in terms.angles.elements())
    np.testing.assert_allclose(ours, sorted(angles), rtol=1e-12)
    assert sorted(max(t.k for t in force_field.dihedral(types)) for types in terms.dihedrals.elements()) == sorted(
        dihedrals
    )
    assert sorted(force_field.bond(types) for types in terms.bonds.elements()) == sorted(
        (bond.GetDoubleProp("ff_k"), bond.GetDoubleProp("ff_r0")) for bond in bonds
    )
    assert sorted(terms.atoms.elements()) == sorted(atom.GetProp("ff_type") for atom in atoms)
    theirs = sorted(atom.GetDoubleProp("AtomicCharge") for atom in atoms)
    np.testing.assert_allclose(sorted(terms.charge), theirs, atol=1e-12)


@pytest.mark.parametrize(("smiles", "element"), [("*O[Si](*)(C)C", "Si"), ("*CB(C)C*", "B")])
def test_an_element_without_type_is_named(block, smiles, element):
    with pytest.raises(EvaluationError, match=rf"no atom type for atom \d \({element}\)") as caught:
        block.evaluate(Polymer(smiles))
    assert caught.value.failure.code == "element"


@pytest.mark.reference
def test_it_equals_the_published_table(block):
    """25 rows, every 43rd of the pool's 1,067; the whole table is compared in benchmarks/forcefield_descriptor.py."""
    if not POOL.exists():
        pytest.skip(f"the public table spacier_pool is not at {POOL}; set POLYLOOP_DATA")
    table = pd.read_csv(POOL / "y_oracle.csv.gz").iloc[::43]
    published = pd.read_csv(POOL / "X_pool.csv.gz").iloc[::43]
    assert tuple(published.columns) == block.names()
    computed = [block.evaluate(Polymer(Polymer(smiles).canonical)) for smiles in table.smiles]
    np.testing.assert_allclose(computed, published.to_numpy(), rtol=0, atol=1e-9)
