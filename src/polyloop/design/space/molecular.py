"""Molecules as choices: which catalyst, which solvent; two are as alike as their descriptors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from polyloop.core import InvalidInputError
from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.core.names import did_you_mean
from polyloop.design.space.molecule_descriptors import (
    MOLECULE_BLOCKS,
    canonical_molecule,
    embedding,
    fingerprint_distances,
    property_distances,
    standardised_distances,
)
from polyloop.design.space.variables import Value, check_choices
from polyloop.learn.surrogate import Array

__all__ = ["Molecular"]


@dataclass(frozen=True, eq=False)
class Molecular:
    """A choice among molecules, by label; alike ones teach about one another.

    The squared distance of two molecules is the mean over blocks, each in units of its own mean over all pairs. What
    models see are coordinates of points that have just these distances, at most one column less than molecules.

    Parameters
    ----------
    molecules
        SMILES by label, or a list of SMILES that are their own labels. Several fragments are one choice, as in a salt.
    blocks
        "ecfp" (counts of circular environments, radius 2; 1 - MinMax) and "properties" (RDKit's two-dimensional
        descriptors, each in units of its spread over the molecules). Empty where `descriptors` alone count.
    descriptors
        Numbers of your own, such as computed steric parameters: by label, as many for each.

    Raises
    ------
    InvalidInputError
        If a SMILES cannot be read, two labels are one molecule, or descriptors are absent or not finite.

    Examples
    --------
    >>> solvent = Molecular("solvent", {"DMF": "CN(C)C=O", "DMAc": "CC(=O)N(C)C", "toluene": "Cc1ccccc1"})
    >>> distances = solvent.distances()
    >>> bool(distances[0, 1] < distances[0, 2])
    True
    """

    name: str
    molecules: Mapping[str, str]
    blocks: tuple[str, ...] = MOLECULE_BLOCKS
    descriptors: Mapping[str, Sequence[float]] | None = None
    columns: Array = field(init=False, repr=False)

    is_numeric = False

    def __init__(
        self,
        name: str,
        molecules: Mapping[str, str] | Sequence[str],
        blocks: Sequence[str] = MOLECULE_BLOCKS,
        descriptors: Mapping[str, Sequence[float]] | None = None,
    ) -> None:
        listed = dict(molecules) if isinstance(molecules, Mapping) else {text: text for text in molecules}
        check_choices(name, tuple(listed) if isinstance(molecules, Mapping) else tuple(molecules))
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "molecules", self._canonical(name, listed))
        object.__setattr__(self, "blocks", tuple(blocks))
        object.__setattr__(self, "descriptors", None if descriptors is None else dict(descriptors))
        object.__setattr__(self, "columns", embedding(self._squared_distances()))

    @staticmethod
    def _canonical(name: str, listed: Mapping[str, str]) -> dict[str, str]:
        canonical: dict[str, str] = {}
        for label, smiles in listed.items():
            text = canonical_molecule(smiles, where=f"variable {name}, {label!r}")
            for other, known in canonical.items():
                if known == text:
                    raise InvalidInputError(f"{other!r} and {label!r} are the same molecule.", where=f"variable {name}")
            canonical[label] = text
        return canonical

    def _squared_distances(self) -> Array:
        where, smiles = f"variable {self.name}", tuple(self.molecules.values())
        parts = []
        for block in self.blocks:
            if block not in MOLECULE_BLOCKS:
                raise InvalidInputError(
                    f"There is no block {block!r} of molecules.",
                    where=where,
                    hint=did_you_mean(str(block), MOLECULE_BLOCKS),
                )
            parts.append(fingerprint_distances(smiles) if block == "ecfp" else property_distances(smiles))
        if self.descriptors is not None:
            parts.append(self._own_distances(self.descriptors))
        if not parts:
            raise InvalidInputError(
                "It has no descriptors.", where=where, hint="Use Categorical where molecules are only alike or not."
            )
        pairs = ~np.eye(len(smiles), dtype=bool)
        scaled = [part / (part[pairs].mean() or 1.0) for part in parts]
        squared: Array = np.mean(scaled, axis=0)
        first, second = np.argwhere((squared <= 1e-12) & pairs)[:1].T if (squared[pairs] <= 1e-12).any() else ([], [])
        if len(first):
            a, b = list(self.molecules)[first[0]], list(self.molecules)[second[0]]
            raise InvalidInputError(f"No descriptor tells {a!r} from {b!r}.", where=where, hint="Add a block.")
        return squared

    def _own_distances(self, descriptors: Mapping[str, Sequence[float]]) -> Array:
        where = f"variable {self.name}"
        missing = [label for label in self.molecules if label not in descriptors]
        if missing:
            raise InvalidInputError(f"There are no descriptors of {missing[0]!r}.", where=where)
        rows = [np.asarray(descriptors[label], dtype=float).ravel() for label in self.molecules]
        if len({len(row) for row in rows}) != 1 or not all(np.isfinite(row).all() for row in rows):
            raise InvalidInputError("Its descriptors must be finite, and as many for each molecule.", where=where)
        return standardised_distances(np.array(rows))

    def distances(self) -> Array:
        """Return the squared distances of all pairs as models see them, shape (k, k)."""
        differences = self.columns[:, None] - self.columns[None]
        return np.asarray(np.square(differences).sum(axis=-1))

    @property
    def values(self) -> tuple[str, ...]:
        """The labels."""
        return tuple(self.molecules)

    @property
    def levels(self) -> tuple[Value, ...]:
        """The labels."""
        return self.values

    @property
    def width(self) -> int:
        """Columns of the embedding."""
        return int(self.columns.shape[1])

    def snapped(self, value: Value) -> Value:
        """Return the label of a label or of any SMILES of one of the molecules."""
        if value in self.molecules:
            return value
        try:
            text = canonical_molecule(str(value), where="")
        except InvalidInputError:
            text = ""
        for label, known in self.molecules.items():
            if known == text:
                return label
        raise InvalidInputError(
            f"{value!r} is no choice of it.", where=f"variable {self.name}", hint=did_you_mean(str(value), self.values)
        )

    def coordinate(self, value: Value) -> float:
        """Return the index of a label."""
        return float(self.values.index(str(value)))

    def value(self, coordinate: float) -> Value:
        """Return the label whose index is nearest."""
        return self.values[min(max(round(float(coordinate)), 0), len(self.molecules) - 1)]

    def numbers(self, coordinates: Array) -> Array:
        """Refuse: a molecule is no number."""
        raise InvalidInputError("It is a choice and no number.", where=f"variable {self.name}")

    def block(self, coordinates: Array) -> BlockValues:
        """Return the embedding of each row's molecule."""
        return BlockValues(self.columns[np.rint(coordinates).astype(int)], BlockKind.DENSITIES)

    def identity(self, value: Value) -> Value:
        """Return the canonical SMILES: a molecule is the same whatever a table calls it."""
        return self.molecules[str(value)]

    def parse(self, cell: str) -> Value:
        """Read a label or a SMILES from a table's cell."""
        return self.snapped(cell.strip())

    def format(self, value: Value) -> str:
        """Write a label."""
        return str(value)
