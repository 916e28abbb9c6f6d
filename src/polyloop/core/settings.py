"""The one home of settings: environment variables POLYLOOP_*, each with its meaning; unknown ones are refused."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from polyloop.core.errors import ConfigurationError
from polyloop.core.names import did_you_mean

__all__ = ["SETTINGS", "Setting", "check_settings", "setting", "settings_applied"]

_PREFIX = "POLYLOOP_"
# Of tests, benchmarks and our own worker processes.
_OTHERS = ("POLYLOOP_TEST_", "POLYLOOP_BENCHMARK_", "POLYLOOP_WORKER", "POLYLOOP_SCRATCH_OF_WORKER")


@dataclass(frozen=True)
class Setting:
    """One environment variable: what it says, and what holds where it is not set."""

    name: str
    meaning: str
    default: str


_ROWS = (
    Setting("POLYLOOP_STORE", "Results database of `polyloop properties`: a file or a URL.",
            "polyloop/store.sqlite in the user's data folder"),
    Setting("POLYLOOP_STORE_PASSWORD", "Password of the database, for a URL without one.", "what ~/.pgpass says"),
    Setting("POLYLOOP_DATA", "Folder of public tables, for benchmarks and tests against them.", "none"),
    Setting("POLYLOOP_TEMPLATES", "File of known crystal structures, made by `polyloop crystal templates`.", "none"),
    Setting("POLYLOOP_PHASES", "Table of known phases and formation energies, for hull distances of crystals.", "none"),
    Setting("POLYLOOP_SCRATCH", "Folder for work in progress, such as simulations.",
            "polyloop in the user's cache folder"),
    Setting("POLYLOOP_MD_ENGINE", "Engine of molecular dynamics, by its name.", "auto: the best that is installed"),
    Setting("POLYLOOP_CORES", "Cores that one simulation may use.", "all that the process may use"),
)  # fmt: skip
SETTINGS: Mapping[str, Setting] = {row.name: row for row in _ROWS}


def setting(name: str) -> str | None:
    """Return what a setting says; None where it is not set or empty.

    Raises
    ------
    KeyError
        If there is no such setting, which is a mistake in the program.
    """
    return os.environ.get(SETTINGS[name].name) or None


@contextmanager
def settings_applied(values: Mapping[str, str]) -> Iterator[None]:
    """Let settings hold for a while, in this process and in those that it starts, before what the environment says."""
    before = {name: os.environ.get(SETTINGS[name].name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def check_settings() -> None:
    """Refuse variables POLYLOOP_* that mean nothing: a mistyped one would be ignored without a word.

    Raises
    ------
    ConfigurationError
        If there is one; the message names the nearest.
    """
    for name in sorted(os.environ):
        if name.startswith(_PREFIX) and name not in SETTINGS and not name.startswith(_OTHERS):
            raise ConfigurationError(
                f"There is no setting {name}.", where="environment", hint=did_you_mean(name, SETTINGS)
            )
