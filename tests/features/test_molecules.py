"""Descriptors of whole molecules, beside those of repeat units."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import Crippen, Descriptors, rdFingerprintGenerator

from polyloop.chem import Molecule
from polyloop.core import InvalidInputError
from polyloop.features import featurize
from polyloop.features.block import blocks_of, get_block

MOLECULES = ["CCO", "Cc1ccccc1", "C=C(C)C(=O)OC", "CN(C)C=O"]


def test_counts_are_those_of_all_environments_of_the_molecule():
    counts = get_block("ecfp").evaluate(Molecule("OCC"))
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=2048)
    assert counts.tolist() == generator.GetCountFingerprintAsNumPy(Chem.MolFromSmiles("CCO")).tolist()
    assert counts.sum() == 3 + 3  # one environment an atom of radius 0, as many of radius 1, none new of radius 2


def test_quantities_are_those_of_the_molecule_per_heavy_atom():
    block, toluene = get_block("rdkit2d"), Molecule("Cc1ccccc1")
    row = dict(zip(block.names(), block.evaluate(toluene), strict=True))
    mol = Chem.MolFromSmiles("Cc1ccccc1")
    assert row["HeavyAtomCount"] == 7
    assert row["MolWt_per_heavy_atom"] == pytest.approx(Descriptors.MolWt(mol) / 7)
    assert row["MolLogP_per_heavy_atom"] == pytest.approx(Crippen.MolLogP(mol) / 7)
    assert row["fr_benzene_per_heavy_atom"] == pytest.approx(1 / 7)


def test_molecules_are_described_however_they_are_spelled_and_not_by_blocks_of_chains(tmp_path):
    assert set(blocks_of("molecule")) >= {"ecfp", "rdkit2d"} and "forcefield" not in blocks_of("molecule")
    table = featurize([*MOLECULES, "OCC", "[H][H]", "*CC*"], ["ecfp", "rdkit2d"], kind="molecule",
                      cache=tmp_path / "f.sqlite")  # fmt: skip
    assert table.polymers[4] == table.polymers[0] and "star" in table.failures[6] and len(table.failures) == 1
    for values in table.blocks.values():
        assert np.array_equal(values[4], values[0]) and np.isfinite(values[:6]).all()
    with pytest.raises(InvalidInputError, match="describes no molecule"):
        featurize(MOLECULES, ["forcefield"], kind="molecule")


def test_a_molecule_and_a_polymer_of_one_text_length_do_not_share_a_row_of_the_cache(tmp_path):
    cache = tmp_path / "f.sqlite"
    polymer = featurize(["*CC*"], ["ecfp"], cache=cache).blocks["ecfp"][0]
    molecule = featurize(["CC"], ["ecfp"], kind="molecule", cache=cache).blocks["ecfp"][0]
    assert not np.array_equal(polymer, molecule)
    assert np.array_equal(featurize(["CC"], ["ecfp"], kind="molecule", cache=cache).blocks["ecfp"][0], molecule)
