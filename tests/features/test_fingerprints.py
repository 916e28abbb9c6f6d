"""Fingerprints belong to the polymer, not to cut, caps or oligomer length; of molecules they are RDKit's."""

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import MACCSkeys, rdFingerprintGenerator

from polyloop.chem import Molecule, Polymer
from polyloop.core import InvalidInputError
from polyloop.features import BLOCKS, AtomPairBlock, PathBlock, TopologicalTorsionBlock, featurize, on_ring
from polyloop.features.block import column_units, default_blocks, get_block

COUNTS = ["atom_pairs", "torsions", "paths"]
FINGERPRINTS = [*COUNTS, "maccs", "ecfp_bits"]
CUTS = [
    ("*CC(*)c1ccccc1", "*C(c1ccccc1)C*"),
    ("*CCOC(=O)c1ccc(cc1)C(=O)O*", "*c1ccc(cc1)C(=O)OCCOC(*)=O"),
    ("*NCCCCCCNC(=O)CCCCC(*)=O", "*CCCNC(=O)CCCCC(=O)NCCC*"),
]
GENERATORS = {
    "atom_pairs": rdFingerprintGenerator.GetAtomPairGenerator(maxDistance=10, countSimulation=False, fpSize=2048),
    "torsions": rdFingerprintGenerator.GetTopologicalTorsionGenerator(countSimulation=False, fpSize=2048),
    "paths": rdFingerprintGenerator.GetRDKitFPGenerator(maxPath=6, fpSize=4096, numBitsPerFeature=1),
}


def of(name, smiles):
    return get_block(name).evaluate(Polymer(smiles))


@pytest.mark.parametrize("name", FINGERPRINTS)
@pytest.mark.parametrize("cuts", CUTS, ids=lambda cuts: cuts[0])
def test_the_place_of_the_cut_does_not_matter(name, cuts):
    first, *others = (of(name, smiles) for smiles in cuts)
    assert first.any()
    for other in others:
        np.testing.assert_array_equal(other, first)


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize(("unit", "doubled"), [("*CO*", "*COCO*"), ("*CC(*)Cl", "*CC(Cl)CC(*)Cl")])
def test_counts_of_a_doubled_unit_are_double(name, unit, doubled):
    np.testing.assert_array_equal(of(name, doubled), 2 * of(name, unit))


@pytest.mark.parametrize("name", COUNTS)
@pytest.mark.parametrize("smiles", ["*C*", "*CC(*)C(=O)OCC", "*Oc1ccc(*)cc1", "*C=C*", "*NC(=O)*"])
def test_longer_chains_and_other_caps_give_the_same_counts(name, smiles):
    count = GENERATORS[name].GetCountFingerprintAsNumPy
    polymer = Polymer(smiles)
    for cap in ("C", "Br"):
        longer, shorter = (count(polymer.oligomer(n, cap)).astype(float) for n in (21, 20))
        np.testing.assert_array_equal(of(name, smiles), longer - shorter)


def test_torsions_of_polyethylene_and_of_its_ether_are_counted_by_hand():
    assert of("torsions", "*C*").tolist().count(1.0) == 1 and of("torsions", "*C*").sum() == 1
    # C-O in an endless chain: the torsions COCO and OCOC, one of each a unit, which are one read backwards.
    assert of("torsions", "*CO*").sum() == 2
    # Pairs one to ten bonds apart, one of each for every CH2.
    assert of("atom_pairs", "*C*").sum() == 10


@pytest.mark.parametrize("name", COUNTS)
def test_of_a_molecule_the_counts_are_rdkits(name):
    counts = get_block(name).evaluate(Molecule("CC(=O)Oc1ccccc1"))
    expected = GENERATORS[name].GetCountFingerprintAsNumPy(Chem.MolFromSmiles("CC(=O)Oc1ccccc1"))
    np.testing.assert_array_equal(counts, expected)


@pytest.mark.parametrize("smiles", ["CCO", "Cc1ccccc1", "OCC(O)CO", "c1ccc2ccccc2c1", "N#CCCl", "C1CC1S(=O)(=O)C"])
def test_of_a_molecule_the_keys_are_rdkits(smiles):
    expected = list(MACCSkeys.GenMACCSKeys(Chem.MolFromSmiles(smiles)))[1:]
    assert get_block("maccs").evaluate(Molecule(smiles)).tolist() == expected


def test_a_key_that_asks_for_several_asks_for_several_in_one_unit():
    keys = dict(zip(get_block("maccs").names(), of("maccs", "*CCO*"), strict=True))
    # 164: an oxygen; 159: several, which a chain has and this unit has not; 160: a methyl, which only caps are.
    assert (keys["maccs_164"], keys["maccs_159"], keys["maccs_160"]) == (1, 0, 0)
    assert dict(zip(get_block("maccs").names(), of("maccs", "*CC(*)C(=O)OC"), strict=True))["maccs_159"] == 1


def test_bits_are_where_counts_are():
    for smiles in ("*CC(*)c1ccccc1", "*CCO*"):
        np.testing.assert_array_equal(of("ecfp_bits", smiles), of("ecfp", smiles) > 0)


@pytest.mark.parametrize("block", [TopologicalTorsionBlock, PathBlock])
@pytest.mark.parametrize("smiles", ["*CC(*)c1ccccc1", "*CCOC(=O)c1ccc(cc1)C(=O)O*"])
def test_a_ring_so_large_that_no_fragment_reaches_round_it_is_the_endless_chain(block, smiles):
    np.testing.assert_allclose(on_ring(block, 9)().evaluate(Polymer(smiles)), block().evaluate(Polymer(smiles)))


def test_in_a_small_ring_pairs_reach_round_it():
    ring = on_ring(AtomPairBlock, 6)()
    # Of the 15 pairs of six atoms each unit has 2.5: the one across is shared.
    assert ring.evaluate(Polymer("*CC*")).sum() == pytest.approx(15 / 6 * 4 + 1, abs=4)
    assert ring.evaluate(Polymer("*C*")).sum() == pytest.approx(2.5)
    with pytest.raises(InvalidInputError, match="make no ring"):
        on_ring(AtomPairBlock, 2)().evaluate(Polymer("*C*"))


def test_a_block_on_rings_is_registered_by_one_line():
    block = on_ring(TopologicalTorsionBlock, 10)
    BLOCKS.add("torsions_ring10", block)
    try:
        table = featurize(["*CC*", "nonsense"], ["torsions_ring10"], time_limit=None, memory_limit=None)
    finally:
        BLOCKS.remove("torsions_ring10")
    assert table.blocks["torsions_ring10"][0].sum() == 1 and list(table.failures) == [1]
    assert np.isnan(table.blocks["torsions_ring10"][1]).all()


def test_copolymers_have_the_mean_of_their_units(tmp_path):
    from polyloop.features.mixtures import describe_subjects

    text = "random: 0.75 *CC(*)C + 0.25 *CCO*"
    row = describe_subjects("copolymer", [text], ["paths", "maccs"], cache=tmp_path / "f.sqlite").blocks
    for name, values in row.items():
        np.testing.assert_allclose(values[0], 0.75 * of(name, "*CC(*)C") + 0.25 * of(name, "*CCO*"), rtol=1e-6)


@pytest.mark.parametrize("name", BLOCKS)
def test_every_column_of_every_block_has_a_unit(name):
    block = get_block(name)
    assert len(column_units(block)) == len(block.names())
    assert all(column_units(block))


def test_what_is_described_unless_asked_for_otherwise_stays_as_it_was():
    assert default_blocks("polymer") == ("forcefield", "ecfp", "rdkit2d", "backbone", "factors")
    assert default_blocks("molecule") == ("ecfp", "rdkit2d")
