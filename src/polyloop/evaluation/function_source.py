"""The source of a user's function: its module, what that imports from the same folder, and the digest of all of it."""

from __future__ import annotations

import ast
import importlib.util
import io
import sys
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

from polyloop.core import content_key

__all__ = ["Source", "has_module", "holds", "source_of"]

# A file of one of these names in a user's folder is never what is meant by `import NAME`: the standard library and what
# polyloop itself stands on.
_NEVER_OF_FOLDER = sys.stdlib_module_names | {
    "botorch", "dftd4", "gpytorch", "matplotlib", "numpy", "openmm", "pandas", "polyloop", "pydantic", "pyscf", "rdkit",
    "scipy", "sklearn", "sqlalchemy", "tblite", "torch",
}  # fmt: skip
_COMMENT = {tokenize.COMMENT, tokenize.NL}


@dataclass(frozen=True)
class Source:
    """Files of a function by their path within the folder, with the sha256 of their code; comments do not count."""

    files: Mapping[str, str]

    @cached_property
    def digest(self) -> str:
        """Hex digest of all files; empty where there is none to read (a compiled or built-in module)."""
        return content_key(self.files)[:16] if self.files else ""

    def changes(self, before: Mapping[str, str]) -> tuple[str, ...]:
        """Return the files that are not as in `before`."""
        names = sorted({*self.files, *before})
        return tuple(name for name in names if self.files.get(name) != before.get(name))


def source_of(module: str, folder: str = "") -> Source:
    """Return the source of a module and of all that it imports, directly or not, from its own folder.

    Parameters
    ----------
    module
        Its dotted name. Where `folder` holds it, that is the one; else an installed one, of which its package counts.
    folder
        Folder to look into first; empty: none.
    """
    if has_module(folder, module):
        return _closure(module, Path(folder), None)
    top = module.partition(".")[0]
    root = _installed_root(top)
    return Source({}) if root is None else _closure(module, root, top)


def has_module(folder: str, module: str) -> bool:
    """Tell whether the module that a user names lies in `folder`, whatever it is called."""
    top = module.partition(".")[0]
    return bool(folder) and (bool(_regular(Path(folder), top)) or holds(Path(folder), top))


def holds(folder: Path, name: str) -> bool:
    """Tell whether `import NAME` in a module of a folder means a module of that folder."""
    if name in _NEVER_OF_FOLDER:
        return False
    if _regular(folder, name):
        return True
    # As everywhere in Python, a folder without __init__.py is a package only where there is no other.
    return (folder / name).is_dir() and _installed_root(name) is None


def _installed_root(top: str) -> Path | None:
    """Return the folder that an installed module or package lies in."""
    try:
        spec = importlib.util.find_spec(top)
    except (ImportError, ValueError):
        return None
    if spec is None or not spec.has_location or spec.origin is None:
        return None
    origin = Path(spec.origin)
    return origin.parent.parent if spec.submodule_search_locations else origin.parent


def _closure(module: str, root: Path, only: str | None) -> Source:
    found: dict[str, str] = {}
    waiting: list[list[str]] = [module.split(".")]
    while waiting:
        parts = waiting.pop()
        for path in _files(root, parts):
            name = path.relative_to(root).as_posix()
            if name in found or path.is_dir():
                continue
            content = path.read_bytes()
            text = _text(content) if path.suffix == ".py" else None
            found[name] = sha256(content if text is None else _code(text).encode()).hexdigest()
            imported = [] if text is None else _imports(text, _package(path, root))
            waiting += [other for other in imported if other[0] == only or (only is None and holds(root, other[0]))]
    return Source(dict(sorted(found.items())))


def _regular(folder: Path, name: str) -> list[Path]:
    """Return the file of a module or regular package; [] where there is none."""
    return [path for path in _files(folder, [name]) if path.is_file()]


def _files(root: Path, parts: list[str]) -> list[Path]:
    """Return the files that `import a.b.c` runs, those of the packages above among them; [] where there is none."""
    found: list[Path] = []
    place = root
    for part in parts:
        if not part.isidentifier():
            return []
        suffixes = (".py", *EXTENSION_SUFFIXES)
        options = [place / part / "__init__.py", *(place / f"{part}{suffix}" for suffix in suffixes), place / part]
        here = next((path for path in options if path.is_file() or (path.name == part and path.is_dir())), None)
        if here is None:
            break  # a name in a module rather than a module
        found.append(here)
        place = place / part
    return found


def _package(path: Path, root: Path) -> list[str]:
    return list(path.relative_to(root).parent.parts)


def _imports(text: str, package: list[str]) -> Iterator[list[str]]:
    """Yield the dotted names that a module in `package` may import, wherever in it that is written."""
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError):
        return  # said when it is imported
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".") for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = [*above, *(node.module.split(".") if node.module else ())]
            names: Iterable[list[str]] = ([*base, alias.name] for alias in node.names)
            yield from (name for name in (base, *names) if name)


def _text(content: bytes) -> str | None:
    """Decode a source file as Python does."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        return io.TextIOWrapper(io.BytesIO(content), encoding).read()
    except (SyntaxError, UnicodeDecodeError):
        return None


def _code(text: str) -> str:
    """Return the text without comments, empty lines and spaces at the ends of statements."""
    lines = text.splitlines()
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    except (tokenize.TokenError, SyntaxError):
        return text
    kinds: dict[int, set[int]] = {}
    for token in tokens:
        for row in range(token.start[0], token.end[0] + 1):
            kinds.setdefault(row, set()).add(token.type)
        if token.type == tokenize.COMMENT:
            lines[token.start[0] - 1] = lines[token.start[0] - 1][: token.start[1]]
        if token.type in (tokenize.COMMENT, tokenize.NEWLINE) and token.start[0] <= len(lines):
            lines[token.start[0] - 1] = lines[token.start[0] - 1].rstrip()
    return "\n".join(line for row, line in enumerate(lines, start=1) if not kinds.get(row, {0}) <= _COMMENT)
