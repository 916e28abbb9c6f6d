"""Find the line of each key of a campaign file, so that an error can name it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from polyloop.core import ConfigurationError

__all__ = ["CampaignSource", "KeyPath", "key_lines", "line_of"]

KeyPath = tuple[str | int, ...]
_HEADER = re.compile(r"^\s*\[")


class CampaignSource:
    """The text of a campaign file, which knows where each key stands."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self._lines = key_lines(text)

    def error(self, key: KeyPath, what: str, hint: str = "") -> ConfigurationError:
        """Make the error that names the file, the line and the key."""
        line = line_of(key, self._lines)
        place = f"{self.path}, line {line}" if line else f"{self.path}"
        return ConfigurationError(what, where=f"{place}, {_spell(key)}", hint=hint)


def _spell(key: KeyPath) -> str:
    """Spell a path for people: `[[objectives]] number 2, range` (tables of a list are counted from 1)."""
    if len(key) == 1:
        return f"[{key[0]}]"
    if isinstance(key[1], int):
        head, rest = f"[[{key[0]}]] number {key[1] + 1}", key[2:]
    else:
        head, rest = f"[{key[0]}]", key[1:]
    return f"{head} {'.'.join(str(part) for part in rest)}".rstrip()


def key_lines(text: str) -> dict[KeyPath, int]:
    """Map the path of each table and key in `text` (valid TOML) to its line number, counted from 1.

    Elements of arrays of tables are numbered from 0: `("objectives", 0, "property")`.
    """
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    prefix: KeyPath = ()
    for number, statement in _statements(text):
        if _HEADER.match(statement):
            prefix = _header_path(statement, counts)
            lines.setdefault(prefix, number)
            continue
        for path in _paths(tomllib.loads(statement)):
            lines.setdefault(prefix + path, number)
    return lines


def line_of(path: KeyPath, lines: Mapping[KeyPath, int]) -> int | None:
    """Return the line of `path`, or of the nearest table above it; None where neither is written."""
    for length in range(len(path), 0, -1):
        if path[:length] in lines:
            return lines[path[:length]]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Yield (first line, text) of each header or key; a value may go on over several lines."""
    pending, start = "", 0
    for number, line in enumerate(text.splitlines(), start=1):
        if not pending and (not line.strip() or line.lstrip().startswith("#")):
            continue
        start = start if pending else number
        pending += line + "\n"
        try:
            tomllib.loads(pending)
        except tomllib.TOMLDecodeError:
            continue
        yield start, pending
        pending = ""


def _header_path(statement: str, counts: dict[KeyPath, int]) -> KeyPath:
    """Return the path that a `[table]` or `[[array]]` header opens, counting the elements of arrays in `counts`."""
    names: list[str] = []
    node: Any = tomllib.loads(statement)
    while node:
        if isinstance(node, list):
            node = node[0]
            continue
        name, node = next(iter(node.items()))
        names.append(name)
    path: KeyPath = ()
    for depth, name in enumerate(names):
        path = (*path, name)
        if depth == len(names) - 1 and statement.lstrip().startswith("[["):
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _paths(node: Any, prefix: KeyPath = ()) -> Iterator[KeyPath]:
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield (*prefix, key)
        yield from _paths(value, (*prefix, key))
