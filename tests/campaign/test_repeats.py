"""Repeat or explore in a campaign: noisy candidates are evaluated again, and count by the mean of their repeats."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

import pytest

from polyloop import Campaign
from polyloop.campaign.export import export_records
from polyloop.core import ConfigurationError, InvalidInputError
from polyloop.core.properties import PROPERTIES
from tests.conftest import optics

# The refractive index with noise of its own for each seed; what is asked is written down.
FUNCTION = """
import os, time, zlib
from pathlib import Path

import numpy as np

from tests.conftest import optics

NOISE = {noise}


def evaluate(smiles, seed):
    handle = os.open(Path(__file__).with_name("calls.log"), os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(handle, f"{{smiles}} {{seed}}\\n".encode())
    os.close(handle)
    time.sleep({pause})
    rng = np.random.default_rng([zlib.crc32(smiles.encode()), seed])
    return {{"refractive_index": optics(smiles)[0] + NOISE * rng.standard_normal()}}
"""
FILE = """
[campaign]
name = "campaign"
seed = 4
batch = 4
cycles = 3
evaluation_seed = 7

[[objectives]]
property = "refractive_index"
direction = "maximize"
evaluator = "f"

[evaluators.f]
python = "noisy:evaluate"

[pool]
source = "csv"
file = "pool.csv"

[features]
blocks = ["ecfp"]

[acquisition]
repeats = true
most_repeats = 3

[initial]
size = 8
"""
# The spread of the index over the pool is 0.045.
LARGE = 0.03


def enter(place: Path, units: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(place)
    # Workers import `tests.conftest`, as the function does.
    monkeypatch.setenv("PYTHONPATH", f"{Path(__file__).parents[2]}{os.pathsep}{os.environ.get('PYTHONPATH', '')}")
    (place / "pool.csv").write_text("smiles\n" + "".join(f"{unit}\n" for unit in units))
    return place


@pytest.fixture
def place(tmp_path: Path, units: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> Path:
    return enter(tmp_path, units, monkeypatch)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, units: tuple[str, ...]) -> Campaign:
    """The campaign with large noise, run once in one go, to be read and not written."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        place = enter(tmp_path_factory.mktemp("whole"), units, monkeypatch)
        campaign = Campaign.from_file(write(place, LARGE), place / "run")
        campaign.run(report=False)
    return campaign


def write(place: Path, noise: float, *, pause: float = 0.0, change: tuple[str, str] = ("", "")) -> Path:
    (place / "noisy.py").write_text(FUNCTION.format(noise=noise, pause=pause))
    (place / "c.toml").write_text(FILE.replace(*change) if change[0] else FILE)
    return place / "c.toml"


def run(file: Path, directory: str = "run") -> Campaign:
    campaign = Campaign.from_file(file, directory)
    campaign.run(report=False)
    return campaign


def asked(campaign: Campaign) -> list[tuple[int, str, int]]:
    return [(one.cycle, one.text, one.seed) for one in campaign.state().asked]


def test_with_large_noise_candidates_are_repeated_and_count_by_the_mean_of_their_repeats(whole: Campaign) -> None:
    campaign, place = whole, whole.directory.parent
    state = campaign.state()
    assert len(state.asked) == 8 + 4 * 3
    assert state.repeats > 0
    assert len({one.text for one in state.candidates}) == len(state.candidates) == len(state.asked) - state.repeats
    singles = {(one.text, one.seed): one.value("refractive_index") for one in state.asked}
    repeated = [one for one in state.candidates if one.repeats]
    assert repeated
    for one in repeated:
        values = [value for (text, _), value in singles.items() if text == one.text]
        record = one.records["refractive_index"]
        assert (record.value, record.n) == (pytest.approx(fmean(values)), len(values))
        assert record.std == pytest.approx(stdev(values) / len(values) ** 0.5)
        assert [each.request.seed for each in one.repeats["refractive_index"]] == list(range(7, 7 + len(values)))
        assert len(values) <= 1 + 3
    calls = (place / "calls.log").read_text().split("\n")[:-1]
    assert len(calls) == len(set(calls)) == len(state.asked), "each seed of each candidate is computed once"
    check_report_and_export(campaign, place)


def check_report_and_export(campaign: Campaign, place: Path) -> None:
    """Mean, standard error and number stand in both."""
    campaign.report()
    one = next(each for each in campaign.state().candidates if each.repeats)
    with (campaign.directory / "report" / "candidates.csv").open(newline="") as stream:
        rows = {row["smiles"]: row for row in csv.DictReader(stream)}
    row, record = rows[one.text], one.records["refractive_index"]
    assert float(row["refractive_index [1]"]) == pytest.approx(record.value)
    assert float(row["refractive_index_std [1]"]) == pytest.approx(record.std)
    assert row["refractive_index_n"] == str(record.n)
    page = (campaign.directory / "report" / "index.html").read_text()
    assert "of which repeats" in page and f"mean of {record.n}" in page
    export_records(str(campaign.directory), place / "out.csv")
    with (place / "out.csv").open(newline="") as stream:
        exported = [row for row in csv.DictReader(stream) if row["smiles"] == one.text]
    assert len(exported) == record.n
    assert {row["campaign_refractive_index [1]"] for row in exported} == {str(record.value)}
    assert {row["campaign_refractive_index_n"] for row in exported} == {str(record.n)}


def test_without_noise_one_trial_shows_that_there_is_none_and_nothing_is_repeated_again(place: Path) -> None:
    """No data can tell noise from roughness before something was asked twice."""
    assert [cycle for cycle, _, seed in asked(run(write(place, 0.0))) if seed > 7] == [1]


def test_where_values_state_that_they_have_no_error_nothing_is_ever_repeated(place: Path) -> None:
    file = write(place, 0.0)
    text = (place / "noisy.py").read_text().replace("NOISE * rng.standard_normal()}", "0.0, 0.0)}")
    (place / "noisy.py").write_text(text.replace('"refractive_index": optics', '"refractive_index": (optics'))
    assert run(file).state().repeats == 0


def test_without_the_option_nothing_is_repeated(place: Path) -> None:
    assert run(write(place, LARGE, change=("repeats = true\nmost_repeats = 3", ""))).state().repeats == 0


@pytest.mark.slow
def test_a_campaign_in_parts_asks_what_the_whole_one_asks(place: Path, whole: Campaign) -> None:
    file = write(place, LARGE)
    parts = Campaign.from_file(file, "parts")
    for cycles in (0, 2, 3):
        parts.run(cycles=cycles, report=False)
    assert asked(parts) == asked(whole)


@pytest.mark.slow
def test_a_killed_campaign_goes_on_with_the_same_repeats(place: Path, whole: Campaign) -> None:
    file = write(place, LARGE, pause=0.15)
    repeated_in = next(cycle for cycle, _, seed in asked(whole) if seed > 7)
    command = [sys.executable, "-m", "polyloop.app.cli", "discover", "c.toml", "-d", "killed", "-q", "--no-report"]
    # In the middle of the first batch that repeats, and again a little later.
    for enough in (8 + 4 * (repeated_in - 1) + 2, 8 + 4 * repeated_in + 1):
        process = subprocess.Popen(command, cwd=place, start_new_session=True, stderr=subprocess.PIPE)
        end = time.monotonic() + 120
        log = place / "calls.log"
        while process.poll() is None and (not log.exists() or log.read_text().count("\n") < enough):
            assert time.monotonic() < end
            time.sleep(0.01)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    run(file, "killed")
    assert asked(Campaign.from_directory("killed")) == asked(whole)


def noisy(smiles: str, seed: int) -> dict[str, float]:
    import zlib

    import numpy as np

    rng = np.random.default_rng([zlib.crc32(smiles.encode()), seed])
    return {"refractive_index": optics(smiles)[0] + 0.03 * rng.standard_normal()}


@pytest.mark.slow
def test_python_objects_make_the_same_repeats_as_the_file(place: Path, units: tuple[str, ...]) -> None:
    # Objects state no evaluation seed, so the file may not either.
    by_file = run(write(place, LARGE, change=("cycles = 3\nevaluation_seed = 7\n", "cycles = 2\n")), "file")
    objects = Campaign(
        ["refractive_index"], list(units), evaluators=noisy, features=["ecfp"], initial=8, seed=4, batch=4, cycles=2,
        acquisition={"repeats": True, "most_repeats": 3}, directory=place / "objects",
    )  # fmt: skip
    objects.run(report=False)
    assert asked(objects) == asked(by_file)
    assert objects.state().repeats > 0


def fixed(smiles: str, seed: int) -> dict[str, float]:
    return {"refractive_index": optics(smiles)[0]}


fixed.depends_on_seed = False  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("[evaluators.f]\npython = \"noisy:evaluate\"", "[evaluators.f]\ntable = \"pool.csv\""), "Nothing would be"),
        (('evaluator = "f"', 'level = "instant"'), "Nothing would be"),
        (('evaluator = "f"', 'level = "quick"'), "Nothing would be"),
        (("repeats = true", 'repeats = true\nname = "ei"'), "knowledge gradient"),
        (('direction = "maximize"', "range = [1.4, 1.5]"), "range"),
        (("most_repeats = 3", "most_repeats = 0"), "most_repeats"),
    ],
)  # fmt: skip
def test_repeats_that_tell_nothing_are_refused_by_line(place: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said) as refused:
        Campaign.from_file(write(place, LARGE, change=change), "run")
    assert "line" in str(refused.value)


def test_repeats_of_a_function_that_does_not_depend_on_its_seed_are_refused(
    place: Path, units: tuple[str, ...]
) -> None:
    campaign = Campaign(
        ["refractive_index"], list(units), evaluators=fixed, features=["ecfp"], acquisition={"repeats": True},
        directory=place / "run",
    )  # fmt: skip
    with pytest.raises(ConfigurationError, match="depends on its seed"):
        campaign.run(report=False)


LABORATORY = (
    FILE.replace('evaluator = "f"', 'level = "experiment"')
    .replace('[evaluators.f]\npython = "noisy:evaluate"\n', "")
    .replace("refractive_index", "toughness")
    + """
[properties.toughness]
unit = "MJ/m3"
low = -500
high = 500
"""
)


@pytest.fixture
def toughness() -> Iterator[None]:
    yield
    PROPERTIES.remove("toughness")


def read(name: str) -> list[dict[str, str]]:
    with Path(name).open(newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_laboratory_is_asked_to_repeat_and_its_repeats_are_averaged(place: Path, toughness: None) -> None:
    (place / "lab.toml").write_text(LABORATORY)
    campaign = Campaign.from_file(place / "lab.toml", "run")
    rows: list[dict[str, Any]] = []
    for turn in range(6):
        campaign.suggest(8 if turn == 0 else 4, path="a.csv")
        rows = read("a.csv")
        for row in rows:
            value = noisy(row["smiles"], int(row["repeat"]))["refractive_index"]
            row["toughness [MJ/m3]"] = str(1000 * (value - 1.5))
        with Path("b.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, rows[0])
            writer.writeheader()
            writer.writerows(rows)
        assert {(one.subject.text, one.repeat) for one in campaign.pending()} == {
            (row["smiles"], int(row["repeat"])) for row in rows
        }
        campaign.tell("b.csv")
        assert not campaign.pending()
    state = campaign.state()
    assert state.repeats > 0
    for one in state.candidates:
        values = [each.value("toughness") for each in state.asked if each.text == one.text]
        assert one.value("toughness") == pytest.approx(fmean(values))
        assert one.records["toughness"].n == len(values)
    # One more that nobody asked for joins the first.
    told = next(one for one in state.candidates if one.repeats)
    campaign.tell([{"smiles": told.text, "toughness": 0.0}], repeats=True)
    again = next(one for one in campaign.state().candidates if one.text == told.text)
    assert again.records["toughness"].n == told.records["toughness"].n + 1


def test_a_repeat_that_is_no_number_is_refused(place: Path, toughness: None, units: tuple[str, ...]) -> None:
    (place / "lab.toml").write_text(LABORATORY)
    campaign = Campaign.from_file(place / "lab.toml", "run")
    campaign.suggest(2)
    with pytest.raises(InvalidInputError, match="numbers no measurement"):
        campaign.tell([{"smiles": units[0], "toughness": 1.0, "repeat": "twice"}])
