"""Numbers of backbone and side chains: by hand for known polymers, and the same however a unit is written."""

from __future__ import annotations

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.features import featurize
from polyloop.features.block import get_block

BLOCK = get_block("backbone")


def numbers(unit: str) -> dict[str, float]:
    return dict(zip(BLOCK.names(), BLOCK.evaluate(Polymer(unit)).tolist(), strict=True))


# (unit, column, value), counted on paper.
@pytest.mark.parametrize(
    ("unit", "column", "value"),
    [
        ("*CC*", "backbone_atoms", 2),
        ("*CC*", "rotatable_bonds_per_backbone_atom", 1),
        ("*CC*", "hydrogens_per_atom", 2),
        ("*CC(*)c1ccccc1", "side_chain_share", 6 / 8),
        ("*CC(*)c1ccccc1", "longest_side_chain", 4),
        ("*CC(*)c1ccccc1", "ring_share_of_backbone", 0),
        ("*CC(*)c1ccccc1", "aromatic_share", 6 / 8),
        ("*c1ccc(*)cc1", "ring_share_of_backbone", 1),
        ("*c1ccc(*)cc1", "side_chain_share", 0),
        ("*c1ccc(*)cc1", "rotatable_bonds_per_backbone_atom", 1 / 4),
        ("*CC(C)(C(=O)OC)*", "quaternary_share", 1 / 7),
        ("*CC(C)(C(=O)OC)*", "side_chains_per_backbone_atom", 1),
        ("*CC(C)(C(=O)OC)*", "methyl_share", 2 / 7),
        ("*CC(C)(C(=O)OC)*", "multiple_bonds_per_atom", 1 / 7),
        ("*C(F)(F)C(F)(F)*", "halogen_share", 4 / 6),
        ("*CC(O)*", "donors_per_atom", 1 / 3),
        ("*CCO*", "heteroatom_share_of_backbone", 1 / 3),
        ("*C=CCC*", "multiple_bonds_per_atom", 1 / 4),
        ("*C(=O)c1cc2ccccc2cc1*", "fused_share", 2 / 12),
    ],
)
def test_numbers_are_those_counted_by_hand(unit: str, column: str, value: float) -> None:
    assert numbers(unit)[column] == pytest.approx(value, abs=1e-9)


def test_units_without_side_chains_still_have_all_columns(units: tuple[str, ...]) -> None:
    rows = [BLOCK.evaluate(Polymer(unit)) for unit in units]
    assert {len(row) for row in rows} == {24} and np.isfinite(rows).all()
    assert len(set(BLOCK.names())) == 24


@pytest.mark.parametrize(
    ("first", "second"), [("*CC(*)C", "*C(C)C*"), ("*CCO*", "*OCCOCC*"), ("*NCC(=O)*", "*C(=O)NC*")]
)
def test_the_same_polymer_has_the_same_numbers(first: str, second: str) -> None:
    table = featurize([first, second], ["backbone", "factors"], time_limit=None, memory_limit=None)
    np.testing.assert_array_equal(table.blocks["backbone"][0], table.blocks["backbone"][1])
    np.testing.assert_array_equal(table.blocks["factors"][0], table.blocks["factors"][1])


def test_factors_add_up_over_repeats() -> None:
    one, two = (get_block("factors").evaluate(Polymer(unit)) for unit in ("*CC(*)C", "*CC(C)CC(C)*"))
    np.testing.assert_allclose(two, 2 * one, rtol=1e-9)
