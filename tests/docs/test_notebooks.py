"""The notebooks run from top to bottom, and what they show is kept in them, small."""

import json

import pytest

from tests.docs.notebooks import FOLDER, executed

NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def test_there_are_four():
    assert len(NOTEBOOKS) >= 4


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs(path):
    pytest.importorskip("nbclient", reason="pip install 'polyloop[test]' brings what runs notebooks")
    pytest.importorskip("ipykernel", reason="pip install 'polyloop[test]' brings what runs notebooks")
    run = executed(path)
    assert not [output for cell in run.cells for output in cell.get("outputs", []) if output.output_type == "error"]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_is_kept_as_it_was_run(path):
    text = path.read_text(encoding="utf-8")
    assert len(text) < 200_000
    code = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == list(range(1, len(code) + 1))
    shown = [output for cell in code for output in cell["outputs"]]
    assert len(shown) >= 4
    assert all(output["output_type"] != "error" and output.get("name") != "stderr" for output in shown)
