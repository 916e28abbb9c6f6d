"""The canonical form is one for each chain: whatever the cut, the repetition, the direction and the spelling."""

from __future__ import annotations

import hashlib
import os
import pickle
import time
from pathlib import Path

import pandas as pd
import pytest
from chain_moves import interior, rewritten
from hypothesis import given, settings
from hypothesis import strategies as st

from polyloop.chem import Polymer, canonical, canonical_smiles

LINES = (Path(__file__).parent / "repeat_units.smi").read_text().splitlines()
UNITS = [line.split("\t")[0] for line in LINES]
NAMES = [line.split("\t")[1] for line in LINES]


def test_the_list_holds_at_least_300_units() -> None:
    assert len(UNITS) >= 300


def test_different_polymers_have_different_keys() -> None:
    keys: dict[str, str] = {}
    for smiles, name in zip(UNITS, NAMES, strict=True):
        other = keys.setdefault(Polymer(smiles).key, name)
        assert other == name


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_cut_repetition_direction_and_spelling_do_not_matter(times: int) -> None:
    for index, smiles in enumerate(UNITS):
        variant = rewritten(smiles, times, seed=4 * index + times)
        assert canonical_smiles(variant) == canonical_smiles(smiles), f"{smiles} written as {variant}"


@settings(max_examples=200, deadline=None)
@given(st.sampled_from(UNITS), st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_any_rewriting_keeps_the_canonical_form(smiles: str, times: int, seed: int) -> None:
    assert canonical_smiles(rewritten(smiles, times, seed)) == canonical_smiles(smiles)


def test_the_moves_of_these_tests_do_change_the_text() -> None:
    variants = {rewritten("*OCC(C)OC(=O)*", 2, seed) for seed in range(50)}
    assert len(variants) > 20


@pytest.mark.parametrize("smiles", UNITS)
def test_the_canonical_form_is_a_repeat_unit_and_its_own_canonical_form(smiles: str) -> None:
    canonical = canonical_smiles(smiles)
    assert canonical.count("*") == 2
    assert Polymer(canonical).canonical == canonical


@pytest.mark.parametrize("smiles", UNITS)
def test_the_interior_of_an_oligomer_is_the_same_chain(smiles: str) -> None:
    # Long and unlike its side groups at the ends: in a short chain some stereocentres of the polymer are none.
    for polymer in (Polymer(smiles), Polymer(smiles).standardized()):
        chain = polymer.oligomer(4, cap="F" if polymer.joint_order == 1 else "C")
        assert canonical_smiles(interior(chain, 1)) == polymer.canonical


@pytest.mark.parametrize(
    ("one", "other"),
    [
        # isotactic and syndiotactic chains; a period of two units must not be reduced to one
        ("*C[C@H](C)*", "*C[C@H](C)C[C@@H](C)*"),
        ("*[Si@](C)(c1ccccc1)O*", "*[Si@](C)(c1ccccc1)O[Si@@](C)(c1ccccc1)O*"),
        # enantiomers of a chain with a direction
        ("*O[C@@H](C)C(=O)*", "*O[C@H](C)C(=O)*"),
        # given and open stereo
        ("*O[C@@H](C)C(=O)*", "*OC(C)C(=O)*"),
        ("*C/C=C/C*", "*CC=CC*"),
        ("*C/C=C/C*", "*C/C=C\\C*"),
        # cis and trans rings in the backbone
        ("*[C@H]1CC[C@@H](*)CC1", "*[C@H]1CC[C@H](*)CC1"),
        # isotopes and charges
        ("*[13CH2]C*", "*CC*"),
        ("*CC(C(=O)[O-])*", "*CC(C(=O)O)*"),
        # position of the bonds in a ring
        ("*c1ccc(*)cc1", "*c1cccc(*)c1"),
        # head-to-tail and head-to-head
        ("*CC(C)*", "*CC(C)C(C)C*"),
        # stereo of the side group
        ("*CC(C(=O)O[C@@H](C)CC)*", "*CC(C(=O)O[C@H](C)CC)*"),
    ],
)
def test_different_chains_differ(one: str, other: str) -> None:
    assert canonical_smiles(one) != canonical_smiles(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("*CC*", "*C*"),
        ("*CCCCCC*", "*CC*"),
        ("*=CC=*", "*C=C*"),
        ("*#CC#*", "*C#C*"),
        ("*=NP(=*)(F)F", "*N=P(F)(F)*"),
        # An isotactic vinyl chain read backwards has the other mark, so both marks mean the same chain.
        ("*C[C@H](C)*", "*C[C@@H](C)*"),
        ("*[C@H](C)C[C@@H](C)C*", "*C[C@H](C)C[C@@H](C)*"),
        ("*C[C@H](C)C[C@H](C)*", "*C[C@H](C)*"),
        # aromatic and Kekule spelling
        ("*C1=CC=C(*)C=C1", "*c1ccc(*)cc1"),
        ("*=C1C=CC(=*)C=C1", "*=c1ccc(=*)cc1"),
        # a quinoid ring cut at its outer double bond: with nitrogen there the ring is not aromatic
        ("*=C1C=CC(C=C1)=Nc1ccc(cc1)N=*", "*N=C1C=CC(C=C1)=Nc1ccc(cc1)*"),
        ("*CC(*)c1ccccc1", "*C(C*)c1ccccc1"),
        ("[*:1]CC(C)(C)[*:2]", "[2*]CC(C)(C)[1*]"),
        ("*C1.C1O*", "*CCO*"),
        ("*[CH2:7][O:3]*", "*CO*"),
        (" *CC(C)* ", "*CC(C)*"),
    ],
)
def test_the_same_chain_written_otherwise(one: str, other: str) -> None:
    assert Polymer(one) == Polymer(other)


def test_the_cut_is_where_a_methyl_cap_disturbs_least() -> None:
    assert canonical_smiles("*OCCOC(=O)c1ccc(cc1)C(=O)*") == "*COC(=O)c1ccc(cc1)C(=O)OC*"
    assert canonical_smiles("*NCCCCCC(=O)*") == canonical_smiles("*CCCNC(=O)CC*")


def test_a_polymer_is_immutable_hashable_and_picklable() -> None:
    polymer = Polymer("*C(C*)c1ccccc1")
    assert {polymer, Polymer("*CC(*)c1ccccc1")} == {polymer}
    with pytest.raises(AttributeError, match="cannot be changed"):
        polymer.smiles = "*CC*"
    copy = pickle.loads(pickle.dumps(polymer))
    assert (copy, copy.smiles, copy.key) == (polymer, "*C(C*)c1ccccc1", polymer.key)
    assert polymer != "*CC(*)c1ccccc1"
    assert repr(polymer) == "Polymer('*C(C*)c1ccccc1')"


def test_the_key_is_the_sha256_of_the_canonical_form() -> None:
    polymer = Polymer("*CC(C)*")
    assert polymer.key == hashlib.sha256(polymer.canonical.encode()).hexdigest()


def test_cost_grows_slowly_with_the_number_of_repetitions() -> None:
    # A macrocycle of the same length would take RDKit exponential time.
    chain = "*" + "CC(c1ccccc1)" * 60 + "*"
    start = time.process_time()
    assert canonical_smiles(chain) == canonical_smiles("*CC(c1ccccc1)*")
    assert time.process_time() - start < 5.0


def test_a_macrocycle_in_the_side_group_is_kept() -> None:
    crown = "*CC(C(=O)OCC1COCCOCCOCCOCCO1)*"
    assert canonical_smiles(rewritten(crown, 2, seed=1)) == canonical_smiles(crown)


DATA = Path(os.environ.get("POLYLOOP_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
PI1070 = DATA / "radonpy_pi1070" / "PI1070.csv.gz"


@pytest.mark.reference
@pytest.mark.skipif(not PI1070.exists(), reason="the table radonpy_pi1070 is absent; set POLYLOOP_DATA")
def test_all_units_of_pi1070_are_read_and_invariant() -> None:
    units = list(pd.read_csv(PI1070).smiles)
    assert len(units) == 1077
    assert len({canonical_smiles(smiles) for smiles in units}) == 1077
    for index, smiles in enumerate(units):
        variant = rewritten(smiles, 1 + index % 2, seed=index)
        assert canonical_smiles(variant) == canonical_smiles(smiles), f"{smiles} written as {variant}"


_BLOCKS = ["C", "[C@H](C)", "CO", "C/C=C/C", "c1ccc(cc1)C", "C(=O)N", "C(F)(F)", "[C@@H]1CC[C@H](O1)"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from(_BLOCKS), min_size=3, max_size=40), st.integers(0, 39))
def test_a_long_chain_cut_in_few_or_many_steps_has_one_form(blocks: list[str], turn: int) -> None:
    text = "*C" + "".join(blocks) + "C*"
    usual = canonical_smiles(text)
    turned = [*blocks[turn % len(blocks) :], "C", "C", *blocks[: turn % len(blocks)]]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "_MOST_CUTS", 2)
        assert canonical_smiles(text) == usual
        assert canonical_smiles("*" + "".join(turned) + "*") == usual
