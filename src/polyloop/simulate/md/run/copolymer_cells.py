"""The chains, ions and partial charges of a copolymer's or blend's cell, for a recipe's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Chain, ChainUnit, Copolymer
from polyloop.core import EvaluationError, FailureCode
from polyloop.simulate.md.protocols.recipes import Recipe
from polyloop.simulate.md.run.workspace import Workspace
from polyloop.simulate.neutrality import refuse_charge

__all__ = ["cell_contents", "composition_of", "copolymer_chains", "kept_charges", "pairs_of_ions"]

Floats = NDArray[np.float64]

_STAGE = "cell"
# Raised when the charges' code changes, so that old files are not taken for new ones.
_UNIT_CHARGES_VERSION = 1


def copolymer_chains(recipe: Recipe, copolymer: Copolymer, seed: int) -> tuple[Chain, ...]:
    """Return the chains of the recipe's cell, which have the copolymer's composition as nearly as whole units can.

    Random: the cell's units are dealt out to its chains in random order, so that chains differ as they do in a sample.
    Alternating: chains of whole periods. Block: one block of each entry in every chain. Blend: the shares by mass hold
    for the cell, and chains of each kind are as long as that takes, some `atoms_per_chain` atoms.

    Raises
    ------
    EvaluationError
        SIZE where a unit is larger than a chain should be, or a kind would not occur; UNSUPPORTED where one is charged.
    """
    for polymer in copolymer.polymers:
        refuse_charge(polymer, _STAGE)
    units = tuple(ChainUnit.of(polymer) for polymer in copolymer.polymers)
    largest = max(units, key=lambda unit: unit.n_atoms)
    if largest.n_atoms > recipe.atoms_per_chain:
        raise EvaluationError(
            FailureCode.SIZE, _STAGE,
            f"The repeat unit {largest.polymer.smiles} has {largest.n_atoms} atoms; chains of "
            f"{recipe.protocol_id} have some {recipe.atoms_per_chain}.", hint="Use the level full.",
        )  # fmt: skip
    if copolymer.arrangement == "random":
        chains = _random(recipe, units, copolymer, seed)
    elif copolymer.arrangement in ("alternating", "block"):
        chains = _alike(recipe, units, copolymer)
    else:
        chains = _blended(recipe, units, copolymer)
    held = composition_of(chains, 0)["units"]
    missing = next((unit.polymer.smiles for unit in units if not held.get(unit.polymer.smiles)), None)
    if missing:
        raise _too_small(recipe, f"none of its {sum(held.values())} units would be {missing}")
    return chains


def pairs_of_ions(recipe: Recipe, copolymer: Copolymer, chains: Sequence[Chain]) -> int:
    """Return how many Na+ and as many Cl- the cell has.

    Raises
    ------
    EvaluationError
        SIZE where there is salt, but too little for one pair.
    """
    n_units = sum(len(chain.sequence) for chain in chains)
    pairs = round(copolymer.salt * n_units)
    if copolymer.salt and not pairs:
        raise _too_small(recipe, f"{copolymer.salt:g} pairs of ions per repeat unit make none for {n_units} units")
    return pairs


def composition_of(chains: Sequence[Chain], pairs: int) -> dict[str, Any]:
    """Return how many of each unit, and of pairs of ions, the cell holds: its composition, whatever was asked for."""
    counts: dict[str, int] = {}
    for chain in chains:
        for unit, number in zip(chain.units, np.bincount(chain.sequence, minlength=len(chain.units)), strict=True):
            counts[unit.polymer.smiles] = counts.get(unit.polymer.smiles, 0) + int(number)
    return {"units": counts, "pairs_of_ions": pairs}


def cell_contents(chains: Sequence[Chain], pairs: int) -> dict[str, Any]:
    """Return what is in the cell, for its key: the text of each unit fixes the order of its atoms."""
    return {
        "units": [[unit.polymer.smiles for unit in chain.units] for chain in chains],
        "sequences": [chain.sequence.tolist() for chain in chains],
        "pairs_of_ions": pairs,
    }


def kept_charges(chains: Sequence[Chain], method: str, workspace: Workspace) -> list[Floats]:
    """Return the partial charges of each chain in e, (n_atoms,), from those of its units, kept unit by unit.

    A unit has the same charges wherever it stands, so that all compositions of the same units share them.

    Raises
    ------
    EvaluationError
        As `simulate.charges.unit_charges`.
    """
    units = {unit.polymer.smiles: unit for chain in chains for unit in chain.units}
    of_unit = {smiles: _of_unit(unit, method, workspace) for smiles, unit in units.items()}
    return [_along(chain, of_unit) for chain in chains]


def _of_unit(unit: ChainUnit, method: str, workspace: Workspace) -> dict[str, Floats]:
    from polyloop.simulate.charges import unit_charges

    def make() -> Mapping[str, Floats]:
        # One seed for all: replicas should differ in their chains, not in their charges.
        charges = unit_charges(unit, method, 0)
        return {"head_cap": charges.head_cap, "unit": charges.unit, "tail_cap": charges.tail_cap}

    key = Workspace.key("unit_charges", {"unit": unit.polymer.smiles, "method": method, "v": _UNIT_CHARGES_VERSION})
    return workspace.arrays("unit_charges", key, make)


def _along(chain: Chain, of_unit: Mapping[str, Mapping[str, Floats]]) -> Floats:
    along = [of_unit[chain.units[kind].polymer.smiles] for kind in chain.sequence.tolist()]
    return np.concatenate([along[0]["head_cap"], *(unit["unit"] for unit in along), along[-1]["tail_cap"]])


def _random(recipe: Recipe, units: tuple[ChainUnit, ...], copolymer: Copolymer, seed: int) -> tuple[Chain, ...]:
    from polyloop.simulate.cells.sequences import mean_degree_for, sequence

    degree = mean_degree_for(units, copolymer.fractions, recipe.atoms_per_chain)
    # A child of the seed, which the chains' conformations are drawn from.
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0, 0)))
    order = sequence("random", degree * recipe.n_chains, copolymer.fractions, rng)
    return tuple(Chain(units, part) for part in np.split(order, recipe.n_chains))


def _alike(recipe: Recipe, units: tuple[ChainUnit, ...], copolymer: Copolymer) -> tuple[Chain, ...]:
    from polyloop.simulate.cells.sequences import Arrangement, mean_degree_for, sequence

    degree = mean_degree_for(units, copolymer.fractions, recipe.atoms_per_chain)
    if copolymer.arrangement == "alternating":
        degree = len(units) * max(1, round(degree / len(units)))
    kind = cast("Arrangement", copolymer.arrangement)
    # Neither kind draws a random number.
    chain = Chain(units, sequence(kind, degree, copolymer.fractions, np.random.default_rng(0)))
    return (chain,) * recipe.n_chains


def _blended(recipe: Recipe, units: tuple[ChainUnit, ...], copolymer: Copolymer) -> tuple[Chain, ...]:
    from polyloop.simulate.cells.sequences import share_out

    counts = share_out(recipe.n_chains, copolymer.fractions)
    if not counts.all():
        missing = units[int(np.argmin(counts))].polymer.smiles
        raise _too_small(recipe, f"none of its {recipe.n_chains} chains would be {missing}")
    sizes = np.array([unit.n_atoms for unit in units])
    numbers = np.array(copolymer.mole_fractions)
    in_all = recipe.n_chains * recipe.atoms_per_chain / float(numbers @ sizes)
    chains: list[Chain] = []
    for unit, count, number in zip(units, counts.tolist(), numbers.tolist(), strict=True):
        degrees = share_out(max(count, round(number * in_all)), [1.0] * count).tolist()
        kinds = {degree: Chain((unit,), np.zeros(degree, dtype=np.int64)) for degree in set(degrees)}
        chains += [kinds[degree] for degree in degrees]
    return tuple(chains)


def _too_small(recipe: Recipe, what: str) -> EvaluationError:
    return EvaluationError(
        FailureCode.SIZE, _STAGE, f"The cell of {recipe.protocol_id} is too small: {what}.",
        hint="Use the level full, or a larger share.",
    )  # fmt: skip
