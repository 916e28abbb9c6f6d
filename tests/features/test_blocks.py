"""ECFP counts and RDKit descriptors belong to the polymer: not to the cut, the caps or the length of the oligomer."""

import numpy as np
import pytest
from rdkit.Chem import rdFingerprintGenerator

from polyloop.chem import Polymer
from polyloop.core import KINDS, ConfigurationError
from polyloop.features.block import BLOCKS, block_tag, get_block
from polyloop.features.oligomer import interior
from polyloop.features.records import RecordBlock

CUTS = [
    ("*CC(*)c1ccccc1", "*C(c1ccccc1)C*"),
    ("*CC(*)(C)C(=O)OC", "*C(C)(C(=O)OC)C*"),
    ("*CCOC(=O)c1ccc(cc1)C(=O)O*", "*OC(=O)c1ccc(cc1)C(=O)OCC*", "*c1ccc(cc1)C(=O)OCCOC(*)=O"),
    ("*NCCCCCCNC(=O)CCCCC(*)=O", "*CCCNC(=O)CCCCC(=O)NCCC*"),
    ("*Oc1ccc(cc1)C(C)(C)c1ccc(OC(*)=O)cc1", "*C(C)(C)c1ccc(OC(=O)Oc2ccc(*)cc2)cc1"),
]


COMPUTED = [name for name in BLOCKS if not isinstance(get_block(name), RecordBlock)]


@pytest.mark.parametrize("name", COMPUTED)
def test_a_block_names_its_columns(name):
    block = get_block(name)
    kind = "polymer" if "polymer" in block.subjects else block.subjects[0]
    values = block.evaluate(KINDS[kind].parse(KINDS[kind].example))
    assert values.shape == (len(block.names()),)
    assert len(set(block.names())) == len(block.names())
    packages = "+" if block.packages else ""
    assert block_tag(block).startswith(f"{name}@{block.version}{packages}")


def test_an_unknown_block_is_refused():
    with pytest.raises(ConfigurationError, match=r"Did you mean .forcefield. or .rdkit2d."):
        get_block("mordred")


@pytest.mark.parametrize("name", ["ecfp", "rdkit2d"])
@pytest.mark.parametrize("cuts", CUTS, ids=lambda cuts: cuts[0])
def test_the_place_of_the_cut_does_not_matter(name, cuts):
    first, *others = (get_block(name).evaluate(Polymer(smiles)) for smiles in cuts)
    for other in others:
        np.testing.assert_allclose(other, first, rtol=0, atol=1e-9)


@pytest.mark.parametrize(
    ("unit", "doubled"),
    [("*CO*", "*COCO*"), ("*CC(*)Cl", "*CC(Cl)CC(*)Cl"), ("*c1ccc(*)cc1", "*c1ccc(-c2ccc(*)cc2)cc1")],
)
def test_counts_of_a_doubled_unit_are_double(unit, doubled):
    """Counts are extensive: a unit written twice has twice the environments."""
    once, twice = (get_block("ecfp").evaluate(Polymer(smiles)) for smiles in (unit, doubled))
    np.testing.assert_array_equal(twice, 2 * once)


@pytest.mark.parametrize("smiles", ["*C*", "*CC(*)c1ccccc1", "*Oc1ccc(*)cc1"])
def test_no_environment_sees_a_cap(smiles):
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    polymer = Polymer(smiles)
    _, centre = interior(polymer, 3)
    counts = []
    for cap in ("C", "F", "Br"):
        mol = polymer.oligomer(2 * centre + 1, cap)
        atoms = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetIntProp("unit") == centre]
        counts.append(generator.GetCountFingerprintAsNumPy(mol, fromAtoms=atoms))
    np.testing.assert_array_equal(counts[0], counts[1])
    np.testing.assert_array_equal(counts[0], counts[2])


def test_rdkit_descriptors_are_those_of_the_unit():
    block = get_block("rdkit2d")
    styrene = dict(zip(block.names(), block.evaluate(Polymer("*CC(*)c1ccccc1")), strict=True))
    assert styrene["HeavyAtomCount"] == 8
    # C8H8, 104.152 g/mol by IUPAC 2021 atomic weights (12.011, 1.008), over 8 heavy atoms.
    assert styrene["MolWt_per_heavy_atom"] == pytest.approx(104.152 / 8, abs=1e-3)
    assert styrene["NumAromaticRings_per_heavy_atom"] == pytest.approx(1 / 8)
    # Crippen's molar refraction grows by the same for each unit.
    assert styrene["MolMR_per_heavy_atom"] > 0


@pytest.mark.parametrize("smiles", ["*C*", "*CC(*)C#N", "*c1ccc(*)s1", "*C(F)(F)C(*)(F)F", "*[Si](C)(C)O*"])
def test_rdkit_descriptors_do_not_depend_on_the_length_of_the_oligomer(smiles):
    from rdkit.Chem import Descriptors

    block = get_block("rdkit2d")
    expected = block.evaluate(Polymer(smiles))
    longer, shorter = Polymer(smiles).oligomer(13), Polymer(smiles).oligomer(12)
    functions = dict(Descriptors.descList)
    for name, value in zip(block.names()[1:], expected[1:], strict=True):
        function = functions[name.removesuffix("_per_heavy_atom")]
        assert (function(longer) - function(shorter)) / expected[0] == pytest.approx(value, abs=1e-6), name


@pytest.mark.parametrize("name", ["ecfp", "rdkit2d"])
@pytest.mark.parametrize(
    ("deuterated", "plain"),
    [
        ("*C([2H])([2H])C([2H])(*)c1c([2H])c([2H])c([2H])c([2H])c1[2H]", "*CC(*)c1ccccc1"),
        ("*C([2H])([2H])C(*)C", "*CC(*)C"),
    ],
)
def test_isotopes_of_hydrogen_are_no_atoms_of_the_graph(name, deuterated, plain):
    block = get_block(name)
    assert np.array_equal(block.evaluate(Polymer(deuterated)), block.evaluate(Polymer(plain)))


def test_isotopes_change_the_mass_columns_of_the_force_field_and_no_others():
    block = get_block("forcefield")
    heavy, light = (block.evaluate(Polymer(smiles)) for smiles in ("*C([2H])([2H])C([2H])([2H])*", "*CC*"))
    changed = {name.split("_")[0] for name, a, b in zip(block.names(), heavy, light, strict=True) if abs(a - b) > 1e-9}
    assert changed == {"mass"}
