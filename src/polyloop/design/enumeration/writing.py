"""Write all molecules of given rules to a file, so that a run that was killed goes on and ends with the same file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from polyloop.core import InvalidInputError, write_atomically
from polyloop.design.enumeration.molecules import enumerate_molecules, skeleton_source
from polyloop.design.enumeration.rules import MoleculeRules

__all__ = ["WrittenMolecules", "write_molecules"]

_PART = 1 << 20
# Bytes of SMILES between two notes of how far it is.
_BETWEEN = 8 << 20


@dataclass(frozen=True)
class WrittenMolecules:
    """What was written: the number of molecules, the sha256 of the file, and whether it went on from an earlier run."""

    n: int
    sha256: str
    resumed: bool


def write_molecules(
    rules: MoleculeRules,
    path: Path,
    *,
    skeletons: str | None = None,
    progress: Callable[[int], None] | None = None,
) -> WrittenMolecules:
    """Write a SMILES a line to `path`.

    Until it is finished, `path.progress` says how far it is; the same call goes on from there, and the finished file is
    the same as that of a run that was never stopped.

    Parameters
    ----------
    skeletons
        "geng" or "built-in", whose orders differ; None for that of the run that goes on, else as `skeleton_source`.
    progress
        Called with the number of molecules now and then.

    Raises
    ------
    InvalidInputError
        If an unfinished file is one of other rules, or the file is there already.
    """
    note = path.with_name(path.name + ".progress")
    state = _resumed(path, note, rules, skeletons)
    resumed = state is not None
    if state is None:
        state = {"rules": _described(rules), "skeletons": skeleton_source(skeletons), "done": 0, "bytes": 0, "n": 0}
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(note, json.dumps(state))
    n, written, last = state["n"], state["bytes"], state["done"] - 1
    with path.open("r+b" if resumed and path.exists() else "wb") as stream:
        stream.truncate(written)
        stream.seek(written)
        for chunk in enumerate_molecules(rules, skeletons=state["skeletons"], done=state["done"]):
            if chunk.first > last and written >= state["bytes"] + _BETWEEN:
                stream.flush()
                state |= {"done": chunk.first, "bytes": written, "n": n}
                write_atomically(note, json.dumps(state))
                if progress is not None:
                    progress(n)
            stream.write(chunk.lines)
            n, written, last = n + chunk.n, written + len(chunk.lines), chunk.last
    digest = _digest(path)
    note.unlink()
    return WrittenMolecules(n, digest, resumed)


def _described(rules: MoleculeRules) -> dict[str, Any]:
    told = {name: value for name, value in asdict(rules).items() if not name.startswith("_")}
    return dict(json.loads(json.dumps(told)))


def _resumed(path: Path, note: Path, rules: MoleculeRules, skeletons: str | None) -> dict[str, Any] | None:
    """Return how far an earlier run is, or None where there was none."""
    if not note.exists():
        if path.exists() and path.is_file():
            raise InvalidInputError("The file is there already.", where=str(path), hint="Delete it, or name another.")
        return None
    try:
        state = dict(json.loads(note.read_text()))
        same = state["rules"] == _described(rules) and skeletons in (None, state["skeletons"])
        held = path.stat().st_size if path.exists() else 0
        whole = held >= int(state["bytes"]) and int(state["done"]) >= 0 and int(state["n"]) >= 0
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInputError(
            "This says nothing of an unfinished run.", where=str(note), hint="Delete it."
        ) from error
    if not same or not whole:
        raise InvalidInputError(
            "The unfinished file is one of other rules, or was changed since.",
            where=str(path),
            hint=f"Go on with the same rules, or delete it and {note.name}.",
        )
    return state


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while part := stream.read(_PART):
            digest.update(part)
    return digest.hexdigest()
