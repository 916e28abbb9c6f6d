"""CSV that spreadsheets show as text, and that reads back as it was."""

import ast
import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import polyloop
from polyloop.core.csv_text import csv_text, plain_cell

TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
STARTS = st.sampled_from(["", "=", "+", "-", "@", "\t", "\r", "'", "'=", "''-"])
CELLS = st.builds(str.__add__, STARTS, TEXT)


def read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline="")))


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_text_begins_as_a_formula_does(start):
    (header, row) = read(csv_text([f"{start}head"], [[f'{start}HYPERLINK("http://x")']]))
    assert header[0][0] == row[0][0] == "'"


@pytest.mark.parametrize("number", ["-1", "+2.5", "-1e-8", "-inf"])
def test_numbers_are_left_as_they_are(number):
    assert read(csv_text(["a", "b"], [[number, float(number)]]))[1][0] == number
    assert not csv_text(["a"], [[float(number)]]).count("'")


@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), max_size=5))
def test_it_reads_back_as_it_was(rows):
    found = read(csv_text(["a", "b"], rows))[1:]
    assert [[plain_cell(cell) for cell in row] for row in found] == rows


def test_nothing_else_in_the_library_writes_csv():
    folder = Path(polyloop.__file__).parent
    writers = []
    for path in folder.rglob("*.py"):
        tree = ast.parse(path.read_text())
        names = {ast.unparse(node) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        if names & {"csv.writer", "csv.DictWriter"} or any(name.endswith(".to_csv") for name in names):
            writers.append(path.relative_to(folder).as_posix())
    assert writers == ["core/csv_text.py"]
