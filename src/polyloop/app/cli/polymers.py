"""`polyloop canonical` and `polyloop properties`: single repeat units, no campaign."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyloop.app.cli.console import message, write_json, write_table

if TYPE_CHECKING:
    from polyloop.evaluation import PolymerResult

__all__ = ["register"]

Smiles = Annotated[list[str] | None, typer.Argument(metavar="SMILES", help="Repeat units with two stars.")]
Json = Annotated[bool, typer.Option("--json", help="Write JSON, always a list.")]
Csv = Annotated[Path | None, typer.Option("--csv", metavar="FILE", help="Read repeat units from a CSV instead.")]
Column = Annotated[
    str | None, typer.Option("--smiles-column", help="Column of the CSV.  [default: smiles, or that of the kind]")
]
Kind = Annotated[str, typer.Option("--kind", help="What they are: polymer, copolymer, molecule, ...")]
SkipBad = Annotated[bool, typer.Option("--skip-bad", help="Leave out rows of the CSV that hold no repeat unit.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module to `app`."""
    app.command()(canonical)
    app.command()(properties)


def canonical(
    smiles: Smiles = None,
    csv: Csv = None,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    skip_bad: SkipBad = False,
    as_json: Json = False,
) -> None:
    """Write the canonical form, key and class of repeat units, or of another kind."""
    from polyloop.core.subject import as_given, classify

    rows = [
        {
            "as_given": as_given(one),
            "canonical": one.subject.text,
            "key": one.subject.key,
            "class": classify(one.subject),
        }
        for one in _polymers(smiles, csv, smiles_column, skip_bad, kind)
    ]
    if as_json:
        write_json(rows)
    else:
        header = ("as_given", "canonical", "key", "class")
        write_table(header, [[row[name] for name in header] for row in rows])


def properties(
    smiles: Smiles = None,
    csv: Csv = None,
    smiles_column: Column = None,
    kind: Kind = "polymer",
    skip_bad: SkipBad = False,
    level: Annotated[str | None, typer.Option("--level", help="instant, quick, ...  [default: quick]")] = None,
    protocol: Annotated[str | None, typer.Option("--protocol", help="Or a protocol, e.g. optics/quick@3.")] = None,
    property_names: Annotated[
        list[str] | None, typer.Option("--property", metavar="NAME", help="Only this property; may be repeated.")
    ] = None,
    as_json: Json = False,
    workers: Annotated[int, typer.Option("--workers", min=1, max=4096, help="Evaluations at once.")] = 1,
    store: Annotated[
        str | None, typer.Option("--store", metavar="URL", help="Results database; nothing in it is computed again.")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, max=2**62, help="Seed of conformers, chains and cells.")] = 0,
    replicas: Annotated[
        int, typer.Option("--replicas", min=1, max=10_000, help="Average over as many seeds, from --seed on.")
    ] = 1,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write a CSV.")] = None,
    temperature: Annotated[float, typer.Option("--temperature", min=1, help="K; for molecular dynamics.")] = 298.15,
    pressure: Annotated[float, typer.Option("--pressure", help="atm; for molecular dynamics.")] = 1.0,
    time_limit: Annotated[
        float | None,
        typer.Option("--time-limit", min=1, help="Seconds per evaluation.  [default: what the level needs at most]"),
    ] = None,
    retry: Annotated[bool, typer.Option("--retry", help="Compute again what has failed before.")] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would take, after timing simulations for some 20 s.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Compute properties of repeat units; what the store has is not computed again."""
    from polyloop.core import Conditions
    from polyloop.evaluation import compute_properties, preview_properties, write_properties

    polymers = _polymers(smiles, csv, smiles_column, skip_bad, kind)
    conditions = Conditions(temperature, pressure)
    tell = None if quiet or as_json else message
    if dry_run:
        rows = preview_properties(
            polymers, level=level, protocol=protocol, properties=property_names, seed=seed, replicas=replicas,
            conditions=conditions, progress=tell,
        )  # fmt: skip
        write_json(rows) if as_json else _show_preview(rows)
        return
    results = compute_properties(
        polymers,
        level=level,
        protocol=protocol,
        properties=property_names,
        store=store,
        workers=workers,
        seed=seed,
        replicas=replicas,
        conditions=conditions,
        time_limit=time_limit,
        retry_failed=retry,
        progress=tell,
    )
    if output is not None:
        write_properties(results, output)
    if as_json:
        write_json([result.to_dict() for result in results])
        return
    if output is None:
        _show(results)
    _explain(results)


def _show_preview(rows: list[dict[str, Any]]) -> None:
    numbers = ("atoms", "nanoseconds", "steps", "steps_per_s", "hours", "hours_at_most", "memory_gb")
    names = ("as_given", "protocol_id", "replicas", "cost", "engine", *numbers, "on_top", "refused")
    shown = [name for name in names if any(name in row for row in rows)]
    write_table(shown, [[row.get(name) for name in shown] for row in rows])


def _polymers(
    smiles: list[str] | None, csv: Path | None, smiles_column: str | None, skip_bad: bool, kind: str
) -> list[Any]:
    """Read repeat units from the arguments or from a CSV, exactly one of the two; say which rows are left out."""
    from polyloop.core import InvalidInputError
    from polyloop.core.subject import column_of
    from polyloop.tables import list_bad_rows, parse_arguments, read_subjects

    if bool(smiles) == (csv is not None):
        raise InvalidInputError(
            "Give repeat units or a CSV, and not both." if smiles else "There is no repeat unit.",
            where="SMILES",
            hint="Write for example '*CC(*)c1ccccc1', in quotes, or --csv FILE.",
        )
    if csv is None:
        return parse_arguments(smiles or [], kind)
    polymers, bad = read_subjects(csv, smiles_column or column_of(kind), kind, skip_bad=skip_bad)
    if bad:
        message(f"{csv}: left out:\n{list_bad_rows(bad)}")
    return polymers


def _explain(results: list[PolymerResult]) -> None:
    """Say why evaluations have failed, and which means are not of all replicas, once for each."""
    from polyloop.core.subject import as_given

    for result in results:
        for line in _shortfalls(result) if result.means else _failures(result):
            message(f"{as_given(result.polymer)}: {line}")
    if any(record.failure for result in results for record in result.records):
        message("What has failed is computed again with --retry.")


def _failures(result: PolymerResult) -> list[str]:
    failures = {record.request.protocol_id: record.failure for record in result.records if record.failure}
    return [
        f"{protocol} failed ({failure.code.value}): " + f"{failure.stage}: {failure.reason} {failure.hint}".strip()
        for protocol, failure in failures.items()
    ]


def _shortfalls(result: PolymerResult) -> list[str]:
    """A line for each protocol and reason; it names the properties where not all of the protocol's are concerned."""
    lines = []
    for protocol in dict.fromkeys(mean.request.protocol_id for mean in result.means):
        means = [mean for mean in result.means if mean.request.protocol_id == protocol]
        for shortfall in dict.fromkeys(mean.shortfall for mean in means if mean.shortfall):
            names = [mean.property for mean in means if mean.shortfall == shortfall]
            named = "" if len(names) == len(means) else f", {', '.join(names)}"
            lines.append(f"{protocol}{named}: {shortfall}")
    return lines


def _show(results: list[PolymerResult]) -> None:
    from polyloop.core.subject import as_given

    several = any(result.means for result in results)
    write_table(
        ("subject", "property", "value", "std", "unit", "status", "protocol", *["replicas"] * several),
        [
            (
                as_given(result.polymer), value.property, value.value, value.std, value.unit,
                value.failure.code.value if value.failure else value.status.value, value.request.protocol_id,
                *[mean.count for mean in result.means if mean is value],
            )
            for result in results
            for value in result.values
        ],
    )  # fmt: skip
