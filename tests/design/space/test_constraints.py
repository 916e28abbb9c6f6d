"""Constraints: read as arithmetic, kept up to rounding, and refused by name where they cannot be."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polyloop.core import InvalidInputError
from polyloop.design.space import Categorical, Condition, Continuous, Linear, Space
from polyloop.design.space.expressions import read_expression

T, S = Continuous("temperature", 20, 120), Continuous("time", 1, 60)


@given(st.floats(20, 120), st.floats(1, 60))
def test_a_text_says_what_python_says(temperature, time):
    columns = {"temperature": np.array([temperature]), "time": np.array([time])}
    text = "temperature * time**0.5 - exp(-time / 10) + max(time, 3) < 400"
    left = temperature * time**0.5 - np.exp(-time / 10) + max(time, 3)
    ((margin, _),) = read_expression(text).margins(columns)
    assert margin[0] == pytest.approx(400 - left, rel=1e-12, abs=1e-9)


def test_a_text_has_the_same_value_and_a_derivative_on_tensors():
    import torch

    x = torch.tensor(50.0, dtype=torch.double, requires_grad=True)
    ((margin, _),) = read_expression("4000 > temperature * 30").margins({"temperature": x})
    margin.backward()
    assert (float(margin.detach()), float(x.grad)) == (2500.0, -30.0)


def test_two_comparisons_are_both_kept():
    condition = Condition("2 < temperature / time <= 10")
    columns = {"temperature": np.array([40.0, 40.0, 40.0]), "time": np.array([30.0, 10.0, 2.0])}
    assert condition.holds(columns).tolist() == [False, True, False]


def test_what_has_no_value_is_not_allowed():
    assert not Condition("log(time - 30) < 100").holds({"time": np.array([10.0])})[0]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("__import__('os').system('true') < 1", "may not hold"),
        ("(lambda: 1)() < temperature", "may not hold"),
        ("temperature.real < 1", "may not hold"),
        ("[temperature][0] < 1", "may not hold"),
        ("temperature < 'a'", "no number"),
        ("temperature < True", "no number"),
        ("temperature < 1e999", "no number"),
        ("temperature < " + "9" * 400, "no number"),
        ("eval(temperature) < 1", "may not hold"),
        ("sqrt(temperature, 2) < 1", "takes 1"),
        ("temperature", "compares nothing"),
        ("temperature == 3", "by < <= > >= only"),
        ("1 < temperature > 3", "two directions"),
        ("temperature <", "cannot be read"),
        ("1 < 2", "names no variable"),
        ("(" * 300 + "temperature" + ")" * 300 + " < 1", "characters"),
        ("-" * 60 + "temperature < 1", "nested"),
    ],
)
def test_what_is_no_arithmetic_is_refused(text, reason):
    with pytest.raises(InvalidInputError, match=reason):
        read_expression(text)


@pytest.mark.parametrize(
    ("constraint", "reason"),
    [
        (lambda: Linear({"temperature": 1}, "<", 3), "no sense"),
        (lambda: Linear({"temperature": 0}, "<=", 3), "sums nothing"),
        (lambda: Linear({"temperature": 1}, "<=", float("nan")), "finite"),
        (lambda: Space((T, S), (Linear({"temprature": 1}, "<=", 30),)), "no variable 'temprature'"),
        (lambda: Space((T, S), (Linear({"temperature": 1}, "<=", 10),)), "between 20 and 120"),
        (lambda: Space((T, Categorical("base", ("a", "b"))), (Condition("base < 3"),)), "choice and no number"),
        (lambda: Space((T, Continuous("z", 1, 9, log=True)), (Linear({"temperature": 1, "z": 1}, "==", 50),)), "plain"),
        (lambda: Condition(3), "neither"),
        (lambda: Space(()), "at least one"),
        (lambda: Space((T, T)), "Two variables"),
        (lambda: Space((Categorical("c", ("a", "b")),), (Condition(lambda p: False),)), "No combination"),
    ],
)
def test_a_constraint_that_cannot_be_is_refused(constraint, reason):
    with pytest.raises(InvalidInputError, match=reason):
        constraint()


def test_rounding_alone_breaks_no_constraint():
    space = Space([Continuous(n, 0, 1) for n in "abc"], (Linear({"a": 1, "b": 1, "c": 1}, "==", 1),))
    assert space.contains({"a": 0.333333, "b": 0.333333, "c": 0.333333})
    assert not space.contains({"a": 0.333, "b": 0.333, "c": 0.333})


def test_a_function_sees_the_values_of_one_point():
    seen = []
    space = Space((T, Categorical("base", ("a", "b"))), (Condition(lambda p: seen.append(p) or p["base"] == "a"),))
    assert space.contains({"temperature": 30.0, "base": "a"})
    assert not space.contains({"temperature": 30.0, "base": "b"})
    assert seen[0] == {"temperature": 30.0, "base": "a"}
