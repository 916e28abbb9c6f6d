"""Cells of copolymers, blends and salted polymers: their composition, their keys, and real simulations of them."""

from __future__ import annotations

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.chem.copolymer import Copolymer
from polyloop.core import Conditions, EvaluationError, FailureCode
from polyloop.simulate.md.protocols.recipes import FULL, SMOKE, STANDARD
from polyloop.simulate.md.run import workflow
from polyloop.simulate.md.run.copolymer_cells import composition_of, copolymer_chains, pairs_of_ions
from polyloop.simulate.md.run.estimates import PROPERTIES, SALTED_PROPERTIES
from polyloop.simulate.md.run.progress import ProgressWriter
from polyloop.simulate.md.run.workspace import Workspace

ETHYLENE_STYRENE = Copolymer.parse("random: 0.75 *CC* + 0.25 *CC(*)c1ccccc1")
SALTED = Copolymer.parse("*CCO* with 0.1 NaCl")


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv("POLYLOOP_SCRATCH", str(tmp_path))
    monkeypatch.setenv("POLYLOOP_MD_ENGINE", "openmm")
    monkeypatch.setenv("POLYLOOP_CORES", "1")


def prepared(subject, seed, folder):
    workspace = Workspace(folder)
    return workflow.prepare_cell(SMOKE, subject, seed, workspace, ProgressWriter(workspace, "request"))


def counts_of(copolymer, recipe=STANDARD, seed=0):
    return composition_of(copolymer_chains(recipe, copolymer, seed), 0)["units"]


@pytest.mark.parametrize("recipe", [STANDARD, FULL], ids=lambda recipe: recipe.protocol_id)
def test_a_random_cell_has_the_composition_as_whole_units_allow_and_chains_that_differ(recipe):
    chains = copolymer_chains(recipe, ETHYLENE_STYRENE, 0)
    counts = counts_of(ETHYLENE_STYRENE, recipe)
    total = sum(counts.values())
    assert counts["*CC*"] == pytest.approx(0.75 * total, abs=0.5)
    assert len(chains) == recipe.n_chains
    of_styrene = [int((chain.sequence == ETHYLENE_STYRENE.units.index("*CC(c1ccccc1)*")).sum()) for chain in chains]
    assert len(set(of_styrene)) > 1
    sizes = [chain.n_atoms for chain in chains]
    assert np.mean(sizes) == pytest.approx(recipe.atoms_per_chain, rel=0.05)


def test_a_random_sequence_depends_on_the_seed_and_looks_like_no_order():
    long = np.concatenate([chain.sequence for chain in copolymer_chains(FULL, ETHYLENE_STYRENE, 3)])
    other = np.concatenate([chain.sequence for chain in copolymer_chains(FULL, ETHYLENE_STYRENE, 4)])
    assert not np.array_equal(long, other)
    np.testing.assert_array_equal(
        long, np.concatenate([chain.sequence for chain in copolymer_chains(FULL, ETHYLENE_STYRENE, 3)])
    )
    # Of random units pairs of unlike neighbours make up 2 x (1 - x), 0.375; three standard deviations of so many pairs.
    unlike = np.mean(long[1:] != long[:-1])
    assert unlike == pytest.approx(0.375, abs=3 * np.sqrt(0.375 * 0.625 / len(long)))


def test_alternating_chains_are_whole_periods_and_blocks_one_after_the_other():
    alternating = copolymer_chains(STANDARD, Copolymer.parse("alternating: *CC* + *CO* + *CS*"), 0)
    sequence = alternating[0].sequence
    assert len(sequence) % 3 == 0
    np.testing.assert_array_equal(sequence[3:], sequence[:-3])
    block = copolymer_chains(STANDARD, Copolymer.parse("block: 0.25 *CC* + 0.5 *CO* + 0.25 *CC*"), 0)[0]
    texts = [block.units[kind].polymer.smiles for kind in block.sequence.tolist()]
    changes = [place for place in range(1, len(texts)) if texts[place] != texts[place - 1]]
    assert len(changes) == 2 and texts[0] == texts[-1] == "*CC*"


@pytest.mark.parametrize("text", ["0.7 *CC(*)c1ccccc1 + 0.3 *CC(*)(C)C(=O)OC", "0.5 *CC(*)Cl + 0.5 *CCO*"])
def test_a_blend_is_weighed_out_to_half_a_unit(text):
    copolymer = Copolymer.parse(f"blend: {text}")
    chains = copolymer_chains(STANDARD, copolymer, 0)
    assert all(len(chain.units) == 1 for chain in chains)
    counts = counts_of(copolymer)
    masses = {unit: Polymer(unit).molar_mass for unit in counts}
    total = sum(counts[unit] * mass for unit, mass in masses.items())
    for unit, share in zip(copolymer.units, copolymer.fractions, strict=True):
        assert counts[unit] * masses[unit] == pytest.approx(share * total, abs=max(masses.values()))
    assert sum(chain.n_atoms for chain in chains) == pytest.approx(4 * 400, rel=0.06)


def test_homopolymers_keep_the_keys_of_their_charges_and_cells(tmp_path):
    """The keys of before there were copolymers: what was simulated is found again."""
    cell = prepared(Polymer("*CC(*)C"), 0, tmp_path)
    assert cell.key == "25dcacb10da6f16958079a375ca381a223d4110591545f97dd3139f83ce82963"
    kept = "3fc83d2262a1a06fdcad4dd9ac2d3e006ffbe0ff5438adbf2b74349b250820fb"
    assert (tmp_path / "charges" / kept / "arrays.npz").exists()
    assert cell.composition is None


def test_the_key_of_a_cell_holds_sequence_seed_and_salt(tmp_path):
    keys = {
        prepared(subject, seed, tmp_path).key
        for subject, seed in [
            (ETHYLENE_STYRENE, 0),
            (ETHYLENE_STYRENE, 1),
            (Copolymer.parse("random: 0.5 *CC* + 0.5 *CC(*)c1ccccc1"), 0),
            (SALTED, 0),
            (Copolymer.parse("*CCO* with 0.2 NaCl"), 0),
            (Polymer("*CCO*"), 0),
        ]
    }
    assert len(keys) == 6
    again = prepared(ETHYLENE_STYRENE, 0, tmp_path)
    assert again.key in keys


def test_all_compositions_of_the_same_units_share_their_charges(tmp_path):
    for share in (0.25, 0.5):
        prepared(Copolymer.parse(f"random: {share} *CC(*)c1ccccc1 + {1 - share} *CC*"), 0, tmp_path)
    assert len([path for path in (tmp_path / "unit_charges").iterdir() if path.is_dir()]) == 2


def test_a_salted_cell_is_neutral_and_holds_the_pairs_of_ions(tmp_path):
    cell = prepared(SALTED, 0, tmp_path)
    n_units = sum(len(chain.sequence) for chain in cell.chains)
    assert cell.composition["pairs_of_ions"] == round(0.1 * n_units) > 0
    numbers = cell.cell.topology.numbers
    assert (numbers == 11).sum() == (numbers == 17).sum() == cell.composition["pairs_of_ions"]
    assert cell.cell.topology.charges.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("random: 0.99 *CC* + 0.01 *CO*", r"none of its \d+ units would be \*CO\*"),
        ("blend: 0.95 *CC* + 0.05 *CO*", r"none of its 2 chains would be \*CO\*"),
        ("random: *CC* + *CC(*)CCCCCCCCCCCCCCCCCCCCCCCC", "chains of md/smoke@1 have some 60"),
        ("*CCO* with 0.01 NaCl", "make none for"),
    ],
)
def test_what_is_too_small_or_too_large_for_the_cell_is_refused_as_such(text, what):
    copolymer = Copolymer.parse(text)
    with pytest.raises(EvaluationError, match=what) as caught:
        pairs_of_ions(SMOKE, copolymer, copolymer_chains(SMOKE, copolymer, 0))
    assert caught.value.failure.code is FailureCode.SIZE and caught.value.failure.hint


def test_a_charged_unit_and_a_protocol_on_one_unit_are_refused_before_any_work():
    with pytest.raises(EvaluationError, match="net charge"):
        workflow.check_scope(SMOKE.protocol_id, Copolymer.parse("random: *CC* + *CC(*)C(=O)[O-]"))
    with pytest.raises(EvaluationError, match="one repeat unit, and a copolymer has several"):
        workflow.check_scope("md/optics@2", ETHYLENE_STYRENE)
    with pytest.raises(EvaluationError, match="ions are none"):
        workflow.check_scope("md/glass@2", SALTED)
    workflow.check_scope(SMOKE.protocol_id, ETHYLENE_STYRENE)


@pytest.mark.slow
def test_from_a_random_copolymer_to_a_sheet_of_properties():
    outcome = workflow.simulate_polymer(SMOKE.protocol_id, ETHYLENE_STYRENE, 0, Conditions())
    values = {estimate.property: estimate for estimate in outcome.estimates}
    assert tuple(values) == PROPERTIES
    assert all(np.isfinite(estimate.value) for estimate in outcome.estimates)
    assert 0.3 < values["density"].value < 1.3
    assert outcome.settings["composition"]["units"] == {"*CC(c1ccccc1)*": 3, "*CC*": 9}


def test_the_refractive_index_is_of_the_units_that_the_cell_holds():
    """As the mixing rule gives it from the units of the instant protocol, at the density of the sample."""
    from polyloop.simulate.estimate import Estimate
    from polyloop.simulate.md.run.estimates import _refractive_index
    from polyloop.simulate.optics.instant import instant_optics
    from polyloop.simulate.optics.lorentz_lorenz import refractive_index
    from polyloop.simulate.optics.mixing import copolymer_optics

    chains = copolymer_chains(SMOKE, ETHYLENE_STYRENE, 0)  # 9 and 3 of 12 units: what was asked for
    found = _refractive_index(ETHYLENE_STYRENE, chains, Estimate("density", 1.0, 0.01, ""), 0)
    mixed = copolymer_optics(ETHYLENE_STYRENE, 0, Conditions(), instant_optics)
    refraction = next(e.value for e in mixed.estimates if e.property == "molar_refraction")
    alpha = refraction / (4.0 * np.pi / 3.0 * 0.602214076)
    assert found.value == pytest.approx(refractive_index(alpha, 1.0, ETHYLENE_STYRENE.molar_mass), rel=1e-9)


@pytest.mark.slow
def test_a_salted_cell_yields_what_ions_leave_sound():
    outcome = workflow.simulate_polymer(SMOKE.protocol_id, SALTED, 0, Conditions())
    values = {estimate.property: estimate.value for estimate in outcome.estimates}
    assert tuple(values) == SALTED_PROPERTIES
    assert all(np.isfinite(value) for value in values.values())
    # Of the chains alone: ions have no radius of gyration.
    assert values["radius_of_gyration"] > 2.0


@pytest.mark.slow
def test_a_preview_counts_the_atoms_of_chains_and_ions(monkeypatch):
    from polyloop.simulate.md.run import preview as module

    monkeypatch.setattr(module, "_FULL_S", 0.5)
    monkeypatch.setattr(module, "_SHORT_S", 0.5)
    found = module.preview(SMOKE.protocol_id, SALTED, 0, Conditions())
    chains = copolymer_chains(SMOKE, SALTED, 0)
    pairs = pairs_of_ions(SMOKE, SALTED, chains)
    assert found.atoms == sum(chain.n_atoms for chain in chains) + 2 * pairs
