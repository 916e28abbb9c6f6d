"""From a repeat unit to estimates by molecular dynamics, each step under its own key, so that a killed run goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polyloop.chem import Chain, ChainUnit, Copolymer, Polymer
from polyloop.chem.topology import Cell, Topology
from polyloop.core import Conditions, EvaluationError, FailureCode, Request
from polyloop.engines.dynamics.stages import Engine
from polyloop.simulate.estimate import Estimates
from polyloop.simulate.md.protocols import FOLLOW_UPS, Context, FollowUp
from polyloop.simulate.md.protocols.recipes import Recipe, get_recipe
from polyloop.simulate.md.run.copolymer_cells import (
    cell_contents,
    composition_of,
    copolymer_chains,
    kept_charges,
    pairs_of_ions,
)
from polyloop.simulate.md.run.engine_choice import choose_engine
from polyloop.simulate.md.run.pictures import keep_picture
from polyloop.simulate.md.run.progress import ProgressWriter
from polyloop.simulate.md.run.sampling import Cost, StageRunner, cpu_time, sample
from polyloop.simulate.md.run.workspace import Workspace, default_scratch
from polyloop.simulate.neutrality import refuse_charge

__all__ = [
    "PreparedCell",
    "build_packed_cell",
    "chains_of",
    "check_follow_up",
    "check_scope",
    "follow_up_polymer",
    "prepare_cell",
    "simulate_polymer",
]

# Charges and cells change when their code does; raise these then, so that old files are not taken for new ones.
_CHARGES_VERSION, _CELL_VERSION = 1, 1


@dataclass(frozen=True, eq=False)
class PreparedCell:
    """The packed cell, its chains, the key of the step that made it, what it cost, and a copolymer's composition."""

    cell: Cell
    chains: tuple[Chain, ...]
    key: str
    cpu_s: float
    composition: Mapping[str, Any] | None = None


def simulate_polymer(recipe_label: str, polymer: Polymer | Copolymer, seed: int, conditions: Conditions) -> Estimates:
    """Run a recipe for a polymer, copolymer or blend and return its estimates; with salt, those that ions leave sound.

    The steps are kept in `default_scratch() / "md"`; the same call goes on with what is found there.

    Raises
    ------
    EvaluationError
        With the stage, the reason and what to try: ELEMENT, PACKING, BLOWN_UP, NOT_EQUILIBRATED, CHECKPOINT, ...
    MissingDependencyError
        Where the engine is not installed.
    """
    context, prepared, engine = _sampled(recipe_label, recipe_label, polymer, seed, conditions)
    context.progress.enter("estimates")
    from polyloop.simulate.md.run.estimates import estimate_properties

    estimates = estimate_properties(context.recipe, polymer, prepared.chains, context.sample, conditions, seed, engine)
    return Estimates(
        estimates=estimates,
        engines={engine.name: engine.version()},
        settings={**_settings(context, prepared, engine), **_pictured(context)},
    )


def follow_up_polymer(
    measurement_label: str, polymer: Polymer | Copolymer, seed: int, conditions: Conditions
) -> Estimates:
    """Run a follow_up for a polymer, its recipe's steps first, and return its estimates; as `simulate_polymer`."""
    follow_up = FOLLOW_UPS[measurement_label]
    context, prepared, engine = _sampled(follow_up.recipe, measurement_label, polymer, seed, conditions, follow_up)
    estimates = follow_up.measure(context)
    settings = _settings(context, prepared, engine) | {"follow_up": measurement_label, "measured": context.notes}
    if follow_up.prerequisite:
        settings["prerequisite"] = {"protocol": follow_up.prerequisite.protocol, **context.prerequisite.settings}
    return Estimates(
        estimates=estimates,
        engines={**context.prerequisite.engines, engine.name: engine.version()},
        settings={**settings, **_pictured(context)},
    )


def _sampled(
    recipe_label: str,
    protocol: str,
    polymer: Polymer | Copolymer,
    seed: int,
    conditions: Conditions,
    follow_up: FollowUp | None = None,
) -> tuple[Context, PreparedCell, Engine]:
    """Run a recipe to the end of its sample, the prerequisite of the follow_up that will follow before it."""
    prerequisite = follow_up.prerequisite if follow_up else None
    if follow_up:
        check_follow_up(follow_up, polymer)
    stages = follow_up.stages_at(conditions) if follow_up else ()
    recipe = get_recipe(recipe_label).at(conditions)
    engine = choose_engine()
    workspace = Workspace(default_scratch() / "md")
    progress = ProgressWriter(workspace, Request(polymer.subject, protocol, seed, conditions).key)
    progress.plan(stages)
    prepared = prepare_cell(recipe, polymer, seed, workspace, progress)
    laid = Estimates(())
    if prerequisite and isinstance(polymer, Polymer):
        progress.enter(prerequisite.name)
        laid = prerequisite.outcome(workspace, polymer, seed)
    runner = StageRunner(engine, workspace, progress, seed, prepared.cell, prepared.key)
    taken = sample(recipe, runner, progress, conditions.temperature)
    named = {stage.name: stage for stage in stages}
    context = Context(runner, taken, named, recipe, polymer, prepared.chains, conditions, seed, progress, laid)
    return context, prepared, engine


def check_scope(label: str, polymer: Polymer | Copolymer) -> None:
    """Raise the `EvaluationError` that a recipe or follow_up would raise before it computes anything.

    SIZE or UNSUPPORTED; ELEMENT where the force field lacks a type or a parameter.
    """
    from polyloop.chem.forcefield import type_chain

    follow_up = FOLLOW_UPS.get(label)
    recipe = get_recipe(follow_up.recipe if follow_up else label)
    if follow_up:
        check_follow_up(follow_up, polymer)
    for chain in {id(chain): chain for chain in chains_of(recipe, polymer)}.values():
        type_chain(chain, recipe.force_field)


def check_follow_up(follow_up: FollowUp, polymer: Polymer | Copolymer) -> None:
    """Raise what is known before a follow_up computes anything, the sample's own troubles left out."""
    if isinstance(polymer, Polymer):
        if follow_up.prerequisite:
            follow_up.prerequisite.check(polymer)
        return
    reason = ""
    if follow_up.prerequisite:
        reason = "This protocol computes on one repeat unit, and a copolymer has several."
    elif polymer.salt:
        reason = "This protocol takes the molecules of a cell for chains, and ions are none."
    if reason:
        raise EvaluationError(FailureCode.UNSUPPORTED, follow_up.protocol_id, reason, hint="Run its recipe by itself.")


def chains_of(recipe: Recipe, polymer: Polymer | Copolymer, seed: int = 0) -> tuple[Chain, ...]:
    """Return the chains of the recipe's cell, before they have conformers; random sequences depend on the seed.

    Raises
    ------
    EvaluationError
        SIZE where one repeat unit is larger than a chain should be, UNSUPPORTED where it is charged.
    InvalidInputError
        Where the units are not joined by single bonds.
    """
    from polyloop.simulate.cells import degree_for

    if isinstance(polymer, Copolymer):
        return copolymer_chains(recipe, polymer, seed)
    refuse_charge(polymer, "cell")
    unit = ChainUnit.of(polymer)
    if unit.n_atoms > recipe.atoms_per_chain:
        raise EvaluationError(
            FailureCode.SIZE, "cell",
            f"The repeat unit has {unit.n_atoms} atoms; "
            f"chains of {recipe.protocol_id} have some {recipe.atoms_per_chain}.",
            hint="Use the level full.",
        )  # fmt: skip
    return (Chain.homopolymer(polymer, degree_for(unit, recipe.atoms_per_chain)),) * recipe.n_chains


def prepare_cell(
    recipe: Recipe, polymer: Polymer | Copolymer, seed: int, workspace: Workspace, progress: ProgressWriter
) -> PreparedCell:
    """Type, charge and pack the chains; each step is read back where it was done before.

    Raises
    ------
    EvaluationError
        ELEMENT or UNSUPPORTED from force field and charges, PACKING from the builder.
    """
    if isinstance(polymer, Copolymer):
        return _copolymer_cell(recipe, polymer, seed, workspace, progress)
    started = cpu_time()
    chains = chains_of(recipe, polymer)
    degree = len(chains[0].sequence)
    # The text of the unit fixes the order of its atoms, which the arrays follow.
    unit = {"unit": chains[0].units[0].polymer.smiles, "degree": degree}
    progress.enter("charges")
    charging = {**unit, "method": recipe.charges, "version": _CHARGES_VERSION}
    charges_key = Workspace.key("charges", charging)
    charges = workspace.arrays("charges", charges_key, lambda: {"charges": _charges(recipe, chains[0])})["charges"]
    progress.enter("cell")
    packing = {
        "charges": charges_key, "force_field": recipe.force_field, "chains": recipe.n_chains,
        "density": recipe.packing_density, "seed": seed, "version": _CELL_VERSION,
    }  # fmt: skip
    key = Workspace.key("cell", packing)
    cell = workspace.cell("cells", key, lambda: _packed(recipe, chains, [charges] * len(chains), seed))
    return PreparedCell(cell, chains, key, cpu_time() - started)


def _copolymer_cell(
    recipe: Recipe, copolymer: Copolymer, seed: int, workspace: Workspace, progress: ProgressWriter
) -> PreparedCell:
    """As `prepare_cell`; keyed by every chain's sequence, under words that no homopolymer's key has."""
    from polyloop.chem.forcefield import type_chain

    started = cpu_time()
    chains = copolymer_chains(recipe, copolymer, seed)
    pairs = pairs_of_ions(recipe, copolymer, chains)
    progress.enter("charges")
    # Before the quantum chemistry: a missing parameter should be said at once.
    for chain in {id(chain): chain for chain in chains}.values():
        type_chain(chain, recipe.force_field)
    charges = kept_charges(chains, recipe.charges, workspace)
    progress.enter("cell")
    packing = {
        **cell_contents(chains, pairs), "charges": recipe.charges, "charges_version": _CHARGES_VERSION,
        "force_field": recipe.force_field, "density": recipe.packing_density, "seed": seed, "version": _CELL_VERSION,
    }  # fmt: skip
    key = Workspace.key("cell", packing)
    cell = workspace.cell("cells", key, lambda: _packed(recipe, chains, charges, seed, pairs))
    return PreparedCell(cell, chains, key, cpu_time() - started, composition_of(chains, pairs))


def build_packed_cell(recipe: Recipe, chains: tuple[Chain, ...], seed: int, pairs: int = 0) -> Cell:
    """Return the recipe's packed cell, made now and kept nowhere; raises as `prepare_cell`."""
    of_kind = {id(chain): _charges(recipe, chain) for chain in {id(chain): chain for chain in chains}.values()}
    return _packed(recipe, chains, [of_kind[id(chain)] for chain in chains], seed, pairs)


def _charges(recipe: Recipe, chain: Chain) -> NDArray[np.float64]:
    from polyloop.chem.forcefield import type_chain
    from polyloop.simulate.charges import chain_charges

    # Before the quantum chemistry: a missing parameter should be said at once.
    type_chain(chain, recipe.force_field)
    # One seed for all: replicas of a polymer should differ in their chains, not in their charges.
    return chain_charges(chain, recipe.charges, seed=0)


def _packed(
    recipe: Recipe, chains: tuple[Chain, ...], charges: Sequence[NDArray[np.float64]], seed: int, pairs: int = 0
) -> Cell:
    from polyloop.simulate.cells import build_cell, ion_pairs

    return build_cell(
        chains, charges=charges, density=recipe.packing_density, seed=seed, others=ion_pairs(pairs),
        force_field=recipe.force_field,
    )  # fmt: skip


def _settings(context: Context, prepared: PreparedCell, engine: Engine) -> dict[str, Any]:
    topology: Topology = prepared.cell.topology
    recipe, taken, costs = context.recipe, context.sample, context.runner.costs
    production = [cost for name, cost in costs.items() if name.startswith(recipe.production.name)]
    return {
        "recipe": recipe.protocol_id,
        "force_field": recipe.force_field,
        "charges": recipe.charges,
        "atoms": topology.n_atoms,
        "chains": recipe.n_chains,
        "degree_of_polymerization": len(prepared.chains[0].sequence),
        **({"composition": dict(prepared.composition)} if prepared.composition else {}),
        "extensions": taken.extensions,
        "equilibration": taken.verdict.to_dict(),
        "engine": engine.name,
        "cost": _total(costs, production, prepared.cpu_s),
    }


def _pictured(context: Context) -> dict[str, str]:
    """Keep a picture of the last cell; return the reason, for the settings, where there is none."""
    hindrance = keep_picture(context.progress.folder, context.runner.cell)
    return {"no_picture": hindrance} if hindrance else {}


def _total(costs: Mapping[str, Cost], production: list[Cost], build_cpu_s: float) -> dict[str, Any]:
    wall = sum(cost.wall_s for cost in production)
    return {
        "build_cpu_s": round(build_cpu_s, 2),
        "cpu_s": round(sum(cost.cpu_s for cost in costs.values()), 2),
        "wall_s": round(sum(cost.wall_s for cost in costs.values()), 2),
        "nanoseconds": sum(cost.nanoseconds for cost in costs.values()),
        "production_ns_per_day": round(86400.0 * sum(c.nanoseconds for c in production) / wall, 3) if wall else None,
        "stages": {name: {k: round(v, 3) for k, v in asdict(cost).items()} for name, cost in costs.items()},
    }
