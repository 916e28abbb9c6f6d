"""FeatureTable: descriptors of many polymers, block by block, with the reasons for those that have none."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.core import InvalidInputError, write_atomically
from polyloop.core.descriptors import BlockKind, BlockValues

__all__ = ["FeatureTable"]


@dataclass(frozen=True, eq=False)
class FeatureTable:
    """Descriptors of n polymers.

    Parameters
    ----------
    polymers
        Canonical SMILES, length n; where the input could not be read, the input itself.
    blocks
        By name of the block, values of shape (n, d); rows of NaN where they could not be computed.
    failures
        Why, by row.
    names
        By name of the block, the names of the d columns.
    kinds
        By name of the block, what its columns are.
    """

    polymers: tuple[str, ...]
    blocks: Mapping[str, NDArray[Any]]
    failures: Mapping[int, str] = field(default_factory=dict)
    names: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    kinds: Mapping[str, BlockKind] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, values in self.blocks.items():
            if values.ndim != 2 or len(values) != len(self.polymers):
                raise InvalidInputError(
                    f"Block {name!r} has shape {values.shape}, but there are {len(self.polymers)} polymers.",
                    hint="Give one row per polymer.",
                )

    def __len__(self) -> int:
        return len(self.polymers)

    @property
    def valid(self) -> NDArray[np.bool_]:
        """True for the rows whose blocks were all computed, shape (n,)."""
        mask = np.ones(len(self), dtype=bool)
        mask[list(self.failures)] = False
        return mask

    def described(self) -> dict[str, BlockValues]:
        """Return the blocks with their kinds, as models take them."""
        return {name: BlockValues(values, self.kinds[name]) for name, values in self.blocks.items()}

    def take(self, indices: Sequence[int] | NDArray[Any]) -> FeatureTable:
        """Return the rows at `indices` (integers, or a boolean mask), in that order."""
        chosen = np.asarray(indices)
        chosen = np.flatnonzero(chosen) if chosen.dtype == bool else chosen.astype(int)
        rows = [int(i) % len(self) for i in chosen]
        return FeatureTable(
            polymers=tuple(self.polymers[i] for i in rows),
            blocks={name: values[chosen] for name, values in self.blocks.items()},
            failures={new: self.failures[old] for new, old in enumerate(rows) if old in self.failures},
            names=self.names,
            kinds=self.kinds,
        )

    def of_blocks(self, blocks: Sequence[str]) -> FeatureTable:
        """Return some of the blocks, in that order, of all rows."""
        return replace(self, blocks={name: self.blocks[name] for name in blocks})

    def beside(self, other: FeatureTable) -> FeatureTable:
        """Return the blocks of this table and those of another one of the same polymers."""
        failures = dict(self.failures)
        for row, reason in other.failures.items():
            failures[row] = f"{failures[row]} {reason}" if row in failures else reason
        return FeatureTable(
            self.polymers, {**self.blocks, **other.blocks}, dict(sorted(failures.items())),
            {**self.names, **other.names}, {**self.kinds, **other.kinds},
        )  # fmt: skip

    def save(self, path: Path) -> None:
        """Write the table to `path` (npz, compressed) so that a crash never leaves half of it."""
        header = {"polymers": self.polymers, "failures": self.failures, "names": self.names, "kinds": self.kinds}
        text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        stream = io.BytesIO()
        np.savez_compressed(stream, allow_pickle=False, header=text, **dict(self.blocks))
        write_atomically(path, stream.getvalue())

    @classmethod
    def load(cls, path: Path) -> FeatureTable:
        """Read what `save` wrote.

        Raises
        ------
        InvalidInputError
            If the file is no such table.
        """
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
                header = json.loads(archive["header"].tobytes())
                blocks = {name: archive[name] for name in archive.files if name != "header"}
                kinds = {name: BlockKind(kind) for name, kind in header["kinds"].items()}
        except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
            raise InvalidInputError(
                "This is no table of features.", where=str(path), hint="Delete it and compute the features again."
            ) from error
        return cls(
            polymers=tuple(header["polymers"]),
            blocks=blocks,
            failures={int(row): reason for row, reason in header["failures"].items()},
            names={name: tuple(columns) for name, columns in header["names"].items()},
            kinds=kinds,
        )
