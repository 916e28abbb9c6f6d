"""What a report draws and how it writes numbers: planes, fronts, axes, labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from polyloop.core import PROPERTIES
from polyloop.design import Objective
from polyloop.report import text
from polyloop.report.content import axis_of, quarter_half_end
from polyloop.report.figures import (
    Axis,
    Plane,
    beyond_figure,
    calibration_figure,
    failure_figure,
    hypervolume_figure,
    order_figure,
    panel_figure,
)  # fmt: skip

VALUES = np.array([[30.0, 1.70], [40.0, 1.60], [35.0, 1.55], [60.0, 1.50], [60.0, 1.40]])


def plane_of(values: np.ndarray = VALUES, x: Axis | None = None, y: Axis | None = None, **more: object) -> Plane:
    x, y = x or Axis("x"), y or Axis("y")
    signs = [1.0 if axis.maximized else -1.0 for axis in (x, y)]
    cycle = np.arange(len(values)) // 2
    return Plane(values=values, utilities=values * signs, cycle=cycle, x=x, y=y, **more)  # type: ignore[arg-type]


def main_axes(figure: Figure) -> Axes:
    figure.draw_without_rendering()
    return figure.axes[0]


def test_the_front_holds_what_nothing_in_the_plane_beats() -> None:
    assert plane_of().front().tolist() == [0, 1, 3]
    falling = plane_of(x=Axis("x", maximized=False), y=Axis("y", maximized=False))
    assert falling.front().tolist() == [0, 2, 4]


def test_the_front_of_an_earlier_stage_knows_no_later_point() -> None:
    early = plane_of().until(1)
    assert len(early.values) == 4
    assert plane_of().until(0).front().tolist() == [0, 1]


def test_what_breaks_a_requirement_is_drawn_apart_and_on_no_front() -> None:
    plane = plane_of()
    plane = replace(plane, utilities=np.where(np.arange(5)[:, None] == 1, np.nan, plane.utilities))
    assert plane.front().tolist() == [0, 2, 3], "what the one beat is on it now"
    figure = panel_figure(plane, [2])
    figure.draw_without_rendering()
    sizes = [len(collection.get_offsets()) for collection in figure.axes[0].collections]
    assert sizes == [4, 1, 3], "results, the one apart, the front"
    assert "requirements not met" in [one.get_text() for one in figure.legends[0].get_texts()]
    assert "requirements not met" not in [
        one.get_text() for one in panel_figure(plane_of(), [2]).legends[0].get_texts()
    ]
    nothing = replace(plane, utilities=np.full((5, 2), np.nan))
    assert not len(nothing.front())
    panel_figure(nothing, [0, 2]).draw_without_rendering()


@pytest.mark.parametrize(("up", "style"), [(True, "steps-pre"), (False, "steps-post")])
def test_the_drawn_front_is_the_edge_of_what_is_dominated(up: bool, style: str) -> None:
    axes = main_axes(panel_figure(plane_of(x=Axis("x", maximized=up), y=Axis("y", maximized=up)), [2]))
    assert [line.get_drawstyle() for line in axes.get_lines()] == [style]


def test_the_abbe_number_falls_to_the_right_and_nothing_else_does() -> None:
    inverted = {name for name in PROPERTIES if axis_of(Objective(name)).inverted}
    assert inverted == {"abbe_number"}
    axes = main_axes(panel_figure(plane_of(x=axis_of(Objective("abbe_number"))), [2]))
    left, right = axes.get_xlim()
    assert left > 60 > 30 > right


def test_the_limit_line_is_always_inside_the_picture() -> None:
    plane = plane_of(limit=lambda abbe: 2.2 + 0 * abbe, limit_label="limit")
    axes = main_axes(panel_figure(plane, [2]))
    assert axes.get_ylim()[1] > 2.2


def test_a_target_range_is_a_band_and_its_front_no_staircase() -> None:
    values = VALUES
    target = Objective("abbe_number", "range", 38.0, 50.0)
    utilities = np.column_stack([target.utility(values[:, 0]), values[:, 1]])
    plane = Plane(values, utilities, np.zeros(5, dtype=int), axis_of(target), Axis("y"))
    assert plane.front().tolist() == [0, 1]  # 1.70 eight short of the range, and the only one inside it
    axes = main_axes(panel_figure(plane, [0]))
    assert not axes.get_lines()
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert sorted([band.x0, band.x1]) == pytest.approx([38.0, 50.0])


def test_an_open_range_fills_to_the_edge() -> None:
    plane = plane_of(x=Axis("x", (50.0, np.inf)))
    axes = main_axes(panel_figure(plane, [2]))
    band = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert band.x1 == pytest.approx(axes.get_xlim()[1])


def test_the_panels_share_their_axes_and_say_how_far_they_go() -> None:
    figure = panel_figure(plane_of(), [0, 1, 2])
    panels = figure.axes[:3]
    assert [axes.get_title() for axes in panels] == [
        "cycles 0 to 0: 2 evaluated", "cycles 0 to 1: 4 evaluated", "cycles 0 to 2: 5 evaluated",
    ]  # fmt: skip
    assert len({axes.get_xlim() for axes in panels}) == 1


def test_one_point_can_be_drawn() -> None:
    panel_figure(plane_of(VALUES[:1]), [0]).draw_without_rendering()
    order_figure(np.array([1.5]), np.array([1.5]), np.array([0]), Axis("y")).draw_without_rendering()
    hypervolume_figure([0], [0.0]).draw_without_rendering()
    beyond_figure([0], [0]).draw_without_rendering()
    failure_figure({"timeout": 1}).draw_without_rendering()


def test_without_a_value_there_is_nothing_to_draw() -> None:
    with pytest.raises(ValueError, match="no evaluated candidate"):
        panel_figure(plane_of(VALUES[:0]), [0])
    with pytest.raises(ValueError, match="no evaluated candidate"):
        order_figure(np.array([np.nan]), np.array([np.nan]), np.array([0]), Axis("y"))


def test_the_running_best_follows_the_utility_past_failures() -> None:
    values = np.array([np.nan, 1.0, 3.0, np.nan, 1.9, 2.1])
    objective = Objective("density", "range", 2.0, 2.2)
    axes = main_axes(order_figure(values, objective.utility(values), np.zeros(6, dtype=int), axis_of(objective)))
    best, missing = axes.get_lines()
    # 1.0 and 3.0 lie 1.0 and 0.8 from the range, 1.9 lies 0.1 from it, 2.1 inside.
    assert best.get_xdata().tolist() == [2, 3, 5, 6, 6.5]
    assert best.get_ydata().tolist() == [1.0, 3.0, 1.9, 2.1, 2.1]
    assert missing.get_xdata().tolist() == [1, 4]


def test_the_coverage_curve_of_perfect_predictions_is_the_diagonal(rng_seed: int = 1) -> None:
    rng = np.random.default_rng(rng_seed)
    std = rng.uniform(0.5, 2.0, 4000)
    computed = rng.normal(0.0, std)
    figure = calibration_figure(np.zeros(4000), std, computed, np.zeros(4000, dtype=bool), "y")
    nominal, observed = figure.axes[1].get_lines()[0].get_data()
    assert np.abs(np.asarray(observed) - np.asarray(nominal)).max() < 0.03  # Kolmogorov: 0.026 at p = 0.01


def test_a_model_that_claims_to_be_exact_covers_nothing() -> None:
    none = np.zeros(12, dtype=bool)
    figure = calibration_figure(np.zeros(12), np.zeros(12), np.ones(12), none, "y")
    _, observed = figure.axes[1].get_lines()[0].get_data()
    assert np.asarray(observed)[:-1].max() == 0


@pytest.mark.parametrize(("last", "stages"), [(20, [5, 10, 20]), (8, [2, 4, 8]), (2, [0, 1, 2]), (1, [0, 1]), (0, [0])])
def test_stages_are_a_quarter_a_half_and_the_end(last: int, stages: list[int]) -> None:
    assert quarter_half_end(last) == stages


@pytest.mark.parametrize("name", PROPERTIES)
def test_every_property_of_the_table_can_label_an_axis(name: str) -> None:
    figure = Figure()
    figure.text(0, 0, text.axis_label(name))
    figure.draw_without_rendering()  # raises where the mathtext is wrong
    assert "_" not in text.words(name)


@pytest.mark.parametrize(
    ("name", "label", "symbol"),
    [
        ("refractive_index", "refractive index $n_{\\mathrm{D}}$", "<i>n</i><sub>D</sub>"),
        ("abbe_number", "Abbe number $V_{\\mathrm{D}}$", "<i>V</i><sub>D</sub>"),
        ("density", "density $\\rho$ (g/cm³)", "<i>ρ</i>"),
        ("homo", "HOMO $E_{\\mathrm{HOMO}}$ (eV)", "<i>E</i><sub>HOMO</sub>"),
        ("static_polarizability", "static polarizability $\\alpha_{\\mathrm{0}}$ (Å³)", "<i>α</i><sub>0</sub>"),
        ("solvation_energy", "solvation energy $\\Delta G_{\\mathrm{solv}}$ (kJ/mol)", "<i>ΔG</i><sub>solv</sub>"),
    ],
)
def test_labels_are_those_of_the_field(name: str, label: str, symbol: str) -> None:
    assert text.axis_label(name) == label
    assert text.html_symbol(name) == symbol


@pytest.mark.parametrize(
    ("value", "std", "expected"),
    [
        (1.63412, 0.0123, "1.634 ± 0.012"),
        (35.91, 2.1, "35.9 ± 2.1"),
        (4123.4, 250.0, "4123 ± 250"),
        (1.5, None, "1.500"),
        (4123.4, None, "4123"),
        (0.0001765, None, "0.0001765"),
        (1.5, 0.0, "1.500"),
        (1.7652e-4, 1.2e-9, "0.0001765 ± 1.2e-09"),
    ],
)
def test_a_value_has_the_digits_that_its_error_leaves(value: float, std: float | None, expected: str) -> None:
    assert text.number(value, std) == expected


def test_small_numbers_and_ratios_are_written_for_people() -> None:
    assert text.html_exponent(0.0421) == "0.042"
    assert text.html_exponent(1.34e-5) == "1.3&nbsp;×&nbsp;10<sup>−5</sup>"
    assert text.html_exponent(0.0) == "0"
    assert (text.ratio(float("inf")), text.ratio(23.04)) == ("∞", "23")
