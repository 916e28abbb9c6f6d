"""Check what one key of a campaign file says against the others, and against what the other rooms offer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from math import isfinite
from typing import Any

from polyloop.campaign.config.decisions import check_invariants, check_point_cost, check_repeats
from polyloop.campaign.config.evaluator_checks import check_evaluators, check_model, one_of
from polyloop.campaign.config.lines import CampaignSource, KeyPath
from polyloop.campaign.config.source_checks import check_pool_keys, check_source
from polyloop.campaign.config.space_checks import (
    check_conditions_known,
    check_points,
    check_whole_points,
    subject_kind,
)
from polyloop.campaign.config.surrogate_blocks import check_surrogate_blocks
from polyloop.campaign.config.tables import CampaignConfig, ObjectiveTable
from polyloop.core import KINDS, InvalidInputError, PolyloopError, add_property, get_property, parse_subject
from polyloop.core.names import did_you_mean
from polyloop.core.options import options_of, read_options

__all__ = ["add_properties", "check_config"]


def check_config(config: CampaignConfig, source: CampaignSource) -> None:
    """Raise on the first thing in `config` that cannot work.

    Raises
    ------
    ConfigurationError
        Naming the file, the line, the key and the remedy.
    """
    check_pool_keys(config, source)
    if config.variables:
        _check_pool(config, source)  # what the objectives are asked of
    for index, objective in enumerate(config.objectives):
        _check_objective(config, objective, index, source)
    _check_requirements(config, source)
    _check_levels(config, source)
    check_evaluators(config, source)
    _check_pool(config, source)
    _check_resources(config, source)
    _check_initial(config, source)
    _check_models(config, source)
    check_repeats(config, source)
    check_invariants(config, source)
    _check_store(config, source)
    _check_report(config, source)


def add_properties(config: CampaignConfig, source: CampaignSource) -> None:
    """Register the properties that a campaign file defines.

    Raises
    ------
    ConfigurationError
        If one is no property, or its name is that of a property of the table.
    """
    for name, table in config.properties.items():
        fields = table.model_dump()
        try:
            add_property(name, **{**fields, "kinds": tuple(fields["kinds"])})
        except PolyloopError as error:
            raise source.error(("properties", name), error.reason, error.hint) from error
        for index, kind in enumerate(table.kinds):
            _known(source, ("properties", name, "kinds", index), kind, KINDS)


def _known(source: CampaignSource, key: KeyPath, value: str, valid: Iterable[str]) -> None:
    valid = list(valid)
    if value not in valid:
        noun = key[-1] if isinstance(key[-1], str) else key[-2]
        raise source.error(key, f"There is no {noun} {value!r}.", did_you_mean(value, valid))


def _ordered(source: CampaignSource, key: KeyPath, low: float, high: float) -> None:
    if low > high:
        raise source.error(key, f"The range [{low}, {high}] is empty.", "Write [low, high].")


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)


def _check_objective(config: CampaignConfig, objective: ObjectiveTable, index: int, source: CampaignSource) -> None:
    from polyloop.evaluation.evaluators import entry_point_names
    from polyloop.evaluation.laboratory import EXPERIMENT

    key: KeyPath = ("objectives", index)
    try:
        row = get_property(objective.property)
    except PolyloopError as error:
        raise source.error((*key, "property"), error.reason, error.hint) from error
    if not (row.belongs_to(config.pool.kind) or row.belongs_to(subject_kind(config))):
        raise source.error(
            (*key, "property"),
            f"{row.name} is no property of a {subject_kind(config)}.",
            f"It belongs to {_list(row.kinds)}.",
        )
    if any(other.property == objective.property for other in config.objectives[:index]):
        raise source.error((*key, "property"), f"{objective.property} is an objective twice.", "Remove one of them.")
    one_of(source, key, {"direction": objective.direction, "range": objective.range})
    if objective.range is not None:
        low, high = objective.range
        if not (low < high and isfinite(low) and isfinite(high)):
            raise source.error((*key, "range"), f"The range [{low}, {high}] is empty.", "Write [low, high].")
        if high < row.low or low > row.high:
            raise source.error(
                (*key, "range"),
                f"The range [{low}, {high}] {row.unit} lies outside the plausible range of {row.name}.",
                f"Plausible is {row.low} to {row.high} {row.unit}.",
            )
    given = {"level": objective.level, "protocol": objective.protocol, "evaluator": objective.evaluator}
    one_of(source, key, given)
    if objective.evaluator is not None:
        _known(source, (*key, "evaluator"), objective.evaluator, [*config.evaluators, *entry_point_names()])
    elif objective.level != EXPERIMENT:
        check_whole_points(
            config, source, (*key, "level" if objective.protocol is None else "protocol"), objective.protocol
        )
        _check_protocol(config, source, key, objective.property, objective.protocol, objective.level)
        _check_conditions(config, source, objective.property, objective.protocol, objective.level)


def _check_requirements(config: CampaignConfig, source: CampaignSource) -> None:
    from polyloop.design.acquisition import Constraint
    from polyloop.evaluation.evaluators import entry_point_names
    from polyloop.evaluation.laboratory import EXPERIMENT

    objectives = {objective.property for objective in config.objectives}
    for index, one in enumerate(config.requirements):
        key: KeyPath = ("requirements", index)
        try:
            Constraint(one.property, one.low, one.high, one.probability)
        except PolyloopError as error:
            raise source.error(key, error.reason, error.hint) from error
        given = {"level": one.level, "protocol": one.protocol, "evaluator": one.evaluator}
        one_of(source, key, given, needed=one.property not in objectives)
        if one.evaluator is not None:
            _known(source, (*key, "evaluator"), one.evaluator, [*config.evaluators, *entry_point_names()])
        elif one.level != EXPERIMENT and one.property not in objectives:
            _check_protocol(config, source, key, one.property, one.protocol, one.level)
    if config.campaign.batch_cost is not None and config.pool.cost is None and config.levels is None:
        raise source.error(
            ("campaign", "batch_cost"), "Nothing says what candidates cost.", "Say it in [pool]: cost = ."
        )
    if config.requirements or config.pool.cost is not None:
        _check_weighable(config, source)


def _check_levels(config: CampaignConfig, source: CampaignSource) -> None:
    from polyloop.evaluation.laboratory import EXPERIMENT

    if config.levels is None:
        return
    targets = {objective.level for objective in config.objectives}
    if len(targets) != 1 or None in targets:
        raise source.error(("levels",), "All objectives need one level, the same.", "Say level = ... in each.")
    key: KeyPath = ("levels", "costs")
    target, costs = str(next(iter(targets))), config.levels.costs
    if target not in costs or len(costs) < 2:
        raise source.error(key, f"It needs a cost of {target} and of a cheaper level.", "Write { LEVEL = COST, ... }.")
    if min(costs.values()) <= 0 or max(costs, key=costs.__getitem__) != target:
        raise source.error(key, f"Costs must be above 0, and that of {target} the highest.", "Correct them.")
    for level in costs:
        for objective in config.objectives:
            # What is measured in the laboratory needs no protocol, and is never the cheaper level: its cost is highest.
            if level != EXPERIMENT:
                _check_protocol(config, source, key, objective.property, None, level)
    if config.pool.source == "space" or config.pool.is_generated or config.pool.cost is not None:
        raise source.error(("levels",), "Levels are for lists of candidates without costs.", "Leave one of them out.")


def _check_weighable(config: CampaignConfig, source: CampaignSource) -> None:
    from polyloop.campaign.proposal import acquisition_of
    from polyloop.design import ACQUISITIONS

    name = acquisition_of(config)
    if name in ACQUISITIONS and not ACQUISITIONS[name].is_weighable:
        fit = [other for other, one in ACQUISITIONS.items() if one.is_weighable]
        raise source.error(
            ("acquisition", "name"), f"{name} knows neither requirements nor costs.", f"Use {' or '.join(fit)}."
        )


def _check_protocol(
    config: CampaignConfig,
    source: CampaignSource,
    key: KeyPath,
    name: str,
    protocol: str | None,
    level: str | None = None,
) -> None:
    from polyloop.simulate import protocol_for

    try:
        protocol_for(name, level, subject_kind(config), protocol=protocol)
    except PolyloopError as error:
        raise source.error((*key, "level" if protocol is None else "protocol"), error.reason, error.hint) from error


def _check_conditions(
    config: CampaignConfig, source: CampaignSource, name: str, protocol: str | None, level: str | None = None
) -> None:
    from polyloop.simulate import protocol_for

    row = protocol_for(name, level, subject_kind(config), protocol=protocol)
    check_conditions_known(config, source, name, row.protocol_id)


def _check_resources(config: CampaignConfig, source: CampaignSource) -> None:
    if config.resources.md_engine is not None:
        from polyloop.engines.dynamics.registry import DYNAMICS_ENGINES

        _known(source, ("resources", "md_engine"), config.resources.md_engine, ("auto", *DYNAMICS_ENGINES))


def _check_pool(config: CampaignConfig, source: CampaignSource) -> None:
    pool = config.pool
    _known(source, ("pool", "kind"), pool.kind, KINDS)
    if (pool.source == "space") != (pool.kind == "process") or (pool.source == "space") != bool(config.variables):
        raise source.error(
            ("pool", "source"), "A space has kind = 'process', source = 'space' and tables [variables.NAME].",
            "Give all three, or none of them.",
        )  # fmt: skip
    if pool.source == "space":
        check_points(config, source)
        check_point_cost(config, source)
    elif pool.is_generated:
        check_source(config, source)
    elif pool.kind != "polymer":
        if pool.source != "csv":
            raise source.error(("pool", "source"), f"source {pool.source!r} makes polymers.", "Use source = 'csv'.")
        for word in ("elements", "heavy_atoms", "classes"):
            if getattr(pool, word) is not None:
                raise source.error(("pool", word), f"{word} is a filter of polymers.", "Leave it out.")
    if not pool.is_generated and (pool.file is not None) != (pool.source == "csv"):
        what = "source = 'csv' needs a file." if pool.source == "csv" else f"source {pool.source!r} takes no file."
        raise source.error(("pool", "file"), what, "Give file = 'pool.csv' with source = 'csv' only.")
    if pool.file is not None and not pool.file.is_file():
        raise source.error(("pool", "file"), f"There is no file {pool.file}.", "The path is relative to this file.")
    if pool.source == "virtual" and pool.size is None:
        raise source.error(("pool", "size"), "source = 'virtual' needs a size.", "Write for example size = 10000.")
    if pool.heavy_atoms is not None:
        _ordered(source, ("pool", "heavy_atoms"), *pool.heavy_atoms)
        if pool.heavy_atoms[0] < 1:
            raise source.error(("pool", "heavy_atoms"), "No repeat unit is that small.", "Write for example [1, 12].")
    _check_chemistry_words(config, source)
    if pool.screening is not None and pool.screening.model is not None:
        check_model(config, source, ("pool", "screening", "model"), pool.screening.model)
    elif pool.screening is not None:
        _check_protocol(config, source, ("pool", "screening"), pool.screening.property, pool.screening.protocol)
        _check_conditions(config, source, pool.screening.property, pool.screening.protocol)


def _check_chemistry_words(config: CampaignConfig, source: CampaignSource) -> None:
    from rdkit import Chem

    from polyloop.chem import PolymerClass

    periodic_table = Chem.GetPeriodicTable()
    elements = [periodic_table.GetElementSymbol(number) for number in range(1, 119)]
    for index, element in enumerate(config.pool.elements or []):
        _known(source, ("pool", "elements", index), element, elements)
    for index, polymer_class in enumerate(config.pool.classes or []):
        _known(source, ("pool", "classes", index), polymer_class, [word.value for word in PolymerClass])


def _check_initial(config: CampaignConfig, source: CampaignSource) -> None:
    seen: dict[str, str] = {}
    for index, smiles in enumerate(config.initial.polymers):
        key: KeyPath = ("initial", "polymers", index)
        try:
            canonical = parse_subject(config.pool.kind, smiles).text
        except PolyloopError as error:
            raise source.error(key, error.reason, error.hint) from error
        if canonical in seen:
            raise source.error(key, f"{smiles} is the same as {seen[canonical]}.", "Remove one of them.")
        seen[canonical] = smiles
    if config.initial.method == "fill" and config.pool.source != "space":
        raise source.error(("initial", "method"), "fill is for spaces.", "Use 'diverse' or 'random'.")
    if len(seen) == 1:
        raise source.error(("initial", "polymers"), "One candidate is no design.", "Name at least two.")


def _check_models(config: CampaignConfig, source: CampaignSource) -> None:
    from polyloop.features import BLOCKS
    from polyloop.learn import SURROGATES

    for index, block in enumerate(config.features.blocks):
        _known(source, ("features", "blocks", index), block, BLOCKS)
        if block in config.features.blocks[:index]:
            raise source.error(("features", "blocks"), f"The block {block!r} stands there twice.", "Remove one.")
    _known(source, ("surrogate", "name"), config.surrogate.name, SURROGATES)
    _check_options(config, source, "surrogate", config.surrogate.name, SURROGATES, config.surrogate.options)
    check_surrogate_blocks(config, source)
    _check_acquisition(config, source)
    point = config.acquisition.reference_point
    if point is not None and set(point) != {objective.property for objective in config.objectives}:
        raise source.error(
            ("acquisition", "reference_point"),
            f"The reference point names {_list(point) or 'nothing'}.",
            f"Give one value for each of {_list(objective.property for objective in config.objectives)}.",
        )


def _check_options(
    config: CampaignConfig,
    source: CampaignSource,
    table: str,
    name: str,
    parts: Mapping[str, Any],
    given: Mapping[str, Any],
) -> None:
    """Raise for an option that the part of a name does not take; say which part does."""
    try:
        read_options(parts[name], given, noun=table, name=name, blocks=config.features.blocks)
    except InvalidInputError as error:
        owners = [other for other, part in parts.items() if error.where in {option.name for option in options_of(part)}]
        hint = f"It is an option of {_list(owners)}." if owners and name not in owners else error.hint
        raise source.error((table, error.where), error.reason, hint) from error


def _check_acquisition(config: CampaignConfig, source: CampaignSource) -> None:
    from polyloop.campaign.plan import objectives_of
    from polyloop.design import ACQUISITIONS

    name, key = config.acquisition.name, ("acquisition", "name")
    if name is None:
        if config.acquisition.options:
            option = next(iter(config.acquisition.options))
            raise source.error(("acquisition", option), f"{option} is an option of no default.", "Give name = too.")
        return
    _known(source, key, name, ACQUISITIONS)
    try:
        ACQUISITIONS[name].check_objectives(name, objectives_of(config))
    except PolyloopError as error:
        raise source.error(key, error.reason, error.hint) from error
    _check_options(config, source, "acquisition", name, ACQUISITIONS, config.acquisition.options)


def _check_store(config: CampaignConfig, source: CampaignSource) -> None:
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError

    if config.store.url is None:
        return
    try:
        url = make_url(config.store.url)
    except (ArgumentError, ValueError) as error:  # a port that is no number is a ValueError
        raise source.error(
            ("store", "url"), f"{config.store.url!r} is no database URL.", "Write for example sqlite:///store.sqlite."
        ) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise source.error(
            ("store", "url"), f"The database {url.get_backend_name()!r} is not supported.", "Use sqlite or postgresql."
        )


def _check_report(config: CampaignConfig, source: CampaignSource) -> None:
    given = {"limit_slope": config.report.limit_slope, "limit_intercept": config.report.limit_intercept}
    missing = [name for name, value in given.items() if value is None]
    if len(missing) == 1:
        raise source.error(
            ("report",),
            f"{missing[0]} is missing: a limit line needs both slope and intercept.",
            "Give both, or neither for the line of the shipped table.",
        )
