"""Check who is named as an evaluator: a table, a function, or a trained model."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from polyloop.campaign.config.lines import CampaignSource, KeyPath
from polyloop.campaign.config.tables import CampaignConfig
from polyloop.core import Conditions, PolyloopError, get_property

__all__ = ["check_evaluators", "check_model", "one_of"]


def check_evaluators(config: CampaignConfig, source: CampaignSource) -> None:
    """Raise where a table [evaluators.NAME] is not one table, one function or one model that is there."""
    for name, table in config.evaluators.items():
        key: KeyPath = ("evaluators", name)
        one_of(source, key, {"table": table.table, "python": table.python, "model": table.model})
        if table.model is not None:
            check_model(config, source, (*key, "model"), table.model)
        for column_property in table.columns:
            try:
                get_property(column_property)
            except PolyloopError as error:
                raise source.error((*key, "columns"), error.reason, error.hint) from error
        for option in ("temperature", "pressure", "skip_bad"):
            if table.table is None and getattr(table, option) not in (None, False):
                raise source.error((*key, option), f"{option} is for a table.", "Leave it out.")
        if table.table is not None and not table.table.is_file():
            raise source.error(
                (*key, "table"), f"There is no file {table.table}.", "The path is relative to this file."
            )
        if table.python is not None and table.python.count(":") != 1:
            raise source.error((*key, "python"), f"{table.python!r} names no function.", "Write 'module:function'.")


def check_model(config: CampaignConfig, source: CampaignSource, key: KeyPath, folder: Path) -> None:
    """Raise where the model that `key` names is not there, or cannot answer in this campaign."""
    if not (folder / "model.json").is_file():
        raise source.error(
            key, f"There is no model in {folder}.",
            "Name the folder that polyloop model train wrote; the path is relative to this file.",
        )  # fmt: skip
    if config.pool.source == "space":
        raise source.error(key, "A model predicts subjects, and no points of a space.", "Name a function or a table.")
    if config.campaign.state != Conditions():
        raise source.error(
            key, "A model knows no conditions: its values hold where its training values did.",
            "Leave temperature and pressure out of [campaign].",
        )  # fmt: skip


def one_of(source: CampaignSource, key: KeyPath, given: Mapping[str, object], *, needed: bool = True) -> None:
    """Raise where more than one of the keys in `given` stands beside `key`, or none and one is needed."""
    names = [name for name, value in given.items() if value is not None]
    if len(names) > 1:
        raise source.error(
            (*key, names[1]), f"{' and '.join(names)} exclude each other.", f"Keep one of {', '.join(given)}."
        )
    if needed and not names:
        raise source.error(key, f"One of {', '.join(given)} is needed.", f"Write for example {next(iter(given))} = ...")
