"""Import users' functions, each folder in a namespace of its own, so that no file of theirs hides others' modules."""

from __future__ import annotations

import builtins
import importlib
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from hashlib import sha256
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    SourceFileLoader,
)
from importlib.util import spec_from_loader
from pathlib import Path
from types import ModuleType
from typing import Any

from polyloop.core import ConfigurationError, EvaluationError
from polyloop.core.faults import machine_failure, message_of
from polyloop.evaluation.function_source import has_module, holds, source_of

__all__ = ["load_function", "serving"]

_PREFIX = "_polyloop_function_"
_serving: ContextVar[str] = ContextVar("serving", default="")


def load_function(location: str, folder: str = "", digest: str = "") -> Callable[..., Any]:
    """Import `module:function`, from `folder` where that holds the module, else an installed one.

    The folder is not put on the path. Its modules import each other by their plain names, but nobody else's imports
    see them; two folders with modules of equal names do not meet, and neither do two states of one folder.

    Parameters
    ----------
    digest
        Digest that the source must have (`Source.digest`); empty: any.

    Raises
    ------
    ConfigurationError
        If there is no such module or function, it raises while it is imported, or its source has another digest.
    EvaluationError
        If the machine is at fault: DISK or SYSTEM.
    """
    module = location.partition(":")[0]
    return _load(location, folder, digest or source_of(module, folder).digest)


@cache
def _load(location: str, folder: str, digest: str) -> Callable[..., Any]:
    module, _, name = location.partition(":")
    source = source_of(module, folder)
    if source.digest != digest:
        raise ConfigurationError(
            f"The source of {location} has changed since this run began ({', '.join(source.files)} are read).",
            where=folder,
            hint="Start it again: its values then have a name of their own, and none of the old ones is taken.",
        )
    root = _namespace(folder, digest) if has_module(folder, module) else ""
    function = getattr(_imported(f"{root}.{module}" if root else module, location, folder, root), name, None)
    if function is None:
        raise ConfigurationError(
            f"The module {module!r} has no function {name!r}.", hint="Check the name after the colon."
        )
    if not callable(function):
        raise ConfigurationError(f"{location!r} is no function.", hint="Name a function of (smiles, seed).")
    found: Callable[..., Any] = function
    return found


@contextmanager
def serving(function: Callable[..., Any]) -> Iterator[None]:
    """Let what goes by name alone (`pickle`, `importlib.import_module`) find the modules of the function's folder.

    They are found last, after what is installed, and only while this is entered.
    """
    root = str(getattr(function, "__module__", "") or "").partition(".")[0]
    with _served(root if root.startswith(_PREFIX) else ""):
        yield


@contextmanager
def _served(root: str) -> Iterator[None]:
    token = _serving.set(root)
    try:
        yield
    finally:
        _serving.reset(token)
        if root:
            aliases = [name for name in list(sys.modules) if not name.startswith(root) and _is_of(root, name)]
            for name in aliases:
                del sys.modules[name]


def _is_of(root: str, name: str) -> bool:
    return str(getattr(sys.modules.get(name), "__name__", "")).startswith(f"{root}.")


def _imported(name: str, location: str, folder: str, root: str) -> ModuleType:
    try:
        with _served(root):
            return importlib.import_module(name)
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"The module {_plain(str(error.name), root)!r} of the evaluator {location!r} cannot be imported.",
            hint=f"Install it, or put it into {folder or 'an installed package'}.",
        ) from error
    except SyntaxError as error:
        raise ConfigurationError(
            f"{type(error).__name__}: {error.msg}: {(error.text or '').strip()}",
            where=f"{error.filename or location}, line {error.lineno}",
            hint=f"Correct the module of {location}.",
        ) from error
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        failure = machine_failure(error, f"import of {location}")
        if failure is not None:
            raise EvaluationError(failure.code, failure.stage, failure.reason, hint=failure.hint) from error
        if isinstance(error, SystemExit):
            what, hint = f"The module leaves with sys.exit({error.code!r}) when it is imported.", "Put that under"
            hint = f"{hint} `if __name__ == '__main__':`."
        else:
            text = _plain(message_of(error), root)
            what = f"The module raises {type(error).__name__} when it is imported: {text}".rstrip(": ") + "."
            hint = f"Correct the module of {location}."
        raise ConfigurationError(what, where=_place(error, folder, location), hint=hint) from error


def _place(error: BaseException, folder: str, location: str) -> str:
    """Return the last line of the user's own that an error went through."""
    frames = [
        frame for frame in traceback.extract_tb(error.__traceback__) if folder and frame.filename.startswith(folder)
    ]
    return f"{frames[-1].filename}, line {frames[-1].lineno}" if frames else location


def _plain(text: str, root: str) -> str:
    return text.replace(f"{root}.", "") if root else text


# One namespace for each folder and state of its source


def _namespace(folder: str, digest: str) -> str:
    """Return the name of the package that stands for the folder, made when it is first asked for."""
    root = _PREFIX + sha256(f"{folder}\0{digest}".encode()).hexdigest()[:16]
    if root not in sys.modules:
        package = ModuleType(root, f"Modules of {folder}.")
        package.__path__ = [folder]
        sys.modules[root] = package
        for finder, place in ((_Private(), 0), (_Last(), len(sys.meta_path) + 1)):
            if not any(type(known) is type(finder) for known in sys.meta_path):
                sys.meta_path.insert(place, finder)
    return root


@cache
def _builtins_of(root: str) -> dict[str, Any]:
    """Return built-ins whose `import` looks into the folder first; code of the folder runs with them."""
    folder = Path(sys.modules[root].__path__[0])

    def import_(
        name: str,
        names: Mapping[str, Any] | None = None,
        local: Mapping[str, Any] | None = None,
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> ModuleType:
        top = name.partition(".")[0]
        # A list is what C code asks with (`pickle`), which then looks the module up by its plain name; see `serving`.
        if level or isinstance(fromlist, list) or not holds(folder, top):
            return builtins.__import__(name, names, local, fromlist or (), level)
        found = builtins.__import__(f"{root}.{name}", names, local, fromlist or (), 0)
        return found if fromlist else sys.modules[f"{root}.{top}"]

    return vars(builtins) | {"__import__": import_}


class _PrivateLoader(SourceFileLoader):
    """Runs a module of a namespace."""

    def path_stats(self, path: str) -> Mapping[str, Any]:
        """Know no times, so that no byte code is kept: it is taken for fresh for a second after an edit."""
        raise OSError

    def exec_module(self, module: ModuleType) -> None:
        """Run it with the built-ins of its namespace."""
        vars(module)["__builtins__"] = _builtins_of(module.__name__.partition(".")[0])
        super().exec_module(module)


class _Private(MetaPathFinder):
    """Finds modules of namespaces, by their full names."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a module below a namespace, or of one that goes by its plain name below such a one."""
        root = _serving.get()
        if not fullname.startswith(_PREFIX):
            above = fullname.rpartition(".")[0]
            return _alias(fullname, root) if root and above and _is_of(root, above) else None
        loaders = (ExtensionFileLoader, EXTENSION_SUFFIXES), (_PrivateLoader, SOURCE_SUFFIXES)
        found = (FileFinder(entry, *loaders).find_spec(fullname) for entry in path or ())
        return next((spec for spec in found if spec is not None), None)


class _Last(MetaPathFinder):
    """Finds by its plain name a module of the folder that is being served, where nobody else has one of that name."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of an alias."""
        root = _serving.get()
        if not root or path is not None or not holds(Path(sys.modules[root].__path__[0]), fullname):
            return None
        return _alias(fullname, root)


class _AliasLoader(Loader):
    """Lets a module have a second name."""

    def __init__(self, module: ModuleType) -> None:
        self._module, self._spec = module, module.__spec__

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the module that there is."""
        return self._module

    def exec_module(self, module: ModuleType) -> None:
        """Give it back its own spec, which the import system has replaced."""
        module.__spec__ = self._spec


def _alias(fullname: str, root: str) -> ModuleSpec | None:
    return spec_from_loader(fullname, _AliasLoader(importlib.import_module(f"{root}.{fullname}")))
