"""Studies: curves that are known are found, choices do not leak, and what is finished is never done again."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockValues
from polyloop.learn.domain import DomainReport
from polyloop.learn.intervals import Interval
from polyloop.learn.validation import LowestSplit, RandomSplit
from polyloop.learn.validation.candidate import Candidate
from polyloop.learn.validation.extrapolation import study_extrapolation
from polyloop.learn.validation.nested import ensemble_of, nested_cross_validation
from polyloop.learn.validation.power_law import fit_power_law
from polyloop.learn.validation.runs import Run, StudyData
from polyloop.learn.validation.scaling import default_sizes, study_scaling
from polyloop.learn.validation.study import carry_out_study
from polyloop.learn.validation.study_config import StudyConfig

ROOT = Path(__file__).parents[2]
KNOWN = ROOT / "examples" / "known_polymers.csv"
PLS = Candidate("pls", "pls", {"members": 4}, checked=False)
RIDGE = Candidate("ridge", "ensemble", {"members": 8}, checked=False)
FOREST = Candidate("forest", "random_forest", {"trees": 20}, checked=False)


def linear(n: int = 80, noise: float = 0.1, seed: int = 0) -> StudyData:
    """A linear function of three of six quantities, of variance near 1, with noise."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, 6))
    return StudyData({"x": BlockValues(x, "physical")}, x[:, :3].sum(axis=1) / 3**0.5 + noise * rng.normal(size=n))


def config(**changes: object) -> StudyConfig:
    values = {
        "study": "extrapolation", "table": str(KNOWN), "target": "refractive_index", "models": ("pls", "ensemble"),
        "options": {"pls": {"members": 4}, "ensemble": {"members": 4}}, "splits": ("random", "clusters"),
        "n_splits": 2, "blocks": ("backbone", "ecfp"), "invariant": False, "checked": False,
    }  # fmt: skip
    return StudyConfig.of(**{**values, **changes})


def rows_of(path: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(path.read_text().splitlines()))


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("descriptors") / "cache.sqlite"


def without_times(runs: tuple[Run, ...]) -> list[dict[str, object]]:
    return [{key: value for key, value in run.to_dict().items() if key != "seconds"} for run in runs]


def test_a_linear_model_is_told_to_be_better_beyond_the_range_and_the_test_says_so() -> None:
    found = study_extrapolation(linear(), [PLS, FOREST], {"random": RandomSplit(4), "lowest": LowestSplit(4)})
    best = {one.split: one for one in found.summaries() if one.against_best is None}
    worst = {one.split: one for one in found.summaries() if one.against_best is not None}
    assert {one.model for one in best.values()} == {"pls"}
    assert worst["lowest"].against_best.difference > 0.3 and worst["lowest"].against_best.p_value < 0.05
    assert worst["lowest"].scores["relative_rmse"] > 1.5 * worst["random"].scores["relative_rmse"]
    assert len(found.runs) == 16 and {run.n_ask for run in found.runs if run.split == "random"} == {16}


def test_all_models_are_asked_the_same_rows_and_the_seed_moves_them() -> None:
    first = study_extrapolation(linear(), [PLS], {"random": RandomSplit(2)})
    with_other = study_extrapolation(linear(), [RIDGE, PLS], {"random": RandomSplit(2)})
    assert without_times(first.runs) == [row for row in without_times(with_other.runs) if row["model"] == "pls"]
    moved = study_extrapolation(linear(), [PLS], {"random": RandomSplit(2, seed=1)}, seed=1)
    assert without_times(moved.runs)[0]["rmse"] == without_times(first.runs)[1]["rmse"]


def test_checked_intervals_cover_inside_the_data() -> None:
    found = study_extrapolation(linear(200, 0.5), [Candidate("pls", "pls", {"members": 8})], {"random": RandomSplit(3)})
    (one,) = found.summaries()
    assert one.scores["coverage"] == pytest.approx(0.9, abs=0.08)  # 120 values: two standard errors are 0.055


def test_a_power_law_and_its_floor_are_found_again() -> None:
    """error^2 = 0.2^2 + (2 n^-0.5)^2, twenty splits with 5 % scatter."""
    sizes, rng = np.array([30.0, 100, 300, 1000, 3000]), np.random.default_rng(0)
    errors = np.sqrt(0.2**2 + 4.0 / sizes) * np.exp(0.05 * rng.normal(size=(20, 5)))
    law = fit_power_law(sizes, errors, rng=rng)
    assert law.exponent == pytest.approx(0.5, abs=0.05)
    assert law.floor == pytest.approx(0.2, abs=0.02)
    assert law.exponent_low < 0.5 < law.exponent_high and law.floor_low < 0.2 < law.floor_high and law.floor_is_told
    np.testing.assert_allclose(law.error(sizes), np.sqrt(0.2**2 + 4.0 / sizes), rtol=0.03)
    without = fit_power_law(sizes, np.tile(3.0 * sizes**-0.4, (2, 1)), rng=rng)
    assert without.exponent == pytest.approx(0.4, rel=1e-9) and without.floor == 0.0 and not without.floor_is_told
    with pytest.raises(InvalidInputError, match="no learning curve"):
        fit_power_law(sizes[:2], errors[:, :2], rng=rng)


def test_a_learning_curve_of_a_linear_function_ends_in_its_noise() -> None:
    """With d of n rows used up by d coefficients the squared error is noise (1 + d/n) over the variance, roughly."""
    data = linear(500, 0.3)
    noisy = StudyData(data.X, data.y, np.full(500, 0.3**2))
    found = study_scaling(noisy, [RIDGE], RandomSplit(3), (15, 40, 100, 390))
    law = found.laws["ridge"]
    assert found.label_noise == pytest.approx(0.3 / np.hypot(1, 0.3), rel=0.1)
    assert law is not None and law.floor == pytest.approx(found.label_noise, rel=0.15)
    assert [size for size, _ in found.summaries()] == [15, 40, 100, 390]
    errors = [one.scores["relative_rmse"] for _, one in found.summaries()]
    assert errors == sorted(errors, reverse=True)


def test_sizes_that_cannot_be_had_are_refused() -> None:
    assert default_sizes(1000) == (30, 100, 300, 1000)
    for sizes in ((20, 100), (5, 20)):
        with pytest.raises(InvalidInputError, match="rows cannot teach"):
            study_scaling(linear(), [PLS], RandomSplit(2), sizes)
    assert study_scaling(linear(), [PLS], RandomSplit(1), (20, 40)).laws == {"pls": None}


def test_the_choice_of_nested_cross_validation_does_not_leak() -> None:
    """Of pure noise nothing is learnt, whichever of six models looks best inside."""
    rng = np.random.default_rng(3)
    X = {name: BlockValues(rng.normal(size=(60, 3)), "physical") for name in "abcdef"}
    data = StudyData(X, rng.normal(size=60))
    candidates = [Candidate(name, "pls", {"members": 4}, (name,), checked=False) for name in X]
    found = nested_cross_validation(data, candidates, RandomSplit(6), RandomSplit(3))
    assert sum(found.chosen().values()) == 6 and set(found.chosen()) <= set(X)
    # The standard error of a mean R2 of 6 x 12 values of noise is some 0.1.
    assert all(one.scores["r2"] < 0.1 for one in found.summaries())


def test_nested_cross_validation_chooses_what_is_better_and_an_ensemble_does_no_worse() -> None:
    found = nested_cross_validation(linear(60), [FOREST, PLS], RandomSplit(3), RandomSplit(2))
    assert found.chosen() == {"pls": 3}
    chosen, ensemble = (next(one for one in found.summaries() if one.model == name) for name in ("chosen", "ensemble"))
    assert ensemble.scores["relative_rmse"] < 1.5 * chosen.scores["relative_rmse"]


def test_an_ensemble_of_models_that_disagree_is_less_sure_than_each() -> None:
    report = DomainReport({"far": np.array([True, False])})
    said = [
        (Interval(mean, np.ones(2), mean - 2, mean + 2), report)
        for mean in (np.array([0.0, 1.0]), np.array([6.0, 1.0]))
    ]
    interval, flags = ensemble_of(said)
    np.testing.assert_allclose(interval.mean, [3.0, 1.0])
    np.testing.assert_allclose(interval.std, [np.sqrt(1 + 9), 1.0])
    np.testing.assert_allclose(interval.high - interval.mean, [2 * np.sqrt(10), 2.0])
    assert flags.outside.tolist() == [True, False]


@pytest.mark.slow
@pytest.mark.parametrize("study", ["extrapolation", "scaling", "nested"])
def test_a_study_that_was_killed_goes_on_and_ends_as_if_it_never_was(study: str, tmp_path: Path, cache: Path) -> None:
    made = config(study=study, splits=("random",), sizes=(20, 40, 60) if study == "scaling" else ())
    whole, _ = carry_out_study(made, tmp_path / "whole", cache=cache)
    told: list[Run] = []

    def stop(run: Run) -> None:
        told.append(run)
        if len(told) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        carry_out_study(made, tmp_path / "killed", cache=cache, progress=stop)
    with (tmp_path / "killed" / "runs.jsonl").open("a") as stream:
        stream.write('{"model": "pls", "spl')  # a line that was being written
    rest: list[Run] = []
    again, _ = carry_out_study(made, tmp_path / "killed", cache=cache, progress=rest.append)
    assert without_times(again.runs) == without_times(whole.runs)
    assert len(told) + len(rest) == len(whole.runs)
    more: list[Run] = []
    carry_out_study(made, tmp_path / "killed", cache=cache, progress=more.append)
    assert more == []
    assert {path.name for path in (tmp_path / "killed").iterdir()} == {
        "study.toml", "runs.jsonl", "table.csv", "errors.png", "study.json",
    }  # fmt: skip


def test_a_study_may_grow_but_another_one_is_refused_in_its_folder(tmp_path: Path, cache: Path) -> None:
    carry_out_study(config(models=("pls",), options={"pls": {"members": 4}}, n_splits=1), tmp_path, cache=cache)
    new: list[Run] = []
    with pytest.raises(InvalidInputError, match="another study: options"):
        carry_out_study(config(), tmp_path, cache=cache)
    grown = config(models=("pls",), options={"pls": {"members": 4}}, n_splits=2)
    found, _ = carry_out_study(grown, tmp_path, cache=cache, progress=new.append)
    assert len(found.runs) == 4 and [run.repeat for run in new] == [1, 1]
    with pytest.raises(InvalidInputError, match="another study: target, digest"):
        carry_out_study(
            config(models=("pls",), options={"pls": {"members": 4}}, target="glass_transition_temperature"),
            tmp_path,
            cache=cache,
        )


def test_the_configuration_replays_the_study(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    place = tmp_path / "first"
    words = ["--csv", str(KNOWN), "--target", "refractive_index", "--block", "backbone", "--block", "ecfp"]
    words += ["--model", "pls", "--option", "pls.members=4", "--split", "leave_class_out", "--split", "lowest"]
    words += ["--split-option", "lowest.share=0.4", "--splits", "2", "--unchecked", "--no-invariant"]
    assert main(["model", "study", "extrapolation", *words, "-o", str(place)]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines()[0].startswith("split\tmodel\trows that teach\terror")
    assert len(shown.out.splitlines()) == 3
    assert main(["model", "study", "replay", str(place / "study.toml"), "-o", str(tmp_path / "again"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert len(found["runs"]) == 4 and found["digest"] in (place / "study.toml").read_text()
    first, again = (rows_of(folder / "table.csv") for folder in (place, tmp_path / "again"))
    assert [row["relative_rmse"] for row in first] == [row["relative_rmse"] for row in again]
    assert (place / "errors.png").read_bytes().startswith(b"\x89PNG")


def test_scaling_and_nested_have_their_commands(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--csv", str(KNOWN), "--target", "refractive_index", "--block", "backbone", "--no-invariant"]
    words += ["--model", "pls", "--option", "pls.members=4", "--splits", "2", "--unchecked"]
    sizes = ["--size", "20", "--size", "40", "--size", "80"]
    assert main(["model", "study", "scaling", *words, *sizes, "-o", str(tmp_path / "scaling")]) == 0
    assert "pls: exponent" in capsys.readouterr().err
    nested = ["--model", "interactive", "--inner-splits", "2", "-o", str(tmp_path / "nested")]
    assert main(["model", "study", "nested", *words, *nested]) == 0
    assert "Chosen: " in capsys.readouterr().err


def test_classes_and_times_come_from_columns_and_repeats_stay_together(tmp_path: Path) -> None:
    known = [row["smiles"] for row in rows_of(KNOWN)][:30]
    lines = ["smiles,y,lab,day"]
    for place, smiles in enumerate([*known, *known[:5]]):
        lines.append(f"{smiles},{place % 7 + 0.1 * place},{'ab'[place % 2]},2026-01-{place % 28 + 1:02d}")
    (tmp_path / "t.csv").write_text("\n".join(lines) + "\n")
    made = config(
        table=str(tmp_path / "t.csv"), target="y", splits=("leave_class_out", "time"), class_column="lab",
        time_column="day", models=("pls",), options={"pls": {"members": 4}}, invariant=None,
    )  # fmt: skip
    found, table = carry_out_study(made, tmp_path / "out")
    assert len(table.data.y) == len(set(known))
    by_class = [run for run in found.runs if run.split == "leave_class_out"]
    assert sum(run.n_ask for run in by_class) == len(table.data.y)
    (tmp_path / "t.csv").write_text("\n".join([*lines[:4], f"{known[9]},3.0,a,", *lines[5:]]) + "\n")
    with pytest.raises(InvalidInputError, match="no time"):
        carry_out_study(made, tmp_path / "other")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target", "refractive_indx"], "no column"),
        (["--target", "refractive_index", "--smiles-column", "smile"], "smile"),
        (["--target", "refractive_index", "--model", "plz"], "plz"),
        (["--target", "refractive_index", "--split", "rando"], "rando"),
        (["--target", "refractive_index", "--option", "pls.members=4"], "takes no part"),
        (["--target", "refractive_index", "--option", "members=4"], "whose option"),
        (["--target", "refractive_index", "--split-option", "random.size=0.1"], "size"),
        (["--target", "refractive_index", "--split", "leave_class_out", "--class-column", "labs"], "labs"),
        (["--target", "glass_transition_temperature", "--invariant"], "no invariant"),
    ],
)
def test_what_cannot_be_studied_is_refused_by_name(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = main(
        [
            "model",
            "study",
            "extrapolation",
            "--csv",
            str(KNOWN),
            "--block",
            "backbone",
            *words,
            "-o",
            str(tmp_path / "o"),
        ]
    )
    assert code != 0
    assert said in capsys.readouterr().err


def test_too_few_rows_or_equal_values_are_refused() -> None:
    with pytest.raises(InvalidInputError, match="too few to teach"):
        study_extrapolation(linear(19), [PLS], {"random": RandomSplit(2)})
    with pytest.raises(InvalidInputError, match="a model needs 10"):
        study_extrapolation(linear(24), [PLS], {"lowest": LowestSplit(2)})
    same = StudyData(linear().X, np.ones(80))
    with pytest.raises(InvalidInputError, match="All values are equal"):
        study_extrapolation(same, [PLS], {"random": RandomSplit(2)})
    with pytest.raises(InvalidInputError, match="distinct"):
        study_extrapolation(linear(), [PLS, PLS], {"random": RandomSplit(2)})
