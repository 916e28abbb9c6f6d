"""The folder of a run: its files, and the lock that lets one process at a time work in it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyloop.core import ConfigurationError
from polyloop.core.files import sweep_unfinished, write_atomically
from polyloop.run.main_script import refuse_in_a_worker

__all__ = ["RunDirectory"]


class RunDirectory:
    """Paths of a run. Everything but the lock can be rebuilt from the campaign file and the store."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path).absolute()

    @property
    def config(self) -> Path:
        """The resolved campaign file, which replays the run."""
        return self.path / "campaign.toml"

    @property
    def identity(self) -> Path:
        """Which campaign of the store this is, and what its picks depend on."""
        return self.path / "identity.json"

    @property
    def pool(self) -> Path:
        """The candidates, as they were when the campaign began."""
        return self.path / "pool.json"

    @property
    def generated(self) -> Path:
        """How what a source has written and proposed is made."""
        return self.path / "generated.json"

    @property
    def inputs(self) -> Path:
        """What the campaign was given beside the candidates, and what had to be left out."""
        return self.path / "inputs.json"

    @property
    def suggestions(self) -> Path:
        """What the next cycle would begin with."""
        return self.path / "next.json"

    @property
    def features(self) -> Path:
        """Cache of descriptors."""
        return self.path / "features.sqlite"

    @property
    def store(self) -> Path:
        """Results database, unless the campaign file names another."""
        return self.path / "store.sqlite"

    def before_change(self, number: int) -> Path:
        """Folder with campaign file, candidates and identity as they were before a change of the campaign."""
        return self.path / "changes" / f"{number:03d}"

    @property
    def report(self) -> Path:
        """Folder of the report."""
        return self.path / "report"

    def must_exist(self) -> None:
        """Raise `ConfigurationError` where there is no run."""
        if not self.config.is_file():
            raise ConfigurationError(
                "There is no campaign in this folder.",
                where=str(self.path),
                hint="Name the folder of a run (it holds campaign.toml), or start one with: polyloop discover FILE",
            )

    def read_identity(self) -> dict[str, Any] | None:
        """Return what `identity` holds; None before the first run.

        Beside the campaign's name and what its picks depend on: `sources`, the files of users' functions; `folder`,
        where the run was when it ran last; `store`, its database then; `entering`, while that may not yet know of it;
        `changes`, what was changed when (see `Change`), and `changing`, while the last is not yet carried out.

        Raises
        ------
        ConfigurationError
            If it is damaged.
        """
        try:
            content = json.loads(self.identity.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError as error:
            raise self._damaged(self.identity, str(error)) from error
        if not isinstance(content, dict):
            raise self._damaged(self.identity, "no table")
        content = {"sources": {}, "folder": str(self.path), "store": "", "entering": False} | content
        content = {"changes": [], "changing": False} | content
        kinds = {"campaign": str, "identity": dict, "sources": dict, "folder": str, "store": str, "entering": bool}
        kinds |= {"changes": list, "changing": bool}
        for name, kind in kinds.items():
            if not isinstance(content.get(name), kind):
                raise self._damaged(self.identity, f"{name} is missing or wrong")
        return content

    def write_identity(self, content: Mapping[str, Any], store: str) -> None:
        """Keep what `read_identity` returns, for a run in this folder whose database is `store`."""
        content = {**content, "folder": str(self.path), "store": store}
        write_atomically(self.identity, json.dumps(content, indent=2) + "\n")

    def formerly(self) -> Path | None:
        """Return where the run was when it ran last; None before the first run."""
        known = self.read_identity()
        return None if known is None else Path(known["folder"])

    def _damaged(self, path: Path, why: str) -> ConfigurationError:
        return ConfigurationError(
            f"The file is damaged: {why}.",
            where=str(path),
            hint="Restore it from a copy; or remove it, and discover makes it anew from the campaign file.",
        )

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the folder. The system lets go of it when the process ends, however it ends.

        Raises
        ------
        ConfigurationError
            If another process is running this campaign, the folder cannot be made, or a worker process meets the
            campaign in a script that it imports for a function.
        """
        refuse_in_a_worker()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise ConfigurationError(
                "This is a file, not a folder.", where=str(self.path), hint="Name another folder with --directory."
            ) from error
        handle = os.open(self.path / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if self.path in _held or not _take(handle):
                raise ConfigurationError(
                    "Another process is running this campaign.",
                    where=str(self.path),
                    hint=f"Wait for it, or look at it with: polyloop status {self.path}",
                )
            _held.add(self.path)
            sweep_unfinished(self.path)
            try:
                yield
            finally:
                _held.discard(self.path)
        finally:
            os.close(handle)

    def is_locked(self) -> bool:
        """Tell whether a process is running this campaign now."""
        # A process drops its own lock by closing any other handle of the file, so this one must not look.
        if self.path in _held:
            return True
        for mode, lock in ((os.O_RDWR, fcntl.LOCK_EX), (os.O_RDONLY, fcntl.LOCK_SH)):
            try:
                handle = os.open(self.path / ".lock", mode)
            except OSError:  # whoever may only read asks for a lock of readers, which the holder's excludes too
                continue
            try:
                return not _take(handle, lock)
            finally:
                os.close(handle)
        return False


# Folders that this process has locked.
_held: set[Path] = set()


def _take(handle: int, lock: int = fcntl.LOCK_EX) -> bool:
    # A POSIX lock, unlike flock, stays with this process: orphaned workers of a killed campaign do not inherit it.
    try:
        fcntl.lockf(handle, lock | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
