"""What protocols and the builder refuse, alike and at once; and what isotopes change."""

import numpy as np
import pytest

from polyloop.chem import Chain, Copolymer, Polymer
from polyloop.chem.forcefield import ion
from polyloop.core import EvaluationError, Request, Status
from polyloop.evaluation import preview_properties
from polyloop.simulate import PROTOCOLS, evaluate_request
from polyloop.simulate.cells import Composition, build_cell
from polyloop.simulate.charges import chain_charges
from polyloop.simulate.optics.packing_model import descriptors

CHARGED = ["*CC(*)n1cc[n+](CC)c1", "*CC(*)C(=O)[O-]", "*C[N+](C)(C)*", "*CC(*)S(=O)(=O)[O-]"]
ZWITTERION = "*CC(*)C(=O)OCC[N+](C)(C)CCCS(=O)(=O)[O-]"
LARGE = "*OCCOC(=O)c1ccc(cc1)C(=O)" + "OCCCCOC(=O)c1ccc(cc1)C(=O)" * 5 + "*"


WITH_A_UNIT = {"polymer": Polymer, "copolymer": lambda unit: Copolymer.parse(f"random: 0.5 {unit} + 0.5 *CC*")}


@pytest.mark.parametrize(("label", "kind"), [
    (label, kind) for label, one in PROTOCOLS.items() for kind in one.kinds if kind in WITH_A_UNIT
])  # fmt: skip
@pytest.mark.parametrize("smiles", CHARGED)
def test_every_protocol_refuses_a_charged_unit_in_the_same_words(label, kind, smiles):
    with pytest.raises(EvaluationError, match=r"carries a net charge of [+-]1 e; counter-ions") as caught:
        PROTOCOLS[label].check(WITH_A_UNIT[kind](smiles))
    assert caught.value.failure.code == "unsupported"


@pytest.mark.parametrize("label", ["optics/instant@2", "optics/quick@3", "md/standard@2"])
def test_an_evaluation_of_a_charged_unit_fails_with_the_same_reason(label):
    records = evaluate_request(Request(Polymer(CHARGED[0]).subject, label))
    assert {record.status for record in records} == {Status.FAILED}
    assert "net charge of +1 e" in records[0].failure.reason


def test_a_cell_must_be_neutral_as_a_whole():
    cation = Chain.homopolymer(Polymer("*C[N+](C)(C)*"), 3)
    with pytest.raises(EvaluationError, match=r"net charge of \+6 e"):
        build_cell([cation, cation], density=0.1)
    with pytest.raises(EvaluationError, match=r"net charge of -1 e"):
        build_cell([Chain.homopolymer(Polymer("*CC*"), 4)], density=0.1, others=[(ion("Cl-"), np.zeros((1, 3)))])


def test_a_zwitterion_is_neutral():
    cell = build_cell(
        Composition((Chain.homopolymer(Polymer(ZWITTERION), 1).units[0],)).chains(2, degree=2), density=0.1
    )
    assert cell.topology.n_molecules == 2


def test_a_dry_run_says_what_would_be_refused_and_goes_on_with_the_rest():
    large, small = preview_properties([Polymer(LARGE), Polymer("*CC*")], level="quick")
    assert "heavy atoms; this protocol takes at most 60" in large["refused"] and "minute" not in large["cost"]
    assert "refused" not in small


def test_cheap_charges_take_units_that_are_too_large_for_quantum_chemistry():
    chain = Chain.homopolymer(Polymer(LARGE), 2)
    charges = chain_charges(chain, "gasteiger")
    assert np.isfinite(charges).all() and charges.sum() == pytest.approx(0.0, abs=1e-6)
    with pytest.raises(EvaluationError, match="resp charges take at most 60") as caught:
        chain_charges(chain, "resp")
    assert "fast or gasteiger" in caught.value.failure.hint


@pytest.mark.parametrize(
    ("deuterated", "plain"),
    [
        ("*C([2H])([2H])C([2H])(*)c1c([2H])c([2H])c([2H])c([2H])c1[2H]", "*CC(*)c1ccccc1"),
        ("*C([2H])([2H])C([2H])([2H])*", "*CC*"),
        ("*CC(*)(C([2H])([2H])[2H])C(=O)OC([2H])([2H])[2H]", "*CC(*)(C)C(=O)OC"),
    ],
)
def test_deuterium_raises_the_density_by_the_mass_and_leaves_the_refractive_index(deuterated, plain):
    heavy, light = Polymer(deuterated), Polymer(plain)
    assert descriptors(heavy) == descriptors(light)
    values = [
        {record.property: record.value for record in evaluate_request(Request(one.subject, "optics/instant@2"))}
        for one in (heavy, light)
    ]
    # Of the masses themselves: polystyrene-d8 112.20/104.15 g/mol, polyethylene-d4 32.08/28.05 g/mol.
    units = heavy.heavy_atoms / light.heavy_atoms
    assert values[0]["density"] / values[1]["density"] == pytest.approx(heavy.molar_mass / light.molar_mass / units)
    assert values[0]["refractive_index"] == pytest.approx(values[1]["refractive_index"], abs=2e-4)
