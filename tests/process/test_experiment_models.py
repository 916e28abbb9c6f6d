"""Models of experiments: chosen by cross-validation, kept, with a simulation as a baseline where one is given."""

import csv
import json

import numpy as np
import pytest

from polyloop.app.cli.main import main
from polyloop.core import InvalidInputError
from polyloop.process.experiment_model import Candidate, ExperimentModel, cross_validate, splits
from polyloop.process.experiments import Experiments, describe_experiments, read_experiments

SOLVENTS = ("CO", "CCO", "CC#N", "CC(C)=O", "Cc1ccccc1", "CCOC(C)=O")


def experiments(n=36, seed=0, baseline=False):
    rng = np.random.default_rng(seed)
    X = rng.uniform([50, 1], [100, 20], (n, 2))
    y = 1 - np.exp(-0.02 * X[:, 1] * np.exp((X[:, 0] - 75) / 25)) + rng.normal(0, 0.005, n)
    solvents = tuple(SOLVENTS[place % len(SOLVENTS)] for place in range(n))
    return Experiments(("temperature", "time"), X, {"solvent": solvents}, y, y - 0.1 if baseline else None)


def written(path, made):
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow([*made.names, "solvent", "conversion"])
        rows.writerows(
            [*map(float, x), solvent, float(y)]
            for x, solvent, y in zip(made.variables, made.molecules["solvent"], made.target, strict=True)
        )
    return path


def test_a_model_is_chosen_kept_and_says_the_same_again(tmp_path):
    made = experiments()
    model = ExperimentModel.fit(made, "conversion", models=("pls", "random_forest"))
    assert set(model.errors) == {"A pls", "A random_forest"}
    assert model.errors[f"A {model.candidate.model}"] == min(model.errors.values()) < made.target.std()
    model.save(tmp_path)
    mean, std = ExperimentModel.load(tmp_path).predict(made)
    assert mean == pytest.approx(model.predict(made)[0])
    assert (std > 0).all()


def test_groups_that_are_left_out_are_never_taught():
    made = experiments()
    names = made.molecules["solvent"]
    for teach, ask in splits(len(made), 3, names, 0):
        assert not {names[row] for row in teach} & {names[row] for row in ask}


def test_what_a_simulation_says_is_the_baseline_and_the_rest_is_learnt():
    made = experiments(baseline=True)
    mean, _ = cross_validate(made, Candidate("A", "pls"), splits(len(made), 5, None, 0))
    assert mean == pytest.approx(made.target, abs=1e-6)  # the simulation here is off by a constant
    model = ExperimentModel.of(Candidate("A", "pls"), made, "conversion", {}, baseline_name="simulated")
    with pytest.raises(InvalidInputError, match="simulation leaves over"):
        model.predict(experiments())


@pytest.mark.parametrize(("features", "blocks"), [("A", 1), ("B", 2), ("C", 2)])
def test_features_are_blocks_of_process_variables_and_molecules(features, blocks):
    made = experiments(n=12)
    found = describe_experiments(made, features, [True, True])
    assert len(found) == blocks
    assert found["process"].width == 4


def test_a_mixture_is_the_mean_of_its_pieces():
    rows = np.array([[1.0], [2.0], [3.0]])
    made = Experiments(("x",), rows, {"solvent": ("CC#N", "O", "CC#N.O")})
    values = describe_experiments(made, "B", [False])["solvent.B"].values
    assert values[2] == pytest.approx((values[0] + values[1]) / 2)


def test_orbitals_of_water_are_those_of_gfn2():
    """GFN2-xTB of water: a gap of some 14 eV and a dipole of 2.2 to 2.4 D (doi:10.1021/acs.jctc.8b01176)."""
    from polyloop.process.orbitals import frontier_orbitals

    homo, lumo, gap, dipole = frontier_orbitals("O")
    assert homo < -10 < lumo
    assert gap == pytest.approx(lumo - homo)
    assert dipole == pytest.approx(2.3, abs=0.2)


def test_the_commands_fit_and_predict(tmp_path, capsys):
    table = written(tmp_path / "flow.csv", experiments())
    options = ["--target", "conversion", "--variable", "temperature", "--variable", "time", "--molecule", "solvent"]
    asked = ["process", "fit", str(table), *options, "--model", "pls", "--features", "A", "--features", "B"]
    assert main([*asked, "--leave-out", "solvent", "-o", str(tmp_path / "model"), "--json"]) == 0
    assert set(json.loads(capsys.readouterr().out)["rmse"]) == {"A pls", "B pls"}
    assert main(["process", "predict", str(tmp_path / "model"), str(table), "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert len(rows) == 36
    assert rows[0]["conversion_std"] > 0


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: ExperimentModel.fit(experiments(n=5), "y"), "too few"),
        (lambda: ExperimentModel.fit(experiments(), "y", features=("E",)), "no features E"),
        (lambda: describe_experiments(Experiments(("x",), np.ones((2, 1)), {}), "B", [False]), "no column holds"),
        (lambda: describe_experiments(experiments(), "Z", [False, False]), "no set of features"),
    ],
)
def test_what_cannot_be_learnt_is_refused_with_a_word(make, words):
    with pytest.raises(InvalidInputError, match=words):
        make()


def test_a_cell_that_is_no_number_is_named(tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text("temperature,conversion\n70,0.5\nwarm,0.6\n")
    with pytest.raises(InvalidInputError, match=r"'warm' is no number"):
        read_experiments(path, ["temperature"], target="conversion")
