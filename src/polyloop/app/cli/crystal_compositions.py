"""`polyloop crystal energy|generate|train-generator`: formation energies, and compositions for a wish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyloop.app.cli.console import message, write_json, write_table
from polyloop.core.errors import InvalidInputError

if TYPE_CHECKING:
    from polyloop.crystal.composition import Composition

__all__ = ["energy", "generate", "symbols", "train_generator"]


def energy(
    formulas: Annotated[list[str], typer.Argument(metavar="FORMULA...", help="Compositions, in any spelling.")],
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Predict the formation energy of compositions in their most stable structure, in eV/atom, with an error bar."""
    from polyloop.crystal.composition import Composition
    from polyloop.crystal.formation_energy import FormationEnergyModel

    given = [Composition(text) for text in formulas]
    energies, stds = FormationEnergyModel.shipped().predict(given)
    rows = [
        {"given": text, "formula": composition.canonical, "formation_energy": float(value), "std": float(std)}
        for text, composition, value, std in zip(formulas, given, energies, stds, strict=True)
    ]
    if as_json:
        write_json(rows)
        return
    header = ["formula", "formation energy [eV/atom]", "std [eV/atom]"]
    write_table(header, [[row["formula"], f"{row['formation_energy']:.3f}", f"{row['std']:.3f}"] for row in rows])


def generate(
    n: Annotated[int, typer.Option("-n", min=1, max=1_000_000, help="Number of different compositions.")],
    formation_energy: Annotated[
        float | None, typer.Option("--formation-energy", metavar="EV_PER_ATOM", help="Wanted formation energy.")
    ] = None,
    include: Annotated[str, typer.Option("--include", metavar="Li,O", help="Elements that each one holds.")] = "",
    avoid: Annotated[str, typer.Option("--avoid", metavar="Pb,Cd", help="Elements that none holds.")] = "",
    elements: Annotated[str, typer.Option("--elements", metavar="Li,O,P", help="Only these elements.")] = "",
    fewest: Annotated[int, typer.Option("--fewest", min=1, max=8, help="Fewest elements.")] = 2,
    most: Annotated[int, typer.Option("--most", min=1, max=8, help="Most elements.")] = 8,
    neutral: Annotated[
        bool, typer.Option("--neutral", help="Only those whose charges can balance; not all real ones can.")
    ] = False,
    unstable: Annotated[bool, typer.Option("--unstable", help="Do not ask for those like stable phases.")] = False,
    known: Annotated[bool, typer.Option("--known", help="Also those that taught the generator.")] = False,
    unvouched: Annotated[
        bool, typer.Option("--unvouched", help="Keep proposals whatever the model of formation energies says of them.")
    ] = False,
    generator: Annotated[
        Path | None, typer.Option("--generator", metavar="FILE", help="Trained generator.  [default: the shipped one]")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same compositions.")] = 0,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="CSV to write.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write JSON.")] = False,
) -> None:
    """Propose compositions with a wanted formation energy; the CSV can be the pool of a campaign."""
    import numpy as np

    from polyloop.core import write_atomically
    from polyloop.core.csv_text import csv_text
    from polyloop.crystal.formation_energy import FormationEnergyModel
    from polyloop.crystal.generation import CompositionWish, ConditionalGenerator, distinct_proposals

    wish = CompositionWish(
        formation_energy, symbols(include), symbols(avoid), symbols(elements), (fewest, most),
        stable=not unstable, neutral=neutral,
    )  # fmt: skip
    made = ConditionalGenerator.shipped() if generator is None else ConditionalGenerator.read(generator)
    found = distinct_proposals(
        made, wish, n, np.random.default_rng(seed),
        model=None if unvouched else FormationEnergyModel.shipped(), refused=None if known else made.knows,
    )  # fmt: skip
    header = ("formula", "predicted_formation_energy", "std", "known")
    rows = [(one.composition.canonical, one.formation_energy, one.std, made.knows(one.composition)) for one in found]
    if output is not None:
        write_atomically(output, csv_text(header, rows))
    elif as_json:
        write_json([dict(zip(header, row, strict=True)) for row in rows])
    else:
        write_table(header, rows)
    if len(found) < n:
        message(f"Only {len(found)} of {n} were found: the generator repeats itself, or what it proposes is refused.")


def train_generator(
    table: Annotated[Path, typer.Argument(metavar="TABLE", help="CSV or Parquet of compositions and energies.")],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to write it (.npz).")],
    formula_column: Annotated[str, typer.Option("--formula-column", metavar="NAME")] = "formula",
    energy_column: Annotated[
        str, typer.Option("--energy-column", metavar="NAME", help="Formation energies in eV/atom.")
    ] = "formation_energy",
    stable_column: Annotated[
        str | None, typer.Option("--stable-column", metavar="NAME", help="1 for stable, 0 for not.")
    ] = None,
    epochs: Annotated[int, typer.Option("--epochs", min=1, help="How often it reads all.")] = 12,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of what training draws.")] = 0,
) -> None:
    """Teach a generator with compositions and formation energies; of one composition the lowest energy counts."""
    import numpy as np

    from polyloop.crystal.generation import ConditionalGenerator

    flags = {} if stable_column is None else _by_composition(table, stable_column, formula_column, max)
    if strange := sorted(set(flags.values()) - {0.0, 1.0}):
        raise InvalidInputError(
            f"{strange[0]:g} does not say whether a composition is stable.", where=f"{table}, column {stable_column}",
            hint="Write 1 for stable and 0 for not.",
        )  # fmt: skip
    lowest = _by_composition(table, energy_column, formula_column, min)
    made = ConditionalGenerator.train(
        list(lowest), np.array(list(lowest.values())), np.array([int(flags.get(one, -1)) for one in lowest]),
        source=table.name, epochs=epochs, seed=seed,
    )  # fmt: skip
    made.write(output)
    typer.echo(f"Taught by {made.known_count} compositions of {len(lowest)}; see {output}")


def _by_composition(
    table: Path, column: str, formula_column: str, choose: Callable[[float, float], float]
) -> dict[Composition, float]:
    """Return one number for each composition of a table; rows without a number are told, bad formulas refused."""
    from polyloop.crystal.composition import Composition
    from polyloop.tables.training import read_training

    read = read_training(table, column, formula_column)
    for line, reason in read.left_out:
        message(f"{table}, line {line} is left out: {reason}")
    found: dict[Composition, float] = {}
    for text, value, line in zip(read.texts, map(float, read.values), read.lines, strict=True):
        try:
            composition = Composition(text)
        except InvalidInputError as error:
            raise InvalidInputError(error.reason, where=f"{table}, line {line}: {text}", hint=error.hint) from error
        found[composition] = choose(found.get(composition, value), value)
    return found


def symbols(text: str) -> tuple[str, ...]:
    """Return the symbols of elements in a text such as `Li,O`."""
    return tuple(part for part in text.replace(",", " ").split())
