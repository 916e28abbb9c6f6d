"""The linear calibration: a line through polymers, judged by leaving each out."""

import numpy as np
import pytest

from calibration import LinearCalibration, fit_linear, leave_one_out
from polyloop.core import InvalidInputError


def test_an_exact_line_is_found_and_predicts_what_was_left_out():
    computed = np.array([1.4, 1.5, 1.6, 1.7])
    measured = 0.2 + 0.9 * computed
    assert fit_linear(computed, measured) == pytest.approx((0.2, 0.9))
    assert leave_one_out(computed, measured) == pytest.approx(measured)


def test_the_left_out_point_does_not_vote_for_itself():
    computed, measured = np.arange(5.0), np.array([0.0, 1.0, 2.0, 3.0, 100.0])
    assert leave_one_out(computed, measured)[4] == pytest.approx(4.0)


def test_applying_it_is_one_line():
    line = LinearCalibration("x@1", "optics/quick@2", "refractive_index", 0.1, 0.9, 0.01)
    assert line.apply([1.0, 2.0]) == pytest.approx([1.0, 1.9])


@pytest.mark.parametrize(
    ("computed", "measured"),
    [
        ([1.0, 2.0], [1.0, 2.0]),
        ([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]),
        ([1.0, 2.0, np.nan], [1.0, 2.0, 3.0]),
        ([1.0], [[1.0]]),
    ],
)
def test_what_has_no_line_is_refused(computed, measured):
    with pytest.raises(InvalidInputError, match="three or more finite pairs"):
        fit_linear(computed, measured)


def test_leave_one_out_needs_four_points():
    with pytest.raises(InvalidInputError, match="four or more"):
        leave_one_out([1.0, 2.0, 3.0], [1.0, 2.0, 3.0])
