"""The 21 PoLyInfo classes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pandas as pd
import pytest

from polyloop.chem import Polymer, PolymerClass

EXAMPLES = [
    ("*CC(*)C", 1, "PHYC"),
    ("*CC(*)c1ccccc1", 2, "PSTR"),
    ("*CC(*)OC(C)=O", 3, "PVNL"),
    ("*CC(*)(C)C(=O)OC", 4, "PACR"),
    ("*CC(*)C(N)=O", 4, "PACR"),
    ("*CC(*)Cl", 5, "PHAL"),
    ("*C/C(C)=C\\C*", 6, "PDIE"),
    ("*CC(*)C=C", 6, "PDIE"),
    ("*CCO*", 7, "POXI"),
    ("*CCS*", 8, "PSUL"),
    ("*OCCOC(=O)c1ccc(cc1)C(=O)*", 9, "PEST"),
    ("*NCCCCCC(=O)*", 10, "PAMD"),
    ("*OCCCCOC(=O)NCCCCCCNC(=O)*", 11, "PURT"),
    ("*NCCCCCCNC(=O)*", 12, "PURA"),
    ("*c1ccc(cc1)Oc1ccc(cc1)N1C(=O)c2cc3C(=O)N(*)C(=O)c3cc2C1=O", 13, "PIMD"),
    ("*OC(=O)CCCCCCCCC(=O)*", 14, "PANH"),
    ("*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(=O)*", 15, "PCBN"),
    ("*NCC*", 16, "PIMN"),
    ("*[Si](C)(C)O*", 17, "PSIL"),
    ("*N=P(*)(OC)OC", 18, "PPHS"),
    ("*c1ccc(cc1)C(=O)*", 19, "PKTN"),
    ("*c1ccc(cc1)S(=O)(=O)*", 20, "PSFO"),
    ("*c1ccc(*)cc1", 21, "PPNL"),
]


@pytest.mark.parametrize(("smiles", "number", "code"), EXAMPLES)
def test_one_polymer_of_each_class(smiles: str, number: int, code: str) -> None:
    found = Polymer(smiles).polymer_class
    assert (found.number, found.code) == (number, code)


def test_there_are_21_classes_and_one_for_the_rest() -> None:
    assert [c.number for c in PolymerClass] == list(range(22))
    assert len({c.code for c in PolymerClass}) == 22
    assert Polymer("*[Se]*").polymer_class is PolymerClass.UNCLASSIFIED
    assert PolymerClass.POLYSTYRENES == "polystyrenes"


@pytest.mark.parametrize(
    "smiles",
    ["*OC(C)C(=O)*", "*C(=O)OC(C)*", "*C(C)C(=O)O*", "*C(C)C(=O)OC(C)C(=O)O*"],
)
def test_the_class_does_not_depend_on_the_cut(smiles: str) -> None:
    # A cap beside the carbonyl must not make a ketone of the ester.
    assert Polymer(smiles).polymer_class is PolymerClass.POLYESTERS


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("*CC(*)C(=O)OCCOC(=O)C", PolymerClass.POLYACRYLICS),
        ("*CC(*)OCCNC(=O)OC", PolymerClass.POLYVINYLS),
        ("*CC(*)N1C(=O)CCC1=O", PolymerClass.POLYVINYLS),
        ("*CC(*)Cc1ccccc1", PolymerClass.POLYVINYLS),
        ("*C(F)(F)C(*)(F)OC(F)(F)F", PolymerClass.POLYVINYLS),
    ],
)
def test_groups_of_the_side_chain_do_not_decide(smiles: str, expected: PolymerClass) -> None:
    assert Polymer(smiles).polymer_class is expected


DATA = Path(os.environ.get("POLYLOOP_DATA", Path(__file__).parents[2].parent / "shared" / "data"))
PI1070 = DATA / "radonpy_pi1070" / "PI1070.csv.gz"


@pytest.mark.reference
@pytest.mark.skipif(not PI1070.exists(), reason="the table radonpy_pi1070 is absent; set POLYLOOP_DATA")
def test_agreement_with_the_classes_of_pi1070() -> None:
    # The table lists each polymer under one of the classes that it belongs to, without a fixed precedence: poly(ether
    # ketone) is a polyketone there, poly(ether ether ketone) a polyoxide. docs/concepts/polymers.md has the figures.
    table = pd.read_csv(PI1070)
    polymers = [Polymer(smiles) for smiles in table.smiles]
    start = time.process_time()
    numbers = [polymer.polymer_class.number for polymer in polymers]
    assert (time.process_time() - start) / len(polymers) < 0.012
    assert (pd.Series(numbers) == table.polymer_class).mean() >= 0.90
    assert 0 not in numbers
