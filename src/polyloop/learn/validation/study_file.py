"""What the configurations of all studies share: a TOML file in the study's folder that replays it."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from polyloop.core import ConfigurationError, InvalidInputError, write_atomically

__all__ = ["FILE", "StudyFile", "study_content"]

FILE = "study.toml"


class StudyFile(BaseModel):
    """Base of the configurations of studies: checked, written with places relative to the folder, and read again."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    PLACES: ClassVar[tuple[str, ...]] = ("table",)
    """Fields that are paths, which count from the folder of the file."""

    @classmethod
    def of(cls, **values: Any) -> Self:
        """Make a configuration.

        Raises
        ------
        ConfigurationError
            If something does not fit; the message names it.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "study"
            raise ConfigurationError(first["msg"].removeprefix("Value error, "), where=where) from error

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file; its places count from the file's folder.

        Raises
        ------
        InvalidInputError
            If it cannot be read as TOML.
        ConfigurationError
            If something in it does not fit.
        """
        content = study_content(path)
        for name in cls.PLACES:
            if isinstance(content.get(name), str):
                content[name] = str((path.parent / content[name]).resolve())
        return cls.of(**content)

    def write(self, folder: Path) -> None:
        """Write it into a folder, its places relative to that, so that all can move together."""
        import tomli_w

        content = self.model_dump(mode="json", exclude_none=True)
        for name in self.PLACES:
            content[name] = Path(os.path.relpath(Path(content[name]).resolve(), folder.resolve())).as_posix()
        write_atomically(folder / FILE, tomli_w.dumps(content))


def study_content(path: Path) -> dict[str, Any]:
    """Return what a study's file says, unchecked.

    Raises
    ------
    InvalidInputError
        If it cannot be read as TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInputError(f"It cannot be read: {error}.", where=str(path), hint="Give a study.toml.") from error
