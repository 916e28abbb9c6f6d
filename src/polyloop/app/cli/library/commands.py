"""`polyloop library ...`: the rules, the monomers of a polymer, building a library file, and what is in one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polyloop.app.cli.console import message, write_json, write_table
from polyloop.app.cli.groups import group

if TYPE_CHECKING:
    from polyloop.design.library.screeners import Screener

__all__ = ["register"]

Json = Annotated[bool, typer.Option("--json", help="Write JSON.")]
_SIGNIFICANT, _SHOWN = 0.01, 40
Library = Annotated[Path, typer.Argument(metavar="FILE", help="Library file (Parquet).")]


def register(app: typer.Typer) -> None:
    """Add the group of commands to `app`."""
    library = group(
        app, "library", "Libraries of polymers that can be made: rules, monomers, build, stats, screen, analyse."
    )
    library.command()(rules)
    library.command()(monomers)
    library.command()(build)
    library.command()(stats)
    library.command()(screen)
    library.command()(analyse)


def rules(
    polymer_class: Annotated[
        str | None, typer.Option("--class", metavar="NAME", help="Only rules for this class of polymers.")
    ] = None,
    as_json: Json = False,
) -> None:
    """List the polymerisations: class, mechanism, monomers, an example, and where each is described."""
    from polyloop.chem.polymer_class import PolymerClass
    from polyloop.chem.polymerisation import RULES
    from polyloop.core import InvalidInputError
    from polyloop.core.names import did_you_mean

    names = [one.value for one in PolymerClass]
    if polymer_class is not None and polymer_class not in names:
        raise InvalidInputError(f"There is no class {polymer_class!r}.", hint=did_you_mean(polymer_class, names))
    header = ("rule", "polymer_class", "mechanism", "monomers", "example", "repeat_unit", "reference")
    rows = [
        (
            rule.name,
            rule.polymer_class.value,
            rule.mechanism.value,
            " + ".join(role.name for role in rule.roles),
            " + ".join(rule.example[0]),
            rule.example[1],
            rule.reference.citation + (f" doi:{rule.reference.doi}" if rule.reference.doi else ""),
        )
        for rule in RULES.values()
        if polymer_class in (None, rule.polymer_class.value)
    ]
    if as_json:
        write_json([dict(zip(header, row, strict=True)) for row in rows])
    else:
        write_table(header, rows)


def monomers(
    smiles: Annotated[str, typer.Argument(metavar="SMILES", help="Repeat unit with two stars.")],
    as_json: Json = False,
) -> None:
    """Find the monomers that a polymer can be made of, and the rules that make it of them."""
    from polyloop.chem import Polymer
    from polyloop.chem.polymerisation import RULES, depolymerise

    header = ("rule", "monomers", "orientation", "stereo", "reagents")
    rows = [
        (way.rule.name, " + ".join(way.monomers), way.orientation.value, way.stereo, " + ".join(way.rule.reagents))
        for way in depolymerise(Polymer(smiles), RULES.values())
    ]
    if as_json:
        write_json([dict(zip(header, row, strict=True)) for row in rows])
    else:
        write_table(header, rows)
    if not rows:
        message("No rule makes this chain. `polyloop library rules` lists them.")


def build(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Parquet file to write.")],
    size: Annotated[int, typer.Option("--size", min=1, help="Number of polymers.")] = 100_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of the order in which chains are drawn.")] = 0,
    csv: Annotated[
        Path | None,
        typer.Option("--monomers", metavar="FILE", help="CSV or Parquet with smiles and price.  [default: shipped]"),
    ] = None,
    cache: Annotated[
        Path | None,
        typer.Option(
            "--cache", metavar="FOLDER", help="Folder that keeps classified monomers.  [default: in the user's cache]"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Build a library: distinct polymers of all classes in turn, each with rule, monomers, price and makeability.

    A build that was interrupted or killed goes on when the same command is given again, and ends in the same bytes.
    """
    from polyloop.core import user_cache
    from polyloop.design.library import PolymerLibrary, build_library, read_stock, shipped_stock

    stock = shipped_stock() if csv is None else read_stock(csv)
    message(f"classifying {len(stock):,} monomers")
    library = PolymerLibrary.from_monomers(stock, cache=cache or user_cache() / "monomers")
    message(f"they make at most {len(library):,} polymers by {len(library.recipes)} rules")
    built = build_library(
        library, output, size=size, seed=seed, progress=lambda done, total: message(f"{done:,} of {total:,} polymers")
    )
    if built.rows < size:
        message(f"Only {built.rows:,} distinct polymers can be made within a quarter for each class.")
    if as_json:
        write_json({"rows": built.rows, "sha256": built.digest, "classes": built.classes})
        return
    counts = sorted(built.classes.items(), key=lambda item: -int(item[1]))
    write_table(("polymer_class", "polymers"), counts)
    typer.echo(f"sha256 {built.digest}")
    typer.echo(str(output))


def stats(
    library: Library,
    against: Annotated[
        Path | None, typer.Option("--against", metavar="FILE", help="CSV or Parquet of real polymers to compare with.")
    ] = None,
    column: Annotated[
        str, typer.Option("--smiles-column", metavar="NAME", help="Column of the real polymers.")
    ] = "smiles",
    sample: Annotated[int, typer.Option("--sample", min=1, help="Polymers drawn for distances.")] = 2000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of that draw.")] = 0,
    as_json: Json = False,
) -> None:
    """Say what a library holds: classes, rules, prices; against real polymers novelty, coverage and distances."""
    from polyloop.design.library.stats import library_stats

    found = library_stats(library, against=against, column=column, sample=sample, seed=seed)
    if as_json:
        write_json(found)
        return
    write_table(("polymer_class", "polymers"), found["classes"].items())
    for name in ("polymers", "rules", "price_quartiles", "makeability_quartiles", "against"):
        if name in found:
            typer.echo(f"{name}: {found[name]}")


def screen(
    library: Library,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="CSV of the Pareto set.")],
    model: Annotated[
        list[Path] | None, typer.Option("--model", metavar="FOLDER", help="Trained model; may be repeated.")
    ] = None,
    protocol: Annotated[
        str | None,
        typer.Option("--protocol", metavar="NAME", help="Protocol instead, e.g. optics/instant@2."),
    ] = None,
    target: Annotated[
        list[str] | None, typer.Option("--target", metavar="NAME", help="Property that the protocol tells.")
    ] = None,
    minimize: Annotated[
        list[str] | None, typer.Option("--minimize", metavar="NAME", help="Target to minimise; others are maximised.")
    ] = None,
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="Screen only the first rows.")] = None,
    workers: Annotated[int, typer.Option("--workers", min=1, max=4096, help="Processes.")] = 1,
) -> None:
    """Ask trained models, or a protocol, of every polymer of a library, in chunks, and keep the Pareto set.

    One that was killed goes on by the same command.
    """
    from polyloop.core import write_atomically
    from polyloop.core.csv_text import csv_text
    from polyloop.design.library.screening import screen_library

    found = screen_library(
        library, _screener(model or [], protocol, target or []), minimize=tuple(minimize or ()), limit=limit,
        workers=workers, kept=output.with_name(output.name + ".part"),
        progress=lambda done, total: message(f"{done:,} of {total:,} screened"),
    )  # fmt: skip
    write_atomically(output, csv_text(found.titles, found.rows))
    message(
        f"{found.screened:,} polymers screened, {found.outside:,} of them beyond what is known; "
        f"{len(found.rows)} in the Pareto set."
    )
    typer.echo(str(output))


def _screener(models: list[Path], protocol: str | None, targets: list[str]) -> Screener:
    from polyloop.core import InvalidInputError
    from polyloop.design.library.screeners import ModelScreener, ProtocolScreener
    from polyloop.learn.property_model import PropertyModel

    if bool(models) == bool(protocol) or bool(protocol) != bool(targets):
        raise InvalidInputError(
            "A screening asks trained models, or a protocol for some targets.", where="--model, --protocol, --target",
            hint="Give --model FOLDER, or --protocol optics/instant@2 --target refractive_index --target density.",
        )  # fmt: skip
    if protocol is not None:
        return ProtocolScreener(protocol, tuple(targets))
    return ModelScreener(tuple(PropertyModel.load(folder) for folder in models))


def analyse(
    selection: Annotated[Path, typer.Argument(metavar="SELECTION", help="CSV of polymers, as screen writes it.")],
    library: Annotated[Path, typer.Option("--library", metavar="FILE", help="Library file that they are from.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for a CSV of all and a picture.")
    ] = None,
    sample: Annotated[int, typer.Option("--sample", min=1, help="Rows of the library to look for groups in.")] = 20_000,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of that sample.")] = 0,
    as_json: Json = False,
) -> None:
    """Say what selected polymers have in common: classes, rules, monomers and groups commoner than in the library."""
    from polyloop.core import write_atomically
    from polyloop.core.csv_text import csv_text
    from polyloop.design.library.analysis import analyse_selection, draw_groups

    found = analyse_selection(
        selection, library, sample=sample, seed=seed,
        progress=lambda done, total: message(f"{done:,} of {total:,} rows of the library"),
    )  # fmt: skip
    header = ("kind", "name", "selected", "library", "count", "ratio", "p_value", "example")
    rows = [[one.to_dict()[name] for name in header] for one in found]
    if output is not None:
        output.mkdir(parents=True, exist_ok=True)
        write_atomically(output / "enriched.csv", csv_text(header, rows))
        if picture := draw_groups(found):
            write_atomically(output / "groups.svg", picture)
    if as_json:
        write_json([one.to_dict() for one in found])
        return
    significant = [one for one in found if one.p_value < _SIGNIFICANT]
    shown = [(one.kind, one.name, f"{one.selected:.1%}", f"{one.library:.1%}", f"{one.ratio:.1f}", f"{one.p_value:.1g}")
             for one in significant[:_SHOWN]]  # fmt: skip
    write_table(("kind", "name", "selected", "library", "ratio", "p_value"), shown)
    message(f"{len(significant)} of {len(found)} are commoner than chance says (p < {_SIGNIFICANT}).")
