"""The evaluators of a campaign file: who answers for each objective."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from os.path import commonpath, relpath
from pathlib import Path
from typing import Any

from polyloop.campaign.config.space_checks import subject_kind
from polyloop.campaign.config.tables import CampaignConfig, EvaluatorTable, ObjectiveTable, RequirementTable
from polyloop.campaign.space import points_as_subjects, space_of
from polyloop.core import Conditions, ConfigurationError, InvalidInputError
from polyloop.core.subject import column_of
from polyloop.design.space import Space
from polyloop.evaluation.answers import check_function
from polyloop.evaluation.callables import CallableEvaluator
from polyloop.evaluation.evaluators import (
    Evaluator,
    FunctionEvaluator,
    TableEvaluator,
    digest_of,
    entry_point_location,
    protocol_evaluator,
    slug,
)
from polyloop.evaluation.function_source import source_of
from polyloop.evaluation.functions import load_function
from polyloop.evaluation.laboratory import EXPERIMENT, LaboratoryEvaluator
from polyloop.evaluation.models import ModelEvaluator
from polyloop.simulate import protocol_for
from polyloop.tables import MeasuredTable, read_measured, same_state, state_words

__all__ = ["evaluators_of", "lower_evaluators"]


def evaluators_of(
    config: CampaignConfig, functions: Mapping[str, Callable[..., Any]] | None = None
) -> dict[str, Evaluator]:
    """Make the evaluator of each objective, by the name of its property; objectives may share one.

    `functions` are those that a script handed in as objects, by the name of their evaluator.

    Raises
    ------
    ConfigurationError, InvalidInputError
        If a function cannot be imported or does not take the campaign's conditions, or a table cannot be read or lacks
        a property.
    """
    groups: dict[str, list[str]] = {}
    found: dict[str, Evaluator] = {}
    asked: list[ObjectiveTable | RequirementTable] = [
        *config.objectives,
        *(one for one in config.requirements if not _is_objective(one, config)),
    ]
    for objective in asked:
        if objective.level == EXPERIMENT:
            found[objective.property] = LaboratoryEvaluator(objective.property)
        elif objective.evaluator is None:
            row = protocol_for(objective.property, objective.level, subject_kind(config), protocol=objective.protocol)
            found[objective.property] = protocol_evaluator(row.protocol_id, config.resources.settings)
        else:
            groups.setdefault(objective.evaluator, []).append(objective.property)
    given = functions or {}
    named = {
        name: CallableEvaluator.of(given[name], tuple(properties), config.campaign.state)
        if name in given
        else _named_evaluator(name, tuple(properties), config)
        for name, properties in groups.items()
    }
    for name, evaluator in _told_apart(named).items():
        found |= dict.fromkeys(groups[name], evaluator)
    return found


def lower_evaluators(config: CampaignConfig) -> dict[str, dict[str, Evaluator]]:
    """Return who answers at the cheaper levels that a campaign may ask, by level and property, the cheapest first."""
    if config.levels is None:
        return {}
    target, kind = config.objectives[0].level, config.pool.kind
    return {
        level: {
            objective.property: protocol_evaluator(
                protocol_for(objective.property, level, kind).protocol_id, config.resources.settings
            )
            for objective in config.objectives
        }
        for level in sorted(config.levels.costs, key=config.levels.costs.__getitem__)
        if level != target
    }


def _is_objective(requirement: RequirementTable, config: CampaignConfig) -> bool:
    return requirement.property in {objective.property for objective in config.objectives}


def _told_apart(evaluators: Mapping[str, Evaluator]) -> dict[str, Evaluator]:
    """Put folders into the identities of functions that differ in nothing else: they may read files beside them.

    They are put in as seen from the folder that the functions have in common, so that a project may be moved.
    """
    functions = [one for one in evaluators.values() if isinstance(one, FunctionEvaluator)]
    places = {(one.protocol_id, one.folder) for one in functions}
    several = {
        protocol_id for protocol_id, count in Counter(protocol_id for protocol_id, _ in places).items() if count > 1
    }
    if not several:
        return dict(evaluators)
    above = commonpath([one.folder for one in functions if one.protocol_id in several])

    def apart(one: Evaluator) -> Evaluator:
        if not isinstance(one, FunctionEvaluator) or one.protocol_id not in several:
            return one
        name, _, version = one.protocol_id.rpartition("@")
        return replace(one, protocol_id=f"{name}.{digest_of(Path(relpath(one.folder, above)).as_posix())}@{version}")

    return {name: apart(one) for name, one in evaluators.items()}


def _named_evaluator(name: str, properties: tuple[str, ...], config: CampaignConfig) -> Evaluator:
    table = config.evaluators.get(name)
    if table is None:
        return _entry_point_evaluator(name, properties, config)
    if table.model is not None:
        return _model_evaluator(name, table.model, properties, config)
    if table.table is not None:
        return _table_evaluator(name, table, properties, config.campaign.state, config.pool.kind, space_of(config))
    location, folder = table.python or "", str(table.folder or "")
    return _function_evaluator(
        f"python/{slug(location.replace(':', '.'))}", properties, location, folder, table.version, name, config
    )


def _model_evaluator(name: str, folder: Path, properties: tuple[str, ...], config: CampaignConfig) -> ModelEvaluator:
    if len(properties) > 1:
        raise ConfigurationError(
            f"A model predicts one property, and [evaluators.{name}] is asked for {' and '.join(properties)}.",
            where=str(folder), hint="Name a model of its own for each.",
        )  # fmt: skip
    return ModelEvaluator.of_folder(folder, properties[0], config.pool.kind)


def _function_evaluator(
    label: str,
    properties: tuple[str, ...],
    location: str,
    folder: str,
    version: int | None,
    name: str,
    config: CampaignConfig,
) -> FunctionEvaluator:
    """Import a function and give it the name that its source has; `version` None: its own attribute, else 1."""
    source = source_of(location.partition(":")[0], folder)
    function = load_function(location, folder, source.digest)
    check_function(function, location, config.campaign.state, f"evaluator {name}")
    number = getattr(function, "version", 1) if version is None else version
    digest = f".{source.digest}" if source.digest else ""
    varies = bool(getattr(function, "depends_on_seed", True))
    return FunctionEvaluator(
        f"{label}{digest}@{int(number)}", properties, location, folder, source, depends_on_seed=varies
    )


def _entry_point_evaluator(name: str, promised: tuple[str, ...], config: CampaignConfig) -> FunctionEvaluator:
    location = entry_point_location(name)
    return _function_evaluator(f"evaluator/{slug(name)}", promised, location, "", None, name, config)


def _table_evaluator(
    name: str,
    table: EvaluatorTable,
    properties: tuple[str, ...],
    conditions: Conditions,
    kind: str,
    space: Space | None,
) -> TableEvaluator:
    path = table.table or Path()
    with points_as_subjects(path, space) as readable:
        measured = replace(
            read_measured(
                readable,
                table.smiles_column or column_of(kind),
                table.columns,
                table.missing,
                kind=kind,
                conditions=table.conditions,
                skip_bad=table.skip_bad,
            ),
            path=path,
        )
    for wanted in properties:
        if wanted not in measured.properties:
            raise InvalidInputError(
                f"The table has no column of {wanted}.",
                where=str(path),
                hint=f"It has {', '.join(measured.properties)}; name the column with columns = {{ ... }}.",
            )
        _check_states(measured, wanted, conditions)
    return TableEvaluator(f"table/{slug(name)}@1", measured, conditions)


def _check_states(table: MeasuredTable, name: str, conditions: Conditions) -> None:
    """Raise where no value of a property holds at the conditions of the campaign."""
    states = table.states(name)
    if not states or any(same_state(state, conditions) for state in states):
        return
    known = ", ".join(f"{state_words(state)} ({count})" for state, count in states.most_common(5))
    said = "" if table.has_states else ", as nothing else is said"
    raise ConfigurationError(
        f"The table has no value of {name} at {state_words(conditions)}, where the campaign is: its values hold at "
        f"{known}{said}.",
        where=str(table.path),
        hint="Set temperature and pressure in [campaign], add a column 'temperature [K]' to the table, or say with "
        "temperature = ... beside table = ... at which temperature all of its values hold.",
    )
