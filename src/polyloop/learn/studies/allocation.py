"""More polymers or more repeats: a study from a table of runs, some of them repeats."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from pydantic import Field

from polyloop.features.mixtures import describe_subjects
from polyloop.learn.allocation import AllocationStudy, study_allocation
from polyloop.learn.invariant_target import without_factors
from polyloop.learn.model_folder import digest_of
from polyloop.learn.property_model import BLOCKS_OF_MODELS
from polyloop.learn.studies.finding import Finding, OnePassStudy
from polyloop.tables.training import read_training

__all__ = ["AllocationConfig"]


class AllocationConfig(OnePassStudy):
    """What a study of polymers against repeats does.

    Parameters
    ----------
    table, target, smiles_column, kind
        Table of runs, its columns of values and subjects, and the kind of these.
    budget
        What may be spent, in runs.
    cost_ratio
        Cost of a new polymer's first run, in repeats.
    blocks
        Descriptors; empty for those of `polyloop model train`.
    seed
        Of the subsets that the learning curve is estimated on.
    """

    study: Literal["allocation"] = "allocation"
    table: str
    target: str
    budget: float = Field(ge=1.0)
    cost_ratio: float = Field(1.0, ge=1.0)
    smiles_column: str = "smiles"
    kind: str = "polymer"
    blocks: tuple[str, ...] = ()
    seed: int = Field(0, ge=0)

    def carry_out(self, *, workers: int = 1) -> Finding:
        """Estimate noise and learning curve, and weigh the ways of spending the budget."""
        table = read_training(self.table, self.target, self.smiles_column)
        blocks = self.blocks or BLOCKS_OF_MODELS
        described = describe_subjects(self.kind, list(table.texts), blocks, workers=workers)
        usable = np.flatnonzero(described.valid & np.isfinite(table.values))
        _, first, rows = np.unique(np.array(described.polymers)[usable], return_index=True, return_inverse=True)
        digest = digest_of(described.take(usable), table.values[usable])
        self.found_on(digest)
        found = study_allocation(
            without_factors(described.take(usable[first]).described()), table.values[usable], rows,
            budget=self.budget, cost_ratio=self.cost_ratio, rng=np.random.default_rng(self.seed),
        )  # fmt: skip
        words = (
            f"{found.n} polymers, {found.runs} runs: one run scatters by {found.noise_std:.3g}, "
            f"{found.curve.noise:.0%} of the variance between polymers; best {found.best_repeats:.1f} runs each; "
            f"next: {found.next}."
        )
        return Finding(
            ("polymers", "runs each", "error over spread", "against labels as noisy"),
            [(one.polymers, one.repeats, one.error, labels) for one, labels in found.rows()],
            found.to_dict(),
            (words,),
            tuple(f"line {line}: {reason}" for line, reason in table.left_out) + tuple(described.failures.values()),
            digest,
            lambda figure: _draw(figure, found),
        )


def _draw(figure: Any, found: AllocationStudy) -> None:
    """Draw the expected error of each way of spending the budget, by both yardsticks."""
    axis = figure.subplots()
    rows = found.rows()
    repeats = [one.repeats for one, _ in rows]
    axis.plot(repeats, [one.error for one, _ in rows], "o-", label="against the true means")
    axis.plot(repeats, [labels for _, labels in rows], "s--", label="against labels as noisy as those that teach")
    for one, _ in rows:
        axis.annotate(
            f"{one.polymers}", (one.repeats, one.error), textcoords="offset points", xytext=(0, -12), fontsize=8
        )
    axis.set(xlabel="runs each (below the points: polymers)", ylabel="expected error (RMSE) over spread")
    axis.set_ylim(0.0, 1.1 * max(max(one.error, labels) for one, labels in rows))
    axis.legend(fontsize=8, frameon=False)
