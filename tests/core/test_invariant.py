"""An invariant goes there and back, with errors; those of the table are near one number for all polymers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.core import PROPERTIES, InvalidInputError
from polyloop.core.invariant import FACTORS, TRANSFORMATIONS, Invariant

POSITIVE = st.floats(0.05, 5.0)


@pytest.mark.parametrize("name", sorted(TRANSFORMATIONS))
@given(y=st.floats(1.05, 2.5), factors=st.tuples(POSITIVE, POSITIVE, POSITIVE, POSITIVE))
def test_a_value_comes_back(name: str, y: float, factors: tuple[float, ...]) -> None:
    invariant = Invariant("x", name, {"vdw_volume": 1, "molar_mass": -1, "atoms": 2}, 0.7)
    factor = invariant.factor(np.array([factors]))
    assert invariant.inverse(invariant.forward(np.array([y]), factor), factor)[0] == pytest.approx(y, rel=1e-9)


@pytest.mark.parametrize("name", sorted(TRANSFORMATIONS))
@given(y=st.floats(1.05, 2.5))
def test_the_slope_is_that_of_the_function(name: str, y: float) -> None:
    invariant, step = Invariant("x", name, {}), 1e-6
    one = np.ones(1)
    ends = [invariant.forward(np.array([y + sign * step]), one)[0] for sign in (-1, 1)]
    assert invariant.slope(np.array([y]), one)[0] == pytest.approx((ends[1] - ends[0]) / (2 * step), rel=1e-5)


def test_unknown_words_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="no transformation 'root'"):
        Invariant("x", "root", {})
    with pytest.raises(InvalidInputError, match="no factor 'charge'"):
        Invariant("x", "log", {"charge": 1})


def test_a_logarithm_needs_positive_values() -> None:
    invariant = PROPERTIES["thermal_conductivity"].invariant
    assert invariant is not None
    assert invariant.applies(np.array([0.2, 0.3])) and not invariant.applies(np.array([0.2, 0.0]))


@pytest.mark.parametrize(
    ("name", "mass", "volume", "atoms", "refraction", "value", "expected"),
    [
        # Amorphous polyethylene, polystyrene, PMMA: density and n_D of the shipped tables; packing fractions of glasses
        # and melts are 0.6 to 0.7 (Bondi, doi:10.1021/j100785a001), and C_p,cl is some 3 R an atom and less.
        ("density", 28.05, 34.6, 6, 9.23, 0.855, (0.60, 0.70)),
        ("density", 104.15, 107.22, 16, 33.8, 1.05, (0.60, 0.70)),
        ("refractive_index", 104.15, 107.22, 16, 33.8, 1.59, (0.60, 0.75)),
        ("refractive_index", 100.12, 101.44, 15, 24.74, 1.49, (0.60, 0.75)),
        ("heat_capacity_cp", 104.15, 107.22, 16, 33.8, 1230.0, (0.7, 1.3)),
    ],
)
def test_the_table_names_invariants_with_their_meaning(
    name: str, mass: float, volume: float, atoms: int, refraction: float, value: float, expected: tuple[float, float]
) -> None:
    invariant = PROPERTIES[name].invariant
    assert invariant is not None and FACTORS == ("molar_mass", "vdw_volume", "atoms", "molar_refraction")
    factor = invariant.factor(np.array([[mass, volume, atoms, refraction]]))
    low, high = expected
    assert low < float(invariant.forward(np.array([value]), factor)[0]) < high
