"""Pool: the candidates of a campaign, each polymer once, with what their file says of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Polymer
from polyloop.core import InvalidInputError, Subject, content_key, write_atomically
from polyloop.core.subject import classify
from polyloop.design.left_out import LeftOut
from polyloop.design.pool_file import read_pool
from polyloop.design.pool_filter import PoolFilter, elements_of
from polyloop.design.virtual_library import Candidate, polymerize

__all__ = ["Pool"]

_VERSION = 2


@dataclass(frozen=True)
class Pool:
    """Distinct candidates of one kind, in a fixed order.

    Parameters
    ----------
    texts
        Canonical texts, length n; of polymers the SMILES of their repeat units.
    keys
        sha256 keys of the candidates, length n.
    names
        What each is called; empty where it has no name.
    origins
        Where each comes from: file and line, table of facts, or rule and monomers.
    spellings
        Each as its file spells it, length n; the canonical text when left out.
    extras
        The other columns of the file: by header, the cells of the n candidates.
    left_out
        Rows of the file that are no candidates, and candidates whose screening failed.
    kind
        What the candidates are.
    """

    texts: tuple[str, ...]
    keys: tuple[str, ...]
    names: tuple[str, ...]
    origins: tuple[str, ...]
    spellings: tuple[str, ...] = field(default=(), repr=False)
    extras: Mapping[str, tuple[str, ...]] = field(default_factory=dict, repr=False)
    left_out: tuple[LeftOut, ...] = field(default=(), repr=False)
    kind: str = "polymer"

    def __post_init__(self) -> None:
        if not self.spellings:
            object.__setattr__(self, "spellings", self.texts)
        columns = (self.texts, self.keys, self.names, self.origins, self.spellings, *self.extras.values())
        if len({len(column) for column in columns}) != 1:
            raise InvalidInputError("The columns of a pool have different lengths.")
        if len(set(self.keys)) != len(self.keys):
            raise InvalidInputError("A pool holds a candidate twice.", hint="Make it with Pool.from_polymers.")

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """The candidates."""
        return tuple(Subject(self.kind, text) for text in self.texts)

    @classmethod
    def from_polymers(
        cls,
        polymers: Iterable[tuple[Polymer, str, str]],
        *,
        elements: Collection[str] | None = None,
        heavy_atoms: tuple[int, int] | None = None,
        classes: Collection[str] | None = None,
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
        kept: dict[str, tuple[str, str, str, str]] = {}
        for polymer, name, origin in polymers:
            if polymer.key not in kept and wanted.accepts(polymer):
                kept[polymer.key] = (polymer.canonical, name, origin, polymer.smiles)
        smiles, names, origins, spellings = zip(*kept.values(), strict=True) if kept else ((), (), (), ())
        return cls(smiles, tuple(kept), names, origins, spellings)

    @classmethod
    def from_csv(
        cls,
        path: Path,
        *,
        column: str = "smiles",
        kind: str = "polymer",
        skip_bad: bool = False,
        elements: Collection[str] | None = None,
        heavy_atoms: tuple[int, int] | None = None,
        classes: Collection[str] | None = None,
    ) -> Pool:
        """Read a pool from a CSV (or Parquet) whose column `column` holds subjects of `kind`; filters as in
        `from_polymers`.

        The other columns are kept in `extras`; one that is called `name` gives the names. With `skip_bad`, rows that
        hold none are left out; they, duplicates and what the filters refuse are listed in `left_out`.

        Raises
        ------
        InvalidInputError
            If the file or the column cannot be read, or rows hold no repeat unit; the message names all of them.
        """
        content = read_pool(
            Path(path), column, kind, PoolFilter.make(elements, heavy_atoms, classes), skip_bad=skip_bad
        )
        return cls(**content)

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
                hint="Ask for fewer (size), widen the filters, or give more monomers.",
            )
        pool = cls(
            texts=tuple(candidate.smiles for candidate in made),
            keys=tuple(candidate.key for candidate in made),
            names=("",) * len(made),
            origins=tuple(candidate.origin for candidate in made),
        )
        if file is not None:
            pool.save(file)
        return pool

    def save(self, path: Path) -> None:
        """Write the pool to `path` as JSON, so that a crash never leaves half of it."""
        write_atomically(path, json.dumps({"polyloop_pool": _VERSION, **asdict(self)}))

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
            if "smiles" in content:  # as written before there were other kinds than polymers
                content |= {"texts": content["smiles"], "kind": "polymer"}
            columns = {name: tuple(content[name]) for name in ("texts", "keys", "names", "origins", "spellings")}
            extras = {name: tuple(cells) for name, cells in content["extras"].items()}
            left_out = tuple(LeftOut(**row) for row in content["left_out"])
            return cls(**columns, extras=extras, left_out=left_out, kind=content["kind"])
        except (json.JSONDecodeError, UnicodeDecodeError, KeyError, TypeError, AttributeError) as error:
            raise InvalidInputError(
                "This file holds no pool.", where=str(path), hint="Delete it and make the pool again."
            ) from error

    def subset(self, indices: Sequence[int] | NDArray[Any]) -> Pool:
        """Return the candidates at `indices` (integers, or a boolean mask), in that order."""
        chosen = np.asarray(indices)
        rows = [int(i) for i in (np.flatnonzero(chosen) if chosen.dtype == bool else chosen)]

        def pick(column: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(column[row] for row in rows)

        return Pool(
            pick(self.texts),
            pick(self.keys),
            pick(self.names),
            pick(self.origins),
            pick(self.spellings),
            {name: pick(cells) for name, cells in self.extras.items()},
            self.left_out,
            self.kind,
        )

    def with_texts(self, texts: Sequence[str], origin: str) -> Pool:
        """Return the pool and further candidates (canonical texts) at its end, of which nothing else is known."""
        blank, more = ("",) * len(texts), tuple(texts)
        return Pool(
            self.texts + more,
            self.keys + tuple(Subject(self.kind, text).key for text in texts),
            self.names + blank,
            self.origins + (origin,) * len(texts),
            self.spellings + more,
            {name: cells + blank for name, cells in self.extras.items()},
            self.left_out,
            self.kind,
        )

    def describe(self) -> dict[str, Any]:
        """Count what the pool holds: classes, origins, and of polymers elements, rings and sizes; JSON-ready."""
        subjects = [Subject(self.kind, text) for text in self.texts]
        return {
            "size": len(self),
            "classes": _sorted(Counter(classify(subject) or "none" for subject in subjects)),
            **(_structures(self.texts) if self.kind == "polymer" else {}),
            "origins": _sorted(Counter(origin.partition(":")[0].partition(",")[0] for origin in self.origins)),
            "left_out": _sorted(Counter(row.why for row in self.left_out)),
        }


def _structures(units: Sequence[str]) -> dict[str, Any]:
    """Count elements, aromatic rings and heavy atoms of repeat units."""
    elements: Counter[str] = Counter()
    aromatic, heavy = 0, []
    for unit in units:
        mol = Polymer(unit).mol
        elements.update(elements_of(mol))
        aromatic += any(atom.GetIsAromatic() for atom in mol.GetAtoms())
        heavy.append(mol.GetNumHeavyAtoms())
    return {"with_element": _sorted(elements), "aromatic": aromatic, "heavy_atoms": _extent(heavy)}


def _extent(sizes: Sequence[int]) -> dict[str, float]:
    return {"least": min(sizes), "median": float(np.median(sizes)), "most": max(sizes)} if sizes else {}


def _sorted(counts: Counter[str]) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


def _monomers(monomers: Sequence[str] | None) -> list[tuple[str, str]]:
    if monomers is not None:
        return [(smiles, smiles) for smiles in monomers]
    from polyloop.chem.library import monomers as shipped

    # Those of the first edition alone: a pool of an earlier campaign must not change when the table grows.
    return [(row.name, row.smiles) for row in shipped() if row.edition == 1]
