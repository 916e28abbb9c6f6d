"""The files that settings name for protocols of crystals: known structures and known phases, and their digests."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from pathlib import Path

from polyloop.core import file_digest
from polyloop.core.errors import ConfigurationError
from polyloop.core.settings import setting
from polyloop.crystal.hull import PhaseTable
from polyloop.crystal.structure_prediction import StructurePredictor
from polyloop.crystal.substitution.files import ranking_path

__all__ = ["named_phases", "named_predictor", "phases_digest", "templates_and_phases_digest"]

_TEMPLATES, _PHASES = "POLYLOOP_TEMPLATES", "POLYLOOP_PHASES"
_HINTS = {
    _TEMPLATES: "Make a file of known structures: polyloop crystal templates. A campaign names it in [resources].",
    _PHASES: "Name a table with columns formula and formation_energy. A campaign names it in [resources].",
}


def named_predictor() -> StructurePredictor:
    """Return what predicts structures from the templates that the setting names; read once in a process.

    Raises
    ------
    ConfigurationError
        If the setting is missing or names no file.
    InvalidInputError
        If the file holds no templates.
    """
    return _predictor(*_stamp(_named(_TEMPLATES)))


def named_phases() -> PhaseTable:
    """Return the table of phases that the setting names; raises as `named_predictor`."""
    return _phases(*_stamp(_named(_PHASES)))


def phases_digest() -> str:
    """Return the digest of the file of phases, as `Protocol.inputs`; raises as `named_predictor`."""
    return _digest((_named(_PHASES),))


def templates_and_phases_digest() -> str:
    """Return the digest of templates, their ranking and phases, as `Protocol.inputs`; raises as `named_predictor`."""
    templates = _named(_TEMPLATES)
    return _digest((templates, ranking_path(templates), _named(_PHASES)))


def _named(name: str) -> Path:
    text = setting(name)
    if text is None:
        raise ConfigurationError(f"The setting {name} is missing.", where="environment", hint=_HINTS[name])
    path = Path(text).expanduser()
    if not path.is_file():
        raise ConfigurationError(f"{name} names no file.", where=str(path), hint=_HINTS[name])
    return path


def _stamp(path: Path) -> tuple[Path, int, int]:
    """Return a path with what changes when the file does, so that what was read from it is not used any more."""
    found = path.stat()
    return path, found.st_mtime_ns, found.st_size


def _digest(paths: tuple[Path, ...]) -> str:
    for path in paths:
        if not path.is_file():
            raise ConfigurationError("There is no such file.", where=str(path), hint=_HINTS[_TEMPLATES])
    return sha256("".join(_digest_of(*_stamp(path)) for path in paths).encode()).hexdigest()[:16]


@lru_cache(maxsize=16)
def _digest_of(path: Path, changed: int, size: int) -> str:
    return file_digest(path)


@lru_cache(maxsize=2)
def _predictor(path: Path, changed: int, size: int) -> StructurePredictor:
    return StructurePredictor.open(path)


@lru_cache(maxsize=2)
def _phases(path: Path, changed: int, size: int) -> PhaseTable:
    return PhaseTable.read(path)
