"""The folder of a design: what was asked, the predictions so far, and the result; a killed design goes on in it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from polyloop.core import InvalidInputError, write_atomically
from polyloop.design.inverse.design import DesignResult
from polyloop.design.inverse.oracle import PredictionCache

__all__ = ["DesignFolder"]

_REQUEST, _PREDICTIONS, _RESULT = "design.json", "predictions.sqlite", "candidates.json"


class DesignFolder:
    """Keeps every prediction as it is made.

    A design draws from its seed alone and depends on nothing but what it is told. So it is begun anew after a kill, is
    told what it had asked for from the folder, in no time, and goes on from there as if nothing had happened.

    Parameters
    ----------
    path
        The folder; it is made.
    request
        What the design depends on, JSON-ready: targets, predictors, method, calls, seed, prior, monomers.

    Raises
    ------
    InvalidInputError
        If the folder holds another design.
    """

    def __init__(self, path: Path, request: dict[str, Any]) -> None:
        self.path = path
        path.mkdir(parents=True, exist_ok=True)
        text = json.dumps(request, indent=1, sort_keys=True) + "\n"
        file = path / _REQUEST
        if file.exists() and file.read_text(encoding="utf-8") != text:
            raise InvalidInputError(
                "The folder holds another design.", where=str(file),
                hint="Name another folder, or repeat the command with the same targets, models, calls and seed.",
            )  # fmt: skip
        if not file.exists():
            write_atomically(file, text)

    def cache(self) -> PredictionCache:
        """Return the predictions."""
        return PredictionCache(self.path / _PREDICTIONS)

    def keep(self, result: DesignResult) -> Path:
        """Write the candidates as JSON, and return the file."""
        file = self.path / _RESULT
        content = [one.to_dict() for one in result.candidates]
        write_atomically(file, json.dumps(content, indent=1, allow_nan=False) + "\n")
        return file
