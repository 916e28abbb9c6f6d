"""A campaign from Python objects: turned into a campaign file, so that both ways make one and the same campaign.

What lies in memory (data frames, lists) is written into the folder of the run, so that the campaign goes on from there
in another process. Functions travel to the workers by value, and have to be handed in again by whoever goes on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from polyloop.campaign.choices import with_choices, with_space_defaults
from polyloop.campaign.config.checks import add_properties, check_config
from polyloop.campaign.config.file import config_error, with_closed_ranges
from polyloop.campaign.config.lines import CampaignSource
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.core import Conditions, InvalidInputError, write_atomically
from polyloop.core.csv_text import csv_text
from polyloop.core.subject import column_of
from polyloop.design import Objective
from polyloop.design.generated import GeneratedSource
from polyloop.design.pool import Pool
from polyloop.tables.frames import frame_text

__all__ = ["Built", "build_campaign"]

Function = Callable[..., Any]


@dataclass
class Built:
    """A campaign file made from objects, with the functions that it names."""

    config: CampaignConfig
    functions: Mapping[str, Function]


@dataclass
class _Builder:
    """Collects the tables of a campaign file."""

    folder: Path
    raw: dict[str, Any] = field(default_factory=dict)
    functions: dict[str, Function] = field(default_factory=dict)

    def table(self, name: str, text: str) -> str:
        """Keep a table in the folder of the run; return its path."""
        path = self.folder / "given" / f"{name}.csv"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, text)
        return str(path.absolute())


def build_campaign(
    folder: Path,
    objectives: Sequence[Any],
    candidates: Any,
    *,
    kind: str,
    evaluators: Any,
    features: Any,
    surrogate: Any,
    acquisition: Any,
    initial: Any,
    properties: Mapping[str, Mapping[str, Any]] | None,
    conditions: Conditions | None,
    campaign: Mapping[str, Any],
    tables: Mapping[str, Any],
) -> Built:
    """Return the campaign file that objects describe; see `Campaign` for what they may be.

    Raises
    ------
    ConfigurationError, InvalidInputError
        As reading the same campaign file would.
    """
    builder = _Builder(folder)
    state = (conditions or Conditions()).to_dict()
    own = {name: state.pop(name) for name in ("temperature", "pressure")}
    builder.raw["campaign"] = {**campaign, **own} | ({"conditions": state} if state else {})
    builder.raw |= {name: content for name, content in tables.items() if content}
    if "variables" in builder.raw:
        builder.raw["variables"] = {name: _variable(row) for name, row in builder.raw["variables"].items()}
    if properties:
        builder.raw["properties"] = {name: _plain(row) for name, row in properties.items()}
    builder.raw["pool"] = _pool(builder, candidates, kind)
    if isinstance(candidates, GeneratedSource) and features is None:
        features = candidates.blocks
    _objectives(builder, objectives, evaluators, kind)
    builder.raw |= {"features": _named(features, "blocks"), "surrogate": _named(surrogate, "name")}
    builder.raw["acquisition"] = _named(acquisition, "name")
    builder.raw["initial"] = {"size": initial} if isinstance(initial, int) else _named(initial, "polymers")
    source = CampaignSource(Path("Campaign(...)"), "")
    try:
        config = CampaignConfig.model_validate_json(json.dumps(builder.raw, default=str))
    except ValidationError as error:
        raise config_error(error, source) from error
    add_properties(config, source)
    config = with_space_defaults(with_choices(with_closed_ranges(config), Path()))
    check_config(config, source)
    return Built(config, builder.functions)


def _variable(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table `[variables.NAME]`, whose values may be objects such as `Polymer`."""
    values = row.get("values")
    if isinstance(values, Mapping):
        values = {label: _text_of(one) for label, one in values.items()}
    elif values is not None:
        values = [_text_of(one) if hasattr(one, "subject") else one for one in values]
    return {**row} if values is None else {**row, "values": values}


def _plain(row: Any) -> dict[str, Any]:
    fields = row if isinstance(row, Mapping) else {name: getattr(row, name) for name in _PROPERTY_FIELDS}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


_PROPERTY_FIELDS = ("unit", "low", "high", "symbol", "definition", "reference", "kinds", "depends_on_state")


def _named(given: Any, key: str) -> dict[str, Any]:
    """Return a table of the file from a word, a list of words, or the table itself."""
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return dict(given)
    return {key: given if isinstance(given, str) else list(given)}


def _pool(builder: _Builder, candidates: Any, kind: str) -> dict[str, Any]:
    if isinstance(candidates, Mapping):
        return {
            "kind": kind,
            **{key: str(value) if isinstance(value, Path) else value for key, value in candidates.items()},
        }
    column = column_of(kind)
    if isinstance(candidates, GeneratedSource):
        limits = {name: limit for name, limit in candidates.accepts.to_dict().items() if limit is not None}
        return {"kind": kind, **limits, **candidates.as_table((builder.folder / "given" / "source").absolute())}
    if isinstance(candidates, str | Path) and Path(candidates).suffix in (".csv", ".gz", ".parquet", ".pq"):
        return {"kind": kind, "source": "csv", "file": str(Path(candidates).absolute())}
    if isinstance(candidates, str) and candidates == "homopolymers":
        return {"kind": kind, "source": "homopolymers"}
    if isinstance(candidates, Pool):
        text = csv_text([column, "name"], zip(candidates.texts, candidates.names, strict=True))
        kind = candidates.kind
    elif hasattr(candidates, "columns"):
        text = frame_text(candidates)
    elif isinstance(candidates, Sequence) and not isinstance(candidates, str) and len(candidates):
        text = csv_text([column], [[_text_of(one)] for one in candidates])
    else:
        raise InvalidInputError(
            f"{candidates!r:.100} are no candidates.",
            where="candidates",
            hint="Give a data frame, a list of texts or objects, a CSV file, 'homopolymers', a source that writes "
            "them, or a table as [pool].",
        )
    return {"kind": kind, "source": "csv", "file": builder.table("candidates", text)}


def _text_of(one: Any) -> str:
    return one if isinstance(one, str) else str(getattr(one, "smiles", one.subject.text))


def _objectives(builder: _Builder, objectives: Sequence[Any], evaluators: Any, kind: str) -> None:
    tables = [_objective(one) for one in ([objectives] if isinstance(objectives, str) else objectives)]
    named: dict[int, str] = {}
    for table in tables:
        if {"level", "protocol", "evaluator"} & table.keys():
            continue
        name = table["property"]
        answer = evaluators.get(name) if isinstance(evaluators, Mapping) else evaluators
        if answer is None:
            raise InvalidInputError(
                f"Nobody is named who evaluates {name}.", where="evaluators",
                hint="Give evaluators={property: 'instant', a protocol, a function, a data frame or a file}.",
            )  # fmt: skip
        if isinstance(answer, str) and not Path(answer).suffix.lower().startswith((".csv", ".parquet", ".gz")):
            table["protocol" if "@" in answer else "level"] = answer
            continue
        # One thing that answers for several properties is one evaluator.
        if id(answer) not in named:
            named[id(answer)] = f"given_{len(named) + 1}" if not callable(answer) else _name_of(answer, builder)
            _add_evaluator(builder, named[id(answer)], answer)
        table["evaluator"] = named[id(answer)]
    builder.raw["objectives"] = tables


def _name_of(function: Function, builder: _Builder) -> str:
    word = "".join(letter if letter.isalnum() else "_" for letter in getattr(function, "__name__", "function"))
    word = word.strip("_") or "function"
    return word if word not in builder.functions else f"{word}_{len(builder.functions) + 1}"


def _objective(given: Any) -> dict[str, Any]:
    if isinstance(given, Objective):
        if given.direction == "range":
            ends = [
                float("-inf") if given.low is None else given.low,
                float("inf") if given.high is None else given.high,
            ]
            return {"property": given.property, "range": ends}
        return {"property": given.property, "direction": given.direction}
    if isinstance(given, str):
        return {"property": given, "direction": "maximize"}
    if isinstance(given, Mapping):
        return dict(given)
    name, wish = given
    return {"property": name, "direction": wish} if isinstance(wish, str) else {"property": name, "range": list(wish)}


def _add_evaluator(builder: _Builder, name: str, answer: Any) -> None:
    evaluators = builder.raw.setdefault("evaluators", {})
    if callable(answer) and not hasattr(answer, "columns"):
        location = f"{answer.__module__}:{getattr(answer, '__qualname__', type(answer).__qualname__)}"
        builder.functions[name] = answer
        evaluators[name] = {"python": location.replace("<", "").replace(">", "")}
    elif isinstance(answer, str | Path):
        evaluators[name] = {"table": str(Path(answer).absolute())}
    elif isinstance(answer, Mapping) and ({"table", "python"} & answer.keys()):
        evaluators[name] = {key: str(value) if isinstance(value, Path) else value for key, value in answer.items()}
    else:
        evaluators[name] = {"table": builder.table(name, frame_text(answer))}
