"""Benchmarks are no tests, and go on working: what they import is there, and all can be asked what they do."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"
FILES = sorted(FOLDER.glob("*.py"))


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Every `from MODULE import NAME` of polyloop, wherever it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "polyloop":
            yield from ((node.module or "", alias.name) for alias in node.names)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_benchmark_imports_of_polyloop_is_there(file: Path) -> None:
    for module, name in imported(tree_of(file)):
        found = import_module(module)
        is_there = hasattr(found, name) or (hasattr(found, "__path__") and find_spec(f"{module}.{name}"))
        assert is_there, f"{module} has no {name}"


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_what_a_benchmark_imports_of_another_one_is_there(file: Path) -> None:
    stems = {other.stem: other for other in FILES}
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.ImportFrom) and node.module in stems:
            defined = set(names_of(tree_of(stems[node.module])))
            assert {alias.name for alias in node.names} <= defined


def names_of(tree: ast.Module) -> Iterator[str]:
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (part.id for target in targets for part in ast.walk(target) if isinstance(part, ast.Name))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_benchmark_that_can_be_run_can_be_asked_what_it_does(file: Path) -> None:
    """Without a parser --help would run it, for hours, and overwrite its result."""
    text = file.read_text(encoding="utf-8")
    if '__name__ == "__main__"' in text:
        calls = {
            getattr(node.func, "attr", getattr(node.func, "id", ""))
            for node in ast.walk(tree_of(file))
            if isinstance(node, ast.Call)
        }
        assert calls & {"ArgumentParser", "parser"}
        assert "parse_args" in calls


def test_the_names_of_benchmarks_hide_no_module_of_pythons() -> None:
    assert not {file.stem for file in FILES} & set(sys.stdlib_module_names)
