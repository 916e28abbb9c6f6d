"""Build a library file: classes take turns, each chain once, written in parts so that a killed build goes on."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polyloop.core import InvalidInputError, content_key, file_digest, require
from polyloop.core.errors import UnsupportedChemistryError
from polyloop.design.library.permutation import Permutation
from polyloop.design.library.polymer_library import LibraryPolymer, PolymerLibrary
from polyloop.design.library.recipe import Recipe

__all__ = ["BuiltLibrary", "build_library"]

PART = 50_000
_LARGEST_SHARE = 0.25


@dataclass(frozen=True)
class BuiltLibrary:
    """What a build wrote: rows, rows of each class, and the sha256 of the file."""

    rows: int
    classes: Mapping[str, int]
    digest: str


def build_library(
    library: PolymerLibrary, path: Path, *, size: int, seed: int, part: int = PART,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> BuiltLibrary:  # fmt: skip
    """Write `size` distinct polymers of a library to a Parquet file, or all where there are fewer.

    The rules' classes take turns, and the rules within a class, so that small classes are exhausted first and the
    large ones share what is left; no class exceeds a quarter of `size`. Each rule's chains come in an order of the
    seed. Rows are kept in a folder beside the file, `part` at a time; a build that was killed goes on from the last
    part, and its file has the bytes of one that was not.

    Raises
    ------
    InvalidInputError
        If `size` is not positive, the library is empty, or the folder holds the parts of another build.
    MissingDependencyError
        If pyarrow is not installed.
    """
    if size < 1 or not len(library):
        raise InvalidInputError(
            "There is nothing to build." if size < 1 else "The monomers make no polymer.", where=str(path),
            hint="Ask for at least one polymer, of monomers that fit the rules (polyloop library rules).",
        )  # fmt: skip
    folder = path.with_name(path.name + ".parts")
    monomers = [monomer.smiles for monomer in library.stock.stock]
    key = content_key({"size": size, "seed": seed, "part": part, "recipes": _described(library), "monomers": monomers})
    builder = _Builder(library, size, seed)
    number = _resume(folder, key, builder)
    while rows := builder.rows(part):
        number += 1
        _write_part(folder / f"part-{number:05d}.parquet", rows, {"key": key, **builder.state()})
        progress(len(builder.seen), size)
    digest = _join(folder, path)
    return BuiltLibrary(len(builder.seen), dict(sorted(builder.classes.items())), digest)


class _Builder:
    """Where a build stands: how far each rule's order has been walked, whose turn it is, and what was kept."""

    def __init__(self, library: PolymerLibrary, size: int, seed: int) -> None:
        self._library, self._size, self._seed = library, size, seed
        self._most = max(1, int(size * _LARGEST_SHARE))
        self._recipes = {recipe.rule.name: recipe for recipe in library.recipes}
        self._orders = {name: Permutation(len(r), f"{seed}/{name}") for name, r in self._recipes.items()}
        self._cursors = dict.fromkeys(self._recipes, 0)
        self._turns = [[recipe.rule.name for recipe in recipes] for recipes in library.by_class.values()]
        self.classes: Counter[str] = Counter()
        self.seen: set[int] = set()

    def state(self) -> dict[str, Any]:
        return {"cursors": self._cursors, "turns": self._turns, "classes": self.classes}

    def restore(self, state: dict[str, Any], seen: Iterator[str]) -> None:
        self._cursors, self._turns, self.classes = state["cursors"], state["turns"], Counter(state["classes"])
        self.seen = {_short(text) for text in seen}

    def rows(self, most: int) -> list[LibraryPolymer]:
        """Return the next rows, whole rounds over the classes, until there are at least `most` or no more."""
        made: list[LibraryPolymer] = []
        while self._turns and len(made) < most and len(self.seen) < self._size:
            for names in self._turns:
                if len(self.seen) >= self._size:
                    break
                row = self._next(names)
                if row is not None:
                    made.append(row)
            self._turns = [names for names in self._turns if names]
        return made

    def _next(self, names: list[str]) -> LibraryPolymer | None:
        """Return the next new polymer of the rules `names`, which take turns; rules that are exhausted are removed."""
        while names:
            name = names.pop(0)
            row = self._draw(self._recipes[name])
            if row is not None:
                names.append(name)
                return row
        return None

    def _draw(self, recipe: Recipe) -> LibraryPolymer | None:
        name, order = recipe.rule.name, self._orders[recipe.rule.name]
        if self.classes[recipe.rule.polymer_class.value] >= self._most:
            return None
        while self._cursors[name] < order.size:
            chain = recipe[order[self._cursors[name]]]
            self._cursors[name] += 1
            try:
                row = self._library.polymer(recipe.rule, chain)
            except UnsupportedChemistryError:
                continue
            code = _short(row.smiles)
            if code in self.seen or self.classes[row.polymer_class.value] >= self._most:
                continue
            self.seen.add(code)
            self.classes[row.polymer_class.value] += 1
            return row
        return None


def _short(text: str) -> int:
    # 64 bits: among two million texts two share one with a probability of 1e-7.
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "little")


def _described(library: PolymerLibrary) -> list[list[Any]]:
    return [[recipe.rule.name, len(recipe)] for recipe in library.recipes]


def _resume(folder: Path, key: str, builder: _Builder) -> int:
    parquet = require("pyarrow.parquet", extra="parquet")
    folder.mkdir(parents=True, exist_ok=True)
    for unfinished in folder.glob("*.writing"):
        unfinished.unlink()
    parts = sorted(folder.glob("part-*.parquet"))
    if not parts:
        return 0
    state = json.loads(parquet.read_schema(parts[-1]).metadata[b"polyloop"])
    if state["key"] != key:
        raise InvalidInputError(
            "The folder holds the parts of another build.", where=str(folder),
            hint="Remove the folder, or build with the same monomers, size and seed.",
        )  # fmt: skip
    builder.restore(state, (text for p in parts for text in parquet.read_table(p, columns=["smiles"])[0].to_pylist()))
    return len(parts)


def _write_part(path: Path, rows: list[LibraryPolymer], state: dict[str, Any]) -> None:
    arrow, parquet = require("pyarrow", extra="parquet"), require("pyarrow.parquet", extra="parquet")
    table = arrow.table(
        {
            "smiles": arrow.array([row.smiles for row in rows], arrow.string()),
            "polymer_class": arrow.array([row.polymer_class.value for row in rows], arrow.string()),
            "rule": arrow.array([row.rule for row in rows], arrow.string()),
            "monomers": arrow.array([" + ".join(row.monomers) for row in rows], arrow.string()),
            "orientation": arrow.array([row.orientation for row in rows], arrow.string()),
            "price": arrow.array([row.price for row in rows], arrow.float64()),
            "accessibility": arrow.array([row.accessibility for row in rows], arrow.float64()),
            "makeability": arrow.array([row.makeability for row in rows], arrow.float64()),
        }
    ).replace_schema_metadata({"polyloop": json.dumps(state, sort_keys=True)})
    unfinished = path.with_suffix(".writing")
    parquet.write_table(table, unfinished, compression="zstd")
    unfinished.rename(path)


def _join(folder: Path, path: Path) -> str:
    """Write the parts one after the other into the file, and return its sha256; the folder is removed at the end."""
    parquet = require("pyarrow.parquet", extra="parquet")
    parts = sorted(folder.glob("part-*.parquet"))
    unfinished = folder / "joined.writing"
    schema = parquet.read_schema(parts[0]).remove_metadata()
    with parquet.ParquetWriter(unfinished, schema, compression="zstd") as writer:
        for part in parts:
            writer.write_table(parquet.read_table(part).replace_schema_metadata(None))
    digest = file_digest(unfinished)
    unfinished.replace(path)
    shutil.rmtree(folder)
    return digest
