"""What a one-pass study finds, and the folder that keeps it: configuration, table, figure and JSON."""

from __future__ import annotations

import io
import json
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from polyloop.core import InvalidInputError, write_atomically
from polyloop.core.csv_text import csv_text
from polyloop.learn.validation.study_file import FILE, StudyFile

__all__ = ["Finding", "OnePassStudy", "write_finding"]

TABLE, FIGURE, RESULT = "table.csv", "figure.png", "study.json"


@dataclass(frozen=True)
class Finding:
    """What a study came to.

    Parameters
    ----------
    header, rows
        Its table.
    content
        All of it, JSON-ready.
    words
        What it says in a sentence or two.
    left_out
        Why rows took no part.
    digest
        Of subjects and values.
    draw
        Draws it into an empty figure of matplotlib.
    """

    header: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    content: dict[str, Any]
    words: tuple[str, ...]
    left_out: tuple[str, ...]
    digest: str
    draw: Callable[[Any], None]


class OnePassStudy(StudyFile, ABC):
    """Base of the configurations of studies that are done in one pass."""

    digest: str = ""
    """Of subjects and values, written by a study; a replay on other ones is refused."""

    @abstractmethod
    def carry_out(self, *, workers: int = 1) -> Finding:
        """Do what the configuration says, descriptors in so many processes."""

    def found_on(self, digest: str) -> Self:
        """Return the configuration with the digest of the data that it was carried out on.

        Raises
        ------
        InvalidInputError
            If it was carried out on others before.
        """
        if self.digest and self.digest != digest:
            raise InvalidInputError(
                "Subjects or values are not those that the study was done on.",
                where=FILE,
                hint="Take out the line `digest` for a study of the table as it is now.",
            )
        return self.model_copy(update={"digest": digest})


def write_finding(study: OnePassStudy, finding: Finding, folder: Path) -> None:
    """Write `study.toml`, `table.csv`, `figure.png` and `study.json` into a folder, which is made if absent.

    Raises
    ------
    InvalidInputError
        If the folder holds another study.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    config = study.found_on(finding.digest)
    place = folder / FILE
    if place.is_file() and type(study).read(place) != config:
        raise InvalidInputError("It holds another study.", where=str(folder), hint="Take another folder.")
    folder.mkdir(parents=True, exist_ok=True)
    figure = Figure(figsize=(7.0, 4.0), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    finding.draw(figure)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    write_atomically(folder / TABLE, csv_text(finding.header, finding.rows))
    write_atomically(folder / RESULT, json.dumps(finding.content, indent=1, allow_nan=False) + "\n")
    write_atomically(folder / FIGURE, stream.getvalue())
    config.write(folder)
