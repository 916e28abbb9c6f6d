"""From a wish to relaxed crystals: compositions are proposed, their structures guessed and relaxed, and ranked."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from polyloop.core.errors import InvalidInputError
from polyloop.core.files import write_atomically
from polyloop.crystal.generation.proposals import distinct_proposals
from polyloop.crystal.relaxed_guesses import lowest, relaxed_guesses
from polyloop.crystal.structures.cif import write_cif
from polyloop.crystal.structures.drawing import crystal_svg
from polyloop.crystal.structures.symmetry import symmetry_of

if TYPE_CHECKING:
    from polyloop.crystal.composition import Composition
    from polyloop.crystal.formation_energy import FormationEnergyModel
    from polyloop.crystal.generation.proposals import CompositionGenerator, Proposal
    from polyloop.crystal.generation.wish import CompositionWish
    from polyloop.crystal.hull import PhaseTable
    from polyloop.crystal.structure_prediction import StructurePredictor
    from polyloop.crystal.substitution.predict import StructurePrediction

__all__ = ["CrystalDesign", "CrystalDesigner"]

# What counts as far: from the wanted energy, and above the hull, in eV/atom.
_OFF, _ABOVE = 0.15, 0.1
_SYMMETRY = 0.1
_WISH, _DESIGNS = "wish.json", "designs"
# Proposals drawn for each that is wanted: not all have a template, or come out of the relaxation.
_SPARE = 8


@dataclass(frozen=True)
class CrystalDesign:
    """A composition with the best of its relaxed structures, or why it has none.

    Parameters
    ----------
    formula
        Reduced.
    predicted
        Formation energy from composition alone, eV/atom.
    formation_energy, std
        Of the relaxed structure, eV/atom; None where there is none.
    hull_distance
        Above the known phases, eV/atom; None where no table of phases was given.
    space_group, template, cif
        Of the relaxed structure: number, formula of the known structure that it came from (None where it was drawn),
        and CIF file in the folder.
    method
        How its guess was made: `substitution`, or by symmetry (`rearranged orbits`, `drawn`) where no template has the
        ratio of its elements.
    failure
        Why there is no structure.
    """

    formula: str
    predicted: float | None
    formation_energy: float | None = None
    std: float | None = None
    hull_distance: float | None = None
    space_group: int | None = None
    template: str | None = None
    cif: str | None = None
    method: str | None = None
    failure: str | None = None

    def distance(self, wanted: float | None) -> float:
        """Return how far it is from the wish: squares of what it is off by 0.15 and above the hull by 0.1 eV/atom."""
        if self.formation_energy is None:
            return float("inf")
        off = 0.0 if wanted is None else (self.formation_energy - wanted) / _OFF
        above = 0.0 if self.hull_distance is None else max(self.hull_distance, 0.0) / _ABOVE
        return float(np.hypot(off, above))


@dataclass(frozen=True)
class CrystalDesigner:
    """Proposes compositions for a wish, and computes their structures and energies.

    Parameters
    ----------
    generator, model
        What proposes compositions, and what vouches for their energy.
    predictor
        Guesses structures, from known ones and by symmetry.
    phases
        Known phases and their formation energies, of the Materials Project's scheme of 2020.
    guesses
        Structures that are relaxed for each composition.
    most_atoms
        Larger cells are not relaxed.
    symmetry_guesses
        The same as `guesses` for compositions without a template of their ratio, whose structures are made by symmetry;
        with 0 such compositions are not proposed.
    """

    generator: CompositionGenerator
    model: FormationEnergyModel
    predictor: StructurePredictor
    phases: PhaseTable | None = None
    guesses: int = 3
    most_atoms: int = 40
    symmetry_guesses: int = 10

    def design(
        self,
        wish: CompositionWish,
        n: int,
        folder: Path,
        *,
        seed: int = 0,
        refused: Callable[[Composition], bool] | None = None,
        progress: Callable[[int, CrystalDesign], None] | None = None,
    ) -> list[CrystalDesign]:
        """Return the n first compositions that have a relaxed structure, those nearest to the wish first.

        Each is kept in the folder as soon as it is computed, with a picture of its relaxed cell (FORMULA.svg); begun
        again with the same wish, the folder goes on.

        Parameters
        ----------
        refused
            Says which compositions are not to be proposed.
        progress
            Told how many have a structure, and the newest.

        Raises
        ------
        InvalidInputError
            If the folder holds another wish.
        """
        self._settle(wish, seed, folder)
        done: list[CrystalDesign] = []
        for proposal in self._proposals(wish, _SPARE * n, seed, refused):
            design = self._kept(proposal, folder)
            if design.formation_energy is not None:
                done.append(design)
            if progress is not None:
                progress(len(done), design)
            if len(done) == n:
                break
        return sorted(done, key=lambda design: design.distance(wish.formation_energy))

    def _settle(self, wish: CompositionWish, seed: int, folder: Path) -> None:
        """Write down what the folder is for, or check that it is the same."""
        settings = {"wish": asdict(wish), "seed": seed, "guesses": self.guesses, "most_atoms": self.most_atoms}
        settings |= {"templates": self.predictor.digest}
        if self.symmetry_guesses:
            settings |= {"symmetry_guesses": self.symmetry_guesses, "structure_seed": self.predictor.seed}
        settings |= {"phases": self.phases.digest if self.phases is not None else None}
        text = json.dumps(settings, indent=1) + "\n"
        path = folder / _WISH
        if path.exists() and path.read_text(encoding="utf-8") != text:
            raise InvalidInputError(
                "This folder holds designs for another wish, seed, templates or phases.", where=str(folder),
                hint=f"Give another folder; {path} says what it is for.",
            )  # fmt: skip
        (folder / _DESIGNS).mkdir(parents=True, exist_ok=True)
        write_atomically(path, text)

    def _proposals(
        self, wish: CompositionWish, n: int, seed: int, refused: Callable[[Composition], bool] | None
    ) -> list[Proposal]:
        def unwanted(composition: Composition) -> bool:
            without = not self.symmetry_guesses or composition.atoms > self.most_atoms
            without = without and not self.predictor.has_template(composition)
            return without or (refused is not None and refused(composition))

        rng = np.random.default_rng(seed)
        return distinct_proposals(self.generator, wish, n, rng, model=self.model, refused=unwanted)

    def _kept(self, proposal: Proposal, folder: Path) -> CrystalDesign:
        """Return what the folder knows of a proposal, or compute and keep it."""
        path = folder / _DESIGNS / f"{proposal.composition.canonical}.json"
        if path.exists():
            found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            return CrystalDesign(**found)
        design = self._computed(proposal, folder)
        write_atomically(path, json.dumps(asdict(design), indent=1) + "\n")
        return design

    def _computed(self, proposal: Proposal, folder: Path) -> CrystalDesign:
        composition = proposal.composition
        name = composition.canonical
        found = list(relaxed_guesses(self._written(composition, folder), self.most_atoms))
        for one in found:
            if one.relaxed is not None:
                cif = folder / _DESIGNS / f"{name}_{one.guess.rank}_relaxed.cif"
                write_cif(one.relaxed.structure, cif, name=name, notes=["relaxed by chgnet"])
        best, failure = lowest(found)
        if best is None or best.relaxed is None or best.energy is None:
            return CrystalDesign(name, proposal.formation_energy, failure=failure)
        write_atomically(folder / _DESIGNS / f"{name}.svg", crystal_svg(best.relaxed.structure))
        return CrystalDesign(
            name, proposal.formation_energy, best.energy.value, best.energy.std,
            None if self.phases is None else self.phases.distance(composition, best.energy.value),
            symmetry_of(best.relaxed.structure, _SYMMETRY).number, best.guess.template_formula,
            f"{name}_{best.guess.rank}_relaxed.cif", best.guess.method,
        )  # fmt: skip

    def _written(self, composition: Composition, folder: Path) -> Iterator[StructurePrediction]:
        """Yield the guesses, each written down before it is relaxed."""
        name = composition.canonical
        for guess in self._guesses(composition):
            path = folder / _DESIGNS / f"{name}_{guess.rank}_guess.cif"
            write_cif(guess.structure, path, name=name, notes=[f"{guess.origin}, not relaxed"])
            yield guess

    def _guesses(self, composition: Composition) -> list[StructurePrediction]:
        if self.predictor.has_template(composition):
            return self.predictor.predict(composition, most=self.guesses, method="substitution")
        return self.predictor.predict(composition, most=self.symmetry_guesses, method="symmetry")
