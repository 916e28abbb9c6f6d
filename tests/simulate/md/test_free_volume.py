"""Free volume of spheres whose union is known, and optical constants at another density."""

import numpy as np
import pytest

from polyloop.chem import Geometry
from polyloop.core import EvaluationError, InvalidInputError
from polyloop.simulate.estimate import Estimate
from polyloop.simulate.md.analysis.free_volume import fractional_free_volume, free_fraction, van_der_waals_radii
from polyloop.simulate.md.analysis.optical import OPTICAL_INPUTS, optics_at_density
from polyloop.simulate.optics.lorentz_lorenz import refractive_index
from polyloop.simulate.volume import van_der_waals_volume

BOX = np.array([12.0, 14.0, 16.0])


@pytest.mark.parametrize("centre", [(6.13, 7.07, 8.19), (0.1, 13.9, 0.0), (-30.3, 55.0, 8.0)])
def test_one_sphere_is_covered_wherever_it_lies(centre):
    free = free_fraction(np.array([centre]), BOX, np.array([3.0]), spacing=0.25)
    assert 1 - free == pytest.approx(4 / 3 * np.pi * 27 / BOX.prod(), rel=0.01)


def test_a_probe_widens_every_sphere():
    probed = free_fraction(np.array([[6.0, 7.0, 8.0]]), BOX, np.array([2.0]), probe=1.0)
    assert probed == free_fraction(np.array([[6.0, 7.0, 8.0]]), BOX, np.array([3.0]))


def test_overlapping_spheres_as_the_analytic_volume_has_them():
    rng = np.random.default_rng(1)
    points = rng.uniform(4.0, 8.0, (12, 3))
    covered = 1 - free_fraction(points, BOX, np.full(12, 1.7), spacing=0.2)
    assert covered * BOX.prod() == pytest.approx(van_der_waals_volume(Geometry(("C",) * 12, points)), rel=0.01)


def test_random_spheres_leave_what_poisson_says():
    rng = np.random.default_rng(2)
    box = np.full(3, 30.0)
    points = rng.uniform(0.0, 30.0, (2000, 3)) + 30.0 * rng.integers(-2, 3, (2000, 3))
    expected = (1 - 4 / 3 * np.pi * 1.5**3 / box.prod()) ** 2000
    assert free_fraction(points, box, np.full(2000, 1.5)) == pytest.approx(expected, rel=0.03)


def test_the_mean_over_frames_has_an_error():
    rng = np.random.default_rng(3)
    frames, boxes = rng.uniform(0, 12, (6, 40, 3)).astype(np.float32), np.tile(BOX, (6, 1))
    each = [free_fraction(frame.astype(float), BOX, np.full(40, 1.5)) for frame in frames]
    found = fractional_free_volume(frames, boxes, np.full(40, 1.5))
    assert found.value == pytest.approx(np.mean(each))
    assert found.std == pytest.approx(np.std(each, ddof=1) / np.sqrt(6))


def test_radii_by_atomic_number():
    assert van_der_waals_radii(np.array([1, 6, 8, 6])).tolist() == [1.20, 1.70, 1.52, 1.70]
    with pytest.raises(EvaluationError, match="radius is known for U"):
        van_der_waals_radii(np.array([6, 92]))


def test_what_has_no_free_volume_is_refused():
    with pytest.raises(InvalidInputError, match="narrower than a sphere"):
        free_fraction(np.zeros((1, 3)), BOX, np.array([6.5]))
    with pytest.raises(InvalidInputError, match="two or more frames"):
        fractional_free_volume(np.zeros((1, 1, 3)), BOX[None], np.array([1.0]))


ALPHA = (12.9, 13.3, 13.4, 13.7)  # static, C, D, F, angstrom3
MASS = 104.15


def quick(density=1.02, density_std=0.03, level=0.01, abbe_std=1.2):
    n_c, n_d, n_f = (refractive_index(alpha, density, MASS) for alpha in ALPHA[1:])
    values = dict(
        zip(OPTICAL_INPUTS, (n_d, n_f, n_c, (n_d - 1) / (n_f - n_c), density, ALPHA[0], ALPHA[2]), strict=True)
    )
    stds = {"abbe_number": abbe_std, "density": density_std, "polarizability_D": level * ALPHA[2]}
    return {name: Estimate(name, value, stds.get(name, 0.0), "model") for name, value in values.items()}


def test_the_models_own_density_gives_the_models_own_indices():
    found = optics_at_density(quick(), Estimate("density", 1.02, 0.03, "model"), MASS)
    for name, estimate in found.items():
        assert estimate.value == pytest.approx(quick()[name].value, rel=1e-12)
    assert found["abbe_number"].std == pytest.approx(1.2, rel=1e-3)


def test_a_denser_cell_refracts_more_by_lorentz_lorenz():
    found = optics_at_density(quick(), Estimate("density", 1.07, 0.002, "time", 80), MASS)
    assert found["refractive_index"].value == pytest.approx(refractive_index(ALPHA[2], 1.07, MASS))
    assert found["refractive_index_F"].value == pytest.approx(refractive_index(ALPHA[3], 1.07, MASS))
    # From 1 % of the polarizability and 0.19 % of the density; the dispersion's error adds a little.
    slope = (refractive_index(ALPHA[2] * 1.001, 1.07, MASS) - refractive_index(ALPHA[2], 1.07, MASS)) / 0.001
    assert found["refractive_index"].std == pytest.approx(slope * np.hypot(0.01, 0.002 / 1.07), rel=0.02)
    assert found["refractive_index"].n == 80


def test_missing_polarizabilities_are_named():
    inputs = quick()
    del inputs["polarizability_D"]
    with pytest.raises(InvalidInputError, match="need polarizability_D too"):
        optics_at_density(inputs, Estimate("density", 1.0, 0.01, ""), MASS)
