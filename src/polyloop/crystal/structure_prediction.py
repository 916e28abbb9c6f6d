"""Structures of a composition: from templates of its ratio where there are, by symmetry beyond them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np

from polyloop.core.errors import InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.crystal.composition import Composition
from polyloop.crystal.substitution.predict import StructurePrediction, predict_structures
from polyloop.crystal.substitution.ranking import StructureRanking
from polyloop.crystal.substitution.templates import TemplateStore, ratio_of
from polyloop.crystal.symmetry_generation.predict import SymmetryModel, learn_symmetry, predict_by_symmetry

__all__ = ["METHODS", "StructurePredictor"]

METHODS = ("both", "substitution", "symmetry")


@dataclass(frozen=True)
class StructurePredictor:
    """Predicts structures from a store of known ones.

    Parameters
    ----------
    store, ranking
        Known structures, and which of them fits a composition.
    seed
        Of what is drawn; the same seed draws the same.
    """

    store: TemplateStore
    ranking: StructureRanking
    seed: int = 0

    @classmethod
    def open(cls, templates: Path | None = None, seed: int = 0) -> StructurePredictor:
        """Read templates and their ranking, of a file or of that which the setting POLYLOOP_TEMPLATES names.

        Raises
        ------
        InvalidInputError
            If there is no such file; the message says how to make one.
        """
        from polyloop.crystal.substitution.files import open_templates

        return cls(*open_templates(templates), seed)

    @cached_property
    def symmetry(self) -> SymmetryModel:
        """What generation by symmetry learns from the store, when it is first asked for: some seconds."""
        return learn_symmetry(self.store)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the templates by content: names, formulas, volumes."""
        known = "\n".join(f"{one.name} {one.formula} {one.structure.volume:.6f}" for one in self.store.templates)
        return sha256(known.encode()).hexdigest()

    def has_template(self, composition: Composition) -> bool:
        """Tell whether a known structure has the ratio of a composition's elements."""
        return self.store.group(ratio_of(composition)) is not None

    def predict(
        self, composition: Composition, *, most: int = 10, method: str = "both", exclude_formula: bool = False
    ) -> list[StructurePrediction]:
        """Return structures of a composition, the likeliest first.

        Parameters
        ----------
        most
            Structures at most.
        method
            `substitution` of elements in templates of the same ratio; by `symmetry`; or `both`: by symmetry what
            substitution leaves of `most`, all of it where there is no template.
        exclude_formula
            Leave out templates of the composition itself, as if it were unknown.

        Raises
        ------
        InvalidInputError
            If there is no such method, no template for `substitution` alone, or a formula too large for symmetry where
            there is no template either.
        """
        if method not in METHODS:
            raise InvalidInputError(
                f"There is no method {method!r}.", where="--method", hint=did_you_mean(method, METHODS, cutoff=0.5)
            )
        guesses: list[StructurePrediction] = []
        missing: InvalidInputError | None = None
        if method != "symmetry":
            try:
                guesses = predict_structures(
                    composition, self.store, self.ranking, most=most, exclude_formula=exclude_formula
                )
            except InvalidInputError as error:
                if method == "substitution":
                    raise
                missing = error
        if method == "substitution" or len(guesses) == most:
            return guesses
        rng = np.random.default_rng(self.seed)
        try:
            return guesses + predict_by_symmetry(
                composition, self.store, self.ranking.swaps, self.symmetry, rng, most=most - len(guesses),
                exclude_formula=exclude_formula, known=guesses,
            )  # fmt: skip
        except InvalidInputError as error:
            if guesses:
                return guesses
            raise error from missing
