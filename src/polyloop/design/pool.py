"""Pool: the candidates of a campaign, each polymer once."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, content_key, write_atomically
from polyloop.design.pool_filter import PoolFilter, elements_of
from polyloop.design.virtual_library import Candidate, polymerize

__all__ = ["BadRow", "Pool"]

_VERSION = 1


@dataclass(frozen=True)
class BadRow:
    """A row of a table that holds no repeat unit: its line in the file (the header is line 1) and why."""

    line: int
    smiles: str
    reason: str


@dataclass(frozen=True)
class Pool:
    """Distinct polymers, in a fixed order.

    Parameters
    ----------
    smiles
        Canonical SMILES, length n.
    keys
        sha256 keys of the polymers, length n.
    names
        What each is called; empty where it has no name.
    origins
        Where each comes from: file and line, table of facts, or rule and monomers.
    bad_rows
        Rows that were skipped while reading.
    """

    smiles: tuple[str, ...]
    keys: tuple[str, ...]
    names: tuple[str, ...]
    origins: tuple[str, ...]
    bad_rows: tuple[BadRow, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        lengths = {len(self.smiles), len(self.keys), len(self.names), len(self.origins)}
        if len(lengths) != 1:
            raise InvalidInputError("smiles, keys, names and origins of a pool have different lengths.")
        if len(set(self.keys)) != len(self.keys):
            raise InvalidInputError("A pool holds a polymer twice.", mend="Make it with Pool.from_polymers.")

    def __len__(self) -> int:
        return len(self.smiles)

    @classmethod
    def from_polymers(
        cls,
        polymers: Iterable[tuple[Polymer, str, str]],
        *,
        elements: Collection[str] | None = None,
        heavy_atoms: tuple[int, int] | None = None,
        classes: Collection[str] | None = None,
        bad_rows: Sequence[BadRow] = (),
    ) -> Pool:
        """Make a pool of (polymer, name, origin); of polymers that are the same, the first one stays.

        Parameters
        ----------
        elements
            Symbols of the elements that a polymer may hold beside hydrogen; None for any.
        heavy_atoms
            Least and greatest number of heavy atoms of the canonical repeat unit, both included.
        classes
            Names of the polymer classes wanted (`Polymer.polymer_class`).

        Raises
        ------
        InvalidInputError
            If a filter is wrong.
        """
        wanted = PoolFilter.make(elements, heavy_atoms, classes)
        kept: dict[str, tuple[str, str, str]] = {}
        for polymer, name, origin in polymers:
            if polymer.key not in kept and wanted.accepts(polymer):
                kept[polymer.key] = (polymer.canonical, name, origin)
        smiles, names, origins = zip(*kept.values(), strict=True) if kept else ((), (), ())
        return cls(tuple(smiles), tuple(kept), tuple(names), tuple(origins), tuple(bad_rows))

    @classmethod
    def from_csv(
        cls,
        path: Path,
        *,
        column: str = "smiles",
        name_column: str | None = None,
        skip_bad: bool = False,
        elements: Collection[str] | None = None,
        heavy_atoms: tuple[int, int] | None = None,
        classes: Collection[str] | None = None,
    ) -> Pool:
        """Read a pool from a CSV file whose column `column` holds repeat units; filters as in `from_polymers`.

        With `skip_bad`, rows that hold no repeat unit are left out and listed in `bad_rows`.

        Raises
        ------
        InvalidInputError
            If the file, the column or a row cannot be read; the message names file, line and column.
        """
        rows = _read_csv(Path(path), column, name_column)
        bad: list[BadRow] = []

        def polymers() -> Iterator[tuple[Polymer, str, str]]:
            for line, smiles, name in rows:
                try:
                    yield Polymer(smiles), name, f"{Path(path).name}, line {line}"
                except InvalidInputError as error:
                    if not skip_bad:
                        where = f"{path}, line {line}, column {column!r}"
                        mend = error.mend or "Correct the row, or skip bad rows (skip_bad)."
                        raise InvalidInputError(error.what, where=where, mend=mend) from error
                    bad.append(BadRow(line, smiles, str(error)))

        return cls.from_polymers(polymers(), elements=elements, heavy_atoms=heavy_atoms, classes=classes, bad_rows=bad)

    @classmethod
    def from_homopolymers(
        cls,
        *,
        elements: Collection[str] | None = None,
        heavy_atoms: tuple[int, int] | None = None,
        classes: Collection[str] | None = None,
    ) -> Pool:
        """Make a pool of the shipped homopolymers; filters as in `from_polymers`."""
        from polyloop.chem.library import homopolymers

        known = ((Polymer(row.smiles), row.name, "shipped homopolymers") for row in homopolymers())
        return cls.from_polymers(known, elements=elements, heavy_atoms=heavy_atoms, classes=classes)

    @classmethod
    def from_virtual_library(
        cls,
        size: int | None = 10_000,
        seed: int = 0,
        *,
        monomers: Sequence[str] | None = None,
        elements: Collection[str] | None = None,
        heavy_atoms: tuple[int, int] | None = None,
        classes: Collection[str] | None = None,
        balanced: bool = True,
        cache: Path | None = None,
    ) -> Pool:
        """Polymerise monomers by the smipoly rules; filters as in `from_polymers`.

        Parameters
        ----------
        size
            Number of polymers; None for all that can be made.
        seed
            Seed of the order in which monomers are tried; the same seed gives the same pool.
        monomers
            SMILES of the monomers; None for the shipped ones.
        balanced
            Take turns over the rules' classes of polymers (most pairs of monomers are two olefins).
        cache
            Folder that keeps pools already made.

        Raises
        ------
        InvalidInputError
            If a filter or monomer is wrong, or fewer than `size` polymers pass the filters.
        """
        listed = _monomers(monomers)
        wanted = PoolFilter.make(elements, heavy_atoms, classes)
        settings = {
            "version": _VERSION,
            "packages": {name: installed_version(name) for name in ("smipoly", "rdkit")},
            "monomers": [list(monomer) for monomer in listed],
            "size": size,
            "seed": seed,
            "balanced": balanced,
            "filter": wanted.to_dict(),
        }
        file = cache / f"virtual_library_{content_key(settings)[:20]}.json" if cache is not None else None
        if file is not None and file.exists():
            return cls.load(file)
        made: list[Candidate] = list(
            polymerize(listed, rng=np.random.default_rng(seed), size=size, balanced=balanced, accept=wanted.accepts)
        )
        if size is not None and len(made) < size:
            raise InvalidInputError(
                f"{len(listed)} monomers make only {len(made)} polymers that pass the filters, not {size}.",
                where="virtual library",
                mend="Ask for fewer (size), widen the filters, or give more monomers.",
            )
        pool = cls(
            smiles=tuple(candidate.smiles for candidate in made),
            keys=tuple(candidate.key for candidate in made),
            names=("",) * len(made),
            origins=tuple(candidate.origin for candidate in made),
        )
        if file is not None:
            pool.save(file)
        return pool

    def save(self, path: Path) -> None:
        """Write the pool to `path` as JSON, so that a crash never leaves half of it."""
        bad = [[row.line, row.smiles, row.reason] for row in self.bad_rows]
        content = {"smiles": self.smiles, "keys": self.keys, "names": self.names, "origins": self.origins, "bad": bad}
        write_atomically(path, json.dumps({"polyloop_pool": _VERSION, **content}))

    @classmethod
    def load(cls, path: Path) -> Pool:
        """Read what `save` wrote.

        Raises
        ------
        InvalidInputError
            If the file holds no pool.
        """
        try:
            content = json.loads(path.read_text())
            smiles, keys, names, origins = (tuple(content[name]) for name in ("smiles", "keys", "names", "origins"))
            return cls(smiles, keys, names, origins, tuple(BadRow(*row) for row in content["bad"]))
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError) as error:
            raise InvalidInputError(
                "This file holds no pool.", where=str(path), mend="Delete it and make the pool again."
            ) from error

    def subset(self, indices: Sequence[int] | NDArray[Any]) -> Pool:
        """Return the candidates at `indices` (integers, or a boolean mask), in that order."""
        chosen = np.asarray(indices)
        rows = [int(i) for i in (np.flatnonzero(chosen) if chosen.dtype == bool else chosen)]

        def pick(column: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(column[row] for row in rows)

        return Pool(pick(self.smiles), pick(self.keys), pick(self.names), pick(self.origins), self.bad_rows)

    def describe(self) -> dict[str, Any]:
        """Count what the pool holds: polymer classes, elements, rings, sizes and origins; JSON-ready."""
        classes: Counter[str] = Counter()
        elements: Counter[str] = Counter()
        origins: Counter[str] = Counter()
        aromatic, heavy = 0, []
        for smiles, origin in zip(self.smiles, self.origins, strict=True):
            polymer = Polymer(smiles)
            mol = polymer.mol
            classes[str(polymer.polymer_class)] += 1
            elements.update(elements_of(mol))
            origins[origin.partition(":")[0].partition(",")[0]] += 1
            aromatic += any(atom.GetIsAromatic() for atom in mol.GetAtoms())
            heavy.append(mol.GetNumHeavyAtoms())
        return {
            "size": len(self),
            "polymer_classes": _sorted(classes),
            "with_element": _sorted(elements),
            "aromatic": aromatic,
            "heavy_atoms": _extent(heavy),
            "origins": _sorted(origins),
            "bad_rows": len(self.bad_rows),
        }


def _extent(sizes: Sequence[int]) -> dict[str, float]:
    return {"least": min(sizes), "median": float(np.median(sizes)), "most": max(sizes)} if sizes else {}


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _monomers(monomers: Sequence[str] | None) -> list[tuple[str, str]]:
    if monomers is not None:
        return [(smiles, smiles) for smiles in monomers]
    from polyloop.chem.library import monomers as shipped

    return [(row.name, row.smiles) for row in shipped()]


def _read_csv(path: Path, column: str, name_column: str | None) -> list[tuple[int, str, str]]:
    """Return (line, repeat unit, name) of each row that is not empty."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream, strict=True)
            header = reader.fieldnames or []
            for wanted in (column, *([name_column] if name_column else [])):
                if wanted not in header:
                    raise InvalidInputError(
                        f"There is no column {wanted!r}.",
                        where=f"{path}, line 1",
                        mend=f"The file has: {', '.join(map(str, header)) or 'no header'}.",
                    )
            rows = []
            for row in reader:
                name = row[name_column] if name_column else ""
                if any(isinstance(cell, str) and cell.strip() for cell in row.values()):
                    rows.append((reader.line_num, (row[column] or "").strip(), (name or "").strip()))
            return rows
    except OSError as error:
        what = f"The file cannot be read: {error.strerror or error}."
        raise InvalidInputError(what, where=str(path), mend="Check the path.") from error
    except UnicodeDecodeError as error:
        raise InvalidInputError("The file is no UTF-8 text.", where=str(path), mend="Save it as UTF-8 CSV.") from error
    except csv.Error as error:
        raise InvalidInputError(
            f"The file is no CSV: {error}.", where=str(path), mend="Check the quotes and separators."
        ) from error
