"""The house stays easy to see: imports are lazy, files short, nothing names a machine."""

import ast
import re
import subprocess
import sys
from fnmatch import fnmatch
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted((ROOT / "src").rglob("*.py"))
HEAVY = ("torch", "botorch", "gpytorch", "pyscf", "sklearn", "rdkit", "matplotlib", "pandas", "sqlalchemy", "tblite")


@pytest.mark.parametrize("statement", ["import polyloop", "import polyloop.core", "import polyloop.app.cli.main"])
def test_heavy_libraries_load_only_when_used(statement):
    code = f"import sys; {statement}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert loaded == []


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_is_for_and_stays_short(path):
    text = path.read_text()
    assert ast.get_docstring(ast.parse(text)), "the first line should say what the module is for"
    assert text.count("\n") <= 400


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_function_fits_on_a_page(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            start = node.body[0].end_lineno if ast.get_docstring(node) else node.lineno
            assert node.end_lineno - start <= 60, f"{path.name}:{node.lineno} {node.name}"


def test_nothing_names_a_private_place():
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split()
    private = re.compile(r"/work/|/root/|/home/\w+/|/tmp/bash_jobs")
    for name in tracked:
        path = ROOT / name
        if path.suffix in {".py", ".md", ".toml", ".json", ".yml", ".csv", ""} and path.name != Path(__file__).name:
            match = private.search(path.read_text(errors="ignore"))
            assert match is None, f"{name}: {match.group()}"


def test_every_file_of_tests_is_collected(pytestconfig):
    """Pytest walks past folders of some names (`build`, `dist`, ...) and past twins of a module outside packages."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    skipped = pytestconfig.getini("norecursedirs")
    for path in files:
        for folder in path.relative_to(ROOT).parent.parts:
            assert not any(fnmatch(folder, pattern) for pattern in skipped), path
    modules = [path for path in files if not (path.parent / "__init__.py").exists()]
    assert sorted({path.name for path in modules}) == sorted(path.name for path in modules)
