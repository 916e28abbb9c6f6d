"""`polyloop process fit|predict`: models of experiments."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polyloop.app.cli.console import write_json, write_table

__all__ = ["register"]

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON.")]


def register(process: typer.Typer) -> None:
    """Add the commands to the group."""
    process.command()(fit)
    process.command()(predict)


def fit(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Experiments, CSV or Parquet.")],
    target: Annotated[str, typer.Option("--target", metavar="COLUMN", help="What was measured.")],
    variables: Annotated[list[str], typer.Option("--variable", metavar="COLUMN", help="A process variable.")],
    output: Annotated[Path, typer.Option("-o", "--output", metavar="FOLDER", help="Where the model goes.")],
    molecules: Annotated[
        list[str] | None, typer.Option("--molecule", metavar="COLUMN", help="A column of SMILES.")
    ] = None,
    features: Annotated[
        list[str] | None,
        typer.Option("--features", help="A process variables; B, C, D and molecules. Several: the best is taken."),
    ] = None,
    models: Annotated[
        list[str] | None, typer.Option("--model", help="nusvr, random_forest, pls, product_gp; all when left out.")
    ] = None,
    leave_out: Annotated[
        str | None,
        typer.Option("--leave-out", metavar="COLUMN", help="Choose by leaving out whole values of a --molecule."),
    ] = None,
    baseline: Annotated[
        str | None,
        typer.Option("--baseline", metavar="COLUMN", help="What a simulation says: the model learns what is left."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    as_json: AsJson = False,
) -> None:
    """Choose a model of experiments by cross-validation, and keep it."""
    from polyloop.core import InvalidInputError
    from polyloop.process.experiment_model import MODELS, ExperimentModel
    from polyloop.process.experiments import read_experiments

    experiments = read_experiments(table, variables, molecules or (), target, baseline)
    if leave_out is not None and leave_out not in experiments.molecules:
        raise InvalidInputError(
            f"{leave_out!r} is no column of molecules.", where="--leave-out", hint="Name it by --molecule too."
        )
    groups = experiments.molecules[leave_out] if leave_out is not None else None
    model = ExperimentModel.fit(
        experiments, target, features=features or ["A"], models=models or MODELS, groups=groups, seed=seed,
        baseline_name=baseline,
    )  # fmt: skip
    model.save(output)
    chosen = f"{model.candidate.features} {model.candidate.model}"
    if as_json:
        write_json({"chosen": chosen, "rmse": model.errors, "experiments": len(experiments)})
        return
    ranked = sorted(model.errors.items(), key=lambda item: item[1])
    rows = [[*name.split(" ", 1), error, "*" if name == chosen else ""] for name, error in ranked]
    write_table(["features", "model", f"RMSE of {target}", "chosen"], rows)


def predict(
    model: Annotated[Path, typer.Argument(metavar="FOLDER", help="What fit wrote.")],
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="Points, CSV or Parquet.")],
    as_json: AsJson = False,
) -> None:
    """Say what experiments would give, with error bars."""
    from polyloop.process.experiment_model import ExperimentModel
    from polyloop.process.experiments import read_experiments

    known = ExperimentModel.load(model)
    asked = read_experiments(
        table, known.experiments.names, tuple(known.experiments.molecules), baseline=known.baseline_name
    )
    mean, std = known.predict(asked)
    name = known.target_name
    rows = [{name: float(value), f"{name}_std": float(error)} for value, error in zip(mean, std, strict=True)]
    if as_json:
        write_json(rows)
        return
    write_table(list(rows[0]), [list(row.values()) for row in rows])
