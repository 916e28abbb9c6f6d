"""Learning curves of the default model on PI1070: what `polyloop model study scaling` says of 30 to 860 polymers.

Usage: python benchmarks/learning_curves.py [--splits 5] [--properties density ...] [--models gp pls] [--figure FILE]

A fifth is asked, of the rest 30, 100, 300 and all teach; each model is what `polyloop model train` makes, its choices
inside the rows that teach. Studies are kept in the folder `runs`, so that what is finished is not done again; with
--splits 0 nothing is done and the table of docs/validation/models.md is printed from results/learning_curves.json.
"""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

import machine
from models_pi1070 import COLUMNS
from polyloop import datasets
from polyloop.learn.validation.study import carry_out_study
from polyloop.learn.validation.study_config import StudyConfig

RESULT = machine.RESULTS / "learning_curves.json"
MODELS = ("gp", "pls")


def table_of(studies: dict[str, dict]) -> str:
    """Return errors by size, exponent and floor of each property and model, as Markdown."""
    sizes = ("30", "100", "300", "all")
    lines = [f"| property | model | {' | '.join(sizes)} | exponent | floor |", "|---" * (4 + len(sizes)) + "|"]
    for name in (name for name in COLUMNS if name in studies):
        for model, law in studies[name]["laws"].items():
            rows = [row for row in studies[name]["summaries"] if row["model"] == model]
            cells = [f"{row['relative_rmse']:.3f} ± {row['relative_rmse_std']:.3f}" for row in rows]
            exponent = f"{law['exponent']:.2f} ({law['exponent_low']:.2f} to {law['exponent_high']:.2f})"
            floor = f"{law['floor']:.3f} ({law['floor_low']:.3f} to {law['floor_high']:.3f})"
            words = name.removesuffix("_cp").replace("_", " ")
            lines.append(f"| {words} | {model} | {' | '.join(cells)} | {exponent} | {floor} |")
    return "\n".join(lines)


def figure_of(studies: dict[str, dict], path: Path) -> None:
    """Draw the errors against the number of polymers, a panel for each property."""
    import matplotlib

    matplotlib.use("agg")
    import matplotlib.pyplot as plt
    from matplotlib.ticker import NullLocator, ScalarFormatter

    names = [name for name in COLUMNS if name in studies]
    figure, axes = plt.subplots(1, len(names), figsize=(3.2 * len(names), 3.0), squeeze=False)
    for axis, name in zip(axes[0], names, strict=True):
        for model in studies[name]["laws"]:
            rows = [row for row in studies[name]["summaries"] if row["model"] == model]
            n, errors = [row["size"] for row in rows], [row["relative_rmse"] for row in rows]
            spread = [row["relative_rmse_std"] for row in rows]
            axis.errorbar(n, errors, yerr=spread, marker="o", markersize=3, capsize=2, label=model)
        axis.set(xscale="log", yscale="log", xlabel="polymers that teach", title=name.replace("_", " "))
        axis.set_xticks([30, 100, 300, 860], ["30", "100", "300", "860"])
        for one in (axis.yaxis.set_major_formatter, axis.yaxis.set_minor_formatter):
            one(ScalarFormatter())
        axis.xaxis.set_minor_locator(NullLocator())
    axes[0][0].set_ylabel("error over spread")
    axes[0][0].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=130)


def main() -> None:
    parser = machine.parser(__doc__)
    parser.add_argument("--splits", type=int, default=5)
    parser.add_argument("--properties", nargs="+", choices=COLUMNS, default=["density", "thermal_conductivity"])
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS))
    parser.add_argument("--figure", type=Path)
    given = parser.parse_args()
    studies = json.loads(RESULT.read_text())["studies"] if RESULT.is_file() else {}
    folder = machine.RESULTS.parents[1] / "runs"
    if given.splits:
        folder.mkdir(exist_ok=True)
        frame = pd.read_csv(datasets.path("radonpy_pi1070", "PI1070.csv.gz"))
        columns = {name: frame[column] * unit for name, (column, unit) in COLUMNS.items()}
        pd.DataFrame({"smiles": frame.smiles, **columns}).to_csv(folder / "pi1070_properties.csv", index=False)
    for name in given.properties if given.splits else ():
        config = StudyConfig.of(
            study="scaling", table=str(folder / "pi1070_properties.csv"), target=name, models=tuple(given.models),
            n_splits=given.splits,
        )  # fmt: skip
        found, _ = carry_out_study(
            config, folder / f"learning_curves_{name}", cache=folder / "pi1070_features.sqlite",
            progress=lambda run: print(run.key, round(run.scores.relative_rmse or 0.0, 3), run.seconds, flush=True),
        )  # fmt: skip
        content = found.to_dict()
        studies[name] = {key: content[key] for key in ("summaries", "laws", "label_noise")}
        machine.write("learning_curves", {"studies": studies, "on": machine.describe("scikit-learn", "gpytorch")})
    print(table_of(studies))
    if given.figure:
        figure_of(studies, given.figure)


if __name__ == "__main__":
    main()
