"""Interactive linear regression: quantities whose slopes depend on structural categories."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from polyloop.core.options import Option
from polyloop.learn.bootstrap import bootstrap_counts, check_members, out_of_bag_noise
from polyloop.learn.columns import Columns
from polyloop.learn.kernel_duals import bootstrap_duals, leave_one_out_penalty
from polyloop.learn.members import MemberModel
from polyloop.learn.state import State, part_of, prefixed
from polyloop.learn.surrogate import Array, Blocks, row_count

__all__ = ["InteractiveRegression", "structural_categories"]

# A category that hardly any row has, or nearly all have, tells rows apart in few cases.
_RAREST = 0.05
_ALIKE = 0.9
_MOST_CANDIDATES = 512
# Weight of the interactions against the common slopes; 0 is a plain linear model.
_INTERACTIONS = (0.0, 0.1, 0.3, 1.0, 3.0)


class InteractiveRegression(MemberModel):
    """Ridge regressions on quantities, structural categories and their products, on bootstrap samples.

    Quantities (blocks of numbers, such as physical descriptors) have slopes; a category (whether a unit has a
    substructure, from blocks of occurrences) shifts the value and changes the slopes. Linear in the quantities, the
    model extrapolates; the categories let kinds of polymers differ. Penalty and weight of the interactions minimize the
    leave-one-out error. The thousands of products are never formed: inner products of them follow from the parts'.

    Parameters
    ----------
    n_categories
        Number of categories, at most: those that divide the rows most evenly, none like another one.
    n_members
        Number of bootstrap samples.
    seed
        Seed of the bootstrap.

    References
    ----------
    Shimakawa, Kumada & Sato (2024), doi:10.1038/s41524-023-01194-2, with quantum-chemical quantities.
    """

    options: ClassVar[tuple[Option, ...]] = (
        Option("categories", int, 16, "Number of categories, at most.", 0, 1_000, argument="n_categories"),
        Option("members", int, 32, "Number of members.", 2, 1_000, argument="n_members"),
    )

    def __init__(self, n_categories: int = 16, *, n_members: int = 32, seed: int = 0) -> None:
        self.n_categories, self.n_members, self.seed = n_categories, check_members(n_members), seed

    def _learn(self, X: Blocks, y: Array, known: Array) -> float:
        self._columns = Columns.of(_quantities(X))
        self._categories = structural_categories(X, self.n_categories)
        self._quantity_rows, self._category_rows = self._encoded(X)
        weights, best = 1.0 + known, (np.inf, 0.0, 1.0)
        has_both = self._quantity_rows.shape[1] > 0 and self._category_rows.shape[1] > 0
        for interaction in _INTERACTIONS if has_both else (0.0,):
            penalty, error = leave_one_out_penalty(self._kernel(X, interaction), y, weights)
            best = min(best, (error, interaction, penalty))
        _, self._interaction, penalty = best
        kernel = self._kernel(X, self._interaction)
        counts = bootstrap_counts(len(y), self.n_members, np.random.default_rng(self.seed))
        self._duals = bootstrap_duals(kernel, y, weights, penalty, counts)
        return out_of_bag_noise(kernel @ self._duals, counts.T > 0, y, known)

    def _answer(self, X: Blocks) -> Array:
        return self._kernel(X, self._interaction) @ self._duals

    def _kernel(self, X: Blocks, interaction: float) -> Array:
        """Inner products of (1, quantities, categories, products) with those of the training rows, (n, n_train)."""
        quantities, categories = self._encoded(X)
        slopes, shifts = quantities @ self._quantity_rows.T, categories @ self._category_rows.T
        kernel: Array = 1.0 + slopes * (1.0 + interaction * shifts) + shifts
        return kernel

    def _encoded(self, X: Blocks) -> tuple[Array, Array]:
        """Return quantities and categories, each with rows of mean squared norm 1 in training."""
        blocks = len(self._columns.scales)
        quantities = self._columns.scaled(X) / np.sqrt(blocks) if blocks else np.zeros((row_count(X), 0))
        parts = [np.asarray(X[name].values)[:, columns] > 0 for name, columns in self._categories.items()]
        present = np.hstack([np.zeros((row_count(X), 0)), *parts])
        return quantities, present / np.sqrt(max(1, present.shape[1]))

    def _learnt(self) -> dict[str, NDArray[Any]]:
        return {
            "duals": self._duals,
            "interaction": np.array(self._interaction),
            "quantities": self._quantity_rows,
            "categories": self._category_rows,
            **prefixed("columns", self._columns.state()),
            **prefixed("chosen", self._categories),
        }

    def _take(self, learnt: State) -> None:
        self._duals, self._interaction = learnt["duals"], float(learnt["interaction"])
        self._quantity_rows, self._category_rows = learnt["quantities"], learnt["categories"]
        self._columns = Columns.of_state(part_of(learnt, "columns"))
        self._categories = part_of(learnt, "chosen")


def _quantities(X: Blocks) -> Blocks:
    return {name: block for name, block in X.items() if not block.kind.is_occurrence}


def structural_categories(X: Blocks, most: int) -> Mapping[str, NDArray[np.intp]]:
    """Return the columns of occurrences that serve as categories, by block.

    Those that divide the rows most evenly come first; one that agrees with an earlier one on nearly all rows, or is
    its contrary, is left out. The values that are to be learnt have no say.
    """
    names = [name for name in sorted(X) if X[name].kind.is_occurrence]
    chosen: dict[str, list[int]] = {}
    if not names or not most:
        return {}
    present = np.hstack([np.asarray(X[name].values) > 0 for name in names]).astype(float)
    block = np.concatenate([np.full(X[name].width, i) for i, name in enumerate(names)])
    column = np.concatenate([np.arange(X[name].width) for name in names])
    share = present.mean(axis=0)
    even = np.minimum(share, 1.0 - share)
    order = np.argsort(-even, kind="stable")[:_MOST_CANDIDATES]
    kept: list[int] = []
    for candidate in order:
        if even[candidate] < _RAREST or len(kept) == most:
            break
        agree = np.abs(2.0 * (present[:, kept] == present[:, [candidate]]).mean(axis=0) - 1.0)
        if not (agree > _ALIKE).any():
            kept.append(int(candidate))
            chosen.setdefault(names[block[candidate]], []).append(int(column[candidate]))
    return {name: np.array(columns, dtype=np.intp) for name, columns in chosen.items()}
