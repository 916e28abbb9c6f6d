"""Errors say what, where and the remedy, also after they crossed a process border."""

import pickle

import pytest

from polyloop.core import EvaluationError, FailureCode, InvalidInputError, MissingDependencyError, require


def test_an_error_names_the_place_and_the_mend():
    error = InvalidInputError("No number.", where="pool.csv:7", hint="Write a decimal number.")
    assert str(error) == "pool.csv:7: No number. Write a decimal number."
    assert str(InvalidInputError("No number.")) == "No number."


@pytest.mark.parametrize(
    "error",
    [
        InvalidInputError("a", where="b", hint="c"),
        EvaluationError(FailureCode.SCF, "scf", "did not converge", hint="try another seed", retryable=True),
    ],
)
def test_an_error_is_the_same_after_pickling(error):
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


def test_an_absent_package_is_named_with_its_install_line():
    with pytest.raises(MissingDependencyError, match=r"pip install 'polyloop\[postgres\]'"):
        require("a_package_that_is_not_there", extra="postgres")
    assert require("json", extra="none").dumps([]) == "[]"


def test_a_present_package_with_a_broken_import_is_not_called_absent(tmp_path, monkeypatch):
    (tmp_path / "present_but_broken.py").write_text("import a_dependency_that_is_not_there\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ModuleNotFoundError, match="a_dependency_that_is_not_there") as caught:
        require("present_but_broken", extra="x")
    assert not isinstance(caught.value, MissingDependencyError)
