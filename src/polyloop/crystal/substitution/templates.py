"""A store of known structures as arrays, grouped by the ratio of their elements."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, permutations, product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from polyloop.core.errors import InvalidInputError
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.structures.structure import CrystalStructure
from polyloop.crystal.substitution.protostructure import Protostructure, protostructure_of

__all__ = ["RatioGroup", "Template", "TemplateStore", "assignments", "ratio_of", "slots_of"]

_FORMAT = 1
# Of more ways to assign elements only the given number is looked at: five elements of one amount.
_MOST_ASSIGNMENTS = 120


@dataclass(frozen=True)
class Template:
    """A known structure, its name in its source, and its protostructure."""

    name: str
    structure: CrystalStructure
    protostructure: Protostructure

    @property
    def formula(self) -> str:
        """Its reduced formula."""
        return self.structure.composition.canonical


@dataclass(frozen=True)
class RatioGroup:
    """Templates of one ratio of elements, such as 1:2:4.

    Parameters
    ----------
    ratio
        Amounts in growing order, the k slots.
    rows
        Places of the n templates in the store.
    elements
        Atomic numbers less one of each template's slots, shape (n, k).
    orders
        The ways to put a composition's elements on the slots, shape (m, k).
    labels
        Number of the protostructure that template and order give, shape (n, m); equal where they are the same.
    """

    ratio: tuple[int, ...]
    rows: NDArray[np.int64]
    elements: NDArray[np.int64]
    orders: NDArray[np.int64]
    labels: NDArray[np.int64]


def ratio_of(composition: Composition) -> tuple[int, ...]:
    """Return the amounts of a reduced composition in growing order."""
    return tuple(sorted(composition.amounts.values()))


def slots_of(composition: Composition) -> tuple[str, ...]:
    """Return the elements in the order of slots: growing amounts, of equal ones the order of the alphabet."""
    return tuple(sorted(composition.amounts, key=lambda symbol: (composition.amounts[symbol], symbol)))


def assignments(ratio: tuple[int, ...]) -> NDArray[np.int64]:
    """Return the permutations of slots that keep amounts, shape (m, k), the identity first."""
    blocks = [[place for place, amount in enumerate(ratio) if amount == one] for one in sorted(set(ratio))]
    ways = product(*(permutations(block) for block in blocks))
    return np.array([[place for block in way for place in block] for way in islice(ways, _MOST_ASSIGNMENTS)])


class TemplateStore:
    """Known structures to substitute elements in.

    Parameters
    ----------
    templates
        Each with its protostructure.
    source
        Where they come from, in words.
    """

    def __init__(self, templates: Iterable[Template], source: str = "") -> None:
        self.templates = tuple(templates)
        self.source = source
        if not self.templates:
            raise InvalidInputError("There are no templates.", hint="Give structures of known crystals.")

    def __len__(self) -> int:
        return len(self.templates)

    @classmethod
    def from_structures(cls, structures: Iterable[tuple[str, CrystalStructure]], source: str = "") -> TemplateStore:
        """Make a store of (name, structure); those whose symmetry is not found are left out."""

        def known() -> Iterator[Template]:
            for name, structure in structures:
                found = protostructure_of(structure)
                if found is not None:
                    yield Template(name, structure, found)

        return cls(known(), source)

    @cached_property
    def formulas(self) -> NDArray[np.str_]:
        """Reduced formulas, shape (n,)."""
        return np.array([template.formula for template in self.templates])

    @cached_property
    def _rows_by_ratio(self) -> dict[tuple[int, ...], list[int]]:
        found: dict[tuple[int, ...], list[int]] = {}
        for row, template in enumerate(self.templates):
            found.setdefault(ratio_of(template.structure.composition), []).append(row)
        return found

    @cached_property
    def _groups(self) -> dict[tuple[int, ...], RatioGroup]:
        return {}

    @property
    def ratios(self) -> tuple[tuple[int, ...], ...]:
        """All ratios that there are templates of."""
        return tuple(self._rows_by_ratio)

    def group(self, ratio: tuple[int, ...]) -> RatioGroup | None:
        """Return the templates of a ratio; None where there are none."""
        if ratio not in self._groups and ratio in self._rows_by_ratio:
            self._groups[ratio] = self._group_of(ratio, self._rows_by_ratio[ratio])
        return self._groups.get(ratio)

    def _group_of(self, ratio: tuple[int, ...], rows: list[int]) -> RatioGroup:
        orders = assignments(ratio)
        numbers: dict[str, int] = {}
        labels = np.empty((len(rows), len(orders)), dtype=int)
        elements = np.empty((len(rows), len(ratio)), dtype=int)
        for place, row in enumerate(rows):
            template = self.templates[row]
            slots = slots_of(template.structure.composition)
            elements[place] = [ELEMENTS.index(symbol) for symbol in slots]
            at = [template.protostructure.elements.index(symbol) for symbol in slots]
            for column, order in enumerate(orders):
                label = template.protostructure.label(tuple(at[slot] for slot in order))
                labels[place, column] = numbers.setdefault(label, len(numbers))
        return RatioGroup(ratio, np.array(rows), elements, orders, labels)

    @cached_property
    def atomic_volumes(self) -> NDArray[np.float64]:
        """Volume in angstrom3 that each element takes in the mean, shape (118,), by ridge regression."""
        shares = np.zeros((len(self), len(ELEMENTS)))
        volumes: NDArray[np.float64] = np.empty(len(self))
        for row, template in enumerate(self.templates):
            np.add.at(shares[row], template.structure.numbers - 1, 1.0 / len(template.structure))
            volumes[row] = template.structure.volume_per_atom
        mean = float(np.median(volumes))
        solved = np.linalg.solve(shares.T @ shares + 0.1 * np.eye(len(ELEMENTS)), shares.T @ (volumes - mean))
        found: NDArray[np.float64] = np.maximum(solved + mean, 2.0)
        return found

    def save(self, path: str | Path) -> None:
        """Write the store to a file (numpy's .npz)."""
        structures = [template.structure for template in self.templates]
        labels = [
            [one.name, one.protostructure.number, one.protostructure.elements, one.protostructure.settings]
            for one in self.templates
        ]
        with Path(path).open("wb") as stream:
            np.savez_compressed(
                stream,
                sizes=np.array([len(one) for one in structures]),
                lattices=np.array([one.lattice for one in structures]),
                fractional=np.concatenate([one.fractional for one in structures]),
                numbers=np.concatenate([one.numbers for one in structures]).astype(np.uint8),
                labels=np.frombuffer(json.dumps(labels).encode(), dtype=np.uint8),
                source=np.frombuffer(self.source.encode(), dtype=np.uint8),
                format=np.array(_FORMAT),
            )

    @classmethod
    def load(cls, path: str | Path) -> TemplateStore:
        """Read what `save` wrote.

        Raises
        ------
        InvalidInputError
            If there is no such file, or it holds no templates.
        """
        try:
            with np.load(path, allow_pickle=False) as data:
                arrays = {name: data[name] for name in data.files}
            labels = json.loads(arrays["labels"].tobytes())
            ends = np.cumsum(arrays["sizes"])
        except FileNotFoundError as error:
            raise InvalidInputError("There is no such file.", where=str(path), hint=NO_TEMPLATES) from error
        except (ValueError, KeyError, OSError, json.JSONDecodeError) as error:
            raise InvalidInputError(f"It holds no templates: {error}.", where=str(path), hint=NO_TEMPLATES) from error
        templates = []
        for row, (name, number, elements, settings) in enumerate(labels):
            atoms = slice(ends[row] - arrays["sizes"][row], ends[row])
            symbols = tuple(ELEMENTS[number - 1] for number in arrays["numbers"][atoms])
            structure = CrystalStructure.trusted(arrays["lattices"][row], arrays["fractional"][atoms], symbols)
            found = Protostructure(number, tuple(elements), tuple(tuple(one) for one in settings))
            templates.append(Template(name, structure, found))
        return cls(templates, arrays["source"].tobytes().decode())


NO_TEMPLATES = (
    "Make a file of templates from known structures: polyloop crystal templates TABLE.csv -o templates.npz. Tables of "
    "structures are to be had from the Materials Project, OQMD, Alexandria or the Crystallography Open Database."
)
