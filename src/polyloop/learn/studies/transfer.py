"""Do source models pay on these labels? A study from a table of labels and a library of sources."""

from __future__ import annotations

from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import Field

from polyloop.core.text import visible
from polyloop.features.mixtures import describe_subjects
from polyloop.learn.invariant_target import without_factors
from polyloop.learn.model_folder import digest_of
from polyloop.learn.studies.finding import Finding, OnePassStudy
from polyloop.learn.transfer import SourceLibrary, TransferStudy, study_transfer
from polyloop.learn.transfer.library import held_by
from polyloop.tables.training import read_training

__all__ = ["TransferConfig"]


class TransferConfig(OnePassStudy):
    """What a study of learning with source models and without does.

    Parameters
    ----------
    table, target, smiles_column
        Table of labels, its columns of values and subjects.
    sources
        Folder of a library of source models.
    same
        Source that is the target's property elsewhere; None where there is none.
    folds, seed
        Parts that are held out in turn, and the seed of their drawing.
    """

    PLACES: ClassVar[tuple[str, ...]] = ("table", "sources")

    study: Literal["transfer"] = "transfer"
    table: str
    target: str
    sources: str
    same: str | None = None
    smiles_column: str = "smiles"
    folds: int = Field(10, ge=2, le=1000)
    seed: int = Field(0, ge=0)

    def carry_out(self, *, workers: int = 1) -> Finding:
        """Hold labels out, and compare the ways of learning them."""
        library = SourceLibrary.load(self.sources)
        table = read_training(self.table, self.target, self.smiles_column)
        described = describe_subjects(library.kind, list(table.texts), library.blocks, workers=workers)
        _, first = np.unique(np.array(described.polymers), return_index=True)
        rows = np.sort(first[described.valid[first] & np.isfinite(table.values[first])])
        part = described.take(rows)
        digest = f"{digest_of(part, table.values[rows])} {library.digest}"
        self.found_on(digest)
        X = library.with_predictions(part.described())
        elsewhere = None if self.same is None else library.model(self.same).mean(X)
        found = study_transfer(
            without_factors(X), table.values[rows], rng=np.random.default_rng(self.seed), same=elsewhere,
            folds=self.folds,
        )  # fmt: skip
        seen = sorted(held_by(library, list(part.polymers)))
        known = (
            f"{len(seen)} of {len(rows)} subjects are known to a source too, such as {visible(seen[0])}."
            if seen
            else ""
        )
        chosen = "transfer" if found.uses_sources else "learning from labels alone"
        words = (
            f"{len(rows)} labels; with all of them {chosen} is chosen: the gain of the sources is "
            f"{found.gain:.1f} standard errors."
        )
        return Finding(
            ("way", "mean absolute error", "RMSE", "R2", "90 % coverage"),
            list(found.rows()),
            {"n": len(rows), "known_to_sources": len(seen), **found.to_dict()},
            (known, words) if known else (words,),
            tuple(f"line {line}: {reason}" for line, reason in table.left_out) + tuple(described.failures.values()),
            digest,
            lambda figure: _draw(figure, found),
        )


def _draw(figure: Any, found: TransferStudy) -> None:
    """Draw error and coverage of each way."""
    axes = figure.subplots(1, 2, sharey=True)
    names = [row[0] for row in found.rows()]
    axes[0].barh(names, [row[1] for row in found.rows()], height=0.5)
    axes[0].set(xlabel="mean absolute error of held-out labels")
    axes[0].invert_yaxis()
    axes[1].plot([row[4] for row in found.rows()], names, "o")
    axes[1].axvline(0.9, color="0.7", linewidth=0.8, zorder=0)
    axes[1].set(xlabel="share inside the 90 % intervals", xlim=(-0.03, 1.03))
