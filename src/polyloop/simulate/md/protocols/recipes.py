"""Recipes: protocols of molecular dynamics as data, named and versioned lists of stages."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from polyloop.chem.forcefield import FORCE_FIELD, RADONPY_FORCE_FIELD
from polyloop.core import Conditions, InvalidInputError
from polyloop.engines.dynamics.stages import Stage

__all__ = [
    "FULL",
    "FULL_1",
    "RECIPES",
    "SAMPLE",
    "SAMPLE_STAGE",
    "SMOKE",
    "STANDARD",
    "STANDARD_1",
    "Criterion",
    "Recipe",
    "get_recipe",
    "stage_at",
]

# Stands in a recipe's stages for the temperature or pressure of the sample, which `stage_at` puts in its place. No
# number, so that a stage that was not put at any conditions cannot be computed with.
SAMPLE = math.nan
_HOT, _PACKING = 600.0, 700.0
_MAX_PRESSURE = 50_000.0
# The 21 steps of RadonPy 0.2.11 (doi:10.1038/s41524-022-00906-4), after doi:10.1021/ma200690u: seven cycles of NVT
# hot, NVT at the sample's temperature and NPT, in ps, with the pressure as a fraction of 50,000 atm (0: the sample's).
_TWENTY_ONE_STEPS = (
    (50.0, 50.0, 50.0, 0.02),
    (50.0, 100.0, 50.0, 0.60),
    (50.0, 100.0, 50.0, 1.00),
    (50.0, 100.0, 5.0, 0.50),
    (5.0, 10.0, 5.0, 0.10),
    (5.0, 10.0, 5.0, 0.01),
    (5.0, 10.0, 800.0, 0.0),
)


@dataclass(frozen=True)
class Criterion:
    """What a sampled quantity must meet for the sample to count as equilibrated.

    Parameters
    ----------
    quantity
        `density` or `radius_of_gyration`, whose limits are relative to the mean, or `potential_energy`, whose limits
        are in kT per atom.
    drift
        Largest change over the sample, by its straight line, that is taken for none, unless three of its standard
        errors are more.
    standard_error
        Production goes on until the standard error of the mean is below it, or the extensions are used up. None: no
        target.
    """

    quantity: str
    drift: float
    standard_error: float | None = None


@dataclass(frozen=True)
class Recipe:
    """A protocol of molecular dynamics. Changing what it yields changes its version.

    Parameters
    ----------
    force_field
        One of `chem.forcefield.FORCE_FIELDS`.
    n_chains, atoms_per_chain
        Size of the cell; the degree of polymerisation is what comes nearest to so many atoms, at least one.
    charges
        Method of `simulate.charges.chain_charges`.
    packing_density
        Density in g/cm3 at which chains are put together.
    equilibration
        Stages before production; `SAMPLE` stands for the temperature and pressure of the sample.
    production
        The stage that is sampled; it is run at least once, and then once more for each extension.
    vibrations
        A short stage after production, with frames close enough to see the fastest vibrations.
    extensions
        How many times production is extended when the criteria are not met.
    time_limit
        Wall time in s that an evaluation may take unless the user says otherwise.
    """

    name: str
    version: int
    description: str
    n_chains: int
    atoms_per_chain: int
    charges: str
    packing_density: float
    equilibration: tuple[Stage, ...]
    production: Stage
    criteria: tuple[Criterion, ...]
    vibrations: Stage
    extensions: int
    time_limit: float
    force_field: str = FORCE_FIELD

    @property
    def protocol_id(self) -> str:
        """`NAME@VERSION`."""
        return f"{self.name}@{self.version}"

    @property
    def duration(self) -> float:
        """Simulated time in ps without extensions."""
        return sum(stage.duration for stage in (*self.equilibration, self.production, self.vibrations))

    def at(self, conditions: Conditions) -> Recipe:
        """Return the recipe for the sample's temperature and pressure."""
        return replace(
            self,
            equilibration=tuple(stage_at(stage, conditions) for stage in self.equilibration),
            production=stage_at(self.production, conditions),
            vibrations=stage_at(self.vibrations, conditions),
        )

    def extension(self, number: int) -> Stage:
        """Return the production stage number `number`, counted from 1."""
        return replace(self.production, name=f"{self.production.name}_{number}")


def get_recipe(label: str) -> Recipe:
    """Return the recipe called `label`, e.g. `md/standard@2`.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    if label not in RECIPES:
        raise InvalidInputError(f"There is no recipe {label!r}.", hint=f"Known: {', '.join(RECIPES)}.")
    return RECIPES[label]


def stage_at(stage: Stage, conditions: Conditions) -> Stage:
    """Return a stage with the sample's temperature (K) and pressure (atm) where it has `SAMPLE`."""

    def put(pair: tuple[float, float], value: float) -> tuple[float, float]:
        first, last = (value if math.isnan(end) else end for end in pair)
        return first, last

    return replace(
        stage,
        temperature=put(stage.temperature, conditions.temperature),
        pressure=put(stage.pressure, conditions.pressure),
    )


# A stage at the sample's temperature and pressure, from which those of recipes and of what follows them are made.
SAMPLE_STAGE = Stage("", "nvt", temperature=(SAMPLE, SAMPLE), pressure=(SAMPLE, SAMPLE))


def _packing(heat: float, compress: float, timestep: float, hydrogen_mass: float) -> tuple[Stage, ...]:
    """Loose chains to 0.8 g/cm3: minimize, settle, heat and compress, with Lennard-Jones cut at 3 angstrom.

    So short a cutoff leaves only overlaps, between which chains slide past each other, at a fraction of the cost.
    """
    soft = replace(
        SAMPLE_STAGE, name="minimize", ensemble="minimize", nonbonded="short", cutoff=3.0, hydrogen_mass=hydrogen_mass
    )
    settle = replace(
        soft, name="settle", ensemble="nvt", duration=1.0, timestep=0.5, new_velocities=True,
        constrain_hydrogens=False,
    )  # fmt: skip
    hot = replace(
        settle, name="heat", duration=heat, timestep=timestep, temperature=(SAMPLE, _PACKING), new_velocities=False,
        constrain_hydrogens=True,
    )  # fmt: skip
    dense = replace(hot, name="compress", duration=compress, temperature=(_PACKING, _PACKING), density=0.8)
    return soft, settle, hot, dense


def _twenty_one_steps(scale: float, shortest: float, last: float, timestep: float, mass: float) -> tuple[Stage, ...]:
    """The 21 steps with lengths times `scale`, none under `shortest` ps, the last of them `last` ps."""
    common = replace(SAMPLE_STAGE, timestep=timestep, hydrogen_mass=mass)
    stages = []
    for number, (hot, cold, squeeze, fraction) in enumerate(_TWENTY_ONE_STEPS, start=1):
        pressure = fraction * _MAX_PRESSURE or SAMPLE
        hot_ps, cold_ps, npt_ps = (max(scale * length, shortest) for length in (hot, cold, squeeze))
        stages += [
            replace(
                common, name=f"hot_{number}", duration=hot_ps, temperature=(_HOT, _HOT), new_velocities=number == 1
            ),
            replace(common, name=f"cool_{number}", duration=cold_ps),
            replace(
                common, name=f"press_{number}", ensemble="npt", duration=last if fraction == 0.0 else npt_ps,
                pressure=(pressure, pressure),
            ),
        ]  # fmt: skip
    return tuple(stages)


# Frames 4 fs apart, as the estimator of the vibrational spectrum demands; 4 ps resolve some 40 per cm.
_VIBRATIONS = replace(
    SAMPLE_STAGE,
    name="vibrations",
    ensemble="nve",
    duration=4.0,
    timestep=2.0,
    sample_interval=0.1,
    frame_interval=0.004,
)

_PRODUCTION = replace(SAMPLE_STAGE, name="production", ensemble="npt")

FULL = Recipe(
    name="md/full",
    version=2,
    description="Ten chains of 1,000 atoms, 21 steps of compression and decompression, 5 ns of production.",
    n_chains=10,
    atoms_per_chain=1000,
    charges="resp",
    packing_density=0.05,
    equilibration=(
        *_packing(heat=1000.0, compress=1000.0, timestep=1.0, hydrogen_mass=1.008),
        replace(SAMPLE_STAGE, name="relax", ensemble="minimize"),
        *_twenty_one_steps(scale=1.0, shortest=5.0, last=800.0, timestep=2.0, mass=1.008),
    ),
    production=replace(_PRODUCTION, duration=5000.0, timestep=2.0, frame_interval=10.0),
    criteria=(
        Criterion("density", drift=0.001, standard_error=0.001),
        Criterion("potential_energy", drift=0.005),
        Criterion("radius_of_gyration", drift=0.01),
    ),
    vibrations=_VIBRATIONS,
    extensions=4,
    time_limit=30 * 24 * 3600.0,
)

# 1,600 atoms: a box of some 25 angstrom, twice the cutoff and its skin with room for compression. Four chains rather
# than ten, because ends loosen the packing (some 1 % of the density at chains of 160 atoms); rather than one or two,
# because conformers and tacticity sequences are averaged over.
STANDARD = Recipe(
    name="md/standard",
    version=2,
    description="Four chains of 400 atoms, 21 shortened steps of compression and decompression, 0.5 ns of production.",
    n_chains=4,
    atoms_per_chain=400,
    charges="resp",
    packing_density=0.1,
    equilibration=(
        *_packing(heat=100.0, compress=150.0, timestep=2.0, hydrogen_mass=3.0),
        replace(SAMPLE_STAGE, name="relax", ensemble="minimize", hydrogen_mass=3.0),
        *_twenty_one_steps(scale=0.3, shortest=3.0, last=300.0, timestep=4.0, mass=3.0),
    ),
    production=replace(_PRODUCTION, duration=500.0, timestep=2.0, sample_interval=0.2, frame_interval=5.0),
    criteria=(
        Criterion("density", drift=0.005, standard_error=0.003),
        Criterion("potential_energy", drift=0.02),
    ),
    vibrations=_VIBRATIONS,
    extensions=4,
    time_limit=48 * 3600.0,
)

# For the tests of the machinery alone: far too small and short for a property.
SMOKE = Recipe(
    name="md/smoke",
    version=1,
    description="Two chains of 60 atoms for some picoseconds; its numbers mean nothing.",
    n_chains=2,
    atoms_per_chain=60,
    charges="gasteiger",
    packing_density=0.2,
    equilibration=(
        replace(SAMPLE_STAGE, name="minimize", ensemble="minimize", nonbonded="short", cutoff=3.0),
        replace(
            SAMPLE_STAGE, name="compress", duration=4.0, nonbonded="short", cutoff=3.0, density=0.7, new_velocities=True
        ),
        replace(SAMPLE_STAGE, name="relax", ensemble="minimize"),
        replace(
            SAMPLE_STAGE,
            name="press",
            ensemble="npt",
            duration=4.0,
            timestep=2.0,
            sample_interval=0.2,
            new_velocities=True,
        ),
    ),
    production=replace(_PRODUCTION, duration=4.0, timestep=2.0, sample_interval=0.1, frame_interval=0.1),
    criteria=(Criterion("density", drift=1.0), Criterion("potential_energy", drift=10.0)),
    vibrations=replace(_VIBRATIONS, duration=1.2),
    extensions=1,
    time_limit=600.0,
)

# With RadonPy's sum of the torsions that GAFF defines twice; to repeat what it computed.
STANDARD_1, FULL_1 = (replace(recipe, version=1, force_field=RADONPY_FORCE_FIELD) for recipe in (STANDARD, FULL))

RECIPES: dict[str, Recipe] = {recipe.protocol_id: recipe for recipe in (STANDARD, FULL, STANDARD_1, FULL_1, SMOKE)}
