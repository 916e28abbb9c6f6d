"""Formation energy of a composition, whatever its structure, with an error bar: a trained model that is shipped."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from polyloop.core.descriptors import BlockKind, BlockValues
from polyloop.core.errors import InvalidInputError
from polyloop.core.files import write_atomically
from polyloop.crystal.composition import Composition
from polyloop.crystal.elements import ELEMENTS
from polyloop.crystal.set_attention import SetAttention

__all__ = ["FormationEnergyModel", "element_fractions"]

_PLACES = {symbol: place for place, symbol in enumerate(ELEMENTS)}
_WHOLE = ("epochs", "width", "depth", "n_members")


class FormationEnergyModel:
    """What the lowest-energy structure of a composition has as formation energy, in eV/atom.

    Parameters
    ----------
    surrogate
        Fitted on the block `element_fractions`.
    seen
        Shape (118,), in how many compositions that it learnt each element stands.
    source
        What it learnt from.

    References
    ----------
    The shipped one learnt the formation energies of Matbench (Dunn et al. 2020, doi:10.1038/s41524-020-00406-3), which
    are those of the Materials Project of 2018 (CC BY 4.0), the lowest of each composition. Energies of later years
    differ by 0.05 eV/atom on average, since their corrections do.
    """

    def __init__(self, surrogate: SetAttention, seen: NDArray[np.int64], source: str) -> None:
        self.surrogate, self.seen, self.source = surrogate, seen, source

    @classmethod
    def shipped(cls) -> Self:
        """Return the model that comes with polyloop."""
        model = _shipped()
        return cls(model.surrogate, model.seen, model.source)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the model in a file that `write` made."""
        with np.load(path, allow_pickle=False) as kept:
            arrays = {name: kept[name] for name in kept.files}
        given = {name: int(arrays.pop(f"option_{name}")) for name in _WHOLE}
        seen, source = arrays.pop("seen"), str(arrays.pop("source"))
        return cls(SetAttention(**given).restore(arrays), seen, source)

    def write(self, path: Path) -> None:
        """Write the model, its weights in half precision, which changes energies by less than 1 meV/atom."""
        state = {
            name: value.astype(np.float16) if value.dtype == np.float32 else value
            for name, value in self.surrogate.state().items()
        }
        given = {f"option_{name}": np.array(getattr(self.surrogate, name)) for name in _WHOLE}
        content = BytesIO()
        np.savez_compressed(content, seen=self.seen, source=np.array(self.source), **given, **state)  # type: ignore[arg-type]
        write_atomically(path, content.getvalue())

    @classmethod
    def train(
        cls, compositions: Sequence[Composition], energies: NDArray[np.float64], source: str, **options: int
    ) -> Self:
        """Learn from n different compositions and their energies in eV/atom, shape (n,)."""
        fractions = element_fractions(compositions)
        blocks = {"element_fractions": BlockValues(fractions, BlockKind.DENSITIES)}
        return cls(SetAttention(**options).fit(blocks, energies), (fractions > 0).sum(axis=0), source)

    def knows(self, composition: Composition) -> bool:
        """Return whether the model has seen all elements of a composition."""
        return all(self.seen[_PLACES[symbol]] for symbol in composition.elements)

    def predict(self, compositions: Sequence[Composition]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return formation energies and standard deviations in eV/atom, each of shape (n,).

        A pure element's is 0 by definition.

        Raises
        ------
        InvalidInputError
            If a composition holds an element that the model has never seen.
        """
        fractions = element_fractions(compositions)
        for composition, row in zip(compositions, fractions, strict=True):
            if unseen := [ELEMENTS[place] for place in np.flatnonzero(row) if not self.seen[place]]:
                raise InvalidInputError(
                    f"The model of formation energies has seen no compound of {', '.join(unseen)}.",
                    where=composition.formula, hint=f"It learnt from {self.source}.",
                )  # fmt: skip
        found = self.surrogate.predict({"element_fractions": BlockValues(fractions, BlockKind.DENSITIES)})
        pure = (fractions > 0).sum(axis=1) == 1
        return np.where(pure, 0.0, found.mean), np.where(pure, 0.0, found.predictive_std)


def element_fractions(compositions: Sequence[Composition]) -> NDArray[np.float64]:
    """Return the atomic fraction of each of 118 elements, shape (n, 118)."""
    fractions = np.zeros((len(compositions), len(ELEMENTS)))
    for row, composition in enumerate(compositions):
        for symbol, share in composition.fractions.items():
            fractions[row, _PLACES[symbol]] = share
    return fractions


@lru_cache(maxsize=1)
def _shipped() -> FormationEnergyModel:
    return FormationEnergyModel.read(Path(str(files("polyloop.crystal") / "tables" / "formation_energy.npz")))
