"""The scale from computed polarizabilities to measured ones."""

from dataclasses import replace

import numpy as np
import pytest

from polyloop.simulate.optics.lorentz_lorenz import OpticalInputs
from polyloop.simulate.optics.polarizability_scale import (
    SCALE,
    SCALE_1,
    SCALE_2,
    PolarizabilityScale,
    relative_dispersion,
)

RAW = np.array([10.0, 10.2, 10.25, 10.4])
MADE_UP = PolarizabilityScale("x@1", (1.0, -0.1, 0.05), (0.5, -0.2, 0.001), (-4.0, -2.0), 0.01, 0.05)


def test_each_quantity_is_a_line_in_the_logarithm_of_the_relative_dispersion_plus_an_increment_per_hydrogen():
    scaled = MADE_UP.apply(RAW, 12)
    x = np.log(0.4 / 10.0)
    assert scaled[2] == pytest.approx((1.0 - 0.1 * x) * 10.25 + 0.05 * 12)
    assert scaled[3] - scaled[1] == pytest.approx((0.5 - 0.2 * x) * 0.2 + 0.001 * 12)


def test_all_differences_from_the_d_line_are_scaled_alike():
    scaled = MADE_UP.apply(RAW, 12)
    assert np.ptp((np.delete(scaled, 2) - scaled[2]) / (np.delete(RAW, 2) - RAW[2])) < 1e-12


@pytest.mark.parametrize(("stretch", "end"), [(0.01, -4.0), (20.0, -2.0)])
def test_the_lines_are_held_at_the_ends_of_what_the_liquids_know(stretch, end):
    raw = 10.0 + stretch * (RAW - 10.0)
    assert not -4.0 < np.log(relative_dispersion(raw)) < -2.0
    assert MADE_UP.factors(raw, 0) == pytest.approx((1.0 - 0.1 * end, 0.5 - 0.2 * end))


# Hartree-Fock polarizabilities (angstrom3) of benchmarks/results/optics_levels.json; density, n_D, V at 20 C as in the
# shipped table of liquids (Rossini 1953, Forziati 1950; Riddick 1986, Kedenburg 2012). Margins: two
# standard deviations of the scale.
@pytest.mark.parametrize(
    ("raw", "n_hydrogens", "density", "molar_mass", "index", "abbe"),
    [
        ([10.4442, 10.59927, 10.6374, 10.73127], 14, 0.65937, 86.178, 1.37486, 57.8),
        ([9.53739, 9.81296, 9.88327, 10.06101], 6, 0.87901, 78.114, 1.50112, 30.1),
        ([9.59174, 9.75512, 9.79548, 9.89521], 0, 1.5940, 153.81, 1.4601, 50.2),
        ([10.92088, 11.00138, 11.02098, 11.06892], 0, 1.680, 338.04, 1.2515, None),
    ],
    ids=["hexane", "benzene", "tetrachloromethane", "perfluorohexane"],
)
def test_liquids_come_out_as_measured(raw, n_hydrogens, density, molar_mass, index, abbe):
    _, n_d, _, v = OpticalInputs(SCALE.apply(np.array(raw), n_hydrogens), density, molar_mass).constants()
    margin = (index**2 + 2) * (index**2 - 1) / (6 * index) * 2 * SCALE.level_std
    assert abs(n_d - index) < margin
    assert abbe is None or abs(v / abbe - 1) < 2 * SCALE.dispersion_std


def test_the_error_of_the_dispersion_holds_that_of_the_fit_where_it_was_kept():
    known = replace(MADE_UP, dispersion_covariance=((0.01, 0.0, 0.0), (0.0, 0.0, 0.0), (0.0, 0.0, 0.0)))
    factor = 0.5 - 0.2 * np.log(0.4 / 10.0)
    assert MADE_UP.relative_errors(RAW, 0) == (0.01, 0.05)
    assert known.relative_errors(RAW, 0) == pytest.approx((0.01, np.hypot(0.05, 0.1 / factor)))


def test_the_dispersion_is_less_sure_where_no_liquid_of_known_dispersion_lies():
    # Perfluoro-n-hexane and n-hexane, benchmarks/results/optics_levels.json.
    fluorinated = SCALE.relative_errors(np.array([10.92088, 11.00138, 11.02098, 11.06892]), 0)
    plain = SCALE.relative_errors(np.array([10.4442, 10.59927, 10.6374, 10.73127]), 14)
    assert fluorinated[0] == plain[0] == SCALE.level_std
    assert fluorinated[1] > 1.1 * plain[1]
    assert plain[1] < 1.05 * SCALE.dispersion_std


def test_earlier_scales_repeat_what_they_said():
    raw = np.array([10.92088, 11.00138, 11.02098, 11.06892])
    assert [scale.name for scale in (SCALE_1, SCALE_2)] == ["hf_liquids@1", "hf_liquids@2"]
    for scale in (SCALE_1, SCALE_2):
        assert scale.relative_errors(raw, 0) == (scale.level_std, scale.dispersion_std)
    assert SCALE_2.factors(raw, 0) == pytest.approx((1.09057, 1.39515), abs=1e-5)  # x held at -3.8268


def test_the_first_scale_is_two_lines_and_moves_a_unit_by_what_the_validation_says():
    # Poly(4-methyl-1-pentene): its raw polarizabilities, and n_D and V by either version in docs/validation/optics.md.
    raw = np.array([9.62026, 9.75881, 9.79287, 9.87672])
    found = [scale.apply(raw, 12) for scale in (SCALE_1, SCALE)]
    n_d = [OpticalInputs(scaled, 0.834, 84.162).constants()[1] for scaled in found]
    assert SCALE_1.name == "hf_liquids@1"
    assert n_d == pytest.approx([1.4608, 1.4665], abs=5e-4)
