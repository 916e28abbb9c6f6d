"""Charges of chains: neutral or integer unit by unit, the same however the unit is written."""

import numpy as np
import pytest

from polyloop.chem import Chain, ChainUnit, Polymer
from polyloop.core import EvaluationError, FailureCode, InvalidInputError
from polyloop.simulate.charges import CHARGES, ChargeMethod, chain_charges, unit_charges
from polyloop.simulate.charges.oligomer import Oligomer

CHEAP = [method for method in CHARGES if not CHARGES[method].takes_minutes]


def unit(smiles):
    return ChainUnit.of(Polymer(smiles))


@pytest.mark.parametrize(
    "smiles",
    ["*CC*", "*CC(*)c1ccccc1", "*CC(C)(*)C(=O)OC", "*CC(*)C(=O)[O-]", "*/C=C/C*", "*C*", "*NC(=O)CC(=O)*"],
)
@pytest.mark.parametrize("degree", [1, 3])
def test_an_oligomer_s_atoms_and_bonds_are_the_chain_s(smiles, degree):
    oligomer = Oligomer.of(unit(smiles), degree)
    mol, place = oligomer.mol, np.argsort(oligomer.order)
    assert [mol.GetAtomWithIdx(int(i)).GetAtomicNum() for i in oligomer.order] == oligomer.chain.numbers.tolist()
    bonds = {frozenset((int(place[b.GetBeginAtomIdx()]), int(place[b.GetEndAtomIdx()]))) for b in mol.GetBonds()}
    assert bonds == {frozenset(map(int, pair)) for pair in oligomer.chain.bonds}


@pytest.mark.parametrize("method", CHEAP)
@pytest.mark.parametrize("smiles, charge", [("*CC(*)C(N)=O", 0), ("*CC(*)C(=O)[O-]", -1), ("*CC(*)C[NH3+]", 1)])
def test_every_unit_has_its_formal_charge_at_any_length(method, smiles, charge):
    for degree in (1, 4):
        chain = Chain.homopolymer(Polymer(smiles), degree)
        charges = chain_charges(chain, method)
        assert charges.shape == (chain.n_atoms,) and np.isfinite(charges).all()
        sums = [charges[chain.unit == k].sum() for k in range(-1, degree + 1)]
        assert sums == pytest.approx([0, *[charge] * degree, 0], abs=1e-9)


@pytest.mark.parametrize("method", CHEAP)
def test_charges_belong_to_the_chain_and_not_to_the_way_it_is_cut(method):
    # O, C, C and C, C, O with their hydrogens on the carbons.
    oxygen_first, oxygen_last = unit_charges(unit("*OCC*"), method).unit, unit_charges(unit("*CCO*"), method).unit
    assert oxygen_first[[1, 2, 0, 3, 4, 5, 6]] == pytest.approx(oxygen_last, abs=1e-9)
    assert oxygen_last[2] < -0.2 and oxygen_last[0] > 0


@pytest.mark.parametrize("method", CHEAP)
def test_equivalent_atoms_are_alike(method):
    first, second, *hydrogens = unit_charges(unit("*CC*"), method).unit
    assert first == second and np.ptp(hydrogens) == 0


def test_a_ring_s_two_sides_are_alike():
    charges = unit_charges(unit("*CC(*)c1ccccc1"), "gasteiger").unit
    assert charges[3] == charges[7] and charges[4] == charges[6]


def test_a_copolymer_has_each_unit_s_own_charges():
    units = unit("*CC*"), unit("*CC(*)Cl")
    chain = Chain(units, np.array([0, 1, 1, 0]))
    charges = chain_charges(chain, "gasteiger")
    for k, kind in enumerate(chain.sequence):
        assert (charges[chain.unit == k] == unit_charges(units[kind], "gasteiger").unit).all()


@pytest.mark.slow
def test_resp_of_a_short_unit_is_neutral_polar_and_the_same_every_time():
    from polyloop.simulate.charges import unit as module

    first = unit_charges(unit("*CO*"), "resp", seed=1)
    module._unit_charges.cache_clear()
    assert (unit_charges(unit("*CO*"), "resp", seed=1).unit == first.unit).all()
    carbon, oxygen, *hydrogens = first.unit
    assert first.unit.sum() == pytest.approx(0, abs=1e-9)
    assert first.head_cap.sum() == pytest.approx(0, abs=1e-9) == first.tail_cap.sum()
    assert oxygen < 0 < carbon and hydrogens[0] == hydrogens[1]


def test_results_are_kept_and_cannot_be_changed():
    charges = unit_charges(unit("*CC*"), "gasteiger")
    assert unit_charges(unit("*CC*"), "gasteiger") is charges
    with pytest.raises(ValueError, match="read-only"):
        charges.unit[0] = 1.0


def test_an_unknown_method_is_refused_with_the_known_ones():
    with pytest.raises(InvalidInputError, match="resp"):
        unit_charges(unit("*CC*"), "am1")


def test_a_unit_beyond_the_size_is_a_failure():
    with pytest.raises(EvaluationError) as error:
        unit_charges(unit("*" + "C" * 59 + "*"), "resp")
    assert error.value.failure.code is FailureCode.SIZE


def test_an_element_without_parameters_is_a_failure():
    with pytest.raises(EvaluationError) as error:
        unit_charges(unit("*C[Pb](C)(C)*"), "gasteiger")
    assert error.value.failure.code is FailureCode.ELEMENT


def test_a_charge_method_from_elsewhere_is_one_registration():
    def alternating(oligomer, seed):
        # Each segment as its formal charge, spread evenly.
        charges = np.zeros(len(oligomer.order))
        for atoms, total in zip(oligomer.segments, oligomer.totals, strict=True):
            charges[atoms] = total / len(atoms)
        return charges

    CHARGES.add("even", ChargeMethod(alternating, "Even.", largest=10))
    try:
        chain = Chain.homopolymer(Polymer("*CCO*"), 2)
        assert chain_charges(chain, "even") == pytest.approx(np.zeros(chain.n_atoms))
        with pytest.raises(EvaluationError, match="even charges take at most 10"):
            chain_charges(Chain.homopolymer(Polymer("*C(c1ccccc1)CCCCO*"), 2), "even")
    finally:
        CHARGES.remove("even")
