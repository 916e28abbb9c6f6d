"""Grown chains: bonded as the graph says, no overlap, no ring pierced, stereo as asked for."""

from itertools import pairwise

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdDistGeom

from polyloop.chem import Polymer
from polyloop.chem.chain import Chain
from polyloop.core import InvalidInputError
from polyloop.simulate.cells import grow_chain, pierced_rings, smallest_contact

RINGS = [
    "*CC(*)c1ccccc1",
    "*CC(*)c1ccccn1",
    "*Oc1ccc(Oc2ccc(C(=O)c3ccc(*)cc3)cc2)cc1",
    "*Oc1ccc(C(C)(C)c2ccc(OC(*)=O)cc2)cc1",
]
OTHERS = [
    "*C*",
    "*CC*",
    "*C/C=C/C*",
    "*NCCCCCC(=O)*",
    "*[Si](C)(C)O*",
    "*C#Cc1ccc(*)cc1",
    "*CC(*)(C)C(=O)OC",
    "*C1CCC(*)CC1",
    "*P(F)(F)=N*",
]


def chain(smiles, degree):
    return Chain.homopolymer(Polymer(smiles), degree)


def bond_lengths(positions, pairs):
    return np.linalg.norm(positions[pairs[:, 0]] - positions[pairs[:, 1]], axis=1)


def handedness(chain, positions, neighbours):
    """Sign of the volume that four neighbours of an atom span, for each unit but the ends; indices in the unit."""
    signs = []
    for start in chain.starts[1:-2]:
        a, b, c, d = (positions[start + offset] for offset in neighbours)
        signs.append(int(np.sign(np.dot(b - a, np.cross(c - a, d - a)))))
    return signs


def hydrogen_of(chain, carbon):
    unit = chain.units[0]
    return next(int(b) for a, b in unit.bonds if a == carbon and unit.numbers[b] == 1)


@pytest.mark.parametrize("smiles", RINGS + OTHERS)
def test_a_grown_chain_has_plausible_bonds_and_neither_overlap_nor_pierced_ring(smiles):
    grown = chain(smiles, 6)
    positions = grow_chain(grown, np.random.default_rng(0))
    assert positions.shape == (grown.n_atoms, 3)
    table = Chem.GetPeriodicTable()
    covalent = np.array([table.GetRcovalent(int(number)) for number in grown.numbers])
    expected = covalent[grown.bonds].sum(axis=1)
    lengths = bond_lengths(positions, grown.bonds)
    assert (lengths < 1.15 * expected).all()
    assert (lengths > 0.75 * expected).all()  # triple bonds are the shortest
    assert smallest_contact(positions, grown.bonds) > 1.6
    assert len(pierced_rings(positions, grown.bonds, grown.rings)) == 0


@pytest.mark.slow
@pytest.mark.parametrize("smiles", RINGS[:2])
def test_no_ring_is_pierced_in_long_chains_either(smiles):
    grown = chain(smiles, 62)
    for seed in range(3):
        positions = grow_chain(grown, np.random.default_rng(seed))
        assert len(pierced_rings(positions, grown.bonds, grown.rings)) == 0


def test_the_seed_decides_the_chain_bit_for_bit():
    grown = chain(RINGS[0], 6)
    first, again, other = (grow_chain(grown, np.random.default_rng(seed)) for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.allclose(first, other)


def test_tacticity_is_what_was_asked_for():
    grown = chain("*CC(*)c1ccccc1", 12)
    # CH2 of this unit, CH2 of the next, phenyl, hydrogen.
    around = (0, grown.units[0].n_atoms, 2, hydrogen_of(grown, 1))
    signs = {
        tacticity: handedness(grown, grow_chain(grown, np.random.default_rng(5), tacticity), around)
        for tacticity in ("isotactic", "syndiotactic", "atactic")
    }
    assert len(set(signs["isotactic"])) == 1
    assert all(a == -b for a, b in pairwise(signs["syndiotactic"]))
    assert len(set(signs["atactic"])) == 2


def test_tacticity_counts_centres_and_not_units():
    # Syndiotactic polypropylene, written with one or with two propylenes in the repeat unit.
    short, long = chain("*CC(*)C", 6), chain("*CC(C)CC(*)C", 4)
    signs = handedness(short, grow_chain(short, np.random.default_rng(0), "syndiotactic"), (0, 9, 2, 5))
    assert all(a == -b for a, b in pairwise(signs))
    positions = grow_chain(long, np.random.default_rng(0), "syndiotactic")
    first, second = (handedness(long, positions, around) for around in ((0, 3, 2, 8), (3, 18, 5, 14)))
    assert len(set(first)) == len(set(second)) == 1
    assert first[0] == -second[0]


@pytest.mark.parametrize("mark", ["@", "@@"])
def test_a_stereocentre_that_the_user_gave_is_kept(mark):
    grown = chain(f"*C[C{mark}H](*)c1ccccc1", 5)
    positions = grow_chain(grown, np.random.default_rng(1))
    # Neighbours of the second atom, in the order of the SMILES: CH2, hydrogen, next unit, phenyl.
    signs = handedness(grown, positions, (0, hydrogen_of(grown, 1), grown.units[0].n_atoms, 2))
    model = Chem.AddHs(Chem.MolFromSmiles(f"C[C{mark}H](CC)c1ccccc1"))
    rdDistGeom.EmbedMolecule(model, randomSeed=1)
    hydrogen = next(atom.GetIdx() for atom in model.GetAtomWithIdx(1).GetNeighbors() if atom.GetAtomicNum() == 1)
    a, b, c, d = model.GetConformer().GetPositions()[[0, hydrogen, 2, 4]]
    assert set(signs) == {int(np.sign(np.dot(b - a, np.cross(c - a, d - a))))}


@pytest.mark.parametrize(("smiles", "cis"), [("*C/C=C/C*", False), (r"*C/C=C\C*", True)])
def test_double_bonds_of_the_backbone_stay_as_written(smiles, cis):
    grown = chain(smiles, 5)
    positions = grow_chain(grown, np.random.default_rng(0))
    for start in grown.starts[:-1]:
        first, last = positions[start], positions[start + 3]
        assert (np.linalg.norm(first - last) < 3.4) == cis  # 3.1 A across a cis double bond, 3.9 A across a trans one


def test_an_unknown_tacticity_is_refused():
    with pytest.raises(InvalidInputError, match="heterotactic"):
        grow_chain(chain("*CC*", 2), np.random.default_rng(0), "heterotactic")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("smiles", "length"),
    # Angstrom, of the bond between neighbouring units: sp-sp as in diacetylene (doi:10.1246/bcsj.44.386), sp2-sp2 as in
    # butadiene (1.467, doi:10.1246/bcsj.39.845), within the error of the force field.
    [("*C#C*", 1.38), ("*C#CC#C*", 1.38), ("*C#Cc1ccc(C#C*)cc1", 1.38), ("*C=C*", 1.467), ("*CC#C*", 1.46)],
)
def test_units_are_joined_at_the_length_of_their_bond(smiles, length):
    chain = Chain.homopolymer(Polymer(smiles), 4)
    positions = grow_chain(chain, np.random.default_rng(0))
    first, second = chain.joints[1:-1].T
    lengths = np.linalg.norm(positions[first] - positions[second], axis=1)
    np.testing.assert_allclose(lengths, length, atol=0.03)
