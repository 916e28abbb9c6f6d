"""Mixing rules: additive refraction and volume, error bars that do not average out, and measured copolymers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from polyloop.chem import Polymer
from polyloop.chem.copolymer import Copolymer
from polyloop.chem.library import copolymers, references
from polyloop.core import Conditions, EvaluationError, FailureCode
from polyloop.simulate.estimate import Estimate, Estimates
from polyloop.simulate.optics.instant import check_scope as check_instant
from polyloop.simulate.optics.instant import instant_optics
from polyloop.simulate.optics.lorentz_lorenz import OpticalInputs, molar_refraction, propagated_std
from polyloop.simulate.optics.mixing import (
    INSTANT_PROPERTIES,
    QUICK_PROPERTIES,
    check_scope,
    copolymer_optics,
    mix_optics,
    unit_optics,
)

STYRENE, ANHYDRIDE = Polymer("*CC(*)c1ccccc1").standardized(), Polymer("*C1C(=O)OC(=O)C1*").standardized()
# Angstrom3 at rest and at the C, D and F lines, g/cm3, relative errors of level, dispersion and density: made up.
MADE_UP = {
    STYRENE.canonical: ((12.86, 13.26, 13.35, 13.60), 1.05, (0.014, 0.08, 0.026)),
    ANHYDRIDE.canonical: ((7.50, 7.60, 7.63, 7.69), 1.50, (0.018, 0.10, 0.040)),
}
instant = partial(copolymer_optics, seed=0, conditions=Conditions(), of_unit=instant_optics)


def made_up(polymer: Polymer, seed: int = 0, conditions: Conditions | None = None) -> Estimates:
    """What a protocol of three lines would yield of a homopolymer."""
    alpha, density, (level, dispersion, packing) = MADE_UP[polymer.canonical]
    inputs = OpticalInputs(np.array(alpha), density, polymer.molar_mass)
    std = propagated_std(inputs, level, dispersion, packing)
    values = dict(zip(("C", "D", "F", "V"), zip(inputs.constants(), std, strict=True), strict=True))
    return Estimates(
        (
            Estimate("refractive_index", *values["D"], ""), Estimate("refractive_index_F", *values["F"], ""),
            Estimate("refractive_index_C", *values["C"], ""), Estimate("abbe_number", *values["V"], ""),
            Estimate("density", density, density * packing, ""),
            Estimate("static_polarizability", alpha[0], alpha[0] * level, ""),
            Estimate("polarizability_D", alpha[2], alpha[2] * level, ""),
            Estimate("van_der_waals_volume", 60.0, 0.3, ""),
        )
    )  # fmt: skip


def named(estimates) -> dict[str, Estimate]:
    return {estimate.property: estimate for estimate in estimates}


def unit_of(polymer: Polymer):
    return unit_optics(polymer, named(made_up(polymer).estimates))


def test_one_unit_alone_gives_back_its_homopolymer_with_its_error_bars():
    given, mixed = named(made_up(STYRENE).estimates), named(mix_optics([unit_of(STYRENE)], [1.0]))
    assert set(mixed) == set(QUICK_PROPERTIES)
    for name, estimate in given.items():
        assert mixed[name].value == pytest.approx(estimate.value, rel=1e-9), name
        assert mixed[name].std == pytest.approx(estimate.std, rel=1e-3), name


def test_refraction_and_volume_are_additive():
    """The textbook's formula, written anew: n = sqrt((V + 2 R)/(V - R)) with R and V per mole of units."""
    shares = np.array([0.3, 0.7])
    units = [STYRENE, ANHYDRIDE]
    mixed = named(mix_optics([unit_of(unit) for unit in units], shares))
    refraction = sum(x * molar_refraction(MADE_UP[u.canonical][0][2]) for x, u in zip(shares, units, strict=True))
    volume = sum(x * u.molar_mass / MADE_UP[u.canonical][1] for x, u in zip(shares, units, strict=True))
    mass = sum(x * u.molar_mass for x, u in zip(shares, units, strict=True))
    assert mixed["molar_refraction"].value == pytest.approx(refraction)
    assert mixed["density"].value == pytest.approx(mass / volume)
    index = np.sqrt((volume + 2 * refraction) / (volume - refraction))
    assert mixed["refractive_index"].value == pytest.approx(index)


def test_units_of_one_kind_do_not_average_their_errors_out():
    once = named(mix_optics([unit_of(STYRENE)], [1.0]))
    twice = named(mix_optics([unit_of(STYRENE), unit_of(STYRENE)], [0.5, 0.5]))
    for name in set(QUICK_PROPERTIES) - {"van_der_waals_volume"}:
        assert twice[name].std == pytest.approx(once[name].std), name


def test_errors_of_a_mixture_lie_between_those_of_its_units():
    """Shared errors of the density add up weighted by volume: 0.026 and 0.040 give what the volume shares say."""
    mixed = named(mix_optics([unit_of(STYRENE), unit_of(ANHYDRIDE)], [0.5, 0.5]))
    volumes = np.array([STYRENE.molar_mass / 1.05, ANHYDRIDE.molar_mass / 1.50])
    expected = volumes @ [0.026, 0.040] / volumes.sum()
    assert mixed["density"].std / mixed["density"].value == pytest.approx(expected, rel=1e-3)


def test_the_copolymer_function_mixes_what_the_protocol_of_the_units_says():
    copolymer = Copolymer.parse(f"random: 0.3 {STYRENE.canonical} + 0.7 {ANHYDRIDE.canonical}")
    outcome = copolymer_optics(copolymer, 0, Conditions(), made_up)
    expected = named(mix_optics([unit_of(STYRENE), unit_of(ANHYDRIDE)], [0.3, 0.7]))
    assert {n: e.value for n, e in named(outcome.estimates).items()} == pytest.approx(
        {n: e.value for n, e in expected.items()}
    )
    assert [part["mole_fraction"] for part in outcome.settings["units"]] == list(copolymer.mole_fractions)


def test_a_unit_that_holds_its_canonical_unit_twice_counts_twice():
    """Polyethylene's canonical unit is CH2: the same composition, written by C2H4 and by CH2, has one index."""
    by_ethylene = named(instant(Copolymer.parse("random: 0.5 *CC* + 0.5 *CC(*)c1ccccc1")).estimates)
    by_methylene = named(instant(Copolymer.parse("random: 0.666667 *C* + 0.333333 *CC(*)c1ccccc1")).estimates)
    for name in ("refractive_index", "density"):
        assert by_ethylene[name].value == pytest.approx(by_methylene[name].value, rel=2e-5)
    assert by_ethylene["molar_refraction"].value == pytest.approx(
        1.5 * by_methylene["molar_refraction"].value, rel=1e-4
    )


def test_sequence_does_not_matter_and_a_blend_of_the_same_masses_gives_the_same():
    parts = "*CC(*)c1ccccc1 + *CC(*)(C)C(=O)OC"
    texts = [f"random: {parts}", f"alternating: {parts}", f"block: {parts}"]
    first, *others = [named(instant(Copolymer.parse(text)).estimates) for text in texts]
    for other in others:
        assert other["refractive_index"].value == pytest.approx(first["refractive_index"].value, rel=1e-12)
    weighed = "30 % *CC(*)c1ccccc1 + 70 % *CC(*)(C)C(=O)OC"
    random, blend = (instant(Copolymer.parse(f"{how}: {weighed}")).estimates for how in ("random by mass", "blend"))
    assert named(random)["refractive_index"].value == pytest.approx(named(blend)["refractive_index"].value, rel=1e-5)
    assert set(named(blend)) == set(INSTANT_PROPERTIES)


def test_what_cannot_be_mixed_is_refused_with_the_unit_named():
    salted = Copolymer.parse("*CCO* with 0.1 NaCl")
    with pytest.raises(EvaluationError, match="dissolved ions") as caught:
        instant(salted)
    assert caught.value.failure.code is FailureCode.UNSUPPORTED
    charged = Copolymer.parse("random: *CC* + *CC(*)C(=O)[O-]")
    for call in (instant, partial(check_scope, check_unit=check_instant)):
        with pytest.raises(EvaluationError, match=r"Unit \*CC\(C\(=O\)\[O-\]\)\*: .*net charge") as caught:
            call(charged)
        assert caught.value.failure.code is FailureCode.UNSUPPORTED
    check_scope(Copolymer.parse("random: *CC* + *CO*"), check_instant)


def test_measured_copolymers_are_cited_and_of_many_families():
    rows = copolymers()
    assert len(rows) >= 12 and all(row.ref in references() for row in rows)
    assert len({Copolymer.parse(row.text).key for row in rows}) == len(rows)
    assert all(row.index_std > 0 and 1.2 < row.refractive_index < 1.7 for row in rows)


@pytest.mark.parametrize("row", [pytest.param(row, id=row.name) for row in copolymers()])
def test_a_measured_index_lies_within_two_error_bars_of_the_instant_one(row):
    """Values and sources: chem/tables/copolymers.csv, quoted from memory of the handbooks and data sheets it cites."""
    index = named(instant(Copolymer.parse(row.text)).estimates)["refractive_index"]
    assert abs(index.value - row.refractive_index) < 2.0 * np.hypot(index.std, row.index_std)


@pytest.mark.slow
def test_quantum_chemistry_of_the_units_gives_the_index_and_abbe_number_of_san():
    """Styrene-acrylonitrile with 25 % of acrylonitrile by mass: n_D 1.567, V 35.4 (doi:10.12693/APhysPolA.116.585)."""
    row = next(row for row in copolymers() if "SAN" in row.name)
    values = named(copolymer_optics(Copolymer.parse(row.text), 0, Conditions()).estimates)
    index, abbe = values["refractive_index"], values["abbe_number"]
    assert abs(index.value - row.refractive_index) < 2.0 * np.hypot(index.std, row.index_std)
    assert abs(abbe.value - row.abbe_number) < 2.0 * abbe.std
    assert values["refractive_index_C"].value < index.value < values["refractive_index_F"].value
