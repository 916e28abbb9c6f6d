"""Numbers of small molecules are those of the literature, of nauty, and of a search that knows no symmetry."""

from __future__ import annotations

import itertools
import subprocess

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem.rdMolDescriptors import CalcMolFormula

from polyloop.core import InvalidInputError
from polyloop.design.enumeration import (
    VALENCES,
    MoleculeRules,
    count_molecules,
    enumerate_molecules,
    read_molecular_formula,
)
from polyloop.design.enumeration.augmentation import grown_graphs, rooted_code
from polyloop.design.enumeration.automorphisms import automorphisms
from polyloop.design.enumeration.graphs import GraphBatch, searchable
from polyloop.design.enumeration.nauty import geng_program

needs_nauty = pytest.mark.skipif(geng_program() is None, reason="nauty's geng is not installed")
SOURCES = ["built-in", pytest.param("geng", marks=needs_nauty)]


def smiles_of(rules: MoleculeRules, **options: object) -> list[str]:
    return [text for chunk in enumerate_molecules(rules, **options) for text in chunk.lines.decode().split()]


def kekule(smiles: str) -> str:
    """Canonical text that keeps Kekule structures apart."""
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    mol.UpdatePropertyCache()
    return Chem.MolToSmiles(mol)


def alkanes(n: int) -> MoleculeRules:
    return MoleculeRules(heavy_atoms=(n, n), saturated=True, rings=(0, 0))


@pytest.mark.parametrize("source", SOURCES)
def test_alkanes_are_as_many_as_oeis_says(source: str) -> None:
    # OEIS A000602, n = 1 to 13.
    assert [count_molecules(alkanes(n), skeletons=source) for n in range(1, 14)] == [
        1, 1, 1, 2, 3, 5, 9, 18, 35, 75, 159, 355, 802,
    ]  # fmt: skip


# Constitutional isomers: 217 of C6H6 (MOLGEN, doi:10.1007/978-3-642-45944-1), the others from nauty and surge 1.0
# (doi:10.1186/s13321-022-00604-9).
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize(("formula", "isomers"), [("C6H6", 217), ("C10H16", 24_938), ("C10H16O", 452_458)])
def test_isomers_are_as_many_as_published(formula: str, isomers: int, source: str) -> None:
    assert count_molecules(MoleculeRules(formula=read_molecular_formula(formula)), skeletons=source) == isomers


def test_graphs_of_degree_four_are_as_many_as_geng_says() -> None:
    # `geng -c -D4 -u n` (nauty 2.8.6).
    found = [sum(len(graphs) for graphs, _ in grown_graphs(n, max_degree=4, rings=(0, 99))) for n in range(1, 9)]
    assert found == [1, 1, 2, 6, 21, 78, 353, 1_929]


@needs_nauty
@pytest.mark.parametrize(("atoms", "rings", "bonds"), [(7, "7", 10), (8, "9:10", 11)])
def test_hydrocarbons_are_as_many_as_multig_finds(atoms: int, rings: str, bonds: int) -> None:
    multig = geng_program().replace("geng", "multig")
    pipe = f"{geng_program()} -c -q -D4 {atoms} {rings} | {multig} -q -m3 -e{bonds} -D4 -T | wc -l"
    found = int(subprocess.run(pipe, shell=True, capture_output=True, text=True, check=True).stdout)
    low, high = (int(word) - atoms + 1 for word in (rings.split(":") * 2)[:2])
    hydrogens = 4 * atoms - 2 * bonds
    rules = MoleculeRules(formula={"C": atoms, "H": hydrogens}, rings=(low, high))
    assert count_molecules(rules, skeletons="built-in") == found > 100


@needs_nauty
def test_both_sources_of_skeletons_make_the_same_molecules() -> None:
    rules = MoleculeRules(elements=("C", "N", "O"), heavy_atoms=(1, 5))
    built_in, geng = (smiles_of(rules, skeletons=name) for name in ("built-in", "geng"))
    assert len(built_in) == len(geng)
    assert {kekule(text) for text in built_in} == {kekule(text) for text in geng}


@pytest.mark.parametrize(("elements", "n"), [(("C", "N", "O"), 3), (("O", "Si"), 4)])
def test_nothing_is_missing_and_nothing_stands_twice(elements: tuple[str, ...], n: int) -> None:
    """Against all matrices of bond orders with all elements, made canonical by RDKit."""
    pairs = list(itertools.combinations(range(n), 2))
    expected = set()
    for orders in itertools.product(range(4), repeat=len(pairs)):
        used = [sum(order for order, pair in zip(orders, pairs, strict=True) if i in pair) for i in range(n)]
        for symbols in itertools.product(elements, repeat=n):
            if any(bonds > VALENCES[symbol] for bonds, symbol in zip(used, symbols, strict=True)):
                continue
            mol = Chem.RWMol()
            for symbol in symbols:
                mol.AddAtom(Chem.Atom(symbol))
            for order, (i, j) in zip(orders, pairs, strict=True):
                if order:
                    mol.AddBond(i, j, Chem.BondType.values[order])
            if len(Chem.GetMolFrags(mol)) == 1:
                mol.UpdatePropertyCache()
                expected.add(kekule(Chem.MolToSmiles(mol)))
    found = smiles_of(MoleculeRules(elements=elements, heavy_atoms=(n, n)))
    assert len(found) == len(expected)
    assert {kekule(text) for text in found} == expected


def test_isomers_have_their_formula_and_are_distinct() -> None:
    for text in ("C6H6", "C4H9ClO", "C3H7NO2", "C2H8Si", "C3H5Br2I"):
        found = smiles_of(MoleculeRules(formula=read_molecular_formula(text)))
        assert {CalcMolFormula(Chem.MolFromSmiles(smiles)) for smiles in found} == {text}
        assert len({kekule(smiles) for smiles in found}) == len(found)


@pytest.mark.parametrize(
    ("rule", "smarts"),
    [
        ({"heteroatom_bonds": False}, "[!#6]~[!#6]"),
        ({"cumulenes": False}, "*=*=*"),
        ({"ring_triple_bonds": False}, "*#@*"),
        ({"forbidden": ("[OX2H]",)}, "[OX2H]"),
    ],
)
def test_a_rule_leaves_out_what_its_smarts_finds(rule: dict, smarts: str) -> None:
    given = {"elements": ("C", "N", "O"), "heavy_atoms": (1, 5)}
    pattern = Chem.MolFromSmarts(smarts)
    everything = smiles_of(MoleculeRules(**given))
    expected = {kekule(s) for s in everything if not Chem.MolFromSmiles(s).HasSubstructMatch(pattern)}
    rules = MoleculeRules(**given, **rule)
    assert {kekule(text) for text in smiles_of(rules)} == expected
    assert 0 < count_molecules(rules) == len(expected) < len(everything)


@pytest.mark.parametrize("source", SOURCES)
def test_rings_are_as_large_as_asked_for(source: str) -> None:
    everything = smiles_of(MoleculeRules(heavy_atoms=(7, 7), saturated=True, rings=(0, 2)), skeletons=source)
    for low, high in ((5, 6), (4, None), (3, 4)):
        expected = set()
        for text in everything:
            mol = Chem.MolFromSmiles(text)
            sizes = [mol.GetRingInfo().MinBondRingSize(bond.GetIdx()) for bond in mol.GetBonds() if bond.IsInRing()]
            if all(low <= size <= (high or 99) for size in sizes):
                expected.add(kekule(text))
        rules = MoleculeRules(heavy_atoms=(7, 7), saturated=True, rings=(0, 2), ring_sizes=(low, high))
        assert {kekule(text) for text in smiles_of(rules, skeletons=source)} == expected
        assert len(expected) < len(everything)


def test_an_aromatic_molecule_can_stand_once() -> None:
    # o-Xylene is the one aromatic C8H10 with two different Kekule structures.
    formula = read_molecular_formula("C8H10")
    everything = smiles_of(MoleculeRules(formula=formula, rings=(1, 1)))
    once = smiles_of(MoleculeRules(formula=formula, rings=(1, 1), one_kekule=True))
    canonical = [Chem.CanonSmiles(text) for text in everything]
    assert canonical.count("Cc1ccccc1C") == 2
    assert sorted(Chem.CanonSmiles(text) for text in once) == sorted(set(canonical))


def test_rooted_codes_are_equal_just_for_equivalent_vertices() -> None:
    rng = np.random.default_rng(0)
    graphs = [graphs for graphs, _ in grown_graphs(7, max_degree=4, rings=(1, 5))]
    chosen = searchable(GraphBatch(np.concatenate([batch.adjacency for batch in graphs])))
    chosen = chosen.take(rng.choice(len(chosen), 25, replace=False))
    groups = automorphisms(chosen)
    for row in range(len(chosen)):
        images = groups.images[groups.start[row] : groups.start[row + 1]]
        codes = [rooted_code(chosen.adjacency[row], root) for root in range(7)]
        for u, v in itertools.combinations(range(7), 2):
            assert (codes[u] == codes[v]) == bool((images[:, u] == v).any())


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({"elements": ("C", "Xx")}, "no element"),
        ({"elements": ("C", "C")}, "once"),
        ({"heavy_atoms": (3, 2)}, "no range"),
        ({"heavy_atoms": (1, 99)}, "no range"),
        ({"formula": {"C": 6, "H": 5}}, "formula"),
        ({"formula": {"C": 1, "H": 6}}, "formula"),
        ({"rings": (2, 1)}, "no range"),
    ],
)
def test_what_no_molecule_can_be_is_refused(rules: dict, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words):
        MoleculeRules(**rules)


def test_a_text_that_is_no_formula_is_refused() -> None:
    for text in ("", "c6", "C6H6+", "6C"):
        with pytest.raises(InvalidInputError, match="no formula"):
            read_molecular_formula(text)
