"""`polyloop crystal relax|references|templates|structure`: structures of inorganic materials."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polyloop.app.cli.console import message, write_json, write_table

if TYPE_CHECKING:
    from polyloop.crystal.hull import PhaseTable
    from polyloop.crystal.relaxation.references import ElementalReferences
    from polyloop.crystal.structures.structure import CrystalStructure

__all__ = ["register"]

Json = Annotated[bool, typer.Option("--json", help="Write JSON, always a list.")]


def register(crystal: typer.Typer) -> None:
    """Add the commands of this module to the group `crystal`."""
    crystal.command()(relax)
    crystal.command()(references)
    crystal.command()(templates)
    crystal.command()(structure)


def relax(
    structures: Annotated[list[str], typer.Argument(metavar="FILE...", help="CIF files, or structures as one line.")],
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Write relaxed structures as CIF.")
    ] = None,
    potential: Annotated[
        str, typer.Option("--potential", help="What relaxes: chgnet, sevennet, or one that a package brings.")
    ] = "chgnet",
    single: Annotated[
        bool, typer.Option("--single", help="Formation energy by that potential alone, not by the mean of both.")
    ] = False,
    references: Annotated[
        Path | None, typer.Option("--references", metavar="FILE", help="Elemental references of --potential.")
    ] = None,
    phases: Annotated[
        Path | None,
        typer.Option("--phases", metavar="FILE", help="Known phases and formation energies, for hull distances."),
    ] = None,
    force: Annotated[float, typer.Option("--force", min=1e-4, help="Largest force at the end, eV/angstrom.")] = 0.05,
    steps: Annotated[int, typer.Option("--steps", min=0, max=100_000, help="Most steps.")] = 250,
    as_json: Json = False,
) -> None:
    """Relax crystals, cell and atoms, by a universal potential; say formation energies and hull distances.

    Formation energies are those of the Materials Project's scheme of 2020, to be compared with tables of that vintage.
    """
    from polyloop.core.errors import EvaluationError, PolyloopError
    from polyloop.crystal.hull import PhaseTable
    from polyloop.crystal.relaxation.references import ElementalReferences
    from polyloop.crystal.relaxation.relax import RelaxationLimits

    limits = RelaxationLimits(force=force, steps=steps)
    own = ElementalReferences.read(references) if references is not None else None
    table = PhaseTable.read(phases) if phases is not None else None
    rows = []
    for place, (text, structure) in enumerate(zip(structures, _read(structures), strict=True), start=1):
        try:
            row = _relaxed(structure, potential, single, own, table, limits)
        except EvaluationError as error:
            row = {"formula": structure.composition.canonical, "failure": str(error)}
            message(f"{text}: {error}")
        relaxed = row.pop("relaxed", None)
        if folder is not None and relaxed is not None:
            row["file"] = str(_write(relaxed, folder, place, text, f"relaxed by {potential}"))
        rows.append({"given": text, **row})
    if as_json:
        write_json(rows)
    else:
        names = ("formula", "formation_energy", "std", "hull_distance", "volume_per_atom", "space_group", "steps")
        write_table(["given", *names], [[row["given"], *(row.get(name) for name in names)] for row in rows])
    if all("failure" in row for row in rows):
        raise PolyloopError("No structure could be relaxed.", hint="What went wrong is said above.")


def references(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE", help="CSV with columns structure (CIF or line) and formation_energy.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="JSON with the references.")],
    potential: Annotated[str, typer.Option("--potential", help="Whose energies are referred.")] = "chgnet",
    energy_column: Annotated[str, typer.Option("--energy-column", metavar="NAME")] = "formation_energy",
    structure_column: Annotated[str, typer.Option("--structure-column", metavar="NAME")] = "structure",
) -> None:
    """Fit elemental references of a potential to a table of formation energies (eV/atom) and structures."""
    import json

    import numpy as np

    from polyloop.core.files import write_atomically
    from polyloop.crystal.relaxation.references import fit_references
    from polyloop.crystal.relaxation.relax import energy_of
    from polyloop.engines.potentials.registry import POTENTIALS
    from polyloop.tables.training import read_training

    rows = read_training(table, energy_column, structure_column)
    crystals = _read(rows.texts)
    energies = np.array([energy_of(one, potential) for one in crystals])
    found, _ = fit_references(
        [one.symbols for one in crystals], energies, np.asarray(rows.values), potential=potential,
        source=table.name, versions=POTENTIALS.find(potential).versions(),
    )  # fmt: skip
    write_atomically(output, json.dumps(found.to_dict(), indent=1) + "\n")
    message(f"{found.entries} entries, error {found.error:.4f} eV/atom in cross-validation; written to {output}.")


def templates(
    sources: Annotated[
        list[Path], typer.Argument(metavar="SOURCE...", help="CSV or Parquet with CIF texts, or folders of CIF files.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="File of templates, .npz.")],
    column: Annotated[str, typer.Option("--cif-column", metavar="NAME", help="Column of CIF texts.")] = "cif",
    seed: Annotated[int, typer.Option("--seed", min=0)] = 0,
) -> None:
    """Make a file of templates from known structures, and learn which of them fits a composition.

    The ranking is written beside it. Tables of structures are to be had from the Materials Project, OQMD, Alexandria or
    the Crystallography Open Database; 20,000 structures take some minutes.
    """
    from polyloop.crystal.substitution.files import build_templates

    store, ranking = build_templates(sources, output, column=column, seed=seed, progress=message)
    message(f"{len(store)} templates of {len(store.ratios)} ratios, ranking from {ranking.trained_on} compositions.")


def structure(
    formula: Annotated[str, typer.Argument(metavar="FORMULA", help="A composition, in any spelling.")],
    number: Annotated[int, typer.Option("-n", "--number", min=1, max=1000, help="Structures at most.")] = 10,
    folder: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FOLDER", help="Write ranked CIF files.")
    ] = None,
    templates: Annotated[
        Path | None,
        typer.Option("--templates", metavar="FILE", help="Known structures.  [default: setting POLYLOOP_TEMPLATES]"),
    ] = None,
    exclude_formula: Annotated[
        bool, typer.Option("--exclude-formula", help="Leave out known structures of the composition itself.")
    ] = False,
    method: Annotated[
        str,
        typer.Option("--method", help="From templates of the ratio (substitution), by symmetry, or both: fill up."),
    ] = "both",
    seed: Annotated[int, typer.Option("--seed", min=0, help="Of what is drawn by symmetry.")] = 0,
    pictures: Annotated[
        bool, typer.Option("--pictures", help="Write a picture of the cell (SVG) beside each CIF file.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Predict structures of a composition, the likeliest first.

    Known structures of its ratio of elements come first, with its elements in their places; what they leave of the
    number is made by symmetry. Files are named in the order of rank: 001_NaCl.cif, 002_NaCl.cif, ... They are guesses:
    relax them.
    """
    from polyloop.core.files import write_atomically
    from polyloop.crystal.composition import Composition
    from polyloop.crystal.structure_prediction import StructurePredictor
    from polyloop.crystal.structures.cif import write_cif
    from polyloop.crystal.structures.drawing import crystal_svg

    composition = Composition(formula)
    predictor = StructurePredictor.open(templates, seed)
    found = predictor.predict(composition, most=number, method=method, exclude_formula=exclude_formula)
    rows: list[dict[str, Any]] = []
    for one in found:
        row: dict[str, Any] = {
            "rank": one.rank,
            "formula": composition.canonical,
            "method": one.method,
            "probability": one.probability,
            "space_group": one.space_group,
            "template": one.template,
            "template_formula": one.template_formula,
            "atoms": len(one.structure),
            "volume_per_atom": one.structure.volume_per_atom,
        }
        if folder is not None:
            path = folder / f"{one.rank:03d}_{composition.canonical}.cif"
            write_cif(
                one.structure, path, name=composition.canonical, notes=[f"rank {one.rank}, {one.origin}, not relaxed"]
            )
            row["file"] = str(path)
            if pictures:
                write_atomically(path.with_suffix(".svg"), crystal_svg(one.structure))
        rows.append(row)
    if as_json:
        write_json(rows)
    else:
        names = ("rank", "method", "probability", "space_group", "atoms", "template", "template_formula")
        write_table(names, [[row[name] for name in names] for row in rows])


def _read(texts: list[str] | tuple[str, ...]) -> list[CrystalStructure]:
    from polyloop.core.subject import KINDS

    return [KINDS.find("crystal").parse(text) for text in texts]


def _relaxed(
    structure: CrystalStructure,
    potential: str,
    single: bool,
    own: ElementalReferences | None,
    table: PhaseTable | None,
    limits: Any,
) -> dict[str, Any]:
    from polyloop.crystal.relaxation.formation import DEFAULT_POTENTIALS, formation_energy
    from polyloop.crystal.relaxation.references import shipped_references
    from polyloop.crystal.relaxation.relax import relax as relax_structure
    from polyloop.crystal.structures.symmetry import symmetry_of

    alone = single or own is not None or potential not in DEFAULT_POTENTIALS
    names = (potential,) if alone else DEFAULT_POTENTIALS
    for name in names:
        # An element without reference is said before a relaxation, not after it.
        (own or shipped_references(name)).formation_energy(structure.symbols, 0.0)
    done = relax_structure(structure, potential, limits)
    energy = formation_energy(done.structure, names, {potential: own} if own is not None else None)
    row = {
        "formula": structure.composition.canonical,
        "formation_energy": energy.value,
        "std": energy.std,
        "by_potential": dict(energy.by_potential),
        "volume_per_atom": done.structure.volume_per_atom,
        "space_group": symmetry_of(done.structure, 0.1).number,
        "steps": done.steps,
        "converged": done.converged,
        "relaxed": done.structure,
    }
    if table is not None:
        row["hull_distance"] = table.distance(structure.composition, energy.value)
    return row


def _write(structure: CrystalStructure, folder: Path, place: int, text: str, note: str) -> Path:
    from polyloop.crystal.structures.cif import write_cif

    stem = Path(text).stem if text.lower().endswith(".cif") else structure.composition.canonical
    path = folder / f"{place:03d}_{stem}.cif"
    write_cif(structure, path, name=structure.composition.canonical, notes=[note])
    return path
