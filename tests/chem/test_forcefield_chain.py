"""Force field of chains: what windows and index arithmetic give is what typing the whole molecule gives."""

from dataclasses import fields

import numpy as np
import pytest

from polyloop.chem import Chain, ChainUnit, Polymer
from polyloop.chem.forcefield import atom_types, chain_molecule, type_chain, type_molecule, unit_terms
from polyloop.chem.forcefield import chain as chain_module

UNITS = [
    "*CC*", "*C*", "*C=C*", "*C#CC=C*", "*c1ccc(*)s1", "*c1ccccc1*", "*c1ccc(*)cc1", "*NCC(=O)*", "*CC(*)c1ccccc1",
    "*N=P(*)(C)C", "*C(F)(F)*", "*S*", "*N(C)*", "*C(=O)N*", "*CC(*)C(=O)OC", "*OCCOC(=O)c1ccc(cc1)C(*)=O",
    "*C=CC=N*", "*c1ccc(cc1)N*",
]  # fmt: skip


def assert_same(one, other):
    for field in fields(one):
        if field.name not in ("molecule", "residue"):
            assert np.array_equal(getattr(one, field.name), getattr(other, field.name)), field.name


def types_of(topology):
    return [topology.type_names[code] for code in topology.types]


@pytest.mark.parametrize("smiles", UNITS)
@pytest.mark.parametrize("degree", [1, 2, 12])
def test_a_homopolymer_has_the_terms_of_the_whole_molecule(smiles, degree):
    chain = Chain.homopolymer(Polymer(smiles), degree)
    assert_same(type_chain(chain), type_molecule(chain_molecule(chain)))


@pytest.mark.parametrize("seed", range(6))
def test_a_copolymer_of_short_conjugated_units_has_them_too(seed):
    """One backbone atom per unit, sp3, sp2, aromatic and carbonyl side by side put the reach to test."""
    units = tuple(ChainUnit.of(Polymer(s)) for s in ("*C*", "*C=C*", "*C(=O)*", "*c1ccc(*)cc1", "*C(C)(C)*", "*C#C*"))
    chain = Chain(units, np.random.default_rng(seed).integers(0, len(units), 24))
    assert_same(type_chain(chain), type_molecule(chain_molecule(chain)))


def test_what_stands_beyond_the_reach_does_not_matter(monkeypatch):
    chain = Chain.homopolymer(Polymer("*C=CC(=O)N*"), 30)
    usual = type_chain(chain)
    monkeypatch.setattr(chain_module, "REACH", 4 * atom_types.REACH)
    assert_same(type_chain(chain), usual)


def test_a_homopolymer_is_typed_once_whatever_its_length(monkeypatch):
    typed = []
    local_types = chain_module.local_types
    monkeypatch.setattr(chain_module, "local_types", lambda graph: typed.append(graph) or local_types(graph))
    chain = Chain.homopolymer(Polymer("*CC(*)c1ccccc1"), 400)
    assert type_chain(chain).n_atoms == 8 + 400 * 16
    # Five units of two backbone atoms hold four bonds on either side of the central one.
    assert [len(graph.numbers) for graph in typed] == [8 + 5 * 16]


def test_labels_of_a_conjugated_chain_alternate_along_the_whole_of_it():
    """Same label: single bond; different labels: double bond; so polyacetylene repeats after two units, not one."""
    chain = Chain.homopolymer(Polymer("*C=C*"), 20)
    types = types_of(type_chain(chain))
    inner = {"ce", "cf"}
    seen = [
        (types[i] == types[j], order)
        for (i, j), order in zip(chain.bonds, chain.orders, strict=True)
        if types[i] in inner and types[j] in inner
    ]
    assert len(seen) > 30
    assert all(same == (order == 1) for same, order in seen)


def test_residues_are_units_and_caps_belong_to_the_outer_ones():
    chain = Chain.homopolymer(Polymer("*CC*"), 4)
    topology = type_chain(chain)
    assert np.bincount(topology.residue).tolist() == [6 + 4, 6, 6, 6 + 4]
    assert not topology.molecule.any()
    assert not topology.charges.any()


def test_isotopes_keep_their_mass():
    topology = type_chain(Chain.homopolymer(Polymer("*C([2H])([2H])C*"), 3))
    assert np.isclose(topology.masses, 2.014, atol=1e-3).sum() == 6


@pytest.mark.parametrize("smiles", UNITS)
def test_the_terms_of_one_unit_are_those_of_a_unit_in_the_middle_of_a_chain(smiles):
    """Odd units away from the ends, as the descriptor takes them: 2 e + 1 units, e = ceil(14 / backbone atoms)."""
    polymer = Polymer(smiles)
    e = -(-14 // len(polymer.backbone))
    topology = type_chain(Chain.homopolymer(polymer, 2 * e + 1))
    terms = unit_terms(polymer)
    units = topology.residue
    middle = units == e
    bonds = units[topology.bonds].min(axis=1) == e
    angles = units[topology.angles[:, 1]] == e
    dihedrals = units[topology.dihedrals[:, 1:3]].min(axis=1) == e
    assert sum(terms.atoms.values()) == middle.sum() == len(terms.mass) == len(terms.charge)
    assert (sum(terms.bonds.values()), sum(terms.angles.values())) == (bonds.sum(), angles.sum())
    assert sum(terms.dihedrals.values()) == dihedrals.sum()
    names = np.array(topology.type_names)
    assert sorted(terms.atoms.elements()) == sorted(names[topology.types[middle]])
    assert sorted(map(sorted, terms.bonds.elements())) == sorted(
        map(sorted, names[topology.types[topology.bonds[bonds]]])
    )
    np.testing.assert_allclose(sorted(terms.mass), sorted(topology.masses[middle]), atol=1e-9)
