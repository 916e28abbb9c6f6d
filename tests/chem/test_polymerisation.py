"""Polymerisation rules: what each makes, what it refuses, and the way back."""

from collections import Counter
from itertools import product

import pytest

from polyloop.chem import Polymer, PolymerClass
from polyloop.chem.polymerisation import (
    RULES,
    Mechanism,
    Orientation,
    Residue,
    canonical_chain,
    depolymerise,
    find_rule,
)
from polyloop.chem.polymerisation.residue import stitched
from polyloop.chem.polymerisation.rule import read_monomer
from polyloop.core import InvalidInputError


def by_name(rules):
    return [pytest.param(rule, id=rule.name) for rule in rules]


def residues_of_examples():
    """The residues that the examples' monomers leave, by rule, one tuple for each role."""
    for rule in RULES.values():
        yield rule, [role.residues(read_monomer(text)) for role, text in zip(rule.roles, rule.example[0], strict=True)]


@pytest.mark.parametrize("rule", by_name(RULES.values()))
def test_each_rule_makes_its_example_of_its_class_and_finds_its_monomers_again(rule):
    monomers, repeat_unit = rule.example
    polymer = Polymer(repeat_unit)
    assert polymer.canonical in {made.smiles for made in rule.products(monomers)}
    assert polymer.polymer_class is rule.polymer_class
    assert depolymerise(polymer, [rule])


def test_the_rules_make_all_21_classes_by_all_mechanisms():
    made = {rule.polymer_class for rule in RULES.values()}
    assert made == set(PolymerClass) - {PolymerClass.UNCLASSIFIED}
    assert {rule.mechanism for rule in RULES.values()} == set(Mechanism)
    assert len(RULES) >= 90


def test_each_rule_cites_where_it_is_described():
    for rule in RULES.values():
        assert len(rule.reference.citation) > 30, rule.name
        assert rule.reference.doi == "" or rule.reference.doi.startswith("10."), rule.name


@pytest.mark.parametrize(
    ("name", "monomers", "reason"),
    [
        ("diacid and diol", ("OC(=O)CCCCC(=O)O", "OCC(O)CO"), "3 of the group hydroxyl, which make a network"),
        ("diacid and diol", ("OC(=O)CCCCC(=O)O", "CCO"), "only one hydroxyl, which ends chains"),
        ("diacid and diol", ("OC(=O)CCCCC(=O)O", "NCC(O)CO"), "its amine would react too"),
        ("styrene", ("C=Cc1ccc(C=C)cc1",), "2 of the group styrene, which make a network"),
        ("lactone", ("CCO",), "it bears no lactone"),
        ("lactone", ("CCO", "CCO"), "takes 1 monomers, not 2"),
        ("diacid and diol", ("OC(=O)CCCCC(=O)O", "OC1"), "is no molecule"),
        ("pair of hydroxy acids", ("OCC(=O)O", "OCC(=O)O"), "two different monomers"),
    ],
)
def test_what_makes_no_linear_chain_is_refused_with_the_reason(name, monomers, reason):
    with pytest.raises(InvalidInputError, match=reason):
        RULES[name].products(monomers)


def test_a_name_that_is_nearly_right_is_told():
    with pytest.raises(InvalidInputError, match="diacid and diol"):
        find_rule("diacid and diols")


@pytest.mark.parametrize(
    ("name", "monomers", "expected"),
    [
        ("styrene", ("C=Cc1ccccc1",), {"*CC(*)c1ccccc1": "head-to-tail", "*CC(c1ccccc1)C(c1ccccc1)C*": "head-to-head"}),
        ("epoxide", ("CC1CO1",), {"*CC(C)O*": "head-to-tail"}),
        ("ethylene", ("C=C",), {"*C*": "only one"}),
        (
            "diisocyanate and diol",
            ("Cc1ccc(N=C=O)cc1N=C=O", "CC(O)CO"),
            {
                "*C(=O)Nc1ccc(C)c(NC(=O)OCC(C)O*)c1": "head-to-tail",
                "*C(=O)Nc1ccc(C)c(NC(=O)OC(C)CO*)c1": "head-to-head",
            },
        ),
        (
            "diol and phosgene or diphenyl carbonate",
            ("CC(O)CO",),
            {"*OC(C)COC(*)=O": "head-to-tail", "*OC(C)COC(=O)OCC(C)OC(*)=O": "head-to-head"},
        ),
    ],
)
def test_both_directions_of_units_that_differ_at_their_ends_are_given_and_named(name, monomers, expected):
    made = {one.smiles: one.orientation for one in RULES[name].products(monomers)}
    named = {Polymer(text).canonical: word for text, word in expected.items()}
    assert set(made) == set(named)
    counts = Counter(named.values())
    assert Counter(made.values()) == counts
    if len(counts) == len(named) and "diisocyanate" not in name:
        assert made == named
    assert Orientation.ONLY == "only one"


def test_isoprene_gives_three_units_by_its_additions():
    """1,4; 1,2 and 3,4: the three structures of polyisoprene (Odian, section 8-6), each head to tail."""
    made = {
        one.smiles
        for name in ("1,4-addition of a diene", "1,2-addition of a diene")
        for one in RULES[name].products(["C=C(C)C=C"])
        if one.orientation is Orientation.HEAD_TO_TAIL
    }
    assert made == {Polymer(text).canonical for text in ("*CC(C)=CC*", "*CC(*)(C)C=C", "*CC(*)C(C)=C")}


@pytest.mark.parametrize(
    ("repeat_unit", "rule", "monomers"),
    [
        ("*CC(*)c1ccccc1", "styrene", ("C=Cc1ccccc1",)),
        ("*C(c1ccccc1)C*", "styrene", ("C=Cc1ccccc1",)),
        ("*C(=O)c1ccc(cc1)C(=O)OCCO*", "diacid and diol", ("O=C(O)c1ccc(C(=O)O)cc1", "OCCO")),
        ("*C*", "ethylene", ("C=C",)),
        ("*NCCCCCC(*)=O", "lactam", ("O=C1CCCCCN1",)),
        ("*OC(C)C(*)=O", "lactide type", ("CC1OC(=O)C(C)OC1=O",)),
        ("*CC(*)O", "hydrolysis of a poly(vinyl ester)", ("C=COC(C)=O",)),
        ("*CC1CC(*)OC(CCC)O1", "acetal of poly(vinyl alcohol)", ("CCCC=O",)),
        ("*[Si](C)(C)O*", "cyclosiloxane", ("C[Si]1(C)O[Si](C)(C)O[Si](C)(C)O1",)),
        ("*NCCCCCCNC(*)=O", "diisocyanate and diamine", ("O=C=NCCCCCCN=C=O", "NCCCCCCN")),
    ],
)
def test_monomers_are_found_whatever_the_cut(repeat_unit, rule, monomers):
    ways = depolymerise(Polymer(repeat_unit), RULES.values())
    assert (rule, monomers) in {(way.rule.name, way.monomers) for way in ways}


def test_what_is_found_makes_the_chain_again():
    for text in ("*OCCOC(=O)CCCCC(*)=O", "*CC(*)C", "*Oc1ccc(cc1)C(C)(C)c1ccc(cc1)OC(*)=O"):
        polymer = Polymer(text)
        ways = depolymerise(polymer, RULES.values())
        assert ways
        for way in ways:
            made = {one.smiles: one.orientation for one in way.rule.products(way.monomers)}
            assert made[polymer.canonical] is way.orientation


def test_a_chain_that_no_rule_makes_has_no_monomers():
    # A geminal disulfone ether of carbon alone is no product of any of the rules.
    assert depolymerise(Polymer("*C(F)(F)C(*)(OC(F)(F)F)OC(F)(F)F"), [RULES["lactone"], RULES["styrene"]]) == ()


def test_stereo_that_no_rule_gives_is_said_to_be_left_open():
    (way,) = depolymerise(Polymer("*C/C=C\\C*"), [RULES["1,4-addition of a diene"]])
    assert way.monomers == ("C=CC=C",)
    assert not way.stereo


def test_a_monomer_keeps_its_stereocentre():
    (way,) = depolymerise(Polymer("*N[C@@H](C)C(*)=O"), [RULES["N-carboxyanhydride"]])
    assert way.stereo
    assert "@" in way.monomers[0]


def test_the_stitched_canonical_form_is_that_of_the_text():
    """Against `Polymer`, which parses the stitched text: the residues of all examples, and mixed pairs of them."""
    everything = sorted(
        {r.text: r for _, sets in residues_of_examples() for one in sets for r in one}.values(), key=str
    )
    some = everything[::17]
    chains = [(residue,) for residue in everything] + list(product(some, some))
    assert len(chains) > 300
    for chain in chains:
        text = stitched(chain)
        try:
            expected = Polymer(text).canonical
        except InvalidInputError:
            continue
        assert canonical_chain(chain) == expected, text


def test_a_residue_turned_twice_is_itself():
    for _, sets in residues_of_examples():
        for residue in (residue for one in sets for residue in one):
            assert residue.turned.turned == residue
            assert residue.symmetric == (residue.turned == residue)


def test_a_residues_mass_is_that_of_its_atoms():
    # C2H4O: 44.053 g/mol.
    assert Residue.read("[1*]CCO[2*]").molar_mass == pytest.approx(44.053, abs=0.002)


@pytest.mark.parametrize(
    ("name", "monomer"),
    [
        ("tetrahydrofuran", "CC1=NCCO1"),
        ("hydrogenation of a polydiene", "C=CC(=C)CCC=C(C)C"),
        ("oxidation of a benzene", "O=Cc1ccc(C=O)cc1"),
        ("oxidation of an aniline", "Nc1ccc(Oc2cccc(N)c2)cc1"),
        ("ring-opening metathesis and hydrogenation", "C1=CCCC=CCC1"),
        ("Wurtz coupling of an alkyl dihalide", "BrCCBr"),
    ],
)
def test_a_monomer_that_another_reaction_would_take_is_refused(name, monomer):
    with pytest.raises(InvalidInputError, match=r"would react too|bears no"):
        RULES[name].products([monomer])


def test_a_group_reacts_once():
    """A primary amine that has reacted bears a hydrogen yet, and is not the monomer's second group."""
    role = RULES["diacid and diamine"].roles[1]
    (residue,) = role.residues(read_monomer("NCCCCCCN"))
    assert residue == Residue.read("[1*]NCCCCCCN[2*]")
    assert role.fault(read_monomer("CCCCN")) is not None
