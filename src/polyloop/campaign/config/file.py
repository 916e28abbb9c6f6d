"""Read and write campaign files: errors name the file, the line, the key and the remedy; paths become absolute.

What is kept has paths relative to its own folder, so that a run may be moved, and no password.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Callable, Mapping
from math import inf
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from polyloop.campaign.config import tables as tables
from polyloop.campaign.config.checks import add_properties, check_config
from polyloop.campaign.config.former import without_former_defaults
from polyloop.campaign.config.lines import CampaignSource, KeyPath
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.core import PROPERTIES, ConfigurationError, write_atomically
from polyloop.core.names import did_you_mean
from polyloop.store import public_url

__all__ = [
    "MODELS",
    "campaign_text",
    "config_error",
    "kept_config",
    "read_campaign_file",
    "with_closed_ranges",
    "write_campaign_file",
]

MODELS: dict[str, type[BaseModel]] = {
    "campaign": tables.CampaignTable,
    "objectives": tables.ObjectiveTable,
    "properties": tables.PropertyTable,
    "requirements": tables.RequirementTable,
    "evaluators": tables.EvaluatorTable,
    "pool": tables.PoolTable,
    "pool.screening": tables.ScreeningTable,
    "variables": tables.VariableTable,
    "constraints": tables.ConstraintTable,
    "features": tables.FeaturesTable,
    "surrogate": tables.SurrogateTable,
    "acquisition": tables.AcquisitionTable,
    "levels": tables.LevelsTable,
    "initial": tables.InitialTable,
    "stop": tables.StopTable,
    "store": tables.StoreTable,
    "limits": tables.LimitsTable,
    "resources": tables.ResourcesTable,
    "report": tables.ReportTable,
}


def read_campaign_file(path: str | Path, *, check: bool = True, formerly: Path | None = None) -> CampaignConfig:
    """Read, check and resolve a campaign file; relative paths in it are relative to the file.

    Parameters
    ----------
    check
        False leaves out what depends on other files and rooms, for a file that was checked when it was saved.
    formerly
        Folder in which a kept file was written. What is not where its relative path says now may be where it said then.

    Raises
    ------
    ConfigurationError
        If the file cannot be read, is no TOML, has an unknown or missing key, or a value that is wrong.
    """
    path = Path(path)
    text = _read_text(path)
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(
            f"This is no valid TOML: {error}.", where=str(path), hint="Text values need quotes; see https://toml.io."
        ) from error
    source = CampaignSource(path, text)
    try:
        config = CampaignConfig.model_validate_json(json.dumps(raw, default=str))
    except ValidationError as error:
        raise config_error(error, source) from error
    if formerly is not None:
        config = without_former_defaults(config)
    add_properties(config, source)
    resolved = with_closed_ranges(_with_absolute_paths(config, path.absolute().parent, formerly))
    if resolved.pool.source == "space":
        from polyloop.campaign.choices import with_choices, with_space_defaults

        resolved = with_space_defaults(with_choices(resolved, path.absolute().parent, is_kept=not check))
    if check:
        check_config(resolved, source)
    return resolved


def write_campaign_file(config: CampaignConfig, path: Path) -> None:
    """Write `config` so that `read_campaign_file` gives it back equal, but for the store's password."""
    write_atomically(path, campaign_text(kept_config(config, path.parent)))


def kept_config(config: CampaignConfig, folder: Path) -> CampaignConfig:
    """Return `config` as it is kept: its paths relative to `folder`, its URL without a password."""
    # Without its links, since .. of a link leads elsewhere.
    start = folder.resolve()

    def relative(path: Path) -> Path:
        return Path(os.path.relpath(path, start)) if path.is_absolute() else path

    moved = _with_paths(config, relative)
    url = moved.store.url
    return moved.model_copy(update={"store": moved.store.model_copy(update={"url": url and public_url(url)})})


def campaign_text(config: CampaignConfig) -> str:
    """Return `config` as TOML text, every default spelled out."""
    import tomli_w

    return tomli_w.dumps(config.model_dump(mode="json", exclude_none=True))


def config_error(error: ValidationError, source: CampaignSource) -> ConfigurationError:
    """Turn the first thing that pydantic found into an error that names the place and the remedy."""
    details = sorted(error.errors(), key=lambda detail: detail["type"] != "extra_forbidden")
    key: KeyPath = tuple(details[0]["loc"])
    what, hint = _explain(details[0], key)
    if len(details) > 1:
        hint += f" ({len(details) - 1} more after this one.)"
    return source.error(key, what, hint)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise ConfigurationError(
            "There is no such campaign file.", where=str(path), hint="Check the path, or begin from examples/demo.toml."
        ) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError(
            f"The campaign file is not UTF-8 text (byte {error.start}).", where=str(path), hint="Save it as UTF-8."
        ) from error
    except OSError as error:
        raise ConfigurationError(
            f"The campaign file cannot be read: {error.strerror}.", where=str(path), hint="Name a readable TOML file."
        ) from error


def _explain(detail: ErrorDetails, key: KeyPath) -> tuple[str, str]:
    """Return (what is wrong, how to mend it) for one finding of pydantic."""
    name, value = str(key[-1]), detail["input"]
    if detail["type"] == "extra_forbidden":
        return f"Unknown key {name!r}.", _nearest_key(key)
    if detail["type"] == "missing":
        return f"The key {name!r} is missing.", _describe(key)
    expected = detail.get("ctx", {}).get("expected")
    if detail["type"] == "literal_error" and expected:
        words = [word.strip(" '") for word in str(expected).replace(" or ", ",").split(",")]
        return f"{name} = {value!r} is none of {expected}.", did_you_mean(str(value), words)
    shown = "" if isinstance(value, dict | list) and len(str(value)) > 80 else f" = {value!r}"
    return f"{name}{shown}: {detail['msg']}.", _describe(key)


def _nearest_key(key: KeyPath) -> str:
    """Name the nearest key of the same table, or the table where a key of that name belongs."""
    name, valid = str(key[-1]), list(_fields(key[:-1]))
    homes = [table for table, model in MODELS.items() if name in model.model_fields]
    return f"It belongs in [{homes[0]}]." if homes else did_you_mean(name, valid)


def _fields(table: KeyPath) -> Mapping[str, Any]:
    """Return the pydantic fields of the table at a path."""
    if not table:
        return CampaignConfig.model_fields
    nested = ".".join(str(name) for name in table[:2])
    return MODELS[nested if nested in MODELS else str(table[0])].model_fields


def _describe(key: KeyPath) -> str:
    """Return what the table of keys says of `key`, with its default."""
    for length in range(len(key), 0, -1):
        name, above = key[length - 1], key[: length - 1]
        if isinstance(name, str) and str(above[0] if above else name) in MODELS and name in _fields(above):
            field = _fields(above)[name]
            description = field.description or f"It is a table: [{name}]."
            choices = [str(choice) for choice in get_args(field.annotation) if isinstance(choice, str)]
            return description + (f" One of: {', '.join(choices)}." if choices else "")
    return ""


def with_closed_ranges(config: CampaignConfig) -> CampaignConfig:
    """Close an open end of a range by the plausible range of its property, beyond which no value counts."""
    objectives = []
    for objective in config.objectives:
        row = PROPERTIES.get(objective.property)
        if objective.range is not None and row is not None:
            low, high = objective.range
            closed = (row.low if low == -inf else low, row.high if high == inf else high)
            objective = objective.model_copy(update={"range": closed})
        objectives.append(objective)
    return config.model_copy(update={"objectives": objectives})


def _with_absolute_paths(config: CampaignConfig, folder: Path, formerly: Path | None) -> CampaignConfig:
    """Make the paths that `_with_paths` knows absolute, taking `folder`, or else `formerly`, as their start."""

    def absolute(path: Path) -> Path:
        found = (folder / path.expanduser()).resolve()
        before = None if formerly is None else (formerly / path.expanduser()).resolve()
        return before if before is not None and not _is_there(found) and _is_there(before) else found

    evaluators = {
        name: table.model_copy(update={"folder": table.folder or Path()}) if table.python else table
        for name, table in config.evaluators.items()
    }
    return _with_paths(config.model_copy(update={"evaluators": evaluators}), absolute)


def _is_there(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a folder on the way may not be looked into
        return False


def _with_paths(config: CampaignConfig, change: Callable[[Path], Path]) -> CampaignConfig:
    """Change the paths of pool, tables, functions, models, resources and SQLite file."""
    evaluators = {
        name: table.model_copy(
            update={key: change(path) for key in ("table", "folder", "model") if (path := getattr(table, key))}
        )
        for name, table in config.evaluators.items()
    }
    screening = config.pool.screening
    if screening is not None and screening.model is not None:
        screening = screening.model_copy(update={"model": change(screening.model)})
    files = {name: change(path) for name in ("file", "model", "monomers") if (path := getattr(config.pool, name))}
    pool = config.pool.model_copy(update={**files, "screening": screening})
    url, prefix = config.store.url, "sqlite:///"
    if url and url.startswith(prefix) and url != prefix and not url.startswith(f"{prefix}:memory:"):
        url = f"{prefix}{change(Path(url.removeprefix(prefix)))}"
    store = config.store.model_copy(update={"url": url})
    resources = config.resources.model_copy(
        update={key: change(path) for key in ("templates", "phases") if (path := getattr(config.resources, key))}
    )
    return config.model_copy(update={"evaluators": evaluators, "pool": pool, "store": store, "resources": resources})
