"""One registry for everything that can be added: descriptor blocks, surrogates, protocols, engines, kinds and the rest.

A part is a name and the place of an object, `module:attribute`. polyloop's own parts are the lines of
`polyloop.core.parts`; those of other packages are entry points, in the same words and under the same groups. What a
part can do, and the options that it takes, stand on the part itself, so that checks, the reference and the tables of
the documentation ask it instead of knowing names.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, TypeVar

from polyloop.core.errors import ConfigurationError, InvalidInputError
from polyloop.core.names import did_you_mean
from polyloop.core.parts import PARTS

__all__ = ["Part", "Registry"]

T = TypeVar("T")
_OURS = "polyloop"


@dataclass(frozen=True)
class Part:
    """A registered name: where its object is and which package brings it."""

    name: str
    location: str
    package: str = _OURS

    def load(self) -> Any:
        """Import the object.

        Raises
        ------
        ConfigurationError
            If its module cannot be imported or lacks it; the message names the package.
        """
        module, _, attribute = self.location.partition(":")
        try:
            return getattr(import_module(module), attribute)
        except (ImportError, AttributeError) as error:
            if self.package == _OURS:
                raise
            raise ConfigurationError(
                f"The part {self.name!r} cannot be loaded: {error}.",
                where=f"{self.package}, {self.location}",
                hint="Mend the package, or uninstall it.",
            ) from error


class Registry(Mapping[str, T]):
    """The parts of one group, such as all descriptor blocks.

    Parameters
    ----------
    group
        Name of the group; packages offer parts as entry points `polyloop.GROUP`.
    noun
        What one part is called in messages.
    required
        Attributes that each part must have; what lacks one is refused when it is loaded.
    ours
        polyloop's own parts where they are the rows of one table, instead of lines of `polyloop.core.parts`.
    """

    def __init__(
        self, group: str, noun: str, required: tuple[str, ...] = (), ours: Mapping[str, T] | None = None
    ) -> None:
        self.group, self.noun, self._required = group, noun, required
        self._ours: dict[str, T] = dict(ours or {})
        self._added: dict[str, T] = {}
        self._loaded: dict[str, T] = {}

    @cached_property
    def _offered(self) -> dict[str, Part]:
        """Parts by name: ours first, then those of installed packages by the name of their package."""
        parts = {name: Part(name, location) for name, location in PARTS.get(self.group, {}).items()}
        from importlib.metadata import entry_points

        for point in sorted(entry_points(group=f"{_OURS}.{self.group}"), key=lambda point: (point.name, point.value)):
            package = point.dist.name if point.dist is not None else point.module
            before = parts.get(point.name) or (Part(point.name, "") if point.name in self._ours else None)
            if before is not None:
                raise ConfigurationError(
                    f"Two packages offer a {self.noun} called {point.name!r}: {before.package} and {package}.",
                    hint="Uninstall one of them, or rename its entry point.",
                )
            parts[point.name] = Part(point.name, point.value.replace(" ", ""), package)
        return parts

    def add(self, name: str, part: T) -> None:
        """Register an object under a name for this process, as a script or a notebook does; twice the same is nothing.

        Raises
        ------
        InvalidInputError
            If the name is taken by something else, or the part lacks what such a part must have.
        """
        self._check(name, part)
        if name in self:
            if self.find(name) != part:
                raise InvalidInputError(f"There is another {self.noun} called {name!r}.", hint="Take another name.")
            return
        self._added[name] = part

    def replace(self, name: str, part: T) -> None:
        """Register an object in the place of one that `add` or `replace` has registered; else as `add`.

        Raises
        ------
        InvalidInputError
            If the name is that of a part that is not of this process.
        """
        self.remove(name)
        self.add(name, part)

    def remove(self, name: str) -> None:
        """Forget what `add` has registered."""
        self._added.pop(name, None)

    @property
    def added(self) -> Mapping[str, T]:
        """What `add` has registered in this process."""
        return dict(self._added)

    def find(self, name: str, where: str = "") -> T:
        """Return the part of a name.

        Raises
        ------
        ConfigurationError
            If there is none; the message names the nearest, and `where` says where the name stands.
        """
        for known in (self._ours, self._added, self._loaded):
            if name in known:
                return known[name]
        if name not in self._offered:
            raise ConfigurationError(f"There is no {self.noun} {name!r}.", where=where, hint=did_you_mean(name, self))
        part: T = self._offered[name].load()
        self._check(name, part)
        self._loaded[name] = part
        return part

    def __getitem__(self, name: str) -> T:
        if name not in self:
            raise KeyError(name)
        return self.find(name)

    def __contains__(self, name: object) -> bool:
        return name in self._ours or name in self._added or name in self._offered

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys([*self._ours, *self._offered, *self._added]))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __hash__(self) -> int:
        return id(self)

    def _check(self, name: str, part: Any) -> None:
        missing = [attribute for attribute in self._required if not hasattr(part, attribute)]
        if missing:
            raise InvalidInputError(
                f"The {self.noun} {name!r} has no {', '.join(missing)}.",
                where=f"{type(part).__module__}.{type(part).__qualname__}",
                hint=f"A {self.noun} must have {', '.join(self._required)}.",
            )
