"""The campaign file as pydantic models: one model per table, each key with its meaning, default and range."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from polyloop.campaign.config.model import FileTable
from polyloop.campaign.config.run_tables import LimitsTable, ResourcesTable, StoreTable
from polyloop.campaign.config.space_tables import ConstraintTable, VariableTable
from polyloop.core import Conditions
from polyloop.core.subject import column_of

__all__ = [
    "LISTS",
    "AcquisitionTable",
    "CampaignConfig",
    "CampaignTable",
    "ConstraintTable",
    "EvaluatorTable",
    "FeaturesTable",
    "InitialTable",
    "LevelsTable",
    "LimitsTable",
    "ObjectiveTable",
    "PoolTable",
    "PropertyTable",
    "ReportTable",
    "RequirementTable",
    "ResourcesTable",
    "ScreeningTable",
    "StopTable",
    "StoreTable",
    "SurrogateTable",
    "VariableTable",
]

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=100)]
End = Annotated[float, Field(allow_inf_nan=True)]
Range = tuple[End, End]
Size = Annotated[int, Field(le=100_000)]
LISTS = ("csv", "homopolymers", "virtual")
"""Sources of candidates that are a list."""
Direction = Literal["maximize", "minimize", "maximise", "minimise"]


# Upper bounds of whole numbers: far above what anybody needs, and below what no machine ends or a database cannot hold.
_SEEDS, _MILLION = 2**63 - 1, 1_000_000


class CampaignTable(FileTable):
    """`[campaign]`: what it is called and how much of it there is."""

    name: Name = Field(description="Name of the campaign; also the default folder of the run, runs/NAME.")
    seed: int = Field(0, ge=0, le=_SEEDS, description="Seed of every random choice of the loop.")
    cycles: int = Field(10, ge=1, le=10**9, description="Cycles of propose, evaluate, learn after the initial design.")
    batch: int = Field(10, ge=1, le=10_000, description="Evaluations proposed per cycle.")
    batch_cost: float | None = Field(
        None,
        gt=0,
        description="Largest sum of costs of a batch, in the unit of the pool's costs, or of [levels].",
    )
    workers: int = Field(1, ge=1, le=4096, description="Evaluations at once.")
    evaluation_seed: int = Field(
        0,
        ge=0,
        le=_SEEDS,
        description="Seed handed to the evaluator (conformers). Campaigns that share it share results.",
    )
    temperature: float = Field(
        298.15, gt=0, le=10_000, description="Temperature of the samples in K, for molecular dynamics and tables."
    )
    pressure: float = Field(
        1.0, gt=0, le=1e6, description="Pressure of the samples in atm, for molecular dynamics and tables."
    )

    conditions: dict[str, float | str] = Field(
        {}, description="Other conditions of the samples by name, e.g. relative_humidity = 0.5; see the reference."
    )

    @property
    def state(self) -> Conditions:
        """State of the samples."""
        return Conditions(self.temperature, self.pressure, **self.conditions)


class ObjectiveTable(FileTable):
    """`[[objectives]]`: one property, where it should go, and who computes it."""

    property: str = Field(description="Name from the property table, e.g. refractive_index.")
    direction: Direction | None = Field(None, description="Where the property should go.")
    range: Range | None = Field(
        None, description="Or the range [low, high] that it should fall into; -inf or inf leaves one end open."
    )
    level: str | None = Field(
        None, description="Level that names the protocol: instant, quick, ...; experiment for what is measured."
    )
    protocol: str | None = Field(None, description="Or a protocol by name, e.g. optics/quick@3.")
    evaluator: str | None = Field(None, description="Or a table [evaluators.NAME], or an entry point.")


class RequirementTable(FileTable):
    """`[[requirements]]`: a property that must stay in a range, with a stated probability."""

    property: str = Field(description="Name from the property table; it may be that of an objective too.")
    low: float | None = Field(None, description="Least value that will do.")
    high: float | None = Field(None, description="Greatest value that will do.")
    probability: float = Field(
        0.8, ge=0, lt=1, description="Least probability of lying in the range that a candidate must have."
    )
    level: str | None = Field(None, description="Level that names the protocol; of an objective, that is taken.")
    protocol: str | None = Field(None, description="Or a protocol by name.")
    evaluator: str | None = Field(None, description="Or a table [evaluators.NAME], or an entry point.")


class EvaluatorTable(FileTable):
    """`[evaluators.NAME]`: a table of measured data, a Python function, or a trained model."""

    table: Path | None = Field(None, description="CSV or Parquet with a column of repeat units and one per property.")
    smiles_column: str | None = Field(
        None, description="Column of the table that holds the candidates; smiles, or that of their kind, when left out."
    )
    columns: dict[str, str] = Field({}, description="Column per property, where its name is not the property's own.")
    missing: list[float] = Field([], description="Numbers in the table that mean 'no value', e.g. -9999.")
    skip_bad: bool = Field(False, description="Leave out rows of the table that cannot be read, and name them.")
    temperature: float | None = Field(
        None,
        gt=0,
        le=10_000,
        description="Temperature in K at which the values of the table hold, unless it has a column 'temperature [K]'; "
        "298.15 when left out.",
    )
    pressure: float | None = Field(
        None,
        gt=0,
        le=1e6,
        description="Pressure in atm at which they hold, unless it has a column 'pressure [atm]'; 1 when left out.",
    )
    python: str | None = Field(None, description="'module:function', called with (smiles, seed), see the reference.")
    folder: Path | None = Field(None, description="Folder to import the module from; that of the campaign file.")
    version: int = Field(1, ge=1, le=_MILLION, description="Version of the function: raise it when its results change.")
    model: Path | None = Field(None, description="Folder of a model that 'polyloop model train' wrote.")

    @property
    def conditions(self) -> Conditions:
        """State at which the values of a table hold where the table does not say it."""
        stated = {"temperature": self.temperature, "pressure": self.pressure}
        return Conditions(**{name: value for name, value in stated.items() if value is not None})


class PropertyTable(FileTable):
    """`[properties.NAME]`: a property of your own, which the table of properties lacks."""

    unit: str = Field(min_length=1, max_length=32, description="Its unit, e.g. MJ/m3; 1 for a pure number.")
    low: float = Field(description="Least plausible value; what lies below is kept, and no model learns from it.")
    high: float = Field(description="Greatest plausible value.")
    symbol: str = Field("", max_length=32, description="Its symbol, for pictures; the name when left out.")
    definition: str = Field("", max_length=1000, description="What it is, in a sentence.")
    reference: str = Field("", max_length=1000, description="Where that comes from, e.g. a DOI or a standard.")
    kinds: list[str] = Field([], description="Kinds of subjects that have it; any when left out.")
    depends_on_state: bool = Field(True, description="Whether it depends on temperature and the other conditions.")


class ScreeningTable(FileTable):
    """`[pool.screening]`: look over the whole pool with a cheap protocol or a model, and keep the best."""

    protocol: str = Field("optics/instant@2", description="Protocol of the screening.")
    model: Path | None = Field(
        None, description="Or the folder of a model that 'polyloop model train' wrote; it takes the protocol's place."
    )
    property: str = Field("refractive_index", description="Property to rank by.")
    direction: Direction = Field("maximize", description="Which end to keep.")
    keep: int = Field(ge=1, le=10 * _MILLION, description="Number of candidates to keep.")


class PoolTable(FileTable):
    """`[pool]`: the candidates."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    kind: str = Field("polymer", description="Kind of the candidates: polymer, copolymer, molecule, ...")
    source: str = Field(
        description="Where the candidates come from: csv, homopolymers, virtual, space; or a source that writes a pool "
        "for each cycle, below: library, language, inverse."
    )
    file: Path | None = Field(
        None,
        description="The CSV or Parquet file of source 'csv', the library of 'library', or what teaches 'language'.",
    )
    model: Path | None = Field(
        None, description="Folder that 'polyloop design train-language' wrote, of source 'language'."
    )
    monomers: Path | None = Field(
        None, description="CSV or Parquet of monomers with prices, of source 'inverse'; the shipped ones if left out."
    )
    smiles_column: str | None = Field(
        None, description="Column of the file that holds the candidates; smiles, or that of their kind, when left out."
    )
    skip_bad: bool = Field(
        False, description="Leave out rows of the file that hold no repeat unit, and name them in status."
    )
    size: int | None = Field(
        None, ge=1, le=10 * _MILLION, description="Number of candidates of source 'virtual', or of the pool of a cycle."
    )
    seed: int = Field(0, ge=0, le=_SEEDS, description="Seed of the choice of source 'virtual'.")
    elements: list[str] | None = Field(None, min_length=1, description="Keep only these elements (H is always in).")
    heavy_atoms: tuple[Size, Size] | None = Field(None, description="Keep [low, high] heavy atoms per repeat unit.")
    classes: list[str] | None = Field(None, min_length=1, description="Keep only these polymer classes.")
    cost: str | None = Field(
        None,
        description="Column of the file that holds what evaluating a candidate costs, of a space arithmetic on its "
        "variables, e.g. '0.5 + 0.01 * time'; improvement is then per cost.",
    )
    screening: ScreeningTable | None = Field(None, description="Pre-selection by a cheap protocol.")

    @property
    def column(self) -> str:
        """Column of the file that holds the candidates."""
        return self.smiles_column or column_of(self.kind)

    @property
    def is_generated(self) -> bool:
        """Whether the candidates are written anew for each cycle."""
        return self.source not in LISTS and self.source != "space"

    @property
    def options(self) -> dict[str, Any]:
        """The options of a source that writes candidates, as they were given."""
        return dict(self.model_extra or {})


class FeaturesTable(FileTable):
    """`[features]`: descriptors."""

    blocks: list[str] = Field(["forcefield", "ecfp"], min_length=1, description="Descriptor blocks, one kernel each.")
    time_limit_s: float = Field(30.0, gt=0, le=1e6, description="Time limit per polymer in s.")


class SurrogateTable(FileTable):
    """`[surrogate]`: the model of each objective."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    name: str = Field("gp", description="Which one; each has options of its own, below. Of a space product_gp.")
    record_noise: bool = Field(
        False,
        description="Take the records' std as the known noise of each value. Right for repeated measurements; the std "
        "of a protocol is mostly a systematic error, which the values that the model learns from share.",
    )
    invariants: bool | None = Field(
        None,
        description="Learn what a property's physical invariant leaves (the packing fraction of a density, ...), which "
        "extrapolates beyond what is known. Where left out, a new campaign with gp does so where it can.",
    )

    @property
    def options(self) -> dict[str, Any]:
        """The surrogate's own options, as they were given."""
        return dict(self.model_extra or {})


class AcquisitionTable(FileTable):
    """`[acquisition]`: what to ask next."""

    model_config = ConfigDict(extra="allow", frozen=True, strict=True, allow_inf_nan=False)

    name: str | None = Field(
        None, description="Acquisition function; the default depends on the objectives. Some have options, below."
    )
    reference_point: dict[str, float] | None = Field(
        None, description="Value per objective; fixed after the initial design when left out."
    )
    repeats: bool = Field(
        False,
        description="Whether to evaluate a candidate again, with another seed, where that pays more than a new one.",
    )
    most_repeats: int = Field(
        4, ge=1, le=1_000, description="Largest number of repeats of one candidate, its first evaluation aside."
    )
    repeat_cost: float = Field(
        1.0, gt=0, le=1e6, description="Cost of evaluating a candidate again, in units of the first time."
    )

    @property
    def options(self) -> dict[str, Any]:
        """The acquisition's own options, as they were given."""
        return dict(self.model_extra or {})


class LevelsTable(FileTable):
    """`[levels]`: cheaper levels of the same properties, which the loop may ask too."""

    costs: dict[str, float] = Field(
        description="What one evaluation costs at each level that may be asked, that of the objectives among them."
    )
    one_unit: bool = Field(
        True, description="Whether all levels say the same quantity; false where a cheap one is only related to it."
    )


class InitialTable(FileTable):
    """`[initial]`: the first evaluations, before there is a model."""

    method: Literal["diverse", "random", "fill"] = Field(
        "diverse", description="How to choose them; of a space, fill it when left out."
    )
    size: int = Field(10, ge=2, le=_MILLION, description="How many.")
    polymers: list[str] = Field(
        [], description="Or these candidates of the pool, e.g. those whose values the store has; no choice then."
    )


class StopTable(FileTable):
    """`[stop]`: when to end before the last cycle."""

    hours: float | None = Field(None, gt=0, le=1e6, description="Wall time in h, summed over all runs of the campaign.")
    stall_cycles: int | None = Field(
        None, ge=1, le=10**9, description="Stop when the hypervolume stood still for so many cycles, also at 0."
    )
    stall_tolerance: float = Field(1e-3, ge=0, description="Relative growth below which it stands still.")
    failures: int = Field(
        20, ge=0, le=10**9, description="Stop when so many candidates in a row failed or were implausible; 0: never."
    )


class ReportTable(FileTable):
    """`[report]`: the limit line of the report, n_D = limit_intercept + limit_slope * V_D.

    Both keys, or neither for the line of the shipped table.
    """

    limit_slope: float | None = Field(None, description="Slope of your own limit line; needs limit_intercept too.")
    limit_intercept: float | None = Field(None, description="Its refractive index at Abbe number 0.")


class CampaignConfig(FileTable):
    """A whole campaign file. Paths are absolute once it has been read."""

    campaign: CampaignTable
    objectives: list[ObjectiveTable] = Field(min_length=1)
    properties: dict[Name, PropertyTable] = Field({})
    requirements: list[RequirementTable] = Field([])
    evaluators: dict[Name, EvaluatorTable] = Field({})
    pool: PoolTable
    variables: dict[Name, VariableTable] = Field({})
    constraints: list[ConstraintTable] = Field([])
    features: FeaturesTable = FeaturesTable()
    surrogate: SurrogateTable = SurrogateTable()
    acquisition: AcquisitionTable = AcquisitionTable()
    levels: LevelsTable | None = None
    initial: InitialTable = InitialTable()
    stop: StopTable = StopTable()
    store: StoreTable = StoreTable()
    limits: LimitsTable = LimitsTable()
    resources: ResourcesTable = ResourcesTable()
    report: ReportTable = ReportTable()
