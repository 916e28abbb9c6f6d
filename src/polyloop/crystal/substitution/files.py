"""Files of templates: made from people's tables of structures, and read with the ranking that was trained on them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from polyloop.core.errors import InvalidInputError
from polyloop.core.settings import setting
from polyloop.crystal.structures.cif import read_cif, read_cif_file
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.substitution.ranking import StructureRanking, train_ranking
from polyloop.crystal.substitution.templates import NO_TEMPLATES, TemplateStore

__all__ = ["build_templates", "open_templates", "ranking_path"]

_NAMES = ("material_id", "name", "id")


def ranking_path(templates: Path) -> Path:
    """Return where the ranking of a file of templates lies: beside it."""
    return templates.with_suffix(".ranking.json")


def open_templates(path: Path | None) -> tuple[TemplateStore, StructureRanking]:
    """Read templates and their ranking, of a file or of that which the setting POLYLOOP_TEMPLATES names.

    Raises
    ------
    InvalidInputError
        If there is no such file; the message says how to make one.
    """
    named = path or (Path(found) if (found := setting("POLYLOOP_TEMPLATES")) else None)
    if named is None:
        raise InvalidInputError("There are no templates.", where="--templates", hint=NO_TEMPLATES)
    return TemplateStore.load(named), StructureRanking.load(ranking_path(named))


def build_templates(
    sources: Sequence[Path], output: Path, *, column: str = "cif", seed: int = 0,
    progress: Callable[[str], None] | None = None,
) -> tuple[TemplateStore, StructureRanking]:  # fmt: skip
    """Make a file of templates from tables with a column of CIF texts and from folders of CIF files.

    What cannot be read is left out and told to `progress`; of materials of one name the first counts.

    Raises
    ------
    InvalidInputError
        If nothing can be read, or there is too little to learn a ranking from.
    """
    tell = progress or (lambda text: None)
    structures: dict[str, CrystalStructure] = {}
    for source in sources:
        for name, text, read in _texts(source, column):
            if name in structures:
                continue
            try:
                structures[name] = read(text)
            except InvalidInputError as error:
                tell(f"Left out: {name}: {error}")
    store = TemplateStore.from_structures(structures.items(), ", ".join(source.name for source in sources))
    tell(f"{len(store)} templates; now the ranking is learnt.")
    ranking = train_ranking(store, rng=np.random.default_rng(seed))
    output.parent.mkdir(parents=True, exist_ok=True)
    store.save(output)
    ranking.save(ranking_path(output))
    return store, ranking


def _texts(source: Path, column: str) -> Iterator[tuple[str, str, Callable[[str], CrystalStructure]]]:
    """Yield name, text or path, and what reads it."""
    if source.is_dir():
        for path in sorted(source.glob("**/*.cif")):
            yield str(path.relative_to(source)), str(path), read_cif_file
        return
    import pandas as pd

    try:
        table = pd.read_parquet(source) if source.suffix == ".parquet" else pd.read_csv(source)
    except (OSError, ValueError) as error:
        raise InvalidInputError(f"It cannot be read: {error}.", where=str(source)) from error
    if column not in table:
        raise InvalidInputError(
            f"There is no column {column!r}.", where=str(source), hint=f"It has: {', '.join(map(str, table.columns))}."
        )
    names = next((table[name] for name in _NAMES if name in table), table.index)
    for name, text in zip(names, table[column], strict=True):
        yield str(name), str(text), read_cif
