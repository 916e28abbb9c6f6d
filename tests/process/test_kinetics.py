"""Kinetics of copolymerisation against closed forms and polykin (MIT, an independent implementation)."""

import numpy as np
import pytest
from scipy.integrate import quad

from polyloop.core import InvalidInputError
from polyloop.process.kinetics.composition import (
    PenultimateRatios,
    composition_interval,
    copolymer_composition,
    mean_propagation,
    penultimate_composition,
    terminal_composition,
)
from polyloop.process.kinetics.drift import composition_drift
from polyloop.process.kinetics.rate_coefficients import find_initiator, find_monomer, monomers
from polyloop.process.kinetics.rates import GelEffect, Kinetics
from polyloop.process.kinetics.reactors import Charge, Feed, batch, flow_reactor, semi_batch
from polyloop.process.kinetics.residence_time import FLOWS, equal_shares, residence_time_density
from polyloop.process.kinetics.sequences import sequence_statistics

polykin = pytest.importorskip("polykin.copolymerization")
FEED = np.linspace(0.05, 0.95, 19)
PAIRS = [(0.52, 0.46), (0.04, 0.41), (55.0, 0.015), (0.01, 0.01), (1.0, 1.0)]


def one_monomer(k_p=500.0, k_t=1e8, k_d=1e-5, efficiency=0.6, gel=None, combination=1.0):
    return Kinetics(np.array([k_p]), np.ones((1, 1)), np.array([k_t]), np.array([combination]), k_d, efficiency, gel)


def two_monomers(r1=0.52, r2=0.46, k_p=(342.0, 820.0)):
    ratios = np.array([[1.0, r1], [r2, 1.0]])
    return Kinetics(np.array(k_p), ratios, np.array([1e8, 1e8]), np.array([1.0, 0.5]), 1e-5, 0.6)


@pytest.mark.parametrize("ratios", PAIRS)
def test_composition_of_the_terminal_model_is_that_of_polykin(ratios):
    assert copolymer_composition(FEED, *ratios) == pytest.approx(
        polykin.inst_copolymer_binary(FEED, *ratios), abs=1e-12
    )


def test_composition_of_the_penultimate_model_is_that_of_polykin():
    ours = PenultimateRatios(r11=0.2, r21=0.5, r22=0.4, r12=0.9, s1=0.3, s2=2.0)
    theirs = polykin.PenultimateModel(r11=0.2, r12=0.9, r21=0.5, r22=0.4, s1=0.3, s2=2.0)
    assert penultimate_composition(FEED, ours) == pytest.approx(theirs.F1(FEED), abs=1e-10)


def test_mean_propagation_is_that_of_polykin():
    assert mean_propagation(FEED, 0.52, 0.46, 342.0, 820.0) == pytest.approx(
        polykin.kp_average_binary(FEED, 0.52, 0.46, 342.0, 820.0), rel=1e-12
    )


def test_the_penultimate_model_without_an_effect_is_the_terminal_one():
    same = PenultimateRatios.implicit(0.52, 0.46, 1.0, 1.0)
    assert penultimate_composition(FEED, same) == pytest.approx(copolymer_composition(FEED, 0.52, 0.46), abs=1e-14)
    assert same.mean_propagation(FEED, 342.0, 820.0) == pytest.approx(
        mean_propagation(FEED, 0.52, 0.46, 342.0, 820.0), rel=1e-12
    )


def test_three_monomers_compose_as_polykin_says():
    r = np.array([[1.0, 0.5, 3.0], [2.3, 1.0, 0.4], [0.9, 1.5, 1.0]])
    f = np.array([0.5, 0.3, 0.2])
    assert terminal_composition(f, r) == pytest.approx(polykin.inst_copolymer_multi(f, r), abs=1e-10)


@pytest.mark.parametrize("ratios", PAIRS[:3])
def test_drift_is_that_of_polykin_to_a_millionth(ratios):
    x = np.linspace(0.0, 0.9, 10)
    theirs = np.ravel(polykin.monomer_drift_binary(np.array([0.3]), x, *ratios, atol=1e-11, rtol=1e-11))
    assert composition_drift(0.3, ratios, x).monomer == pytest.approx(theirs, abs=1e-6)


def test_drift_follows_the_closed_form_of_meyer_and_lowry():
    """Meyer & Lowry (1965), doi:10.1002/pol.1965.100030811: x = 1 - (f1/f10)^a (f2/f20)^b ((f10 - d)/(f1 - d))^g."""
    r1, r2, f0 = 0.52, 0.46, 0.2
    f = composition_drift(f0, (r1, r2), np.linspace(0, 0.9, 10)).monomer
    a, b = r2 / (1 - r2), r1 / (1 - r1)
    g, d = (1 - r1 * r2) / ((1 - r1) * (1 - r2)), (1 - r2) / (2 - r1 - r2)
    x = 1 - (f / f0) ** a * ((1 - f) / (1 - f0)) ** b * ((f0 - d) / (f - d)) ** g
    assert x == pytest.approx(np.linspace(0, 0.9, 10), abs=1e-6)


def test_all_that_has_formed_and_what_is_left_add_up_to_the_feed():
    drift = composition_drift(0.3, (4.0, 0.2))
    assert drift.conversion * drift.mean + (1 - drift.conversion) * drift.monomer == pytest.approx(0.3, abs=1e-9)


def test_sequences_agree_with_polykins_triads_and_with_their_composition():
    found = sequence_statistics(0.4, 0.52, 0.46)
    P = polykin.transitions_multi(np.array([0.4, 0.6]), np.array([[1.0, 0.52], [0.46, 1.0]]))
    assert found.stay == pytest.approx((P[0, 0], P[1, 1]), abs=1e-12)
    first, second = found.run_lengths
    assert found.composition == pytest.approx(first / (first + second), abs=1e-12)
    lengths, stay = np.arange(1, 401), found.stay[0]
    assert ((1.0 - stay) * stay ** (lengths - 1.0) * lengths).sum() == pytest.approx(first, rel=1e-9)


def test_one_monomer_ends_where_tobolskys_closed_form_says():
    """Dead-end: -ln(1 - x) = 2 kp sqrt(2 f I0 / (kt kd)) (1 - exp(-kd t / 2)); doi:10.1021/ja01556a047."""
    k = one_monomer(k_d=1e-4)
    time = np.linspace(0.0, 6e4, 7)
    exact = 2 * 500.0 * np.sqrt(2 * 0.6 * 0.05 / (1e8 * 1e-4)) * (1 - np.exp(-1e-4 * time / 2))
    course = batch(k, Charge([8.0], 0.05), time)
    assert -np.log1p(-course.conversion) == pytest.approx(exact, abs=1e-6)
    assert course.initiator == pytest.approx(0.05 * np.exp(-1e-4 * time), rel=1e-6)
    # Each pair of radicals that combine leaves one chain.
    assert course.chains == pytest.approx(0.6 * 0.05 * (1 - np.exp(-1e-4 * time)), rel=1e-6, abs=1e-12)


def test_a_batch_drifts_as_the_composition_alone_says_whatever_the_rates():
    course = batch(two_monomers(4.0, 0.2), Charge([1.0, 2.0], 0.05), np.linspace(0, 4e4, 9))
    drift = composition_drift(1 / 3, (4.0, 0.2), course.conversion)
    assert course.monomer_composition[:, 0] == pytest.approx(drift.monomer, abs=1e-6)


def test_one_stirred_tank_balances():
    k, tau = one_monomer(), 3600.0
    outlet = flow_reactor(k, Charge([8.0], 0.05), tau, "cstr")
    initiator = 0.05 / (1 + 1e-5 * tau)
    monomer = 8.0 / (1 + tau * 500.0 * np.sqrt(2 * 0.6 * 1e-5 * initiator / 1e8))
    assert outlet.initiator == pytest.approx(initiator, rel=1e-6)
    assert outlet.monomers == pytest.approx([monomer], rel=1e-6)


def test_many_tanks_become_plug_flow_and_plug_flow_is_a_batch():
    k, charge = two_monomers(), Charge([4.0, 4.0], 0.05)
    plug = flow_reactor(k, charge, 7200.0, "plug")
    assert plug.conversion == pytest.approx(batch(k, charge, [7200.0]).conversion[-1], rel=1e-9)
    gaps = [plug.conversion - flow_reactor(k, charge, 7200.0, "tanks", tanks=n).conversion for n in (5, 20)]
    assert gaps[0] / gaps[1] == pytest.approx(4.0, rel=0.1)  # the deviation goes as the variance, 1/n


def test_little_dispersion_is_plug_flow():
    k, charge = two_monomers(), Charge([4.0, 4.0], 0.05)
    plug, nearly = (flow_reactor(k, charge, 7200.0, flow, peclet=1e5).conversion for flow in ("plug", "dispersion"))
    assert nearly == pytest.approx(plug, rel=1e-4)


@pytest.mark.parametrize(
    ("flow", "theirs"), [("cstr", "E_cstr"), ("tanks", "E_tanks_series"), ("laminar", "E_laminar_flow")]
)
def test_residence_times_are_those_of_polykin(flow, theirs):
    reactors = pytest.importorskip("polykin.reactors")
    more = {"N": 4} if flow == "tanks" else {}
    time = np.linspace(0.05, 6.0, 40)
    exact = [getattr(reactors, theirs)(t, 1.3, **more) for t in time]
    assert residence_time_density(flow, time, 1.3, tanks=4) == pytest.approx(exact, abs=1e-12)


def test_the_dispersed_flow_has_the_moments_of_its_peclet_number():
    def density(t):
        return float(residence_time_density("dispersion", t, 2.0, peclet=40.0))

    moments = [quad(lambda t, k=k: t**k * density(t), 0, 60, limit=200)[0] for k in range(3)]
    assert moments[:2] == pytest.approx([1.0, 2.0], rel=1e-6)
    assert moments[2] - 4.0 == pytest.approx(2 * 4.0 / 40.0, rel=1e-5)


@pytest.mark.parametrize("flow", FLOWS)
def test_equal_shares_of_a_flow_have_its_mean(flow):
    # A tail of laminar flow, E ~ t^-3, is cut by 2000 shares at a thirtieth of its mean.
    assert equal_shares(flow, 1.5, 2000, tanks=3, peclet=30).mean() == pytest.approx(1.5, rel=0.03)


def test_a_semi_batch_keeps_all_matter_and_a_starved_one_makes_the_composition_of_its_feed():
    feed = Feed(Charge([2.0, 6.0], 0.3), volume=1.0, duration=2e6)
    course = semi_batch(two_monomers(4.0, 0.2), Charge([0.02, 0.06], 0.1), feed, np.linspace(0, 2.2e6, 12))
    assert course.volume[-1] == pytest.approx(2.0)
    assert course.fed[-1] == pytest.approx([2.02, 6.06])
    assert course.composition[-1, 0] == pytest.approx(0.25, abs=0.01)
    drifted = batch(two_monomers(4.0, 0.2), Charge([2.0, 6.0], 0.3), [3e3])
    assert abs(drifted.composition[-1, 0] - 0.25) > 0.1


def test_the_gel_effect_speeds_up_what_it_finds_slow():
    time, charge = np.linspace(0, 3e4, 5), Charge([8.7], 0.03)
    slow = batch(one_monomer(), charge, time).conversion
    fast = batch(one_monomer(gel=GelEffect.styrene(353.15)), charge, time).conversion
    assert (fast[1:] > slow[1:]).all()
    assert GelEffect.styrene(353.15).factor(0.0) == 1.0


def test_coefficients_are_those_of_the_benchmark_papers():
    """IUPAC: styrene 341 L/(mol s) at 60 degC, MMA 833 (doi:10.1002/macp.1995.021961016, macp.1997.021980518)."""
    assert find_monomer("styrene").propagation.at(333.15) == pytest.approx(341, rel=0.02)
    assert find_monomer("COC(=O)C(C)=C").propagation.at(333.15) == pytest.approx(833, rel=0.02)
    # AIBN: half-life of ten hours at 65 degC, as its makers state.
    assert np.log(2) / find_initiator("aibn").decay.at(338.15) / 3600 == pytest.approx(10, rel=0.15)
    assert all(one.propagation.reference.startswith("doi:") for one in monomers())


def test_an_interval_of_the_composition_stays_between_0_and_1_and_vanishes_without_error():
    mean, low, high = composition_interval(FEED, (-1.0, 1.0), np.eye(2) * 0.5)
    assert ((low >= 0) & (low < mean) & (mean < high) & (high <= 1)).all()
    mean, low, high = composition_interval(FEED, np.log10([0.52, 0.46]), np.zeros((2, 2)))
    assert mean == pytest.approx(copolymer_composition(FEED, 0.52, 0.46), abs=1e-12)
    assert high - low == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: composition_drift(1.2, (1, 1)), "mole fraction"),
        (lambda: composition_drift(0.2, (-1, 1)), "reactivity ratio"),
        (lambda: composition_drift(0.2, (1, 1), [0.5, 0.2]), "increase"),
        (lambda: Charge([-1.0], 0.1), "Concentrations"),
        (lambda: Charge([100.0], 0.1), "more than any liquid"),
        (lambda: flow_reactor(one_monomer(), Charge([1.0], 0.1), 0.0), "residence time"),
        (lambda: flow_reactor(one_monomer(), Charge([1.0], 0.1), 1.0, "plugg"), "no flow"),
        (lambda: Kinetics.at(70.0, [find_monomer("styrene")], [[1.0]], find_initiator("AIBN")), "no temperature"),
        (lambda: find_monomer("C=CF"), "not in the table"),
        (lambda: find_monomer("styrine"), "neither"),
        (lambda: find_initiator("AIBM"), "no initiator"),
    ],
)
def test_what_is_no_reaction_is_refused_with_a_word(make, words):
    with pytest.raises(InvalidInputError, match=words):
        make()
