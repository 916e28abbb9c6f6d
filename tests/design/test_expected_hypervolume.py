"""Expected hypervolume improvement: equal to BoTorch's closed form, to Monte Carlo, and to its limits."""

import numpy as np
import pytest
import torch
from botorch.acquisition.multi_objective.analytic import ExpectedHypervolumeImprovement
from botorch.utils.multi_objective.box_decompositions.non_dominated import FastNondominatedPartitioning
from botorch.utils.testing import MockModel, MockPosterior
from hypothesis import given
from hypothesis import strategies as st

from polyloop.design import hypervolume
from polyloop.design.acquisition import expected_hypervolume_improvement, free_cells
from polyloop.design.acquisition.expected_hypervolume import expected_excess


def staircase(n, m, seed):
    """Return n mutually non-dominated points: on the positive part of a sphere."""
    rng = np.random.default_rng(seed)
    points = np.abs(rng.standard_normal((n, m))) + 0.05
    return points / np.linalg.norm(points, axis=1, keepdims=True)


def candidates(n, m, seed):
    rng = np.random.default_rng(seed)
    return rng.normal(0.6, 0.5, (n, m)), rng.uniform(0.01, 0.5, (n, m))


def botorch_ehvi(mean, std, front, reference):
    """The same quantity from BoTorch 0.18's ExpectedHypervolumeImprovement (Daulton et al. 2020, arXiv:2006.05078)."""
    posterior = MockPosterior(mean=torch.from_numpy(mean)[:, None, :], variance=torch.from_numpy(std**2)[:, None, :])
    partition = FastNondominatedPartitioning(ref_point=torch.from_numpy(reference), Y=torch.from_numpy(front))
    acquisition = ExpectedHypervolumeImprovement(
        model=MockModel(posterior), ref_point=reference.tolist(), partitioning=partition
    )
    return acquisition(torch.zeros(len(mean), 1, 1, dtype=torch.double)).numpy()


@pytest.mark.parametrize(("m", "n_front"), [(2, 1), (2, 7), (2, 50), (3, 6)])
def test_equals_botorch(m, n_front):
    front, reference = staircase(n_front, m, 0), np.zeros(m)
    mean, std = candidates(200, m, 1)
    ours = expected_hypervolume_improvement(mean, std, free_cells(front, reference))
    np.testing.assert_allclose(ours, botorch_ehvi(mean, std, front, reference), rtol=1e-10, atol=1e-13)


@pytest.mark.slow
@pytest.mark.parametrize(("m", "n_draws"), [(1, 4000), (2, 4000), (3, 800)])
def test_equals_monte_carlo_of_the_hypervolume(m, n_draws):
    front, reference = (staircase(5, m, 2) if m > 1 else np.array([[0.7]])), np.zeros(m)
    mean, std = candidates(2, m, 3)
    std = 0.2 + std
    ours = expected_hypervolume_improvement(mean, std, free_cells(front, reference))
    before = hypervolume(front, reference)
    rng = np.random.default_rng(4)
    for i in range(len(mean)):
        draws = mean[i] + std[i] * rng.standard_normal((n_draws, m))
        gains = np.array([hypervolume(np.vstack([front, d]), reference) for d in draws]) - before
        # Five standard errors of the mean of the draws.
        assert abs(gains.mean() - ours[i]) < 5 * gains.std() / np.sqrt(len(gains)) + 1e-12


def test_without_uncertainty_it_is_the_improvement():
    front, reference = staircase(6, 2, 5), np.zeros(2)
    mean, _ = candidates(50, 2, 6)
    ours = expected_hypervolume_improvement(mean, np.zeros_like(mean), free_cells(front, reference))
    gains = [hypervolume(np.vstack([front, m]), reference) - hypervolume(front, reference) for m in mean]
    np.testing.assert_allclose(ours, gains, atol=1e-14)


def test_an_empty_front_leaves_the_product_of_expected_excesses():
    mean, std = candidates(20, 2, 7)
    ours = expected_hypervolume_improvement(mean, std, free_cells(np.zeros((0, 2)), np.zeros(2)))
    product = np.prod([expected_excess(mean[:, j], std[:, j], np.zeros(1))[:, 0] for j in range(2)], axis=0)
    np.testing.assert_allclose(ours, product, rtol=1e-13)


@pytest.mark.parametrize("spoil", ["dominated", "copies", "below the reference", "missing", "shuffled"])
def test_only_the_front_above_the_reference_matters(spoil):
    front, reference = staircase(8, 2, 8), np.full(2, 0.02)
    extra = {
        "dominated": front * 0.5,
        "copies": front,
        "below the reference": np.array([[0.01, 5.0], [5.0, 0.0]]),
        "missing": np.array([[np.nan, 3.0]]),
        "shuffled": front[:0],
    }[spoil]
    mean, std = candidates(30, 2, 9)
    plain = expected_hypervolume_improvement(mean, std, free_cells(front, reference))
    spoilt = expected_hypervolume_improvement(mean, std, free_cells(np.vstack([extra, front[::-1]]), reference))
    np.testing.assert_allclose(spoilt, plain, rtol=1e-12, atol=1e-15)


@given(st.integers(0, 10_000), st.integers(2, 3), st.floats(0.05, 1.0), st.integers(0, 9))
def test_it_can_only_fall_with_a_smaller_std_or_a_larger_front(seed, m, shrink, which):
    front, reference = staircase(4, m, seed), np.zeros(m)
    mean, std = candidates(10, m, seed + 1)
    before = expected_hypervolume_improvement(mean, std, free_cells(front, reference))
    larger = np.vstack([front, mean[which]])
    after = expected_hypervolume_improvement(mean, std * shrink, free_cells(larger, reference))
    assert (after <= before + 1e-12).all()


def test_scale_of_the_objectives_only_scales_it():
    front, reference = staircase(5, 3, 10), np.zeros(3)
    mean, std = candidates(20, 3, 11)
    units = np.array([1e-4, 1.0, 3e9])
    plain = expected_hypervolume_improvement(mean, std, free_cells(front, reference))
    scaled = expected_hypervolume_improvement(mean * units, std * units, free_cells(front * units, reference))
    np.testing.assert_allclose(scaled, plain * units.prod(), rtol=1e-9)
