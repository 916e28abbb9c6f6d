"""A user's function is what its source is: folders do not mix, changes are seen, and nothing of theirs hides ours."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest

from polyloop.campaign import Campaign, read_campaign_file
from polyloop.campaign.evaluators import evaluators_of
from polyloop.core import ConfigurationError, EvaluationError, FailureCode, Request, Subject
from polyloop.evaluation.answers import ask_function
from polyloop.evaluation.function_source import source_of
from polyloop.evaluation.functions import load_function, serving
from polyloop.run import Runner, Task
from polyloop.store import Store

Write = Callable[..., Path]
CAMPAIGN = """
[campaign]
name = "two-folders"
cycles = 1

[[objectives]]
property = "density"
direction = "minimize"
evaluator = "a"

[[objectives]]
property = "abbe_number"
direction = "maximize"
evaluator = "b"

[evaluators.a]
python = "model:predict"
folder = "a"

[evaluators.b]
python = "model:predict"
folder = "b"

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[initial]
size = 2
"""


def write(folder: Path, files: Mapping[str, str]) -> str:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return str(folder)


def predict(value: str) -> str:
    return f"def predict(smiles, seed):\n    return {{'density': {value}, 'abbe_number': 10 * ({value})}}\n"


def test_two_folders_with_modules_of_equal_names_both_answer_in_one_campaign(place: Path) -> None:
    write(place / "a", {"model.py": "import scale\n" + predict("scale.by"), "scale.py": "by = 1.0\n"})
    write(place / "b", {"model.py": "import scale\n" + predict("scale.by"), "scale.py": "by = 4.0\n"})
    (place / "c.toml").write_text(CAMPAIGN)
    campaign = Campaign.from_file(place / "c.toml", place / "run")
    assert campaign.run(cycles=0, report=False).failures == 0
    assert {(c.value("density"), c.value("abbe_number")) for c in campaign.state().candidates} == {(1.0, 40.0)}


def test_equal_sources_in_two_folders_are_told_apart_since_they_may_read_files_beside_them(place: Path) -> None:
    text = "from pathlib import Path\n" + predict("float(Path(__file__).with_name('by.txt').read_text())")
    write(place / "a", {"model.py": text, "by.txt": "1"})
    write(place / "b", {"model.py": text, "by.txt": "4"})
    (place / "c.toml").write_text(CAMPAIGN)
    campaign = Campaign.from_file(place / "c.toml", place / "run")
    assert campaign.run(cycles=0, report=False).failures == 0
    assert {(c.value("density"), c.value("abbe_number")) for c in campaign.state().candidates} == {(1.0, 40.0)}
    before = {name: one.protocol_id for name, one in evaluators_of(campaign.config).items()}
    moved = place.rename(place.with_name(f"{place.name}-moved"))
    assert before == {
        name: one.protocol_id for name, one in evaluators_of(read_campaign_file(moved / "c.toml")).items()
    }


def test_one_worker_process_serves_folders_that_hold_modules_of_equal_names(tmp_path: Path) -> None:
    folders = [write(tmp_path / name, {"model.py": predict(value)}) for name, value in (("a", "1.5"), ("b", "2.5"))]
    request = Request(Subject("polymer", "*CC*"), "python/m@1")
    tasks = [Task(str(n), ask_function, (request, ("density",), "model:predict", folders[n % 2])) for n in range(4)]
    with Runner(1) as runner:
        found = {int(outcome.key): outcome.value[0].value for outcome in runner.run(tasks)}
    assert found == {0: 1.5, 1: 2.5, 2: 1.5, 3: 2.5}


PACKAGE = {
    "model.py": "import pkg.deep.leaf\nfrom pkg import side as s\n\ndef predict(smiles, seed):\n    import late\n"
    "    return {'density': late.by + pkg.deep.leaf.by + s.by}\n",
    "pkg/__init__.py": "from .base import *\n",
    "pkg/base.py": "by = 1.0\n",
    "pkg/side.py": "from . import base\nby = base.by\n",
    "pkg/deep/leaf.py": "from ..base import by\n",
    "late.py": "by = 1.0\n",
    "unused.py": "by = 7.0\n",
}


def test_packages_relative_imports_and_late_imports_are_the_folders_own(tmp_path: Path) -> None:
    function = load_function("model:predict", write(tmp_path, PACKAGE))
    before = list(sys.path), "late" in sys.modules
    assert function("*CC*", 0) == {"density": 3.0}
    assert before == (list(sys.path), "late" in sys.modules)


@pytest.mark.parametrize("changed", [name for name in PACKAGE if name != "unused.py"])
def test_the_digest_is_that_of_all_files_that_a_function_imports_from_its_folder(tmp_path: Path, changed: str) -> None:
    folder = write(tmp_path, PACKAGE)
    before = source_of("model", folder)
    assert "unused.py" not in before.files
    with (tmp_path / changed).open("a") as stream:
        stream.write("# a comment\n\n")
    assert source_of("model", folder) == before, "comments and empty lines change nothing"
    with (tmp_path / changed).open("a") as stream:
        stream.write("more = 1\n")
    assert source_of("model", folder).changes(before.files) == (changed,)


@pytest.mark.parametrize("text", ['a = """x\n\n# y"""\n', "a = 'x # y'\n", "if True:\n    a = 1\n\n\n    b = 2 # c\n"])
def test_text_that_looks_like_a_comment_counts(tmp_path: Path, text: str) -> None:
    folder = write(tmp_path, {"model.py": text})
    before = source_of("model", folder).digest
    for old, new in (("\n\n# y", "\n# y"), ("# y", "# z"), ("a =", "b =")):
        write(tmp_path, {"model.py": text.replace(old, new)})
        assert (source_of("model", folder).digest == before) == (old not in text)
    write(tmp_path, {"model.py": text.replace("\n", "\r\n")})
    assert source_of("model", folder).digest == before, "nor do the ends of lines"


SHADOWS = ("numpy", "random", "polyloop", "torch", "json", "tempfile", "rdkit", "sklearn")


@pytest.mark.slow
def test_no_file_of_a_users_folder_hides_a_module_that_others_import(tmp_path: Path) -> None:
    """In a process of its own, since the modules of this one are loaded already."""
    trap = "raise RuntimeError('the file of the user was imported')\n"
    files = {f"{name}.py": trap for name in SHADOWS}
    files |= {"model.py": f"import {', '.join(SHADOWS)}\nfrom polyloop.core import Request\n" + predict("1.0")}
    files |= {"logging/x.txt": "", "openmm/__init__.py": trap, "xgboost_runs/x.csv": ""}
    write(tmp_path, files)
    script = (
        "from polyloop.evaluation.functions import load_function\n"
        f"print(load_function('model:predict', {str(tmp_path)!r})('*CC*', 0)['density'])\n"
        f"import {', '.join(SHADOWS)}, logging, openmm\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run(
        [sys.executable, "-c", script], cwd="/", env=environment, capture_output=True, text=True, check=False
    )
    assert (ran.stdout, ran.stderr) == ("1.0\n", "")


def test_a_function_may_live_in_a_file_that_is_called_like_a_library(tmp_path: Path) -> None:
    folder = write(
        tmp_path, {"numpy.py": "import numpy as np\ndef predict(smiles, seed): return {'density': np.by}\nby = 1\n"}
    )
    function = load_function("numpy:predict", folder)
    assert function.__globals__["np"] is np, "what it imports is the library"
    with pytest.raises(AttributeError):
        function("*CC*", 0)


def test_what_goes_by_name_alone_is_found_while_the_function_is_asked(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "traits.py": "class Scaler:\n    by = 1.25\n",
            "pack/__init__.py": "",
            "pack/inner.py": "class Deep:\n    by = 1.0\n",
            "model.py": "import importlib, pathlib, pickle\ndef predict(smiles, seed):\n"
            "    scaler = pickle.loads(pathlib.Path(__file__).with_name('scaler.pkl').read_bytes())\n"
            "    deep = importlib.import_module('pack.inner')\n"
            "    assert pickle.loads(pickle.dumps(scaler)).by == scaler.by\n"
            "    return {'density': scaler.by + deep.Deep.by}\n",
        },
    )
    # As a script in the folder would have written it.
    (tmp_path / "scaler.pkl").write_bytes(b"ctraits\nScaler\n)\x81.")
    with pytest.raises(ModuleNotFoundError):
        pickle.loads((tmp_path / "scaler.pkl").read_bytes())
    function = load_function("model:predict", folder)
    with serving(function):
        assert function("*CC*", 0) == {"density": 2.25}
    assert not {"traits", "pack", "pack.inner"} & sys.modules.keys()


def test_an_edit_takes_effect_in_the_same_process_and_the_same_second(tmp_path: Path) -> None:
    for value in ("1.0", "2.0", "3.0"):
        folder = write(tmp_path, {"model.py": predict(value)})
        assert load_function("model:predict", folder)("*CC*", 0)["density"] == float(value)
    assert not list(tmp_path.rglob("*.pyc"))


def test_a_worker_refuses_a_source_that_is_not_the_one_that_the_campaign_began_with(tmp_path: Path) -> None:
    folder = write(tmp_path, {"model.py": predict("1.0")})
    digest = source_of("model", folder).digest
    write(tmp_path, {"model.py": predict("2.0")})
    with pytest.raises(ConfigurationError, match="The source of model:predict has changed"):
        ask_function(Request(Subject("polymer", "*CC*"), "python/m@1"), ("density",), "model:predict", folder, digest)


def test_a_copied_project_with_an_edited_function_is_not_answered_from_the_others_records(
    campaign_file: Write, place: Path
) -> None:
    text = "def evaluate(smiles, seed): return {'refractive_index': 2.0, 'abbe_number': 40}\n"
    write(place, {"slow_optics.py": text})
    file = campaign_file(f'[store]\nurl = "sqlite:///{place}/shared.sqlite"\n', evaluator="function")
    first = Campaign.from_file(file, place / "run")
    first.run(cycles=0, report=False)
    copy = place / "copy"
    copy.mkdir()
    for name in ("c.toml", "pool.csv", "table.csv", "slow_optics.py"):
        (copy / name).write_text((place / name).read_text())
    unedited = Campaign.from_file(copy / "c.toml", copy / "run")
    unedited.run(cycles=0, report=False)
    with Store(place / "shared.sqlite") as store:
        assert len(store.evaluations()) == 6, "the same function is asked once"
    (copy / "slow_optics.py").write_text((copy / "slow_optics.py").read_text().replace("2.0", "1.5"))
    edited = Campaign.from_file(copy / "c.toml", copy / "other-run")
    edited.run(cycles=0, report=False)
    assert {c.value("refractive_index") for c in edited.state().candidates} == {1.5}
    assert {c.value("refractive_index") for c in first.state().candidates} == {2.0}


def test_a_campaign_that_goes_on_says_which_files_of_its_function_have_changed(
    campaign_file: Write, place: Path
) -> None:
    text = "import scale\ndef evaluate(smiles, seed): return {'refractive_index': scale.by, 'abbe_number': 40}\n"
    write(place, {"slow_optics.py": text, "scale.py": "by = 1.5\n"})
    campaign = Campaign.from_file(campaign_file(evaluator="function"), place / "run")
    campaign.run(cycles=0, report=False)
    write(place, {"scale.py": "by = 1.5  # measured\n"})
    campaign.run(cycles=0, report=False)
    write(place, {"scale.py": "by = 1.6\n"})
    with pytest.raises(ConfigurationError) as caught:
        campaign.run(cycles=0, report=False)
    assert "the source of the function for refractive_index has changed (scale.py)" in str(caught.value)
    assert "evaluators.refractive_index was" in str(caught.value)
    write(place, {"scale.py": "by = 1.5\n"})
    assert campaign.run(cycles=0, report=False).state == "finished"
    assert "sources" in json.loads((place / "run" / "identity.json").read_text())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def predict(smiles seed): return {}\n", r"model.py, line 1: SyntaxError: invalid syntax"),
        ("x = 1\n    y = 2\n", r"model.py, line 2: IndentationError: unexpected indent"),
        ("def predict(s, n): return {}\n\n{}['mass']\n", r"model.py, line 3: The module raises KeyError .*'mass'"),
        ("import sys\nsys.exit(3)\n", r"model.py, line 2: The module leaves with sys.exit\(3\)"),
        ("class Own(BaseException): pass\nraise Own('ends')\n", r"line 2: The module raises Own .*: ends"),
        ("raise GeneratorExit\n", r"line 1: The module raises GeneratorExit when it is imported\."),
        ("import helper\n", r"The module 'helper' of the evaluator 'model:predict' cannot be imported"),
        ("import other.missing\n", r"The module 'other.missing' of the evaluator"),
        ("import broken\n", r"broken.py, line 1: SyntaxError"),
        ("from other import nothing\n", r"raises ImportError .*cannot import name 'nothing' from 'other'"),
        ("predict = 3\n", r"'model:predict' is no function"),
        ("\x00", r"SyntaxError: source code string cannot contain null bytes"),
    ],
)
def test_what_goes_wrong_while_a_module_is_imported_is_named_with_its_line(
    tmp_path: Path, text: str, said: str
) -> None:
    folder = write(tmp_path, {"model.py": text, "other.py": "", "broken.py": "def f(:\n"})
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_function("model:predict", folder)
    assert "_polyloop_function" not in str(caught.value)


def test_a_full_disk_while_a_module_is_imported_is_the_machines_fault(tmp_path: Path) -> None:
    folder = write(tmp_path, {"model.py": "import errno\nraise OSError(errno.ENOSPC, 'No space left on device')\n"})
    with pytest.raises(EvaluationError) as caught:
        load_function("model:predict", folder)
    assert caught.value.failure.code is FailureCode.DISK
